//! Answers that are served although they are stale, because somebody allows it: RFC 5861.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use trunkline_tests::{Answer, Gate, Gateway, Request, Response, Script, Upstream, answer};

use crate::cache::{acme, marked, row, table};

/// An answer that was five seconds too old when it came, then another request.
fn stale(rule: &str, cache_control: &str, rest: &str) -> String {
    let first =
        format!("< 200\n< Cache-Control: max-age=60, {cache_control}\n< Age: 65\n< ETag: \"a\"\n");
    row(
        rule,
        &format!("> GET\n{first}~ stored; ttl=-5\n> GET\n{rest}"),
    )
}

/// A rule, the answer's `Cache-Control`, that of the second request, what the upstream does then,
/// and whether the answer is served `instead`, or the failure is `handed on`.
const FAILURES: &str = "
RFC 5861 §4: 500                                  | stale-if-error=600 | | 500 | instead
RFC 5861 §4: 502                                  | stale-if-error=600 | | 502 | instead
RFC 5861 §4: 503                                  | stale-if-error=600 | | 503 | instead
RFC 5861 §4: 504                                  | stale-if-error=600 | | 504 | instead
RFC 5861 §4: no answer                            | stale-if-error=600 | | cut | instead
RFC 5861 §4: asked for by the caller              | x | stale-if-error=600 | 500 | instead
RFC 5861 §4: asked for by the caller, no answer   | x | stale-if-error=600 | cut | instead
RFC 5861 §4: for longer by the caller             | stale-if-error=1 | stale-if-error=600 | 500 | instead
RFC 5861 §4: 501 is the upstream's answer         | stale-if-error=600 | | 501 | handed on
RFC 5861 §4: 505 is the upstream's answer         | stale-if-error=600 | | 505 | handed on
RFC 5861 §4: 404 is the upstream's answer         | stale-if-error=600 | | 404 | handed on
RFC 5861 §4: stale for too long                   | stale-if-error=1 | | 500 | handed on
RFC 5861 §4: stale for too long, no answer        | stale-if-error=1 | | cut | handed on
RFC 5861 §4: no time                              | stale-if-error=0 | | 500 | handed on
RFC 5861 §4: what is no number                    | stale-if-error=abc | | 500 | handed on
RFC 9111 §4.2.4: nobody allows it                 | x | | 500 | handed on
RFC 9111 §4.2.4: nobody allows it, no answer      | x | | cut | handed on
RFC 9111 §4.2.4: who wants it checked             | stale-if-error=600 | no-cache | 500 | handed on
RFC 9111 §5.2.2.2: must-revalidate                | stale-if-error=600, must-revalidate | | 500 | handed on
RFC 9111 §5.2.2.2: must-revalidate, no answer     | stale-if-error=600, must-revalidate | | cut | handed on
RFC 9111 §5.2.2.2: must-revalidate, caller        | must-revalidate | stale-if-error=600, max-stale | cut | handed on
RFC 9111 §5.2.2.8: proxy-revalidate               | stale-if-error=600, proxy-revalidate | | 500 | handed on
RFC 9111 §5.2.2.8: proxy-revalidate, no answer    | stale-if-error=600, proxy-revalidate | max-stale | cut | handed on
RFC 9111 §5.2.2.10: s-maxage                      | stale-if-error=600, s-maxage=60 | | 500 | handed on
RFC 9111 §5.2.2.10: s-maxage, no answer           | stale-if-error=600, s-maxage=60 | max-stale | cut | handed on
RFC 9111 §5.2.2.4: no-cache                       | stale-if-error=600, no-cache | | 500 | handed on
RFC 9111 §5.2.2.4: no-cache, no answer            | stale-if-error=600, no-cache | max-stale | cut | handed on
";

const FAILURES_IN_A_ROW: &str = "
# RFC 5861 §4: again and again, until it works again
> GET
< 200
< Cache-Control: max-age=60, stale-if-error=600
< Age: 65
> GET
^ !If-None-Match
< 500
= 200
= | answer 1
~ fwd=stale; fwd-status=500; ttl=-5; detail=stale-if-error
> GET
< cut
= 200
= | answer 1
~ fwd=stale; !fwd-status; ttl=-5; detail=stale-if-error
> GET
< 200
< Cache-Control: max-age=60
~ fwd=stale; fwd-status=200; stored; ttl=60
> GET
~ hit
";

