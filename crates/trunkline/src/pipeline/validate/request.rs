//! Compares a request's body with what its operation takes, before anything is sent.

use bytes::{Bytes, BytesMut};
use http::header;
use http_body_util::BodyExt as _;
use serde_json::Value;
use trunkline_connector::format::BodyKind;
use trunkline_egress::clock::Elapsed;
use trunkline_egress::{Body, Replayable};

use super::super::authorize::{Granted, REPLAY_MAX};
use super::{BYTES_MAX, usable};
use crate::call::Validate;
use crate::client::Trunkline;
use crate::error::{Error, ErrorKind};
use crate::held;
use crate::schema::Findings;

/// Whether a request's body is to be looked at.
pub(in super::super) fn wants_request(granted: &Granted) -> bool {
    granted.validate == Validate::Enforce
}

/// Takes in a request's body and looks whether it is what the operation takes.
///
/// # Errors
/// [`ErrorKind::BadInput`] where it is not; nothing was sent then.
pub(in super::super) async fn look_at_request(
    engine: &Trunkline,
    granted: &mut Granted,
) -> Result<(), Error> {
    let Some(operation) = granted.operation() else {
        return Ok(());
    };
    if !matches!(operation.body, BodyKind::Json | BodyKind::Graphql) {
        return Ok(());
    }
    let Some(schema) = granted.check().and_then(|check| check.request()) else {
        return Ok(());
    };
    let name = operation.name.clone();
    let schema = usable(schema, &name)?;
    let Some(body) = granted.body.attempt() else {
        return Ok(());
    };
    let deadline = granted.limits.deadline;
    let taken = engine.clock().limit(deadline, take_in(body)).await;
    let packed = taken.map_err(|Elapsed| {
        let message = "the time that the caller allows ended before its request had come";
        Error::new(ErrorKind::CallTimeout, message)
    })??;
    let encoding = held::encoding(&granted.head.headers);
    let text = held::unfold(encoding, &packed, BYTES_MAX).ok_or_else(too_large)?;
    let findings = match serde_json::from_slice::<Value>(&text) {
        // Without a body, nothing is said.
        _ if text.trim_ascii().is_empty() => {
            schema.findings(&Value::Object(serde_json::Map::new()))
        }
        Ok(body) => schema.findings(&body),
        Err(_) => Some(Findings::one("", "JSON", "something else")),
    };
    if let Some(findings) = findings {
        let message = findings.wrong_request(&name);
        return Err(Error::new(ErrorKind::BadInput, message)
            .with_hint("nothing was sent; correct the body, or ask for no enforcement")
            .with_findings(findings));
    }
    if !packed.is_empty() {
        // A body that is all there has a length.
        granted.head.headers.remove(header::TRANSFER_ENCODING);
    }
    granted.body = Replayable::new(Body::from(packed), REPLAY_MAX);
    Ok(())
}

async fn take_in(body: Body) -> Result<Bytes, Error> {
    let mut body = match body {
        Body::Empty => return Ok(Bytes::new()),
        Body::Full(bytes) => return Ok(bytes),
        body => body,
    };
    let mut taken = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|err| {
            let message = "the request's body ended too early";
            Error::new(ErrorKind::CallerGone, message).with_source(err)
        })?;
        if let Ok(data) = frame.into_data() {
            taken.extend_from_slice(&data);
        }
        if BYTES_MAX < taken.len() {
            return Err(too_large());
        }
    }
    Ok(taken.freeze())
}

fn too_large() -> Error {
    let message = format!(
        "the request cannot be checked: it is larger than {BYTES_MAX} bytes, or compressed otherwise than with gzip"
    );
    Error::new(ErrorKind::BodyTooLarge, message)
}
