//! Which host a call goes to, and that nobody's credential goes to another.

use expect_test::{Expect, expect};
use serde_json::json as value;
use trunkline::Call;

use crate::own::{Own, secret, shown};
use crate::stand::{get, operation, post, with_header};
use crate::upstream::{Act, Closed, Upstream, answer, json};

const VARIABLES: [(&str, &str); 1] = [("UP_KEY", "key-canary-93cd47")];

const IN_HEADER: &str = "[auth]\nkind = \"header\"\nname = \"x-up-key\"\nsecret = \"key\"\n";

const IN_QUERY: &str = "[auth]\nkind = \"query\"\nname = \"up_key\"\nsecret = \"key\"\n";

/// A call with a credential of the caller's in every place that this API knows.
fn with_callers(call: Call) -> Call {
    let call = with_header(call, "authorization", "Bearer mine");
    with_header(call, "x-up-key", "mine")
}

/// What arrived: each request's target, and the credential in a header.
fn story(upstream: &Upstream) -> Vec<String> {
    let requests = upstream.requests();
    let lines = requests.iter().map(|request| {
        assert_eq!(request.header("authorization"), None);
        let target = request.line.split(' ').nth(1).unwrap_or_default();
        format!("{target} {}", request.header("x-up-key").unwrap_or("-"))
    });
    lines.collect()
}

/// The tables of an API with two further hosts, one of which proves itself.
fn three(main: &Upstream, calendar: &Upstream, files: &Upstream) -> String {
    format!(
        "base_url = \"http://{}/api\"\n\
         [[connector.hosts]]\npath = \"/calendar/v3\"\nbase_url = \"http://{}/cal\"\n\
         [[connector.hosts]]\npath = \"/calendar/v3/files\"\nbase_url = \"http://{}\"\ncredential = \"withhold\"\n{}",
        main.address,
        calendar.address,
        files.address,
        secret("key"),
    )
}

fn ok(count: usize) -> Upstream {
    Upstream::start((0..count).map(|_| json(200, "{}")))
}

#[tokio::test]
async fn the_longest_path_that_matches_chooses_the_host() {
    let (main, calendar, files) = (ok(9), ok(9), ok(9));
    let own = Own {
        connector: &format!("{}{IN_HEADER}", three(&main, &calendar, &files)),
        operations: "",
        settings: "",
        variables: &VARIABLES,
    };
    let stand = own.stand();
    for path in [
        "/things?a=%2f&b",
        "/calendar/v3",
        "/calendar/v3?a=1",
        "/calendar/v3/events/1?q=/calendar/v3/files",
        "/calendar/v3/files/2",
        "/calendar/v3/files",
        "/calendar/v3x",
        "/x/calendar/v3/files",
        "/Calendar/v3",
    ] {
        stand.run(with_callers(get("up", path))).await.reply();
    }
    let key = "key-canary-93cd47";
    assert_eq!(
        story(&main),
        [
            format!("/api/things?a=%2f&b {key}"),
            format!("/api/calendar/v3x {key}"),
            format!("/api/x/calendar/v3/files {key}"),
            format!("/api/Calendar/v3 {key}"),
        ]
    );
    assert_eq!(
        story(&calendar),
        [
            format!("/cal {key}"),
            format!("/cal?a=1 {key}"),
            format!("/cal/events/1?q=/calendar/v3/files {key}"),
        ]
    );
    assert_eq!(story(&files), ["/2 -", "/ -"]);
}

#[tokio::test]
async fn a_host_that_proves_itself_gets_nobodys_credential() {
    let (main, calendar, files) = (ok(0), ok(0), ok(2));
    let path = "/calendar/v3/files/1?a=1&sig=%2f";
    let in_header = with_callers(post("up", path, "x"));
    let path = "/calendar/v3/files/1?a=1&up_key=mine&%75p_key=mine&sig=%2f";
    let in_query = with_header(post("up", path, "x"), "authorization", "Bearer mine");
    for (auth, call) in [(IN_HEADER, in_header), (IN_QUERY, in_query)] {
        let own = Own {
            connector: &format!("{}{auth}", three(&main, &calendar, &files)),
            operations: "",
            settings: "",
            // Ours is not even known.
            variables: &[],
        };
        let call = with_header(call, "cookie", "session=mine");
        own.stand().run(call).await.reply();
    }
    assert_eq!(story(&files), ["/1?a=1&sig=%2f -", "/1?a=1&sig=%2f -"]);
    for request in files.requests() {
        assert_eq!(request.header("cookie"), None);
    }
    assert_eq!((main.connections(), calendar.connections()), (0, 0));
}

