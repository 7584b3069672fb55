//! Keeps what may be kept of an answer that is as promised, and lets go of what it outdates.

use std::sync::Arc;

use http::Uri;
use http::uri::PathAndQuery;
use trunkline_cache::{CACHE_STATUS, Kept, Policy, ResponseHead};
use trunkline_store::{Entry, Key, NotKept};

use super::authorize::{AsksGraphql, Granted};
use super::classify::Answered;
use super::look::{self, Done, Note, Storing};
use super::trail::Trail;
use super::validate::Valid;
use crate::cache::{Resource, Word};
use crate::client::Trunkline;
use crate::installed::Methods;

/// A valid answer of which all is kept that may be.
pub(super) struct Filed {
    pub(super) valid: Valid,
    /// What the cache did; `None` where it was not asked.
    pub(super) word: Option<Word>,
    /// What the answer is kept under, if it is.
    pub(super) key: Option<Key>,
    _made: Made,
}

/// Only this file makes a [`Filed`].
struct Made;

/// Keeps the answer if it is all there, and says in `Cache-Status` what the cache did.
pub(super) fn store(
    engine: &Trunkline,
    granted: &Granted,
    trail: &Trail,
    (mut valid, note): (Valid, Option<Box<Note>>),
) -> Filed {
    let done = note.map(|note| match *note {
        Note::Done(done) => done,
        Note::Open {
            mut forwarded,
            storing,
        } => {
            let key = storing.question.key;
            forwarded.kept = keep(engine, granted, trail, (&valid, *storing));
            Done::miss(&forwarded, key)
        }
    });
    let (mut word, mut key) = (None, None);
    if let Some(done) = done {
        engine.cache().count(done.word);
        // Behind those of caches between us and the origin (RFC 9211 section 2).
        valid.answered.headers.append(CACHE_STATUS, done.status);
        (word, key) = (Some(done.word), done.key);
    }
    Filed {
        valid,
        word,
        key,
        _made: Made,
    }
}

fn keep(
    engine: &Trunkline,
    granted: &Granted,
    trail: &Trail,
    (valid, storing): (&Valid, Storing),
) -> Kept {
    let answered = &valid.answered;
    if valid.problem.is_some() {
        return Kept::Unkept("broken-promise");
    }
    if answered.body.rest.is_some() || valid.passing.is_some() {
        return Kept::Unkept("too-large");
    }
    let Storing {
        question,
        stored,
        asked_for,
        began,
    } = storing;
    let ttl = look::ttl(&stored, trail);
    let labels = look::labels(granted, question.address(), &answered.headers);
    // What was read may be a part of a larger buffer.
    let body = bytes::Bytes::copy_from_slice(&answered.body.first);
    let entry = Arc::new(Entry::new(stored, body, Arc::new(labels)));
    let cache = engine.cache();
    match cache
        .store()
        .put(question.key, Arc::clone(&entry), asked_for.mark)
    {
        Ok(()) => {
            cache.share(&question.key, &entry, (began, trail.wall()));
            Kept::Stored { ttl }
        }
        Err(NotKept::TooLarge) => Kept::Unkept("too-large"),
        Err(NotKept::Outdated | NotKept::Gone | NotKept::Incomplete) => Kept::Unkept("outdated"),
    }
}

/// Lets go of what a change at the upstream outdates (RFC 9111 section 4.4), whoever's it is. What
/// the caller thinks of the answer does not undo the change, so this comes before it is judged.
pub(super) fn invalidate(engine: &Trunkline, granted: &Granted, answered: &Answered) {
    if granted.head.method.is_safe() {
        return;
    }
    let cache = engine.cache();
    let asks = granted
        .keeping()
        .filter(|one| one.methods == Methods::Asking);
    let policy = match asks.map(|keeping| keeping.time) {
        Some(crate::config::Keep::For(time))
            if granted.asks_graphql != Some(AsksGraphql::Other) =>
        {
            Policy::ExplicitPost(time)
        }
        Some(_) | None => Policy::Headers,
    };
    if !answered.status.is_success() && !answered.status.is_redirection() || !cache.holds_any() {
        return;
    }
    let target = format!("{}{}", granted.origin, granted.head.target);
    let Ok(target) = target.parse::<Uri>() else {
        return;
    };
    let response = ResponseHead {
        status: answered.status,
        headers: &answered.headers,
    };
    for uri in trunkline_cache::invalidates(policy, &granted.head.method, &target, response) {
        let target = uri.path_and_query().cloned();
        let target = target.unwrap_or(PathAndQuery::from_static("/"));
        let resource = Resource {
            connector: &granted.installed.name,
            origin: &granted.origin,
            target: &target,
        };
        let keeping = granted.keeping_at(&target);
        cache.invalidate(&cache.address(&resource, keeping), engine.clock());
    }
}
