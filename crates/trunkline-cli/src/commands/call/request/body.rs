//! Writes inputs into the body of a call by path, in the connector's own way.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, header};
use serde_json::Value;
use trunkline::Body;
use trunkline_connector::format::BodyKind;
use trunkline_connector::{Connector, Inputs, compose};

const FORM: HeaderValue = HeaderValue::from_static("application/x-www-form-urlencoded");
const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// Writes the inputs, and the header `Content-Type` where there is none.
pub(super) fn write(inputs: Inputs, kind: BodyKind, headers: &mut HeaderMap) -> Body {
    let (content_type, text) = match kind {
        BodyKind::Form => (FORM, compose::encode_form(&inputs)),
        BodyKind::FormRepeated => (FORM, compose::encode_repeated(&inputs)),
        BodyKind::Json
        | BodyKind::None
        | BodyKind::Multipart
        | BodyKind::Graphql
        | BodyKind::Raw => (JSON, Value::Object(inputs).to_string()),
    };
    headers.entry(header::CONTENT_TYPE).or_insert(content_type);
    Body::Full(Bytes::from(text))
}

/// As the header `Content-Type` says; else as the operation at that path, or else the connector,
/// writes bodies.
pub(super) fn kind(
    connector: &Connector,
    method: &Method,
    path: &str,
    content_type: Option<&HeaderValue>,
) -> BodyKind {
    let form = usual_form(connector);
    if let Some(content_type) = content_type {
        let is_form = content_type.as_bytes().starts_with(FORM.as_bytes());
        return if is_form {
            form.unwrap_or(BodyKind::Form)
        } else {
            BodyKind::Json
        };
    }
    let operation = connector.operation_at(method, path);
    let operation = operation.and_then(|place| connector.operations.get(place));
    match operation.map(|operation| operation.body) {
        Some(kind) if kind != BodyKind::None => kind,
        _ => form.unwrap_or(BodyKind::Json),
    }
}

/// The kind of form that a connector's operations use, unless they use JSON as well.
fn usual_form(connector: &Connector) -> Option<BodyKind> {
    let mut form = None;
    for operation in &connector.operations {
        match operation.body {
            BodyKind::None | BodyKind::Multipart | BodyKind::Graphql | BodyKind::Raw => {}
            BodyKind::Json => return None,
            BodyKind::Form | BodyKind::FormRepeated => form = Some(operation.body),
        }
    }
    form
}
