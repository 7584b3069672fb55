//! Lets an attempt go when the limits allow it, and learns from how it went.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use http::{HeaderMap, StatusCode, header};
use trunkline_connector::format::{Class, Counts, WaitUnit};
use trunkline_connector::limits::{self, ComesBack, Scope};
use trunkline_connector::outcome::Answer;
use trunkline_connector::{media, wait};
use trunkline_egress::{Clock, SendErrorKind};
use trunkline_limit::learned::{Amounts, Dimension, Refill, Told};
use trunkline_limit::{Nanos, Outcome};

use super::authorize::{Goes, Granted};
use super::classify::{self, Answered, Classified, Failure};
use super::trail::Trail;
use crate::client::Trunkline;
use crate::error::{Error, ErrorKind};
use crate::installed::Installed;
use crate::upstream::{Attempt, Cause, Heeds, Permit, Reach, Refused};

/// How long a refusal holds others where nobody has declared whose limit it is of. It may be that of
/// one route, so after this one sees whether others are refused too.
const UNDECLARED_MAX: Duration = Duration::from_mins(1);

/// Longer paths are not remembered.
const ROUTE_BYTES_MAX: usize = 512;

/// What an answer told of limits, beyond what the call itself is to make of it.
#[derive(Debug, Default)]
pub(super) struct Lesson {
    told: Vec<limits::Told>,
    /// Whether a refusal holds for more than its own scope.
    holds: Holds,
    /// The scope that the answer names.
    scope: Option<String>,
}

/// For whom a refusal holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Holds {
    #[default]
    ForScope,
    ForEverything,
}

/// Lets the next attempt go when nothing stands in its way any more.
///
/// # Errors
/// [`ErrorKind::UpstreamSuspended`], and [`ErrorKind::LimitReached`] as soon as it is known that
/// the wait would be longer than the call may take.
pub(super) async fn pace(
    engine: &Trunkline,
    granted: &mut Granted,
    trail: &mut Trail,
) -> Result<Permit, Error> {
    match at_once(granted, trail)? {
        Some(permit) => Ok(permit),
        None => wait(engine, granted, trail).await,
    }
}

/// Lets the next attempt go if nothing stands in its way; `None` if it has to wait.
///
/// # Errors
/// [`ErrorKind::UpstreamSuspended`].
pub(super) fn at_once(granted: &mut Granted, trail: &mut Trail) -> Result<Option<Permit>, Error> {
    find_lane(granted);
    let now = trail.moment();
    trail.attempt_is_let_go(now);
    let now = granted.installed.upstream.at(now);
    let entered = attempt(granted).enter_now(now);
    entered.map_err(|refused| to_error(granted, refused))
}

/// Waits until it may go.
///
/// # Errors
/// As [`at_once`], and [`ErrorKind::LimitReached`] as soon as it is known that the wait would be
/// longer than the call may take.
pub(super) async fn wait(
    engine: &Trunkline,
    granted: &mut Granted,
    trail: &mut Trail,
) -> Result<Permit, Error> {
    let since = trail.now();
    let entered = loop {
        // In this order: a change after the first is noticed, and one before it is in the second.
        let seen = granted.installed.upstream.changes();
        granted.pace_anew(&engine.snapshot());
        let upstream = &granted.installed.upstream;
        let deadline = granted.limits.deadline;
        let deadline = deadline.map(|deadline| upstream.at(deadline));
        let entered = attempt(granted).wait(deadline, seen).await;
        if !matches!(entered, Err(Refused::Changed)) {
            break entered;
        }
    };
    let now = trail.now();
    trail.waited(now.saturating_duration_since(since));
    trail.attempt_is_let_go(now);
    entered.map_err(|refused| to_error(granted, refused))
}

fn attempt(granted: &Granted) -> Attempt<'_> {
    Attempt {
        upstream: &granted.installed.upstream,
        lane: &granted.lane,
        pacing: granted.pacing(),
        breaker: granted.breaker.as_ref(),
        heeds: granted.heeds(),
        amounts: granted.amounts,
        caller: &granted.caller,
    }
}

