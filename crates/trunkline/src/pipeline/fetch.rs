//! Asks the upstream: attempts, until one is the last.

use super::authorize::Granted;
use super::classify::{self, Answered, Classified};
use super::retry::{Decision, Why};
use super::trail::Trail;
use super::{pace, renew, send, settle, sign};
use crate::client::Trunkline;
use crate::error::Error;

/// Makes attempts until one is the last. What it holds is then with the trail.
///
/// # Errors
/// Why there is no answer.
pub(super) async fn fetch(
    engine: &Trunkline,
    granted: &mut Granted,
    trail: &mut Trail,
) -> Result<Box<Answered>, Error> {
    // What is answered without the upstream is none of its load.
    let budget = &granted.installed.upstream.budget;
    budget.count_call(trail.started());
    let mut before: Option<Box<Classified>> = None;
    loop {
        if renew::is_needed(granted) {
            Box::pin(renew::renew(engine, granted)).await?;
            trail.has_waited();
        }
        let permit = match pace::at_once(granted, trail) {
            Ok(Some(permit)) => Ok(permit),
            Ok(None) => Box::pin(pace::wait(engine, granted, trail)).await,
            Err(refused) => Err(refused),
        };
        let mut permit = match (permit, before.take()) {
            (Ok(permit), _) => permit,
            // What the upstream said last tells more than that it may not be asked again.
            (Err(_), Some(before)) => {
                return settle::settle(granted, *before, Why::AttemptsUsed);
            }
            (Err(refused), None) => return Err(refused),
        };
        let signed = sign::sign(granted, trail, &mut permit)?;
        let sent = send::send(engine.egress(), signed).await;
        let mut classified = classify::classify(granted, sent, engine.clock()).await;
        trail.attempt_has_ended();
        pace::learn(granted, &mut permit, (&mut classified, trail));
        match settle::decide(granted, &classified, trail) {
            Decision::After(wait) => {
                // What came of this attempt may hold a connection; whoever sleeps holds none.
                drop(permit);
                before = classified.at_rest().map(Box::new);
                engine.clock().sleep(wait).await;
                trail.has_waited();
            }
            Decision::Renew => {
                drop((classified, permit));
                granted.forget_token();
            }
            Decision::Settle(why) => {
                trail.holds(Some(permit));
                return settle::settle(granted, classified, why);
            }
        }
    }
}
