//! Says what an attempt's answer means, by the connector's rules.

use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use trunkline_connector::Connector;
use trunkline_connector::format::Class;
use trunkline_connector::outcome::{self, Answer, Verdict};
use trunkline_connector::wait;
use trunkline_egress::{Clock, Received, SendError, SendErrorKind};

use super::authorize::{DeadlineHolds, Granted};
use super::pace::{self, Lesson};
use super::retry::{Ending, Ruling};
use super::send::Sent;
use crate::call::{JudgeBy, VendorError};
use crate::held::{Held, Sizes};
use crate::installed::Installed;
use crate::source::{Broken, Source};

/// Servers of several vendors say by it whether to ask again; their SDKs obey.
static SHOULD_RETRY: HeaderName = HeaderName::from_static("x-should-retry");

/// An attempt whose meaning is known.
pub(super) struct Classified {
    pub(super) ending: Ending,
    pub(super) ruling: Ruling,
    /// The wait that the upstream asks for.
    pub(super) asked: Option<Duration>,
    /// What the answer told of the upstream's limits.
    pub(super) lesson: Lesson,
    pub(super) outcome: Outcome,
}

impl Classified {
    /// The same, if it holds no connection: its body is all there, or there is none.
    pub(super) fn at_rest(self) -> Option<Self> {
        match &self.outcome {
            Outcome::Answered(answered) if answered.body.rest.is_some() => None,
            Outcome::Answered(_) | Outcome::Failed(_) => Some(self),
        }
    }
}

/// What an attempt ended with.
pub(super) enum Outcome {
    /// An answer, good or bad. Boxed, because it is handed on several times.
    Answered(Box<Answered>),
    /// No answer, or only the beginning of one that a rule has to look into.
    Failed(Failure),
}

/// Why there is no answer.
pub(super) enum Failure {
    /// It never began.
    Send(SendError),
    /// It broke off.
    Receive(Broken),
}

/// An answer and what it means.
#[derive(Debug)]
pub(super) struct Answered {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Held,
    pub(super) verdict: Verdict,
    pub(super) vendor: Option<Box<VendorError>>,
    pub(super) origin: AnswerFrom,
}

/// Where an answer came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AnswerFrom {
    /// The upstream, for this call.
    Upstream,
    /// What is kept. It was compared with its promise when it came.
    Store,
}

/// Judges an attempt. A body is held back only where a rule has to look into it, and never a
/// stream's.
pub(super) async fn classify(granted: &Granted, sent: Sent, clock: &Clock) -> Classified {
    let connector = &granted.installed.connector;
    let response = match sent {
        Ok(response) => response,
        Err(error) => return failed(Failure::Send(error)),
    };
    let (head, mut body) = response.into_parts();
    if granted.deadline_holds == DeadlineHolds::UntilAnswer {
        body.lift_deadline();
    }
    if granted.installed.is_plain(head.status) {
        let answer = Answer {
            status: head.status,
            headers: &head.headers,
            body: None,
        };
        let lesson = pace::look(granted, &answer, clock);
        return Classified::plain((head.status, head.headers), body, lesson);
    }
    let sizes = sizes(granted.judge_by, &head.headers);
    let body = if is_held(connector, head.status, &head.headers) {
        // What rules have to see of an answer is due as its beginning is.
        let until = clock.now() + granted.limits.first_byte;
        let read = Held::read(
            Source::Upstream(body),
            &head.headers,
            sizes.sent,
            (clock, until),
        );
        // Boxed, so that a call whose answer nobody looks into does not carry its size.
        match Box::pin(read).await {
            Ok(body) => body,
            Err(error) => return failed(Failure::Receive(error)),
        }
    } else {
        Held::nothing(Source::Upstream(body))
    };
    let json = body.json(sizes.unfolded);
    let answer = Answer {
        status: head.status,
        headers: &head.headers,
        body: json.as_ref(),
    };
    let lesson = pace::look(granted, &answer, clock);
    let verdict = outcome::classify(&connector.outcomes, &answer);
    let is_good = verdict.class == Class::Ok;
    let asked = (!is_good)
        .then(|| wait_of(connector, &answer, verdict, clock))
        .flatten();
    let vendor = json.as_ref().filter(|_| !is_good);
    let vendor = vendor.map(|json| Box::new(vendor_error(&granted.installed, json)));
    Classified {
        ending: if granted.can_renew() && refuses_token(verdict.class, head.status) {
            Ending::TokenRefused
        } else {
            ending(verdict, &head.headers, head.status)
        },
        ruling: ruling(connector, verdict.class, &head.headers),
        asked,
        lesson,
        outcome: Outcome::Answered(Box::new(Answered {
            status: head.status,
            headers: head.headers,
            body,
            verdict,
            vendor,
            origin: AnswerFrom::Upstream,
        })),
    }
}

