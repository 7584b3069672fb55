//! The vendors' own SDKs, unmodified, through the running gateway: against the sandbox, against an
//! upstream that keeps a journal, and against Prism with the vendor's own OpenAPI document.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use trunkline_tests::{Gateway, Heard, Product, Program, Upstream, answer, is_ci, repository};

/// What the SDKs are told to use as their key and account (`tests/sdks/product.mjs`).
const CALLERS: [&str; 2] = [
    "callers-own-credential",
    "AC00000000000000000000000000000000",
];

fn folder() -> PathBuf {
    repository().join("tests/sdks")
}

/// Whether the packages are there. Without them there is nothing to do, except in CI.
fn is_installed() -> bool {
    let is_installed =
        folder().join("node_modules").is_dir() && folder().join(".documents/slack.json").exists();
    if !is_installed {
        assert!(
            !is_ci(),
            "the SDKs are not installed: run `npm ci` in tests/sdks"
        );
        eprintln!("skipped: the SDKs are not installed: run `npm ci` in tests/sdks");
    }
    is_installed
}

/// Prism with a vendor's document, on a port of its own choice.
fn prism(document: &str) -> (Program, String) {
    let mut command = Command::new("node");
    command
        .arg("node_modules/@stoplight/prism-cli/dist/index.js")
        .args(["mock", "--host", "127.0.0.1", "--port", "0"])
        .arg(format!(".documents/{document}.json"))
        .current_dir(folder());
    let program = Program::start(command);
    let url = program.wait_for(|printed| {
        let (_, rest) = printed.split_once("Prism is listening on ")?;
        let (url, _) = rest.split_once(char::is_whitespace)?;
        Some(url.trim_end_matches('\u{1b}').to_owned())
    });
    (program, url)
}

/// Runs a test file against the addresses.
#[track_caller]
fn run(file: &str, addresses: &[(&str, String)]) {
    let mut command = Command::new("node");
    command
        .args(["--test", "--test-reporter=spec", file])
        .current_dir(folder());
    command.envs(addresses.iter().map(|(name, url)| (name, url)));
    // Variables that SDKs read by themselves would make them talk to somebody else.
    for name in [
        "OPENAI_BASE_URL",
        "ANTHROPIC_BASE_URL",
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "NODE_OPTIONS",
    ] {
        command.env_remove(name);
    }
    let finished = Program::start(command).finish_within(Duration::from_mins(2));
    assert_eq!(
        finished.status,
        Some(0),
        "{}\n{}",
        finished.stdout,
        finished.stderr
    );
}

