//! A call that changes to another protocol: the same stages, one attempt (and another with a new
//! token), and then a tunnel.

use std::time::Duration;

use http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use trunkline_connector::format::Upgrade;
use trunkline_egress::{Tunnel, Upgraded};

use super::authorize::Granted;
use super::record::Record;
use super::retry::{Ending, Why};
use super::{classify, pace, renew, settle, sign, store, validate};
use crate::call::{Call, CallId, Reply};
use crate::client::Trunkline;
use crate::error::{Error, ErrorKind};
use crate::failure;
use crate::upstream::Permit;

/// How long a changed connection may be silent where its connector does not say.
const IDLE: Duration = Duration::from_mins(5);

/// What came of a call that asked to change the protocol.
#[derive(Debug)]
pub enum Changed {
    /// The upstream changed it.
    Tunnel(Box<Tunneled>),
    /// It did not, and answered.
    Answered(Box<Reply>),
}

/// A connection to an upstream that no longer carries HTTP.
#[derive(Debug)]
pub struct Tunneled {
    /// The call's number.
    pub call_id: CallId,
    /// What the upstream said of the change.
    pub headers: HeaderMap,
    /// The connection.
    pub tunnel: Tunnel,
    /// How long both sides may be silent.
    pub idle: Duration,
    record: Box<Record>,
}

impl Tunneled {
    /// Both sides have ended it.
    pub fn ended(self) {
        self.record.ended();
    }
}

/// Makes the call. The record closes itself with the tunnel.
pub(crate) async fn upgrade(engine: &Trunkline, call: Call) -> Result<Changed, Error> {
    let mut record = Record::open(engine);
    let admitted = super::admitted(engine, call, &mut record);
    let mut granted = record.note(admitted)?.granted;
    let budget = &granted.installed.upstream.budget;
    budget.count_call(record.trail.started());
    loop {
        let changed = change(engine, &mut granted, &mut record).await;
        let (answer, mut permit) = match record.note(changed)? {
            (Upgraded::Tunnel(answer), mut permit) => {
                pace::went_well(&granted, &mut permit, &record.trail);
                record.trail.holds(Some(permit));
                record.answers(StatusCode::SWITCHING_PROTOCOLS);
                return Ok(tunneled(answer, &granted, record));
            }
            (Upgraded::Refused(answer), permit) => (answer, permit),
        };
        let mut classified = classify::classify(&granted, Ok(answer), engine.clock()).await;
        record.trail.attempt_has_ended();
        pace::learn(&granted, &mut permit, (&mut classified, &record.trail));
        if classified.ending == Ending::TokenRefused {
            // Once: what is refused after that is final.
            drop(classified);
            granted.discard_token();
            granted.forget_token();
            continue;
        }
        record.trail.holds(Some(permit));
        let answered = record.note(settle::settle(&granted, classified, Why::Final))?;
        store::invalidate(engine, &granted, &answered);
        let valid = validate::validate(&granted, answered, engine, &record).await;
        let valid = record.note(valid)?;
        let filed = store::store(engine, &granted, &record.trail, (valid, None));
        return Ok(Changed::Answered(Box::new(record.into_reply(filed))));
    }
}

fn tunneled(answer: Response<Tunnel>, granted: &Granted, record: Box<Record>) -> Changed {
    let (head, tunnel) = answer.into_parts();
    let idle = granted.installed.connector.timeouts.upgraded;
    Changed::Tunnel(Box::new(Tunneled {
        call_id: record.call_id(),
        headers: head.headers,
        tunnel,
        idle: idle.unwrap_or(IDLE),
        record,
    }))
}

async fn change(
    engine: &Trunkline,
    granted: &mut Granted,
    record: &mut Record,
) -> Result<(Upgraded, Permit), Error> {
    let changes = granted
        .operation()
        .is_some_and(|operation| operation.upgrade == Some(Upgrade::Websocket));
    if !changes {
        let message = format!(
            "{} has no WebSocket at this address",
            granted.installed.connector.title
        );
        return Err(Error::new(ErrorKind::RequestMalformed, message)
            .with_hint("leave `Upgrade` out, or call an operation that changes to WebSocket"));
    }
    if renew::is_needed(granted) {
        renew::renew(engine, granted).await?;
        record.trail.has_waited();
    }
    let mut permit = pace::pace(engine, granted, &mut record.trail).await?;
    sign::sign(granted, &mut record.trail, &mut permit)?;
    let headers = &mut granted.head.headers;
    headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    let sent = engine
        .egress()
        .upgrade(&granted.origin, &granted.head, &granted.limits)
        .await;
    match sent {
        Ok(upgraded) => Ok((upgraded, permit)),
        Err(err) => {
            pace::went_wrong(granted, &mut permit, (err.kind(), &record.trail));
            Err(failure::of_send(err, granted.host()))
        }
    }
}