#[test]
fn a_stale_answer_stands_in_for_a_failure_where_that_is_allowed() {
    let rows = table(FAILURES).map(|[rule, answered, asked, failure, what]| {
        let expected = match (what.as_str(), failure.as_str()) {
            ("instead", _) => "= 200\n= | answer 1\n= Age: 65\n~ ttl=-5; detail=stale-if-error",
            (_, "cut") => "= 502\n= Content-Type: application/problem+json\n= * code",
            _ => "= | answer 2\n~ !ttl",
        };
        let asked = marked("> Cache-Control:", &asked);
        let rest = format!("{asked}^ If-None-Match: \"a\"\n< {failure}\n{expected}");
        stale(&rule, &answered, &rest)
    });
    let rows = rows.collect::<String>() + FAILURES_IN_A_ROW;
    trunkline_tests::check(&rows, acme);
}

/// A rule, the answer's `Cache-Control`, and that of the second request.
const NOT_MEANWHILE: &str = "
RFC 5861 §3: stale for too long                   | stale-while-revalidate=1 |
RFC 5861 §3: no time                              | stale-while-revalidate=0 |
RFC 5861 §3: what is no number                    | stale-while-revalidate=abc |
RFC 9111 §5.2.2.2: must-revalidate                | stale-while-revalidate=600, must-revalidate |
RFC 9111 §5.2.2.8: proxy-revalidate               | stale-while-revalidate=600, proxy-revalidate |
RFC 9111 §5.2.2.10: s-maxage                      | stale-while-revalidate=600, s-maxage=60 |
RFC 9111 §5.2.1.1: who names an age               | stale-while-revalidate=600 | max-age=3600
RFC 9111 §5.2.1.3: who wants it fresh for long    | stale-while-revalidate=600 | min-fresh=1
";

#[test]
fn a_stale_answer_is_not_served_meanwhile_where_that_is_not_allowed() {
    let rows = table(NOT_MEANWHILE).map(|[rule, answered, asked]| {
        let asked = marked("> Cache-Control:", &asked);
        let checked = "^ If-None-Match: \"a\"\n< 304\n~ fwd=stale; fwd-status=304";
        stale(&rule, &answered, &format!("{asked}{checked}"))
    });
    trunkline_tests::check(&rows.collect::<String>(), acme);
}

/// The part of ours in `Cache-Status`.
#[track_caller]
fn said(got: &Answer) -> &str {
    got.header("cache-status").expect("the cache was asked")
}

const MEANWHILE: &str = "detail=stale-while-revalidate";

fn old() -> Response {
    answer(200)
        .header("cache-control", "max-age=60, stale-while-revalidate=600")
        .header("etag", "\"a\"")
        .header("age", "65")
        .body("0123456789")
}

/// Asks until a fresh answer comes from the store.
#[track_caller]
fn until_fresh(address: SocketAddr) -> Answer {
    let asked = (0..5_000).map(|_| Request::get("/things").send_after(address));
    let mut found = asked.inspect(|got| assert_eq!(got.status, 200, "{}", got.text()));
    let fresh = found.find(|got| said(got).contains("hit") && !said(got).contains(MEANWHILE));
    fresh.expect("what was asked in the background is used")
}

fn in_front_of<S: Into<Script>>(scripts: impl IntoIterator<Item = S>) -> (Upstream, Gateway) {
    let upstream = Upstream::start(scripts);
    let gateway = acme(&upstream).serve();
    (upstream, gateway)
}

#[test]
fn a_stale_answer_is_served_at_once_and_asked_about_meanwhile() {
    let news = [
        answer(304).header("cache-control", "max-age=60"),
        answer(200)
            .header("cache-control", "max-age=60")
            .body("new"),
    ];
    for (new, expected) in news.into_iter().zip(["0123456789", "new"]) {
        let gate = Gate::new();
        let new = Script::reading().wait(&gate).say(new.bytes());
        let (upstream, gateway) = in_front_of([old().script(), new]);
        let ask = || {
            Request::get("/things")
                .send_after(gateway.dedicated())
                .expect(200)
        };
        ask();
        // The upstream says nothing before the gate is open.
        for _ in 0..3 {
            let got = ask();
            assert_eq!(got.text(), "0123456789");
            assert!(
                said(&got).contains("hit") && said(&got).contains(MEANWHILE),
                "{}",
                said(&got)
            );
            upstream.wait_for(2);
        }
        let asked = &upstream.heard()[1].head;
        assert_eq!(
            (asked.word(0), asked.header("if-none-match")),
            ("GET", Some("\"a\""))
        );
        gate.open();
        assert_eq!(until_fresh(gateway.dedicated()).text(), expected);
        assert_eq!(upstream.count(), 2, "it was asked more than once");
    }
}

