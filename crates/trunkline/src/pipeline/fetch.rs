//! Asks the upstream: attempts, until one is the last.

use super::authorize::Granted;
use super::classify::{self, Answered};
use super::retry::Decision;
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
    loop {
        if renew::is_needed(granted) {
            Box::pin(renew::renew(engine, granted)).await?;
        }
        let mut permit = if let Some(permit) = pace::at_once(granted, trail)? {
            permit
        } else {
            Box::pin(pace::wait(engine, granted, trail)).await?
        };
        let signed = sign::sign(granted, trail, &mut permit)?;
        let sent = send::send(engine.egress(), signed).await;
        let mut classified = classify::classify(granted, sent, engine.clock()).await;
        trail.attempt_has_ended();
        pace::learn(granted, &mut permit, (&mut classified, trail));
        match settle::decide(granted, &classified, trail) {
            Decision::After(wait) => {
                // What came of this attempt may hold a connection; whoever sleeps holds none.
                drop((classified, permit));
                engine.clock().sleep(wait).await;
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