/// Finds whose limits the attempt falls under. An answer may have told since the one before.
fn find_lane(granted: &mut Granted) {
    let pacing = granted.pacing();
    let connector = &granted.installed.connector;
    let learns = granted.heeds() == Heeds::Limits;
    if !learns && pacing.scope.is_none() {
        return;
    }
    let lane = granted.installed.upstream.lane(scope(granted).as_deref());
    if learns {
        let body = body(granted);
        let is_json = |headers: &HeaderMap| {
            let kind = headers.get(header::CONTENT_TYPE);
            kind.is_some_and(|kind| kind.to_str().is_ok_and(media::is_json))
        };
        let json = body.filter(|_| is_json(&granted.head.headers));
        let json_bytes = json.map_or(0, <[u8]>::len) as u64;
        granted.amounts = amounts(connector.limits.estimate(body, json_bytes));
    }
    granted.lane = lane;
}

fn body(granted: &Granted) -> Option<&[u8]> {
    granted.body.whole().filter(|body| !body.is_empty())
}

/// What is known of whose limits a call falls under.
fn scope(granted: &Granted) -> Option<String> {
    let pacing = granted.pacing();
    let limits = &granted.installed.connector.limits;
    let parts = [
        pacing.scope.clone(),
        limits
            .scope_of_path(granted.head.target.path())
            .map(str::to_owned),
        match &limits.scope {
            Scope::Connection => None,
            Scope::Operation => granted.operation_name(),
            Scope::Request(_) => limits.scope_of_request(body(granted)),
            Scope::Header(_) => {
                let upstream = &granted.installed.upstream;
                route(granted).and_then(|route| upstream.bucket_of(route))
            }
        },
    ];
    let parts = parts.into_iter().flatten();
    parts.reduce(|one, other| one + " " + &other)
}

/// What tells requests apart of which an answer says whose limits they fall under. Too long a path is
/// remembered of none.
fn route(granted: &Granted) -> Option<&str> {
    let operation = granted.operation();
    let route = operation.map_or(granted.head.target.path(), |operation| &operation.name);
    (route.len() <= ROUTE_BYTES_MAX).then_some(route)
}

/// Looks what an answer tells of limits.
pub(super) fn look(granted: &Granted, answer: &Answer<'_>, clock: &Clock) -> Lesson {
    if granted.heeds() != Heeds::Limits {
        return Lesson::default();
    }
    let limits = &granted.installed.connector.limits;
    let is_refusal = !answer.status.is_success();
    Lesson {
        told: if limits.may_tell(answer.headers) {
            limits.told(answer, wait::answered_at(answer.headers, clock.wall()))
        } else {
            Vec::new()
        },
        holds: if is_refusal && limits.is_for_everything(answer) {
            Holds::ForEverything
        } else {
            Holds::ForScope
        },
        scope: limits.scope_of_answer(answer.headers).map(str::to_owned),
    }
}

/// Notes how an attempt went, for those that come after it.
pub(super) fn learn(
    granted: &Granted,
    permit: &mut Permit,
    (classified, trail): (&mut Classified, &Trail),
) {
    let upstream = &granted.installed.upstream;
    let now = upstream.at(trail.ended());
    let lesson = std::mem::take(&mut classified.lesson);
    if granted.fault.is_some() {
        // What a caller has the sandbox do wrong says nothing of any upstream.
        permit.went(Outcome::Unknown, Reach::Sent, (&[], now));
        return;
    }
    let told: Vec<_> = lesson.told.iter().map(|told| of_told(told, now)).collect();
    let (outcome, reach) = outcome(classified);
    if granted.goes == Goes::Elsewhere {
        // What another host says is no word of the API's, and how it does says nothing of it.
        permit.went(Outcome::Unknown, reach, (&[], now));
        return;
    }
    permit.went(outcome, reach, (&told, now));
    if let (Some(bucket), Some(route)) = (lesson.scope, route(granted)) {
        upstream.note_bucket(route, bucket);
        // The first answer of a route tells of a bucket that nobody knew it to be in.
        let lane = upstream.lane(scope(granted).as_deref());
        if !Arc::ptr_eq(&lane, &granted.lane) {
            lane.learn(upstream.at(trail.sent()), now, &told);
        }
    }
    if outcome != Outcome::Throttled {
        return;
    }
    let asked = match granted.heeds() {
        Heeds::Nothing => None,
        Heeds::Refusals => retry_after(classified, trail.wall_of(trail.ended()))
            .map(|asked| asked.min(UNDECLARED_MAX)),
        Heeds::Limits => classified.asked,
    };
    let Some(until) = asked.map(|asked| now.plus(asked)) else {
        return;
    };
    match (granted.heeds(), lesson.holds) {
        (Heeds::Limits, Holds::ForScope) => permit.hold_others(now, until),
        // Nobody has declared whose limit it is, so it may be everybody's.
        _ => upstream.hold(now, until),
    }
}