#[tokio::test]
async fn a_host_that_proves_itself_gets_no_header_of_the_settings() {
    let (main, calendar, files) = (ok(1), ok(1), ok(1));
    let own = Own {
        connector: &format!("{}{IN_HEADER}", three(&main, &calendar, &files)),
        operations: "",
        settings: "headers = { x-proxy-key = \"canary\" }",
        variables: &VARIABLES,
    };
    let stand = own.stand();
    for path in ["/things", "/calendar/v3", "/calendar/v3/files"] {
        stand.run(get("up", path)).await.reply();
    }
    let sent = [&main, &calendar, &files].map(|upstream| {
        let requests = upstream.requests();
        requests[0].header("x-proxy-key").map(str::to_owned)
    });
    let canary = Some("canary".to_owned());
    assert_eq!(sent, [canary.clone(), canary, None]);
}

const OPEN: &str = r#"
[[operations]]
name = "status"
title = "Whether it is up"
method = "GET"
path = "/status"
docs = "https://up.example/docs"
auth = "none"
"#;

#[tokio::test]
async fn an_operation_that_needs_no_credential_gets_none() {
    for (auth, path) in [
        (IN_HEADER, "/status"),
        (IN_QUERY, "/status?up_key=mine&a=1"),
    ] {
        let upstream = ok(2);
        let own = Own {
            connector: &format!(
                "base_url = \"http://{}\"\n{}{auth}",
                upstream.address,
                secret("key")
            ),
            operations: OPEN,
            settings: "",
            variables: &VARIABLES,
        };
        let stand = own.stand();
        let mut call = get("up", path);
        if auth == IN_HEADER {
            call = with_callers(call);
        }
        stand.run(call).await.reply();
        stand
            .run(operation("up", "status", value!({})))
            .await
            .reply();
        let by_path = path.replace("up_key=mine&", "");
        assert_eq!(
            story(&upstream),
            [format!("{by_path} -"), "/status -".to_owned()]
        );
    }
}

const UPLOAD: &str = r#"
[[operations]]
name = "upload"
title = "Send a file where the API said"
method = "POST"
docs = "https://up.example/docs"
body = "raw"
body_input = "file"

[operations.address]
input = "upload_url"
hosts = ["files.up.example"]

[operations.inputs]
upload_url = { type = "string", need = "required" }
file = { type = "string", need = "required" }
"#;

#[tokio::test]
async fn an_address_that_was_given_is_called_as_it_is_without_a_credential() {
    for auth in [IN_HEADER, IN_QUERY] {
        let upstream = ok(1);
        // What stands in for the API stands in for every host of it.
        let own = Own {
            connector: &format!("base_url = \"https://up.example\"\n{}{auth}", secret("key")),
            operations: UPLOAD,
            settings: &format!("base_url = \"http://{}/up\"", upstream.address),
            variables: &VARIABLES,
        };
        let inputs = value!({
            "upload_url": "https://files.up.example/a/1?up_key=signed&b=%2f",
            "file": "bytes",
        });
        let mut call = operation("up", "upload", inputs);
        if auth == IN_HEADER {
            call = with_callers(call);
        }
        own.stand().run(call).await.reply();
        // What looks like a credential there is part of the address.
        assert_eq!(story(&upstream), ["/up/a/1?up_key=signed&b=%2f -"]);
        assert_eq!(upstream.requests()[0].body, b"bytes");
    }
}