#[test]
fn what_is_asked_meanwhile_is_for_the_store_and_not_what_the_caller_asked() {
    for request in [
        Request::get("/things").header("range", "bytes=2-4"),
        Request::get("/things").header("if-none-match", "\"b\""),
        Request::new("HEAD", "/things"),
    ] {
        let new = answer(200)
            .header("cache-control", "max-age=60")
            .body("new");
        let (upstream, gateway) = in_front_of([old(), new]);
        Request::get("/things")
            .send_after(gateway.dedicated())
            .expect(200);
        let got = request.send_after(gateway.dedicated());
        assert!(
            said(&got).contains(MEANWHILE),
            "{request:?}: {}",
            said(&got)
        );
        upstream.wait_for(2);
        let asked = &upstream.heard()[1].head;
        assert_eq!(asked.word(0), "GET", "{request:?}");
        assert_eq!(asked.header("if-none-match"), Some("\"a\""), "{request:?}");
        assert_eq!(asked.header("range"), None, "{request:?}");
        assert_eq!(
            until_fresh(gateway.dedicated()).text(),
            "new",
            "{request:?}"
        );
    }
}

#[test]
fn what_fails_meanwhile_leaves_the_stale_answer_and_is_tried_again() {
    let new = || {
        answer(200)
            .header("cache-control", "max-age=60")
            .body("new")
    };
    for failure in [
        answer(500).script(),
        answer(503).script(),
        Script::cut(),
        Script::reset(),
    ] {
        let (upstream, gateway) = in_front_of([old().script(), failure, new().script()]);
        let ask = || {
            Request::get("/things")
                .send_after(gateway.dedicated())
                .expect(200)
        };
        ask();
        assert_eq!(ask().text(), "0123456789");
        upstream.wait_for(2);
        assert_eq!(until_fresh(gateway.dedicated()).text(), "new");
        assert_eq!(upstream.count(), 3);
    }
}

/// Two answers that are stale: one that may stand in for a failure, one that must not.
fn two_stale(after: &Script) -> Upstream {
    let kept = |more: &str| {
        let first = answer(200)
            .header(
                "cache-control",
                &format!("max-age=60, stale-if-error=600{more}"),
            )
            .header("age", "65")
            .body("old");
        vec![first.script(), after.clone()]
    };
    Upstream::start_by_path(|_| {
        BTreeMap::from([
            ("allowed".to_owned(), kept("")),
            ("forbidden".to_owned(), kept(", must-revalidate")),
        ])
    })
}

#[test]
fn an_upstream_that_takes_too_long_has_failed() {
    let upstream = two_stale(&Script::silent());
    let product = acme(&upstream).set("connectors.acme.timeouts.first_byte", r#""300ms""#);
    let gateway = product.serve();
    let ask = |path: &str| Request::get(path).send_after(gateway.dedicated());
    for path in ["/allowed", "/forbidden"] {
        ask(path).expect(200);
    }
    let got = ask("/allowed").expect(200);
    assert_eq!(got.text(), "old");
    assert!(
        said(&got).contains("detail=stale-if-error"),
        "{}",
        said(&got)
    );
    ask("/forbidden").problem(504, "first_byte_timeout");
}

#[test]
fn an_upstream_that_is_gone_has_failed() {
    let upstream = two_stale(&answer(200).script());
    let gateway = acme(&upstream).serve();
    let ask = |path: &str| Request::get(path).send_after(gateway.dedicated());
    for path in ["/allowed", "/forbidden"] {
        ask(path).expect(200);
    }
    drop(upstream);
    for _ in 0..2 {
        let got = ask("/allowed").expect(200);
        assert_eq!(got.text(), "old");
        assert!(
            said(&got).contains("fwd=stale") && said(&got).contains("detail=stale-if-error"),
            "{}",
            said(&got)
        );
        let refused = ask("/forbidden");
        assert_eq!(refused.status, 502, "{}", refused.text());
        assert!(!refused.text().contains("old"));
    }
}

#[test]
fn who_has_no_more_time_gets_what_is_stale_rfc_5861_4() {
    let gate = Gate::new();
    let old = answer(200)
        .header("cache-control", "max-age=60, stale-if-error=600")
        .header("age", "65")
        .body("old");
    let held = Script::reading().wait(&gate).say(answer(200).bytes());
    let upstream = Upstream::start([old.script(), held]);
    let gateway = acme(&upstream).serve();
    let ask = |timeout: &str| {
        let request = Request::get("/things").header("trunkline-timeout", timeout);
        request.send_after(gateway.dedicated())
    };
    ask("30s").expect(200);
    let got = ask("100ms").expect(200);
    assert_eq!(got.text(), "old");
    let said = got.header("cache-status").unwrap_or_default();
    assert!(said.contains("stale-if-error"), "{said}");
    gate.open();
}
