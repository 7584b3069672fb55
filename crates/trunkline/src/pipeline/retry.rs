//! Decides whether to try again, and when. Pure: the caller sleeps.
//!
//! The sources of its rules: RFC 9110 section 9.2.2 (which
//! methods may be repeated), section 10.2.3 (`Retry-After`), RFC 9113 section 8.7 (what HTTP/2
//! refuses unprocessed), and what the vendors' SDKs do.

use std::time::Duration;

/// The longest backoff of our own; a server may ask for more.
const BACKOFF_MAX: Duration = Duration::from_secs(30);

/// A server's wait is lengthened by up to this share of it, so that a herd does not wake together.
const SPREAD: f64 = 0.1;

/// And by no more than this.
const SPREAD_MAX: Duration = Duration::from_secs(1);

/// How to try again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RetryPolicy {
    /// HTTP exchanges in all, the first included; at least 1.
    pub(crate) attempts_max: u32,
    /// Upper bound of the wait before the second attempt; doubles from there.
    pub(crate) wait_first: Duration,
    /// The longest wait that is slept, whoever asks for it.
    pub(crate) wait_max: Duration,
}

/// How an attempt ended, as far as repeating it is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// With an answer that asking again would not change.
    Final,
    /// Nothing of the request left this process, or nothing was processed of it.
    NotProcessed,
    /// The request may have been processed: the connection broke or the answer did not come.
    Unknown,
    /// The upstream refused it because of too many requests.
    Throttled,
    /// The upstream failed over it, or says that it may be asked again.
    Faulty,
    /// The upstream refused the token, and another can be had.
    TokenRefused,
}

/// Whether a request may be made twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Repeatable {
    /// Its method is idempotent, or the operation only reads.
    Harmless,
    /// It carries a key by which the upstream recognizes it.
    Keyed,
    /// It might do its work twice.
    No,
}

/// Whether the request's body can be sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Replay {
    /// It is short enough to have been kept, or there is none.
    Possible,
    /// It has passed through and is gone.
    Gone,
}

/// What the upstream's own header says about asking again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ruling {
    /// Nothing.
    None,
    /// `true`: ask again.
    Again,
    /// `false`: do not.
    Stop,
}

/// Whether the upstream's share of repeated calls leaves room for one more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Budget {
    /// There is room.
    Left,
    /// The last seconds had too many.
    Spent,
}

/// Everything that the decision looks at.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Situation {
    /// The attempt that has just ended, from 1.
    pub(crate) attempt: u32,
    /// How it ended.
    pub(crate) ending: Ending,
    /// Whether the request may be made twice.
    pub(crate) repeatable: Repeatable,
    /// Whether its body can be sent again.
    pub(crate) replay: Replay,
    /// What the upstream's own header says.
    pub(crate) ruling: Ruling,
    /// The wait that the upstream asks for.
    pub(crate) asked: Option<Duration>,
    /// What is left of the time that the caller allows.
    pub(crate) time_left: Option<Duration>,
    /// Whether one more repetition is within the upstream's share.
    pub(crate) budget: Budget,
}

/// What to do after an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Decision {
    /// Give the caller what there is.
    Settle(Why),
    /// Wait, then try again.
    After(Duration),
    /// Get another token, and try again with that.
    Renew,
}

/// Why an attempt was the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Why {
    /// The answer is final.
    Final,
    /// It failed, and making the request twice might do its work twice.
    NotRepeatable,
    /// It failed, and its body cannot be sent again.
    BodyGone,
    /// The upstream said not to ask again.
    UpstreamSaysStop,
    /// The attempts are used up.
    AttemptsUsed,
    /// The upstream's share of repeated calls is used up.
    BudgetSpent,
    /// The upstream asks for a longer wait than may be slept.
    WaitTooLong(Duration),
    /// The wait would end after the caller's time.
    PastDeadline(Duration),
}

/// Decides what to do after an attempt; `chance` in `0.0..=1.0` spreads the waits.
pub(crate) fn decide(policy: &RetryPolicy, situation: &Situation, chance: f64) -> Decision {
    // Not repeated because of the upstream, so it counts as no retry.
    if situation.ending == Ending::TokenRefused && situation.replay == Replay::Possible {
        return Decision::Renew;
    }
    if let Some(why) = obstacle(policy, situation) {
        return Decision::Settle(why);
    }
    let wait = match situation.asked {
        Some(asked) if policy.wait_max < asked => return Decision::Settle(Why::WaitTooLong(asked)),
        Some(asked) => {
            backoff(policy, situation.attempt, chance).max(asked) + spread(asked, chance)
        }
        None => backoff(policy, situation.attempt, chance),
    };
    let wait = wait.min(policy.wait_max.max(situation.asked.unwrap_or_default()));
    match situation.time_left {
        Some(left) if left <= wait => Decision::Settle(Why::PastDeadline(wait)),
        _ => Decision::After(wait),
    }
}

fn obstacle(policy: &RetryPolicy, situation: &Situation) -> Option<Why> {
    let may_repeat = situation.repeatable != Repeatable::No;
    let is_wanted = match (situation.ruling, situation.ending) {
        (Ruling::Stop, _) => return Some(Why::UpstreamSaysStop),
        (Ruling::None, Ending::Final | Ending::TokenRefused) => return Some(Why::Final),
        (Ruling::Again, _) | (Ruling::None, Ending::NotProcessed | Ending::Throttled) => true,
        (Ruling::None, Ending::Unknown | Ending::Faulty) => may_repeat,
    };
    if !is_wanted {
        Some(Why::NotRepeatable)
    } else if situation.replay == Replay::Gone {
        Some(Why::BodyGone)
    } else if policy.attempts_max <= situation.attempt {
        Some(Why::AttemptsUsed)
    } else if situation.budget == Budget::Spent {
        Some(Why::BudgetSpent)
    } else {
        None
    }
}

/// Full jitter: anything from nothing to the doubled wait.
fn backoff(policy: &RetryPolicy, attempt: u32, chance: f64) -> Duration {
    let doublings = attempt.saturating_sub(1).min(16);
    let bound = policy
        .wait_first
        .saturating_mul(1 << doublings)
        .min(BACKOFF_MAX);
    bound.mul_f64(chance.clamp(0.0, 1.0))
}

fn spread(asked: Duration, chance: f64) -> Duration {
    asked
        .mul_f64(SPREAD * chance.clamp(0.0, 1.0))
        .min(SPREAD_MAX)
}

#[cfg(test)]
mod tests;
