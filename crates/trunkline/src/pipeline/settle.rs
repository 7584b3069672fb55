//! After each attempt: another one, or its answer as it is, or the reason why there is none.

use super::authorize::Granted;
use super::classify::{Answered, Classified, Failure, Outcome};
use super::retry::{self, Budget, Decision, Replay, Situation, Why};
use super::trail::Trail;
use crate::error::Error;
use crate::failure;

/// Puts together what the decision looks at, and remembers what was decided.
pub(super) fn decide(granted: &Granted, classified: &Classified, trail: &Trail) -> Decision {
    let budget = &granted.installed.upstream.budget;
    let now = trail.ended();
    let is_final = classified.ending == retry::Ending::Final;
    // Whether anybody asks how much time is left: nearly never, and it is reckoned for nothing.
    let may_go_on = !is_final || classified.ruling == retry::Ruling::Again;
    let situation = Situation {
        attempt: trail.attempts(),
        ending: classified.ending,
        repeatable: granted.repeatable,
        replay: if granted.body.can_attempt() {
            Replay::Possible
        } else {
            Replay::Gone
        },
        ruling: classified.ruling,
        asked: classified.asked,
        time_left: granted
            .limits
            .deadline
            .filter(|_| may_go_on)
            .map(|deadline| deadline.saturating_duration_since(now)),
        budget: if is_final {
            Budget::Left
        } else {
            budget.look(now)
        },
    };
    let decision = retry::decide(&granted.retry, &situation, fastrand::f64());
    if classified.ending == retry::Ending::TokenRefused {
        // Also where this call cannot be made again: the next one shall not fail for it.
        granted.discard_token();
    }
    if let Decision::After(wait) = decision {
        budget.count_retry(now);
        // The command line tells whoever waits before it, by this target.
        tracing::debug!(
            target: "trunkline::waiting",
            {
                attempt.number = situation.attempt,
                attempts.max = granted.retry.attempts_max,
                wait_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX),
            },
            "another attempt will be made"
        );
    }
    tracing::trace!(
        call.id = %trail.call_id(),
        attempt.number = situation.attempt,
        attempt.ending = ?situation.ending,
        decision = ?decision,
        retries.recent = budget.retries(now),
        "an attempt has ended"
    );
    decision
}

/// The answer of the last attempt, or why there is none.
pub(super) fn settle(
    granted: &Granted,
    classified: Classified,
    why: Why,
) -> Result<Box<Answered>, Error> {
    let failed = match classified.outcome {
        Outcome::Answered(answered) => return Ok(answered),
        Outcome::Failed(failed) => failed,
    };
    let error = match failed {
        Failure::Send(error) => failure::of_send(error, granted.host()),
        Failure::Receive(error) => failure::of_broken(error),
    };
    let error = match why {
        Why::NotRepeatable => error.with_hint(
            "it was not tried again, because the upstream may have done it already; look there first, and send an idempotency key where the API takes one",
        ),
        Why::PastDeadline(wait) | Why::WaitTooLong(wait) => error.with_retry_after(wait),
        Why::Final
        | Why::BodyGone
        | Why::UpstreamSaysStop
        | Why::AttemptsUsed
        | Why::BudgetSpent => error,
    };
    Err(error)
}
