//! No secret is ever seen: every output of calls that go well and badly is searched for canaries.

use base64::Engine;
use trunkline_tests::{Act, Answer, Finished, Product, Request, Script, Upstream, answer};

const DOTENV_KEY: &str = "sk-ant-api03-canary-from-the-dotenv-file-0123456789abcdef";
const HEADER_KEY: &str = "canary-in-a-header-of-the-settings-0123456789";

/// Everything that must never be seen, encoded forms included.
fn canaries() -> Vec<String> {
    let names = [
        "OPENAI_API_KEY",
        "STRIPE_SECRET_KEY",
        "TWILIO_AUTH_TOKEN",
        "SLACK_BOT_TOKEN",
    ];
    let mut canaries: Vec<String> = names
        .iter()
        .map(|name| Product::key(name).to_owned())
        .collect();
    let pair = format!(
        "{}:{}",
        Product::key("TWILIO_ACCOUNT_SID"),
        Product::key("TWILIO_AUTH_TOKEN")
    );
    canaries.push(base64::engine::general_purpose::STANDARD.encode(pair));
    canaries.push(DOTENV_KEY.to_owned());
    canaries
}

/// Asserts that a text has no canary, and of none more than its first four characters.
#[track_caller]
fn assert_clean(text: &str, whose: &str) {
    for canary in canaries() {
        // The middle is as telling as the whole, and survives any cutting.
        for part in [&canary[..8], &canary[8..20], &canary[canary.len() - 10..]] {
            let is_common = ["sk-ant-a", "pi03-canary-"].contains(&part);
            assert!(
                is_common || !text.contains(part),
                "`{part}` in {whose}:\n{text}"
            );
        }
    }
}

#[track_caller]
fn assert_finished_clean(finished: &Finished, whose: &str) {
    assert_clean(&finished.stdout, whose);
    assert_clean(&finished.stderr, whose);
}

