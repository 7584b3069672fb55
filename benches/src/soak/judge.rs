//! Whether an answer is right, or an outage explains that it is not. Pure.

use std::time::Duration;

use crate::soak::ask::Ask;
use crate::soak::content::{self, Route};
use crate::soak::outages::Span;
use crate::soak::wire::{Answer, Progress};

/// How long after an outage an upstream may be left alone: two periods of the breaker, of which the
/// second is twice as long.
pub(super) const LEFT_ALONE: Duration = Duration::from_secs(22);

/// How long after an outage other errors of it may come: a call can join another that has begun
/// before.
pub(super) const JOINED: Duration = Duration::from_secs(1);

/// What a caller has heard.
#[derive(Debug)]
pub(super) struct Heard {
    /// As much as came.
    pub(super) progress: Progress,
    /// Why no more came, if it is not whole.
    pub(super) broken: Option<String>,
}

/// What is to be said of it.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is right.
    Good,
    /// The small limit refused it, as it should.
    Limited,
    /// Only an outage can explain it, no longer over than this.
    Error {
        /// What it is, in few words.
        name: String,
        /// The longest that the outage may be over.
        grace: Duration,
    },
    /// Nothing can explain it.
    Wrong(String),
}

/// Judges what came back for `ask` within a time.
pub(super) fn judge(ask: &Ask, heard: &Heard, from: Duration) -> Verdict {
    let answer = &heard.progress.answer;
    if let Some(broken) = &heard.broken {
        return Verdict::Error {
            name: format!("broken off: {broken}"),
            grace: JOINED,
        };
    }
    match answer.status {
        200 => judge_body(ask, answer, from),
        304 => judge_unchanged(ask, answer, from),
        status => judge_error(ask, answer, status),
    }
}

fn judge_body(ask: &Ask, answer: &Answer, from: Duration) -> Verdict {
    if ask.route == Route::Stream {
        return if answer.body == content::body(ask.route, &ask.what, 0) {
            Verdict::Good
        } else {
            wrong("a stream is not the one that was asked for", answer)
        };
    }
    let Some(version) = content::version_of(&answer.body) else {
        return wrong("a body has no version", answer);
    };
    if answer.body != content::body(ask.route, &ask.what, version) {
        return wrong("a body is not the one that was asked for", answer);
    }
    let tag = content::tag(&ask.what, version);
    if ask.route.is_kept() && answer.header("etag") != Some(&tag) {
        return wrong("a body has another version's tag", answer);
    }
    judge_age(ask, answer, version, from)
}

fn judge_unchanged(ask: &Ask, answer: &Answer, from: Duration) -> Verdict {
    let Some(version) = ask.known else {
        return wrong("a 304 came that nobody asked for", answer);
    };
    if answer.header("etag") != Some(&content::tag(&ask.what, version)) {
        return wrong("a 304 has another version's tag", answer);
    }
    judge_age(ask, answer, version, from)
}

fn judge_age(ask: &Ask, answer: &Answer, version: u64, from: Duration) -> Verdict {
    let until = content::outdated(version) + ask.route.stale_max();
    if from <= until {
        return Verdict::Good;
    }
    if until + ask.route.outage_max() < from {
        return wrong("an answer is too old for any outage", answer);
    }
    Verdict::Error {
        name: format!("stale {}", ask.route.word()),
        grace: LEFT_ALONE,
    }
}

fn judge_error(ask: &Ask, answer: &Answer, status: u16) -> Verdict {
    let code = code(&answer.body).unwrap_or("the upstream's");
    if ask.route == Route::Limited && status == 429 && code == "limit_reached" {
        return if answer.header("retry-after").is_some() {
            Verdict::Limited
        } else {
            wrong("a refusal does not say when to come again", answer)
        };
    }
    Verdict::Error {
        name: format!("{status} {code}"),
        grace: if code == "upstream_suspended" {
            LEFT_ALONE
        } else {
            JOINED
        },
    }
}

fn code(body: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(body).ok()?;
    let (_, rest) = text.split_once(r#""code":""#)?;
    Some(rest.split_once('"')?.0)
}

fn wrong(what: &str, answer: &Answer) -> Verdict {
    Verdict::Wrong(format!("{what}\n{}", show(answer)))
}

/// The most of a body that is shown.
const SHOWN: usize = 800;

/// An answer, for whoever looks for the cause.
pub(super) fn show(answer: &Answer) -> String {
    let body = answer.body.get(..SHOWN).unwrap_or(&answer.body);
    let body = String::from_utf8_lossy(body);
    format!("{}{body} ({} bytes)", answer.head, answer.body.len())
}

/// What the cache did, in one or two words.
pub(super) fn cache_word(answer: &Answer) -> String {
    let status = answer.header("cache-status").unwrap_or("not asked");
    let words = ["hit", "collapsed", "fwd=", "detail="];
    let parts = status.split(';').map(str::trim);
    let told: Vec<&str> = parts
        .filter(|part| words.iter().any(|word| part.starts_with(word)))
        .collect();
    if told.is_empty() {
        return status.to_owned();
    }
    told.join(" ")
}

/// The time in which a call was under way.
pub(super) fn span(ask: &Ask, from: Duration, until: Duration) -> Span {
    Span {
        upstream: ask.connector,
        from,
        until,
    }
}

#[cfg(test)]
mod tests;
