//! What happens to a call, in order. Read this file first.

// `cargo xtask tidy` compares this order with ARCHITECTURE.md.
pub(crate) mod resolve; // which operation, at which address
mod authorize; // whose credential, and may this caller use it
mod renew; // a token that is good now, where it runs out
mod sign; // the request of one attempt, our credential in place of the caller's
mod send; // one HTTP exchange
mod classify; // what the answer means
pub(crate) mod retry; // is it worth another attempt
mod settle; // the last attempt's answer, or why there is none
pub(crate) mod validate; // is it what the operation promises
pub(crate) mod record; // what is remembered of it

pub(crate) mod upgrade;

pub(crate) use resolve::body_of;
pub use sign::Plan;
pub use upgrade::{Changed, Tunneled};

use http::Request;
use trunkline_egress::{Body, Origin};

use authorize::Granted;
use record::Record;
use retry::Decision;

use crate::call::{Call, Reply};
use crate::client::Trunkline;
use crate::error::Error;

/// Makes one call. Each stage takes what only the one before it can make. The record is opened
/// first and closes itself, also when the caller goes away.
///
/// Later stages have their places already: what a caller may ask of us is admitted after
/// `authorize`, and the cache is looked into after that, so that nobody reads another's answer.
/// What the upstream allows us is paced before `sign`, inside the loop, so that retries pay for it.
/// What is stored is stored after `validate`, so that a bad answer is not kept.
pub(crate) fn run(
    engine: &Trunkline,
    call: Call,
) -> impl Future<Output = Result<Reply, Error>> + Send + use<'_> {
    // What needs no waiting is done at once, so that the future carries nothing of it.
    let mut record = Record::open(engine);
    let resolved = resolve::resolve(&engine.snapshot(), call);
    let granted = resolved.and_then(|resolved| authorize::authorize(resolved, &mut record));
    answer(engine, granted, record)
}

/// The stages that wait.
async fn answer(
    engine: &Trunkline,
    granted: Result<Box<Granted>, Error>,
    mut record: Record,
) -> Result<Reply, Error> {
    let mut granted = record.note(granted)?;
    if validate::wants_request(&granted) {
        let looked = Box::pin(validate::look_at_request(engine, &mut granted)).await;
        record.note(looked)?;
    }
    let answered = loop {
        if renew::is_needed(&granted) {
            let renewed = Box::pin(renew::renew(engine, &mut granted)).await;
            record.note(renewed)?;
        }
        let signed = sign::sign(&mut granted, &mut record);
        let sent = send::send(engine.egress(), record.note(signed)?).await;
        let classified = classify::classify(&granted, sent, engine.clock()).await;
        match settle::decide(&granted, &classified, &record) {
            Decision::After(wait) => {
                // What came of this attempt may hold a connection; whoever sleeps holds none.
                drop(classified);
                engine.clock().sleep(wait).await;
            }
            Decision::Renew => {
                drop(classified);
                granted.forget_token();
            }
            Decision::Settle(why) => {
                break record.note(settle::settle(&granted, classified, why))?;
            }
        }
    };
    let valid = validate::validate(&granted, answered, engine, &record).await;
    let valid = record.note(valid)?;
    Ok(record.into_reply(valid))
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
    let body = sign::sign(&mut granted, &mut record)?.body;
    Ok((granted, body))
}
