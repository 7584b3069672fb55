//! One HTTP exchange: the request out, the answer's head back.

use http::Response;
use trunkline_egress::{Egress, Received, SendError};

use super::sign::Signed;

/// What came of one exchange. Only the door to the outside makes either.
pub(super) type Sent = Result<Response<Received>, SendError>;

/// Sends one attempt's request, within the connector's time limits and the caller's deadline.
///
/// Dropped early, it cancels the exchange at once.
pub(super) fn send<'a>(
    egress: &'a Egress,
    signed: Signed<'a>,
) -> impl Future<Output = Sent> + Send + use<'a> {
    let Signed { granted, body } = signed;
    egress.send(&granted.origin, &granted.head, body, &granted.limits)
}