/// What an upstream would say that repeats what it was sent, as some do.
fn product(upstream: &Upstream) -> Product {
    let product = Product::calling("openai", upstream)
        .variable("ANTHROPIC_API_KEY", "")
        .file(".env", &format!("ANTHROPIC_API_KEY={DOTENV_KEY}\n"))
        .variable("TRUNKLINE_LOG", "trace");
    ["openai", "anthropic", "stripe", "twilio", "slack"]
        .iter()
        .fold(product, |product, name| {
            product
                .set(
                    &format!("connectors.{name}.base_url"),
                    format!("{:?}", upstream.url()),
                )
                .set(&format!("connectors.{name}.retry.wait_first"), r#""1ms""#)
                .set(
                    &format!("connectors.{name}.timeouts.first_byte"),
                    r#""100ms""#,
                )
        })
}

const TARGETS: [&str; 5] = [
    "/openai/v1/models",
    "/anthropic/v1/models",
    "/stripe/v1/customers",
    "/twilio/2010-04-01/Accounts/AC00000000000000000000000000000000/Messages.json",
    "/slack/api/auth.test",
];

#[track_caller]
fn assert_reply_clean(reply: &Answer, whose: &str) {
    assert_clean(&String::from_utf8_lossy(&reply.head.raw), whose);
    assert_clean(&reply.text(), whose);
}

#[test]
fn nothing_a_gateway_says_has_a_secret() {
    let script = || {
        vec![
            answer(200).json("{}").script(),
            answer(401).json(r#"{"error":{"message":"no"}}"#).script(),
            answer(503).script(),
            Script::cut(),
            Script::reading().say("nonsense\r\n\r\n").then(Act::Close),
            Script::reading()
                .say("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nx")
                .then(Act::Close),
            Script::silent(),
        ]
    };
    let upstream = Upstream::start(TARGETS.iter().flat_map(|_| script()));
    let gateway = product(&upstream).serve();
    for target in TARGETS {
        for _ in 0..script().len() {
            let request = Request::post(target, r#"{"a":1}"#).header("trunkline-retry", "off");
            assert_reply_clean(&gateway.send(&request), target);
        }
    }
    assert_eq!(upstream.count(), TARGETS.len() * script().len());
    for target in [
        "/-/metrics",
        "/-/health",
        "/nope",
        "/-/fetch?url=http://127.0.0.1/",
    ] {
        assert_reply_clean(&gateway.get(target), target);
    }
    let finished = gateway.stop().expect(0);
    assert!(
        finished.stderr.contains("attempt"),
        "the log does not tell what it should:\n{}",
        finished.stderr
    );
    assert_finished_clean(&finished, "the gateway's output");
}

#[test]
fn every_upstream_did_get_its_secret() {
    // Otherwise the test above would be clean for the wrong reason.
    let upstream = Upstream::start([answer(200).json("{}")]);
    let gateway = product(&upstream).serve();
    for target in TARGETS {
        gateway.get(target).expect(200);
    }
    let sent: Vec<String> = upstream
        .heard()
        .iter()
        .map(|heard| String::from_utf8_lossy(&heard.head.raw).into_owned())
        .collect();
    for canary in canaries()
        .iter()
        .filter(|canary| **canary != Product::key("TWILIO_AUTH_TOKEN"))
    {
        assert!(
            sent.iter().any(|sent| sent.contains(canary)),
            "nobody was sent {canary}"
        );
    }
}

#[test]
fn nothing_a_command_says_has_a_secret() {
    let upstream = Upstream::start([
        answer(200).json(r#"{"object":"list","data":[]}"#).script(),
        answer(401).json("{}").script(),
        answer(503).script(),
        Script::silent(),
        answer(200).json(r#"{"object":"list","data":[]}"#).script(),
    ]);
    let product = product(&upstream).set(
        "connectors.openai.headers",
        format!("{{ x-custom-token = {HEADER_KEY:?} }}"),
    );
    let commands: [&[&str]; 16] = [
        &["call", "openai", "models.list", "Trunkline-Retry:off"],
        &[
            "call",
            "openai",
            "models.list",
            "--include",
            "Trunkline-Retry:off",
        ],
        &["call", "openai", "models.list", "Trunkline-Retry:off"],
        &["call", "openai", "models.list", "--timeout", "100ms"],
        &["call", "openai", "models.list", "--dry-run"],
        &["call", "anthropic", "models.list", "--dry-run"],
        &["call", "stripe", "customers.list", "--dry-run"],
        &[
            "call",
            "twilio",
            "GET",
            "/2010-04-01/Accounts.json",
            "--dry-run",
        ],
        &["call", "slack", "auth.test", "--dry-run"],
        &["doctor"],
        &["doctor", "--json"],
        &["doctor", "--live"],
        &["config", "show"],
        &["config", "show", "--json"],
        &["connectors", "list", "--json"],
        &["connectors", "show", "twilio"],
    ];
    for arguments in commands {
        let finished = product.run(arguments);
        assert_finished_clean(&finished, &arguments.join(" "));
        for output in [&finished.stdout, &finished.stderr] {
            assert!(!output.contains(HEADER_KEY), "{arguments:?}: {output}");
        }
    }
}

#[test]
fn a_secret_that_the_caller_sent_is_not_told_either() {
    let own = "callers-own-secret-0123456789";
    let upstream = Upstream::start([answer(503)]);
    let product = product(&upstream);
    let gateway = product.serve();
    let request = Request::get(format!("/openai/v1/models?api_key={own}"))
        .header("authorization", &format!("Bearer {own}"))
        .header("cookie", &format!("session={own}"));
    let reply = gateway.send(&request);
    assert!(!reply.text().contains(own), "{}", reply.text());
    let metrics = gateway.get("/-/metrics").text();
    let finished = gateway.stop().expect(0);
    for output in [&metrics, &finished.stdout, &finished.stderr] {
        assert!(!output.contains(own), "{output}");
    }
}

#[test]
fn a_query_string_is_in_no_log_and_no_error() {
    let upstream = Upstream::start([Script::cut()]);
    let gateway = product(&upstream).serve();
    let reply = gateway.get("/openai/v1/models?q=private-question");
    assert!(
        !reply.text().contains("private-question"),
        "{}",
        reply.text()
    );
    let finished = gateway.stop().expect(0);
    assert!(
        !finished.stderr.contains("private-question"),
        "{}",
        finished.stderr
    );
}
