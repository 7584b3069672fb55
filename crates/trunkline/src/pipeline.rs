//! What happens to a call, in order. Read this file first.

// `cargo xtask tidy` compares this order with ARCHITECTURE.md.
mod resolve; // which operation, at which address
mod authorize; // whose credential, and may this caller use it
mod sign; // the request of one attempt, our credential in place of the caller's
mod send; // one HTTP exchange
mod classify; // what the answer means
pub(crate) mod retry; // is it worth another attempt
mod settle; // the last attempt's answer, or why there is none
mod validate; // is it what the operation promises
pub(crate) mod record; // what is remembered of it

pub use sign::Plan;

use http::Request;
use trunkline_egress::Body;

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
    let answered = loop {
        let signed = sign::sign(&mut granted, &mut record);
        let sent = send::send(engine.egress(), record.note(signed)?).await;
        let classified = classify::classify(&granted, sent, engine.clock()).await;
        match settle::decide(&granted, &classified, &record) {
            Decision::After(wait) => {
                // What came of this attempt may hold a connection; whoever sleeps holds none.
                drop(classified);
                engine.clock().sleep(wait).await;
            }
            Decision::Settle(why) => {
                break record.note(settle::settle(&granted, classified, why))?;
            }
        }
    };
    let valid = record.note(validate::validate(&granted, answered, engine.clock()).await)?;
    Ok(record.into_reply(valid))
}

/// The same stages, stopped before anything is sent.
pub(crate) fn prepare(engine: &Trunkline, call: Call) -> Result<Request<Body>, Error> {
    rehearse(engine, call).map(|(granted, body)| sign::request(&granted.head, body))
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
