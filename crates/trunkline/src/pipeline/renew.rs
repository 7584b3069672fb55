//! Has ready what signing cannot wait for: a token that is good now, a body that is whole.

use std::sync::Arc;

use trunkline_egress::GatherError;

use super::authorize::Granted;
use crate::client::Trunkline;
use crate::credential::{Means, Proof};
use crate::error::{Error, ErrorKind};
use crate::explain;

/// A body that a signature covers is read up to this size.
const SIGNED_BYTES_MAX: usize = 8 * 1024 * 1024;

/// Whether there is anything to wait for. Nearly always there is not.
pub(super) fn is_needed(granted: &Granted) -> bool {
    match granted.proof(&granted.installed) {
        Ok(Some(Proof::Token(_))) => true,
        Ok(Some(proof)) => proof.covers_body() && granted.body.whole().is_none(),
        Ok(None) | Err(_) => false,
    }
}

/// Waits for it.
///
/// # Errors
/// [`ErrorKind::TokenRefused`] or why the token server cannot be asked; [`ErrorKind::BodyTooLarge`],
/// [`ErrorKind::CallerGone`]; [`ErrorKind::CallTimeout`].
pub(super) async fn renew(engine: &Trunkline, granted: &mut Granted) -> Result<(), Error> {
    let installed = Arc::clone(&granted.installed);
    let clock = engine.clock();
    if let Some(Proof::Token(tokens)) = granted.proof(&installed)? {
        let means = Means {
            egress: engine.egress(),
            clock,
            limits: &granted.limits,
            retry: &installed.retry,
        };
        let token = tokens.current(means).await;
        let title = &installed.connector.title;
        granted.token = Some(token.map_err(|error| error.to_error(title))?);
        return Ok(());
    }
    let deadline = granted.limits.deadline;
    let gathered = clock
        .limit(deadline, granted.body.gather(SIGNED_BYTES_MAX))
        .await;
    gathered.map_or_else(|_| Err(too_late()), |gathered| gathered.map_err(not_whole))
}

fn not_whole(error: GatherError) -> Error {
    let (kind, message) = match &error {
        GatherError::TooLarge(_) => (
            ErrorKind::BodyTooLarge,
            format!("the signature covers the body, and {error}"),
        ),
        GatherError::Broken(_) => (
            ErrorKind::CallerGone,
            "the request's body ended too early".to_owned(),
        ),
    };
    let hint = match error {
        GatherError::TooLarge(_) => "send less at once; this API's requests are signed as a whole",
        GatherError::Broken(_) => explain::remedy(kind),
    };
    Error::new(kind, message).with_hint(hint).with_source(error)
}

fn too_late() -> Error {
    let kind = ErrorKind::CallTimeout;
    let message = "the time that the caller allows ended before the request's body was there";
    Error::new(kind, message).with_hint(explain::remedy(kind))
}