/// What another host says of its limits, and how it does, is nothing that the API said or did.
#[tokio::test]
async fn what_an_address_that_was_given_says_of_limits_holds_nobody() {
    let refused = || {
        let headers = [("retry-after", "3600"), ("ratelimit", "\"a\";r=0;t=3600")];
        Act::Answer(answer(429, &headers, "{}"))
    };
    for limits in ["", "[limits]\nscope = \"operation\"\n"] {
        let (good, also) = (json(200, "{}"), json(200, "{}"));
        let upstream = Upstream::start([refused(), refused(), good, refused(), also]);
        let own = Own {
            connector: &format!(
                "base_url = \"https://up.example\"\n{limits}{}{IN_HEADER}",
                secret("key")
            ),
            operations: UPLOAD,
            settings: &format!(
                "base_url = \"http://{}\"\nretry = {{ attempts = 1 }}",
                upstream.address
            ),
            variables: &VARIABLES,
        };
        let stand = own.stand();
        let inputs = value!({"upload_url": "https://files.up.example/a", "file": "bytes"});
        for _ in 0..2 {
            let upload = stand.run(operation("up", "upload", inputs.clone())).await;
            assert_eq!(upload.summary(), "429 in 1", "{limits}");
        }
        let own = async || stand.run(get("up", "/things")).await.summary();
        assert_eq!(own().await, "200 in 1", "{limits}");
        let [view] = &stand.engine.upstreams()[..] else {
            panic!("there is one connector");
        };
        assert!(view.told.is_empty(), "{view:?}");
        assert_eq!(view.concurrency, None, "{limits}");
        // Nor is what the API says meant for the other.
        assert_eq!(own().await, "429 in 1", "{limits}");
        assert_eq!(own().await, "limit_reached in 0", "{limits}");
        let upload = stand.run(operation("up", "upload", inputs)).await;
        assert_eq!(upload.summary(), "200 in 1", "{limits}");
    }
}

#[tokio::test]
async fn an_address_on_another_host_is_not_called() {
    let upstream = ok(0);
    let own = Own {
        connector: &format!(
            "base_url = \"https://up.example\"\n{}{IN_HEADER}",
            secret("key")
        ),
        operations: UPLOAD,
        settings: &format!("base_url = \"http://{}\"", upstream.address),
        variables: &VARIABLES,
    };
    let stand = own.stand();
    for url in [
        "https://evil.example/a",
        "https://files.up.example.evil.example/a",
        "http://files.up.example/a",
        "https://files.up.example:8443/a",
        "https://me@files.up.example/a",
        "https://127.0.0.1/a",
        "/a",
    ] {
        let inputs = value!({"upload_url": url, "file": "bytes"});
        let error = stand.run(operation("up", "upload", inputs)).await.error();
        assert_eq!(error.kind().code(), "bad_input", "{url}");
    }
    assert_eq!(upstream.connections(), 0);
}

#[tokio::test]
async fn another_base_address_moves_every_host() {
    let (main, calendar, files, there) = (ok(0), ok(0), ok(0), ok(4));
    let own = Own {
        connector: &format!("{}{IN_HEADER}", three(&main, &calendar, &files)),
        operations: "",
        settings: &format!("base_url = \"http://{}/proxy/\"", there.address),
        variables: &VARIABLES,
    };
    let stand = own.stand();
    for path in [
        "/things",
        "/calendar/v3/events?a=1",
        "/calendar/v3",
        "/calendar/v3/files/2",
    ] {
        stand.run(get("up", path)).await.reply();
    }
    let key = "key-canary-93cd47";
    assert_eq!(
        story(&there),
        [
            format!("/proxy/things {key}"),
            format!("/proxy/calendar/v3/events?a=1 {key}"),
            format!("/proxy/calendar/v3 {key}"),
            "/proxy/calendar/v3/files/2 -".to_owned(),
        ]
    );
    for never in [main, calendar, files] {
        assert_eq!(never.connections(), 0);
    }
}

/// A connector that has no address of its own.
fn of_tenants() -> String {
    format!(
        "[connector.base_url_from]\nenv = \"UP_URL\"\nalso = [\"NEXT_PUBLIC_UP_URL\"]\n\
         example = \"https://tenant.up.example\"\nobtain = \"https://up.example/settings\"\n{}{IN_HEADER}",
        secret("key")
    )
}

#[tokio::test]
async fn an_address_of_ones_own_is_found_where_secrets_are() {
    let upstream = ok(3);
    let address = format!("http://{}", upstream.address);
    let with_path = format!("{address}/rest/");
    for variables in [
        [VARIABLES[0], ("UP_URL", with_path.as_str())].as_slice(),
        // It is no secret, so a name that is published will do.
        &[VARIABLES[0], ("NEXT_PUBLIC_UP_URL", &address)],
        &[
            VARIABLES[0],
            ("NEXT_PUBLIC_UP_URL", "https://not.example"),
            ("UP_URL", &address),
        ],
    ] {
        let own = Own {
            connector: &of_tenants(),
            operations: "",
            settings: "",
            variables,
        };
        own.stand().run(get("up", "/things")).await.reply();
    }
    let key = "key-canary-93cd47";
    assert_eq!(
        story(&upstream),
        [
            format!("/rest/things {key}"),
            format!("/things {key}"),
            format!("/things {key}"),
        ]
    );
}

