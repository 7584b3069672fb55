//! Compares a request's body with what its operation takes, before anything is sent.

use bytes::{Bytes, BytesMut};
use http::header;
use http_body_util::BodyExt as _;
use trunkline_connector::format::BodyKind;
use trunkline_egress::clock::Elapsed;
use trunkline_egress::{Body, Replayable};

use super::super::authorize::{Granted, REPLAY_MAX};
use super::judge::{Judge, Packed, Unjudged};
use super::{BYTES_MAX, TOO_MUCH, TOO_STRANGE, usable};
use crate::call::Validate;
use crate::client::Trunkline;
use crate::error::{Error, ErrorKind};
use crate::held::{self, Encoding};
use crate::schema::Findings;

/// The longest body that counts as none where it is only blanks.
const BLANK_BYTES_MAX: usize = 64;

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
    let judge = Judge {
        required: Vec::new(),
        schema: Some(schema),
    };
    let body = said(held::encoding(&granted.head.headers), &packed);
    let findings = match judge.judge(body, engine, deadline).await {
        Ok(findings) => findings,
        Err(Unjudged::NotJson) => Some(Findings::one("", "JSON", "something else")),
        Err(Unjudged::Unreadable) => return Err(too_large()),
        Err(Unjudged::TooMuch) => return Err(uncheckable(TOO_MUCH)),
        Err(Unjudged::TooStrange) => return Err(uncheckable(TOO_STRANGE)),
        Err(Unjudged::TooSlow) => {
            let message = "the time that the caller allows ended before its request was checked";
            return Err(Error::new(ErrorKind::CallTimeout, message));
        }
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

/// What a request's body says: without one, nothing.
fn said(encoding: Encoding, packed: &Bytes) -> Packed {
    let text = held::unfold(encoding, packed, BLANK_BYTES_MAX);
    if text.is_some_and(|text| text.trim_ascii().is_empty()) {
        return Packed {
            encoding: Encoding::Plain,
            bytes: Bytes::from_static(b"{}"),
        };
    }
    Packed {
        encoding,
        bytes: packed.clone(),
    }
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

fn uncheckable(why: &str) -> Error {
    Error::new(ErrorKind::BodyTooLarge, format!("the request {why}"))
}

fn too_large() -> Error {
    let message = format!(
        "the request cannot be checked: it is larger than {BYTES_MAX} bytes, or compressed otherwise than with gzip"
    );
    Error::new(ErrorKind::BodyTooLarge, message)
}