/// The wait that an answer asks for.
fn wait_of(
    connector: &Connector,
    answer: &Answer<'_>,
    verdict: Verdict,
    clock: &Clock,
) -> Option<Duration> {
    let answered_at = wait::answered_at(answer.headers, clock.wall());
    let rules = (&*connector.outcomes, &*connector.waits);
    outcome::wait(rules, answer, verdict, answered_at)
}

impl Classified {
    /// A good answer that nothing has to look into: nearly all of them.
    fn plain((status, headers): (StatusCode, HeaderMap), body: Received, lesson: Lesson) -> Self {
        Self {
            ending: Ending::Final,
            ruling: Ruling::None,
            asked: None,
            lesson,
            outcome: Outcome::Answered(Box::new(Answered {
                status,
                headers,
                body: Held::nothing(Source::Upstream(body)),
                verdict: Verdict {
                    class: Class::Ok,
                    rule: None,
                },
                vendor: None,
                origin: AnswerFrom::Upstream,
            })),
        }
    }
}

/// Says what an answer means that was kept, or that came for others too.
pub(super) fn of_kept(
    granted: &Granted,
    (status, headers): (StatusCode, HeaderMap),
    body: Held,
) -> Box<Answered> {
    let installed = &granted.installed;
    let verdict = if installed.is_plain(status) {
        Verdict {
            class: Class::Ok,
            rule: None,
        }
    } else {
        let json = body.json(Sizes::LITTLE.unfolded);
        let answer = Answer {
            status,
            headers: &headers,
            body: json.as_ref(),
        };
        outcome::classify(&installed.connector.outcomes, &answer)
    };
    Box::new(Answered {
        status,
        headers,
        body,
        verdict,
        vendor: None,
        origin: AnswerFrom::Store,
    })
}

/// Only JSON tells more than its status: a download is not kept for that.
fn sizes(judge_by: JudgeBy, headers: &HeaderMap) -> Sizes {
    let kind = headers.get(header::CONTENT_TYPE).map(HeaderValue::as_bytes);
    let is_json = kind.is_some_and(|kind| kind.windows(4).any(|part| part == b"json"));
    match judge_by {
        JudgeBy::Whole if is_json => Sizes::WHOLE,
        JudgeBy::Whole | JudgeBy::Beginning => Sizes::LITTLE,
    }
}

fn is_held(connector: &Connector, status: StatusCode, headers: &HeaderMap) -> bool {
    let is_error = status.is_client_error() || status.is_server_error();
    let is_looked_into = is_error
        || outcome::needs_body(&connector.outcomes, &connector.waits, status)
        || connector.limits.needs_body(status);
    is_looked_into && !is_stream(headers)
}

/// Event streams and lines of JSON come piece by piece, perhaps for hours.
pub(crate) fn is_stream(headers: &HeaderMap) -> bool {
    let Some(value) = headers.get(header::CONTENT_TYPE) else {
        return false;
    };
    let kind = value.as_bytes();
    [
        &b"text/event-stream"[..],
        b"application/x-ndjson",
        b"application/jsonl",
        b"application/stream+json",
    ]
    .iter()
    .any(|stream| {
        kind.len() >= stream.len()
            && kind
                .iter()
                .zip(*stream)
                .all(|(one, other)| one.eq_ignore_ascii_case(other))
    })
}

