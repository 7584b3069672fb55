//! Jobs that take their time: looked at until they are done, or until nobody can wait any longer.

use std::time::Duration;

use expect_test::expect;
use serde_json::{Value, json};
use trunkline::{ErrorKind, Finished, JobOutcome, Stopped, WaitError};

use crate::shelf::shelf;
use crate::stand::{Stand, operation, soon};
use crate::upstream::{Act, json};

/// Longer than the waits between looks here, shorter than any limit of a call.
const WAIT_LONGEST: Duration = Duration::from_millis(1500);

/// Begins a job, waits for it, and says what was seen meanwhile.
async fn wait_for(
    stand: &Stand,
    timeout: Option<u64>,
) -> (Result<Finished, WaitError>, Vec<String>) {
    let mut seen = Vec::new();
    let call = operation("shelf", "jobs.create", json!({ "what": "x" }));
    let ended = {
        let timeout = timeout.map(Duration::from_secs);
        let watch = |look: trunkline::Look<'_>| {
            seen.push(format!("{} {:?} {}", look.state, look.elapsed, look.looks));
            assert_eq!(look.again.operation, "jobs.get");
        };
        let mut waiting = Box::pin(stand.engine.wait_for(call, timeout, watch));
        soon(async {
            loop {
                tokio::select! {
                    biased;
                    ended = &mut waiting => break ended,
                    wait = stand.time.sleeping_within(WAIT_LONGEST) => stand.time.advance(wait),
                }
            }
        })
        .await
    };
    (ended, seen)
}

fn begun() -> Act {
    json(201, r#"{"job": {"id": "a b"}}"#)
}

fn state(state: &str) -> Act {
    json(200, &format!(r#"{{"state": "{state}"}}"#))
}

#[tokio::test]
async fn a_job_is_looked_at_until_it_is_done() {
    let done = json(200, r#"{"state": "done", "output": [1]}"#);
    let (upstream, stand) = shelf([begun(), state("queued"), state("running"), done]);
    let (ended, seen) = wait_for(&stand, None).await;
    let finished = ended.expect("it is done");
    assert_eq!(finished.outcome, JobOutcome::Done);
    assert_eq!(finished.body, r#"{"state": "done", "output": [1]}"#);
    assert_eq!((finished.took, finished.looks), (Duration::from_secs(3), 3));
    assert_eq!(seen, ["begun 0ns 0", "queued 1s 1", "running 2s 2"]);
    let lines: Vec<String> = upstream
        .requests()
        .into_iter()
        .map(|request| request.line)
        .collect();
    let expected = expect![[r#"
        [
            "POST /jobs HTTP/1.1",
            "GET /jobs/a%20b HTTP/1.1",
            "GET /jobs/a%20b HTTP/1.1",
            "GET /jobs/a%20b HTTP/1.1",
        ]
    "#]];
    expected.assert_debug_eq(&lines);
}

#[tokio::test]
async fn a_job_that_failed_says_why() {
    let failed = json(200, r#"{"state": "failed", "why": "out of paper"}"#);
    let (_upstream, stand) = shelf([begun(), failed]);
    let (ended, _) = wait_for(&stand, None).await;
    let outcome = ended.expect("it has ended").outcome;
    let expected = JobOutcome::Failed {
        state: "failed".to_owned(),
        reason: Some("out of paper".to_owned()),
    };
    assert_eq!(outcome, expected);
}

#[tokio::test]
async fn nobody_waits_longer_than_wanted() {
    let script = [
        begun(),
        state("running"),
        state("running"),
        state("running"),
    ];
    let (upstream, stand) = shelf(script);
    let (ended, seen) = wait_for(&stand, Some(3)).await;
    let error = ended.expect_err("it is not done");
    assert_eq!(
        seen,
        [
            "begun 0ns 0",
            "running 1s 1",
            "running 2s 2",
            "running 3s 3"
        ]
    );
    assert_eq!(
        error.to_string(),
        "the job is not done after 3 s; it is `running`"
    );
    let Stopped::Failed(cause) = error.cause else {
        panic!("it was not answered with an error");
    };
    assert_eq!(cause.kind(), ErrorKind::CallTimeout);
    let again = error.look.expect("it was begun");
    assert_eq!(again.operation, "jobs.get");
    assert_eq!(Value::Object(again.inputs), json!({ "id": "a b" }));
    assert_eq!(upstream.requests().len(), 4);
}

#[tokio::test]
async fn an_error_while_looking_says_how_to_look_again() {
    let (_upstream, stand) = shelf([begun(), json(500, "{}")]);
    let (ended, _) = wait_for(&stand, None).await;
    let error = ended.expect_err("the API failed");
    assert!(matches!(&error.cause, Stopped::Answered(reply) if reply.status == 500));
    assert_eq!(error.look.expect("it was begun").operation, "jobs.get");
}

#[tokio::test]
async fn a_job_that_was_not_begun_is_not_looked_at() {
    let (upstream, stand) = shelf([json(402, "{}")]);
    let (ended, _) = wait_for(&stand, None).await;
    let error = ended.expect_err("nobody paid");
    assert!(matches!(&error.cause, Stopped::Answered(reply) if reply.status == 402));
    assert_eq!(error.look, None);
    assert_eq!(upstream.requests().len(), 1);
}

#[tokio::test]
async fn a_reply_that_does_not_say_how_the_job_stands_is_an_error() {
    let (_upstream, stand) = shelf([json(201, "{}")]);
    let (ended, _) = wait_for(&stand, None).await;
    let error = ended.expect_err("it has no id");
    assert_eq!(
        error.to_string(),
        "the reply about the job has nothing at `/job/id`"
    );
    let (_upstream, stand) = shelf([begun(), json(200, "{}")]);
    let (ended, _) = wait_for(&stand, None).await;
    let error = ended.expect_err("it has no state");
    assert_eq!(
        error.to_string(),
        "the reply about the job has nothing at `/state`"
    );
    assert!(error.look.is_some());
}

#[tokio::test]
async fn what_begins_nothing_names_what_does() {
    let (_upstream, stand) = shelf([]);
    let call = operation("shelf", "one", Value::Null);
    let ended = stand.engine.wait_for(call, None, |_| {}).await;
    let Stopped::Failed(error) = ended.expect_err("it begins nothing").cause else {
        panic!("nothing was called");
    };
    assert_eq!(error.kind(), ErrorKind::BadInput);
    assert_eq!(
        error.to_string(),
        "`one` of `shelf` begins nothing to wait for"
    );
    assert_eq!(error.hint(), Some("these do: `jobs.create`"));
}
