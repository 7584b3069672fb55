//! Says whether a caller may ask anything more of us for now.

use trunkline_limit::Reserved;

use super::authorize::Granted;
use super::record::Record;
use crate::callers::Callers;
use crate::error::{Error, ErrorKind};

/// A granted call whose caller may make it.
pub(super) struct Admitted {
    pub(super) granted: Box<Granted>,
    _made: Made,
}

/// Only this file makes an [`Admitted`].
struct Made;

/// Counts the call against its caller's limits, whether it will be answered from memory or not.
///
/// # Errors
/// [`ErrorKind::CallerLimitReached`]: nobody waits for a limit that is the caller's own.
pub(super) fn admit(
    granted: Box<Granted>,
    callers: &Callers,
    record: &Record,
) -> Result<Admitted, Error> {
    let reserved = callers.reserve(&granted.caller, record.trail.started());
    match reserved {
        Reserved::Now | Reserved::At { .. } => Ok(Admitted {
            granted,
            _made: Made,
        }),
        Reserved::Refused { retry_after, .. } => {
            let message = "this caller has made as many calls as `callers.limit` allows";
            let error = Error::new(ErrorKind::CallerLimitReached, message)
                .with_hint("send fewer calls, or raise `callers.limit`")
                .with_retry_after(retry_after);
            match callers.fields(&granted.caller, record.trail.started()) {
                Some(fields) => Err(error.with_quota(fields)),
                None => Err(error),
            }
        }
        Reserved::TooHeavy { .. } => Err(Error::new(
            ErrorKind::Internal,
            "a call weighs more than the limit of its caller holds",
        )),
    }
}
