//! One HTTP exchange: the request out, the answer's head back.

use http::{Request, Response};
use trunkline_egress::{Body, Egress, Limits, Received, SendError};

use super::authorize::Granted;
use super::sign::Signed;

/// What came of one exchange.
pub(super) struct Sent(pub(super) Result<Response<Received>, SendError>);

/// Sends one attempt's request, within the connector's time limits and the caller's deadline.
///
/// Dropped early, it cancels the exchange at once.
pub(super) async fn send(egress: &Egress, granted: &Granted, signed: Signed) -> Sent {
    let time = &granted.installed().time_limits;
    let limits = Limits {
        connect: time.connect,
        first_byte: time.first_byte,
        idle: time.idle,
        deadline: granted.deadline,
    };
    let request: Request<Body> = signed.into_request();
    Sent(
        egress
            .send(&granted.installed().origin, request, &limits)
            .await,
    )
}
