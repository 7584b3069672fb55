//! Which calls may share an answer, and how one gets another's.

use std::sync::Arc;

use http::{Method, header};
use http_body::Body as _;
use trunkline_cache::{Decision, Forwarded, HitKind, Kept, Shape, Stored, Why};
use trunkline_connector::format::Class;
use trunkline_egress::clock::Elapsed;
use trunkline_store::{Head, Known, Reader};

use super::super::authorize::{DeadlineHolds, Granted};
use super::super::classify::{self, Answered};
use super::super::trail::Trail;
use super::super::validate;
use super::lead::OwnAnswer;
use super::{Asking, Done, Looked, Note};
use crate::cache::{Question, Word};
use crate::client::Trunkline;
use crate::error::Error;
use crate::failure;
use crate::held::Held;
use crate::source::{Handed, SharedBody, Source};

/// What a call that others share is read by.
pub(super) type SharedReader = Reader<Arc<Error>, Handed<Box<OwnAnswer>>>;

/// How a call is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sharing {
    /// For others too, or by another's.
    WithOthers,
    /// By a task that keeps its answer, for this caller alone.
    Own,
    /// Without a task.
    None,
}

/// How a call may be made.
///
/// One whose caller wants promises enforced is kept only when all of it was judged. What one caller
/// alone wants of attempts, or takes in place of an error, others shall not get.
pub(super) fn sharing(granted: &Granted) -> Sharing {
    let may_be_written = granted.head.method != Method::HEAD
        && !granted.validates_strictly()
        && granted.body.whole().is_some();
    let has_own_wishes =
        granted.retry != granted.installed.retry || granted.asks().allows_stale_if_error();
    match (may_be_written, has_own_wishes) {
        (false, _) => Sharing::None,
        (true, true) => Sharing::Own,
        (true, false) => Sharing::WithOthers,
    }
}

/// Whether a call is made without a task, and for its caller alone.
pub(super) fn is_alone(
    granted: &Granted,
    sharing: Sharing,
    (known, asking): (&Known, &Asking),
) -> bool {
    sharing == Sharing::None
        || matches!(known, Known::Passing)
        || !leads_to_sharing(asking.why)
        || !may_lead(granted, asking)
}

/// Whether what a caller gets is the whole answer, which others can use: not where it wants a part or
/// has the answer already perhaps, unless our own conditions take the place of its.
fn may_lead(granted: &Granted, asking: &Asking) -> bool {
    !wants_less(granted) || asking.has_conditions()
}

/// Whether a caller wants a part, or has the answer already perhaps.
fn wants_less(granted: &Granted) -> bool {
    [
        header::RANGE,
        header::IF_NONE_MATCH,
        header::IF_MODIFIED_SINCE,
    ]
    .iter()
    .any(|name| granted.head.headers.contains_key(name))
}

/// Whether what is asked for this reason may be kept for others.
fn leads_to_sharing(why: Why) -> bool {
    match why {
        Why::Off | Why::Precondition | Why::Method | Why::RequestNoStore | Why::Partial => false,
        Why::UriMiss
        | Why::VaryMiss
        | Why::RequestNoCache
        | Why::RequestMaxAge
        | Why::RequestMinFresh
        | Why::Stale
        | Why::NoCache
        | Why::Clock => true,
    }
}

/// Whether another call's answer does for this one: not where it wants a part, has the answer
/// already perhaps, or wants a newer one than others.
pub(super) fn may_follow(granted: &Granted) -> bool {
    !wants_less(granted) && !granted.head.headers.contains_key(header::CACHE_CONTROL)
}

/// Why an answer is none to keep, whatever its headers allow, in a word of `Cache-Status`: it is a
/// stream, the connector's rules say that it is a failure, or it breaks its operation's promise at
/// first sight.
pub(super) fn unfit(granted: &Granted, answered: &Answered) -> Option<&'static str> {
    let class = answered.verdict.class;
    let is_failure = match class {
        Class::Ok => false,
        // What the general table says of statuses is RFC 9111's to judge.
        _ => {
            answered.status.is_success()
                || answered.verdict.rule.is_some() && class != Class::CallerError
        }
    };
    if is_failure {
        Some("failure")
    } else if classify::is_stream(&answered.headers) {
        Some("stream")
    } else {
        validate::breaks_promise(granted, answered).then_some("broken-promise")
    }
}

/// How long a body is, if that is known.
pub(super) fn length_of(body: &Held) -> Option<u64> {
    let rest = body.rest.as_ref();
    let rest = rest.map_or(Some(0), |rest| rest.size_hint().exact())?;
    Some(rest + body.first.len() as u64)
}

/// Gets another call's answer; `None` if it is not for this one.
///
/// # Errors
/// Why there is none.
pub(super) async fn follow(
    engine: &Trunkline,
    (granted, trail): (&Granted, &Trail),
    (question, why): (&Question, Why),
    reader: SharedReader,
) -> Result<Option<Looked>, Error> {
    let forwarded = |kept| Forwarded {
        why,
        status: None,
        kept,
        collapsed: true,
    };
    match head(engine, granted, reader).await? {
        Head::Begins(body) => {
            let stored = body.begun().stored();
            let (Decision::Serve(hit) | Decision::ServeStale(hit)) =
                decide(granted, question, (stored, trail))
            else {
                return Ok(None);
            };
            let headers = stored.replay(Shape::Whole, &hit, body.begun().length());
            let status = stored.status();
            let note = Note::Done(Done {
                status: forwarded(Kept::Stored { ttl: hit.ttl }).cache_status(),
                word: Word::Collapsed,
                key: Some(question.key),
            });
            let body = Held::nothing(shared(engine, granted, body));
            let answered = classify::of_kept(granted, (status, headers), body);
            Ok(Some(Looked::new(answered, note)))
        }
        Head::Entry(entry, hit) => {
            // That it had to be asked about is known; that it is another variant is not.
            if let Decision::Fetch(_) = decide(granted, question, (entry.stored(), trail)) {
                return Ok(None);
            }
            if hit.kind == HitKind::Fresh {
                return Ok(Some(super::served(granted, question, (&entry, &hit))));
            }
            let forwarded = forwarded(super::kept(&hit));
            let looked = super::after_asking(granted, question, (&entry, &hit), forwarded);
            Ok(Some(looked))
        }
        Head::TakeOver(_) | Head::Alone => Ok(None),
        Head::Failed(error) => Err(error.again().with_cache_status(super::failed(why))),
    }
}

/// Waits for what comes, for as long as the caller does.
pub(super) async fn head(
    engine: &Trunkline,
    granted: &Granted,
    reader: SharedReader,
) -> Result<Head<Arc<Error>, Handed<Box<OwnAnswer>>>, Error> {
    let deadline = granted.limits.deadline;
    let head = engine.clock().limit(deadline, reader.head()).await;
    head.map_err(|Elapsed| {
        failure::late("the time that the caller allows ended before an answer came")
    })
}

/// A body that others read too, as this caller gets it.
pub(super) fn shared(engine: &Trunkline, granted: &Granted, body: SharedBody) -> Source {
    let deadline = match granted.deadline_holds {
        DeadlineHolds::UntilEnd => granted.limits.deadline,
        DeadlineHolds::UntilAnswer => None,
    };
    Source::shared(
        body,
        deadline.map(|deadline| engine.clock().sleep_until(deadline)),
    )
}

/// What an answer that came for others is to this request.
fn decide(granted: &Granted, question: &Question, (stored, trail): (&Stored, &Trail)) -> Decision {
    trunkline_cache::look(question.policy, granted.asks(), [stored], trail.wall())
}
