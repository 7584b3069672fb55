//! What is said of jobs.

use std::time::Duration;

use serde_json::json;

use super::{JobError, JobState, Operation, Poll};
use crate::format::{BodyKind, InputKind, InputPlace};
use crate::samples;

fn poll() -> Poll {
    Poll {
        operation: 0,
        inputs: vec![("id".to_owned(), "/id".to_owned())],
        state: "/status".to_owned(),
        done: vec!["succeeded".to_owned(), "true".to_owned()],
        failed: vec!["failed".to_owned()],
        error: Some("/error".to_owned()),
        every: Duration::from_secs(1),
    }
}

/// An operation whose `id` is a text.
fn looking() -> Operation {
    let id = samples::input("id", InputPlace::Path, InputKind::String);
    samples::operation("/jobs/{id}", BodyKind::None, vec![id])
}

#[test]
fn a_state_says_how_a_job_stands() {
    let state = |reply| poll().state_in(&reply);
    assert_eq!(state(json!({ "status": "succeeded" })), Ok(JobState::Done));
    assert_eq!(state(json!({ "status": true })), Ok(JobState::Done));
    assert_eq!(
        state(json!({ "status": "booting" })),
        Ok(JobState::Running("booting".to_owned()))
    );
    let failed = |reason: Option<&str>| {
        Ok(JobState::Failed {
            state: "failed".to_owned(),
            reason: reason.map(str::to_owned),
        })
    };
    assert_eq!(
        state(json!({ "status": "failed", "error": "no memory" })),
        failed(Some("no memory"))
    );
    assert_eq!(
        state(json!({ "status": "failed", "error": { "code": 1 } })),
        failed(Some("{\"code\":1}"))
    );
    assert_eq!(
        state(json!({ "status": "failed", "error": null })),
        failed(None)
    );
    assert_eq!(
        state(json!({ "status": null })),
        Err(JobError("/status".to_owned()))
    );
    assert_eq!(state(json!([])), Err(JobError("/status".to_owned())));
}

#[test]
fn a_look_gets_its_inputs_from_the_first_reply() {
    let inputs = poll()
        .inputs_from(&json!({ "id": "p1" }), &looking())
        .unwrap();
    assert_eq!(serde_json::Value::Object(inputs), json!({ "id": "p1" }));
    let inputs = poll().inputs_from(&json!({ "id": 12_345_678_901_234_567_890_u64 }), &looking());
    assert_eq!(inputs.unwrap()["id"], "12345678901234567890");
    let error = poll()
        .inputs_from(&json!({ "id": null }), &looking())
        .unwrap_err();
    assert_eq!(error.to_string(), "the reply has nothing at `/id`");
}
