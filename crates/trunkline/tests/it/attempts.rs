//! How many attempts there are, and what each of them carries.

use std::num::NonZeroU32;
use std::pin::pin;
use std::time::Duration;

use trunkline::connector::format::Class;
use trunkline::{Call, Fault};

use crate::stand::{Stand, get, operation, post, with_header};
use crate::upstream::{Act, Closed, Upstream, answer, head, json};

const SECOND: Duration = Duration::from_secs(1);

fn failing(count: usize) -> impl Iterator<Item = Act> {
    (0..count).map(|_| json(503, "{}"))
}

#[tokio::test]
async fn nothing_is_sent_twice_by_a_refused_connection_so_any_method_is_repeated() {
    let closed = Closed::new();
    let stand = Stand::new("acme", closed.address(), "");
    let mut call = pin!(stand.engine.call(post("acme", "/things", "{}")));
    let wait = stand.until_it_waits(&mut call).await;
    let upstream = closed.open([json(200, "{}")]);
    stand.time.advance(wait);
    let reply = call.await.expect("the port is open now");
    assert_eq!((reply.attempts, upstream.requests().len()), (2, 1));
}

#[tokio::test]
async fn an_upstream_that_is_not_there_is_asked_five_times() {
    let closed = Closed::new();
    let stand = Stand::new("acme", closed.address(), "");
    let ran = stand.run(post("acme", "/things", "{}")).await;
    assert_eq!(ran.summary(), "connect_failed in 5");
}

#[tokio::test]
async fn the_attempts_are_the_callers_or_the_settings_or_five() {
    for (settings, options, expected) in [
        ("", None, 5),
        ("retry = { attempts = 2 }", None, 2),
        ("retry = { attempts = 2 }", NonZeroU32::new(1), 1),
        ("retry = { attempts = 2 }", NonZeroU32::new(7), 7),
    ] {
        let upstream = Upstream::start(failing(10));
        let stand = Stand::new("acme", upstream.address, settings);
        let mut call = get("acme", "/things");
        call.options.attempts_max = options;
        let ran = stand.run(call).await;
        assert_eq!(ran.summary(), format!("503 in {expected}"));
        assert_eq!(upstream.requests().len(), expected);
    }
}

#[tokio::test]
async fn what_the_callers_sdk_has_tried_is_not_tried_again() {
    for (count, expected) in [("0", 5), ("2", 3), ("4", 1), ("9", 1), ("many", 5)] {
        let upstream = Upstream::start(failing(10));
        let stand = Stand::new("acme", upstream.address, "");
        let call = with_header(get("acme", "/things"), "x-stainless-retry-count", count);
        assert_eq!(
            stand.run(call).await.summary(),
            format!("503 in {expected}")
        );
    }
}

#[tokio::test]
async fn the_last_answer_is_passed_on_as_it_came() {
    let last = answer(
        503,
        &[("retry-after", "1"), ("x-request-id", "r5")],
        "so sorry",
    );
    let upstream = Upstream::start(failing(4).chain([Act::Answer(last)]));
    let stand = Stand::new("acme", upstream.address, "");
    let reply = stand.run(get("acme", "/things")).await.reply();
    assert_eq!(reply.headers["x-request-id"], "r5");
    assert_eq!(reply.headers["retry-after"], "1");
    assert_eq!(reply.class, Class::ProviderDown);
    assert_eq!(reply.body.collect(100).await.unwrap(), "so sorry");
}

/// The idempotency keys that the upstream saw in two attempts.
async fn keys(connector: &str, call: Call) -> Vec<Option<String>> {
    let upstream = Upstream::start([json(503, "{}"), json(200, "{}")]);
    let stand = Stand::new(connector, upstream.address, "");
    drop(stand.run(call).await);
    let requests = upstream.requests();
    let keys = requests
        .iter()
        .map(|request| request.header("idempotency-key"));
    keys.map(|key| key.map(ToOwned::to_owned)).collect()
}

