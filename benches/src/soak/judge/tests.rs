//! What is right, what an outage may explain, and what nothing does.

use std::time::Duration;

use super::{Heard, JOINED, LEFT_ALONE, Verdict, cache_word, judge};
use crate::soak::ask::{Ask, Patience};
use crate::soak::content::{self, Route};
use crate::soak::wire::{Answer, Progress};

const VERSION: u64 = 10;

fn ask(route: Route) -> Ask {
    Ask {
        connector: 0,
        route,
        path: "/it".to_owned(),
        what: "/it en".to_owned(),
        headers: String::new(),
        known: None,
        body: String::new(),
        patience: Patience::Whole,
    }
}

fn answer(status: u16, headers: &str, body: &[u8]) -> Heard {
    let answer = Answer {
        status,
        head: format!("HTTP/1.1 {status}\r\n{headers}\r\n"),
        body: body.to_owned(),
    };
    Heard {
        progress: Progress {
            answer,
            has_head: true,
        },
        broken: None,
    }
}

/// The right answer, of a version.
fn right(route: Route, version: u64) -> Heard {
    let tag = content::tag("/it en", version);
    let body = content::body(route, "/it en", version);
    answer(200, &format!("etag: {tag}\r\n"), &body)
}

/// The verdict on what came for a call that began while the version was the newest.
fn verdict(ask: &Ask, heard: &Heard) -> Verdict {
    judge(ask, heard, content::outdated(VERSION - 1))
}

#[track_caller]
fn is_error(ask: &Ask, heard: &Heard, name: &str, grace: Duration) {
    let name = name.to_owned();
    assert_eq!(verdict(ask, heard), Verdict::Error { name, grace });
}

#[track_caller]
fn is_wrong(ask: &Ask, heard: &Heard, what: &str) {
    match verdict(ask, heard) {
        Verdict::Wrong(text) => assert!(text.starts_with(what), "{text}"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_right_answer_is_good() {
    for route in [Route::Kept, Route::Plain, Route::Large, Route::Stream] {
        assert_eq!(verdict(&ask(route), &right(route, VERSION)), Verdict::Good);
    }
}

#[test]
fn an_answer_to_another_call_is_wrong() {
    let other = content::body(Route::Plain, "/it de", VERSION);
    let what = "a body is not the one";
    is_wrong(&ask(Route::Plain), &answer(200, "", &other), what);
    let other = content::body(Route::Stream, "/it de", VERSION);
    let what = "a stream is not the one";
    is_wrong(&ask(Route::Stream), &answer(200, "", &other), what);
}

#[test]
fn an_answer_that_lacks_a_byte_is_wrong() {
    let mut heard = right(Route::Plain, VERSION);
    heard.progress.answer.body.pop();
    is_wrong(&ask(Route::Plain), &heard, "a body is not the one");
}

#[test]
fn a_tag_belongs_to_its_body() {
    let tag = content::tag("/it en", VERSION - 1);
    let body = content::body(Route::Kept, "/it en", VERSION);
    let heard = answer(200, &format!("etag: {tag}\r\n"), &body);
    is_wrong(&ask(Route::Kept), &heard, "a body has another version's");
}

#[test]
fn only_an_outage_explains_an_answer_that_is_too_old() {
    let kept = ask(Route::Kept);
    assert_eq!(
        verdict(&kept, &right(Route::Kept, VERSION - 2)),
        Verdict::Good
    );
    let old = right(Route::Kept, VERSION - 3);
    is_error(&kept, &old, "stale kept", LEFT_ALONE);
    let older = right(Route::Kept, VERSION - 8);
    is_wrong(&kept, &older, "an answer is too old for any outage");
    let plain = right(Route::Plain, VERSION - 2);
    is_wrong(&ask(Route::Plain), &plain, "an answer is too old");
}

#[test]
fn a_304_must_have_been_asked_for() {
    let tag = content::tag("/it en", VERSION);
    let heard = answer(304, &format!("etag: {tag}\r\n"), b"");
    let mut ask = ask(Route::Kept);
    is_wrong(&ask, &heard, "a 304 came that nobody asked for");
    ask.known = Some(VERSION - 1);
    is_wrong(&ask, &heard, "a 304 has another version's tag");
    ask.known = Some(VERSION);
    assert_eq!(verdict(&ask, &heard), Verdict::Good);
}

#[test]
fn errors_are_named_by_status_and_code() {
    let plain = ask(Route::Plain);
    let ours = br#"{"status":503,"code":"upstream_suspended"}"#;
    let name = "503 upstream_suspended";
    is_error(&plain, &answer(503, "", ours), name, LEFT_ALONE);
    let name = "503 the upstream's";
    is_error(&plain, &answer(503, "", b"{}"), name, JOINED);
    let mut broken = right(Route::Plain, VERSION);
    broken.broken = Some("it ended".to_owned());
    is_error(&plain, &broken, "broken off: it ended", JOINED);
}

#[test]
fn only_the_small_limit_may_refuse() {
    let refusal = br#"{"status":429,"code":"limit_reached"}"#;
    let told = answer(429, "retry-after: 1\r\n", refusal);
    assert_eq!(verdict(&ask(Route::Limited), &told), Verdict::Limited);
    is_error(&ask(Route::Plain), &told, "429 limit_reached", JOINED);
    let untold = answer(429, "", refusal);
    is_wrong(&ask(Route::Limited), &untold, "a refusal does not say when");
}

#[test]
fn what_the_cache_did_is_told_in_a_few_words() {
    let word = |status: &str| {
        let heard = answer(200, &format!("cache-status: {status}\r\n"), b"");
        cache_word(&heard.progress.answer)
    };
    assert_eq!(word("trunkline; hit; ttl=276"), "hit");
    assert_eq!(
        word("trunkline; fwd=uri-miss; stored; ttl=2; collapsed"),
        "fwd=uri-miss collapsed"
    );
    assert_eq!(
        word("trunkline; fwd=stale; fwd-status=503; ttl=-1; detail=stale-if-error"),
        "fwd=stale detail=stale-if-error"
    );
    assert_eq!(
        cache_word(&answer(200, "", b"").progress.answer),
        "not asked"
    );
}
