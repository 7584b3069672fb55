//! A token that runs out: asked for once, kept, and renewed before its end, whoever needs it.

#[cfg(test)]
mod tests;

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use http::HeaderValue;
use http_body_util::{BodyExt as _, Limited};
use tokio::sync;
use trunkline_egress::{Body, Clock, Egress, Limits};

use super::grant::{self, Grant, GrantError, Granted};
use crate::error::{Error, ErrorKind};
use crate::{explain, failure};

/// A token is renewed so long before its end, or in the second half of a life that is shorter.
const RENEW_BEFORE: Duration = Duration::from_mins(1);

/// Nobody asks again so soon after a refusal: everybody who waited gets the same answer.
const REFUSED_FOR: Duration = Duration::from_secs(5);

/// Whoever renews a token that is still good waits no longer than this for another.
const RENEWAL_MAX: Duration = Duration::from_secs(5);

/// Token servers answer with a few hundred bytes.
const ANSWER_BYTES_MAX: usize = 64 * 1024;

/// The token of one connection, for all threads.
#[derive(Debug)]
pub(crate) struct Tokens {
    grant: Grant,
    known: Mutex<Known>,
    /// Held by whoever asks. The others wait for it, or go on with the token that is still good.
    asking: sync::Mutex<()>,
}

#[derive(Debug, Default)]
struct Known {
    token: Option<Token>,
    /// How many tokens there were.
    count: u64,
    refused: Option<(Instant, TokenError)>,
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
}

/// What is to be done for a token.
#[derive(Debug)]
enum Step {
    Use(Token),
    /// Renew it if nobody is at it; it is still good.
    RenewOrUse(Token),
    Ask,
    Fail(TokenError),
}

impl Known {
    /// Decides by what is known. Pure.
    fn step(&self, now: Instant) -> Step {
        let refused = self
            .refused
            .as_ref()
            .filter(|(at, _)| now < *at + REFUSED_FOR);
        let token = self.token.as_ref().filter(|token| now < token.ends_at);
        match (token, refused) {
            (Some(token), None) if token.renew_at <= now => Step::RenewOrUse(token.clone()),
            (Some(token), _) => Step::Use(token.clone()),
            (None, Some((_, error))) => Step::Fail(error.clone()),
            (None, None) => Step::Ask,
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
}

impl Tokens {
    pub(super) fn new(grant: Grant) -> Self {
        Self {
            grant,
            known: Mutex::default(),
            asking: sync::Mutex::new(()),
        }
    }

    /// A token that is good now. Of all who need one at the same time, one asks.
    ///
    /// # Errors
    /// Why the token server gave none.
    ///
    /// # Cancel safety
    /// Whoever asks and leaves lets the next one ask.
    pub(crate) async fn current(
        &self,
        egress: &Egress,
        clock: &Clock,
        limits: &Limits,
    ) -> Result<Token, TokenError> {
        let step = self.known().step(clock.now());
        match step {
            Step::Use(token) => return Ok(token),
            Step::Fail(error) => return Err(error),
            Step::Ask => {}
            Step::RenewOrUse(token) => {
                return self.renew_or_use(token, egress, clock, limits).await;
            }
        }
        let asking = clock.limit(limits.deadline, self.asking.lock()).await;
        let _asking = asking.map_err(|_| TokenError::too_late(self.grant.host()))?;
        // Somebody may have been at it while this one waited.
        let step = self.known().step(clock.now());
        match step {
            Step::Use(token) | Step::RenewOrUse(token) => Ok(token),
            Step::Fail(error) => Err(error),
            Step::Ask => {
                let asked = self.ask(egress, clock, limits).await;
                asked.inspect_err(|error| {
                    // That this call's own time is over says nothing of the server.
                    let now = clock.now();
                    if limits.deadline.is_none_or(|deadline| now < deadline) {
                        self.known().refused = Some((now, error.clone()));
                    }
                })
            }
        }
    }

    /// Renews a token before its end, if nobody is at it. What is still good is not given up for a
    /// server that is away for a moment.
    async fn renew_or_use(
        &self,
        token: Token,
        egress: &Egress,
        clock: &Clock,
        limits: &Limits,
    ) -> Result<Token, TokenError> {
        let Ok(_asking) = self.asking.try_lock() else {
            return Ok(token);
        };
        let now = clock.now();
        // Another thread may have done it just now.
        let step = self.known().step(now);
        if let Step::Use(token) = step {
            return Ok(token);
        }
        // The call itself needs time too.
        let left = limits
            .deadline
            .map(|deadline| deadline.saturating_duration_since(now) / 2);
        let limits = Limits {
            deadline: Some(now + left.unwrap_or(RENEWAL_MAX).min(RENEWAL_MAX)),
            ..limits.clone()
        };
        let asked = self.ask(egress, clock, &limits).await;
        asked.or_else(|error| {
            let now = clock.now();
            self.known().refused = Some((now, error.clone()));
            if now < token.ends_at {
                Ok(token)
            } else {
                Err(error)
            }
        })
    }

    /// Forgets a token that the upstream refused, unless it has been renewed since.
    pub(crate) fn discard(&self, refused: &Token) {
        let mut known = self.known();
        let is_same = |token: &mut Token| token.number == refused.number;
        known.token.take_if(is_same);
    }

    async fn ask(
        &self,
        egress: &Egress,
        clock: &Clock,
        limits: &Limits,
    ) -> Result<Token, TokenError> {
        // Its life is counted from before it was asked for.
        let asked_at = clock.now();
        let granted = self.fetch(egress, clock, limits).await?;
        Ok(self.known().keep(granted, asked_at))
    }

    async fn fetch(
        &self,
        egress: &Egress,
        clock: &Clock,
        limits: &Limits,
    ) -> Result<Granted, TokenError> {
        let request = self.grant.request(clock.wall())?;
        let body = Body::from(request.body);
        let host = self.grant.host();
        let answer = egress
            .send(&request.origin, &request.head, body, limits)
            .await
            .map_err(|err| TokenError::of(&failure::of_send(err, host)))?;
        let status = answer.status();
        let body = Limited::new(answer.into_body(), ANSWER_BYTES_MAX);
        let body = body.collect().await.map_err(|_| TokenError {
            kind: ErrorKind::TokenRefused,
            message: format!("the answer of the token server `{host}` could not be read"),
            hint: "ask again later".to_owned(),
        })?;
        Ok(grant::read(status, &body.to_bytes(), &request.secrets)?)
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
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
    fn of(error: &Error) -> Self {
        Self {
            kind: error.kind(),
            message: error.to_string(),
            hint: error.hint().unwrap_or_default().to_owned(),
        }
    }

    fn too_late(host: &str) -> Self {
        let kind = ErrorKind::CallTimeout;
        Self {
            kind,
            message: format!("the time that the caller allows ended before `{host}` gave a token"),
            hint: explain::remedy(kind).to_owned(),
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
        }
    }
}