#[tokio::test]
async fn every_attempt_has_the_same_idempotency_key() {
    let ours = keys("stripe", post("stripe", "/v1/customers", "a=b")).await;
    assert_eq!(ours.len(), 2);
    assert_eq!(ours[0], ours[1]);
    assert!(ours[0].as_ref().unwrap().starts_with("call_"), "{ours:?}");

    let mine = Some("mine".to_owned());
    let call = post("stripe", "/v1/customers", "a=b");
    let call = with_header(call, "idempotency-key", "mine");
    assert_eq!(keys("stripe", call).await, [mine.clone(), mine.clone()]);

    // Where nothing is known of keys, the caller's own is taken for one.
    let call = with_header(post("acme", "/things", "{}"), "idempotency-key", "mine");
    assert_eq!(keys("acme", call).await, [mine.clone(), mine]);
    assert_eq!(keys("acme", post("acme", "/things", "{}")).await, [None]);

    // Stripe looks at keys of POST alone.
    assert_eq!(
        keys("stripe", get("stripe", "/v1/customers")).await,
        [None, None]
    );
}

#[tokio::test]
async fn an_empty_key_is_none() {
    let call = with_header(post("acme", "/things", "{}"), "idempotency-key", "");
    assert_eq!(keys("acme", call).await, [Some(String::new())]);
    let call = with_header(post("stripe", "/v1/refunds", ""), "idempotency-key", " ");
    let ours = keys("stripe", call).await;
    assert!(ours[0].as_ref().unwrap().starts_with("call_"), "{ours:?}");
    assert_eq!(ours[0], ours[1]);
}

#[tokio::test]
async fn two_calls_have_two_keys() {
    let upstream = Upstream::start([json(200, "{}"), json(200, "{}")]);
    let stand = Stand::new("stripe", upstream.address, "");
    for _ in 0..2 {
        let reply = stand.run(post("stripe", "/v1/refunds", "")).await.reply();
        let requests = upstream.requests();
        let key = requests.last().unwrap().header("idempotency-key");
        assert_eq!(key, Some(reply.call_id.to_string().as_str()));
    }
    let requests = upstream.requests();
    assert_ne!(requests[0].headers, requests[1].headers);
}

async fn check_first_answer(connector: &str, call: Call, first: Vec<u8>, expected: &str) {
    let upstream = Upstream::start([Act::Answer(first), json(200, "{\"ok\": true}")]);
    let stand = Stand::new(connector, upstream.address, "");
    assert_eq!(stand.run(call).await.summary(), expected, "{connector}");
}

