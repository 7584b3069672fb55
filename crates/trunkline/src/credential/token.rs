//! A token that runs out: asked for once, kept, and renewed before its end, whoever needs it.

mod fetch;
#[cfg(test)]
mod tests;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use http::HeaderValue;
use tokio::sync::watch;
use tokio::task::JoinSet;
use trunkline_egress::{Clock, Egress, Limits};

use super::grant::{Grant, GrantError, Granted};
use crate::error::{Error, ErrorKind};
use crate::explain;
use crate::pipeline::retry::RetryPolicy;

use fetch::Fetch;

/// A token is renewed so long before its end, or in the second half of a life that is shorter.
const RENEW_BEFORE: Duration = Duration::from_mins(1);

/// Nobody asks again so soon after a refusal: everybody gets the same answer.
const REFUSED_FOR: Duration = Duration::from_secs(5);

/// The same where the server was only out of order, and was asked several times.
const OUT_OF_ORDER_FOR: Duration = Duration::from_secs(1);

/// Whoever renews a token that is still good waits no longer than this for another.
const RENEWAL_MAX: Duration = Duration::from_secs(5);

/// Asking takes no longer than this, repetitions included, however long its callers would wait.
const ASKING_MAX: Duration = Duration::from_secs(30);

/// Who asks says so itself when its time is over; if it does not, nobody drives it any more.
const GRACE: Duration = Duration::from_secs(1);

/// How often a call begins anew that waited for somebody whose runtime went away.
const WAITS_MAX: usize = 3;

/// The token of one connection, for all threads.
#[derive(Debug)]
pub(crate) struct Tokens {
    shared: Arc<Shared>,
    /// Whoever asks; one at most. It outlives the call that it began with, and ends with this.
    asking: Mutex<JoinSet<()>>,
}

/// What whoever asks needs too.
#[derive(Debug)]
struct Shared {
    grant: Grant,
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    token: Option<Token>,
    /// How many tokens there were.
    count: u64,
    refused: Option<Refused>,
    /// Somebody is asking.
    asked: Option<Asked>,
}

#[derive(Debug)]
struct Refused {
    until: Instant,
    error: TokenError,
}

/// A token is being asked for.
#[derive(Debug, Clone)]
struct Asked {
    /// When it is over at the latest.
    until: Instant,
    outcome: watch::Receiver<Option<Result<Token, TokenError>>>,
}

/// A token as it is sent.
#[derive(Debug, Clone)]
pub(crate) struct Token {
    pub(crate) authorization: HeaderValue,
    number: u64,
    renew_at: Instant,
    ends_at: Instant,
}

/// Why there is none.
#[derive(Debug, Clone)]
pub(crate) struct TokenError {
    kind: ErrorKind,
    message: String,
    hint: String,
    nature: Nature,
}

/// Whether asking again could help.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Nature {
    /// Soon: the server is out of order or not to be reached.
    Passing,
    /// Only once somebody has changed something.
    Lasting,
}

/// By what means a token is asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Means<'a> {
    pub(crate) egress: &'a Egress,
    pub(crate) clock: &'a Clock,
    /// Those of the call that needs it.
    pub(crate) limits: &'a Limits,
    pub(crate) retry: &'a RetryPolicy,
}

/// What a call has to do for its token.
enum Turn {
    /// Nothing: there is one, or it is known why there is none.
    Known(Result<Token, TokenError>),
    /// Wait for whoever asks, unless another is still good.
    Wait(Asked, Option<Token>),
}

/// What is to be done for a token.
#[derive(Debug)]
enum Step {
    Use(Token),
    /// Ask for another; this one is still good.
    Renew(Token),
    Ask,
    /// Somebody is at it.
    Wait(Asked),
    Fail(TokenError),
}

impl Known {
    /// Decides by what is known. Pure.
    fn step(&self, now: Instant) -> Step {
        let asked = self.asked.as_ref().filter(|asked| asked.is_driven(now));
        let refused = self.refused.as_ref().filter(|it| now < it.until);
        let token = self.token.as_ref().filter(|token| now < token.ends_at);
        match (token, refused, asked) {
            (Some(token), None, None) if token.renew_at <= now => Step::Renew(token.clone()),
            (Some(token), _, _) => Step::Use(token.clone()),
            (None, _, Some(asked)) => Step::Wait(asked.clone()),
            (None, Some(refused), None) => Step::Fail(refused.error.clone()),
            (None, None, None) => Step::Ask,
        }
    }

    fn keep(&mut self, granted: Granted, now: Instant) -> Token {
        let before = RENEW_BEFORE.min(granted.lifetime / 2);
        self.count += 1;
        // A lifetime beyond all measure ends in an hour.
        let ends_at = now.checked_add(granted.lifetime);
        let ends_at = ends_at.unwrap_or_else(|| now + Duration::from_hours(1));
        let token = Token {
            authorization: granted.authorization,
            number: self.count,
            renew_at: ends_at.checked_sub(before).unwrap_or(now),
            ends_at,
        };
        self.refused = None;
        self.token = Some(token.clone());
        token
    }

    fn refuse(&mut self, error: TokenError, now: Instant) {
        let lasts = match error.nature {
            Nature::Passing => OUT_OF_ORDER_FOR,
            Nature::Lasting => REFUSED_FOR,
        };
        let until = now + lasts;
        self.refused = Some(Refused { until, error });
    }
}

impl Asked {
    /// Whether the one who asks is there and can be expected to come to an end: a runtime may be
    /// gone, or run only now and then.
    fn is_driven(&self, now: Instant) -> bool {
        now < self.until + GRACE && self.outcome.has_changed().is_ok()
    }
}

