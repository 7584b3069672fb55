//! The vendors' own SDKs, unmodified, through the running gateway: against the sandbox, against an
//! upstream that answers as it is told, with and without the gateway between them, against one that
//! is away, and against servers that are not ours.

mod keys;
mod needs_redis;
mod stage;
mod tokens;

use trunkline_tests::{Heard, Upstream};

use self::stage::Stage;

/// What the SDKs are told to use as their key and account (`tests/sdks/product.mjs`).
const CALLERS: [&str; 2] = [
    "callers-own-credential",
    "AC00000000000000000000000000000000",
];

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
    has("authorization", format!("Bearer {}", keys::value(name)))
}

fn has(header: &'static str, value: String) -> impl Fn(&Heard) -> bool {
    move |heard| heard.head.header(header) == Some(&value)
}

/// Runs a connector's test file, at whose end an upstream that is away was asked so often.
#[track_caller]
fn check(connector: &'static str, attempts: usize, ours: impl Fn(&Heard) -> bool) {
    if let Some(stage) = Stage::of(connector) {
        check_on(stage, attempts, ours);
    }
}

#[track_caller]
fn check_on(stage: Stage, attempts: usize, ours: impl Fn(&Heard) -> bool) {
    let (stage, upstream) = stage.with_journal();
    stage.run();
    check_journal(&upstream, attempts, ours);
}

#[test]
fn openai() {
    check("openai", 5, has_bearer("OPENAI_API_KEY"));
}

#[test]
fn anthropic() {
    check("anthropic", 5, |heard| {
        let key = keys::value("ANTHROPIC_API_KEY").to_owned();
        has("x-api-key", key)(heard) && heard.head.header("authorization").is_none()
    });
}

#[test]
fn groq() {
    check("groq", 5, has_bearer("GROQ_API_KEY"));
}

#[test]
fn together() {
    check("together", 5, has_bearer("TOGETHER_API_KEY"));
}

#[test]
fn replicate() {
    check("replicate", 1, has_bearer("REPLICATE_API_TOKEN"));
}

#[test]
fn stripe() {
    let Some(stage) = Stage::of("stripe") else {
        return;
    };
    let (stage, upstream) = stage.with_journal();
    stage.run();
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
fn supabase() {
    check("supabase", 1, has_bearer("SUPABASE_KEY"));
}

#[test]
fn resend() {
    check("resend", 5, has_bearer("RESEND_API_KEY"));
}

#[test]
fn sendgrid() {
    if let Some(stage) = Stage::of("sendgrid") {
        check_on(stage.with_prism(), 1, has_bearer("SENDGRID_API_KEY"));
    }
}

#[test]
fn twilio() {
    let path = format!(
        "/2010-04-01/Accounts/{}/Messages.json",
        keys::value("TWILIO_ACCOUNT_SID")
    );
    if let Some(stage) = Stage::of("twilio") {
        check_on(stage.with_prism(), 1, |heard| heard.head.word(1) == path);
    }
}

#[test]
fn slack() {
    if let Some(stage) = Stage::of("slack") {
        check_on(stage.with_prism(), 1, has_bearer("SLACK_BOT_TOKEN"));
    }
}

#[test]
fn google() {
    check("google", 5, has_bearer("GOOGLE_ACCESS_TOKEN"));
}

#[test]
fn discord() {
    let token = format!("Bot {}", keys::value("DISCORD_TOKEN"));
    check("discord", 5, has("authorization", token));
}

#[test]
fn github() {
    if let Some(stage) = Stage::of("github") {
        check_on(stage.with_prism(), 1, has_bearer("GITHUB_TOKEN"));
    }
}

#[test]
fn shopify() {
    let token = keys::value("SHOPIFY_ADMIN_ACCESS_TOKEN").to_owned();
    check("shopify", 1, has("x-shopify-access-token", token));
}

#[test]
fn graphql() {
    let Some(stage) = Stage::of("github") else {
        return;
    };
    let token = keys::value("GITHUB_TOKEN");
    let stage = stage
        .with_server("YOGA", &["graphql-server.mjs", "yoga", token])
        .with_server("APOLLO", &["graphql-server.mjs", "apollo", token]);
    stage.run_file("graphql.test.mjs");
}
