//! What happens to a call, in order. Read this file first.

// `cargo xtask tidy` compares this order with ARCHITECTURE.md.
pub(crate) mod resolve; // which operation, at which address
mod authorize; // whose credential, and may this caller use it
mod admit; // may this caller ask anything more for now
pub(crate) mod look; // is there an answer already, or another call that gets one
mod renew; // a token that is good now, where it runs out
mod pace; // when the limits let an attempt go
mod sign; // the request of one attempt, our credential in place of the caller's
mod send; // one HTTP exchange
mod classify; // what the answer means
pub(crate) mod retry; // is it worth another attempt
mod settle; // the last attempt's answer, or why there is none
pub(crate) mod validate; // is it what the operation promises
mod store; // what is kept of it for the next who asks
pub(crate) mod record; // what is remembered of it

mod fetch;
pub(crate) mod trail;

pub(crate) mod upgrade;

pub(crate) use resolve::body_of;
pub use sign::Plan;
pub use upgrade::{Changed, Tunneled};

use http::Request;
use trunkline_egress::{Body, Origin};

use admit::Admitted;
use authorize::Granted;
use look::Looked;
use record::Record;

use crate::call::{Call, Reply, Validate};
use crate::client::Trunkline;
use crate::error::Error;

/// Makes one call. Each stage takes what only the one before it can make. The record is opened
/// first and closes itself, also when the caller goes away.
///
pub(crate) fn run(
    engine: &Trunkline,
    call: Call,
) -> impl Future<Output = Result<Reply, Error>> + Send + use<'_> {
    // What needs no waiting is done at once, so that the future carries nothing of it.
    let mut record = Record::open(engine);
    let admitted = admitted(engine, call, &mut record);
    answer(engine, admitted, record)
}

/// The stages that do not wait.
fn admitted(engine: &Trunkline, call: Call, record: &mut Record) -> Result<Admitted, Error> {
    let snapshot = engine.snapshot();
    record.asks(&call);
    let resolved = resolve::resolve(&snapshot, call)?;
    let granted = authorize::authorize(resolved, record)?;
    admit::admit(granted, &snapshot.callers, record)
}

/// The stages that wait.
async fn answer(
    engine: &Trunkline,
    admitted: Result<Admitted, Error>,
    mut record: Box<Record>,
) -> Result<Reply, Error> {
    let mut granted = record.note(admitted)?.granted;
    if validate::wants_request(&granted) {
        let looked = Box::pin(validate::look_at_request(engine, &mut granted)).await;
        record.note(looked)?;
        record.trail.has_waited();
    }
    let trail = &mut record.trail;
    let looked = look::look(engine, &mut granted, trail).await;
    let Looked { answered, note } = record.note(looked)?;
    store::invalidate(engine, &granted, &answered);
    let valid = validate::validate(&granted, answered, engine, &record).await;
    let valid = record.note(valid)?;
    if granted.validate == Validate::Enforce {
        // For all of its body.
        record.trail.has_waited();
    }
    let filed = store::store(engine, &granted, &record.trail, (valid, note));
    Ok(record.into_reply(filed))
}

/// A request that is looked at and not sent.
pub(crate) struct Prepared {
    pub(crate) origin: Origin,
    /// Its address is path and query.
    pub(crate) request: Request<Body>,
}

/// The same stages, stopped before anything is sent.
pub(crate) fn prepare(engine: &Trunkline, call: Call) -> Result<Prepared, Error> {
    rehearse(engine, call).map(|(granted, body)| Prepared {
        request: sign::request(&granted.head, body),
        origin: granted.origin,
    })
}

/// As [`prepare`], for people's eyes.
pub(crate) fn plan(engine: &Trunkline, call: Call) -> Result<Plan, Error> {
    rehearse(engine, call).map(|(granted, body)| sign::show(&granted, body))
}

fn rehearse(engine: &Trunkline, call: Call) -> Result<(Box<Granted>, Body), Error> {
    let mut record = Record::rehearse(engine);
    let resolved = resolve::resolve(&engine.snapshot(), call)?;
    let mut granted = authorize::authorize(resolved, &mut record)?;
    let body = sign::rehearse(&mut granted, &mut record.trail)?.body;
    Ok((granted, body))
}
