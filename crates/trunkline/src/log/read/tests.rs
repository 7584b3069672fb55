//! What is read of the log, and what is said of it.

use std::time::UNIX_EPOCH;

use expect_test::expect;
use trunkline_log::{CallLog, Entry, Settings};

use super::*;

const ID: u128 = 0x0193_5b1a_2c3d_0000_0000_0000_0000_0001;

/// A log with these calls.
fn log(entries: &[Entry<'_>]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let settings = Settings {
        folder: folder.path().to_owned(),
        keep: Duration::from_hours(24 * 365 * 100),
        bytes_max: 1 << 20,
    };
    let log = CallLog::start(settings, || UNIX_EPOCH, |notice| panic!("{notice:?}"));
    let log = log.expect("a thread can be had");
    let shard = log.shard();
    for entry in entries {
        shard.add(entry);
    }
    assert!(log.close(Duration::from_secs(10)));
    folder
}

fn entry(id: u128) -> Entry<'static> {
    Entry {
        id,
        started_ms: 1_732_270_484_123,
        connector: Some("openai"),
        operation: Some("models.list"),
        connection: Some("default"),
        status: Some(429),
        class: "rate_limited",
        attempts: 2,
        took: Duration::from_micros(12_345),
        first_byte: Some(Duration::from_millis(12)),
        ..Entry::of("GET", "/v1/models")
    }
}

fn catalog() -> Catalog {
    Catalog::load(Vec::new()).expect("the built-in connectors are right")
}

#[test]
fn a_call_reads_as_programs_expect_it() {
    let folder = log(&[entry(ID)]);
    let calls = list(folder.path(), &CallFilter::default(), UNIX_EPOCH).expect("it can be read");
    let text = serde_json::to_string_pretty(&calls).expect("it can be written");
    expect![[r#"
        [
          {
            "call_id": "call_01jddhmb1x0000000000000001",
            "started": "2024-11-22T10:14:44.123Z",
            "connector": "openai",
            "operation": "models.list",
            "connection": "default",
            "method": "GET",
            "path": "/v1/models",
            "status": 429,
            "class": "rate_limited",
            "code": null,
            "attempts": 2,
            "took_ms": 12.345,
            "first_byte_ms": 12.0,
            "waited_ms": 0.0,
            "bytes_in": 0,
            "bytes_out": 0,
            "cache": null
          }
        ]"#]]
    .assert_eq(&text);
}

#[test]
fn a_beginning_finds_a_call_unless_another_begins_so_too() {
    let folder = log(&[entry(ID), entry(ID + 1), entry(ID + (1 << 90))]);
    let kind = |id: &str| match find(folder.path(), id) {
        Ok(call) => call.call_id,
        Err(error) => error.kind().code().to_owned(),
    };
    assert_eq!(
        kind("call_01jddhmb1x0000000000000001"),
        "call_01jddhmb1x0000000000000001"
    );
    assert_eq!(
        kind("01jddhmb1x0000000000000001"),
        "call_01jddhmb1x0000000000000001"
    );
    assert_eq!(kind("01JDDHMC"), "call_01jddhmc1x0000000000000001");
    let error = find(folder.path(), "call_01jddhmb1x").expect_err("there are two");
    assert_eq!(
        error.to_string(),
        "several calls begin with `call_01jddhmb1x`"
    );
    assert_eq!(kind("call_01jddhmb2"), "not_found");
    for id in [
        "",
        "call_",
        "call_8",
        "call_0!",
        "call_u",
        "call_01jddhmb1x00000000000000010",
    ] {
        assert_eq!(kind(id), "bad_input", "{id}");
    }
}

#[test]
fn where_there_is_no_log_there_are_no_calls() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let calls = list(folder.path(), &CallFilter::default(), UNIX_EPOCH).expect("it can be read");
    assert_eq!(calls, []);
    let error = find(folder.path(), "call_0").expect_err("there is none");
    assert_eq!(error.kind(), ErrorKind::NotFound);
}

#[test]
fn a_log_that_is_none_is_an_error_of_its_own() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    std::fs::write(file_in(folder.path()), "no database".repeat(100)).expect("it can be written");
    let error = list(folder.path(), &CallFilter::default(), UNIX_EPOCH).expect_err("it is none");
    assert_eq!(error.kind(), ErrorKind::LogUnreadable);
    assert!(
        error.to_string().ends_with("calls.db` is damaged"),
        "{error}"
    );
}

/// What is said of a call that ended so.
#[track_caller]
fn check(entry: Entry<'_>, expected: expect_test::Expect) {
    let folder = log(&[entry]);
    let call = find(folder.path(), "0").expect("it is there");
    let explanation = call.explanation(&catalog());
    let said = explanation.map_or("nothing".to_owned(), |said| {
        format!("{} | {}", said.what, said.whose_move.as_str())
    });
    let again = call.again().map(|words| words.join(" "));
    expected.assert_eq(&format!("{said} | {}", again.unwrap_or_default()));
}

#[test]
fn an_error_is_explained_and_how_to_call_again() {
    check(
        entry(ID),
        expect![
            "OpenAI's limit on requests or tokens for this model is reached | yours: the request | openai GET /v1/models"
        ],
    );
    check(
        Entry {
            status: Some(502),
            class: "secret_missing",
            code: Some("secret_missing"),
            ..entry(ID)
        },
        expect!["a secret is missing | yours: keys, settings or network | openai GET /v1/models"],
    );
    check(
        Entry {
            status: None,
            class: "caller_gone",
            ..entry(ID)
        },
        expect!["the caller went away | yours: the request | openai GET /v1/models"],
    );
    // Slack says no in a 200, and its path needs no mask; another's has one.
    check(
        Entry {
            connector: Some("slack"),
            operation: Some("chat.postMessage"),
            status: Some(200),
            class: "auth_dead",
            path: "/api/…/x",
            ..entry(ID)
        },
        expect![
            "the answer's body says that it is an error | yours: keys, settings or network | slack chat.postMessage"
        ],
    );
    check(
        Entry {
            status: Some(200),
            class: "ok",
            operation: None,
            path: "/…",
            ..entry(ID)
        },
        expect!["nothing | "],
    );
}