/// How long to wait by `Retry-After` alone: what is only guessed holds nobody else.
fn retry_after(classified: &Classified, now: SystemTime) -> Option<Duration> {
    let classify::Outcome::Answered(answered) = &classified.outcome else {
        return None;
    };
    let text = answered.headers.get(header::RETRY_AFTER)?.to_str().ok()?;
    let answered_at = wait::answered_at(&answered.headers, now);
    wait::parse(WaitUnit::Auto, text, answered_at)
}

/// Notes that an attempt went well whose answer is no answer of HTTP's.
pub(super) fn went_well(granted: &Granted, permit: &mut Permit, trail: &Trail) {
    let now = granted.installed.upstream.at(trail.now());
    permit.went(Outcome::Fine, Reach::Sent, (&[], now));
}

/// Notes that an attempt had no answer.
pub(super) fn went_wrong(
    granted: &Granted,
    permit: &mut Permit,
    (kind, trail): (SendErrorKind, &Trail),
) {
    let now = granted.installed.upstream.at(trail.now());
    let (outcome, reach) = of_send(kind);
    permit.went(outcome, reach, (&[], now));
}

/// What an attempt says about the upstream's health, and how far it came.
fn outcome(classified: &Classified) -> (Outcome, Reach) {
    let answered = match &classified.outcome {
        classify::Outcome::Answered(answered) => answered,
        classify::Outcome::Failed(Failure::Receive(_)) => return (Outcome::Failed, Reach::Sent),
        classify::Outcome::Failed(Failure::Send(error)) => return of_send(error.kind()),
    };
    (of_answer(answered), Reach::Sent)
}

fn of_answer(answered: &Answered) -> Outcome {
    match (answered.verdict.class, answered.status) {
        (Class::RateLimited, _) => Outcome::Throttled,
        (_, StatusCode::SERVICE_UNAVAILABLE) => Outcome::Unavailable,
        // What it does not know how to do it will not know later either.
        (_, StatusCode::NOT_IMPLEMENTED | StatusCode::HTTP_VERSION_NOT_SUPPORTED) => Outcome::Fine,
        (_, status) if status.is_server_error() => Outcome::Failed,
        _ => Outcome::Fine,
    }
}

fn of_send(kind: SendErrorKind) -> (Outcome, Reach) {
    match kind {
        SendErrorKind::AddressRefused | SendErrorKind::RequestInvalid => {
            (Outcome::Unknown, Reach::Nowhere)
        }
        SendErrorKind::NameNotFound
        | SendErrorKind::LookUpFailed
        | SendErrorKind::ConnectFailed
        | SendErrorKind::TlsFailed
        | SendErrorKind::ProxyFailed => (Outcome::Failed, Reach::Nowhere),
        SendErrorKind::ConnectTimeout => (Outcome::TimedOut, Reach::Nowhere),
        // An old connection that was closed says nothing of how a new one would do.
        SendErrorKind::StaleConnection => (Outcome::Unknown, Reach::Nowhere),
        SendErrorKind::RefusedByProtocol
        | SendErrorKind::DeadlineExceeded
        | SendErrorKind::RequestBodyFailed => (Outcome::Unknown, Reach::Sent),
        SendErrorKind::FirstByteTimeout => (Outcome::TimedOut, Reach::Sent),
        SendErrorKind::ClosedBeforeAnswer | SendErrorKind::UpstreamMalformed => {
            (Outcome::Failed, Reach::Sent)
        }
    }
}