fn sandbox() -> Gateway {
    let product = Product::new().set("listeners.stripe", r#""127.0.0.1:0""#);
    let names = ["openai", "anthropic", "stripe", "slack", "twilio"];
    let product = names.iter().fold(product, |product, name| {
        product.set(&format!("connectors.{name}.retry.wait_first"), r#""1ms""#)
    });
    product.serve_sandbox()
}

/// A gateway with real keys, whose upstream says that it is away.
fn journal(connector: &str) -> (Upstream, Gateway) {
    let upstream =
        Upstream::start([answer(503).json(r#"{"error":{"message":"away","type":"api_error"}}"#)]);
    let product =
        Product::calling(connector, &upstream).set("listeners.stripe", r#""127.0.0.1:0""#);
    let gateway = product.serve();
    (upstream, gateway)
}

/// A gateway with real keys in front of Prism.
fn behind(connector: &str, url: &str) -> Gateway {
    Product::new()
        .with_keys()
        .set(
            &format!("connectors.{connector}.base_url"),
            format!("{url:?}"),
        )
        .serve()
}

/// Asserts that the upstream was sent our key, never the caller's, and so often.
#[track_caller]
fn check_journal(upstream: &Upstream, attempts: usize, ours: impl Fn(&Heard) -> bool) {
    let heard = upstream.heard();
    assert_eq!(heard.len(), attempts, "{heard:#?}");
    for heard in &heard {
        let sent = String::from_utf8_lossy(&heard.head.raw).into_owned()
            + &String::from_utf8_lossy(&heard.body);
        for callers in CALLERS {
            assert!(!sent.contains(callers), "{sent}");
        }
        assert!(ours(heard), "{sent}");
    }
}

fn has_bearer(name: &'static str) -> impl Fn(&Heard) -> bool {
    move |heard| {
        heard.head.header("authorization") == Some(&format!("Bearer {}", Product::key(name)))
    }
}

#[test]
fn openai() {
    if !is_installed() {
        return;
    }
    let (sandbox, (upstream, journal)) = (sandbox(), journal("openai"));
    run(
        "openai.test.mjs",
        &[
            ("TRUNKLINE_SANDBOX", sandbox.url()),
            ("TRUNKLINE_JOURNAL", journal.url()),
        ],
    );
    check_journal(&upstream, 5, has_bearer("OPENAI_API_KEY"));
}

#[test]
fn anthropic() {
    if !is_installed() {
        return;
    }
    let (sandbox, (upstream, journal)) = (sandbox(), journal("anthropic"));
    run(
        "anthropic.test.mjs",
        &[
            ("TRUNKLINE_SANDBOX", sandbox.url()),
            ("TRUNKLINE_JOURNAL", journal.url()),
        ],
    );
    check_journal(&upstream, 5, |heard| {
        let key = heard.head.header("x-api-key");
        key == Some(Product::key("ANTHROPIC_API_KEY"))
            && heard.head.header("authorization").is_none()
    });
}

#[test]
fn stripe() {
    if !is_installed() {
        return;
    }
    let (sandbox, (upstream, journal)) = (sandbox(), journal("stripe"));
    let addresses = [
        ("TRUNKLINE_SANDBOX", sandbox.url()),
        (
            "TRUNKLINE_SANDBOX_STRIPE",
            format!("http://{}", sandbox.dedicated()),
        ),
        (
            "TRUNKLINE_JOURNAL_STRIPE",
            format!("http://{}", journal.dedicated()),
        ),
    ];
    run("stripe.test.mjs", &addresses);
    check_journal(&upstream, 5, has_bearer("STRIPE_SECRET_KEY"));
    let keys: Vec<_> = upstream
        .heard()
        .iter()
        .map(|heard| heard.head.header("idempotency-key").map(str::to_owned))
        .collect();
    assert!(
        keys.iter().all(|key| key.is_some() && *key == keys[0]),
        "{keys:?}"
    );
}

#[test]
fn twilio() {
    if !is_installed() {
        return;
    }
    let (_prism, url) = prism("twilio");
    let (sandbox, (upstream, journal)) = (sandbox(), journal("twilio"));
    let prism = behind("twilio", &url);
    let addresses = [
        ("TRUNKLINE_SANDBOX", sandbox.url()),
        ("TRUNKLINE_JOURNAL", journal.url()),
        ("TRUNKLINE_PRISM", prism.url()),
    ];
    run("twilio.test.mjs", &addresses);
    let path = format!(
        "/2010-04-01/Accounts/{}/Messages.json",
        Product::key("TWILIO_ACCOUNT_SID")
    );
    check_journal(&upstream, 1, |heard| heard.head.word(1) == path);
}

#[test]
fn slack() {
    if !is_installed() {
        return;
    }
    let (_prism, url) = prism("slack");
    let (sandbox, (upstream, journal)) = (sandbox(), journal("slack"));
    let prism = behind("slack", &url);
    let addresses = [
        ("TRUNKLINE_SANDBOX", sandbox.url()),
        ("TRUNKLINE_JOURNAL", journal.url()),
        ("TRUNKLINE_PRISM", prism.url()),
    ];
    run("slack.test.mjs", &addresses);
    check_journal(&upstream, 1, has_bearer("SLACK_BOT_TOKEN"));
}
