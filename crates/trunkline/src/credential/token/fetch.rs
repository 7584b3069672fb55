//! Asks a token server, several times where that can help, within a time of its own.

use std::sync::Arc;
use std::time::Instant;

use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use tokio::sync::watch;
use trunkline_egress::{Body, Clock, Egress, Limits, SendError, SendErrorKind};

use super::{ASKING_MAX, Nature, Shared, Token, TokenError};
use crate::credential::grant::{self, Granted};
use crate::error::ErrorKind;
use crate::failure;
use crate::pipeline::retry::{
    self, Budget, Decision, Ending, Repeatable, Replay, RetryPolicy, Ruling, Situation,
};

/// Token servers answer with a few hundred bytes.
const ANSWER_BYTES_MAX: usize = 64 * 1024;

/// Whoever asks. It owns all that it needs, since it outlives the call that it began with.
pub(super) struct Fetch {
    pub(super) shared: Arc<Shared>,
    pub(super) egress: Egress,
    pub(super) clock: Clock,
    /// Without a deadline: that of all is `until`.
    pub(super) limits: Limits,
    pub(super) retry: RetryPolicy,
    pub(super) until: Instant,
}

impl Fetch {
    /// Asks, keeps what came of it, and tells those who wait.
    pub(super) async fn run(self, tell: watch::Sender<Option<Result<Token, TokenError>>>) {
        let asked = self.clock.limit(Some(self.until), self.ask()).await;
        let asked = asked.unwrap_or_else(|_| Err(TokenError::too_slow(self.shared.grant.host())));
        let outcome = {
            let mut known = self.shared.known();
            known.asked = None;
            match asked {
                Ok((granted, asked_at)) => Ok(known.keep(granted, asked_at)),
                Err(error) => {
                    known.refuse(error.clone(), self.clock.now());
                    Err(error)
                }
            }
        };
        tell.send_replace(Some(outcome));
    }

    /// What was granted, and when it was asked for: from then on its life is counted.
    async fn ask(&self) -> Result<(Granted, Instant), TokenError> {
        let mut attempt = 1;
        loop {
            let asked_at = self.clock.now();
            let error = match self.ask_once().await {
                Ok(granted) => return Ok((granted, asked_at)),
                Err(error) => error,
            };
            match self.decide(attempt, error.nature) {
                Decision::After(wait) => self.clock.sleep(wait).await,
                Decision::Settle(_) | Decision::Renew => return Err(error),
            }
            attempt += 1;
        }
    }

    fn decide(&self, attempt: u32, nature: Nature) -> Decision {
        let situation = Situation {
            attempt,
            ending: match nature {
                Nature::Passing => Ending::Faulty,
                Nature::Lasting => Ending::Final,
            },
            // A second token does no harm.
            repeatable: Repeatable::Harmless,
            replay: Replay::Possible,
            ruling: Ruling::None,
            asked: None,
            time_left: Some(self.until.saturating_duration_since(self.clock.now())),
            budget: Budget::Left,
        };
        retry::decide(&self.retry, &situation, fastrand::f64())
    }

    async fn ask_once(&self) -> Result<Granted, TokenError> {
        let grant = &self.shared.grant;
        let host = grant.host();
        let request = grant.request(self.clock.wall())?;
        let body = Body::from(request.body);
        let sent = self
            .egress
            .send(&request.origin, &request.head, body, &self.limits);
        let answer = sent.await.map_err(|err| TokenError::unsent(err, host))?;
        let status = answer.status();
        let body = Limited::new(answer.into_body(), ANSWER_BYTES_MAX);
        let body = body.collect().await.map_err(|err| TokenError {
            kind: ErrorKind::TokenRefused,
            message: format!("the answer of the token server `{host}` could not be read"),
            hint: "ask again later".to_owned(),
            nature: if err.is::<LengthLimitError>() {
                Nature::Lasting
            } else {
                Nature::Passing
            },
        })?;
        Ok(grant::read(status, &body.to_bytes(), &request.secrets)?)
    }
}

impl TokenError {
    fn unsent(error: SendError, host: &str) -> Self {
        let nature = match error.kind() {
            SendErrorKind::AddressRefused
            | SendErrorKind::TlsFailed
            | SendErrorKind::RequestBodyFailed
            | SendErrorKind::RequestInvalid => Nature::Lasting,
            SendErrorKind::NameNotFound
            | SendErrorKind::LookUpFailed
            | SendErrorKind::ConnectFailed
            | SendErrorKind::ConnectTimeout
            | SendErrorKind::ProxyFailed
            | SendErrorKind::StaleConnection
            | SendErrorKind::RefusedByProtocol
            | SendErrorKind::ClosedBeforeAnswer
            | SendErrorKind::FirstByteTimeout
            | SendErrorKind::DeadlineExceeded
            | SendErrorKind::UpstreamMalformed => Nature::Passing,
        };
        let error = failure::of_send(error, host);
        Self {
            kind: error.kind(),
            message: error.to_string(),
            hint: error.hint().unwrap_or_default().to_owned(),
            nature,
        }
    }

    fn too_slow(host: &str) -> Self {
        let seconds = ASKING_MAX.as_secs();
        Self {
            kind: ErrorKind::FirstByteTimeout,
            message: format!("`{host}` gave no token within {seconds} seconds"),
            hint: "the token server is busy or out of order; ask again later".to_owned(),
            nature: Nature::Passing,
        }
    }
}