impl Shared {
    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Tokens {
    pub(super) fn new(grant: Grant) -> Self {
        let known = Mutex::default();
        Self {
            shared: Arc::new(Shared { grant, known }),
            asking: Mutex::default(),
        }
    }

    /// A token that is good now, or was when it was asked for. Of all who need one at the same
    /// time, one asks.
    ///
    /// # Errors
    /// Why the token server gave none, or that the call's own time is over.
    ///
    /// # Cancel safety
    /// Asking goes on, for the others and for whoever comes next.
    pub(crate) async fn current(&self, means: Means<'_>) -> Result<Token, TokenError> {
        let (clock, deadline) = (means.clock, means.limits.deadline);
        for _ in 0..WAITS_MAX {
            let (mut asked, good) = match self.turn(means) {
                Turn::Known(outcome) => return outcome,
                Turn::Wait(asked, good) => (asked, good),
            };
            let until = wait_until(asked.until, good.as_ref(), deadline, clock.now());
            let outcome = asked.outcome.wait_for(Option::is_some);
            let outcome = match clock.limit(Some(until), outcome).await {
                Ok(Ok(outcome)) => outcome.clone(),
                // Too late for this call, or whoever asked is gone with its runtime.
                Ok(Err(_)) | Err(_) => None,
            };
            let now = clock.now();
            match (outcome, good) {
                (Some(Ok(token)), _) => return Ok(token),
                // What is still good is not given up for a server that is away for a moment.
                (_, Some(good)) if now < good.ends_at => return Ok(good),
                (Some(Err(error)), _) => return Err(error),
                (None, _) if deadline.is_some_and(|deadline| deadline <= now) => {
                    return Err(TokenError::too_late(self.shared.grant.host()));
                }
                (None, _) => {}
            }
        }
        Err(TokenError::interrupted(self.shared.grant.host()))
    }

    fn turn(&self, means: Means<'_>) -> Turn {
        let mut known = self.shared.known();
        match known.step(means.clock.now()) {
            Step::Use(token) => Turn::Known(Ok(token)),
            Step::Fail(error) => Turn::Known(Err(error)),
            Step::Wait(asked) => Turn::Wait(asked, None),
            Step::Ask => Turn::Wait(self.ask(&mut known, means), None),
            Step::Renew(token) => Turn::Wait(self.ask(&mut known, means), Some(token)),
        }
    }

    /// Begins to ask.
    fn ask(&self, known: &mut Known, means: Means<'_>) -> Asked {
        let until = means.clock.after(ASKING_MAX);
        let (sender, outcome) = watch::channel(None);
        let fetch = Fetch {
            shared: Arc::clone(&self.shared),
            // Its connections belong to the runtime that it begins on.
            egress: means.egress.with_own_pool(),
            clock: means.clock.clone(),
            limits: Limits {
                deadline: None,
                ..means.limits.clone()
            },
            retry: *means.retry,
            until,
        };
        let mut asking = self.asking.lock().unwrap_or_else(PoisonError::into_inner);
        // One at most: one that nobody drives any more is given up.
        *asking = JoinSet::new();
        asking.spawn(fetch.run(sender));
        let asked = Asked { until, outcome };
        known.asked = Some(asked.clone());
        asked
    }

    /// Forgets a token that the upstream refused, unless it has been renewed since.
    pub(crate) fn discard(&self, refused: &Token) {
        let mut known = self.shared.known();
        let is_same = |token: &mut Token| token.number == refused.number;
        known.token.take_if(is_same);
    }
}

/// How long a call waits for whoever asks, who is done at `done`.
fn wait_until(
    done: Instant,
    good: Option<&Token>,
    deadline: Option<Instant>,
    now: Instant,
) -> Instant {
    match (good, deadline) {
        (None, None) => done + GRACE,
        (None, Some(deadline)) => deadline.min(done + GRACE),
        (Some(_), None) => now + RENEWAL_MAX,
        // The call itself needs time too.
        (Some(_), Some(deadline)) => {
            now + RENEWAL_MAX.min(deadline.saturating_duration_since(now) / 2)
        }
    }
}

impl Token {
    /// What stands for a token in a request that is only shown.
    pub(crate) fn to_come() -> HeaderValue {
        let mut value = HeaderValue::from_static("Bearer to-come");
        value.set_sensitive(true);
        value
    }
}

impl TokenError {
    /// The time of the call that waits is over, which says nothing of the server.
    fn too_late(host: &str) -> Self {
        let kind = ErrorKind::CallTimeout;
        Self {
            kind,
            message: format!("the time that the caller allows ended before `{host}` gave a token"),
            hint: explain::remedy(kind).to_owned(),
            nature: Nature::Passing,
        }
    }

    /// All who asked went away before they were done.
    fn interrupted(host: &str) -> Self {
        Self {
            kind: ErrorKind::TokenRefused,
            message: format!("asking `{host}` for a token was interrupted"),
            hint: "ask again".to_owned(),
            nature: Nature::Passing,
        }
    }

    /// As the error of a call.
    pub(crate) fn to_error(&self, title: &str) -> Error {
        let message = format!("{title} cannot be called: {}", self.message);
        Error::new(self.kind, message).with_hint(self.hint.as_str())
    }
}

impl From<GrantError> for TokenError {
    fn from(error: GrantError) -> Self {
        Self {
            kind: ErrorKind::TokenRefused,
            message: error.to_string(),
            hint: error.hint().to_owned(),
            nature: if error.is_out_of_order() {
                Nature::Passing
            } else {
                Nature::Lasting
            },
        }
    }
}