#[track_caller]
fn check_address(variables: &[(&str, &str)], settings: &str, expected: &Expect) {
    let own = Own {
        connector: &of_tenants(),
        operations: "",
        settings,
        variables,
    };
    let text = match own.stand().engine.plan(get("up", "/things")) {
        Ok(plan) => plan.url,
        Err(error) => shown(&error),
    };
    expected.assert_eq(&text);
}

#[test]
fn a_host_alone_is_an_address_too() {
    for text in ["tenant.up.example", "tenant.up.example/"] {
        let expected = expect!["https://tenant.up.example/things"];
        check_address(&[VARIABLES[0], ("UP_URL", text)], "", &expected);
    }
}

#[test]
fn an_address_that_nobody_says_or_that_is_none_is_asked_for() {
    let key = VARIABLES[0];
    check_address(
        &[key],
        "",
        &expect![[r#"
            secret_missing: Up cannot be called: `UP_URL` is not set
            put `UP_URL=…` into `.env` or the environment; get one at https://up.example/settings"#]],
    );
    let misshapen = &expect![[r#"
        secret_missing: Up cannot be called: `UP_URL` has not the form that it must have
        copy it again from https://up.example/settings"#]];
    for odd in [
        "tenant",
        "tenant/up.example",
        "me:password@tenant.up.example",
        "ftp://tenant.up.example",
        "httpx://tenant.up.example",
        "https://",
        "https://me:password@tenant.up.example",
        "https://tenant.up.example:0",
        "https://tenant.up.example/?a=1",
        "https://tenant.up.example/#a",
    ] {
        check_address(&[key, ("UP_URL", odd)], "", misshapen);
    }
    let there = "base_url = \"http://127.0.0.1:9\"";
    check_address(&[key], there, &expect!["http://127.0.0.1:9/things"]);
    check_address(
        &[key, ("UP_URL", "tenant")],
        there,
        &expect!["http://127.0.0.1:9/things"],
    );
}

#[tokio::test]
async fn an_address_of_ones_own_without_encryption_gets_no_credential() {
    let own = Own {
        connector: &of_tenants(),
        operations: "",
        settings: "retry = { attempts = 1 }",
        variables: &[VARIABLES[0], ("UP_URL", "http://192.0.2.1")],
    };
    let error = own.stand().run(get("up", "/things")).await.error();
    assert_eq!(error.kind().code(), "address_refused");
}

/// Paths with two parts of one secret, as those of a webhook.
fn hooks(upstream: &Upstream) -> String {
    format!(
        "base_url = \"http://{}\"\n\
         [secrets.hook]\nenv = \"UP_HOOK\"\nneed = \"optional\"\n\
         pattern = '^https://up\\.example/hooks/(?<id>\\d+)/(?<token>[\\w-]+)$'\n\
         example = \"https://up.example/hooks/7/made-up\"\nobtain = \"https://up.example/hooks\"\n\
         {}{IN_HEADER}[caller]\ncredential_paths = [\"/v1/hooks/{{hook.id}}/{{hook.token}}\"]\n",
        upstream.address,
        secret("key"),
    )
}

const SEND: &str = r#"
[[operations]]
name = "hooks.send"
title = "Send a message"
method = "POST"
path = "/v1/hooks/{hook.id}/{hook.token}/{kind}"
docs = "https://up.example/docs"
body = "json"
auth = "none"

[operations.inputs]
kind = { in = "path", type = "string", need = "required" }
"#;

const HOOK: (&str, &str) = ("UP_HOOK", "https://up.example/hooks/1234567/to-ken_canary");

#[tokio::test]
async fn parts_of_a_secret_stand_in_paths() {
    let upstream = ok(4);
    let own = Own {
        connector: &hooks(&upstream),
        operations: SEND,
        settings: "",
        // Nobody needs the key for it.
        variables: &[HOOK],
    };
    let stand = own.stand();
    let named = operation("up", "hooks.send", value!({"kind": "a/b", "text": "hi"}));
    stand.run(named).await.reply();
    for path in ["/v1/hooks/1/mine/x", "/v1/hooks/1/mine/x?token=mine"] {
        stand
            .run(with_callers(post("up", path, "{}")))
            .await
            .reply();
    }
    let ours = "/v1/hooks/1234567/to-ken_canary";
    assert_eq!(
        story(&upstream),
        [
            format!("{ours}/a%2Fb -"),
            format!("{ours}/x -"),
            format!("{ours}/x?token=mine -"),
        ]
    );
    // Elsewhere the key is needed, and is not there.
    let error = stand.run(get("up", "/things")).await.error();
    assert_eq!(error.kind().code(), "secret_missing");
}

#[tokio::test]
async fn a_path_that_is_spelled_otherwise_is_refused() {
    let upstream = ok(0);
    let own = Own {
        connector: &hooks(&upstream),
        operations: SEND,
        settings: "",
        variables: &[HOOK],
    };
    let stand = own.stand();
    for path in [
        "/v1/h%6foks/1/mine/x",
        "/v1/hooks/1/m%69ne/x",
        "/%761/hooks/1/mine/x",
    ] {
        let error = stand.run(post("up", path, "{}")).await.error();
        assert_eq!(error.kind().code(), "bad_url", "{path}");
    }
    assert_eq!(upstream.connections(), 0);
}

#[tokio::test]
async fn a_vendor_that_repeats_the_key_is_not_quoted() {
    let refusal =
        r#"{"error":{"message":"no such key: key-canary-93cd47","code":"key-canary-93cd47"}}"#;
    let upstream = Upstream::start([json(400, refusal)]);
    let errors = "[errors]\nmessage = [\"/error/message\"]\ncode = [\"/error/code\"]\n";
    let own = Own {
        connector: &format!(
            "base_url = \"http://{}\"\n{}{errors}{IN_HEADER}",
            upstream.address,
            secret("key")
        ),
        operations: "",
        settings: "",
        variables: &VARIABLES,
    };
    let reply = own.stand().run(get("up", "/things")).await.reply();
    let vendor = reply.vendor.expect("it says something");
    assert_eq!(vendor.message.as_deref(), Some("no such key: …"));
    assert_eq!(vendor.code.as_deref(), Some("…"));
}

#[tokio::test]
async fn parts_of_a_secret_show_in_no_plan() {
    let upstream = ok(0);
    let own = Own {
        connector: &hooks(&upstream),
        operations: SEND,
        settings: "",
        variables: &[HOOK],
    };
    let named = operation(
        "up",
        "hooks.send",
        value!({"kind": "x", "text": "to-ken_canary"}),
    );
    let plan = own.stand().engine.plan(named).unwrap();
    let body = String::from_utf8(plan.body.clone().unwrap().to_vec()).unwrap();
    assert_eq!(
        plan.url,
        format!("http://{}/v1/hooks/…/…/x", upstream.address)
    );
    assert_eq!(body, r#"{"text":"…"}"#);
}

#[tokio::test]
async fn a_secret_without_the_part_that_a_path_needs_is_told() {
    let upstream = ok(0);
    let calls = || {
        let named = operation("up", "hooks.send", value!({"kind": "x"}));
        [named, post("up", "/v1/hooks/1/mine/x", "{}")]
    };
    let check = async |variables: &[(&str, &str)], expected: Expect| {
        let own = Own {
            connector: &hooks(&upstream),
            operations: SEND,
            settings: "",
            variables,
        };
        for call in calls() {
            let error = own.stand().run(call).await.error();
            expected.assert_eq(&shown(&error));
        }
    };
    check(
        &[("UP_HOOK", "https://up.example/hooks/12/to/ken")],
        expect![[r#"
            secret_missing: Up cannot be called: `UP_HOOK` has not the form that it must have
            it should look like `https://up.example/hooks/7/made-up`; see https://up.example/hooks"#]],
    )
    .await;
    check(
        &[],
        expect![[r#"
            secret_missing: Up cannot be called: `UP_HOOK` is not set
            put `UP_HOOK=…` into `.env` or the environment; get one at https://up.example/hooks"#]],
    )
    .await;
    assert_eq!(upstream.connections(), 0);
}

#[test]
fn a_base_address_that_no_host_answers_at_says_so_at_the_call() {
    // Nothing is looked up or dialled before somebody calls.
    let own = Own {
        connector: &format!(
            "base_url = \"http://{}\"\n{}{IN_HEADER}",
            Closed::new().address(),
            secret("key")
        ),
        operations: "",
        settings: "",
        variables: &VARIABLES,
    };
    assert!(own.try_stand().is_ok());
}