/// The vendor's own words, in which some repeat the credential that they refuse.
fn vendor_error(installed: &Installed, json: &serde_json::Value) -> VendorError {
    let connector = &installed.connector;
    VendorError {
        message: connector
            .vendor_message(json)
            .map(|message| installed.mask(message)),
        code: connector
            .vendor_code(json)
            .map(|code| installed.mask(&code)),
    }
}

/// Whether an answer says that the token is not, or no longer, good.
fn refuses_token(class: Class, status: StatusCode) -> bool {
    class == Class::RefreshAuth || (class == Class::AuthDead && status == StatusCode::UNAUTHORIZED)
}

fn ending(verdict: Verdict, headers: &HeaderMap, status: StatusCode) -> Ending {
    match verdict.class {
        // RFC 9110 section 15.5.20 and RFC 8470 section 5.2: refused unprocessed.
        _ if verdict.rule.is_none()
            && matches!(
                status,
                StatusCode::MISDIRECTED_REQUEST | StatusCode::TOO_EARLY
            ) =>
        {
            Ending::NotProcessed
        }
        Class::RateLimited => Ending::Throttled,
        Class::Ok => Ending::Final,
        _ if wants_repetition(headers) => Ending::Faulty,
        Class::CallerError | Class::AuthDead | Class::RefreshAuth | Class::QuotaExhausted => {
            Ending::Final
        }
        // RFC 9110 sections 15.6.2 and 15.6.6: asking again cannot change these.
        Class::ProviderDown
            if matches!(
                status,
                StatusCode::NOT_IMPLEMENTED | StatusCode::HTTP_VERSION_NOT_SUPPORTED
            ) =>
        {
            Ending::Final
        }
        Class::Retry | Class::ProviderDown => Ending::Faulty,
    }
}

/// What the header that the connector declares says, whatever the method: its vendor promises that
/// it is safe.
fn ruling(connector: &Connector, class: Class, headers: &HeaderMap) -> Ruling {
    let declared = connector.retry.override_header.as_ref();
    match declared.and_then(|name| headers.get(name)) {
        Some(value) if class != Class::Ok && value == "true" => Ruling::Again,
        Some(value) if class != Class::Ok && value == "false" => Ruling::Stop,
        Some(_) | None => undeclared_ruling(class, headers),
    }
}

/// Nobody promises anything for this header from other upstreams. It can keep us from asking again;
/// that it wants us to is only a hint, see [`wants_repetition`].
fn undeclared_ruling(class: Class, headers: &HeaderMap) -> Ruling {
    match headers.get(&SHOULD_RETRY) {
        Some(value) if class != Class::Ok && value == "false" => Ruling::Stop,
        Some(_) | None => Ruling::None,
    }
}

/// An upstream's hint that its error passes: what may safely be repeated is.
fn wants_repetition(headers: &HeaderMap) -> bool {
    headers
        .get(&SHOULD_RETRY)
        .is_some_and(|value| value == "true")
}

fn failed(failure: Failure) -> Classified {
    let ending = match &failure {
        Failure::Send(error) => ending_of(error),
        Failure::Receive(_) => Ending::Unknown,
    };
    Classified {
        ending,
        ruling: Ruling::None,
        asked: None,
        lesson: Lesson::default(),
        outcome: Outcome::Failed(failure),
    }
}

fn ending_of(error: &SendError) -> Ending {
    match error.kind() {
        SendErrorKind::AddressRefused
        | SendErrorKind::TlsFailed
        | SendErrorKind::DeadlineExceeded
        | SendErrorKind::RequestBodyFailed
        | SendErrorKind::RequestInvalid => Ending::Final,
        SendErrorKind::NameNotFound
        | SendErrorKind::LookUpFailed
        | SendErrorKind::ConnectFailed
        | SendErrorKind::ConnectTimeout
        | SendErrorKind::ProxyFailed
        | SendErrorKind::StaleConnection
        | SendErrorKind::RefusedByProtocol => Ending::NotProcessed,
        SendErrorKind::ClosedBeforeAnswer
        | SendErrorKind::FirstByteTimeout
        | SendErrorKind::UpstreamMalformed => Ending::Unknown,
    }
}
