//! What the log says of a call: its times, its end, and no secret.

use std::pin::pin;
use std::time::{Duration, UNIX_EPOCH};

use tempfile::TempDir;
use trunkline::Call;
use trunkline::log::{self, CallFilter, LoggedCall};

use crate::stand::{CANARIES, Stand, get, operation, soon};
use crate::upstream::{Act, Upstream, json};

/// A stand whose calls are logged, and the folder.
fn logged(connector: &str, upstream: &Upstream, settings: &str) -> (Stand, TempDir) {
    let stand = Stand::new(connector, upstream.address, settings);
    let folder = tempfile::tempdir().expect("a folder can be made");
    stand.engine.keep_calls_in(folder.path());
    (stand, folder)
}

/// What the log says once it has ended.
#[track_caller]
fn read(stand: &Stand, folder: &TempDir) -> Vec<LoggedCall> {
    assert!(stand.engine.finish_calls());
    let calls = log::list(folder.path(), &CallFilter::default(), UNIX_EPOCH);
    calls.expect("the log can be read")
}

/// What the log says of the only call.
#[track_caller]
fn only(stand: &Stand, folder: &TempDir) -> LoggedCall {
    let mut calls = read(stand, folder);
    assert_eq!(calls.len(), 1, "{calls:?}");
    calls.remove(0)
}

#[tokio::test]
async fn times_are_those_of_the_whole_call() {
    let upstream = Upstream::start([json(503, "{}"), json(200, r#"{"ok": true}"#)]);
    let (stand, folder) = logged("acme", &upstream, "");
    let ran = stand.run(get("acme", "/things")).await;
    let waited: Duration = ran.waits.iter().sum();
    let reply = ran.reply();
    let call_id = reply.call_id.to_string();
    reply.body.collect(100).await.expect("the body is whole");
    let call = only(&stand, &folder);
    let millis = (waited.as_secs_f64() * 1e6).floor() / 1e3;
    assert_eq!((call.attempts, call.call_id), (2, call_id));
    assert!(
        (call.took_ms - millis).abs() < 0.002,
        "{} {millis}",
        call.took_ms
    );
    assert_eq!(call.first_byte_ms, Some(call.took_ms));
    // A pause between attempts is no wait for one's turn.
    assert!(call.waited_ms < 0.001, "{} ms", call.waited_ms);
    assert_eq!((call.status, call.class.as_str()), (Some(200), "ok"));
    assert_eq!(call.bytes_out, 12);
}

#[tokio::test]
async fn a_wait_for_ones_turn_is_told() {
    let upstream = Upstream::start([json(200, "{}")]);
    let limit = r#"limit = { rate = 1, per = "1s", burst = 1 }"#;
    let (stand, folder) = logged("acme", &upstream, limit);
    for _ in 0..2 {
        let reply = stand.run(get("acme", "/things")).await.reply();
        reply.body.collect(100).await.expect("the body is whole");
    }
    let mut waits: Vec<f64> = read(&stand, &folder)
        .iter()
        .map(|call| call.waited_ms)
        .collect();
    waits.sort_by(f64::total_cmp);
    assert_eq!(waits, [0.0, 1000.0]);
}

#[tokio::test]
async fn a_caller_that_goes_away_is_told_of() {
    let upstream = Upstream::start([Act::Hang(Vec::new())]);
    let (stand, folder) = logged("acme", &upstream, "");
    {
        let mut call = pin!(stand.engine.call(get("acme", "/things")));
        tokio::select! {
            biased;
            outcome = &mut call => panic!("it has ended: {outcome:?}"),
            () = soon(upstream.saw_requests(1)) => {}
        }
    }
    let call = only(&stand, &folder);
    assert_eq!((call.status, call.class.as_str()), (None, "caller_gone"));
    assert_eq!((call.attempts, call.first_byte_ms), (1, None));
}

#[tokio::test]
async fn an_answer_that_breaks_off_had_its_status() {
    let upstream = Upstream::start([Act::Cut(
        b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 10\r\n\r\nhalf".to_vec(),
    )]);
    let (stand, folder) = logged("acme", &upstream, "");
    let reply = stand.run(get("acme", "/things")).await.reply();
    reply.body.collect(100).await.expect_err("it breaks off");
    let call = only(&stand, &folder);
    assert_eq!(call.status, Some(200));
    assert_eq!(
        (call.class.as_str(), call.code.as_deref()),
        ("upstream_closed", Some("upstream_closed"))
    );
    assert_eq!(call.bytes_out, 4);
}

#[tokio::test]
async fn a_secret_that_an_operation_puts_into_its_path_is_masked() {
    let upstream = Upstream::start([json(200, r#"{"sid": "SM1"}"#)]);
    let (stand, folder) = logged("twilio", &upstream, "");
    let sms = serde_json::json!({"To": "+1", "Body": "hello", "From": "+2"});
    let reply = stand.run(operation("twilio", "messages.create", sms)).await;
    drop(reply.reply());
    let call = only(&stand, &folder);
    assert_eq!(call.path, "/2010-04-01/Accounts/…/Messages.json");
    let bytes = std::fs::read(log::file_in(folder.path())).expect("it can be read");
    for (_, canary) in CANARIES {
        let mut windows = bytes.windows(canary.len());
        assert!(
            windows.all(|window| window != canary.as_bytes()),
            "{canary}"
        );
    }
}

#[tokio::test]
async fn what_is_only_shown_is_not_logged() {
    let upstream = Upstream::start([json(200, "{}")]);
    let (stand, folder) = logged("acme", &upstream, "");
    stand
        .engine
        .plan(get("acme", "/things"))
        .expect("it can be shown");
    assert_eq!(read(&stand, &folder), []);
}

/// Makes a call with an engine, whatever comes of it.
async fn make(engine: &trunkline::Trunkline, call: Call) {
    let reply = soon(engine.call(call))
        .await
        .expect("the call has an answer");
    reply.body.collect(100).await.expect("the body is whole");
}

#[tokio::test]
async fn every_thread_of_a_gateway_writes_into_one_log() {
    let upstream = Upstream::start([json(200, "{}")]);
    let (stand, folder) = logged("acme", &upstream, "");
    let threads = [stand.engine.with_own_pool(), stand.engine.with_own_pool()];
    for engine in threads.iter().chain([&stand.engine]) {
        make(engine, get("acme", "/things")).await;
    }
    // A second folder would be another's.
    let other = tempfile::tempdir().expect("a folder can be made");
    stand.engine.keep_calls_in(other.path());
    make(&stand.engine, get("acme", "/things")).await;
    assert_eq!(read(&stand, &folder).len(), 4);
    assert!(!log::file_in(other.path()).exists());
    let metrics = stand.engine.render_metrics();
    assert!(
        metrics.contains("\ntrunkline_call_log_written_total 4\n"),
        "{metrics}"
    );
    assert!(
        metrics.contains("\ntrunkline_call_log_dropped_total 0\n"),
        "{metrics}"
    );
    // What comes later is counted, and makes no trouble.
    make(&stand.engine, get("acme", "/things")).await;
    let metrics = stand.engine.render_metrics();
    assert!(
        metrics.contains("\ntrunkline_call_log_dropped_total 1\n"),
        "{metrics}"
    );
}