#[tokio::test]
async fn connectors_rules_decide_before_statuses() {
    let json = [("content-type", "application/json")];
    let slack = |error: &str| answer(200, &json, format!(r#"{{"ok":false,"error":"{error}"}}"#));
    let say = || post("slack", "/api/chat.postMessage", "{}");
    let list = || post("slack", "/api/conversations.list", "");
    // Slack writes by GET as well, so the method promises nothing.
    let say_by_get = || get("slack", "/api/chat.postMessage?text=x");
    check_first_answer("slack", say(), slack("ratelimited"), "200 in 2").await;
    check_first_answer("slack", say(), slack("rate_limited"), "200 in 2").await;
    check_first_answer("slack", say(), slack("fatal_error"), "200 in 1").await;
    check_first_answer("slack", say_by_get(), slack("fatal_error"), "200 in 1").await;
    check_first_answer("slack", list(), slack("fatal_error"), "200 in 2").await;
    check_first_answer("slack", say(), slack("channel_not_found"), "200 in 1").await;
    check_first_answer("slack", list(), slack("invalid_auth"), "200 in 1").await;

    let openai = |code: &str| answer(429, &json, format!(r#"{{"error":{{"code":"{code}"}}}}"#));
    let chat = || post("openai", "/v1/chat/completions", "{}");
    check_first_answer("openai", chat(), openai("rate_limit_exceeded"), "200 in 2").await;
    check_first_answer("openai", chat(), openai("insufficient_quota"), "429 in 1").await;

    let twilio = |code: &str| answer(429, &json, format!(r#"{{"code":{code}}}"#));
    let send = || post("twilio", "/2010-04-01/Accounts/AC1/Messages.json", "To=1");
    check_first_answer("twilio", send(), twilio("20429"), "200 in 2").await;
    check_first_answer("twilio", send(), twilio("63038"), "429 in 1").await;

    let pay = || post("stripe", "/v1/payment_intents", "amount=1");
    check_first_answer("stripe", pay(), answer(409, &json, "{}"), "200 in 2").await;
    check_first_answer("stripe", pay(), answer(402, &json, "{}"), "402 in 1").await;
    check_first_answer(
        "anthropic",
        get("anthropic", "/v1/models"),
        answer(529, &[], ""),
        "200 in 2",
    )
    .await;
    check_first_answer(
        "anthropic",
        post("anthropic", "/v1/messages", "{}"),
        answer(529, &[], ""),
        "529 in 1",
    )
    .await;
}

#[tokio::test]
async fn vendors_own_headers_overrule_everything() {
    let pay = || post("stripe", "/v1/payment_intents", "amount=1");
    let says = |status, name: &str, value: &str| answer(status, &[(name, value)], "{}");
    let name = "stripe-should-retry";
    check_first_answer("stripe", pay(), says(400, name, "true"), "200 in 2").await;
    check_first_answer("stripe", pay(), says(409, name, "false"), "409 in 1").await;
    check_first_answer("stripe", pay(), says(503, name, "false"), "503 in 1").await;
    let chat = || post("openai", "/v1/chat/completions", "{}");
    let name = "x-should-retry";
    check_first_answer("openai", chat(), says(503, name, "true"), "200 in 2").await;
    check_first_answer("openai", chat(), says(429, name, "false"), "429 in 1").await;
    // Another vendor's header means nothing.
    let name = "stripe-should-retry";
    check_first_answer("openai", chat(), says(400, name, "true"), "400 in 1").await;
}

#[tokio::test]
async fn an_operation_that_only_reads_may_be_repeated_whatever_its_method() {
    let upstream = Upstream::start([Act::Cut(Vec::new()), json(200, "{}")]);
    let stand = Stand::new("acme", upstream.address, "");
    let call = operation("acme", "things.search", serde_json::json!({"name": "lamp"}));
    assert_eq!(stand.run(call).await.summary(), "200 in 2");
    let requests = upstream.requests();
    assert_eq!(requests[0].body, requests[1].body);
    assert_eq!(requests[1].body, br#"{"name":"lamp"}"#);
}

#[tokio::test]
async fn repeated_calls_are_a_share_of_all_calls() {
    let settings = "retry = { attempts = 2, wait_first = \"1ms\" }";
    let upstream = Upstream::start([]);
    let stand = Stand::new("acme", upstream.address, settings);
    let repeated = async |failures: usize| {
        let mut repeated = 0;
        for _ in 0..failures {
            upstream.restart([json(503, "{}"), json(200, "{}")]);
            drop(stand.run(get("acme", "/things")).await);
            repeated += upstream.requests().len() - 1;
        }
        repeated
    };
    // However few calls there are, ten may be repeated within ten seconds.
    assert_eq!(repeated(13).await, 10);
    stand.time.advance(11 * SECOND);
    assert_eq!(repeated(3).await, 3);
    stand.time.advance(11 * SECOND);
    upstream.restart((0..100).map(|_| json(200, "{}")));
    for _ in 0..100 {
        assert_eq!(
            stand.run(get("acme", "/things")).await.summary(),
            "200 in 1"
        );
    }
    // Of a hundred calls and forty more, a fifth.
    assert_eq!(repeated(40).await, 28);
}

#[tokio::test]
async fn no_connection_is_held_while_waiting() {
    let mut large = head(503, &[("content-length", "100000")]);
    large.resize(large.len() + 70_000, b'x');
    let upstream = Upstream::start([Act::Hang(large), json(200, "{}")]);
    let stand = Stand::new("acme", upstream.address, "");
    let mut call = pin!(stand.engine.call(get("acme", "/things")));
    let wait = stand.until_it_waits(&mut call).await;
    upstream.saw_hang_up().await;
    stand.time.advance(wait);
    assert_eq!(call.await.unwrap().attempts, 2);
}

#[tokio::test]
async fn what_the_sandbox_is_to_do_wrong_is_told_to_it_on_every_attempt() {
    let upstream = Upstream::start([json(503, "{}"), json(200, "{}")]);
    let stand = Stand::new("acme", upstream.address, "");
    let mut call = get("acme", "/things");
    call.options.fault = Some(Fault::Unavailable);
    assert_eq!(stand.run(call).await.summary(), "200 in 2");
    for request in upstream.requests() {
        assert_eq!(request.header("trunkline-sandbox"), Some("503"));
    }
}

#[tokio::test]
async fn why_it_was_not_tried_again_is_said() {
    let upstream = Upstream::start([Act::Cut(Vec::new())]);
    let stand = Stand::new("acme", upstream.address, "");
    let error = stand.run(post("acme", "/things", "{}")).await.error();
    assert_eq!(error.kind().code(), "upstream_closed");
    assert!(error.hint().unwrap().contains("send an idempotency key"));
    assert!(error.call_id().is_some());
    assert_eq!(error.retry_after(), None);
}
