//! What is asked again, and what is not.

use std::fmt::Write as _;
use std::time::Duration;

use expect_test::{Expect, expect};
use http::Method;
use trunkline::{Call, ManualClock};

use crate::own::Own;
use crate::stand::{Stand, by_path, get, post, with_header};
use crate::upstream::{Act, Upstream, answer, head, json};

/// One way for an attempt to end.
type Ending = (&'static str, fn(&ManualClock) -> Act);

/// One kind of request, as far as repeating it is concerned.
type Kind = (&'static str, fn() -> Call);

const KINDS: [Kind; 6] = [
    ("GET", || get("acme", "/things")),
    ("DELETE", || by_path("acme", Method::DELETE, "/things/1")),
    ("POST", || post("acme", "/things", "{}")),
    ("keyed", || {
        with_header(post("acme", "/things", "{}"), "idempotency-key", "k")
    }),
    ("reads", || post("acme", "/search", "{}")),
    ("PATCH", || by_path("acme", Method::PATCH, "/things/1")),
];

const DAY: Duration = Duration::from_hours(24);

/// Lets every kind of request end in every way, then answers well; shows the requests that came.
async fn check(endings: &[Ending], expected: Expect) {
    let upstream = Upstream::start([]);
    let stand = Stand::new("acme", upstream.address, "");
    let mut table = format!("{:24}", "");
    for (name, _) in KINDS {
        write!(table, "{name:>8}").expect("a text can be written to");
    }
    for (name, ending) in endings {
        write!(table, "\n{name:24}").expect("a text can be written to");
        for (_, call) in KINDS {
            upstream.restart([ending(&stand.time), json(200, "{}")]);
            let ran = stand.run(call()).await;
            drop(ran);
            write!(table, "{:>8}", upstream.requests().len()).expect("a text can be written to");
            // Far enough for the retry budget to refill and for kept connections to age.
            stand.time.advance(Duration::from_mins(1));
        }
    }
    expected.assert_eq(&table);
}

#[tokio::test]
async fn answers_are_asked_again_by_status_and_method() {
    check(
        &[
            ("400", |_| json(400, "{}")),
            ("401", |_| json(401, "{}")),
            ("402", |_| json(402, "{}")),
            ("403", |_| json(403, "{}")),
            ("404", |_| json(404, "{}")),
            ("408", |_| json(408, "{}")),
            ("409", |_| json(409, "{}")),
            ("422", |_| json(422, "{}")),
            ("425", |_| json(425, "{}")),
            ("429", |_| json(429, "{}")),
            ("500", |_| json(500, "{}")),
            ("501", |_| json(501, "{}")),
            ("502", |_| json(502, "{}")),
            ("503", |_| json(503, "{}")),
            ("504", |_| json(504, "{}")),
            ("505", |_| json(505, "{}")),
            ("529", |_| json(529, "{}")),
            ("302", |_| {
                Act::Answer(answer(302, &[("location", "/other")], ""))
            }),
        ],
        expect![[r#"
                                         GET  DELETE    POST   keyed   reads   PATCH
            400                            1       1       1       1       1       1
            401                            1       1       1       1       1       1
            402                            1       1       1       1       1       1
            403                            1       1       1       1       1       1
            404                            1       1       1       1       1       1
            408                            2       2       1       2       2       1
            409                            1       1       1       1       1       1
            422                            1       1       1       1       1       1
            425                            2       2       2       2       2       2
            429                            2       2       2       2       2       2
            500                            2       2       1       2       2       1
            501                            1       1       1       1       1       1
            502                            2       2       1       2       2       1
            503                            2       2       1       2       2       1
            504                            2       2       1       2       2       1
            505                            1       1       1       1       1       1
            529                            2       2       1       2       2       1
            302                            1       1       1       1       1       1"#]],
    )
    .await;
}

#[tokio::test]
async fn broken_attempts_are_repeated_only_where_that_does_no_harm() {
    check(
        &[
            ("closed unanswered", |_| Act::Cut(Vec::new())),
            ("cut in the head", |_| {
                Act::Cut(b"HTTP/1.1 200 OK\r\nconte".to_vec())
            }),
            ("cut in a held body", |_| {
                Act::Cut(head(503, &[("content-length", "100")]))
            }),
            ("cut in a passed body", |_| {
                Act::Cut(head(200, &[("content-length", "100")]))
            }),
            ("first byte limit", |time| {
                Act::TimePasses(time.clone(), DAY)
            }),
            ("not HTTP", |_| {
                Act::Cut(b"220 mail.example ESMTP\r\n".to_vec())
            }),
        ],
        expect![[r#"
                                         GET  DELETE    POST   keyed   reads   PATCH
            closed unanswered              2       2       1       2       2       1
            cut in the head                2       2       1       2       2       1
            cut in a held body             2       2       1       2       2       1
            cut in a passed body           1       1       1       1       1       1
            first byte limit               2       2       1       2       2       1
            not HTTP                       2       2       1       2       2       1"#]],
    )
    .await;
}

#[tokio::test]
async fn the_upstreams_own_ruling_comes_first() {
    check(
        &[
            ("400, again", |_| {
                Act::Answer(answer(400, &[("x-should-retry", "true")], "{}"))
            }),
            ("503, again", |_| {
                Act::Answer(answer(503, &[("x-should-retry", "true")], "{}"))
            }),
            ("503, stop", |_| {
                Act::Answer(answer(503, &[("x-should-retry", "false")], "{}"))
            }),
            ("429, stop", |_| {
                Act::Answer(answer(429, &[("x-should-retry", "false")], "{}"))
            }),
            ("503, nonsense", |_| {
                Act::Answer(answer(503, &[("x-should-retry", "maybe")], "{}"))
            }),
            ("200, again", |_| {
                Act::Answer(answer(200, &[("x-should-retry", "true")], "{}"))
            }),
        ],
        expect![[r#"
                                         GET  DELETE    POST   keyed   reads   PATCH
            400, again                     2       2       1       2       2       1
            503, again                     2       2       1       2       2       1
            503, stop                      1       1       1       1       1       1
            429, stop                      1       1       1       1       1       1
            503, nonsense                  2       2       1       2       2       1
            200, again                     1       1       1       1       1       1"#]],
    )
    .await;
}

#[tokio::test]
async fn an_api_whose_methods_promise_nothing_is_asked_again_only_where_an_operation_says() {
    let retry = "[retry]\nmethods_promise = \"nothing\"\nattempts = 2\n";
    let read = "[[operations]]\nname = \"things.read\"\ntitle = \"Read\"\nmethod = \"GET\"\n\
                path = \"/read\"\ndocs = \"https://up.example/docs\"\nrepeatable = \"always\"\n";
    for (path, expected) in [
        ("/things", "503 in 1"),
        ("/read", "503 in 2"),
        ("/x", "503 in 1"),
    ] {
        let upstream = Upstream::start([json(503, "{}"), json(503, "{}")]);
        let base_url = format!("base_url = \"http://{}\"\n", upstream.address);
        let own = Own {
            connector: &format!("{base_url}{retry}[auth]\nkind = \"none\"\n"),
            operations: read,
            settings: "retry = { wait_first = \"1ms\" }",
            variables: &[],
        };
        let stand = own.stand();
        assert_eq!(
            stand.run(get("up", path)).await.summary(),
            expected,
            "{path}"
        );
    }
}