fn of_told(told: &limits::Told, now: Nanos) -> Told {
    Told {
        dimension: match told.counts {
            Counts::Requests => Dimension::Requests,
            Counts::Tokens => Dimension::Tokens,
            Counts::TokensIn => Dimension::TokensIn,
            Counts::TokensOut => Dimension::TokensOut,
            Counts::Other => Dimension::Other,
        },
        limit: told.limit,
        remaining: told.remaining,
        refill: match told.comes_back {
            ComesBack::In(wait) => Refill::At(now.plus(wait)),
            ComesBack::Steady { amount, per } => {
                let amount = u32::try_from(amount).unwrap_or(u32::MAX);
                NonZeroU32::new(amount)
                    .map_or(Refill::Unknown, |amount| Refill::Steady { amount, per })
            }
            ComesBack::Unknown => Refill::Unknown,
        },
    }
}

/// What a call is thought to take. Callers allow a model more than it will ever write, and what is
/// under way is taken from what others may have.
fn amounts(estimate: limits::Amounts) -> Amounts {
    const TOKENS_MAX: u32 = 32 * 1024;
    Amounts {
        requests: estimate.requests,
        tokens: estimate.tokens.min(TOKENS_MAX),
        tokens_in: estimate.tokens_in.min(TOKENS_MAX),
        tokens_out: estimate.tokens_out.min(TOKENS_MAX),
        other: estimate.other,
    }
}

fn to_error(granted: &Granted, refused: Refused) -> Error {
    let installed: &Installed = &granted.installed;
    let title = &installed.connector.title;
    let name = installed.connector.name;
    let is_of_window = matches!(
        refused,
        Refused::TooLate {
            by: Cause::Window(_),
            ..
        }
    );
    let (kind, wait, message, hint) = match refused {
        Refused::Changed => (
            ErrorKind::Internal,
            Duration::ZERO,
            "a call was not asked anew after the settings had changed".to_owned(),
            "ask again".to_owned(),
        ),
        Refused::Suspended { next_probe } => (
            ErrorKind::UpstreamSuspended,
            next_probe,
            format!("{title} keeps failing, so it is not asked again for a moment"),
            format!("ask again later; `connectors.{name}.breaker = \"off\"` has every call made"),
        ),
        Refused::TooLate { retry_after, by } => {
            let operation = granted.pacing().scope.as_deref();
            let (message, hint) = too_late(&by, title, (name.as_str(), operation));
            (ErrorKind::LimitReached, retry_after, message, hint)
        }
        Refused::TooMany {
            retry_after,
            waiting,
        } => (
            ErrorKind::LimitReached,
            retry_after,
            format!("{waiting} calls of {title} wait for their turn already"),
            "send fewer calls at once".to_owned(),
        ),
    };
    // Sooner than in a millisecond nobody can ask.
    let wait = wait.max(Duration::from_millis(1));
    let error = Error::new(kind, message)
        .with_hint(hint)
        .with_retry_after(wait);
    match granted
        .pacing()
        .windows
        .fields(installed.upstream.now(), wait)
    {
        Some(fields) if is_of_window => error.with_quota(fields),
        Some(_) | None => error,
    }
}

/// `operation` is there where it has limits of its own.
fn too_late(by: &Cause, title: &str, (name, operation): (&str, Option<&str>)) -> (String, String) {
    match by {
        Cause::Window(window) => {
            let raise = match operation {
                Some(operation) => {
                    format!("the `limit` of `connectors.{name}` or of its operation `{operation}`")
                }
                None => format!("`connectors.{name}.limit`"),
            };
            (
                format!("the limit `{window}` of {title} has no room for this call in time"),
                format!("send fewer calls, allow them more time, or raise {raise}"),
            )
        }
        Cause::Told => (
            format!("{title} said that its own limit is reached, and for how long"),
            "wait as long as the answer says, or send fewer and smaller calls".to_owned(),
        ),
        Cause::Concurrency(limit) => (
            format!("{limit} calls of {title} are under way, which is as many as may be"),
            format!("send fewer calls at once, or raise `connectors.{name}.concurrency`"),
        ),
    }
}
