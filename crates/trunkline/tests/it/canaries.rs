//! No secret shows in anything that people or programs see.

use std::error::Error as _;
use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use trunkline::{Call, Clock, Error, Secrets, Trunkline};

use crate::stand::{
    CANARIES, Stand, catalog, config, get, operation, post, secrets, settings_of, with_header,
};
use crate::upstream::{Act, Closed, Upstream, answer, json};

/// Nothing of a secret, in no form in which it is sent.
#[track_caller]
fn check(shown: &str) {
    let pair = STANDARD.encode(format!("{}:{}", CANARIES[5].1, CANARIES[6].1));
    let secrets = CANARIES.iter().map(|(_, value)| *value);
    for secret in secrets.chain([pair.as_str()]) {
        // Parts that a person could go on from count too.
        let (first, last) = (secret.get(..12), secret.get(secret.len() - 12..));
        for part in [secret, first.unwrap(), last.unwrap()] {
            assert!(!shown.contains(part), "`{part}` stands in:\n{shown}");
        }
    }
}

/// Everything that an error says, its sources too.
fn all_of(error: &Error) -> String {
    let mut text = format!("{error} {error:?} {:?}", error.hint());
    let mut source = error.source();
    while let Some(err) = source {
        write!(text, " {err} {err:?}").unwrap();
        source = err.source();
    }
    text
}

fn calls() -> [Call; 6] {
    let chat = serde_json::json!({"model": "m", "messages": []});
    let sms = serde_json::json!({"To": "+1", "Body": "hello"});
    [
        operation("openai", "chat.completions.create", chat),
        operation("twilio", "messages.create", sms),
        get("twilio", "/2010-04-01/Accounts/ACx/Messages.json"),
        post("stripe", "/v1/customers", "a=b"),
        get("anthropic", "/v1/models"),
        get("slack", "/api/users.list"),
    ]
}

#[tokio::test]
async fn neither_calls_nor_replies_nor_errors_nor_metrics_show_one() {
    for call in calls() {
        let name = call.connector;
        let upstream = Upstream::start([
            json(200, r#"{"ok": true}"#),
            json(401, r#"{"error": {"message": "no"}}"#),
            Act::Cut(Vec::new()),
            Act::Cut(b"garbage\r\n\r\n".to_vec()),
        ]);
        let stand = Stand::new(name.as_str(), upstream.address, "retry = { attempts = 1 }");
        for _ in 0..4 {
            let call = Call {
                connector: name,
                target: call.target.clone(),
                headers: call.headers.clone(),
                body: trunkline::Body::Empty,
                files: trunkline::Files::new(),
                options: call.options.clone(),
            };
            check(&format!("{call:?}"));
            match stand.run(call).await.outcome {
                Ok(reply) => check(&format!("{reply:?} {:?}", reply.explanation)),
                Err(error) => check(&all_of(&error)),
            }
            check(&stand.engine.metrics().render());
        }
        check(&format!("{:?} {:?}", stand.engine, stand.engine.config()));
        // The upstream did see them.
        assert_eq!(upstream.requests().len(), 4);
    }
}

#[tokio::test]
async fn an_upstream_that_is_not_there_is_reported_without_one() {
    let stand = Stand::new("twilio", Closed::new().address(), "");
    let call = get("twilio", "/2010-04-01/Accounts/ACx.json");
    check(&all_of(&stand.run(call).await.error()));
}

#[tokio::test]
async fn plans_mask_credentials_wherever_they_stand() {
    for call in calls() {
        let stand = Stand::new(call.connector.as_str(), Closed::new().address(), "");
        let plan = stand.engine.plan(call).unwrap();
        let body = plan.body.clone().unwrap_or_default();
        let body = String::from_utf8_lossy(&body).into_owned();
        check(&format!("{plan:?} {} {body}", plan.url));
        let is_masked = |(_, value): &(_, String)| value.contains('…');
        assert!(plan.headers.iter().any(is_masked), "{plan:?}");
    }
}

#[tokio::test]
async fn a_plan_shows_no_secret_that_the_caller_repeats() {
    let key = CANARIES[2].1;
    let stand = Stand::new("openai", Closed::new().address(), "");
    let call = post(
        "openai",
        &format!("/v1/x?key={key}"),
        &format!("{{\"key\": \"{key}\"}}"),
    );
    let plan = stand.engine.plan(with_header(call, "x-note", key)).unwrap();
    let body = plan.body.clone().unwrap_or_default();
    check(&format!(
        "{plan:?} {} {}",
        plan.url,
        String::from_utf8_lossy(&body)
    ));
}

#[tokio::test]
async fn a_plan_shows_no_part_of_a_secret_of_two_words() {
    let address = Closed::new().address();
    let (clock, _) = Clock::manual();
    let secrets = secrets(&[("ACME_API_KEY", "open sesame")]);
    let config = config(&settings_of("acme", address, ""));
    let engine = Trunkline::new(config, catalog("acme", ""), &secrets, clock).unwrap();
    let plan = engine.plan(get("acme", "/things")).unwrap();
    let shown = format!("{plan:?}");
    assert!(
        !shown.contains("open") && !shown.contains("sesame"),
        "{shown}"
    );
}

#[test]
fn secrets_do_not_show_themselves() {
    let secrets: Secrets = secrets(&CANARIES);
    check(&format!("{secrets:?}"));
    let found = secrets.find("OPENAI_API_KEY").unwrap();
    check(&format!("{found:?} {}", found.secret.first_chars()));
    assert_eq!(found.secret.expose(), CANARIES[2].1);
}

#[tokio::test]
async fn an_upstream_that_echoes_the_credential_is_not_quoted_in_our_own_words() {
    let key = CANARIES[2].1;
    let body = format!(r#"{{"error": {{"message": "Incorrect API key provided: {key}"}}}}"#);
    let bytes = answer(401, &[("content-type", "application/json")], body);
    let upstream = Upstream::start([Act::Answer(bytes)]);
    let stand = Stand::new("openai", upstream.address, "");
    let reply = stand.run(get("openai", "/v1/models")).await.reply();
    let explanation = reply.explanation.as_ref().unwrap();
    check(&format!("{explanation:?} {}", explanation.one_line()));
}
