//! Inputs and operations of a made-up API, for tests of what is done with them.

use crate::connector::{Input, Operation, OperationTarget};
use crate::format::{BodyKind, InputKind, InputPlace, Need, OperationAuth, Repeatable, ReplyKind};

/// An optional input without anything special.
pub(crate) fn input(name: &str, place: InputPlace, kind: InputKind) -> Input {
    Input {
        name: name.to_owned(),
        place,
        kind,
        need: Need::Optional,
        default: None,
        one_of: Vec::new(),
        sent_as: None,
        lists: None,
        objects: None,
        about: None,
    }
}

/// A POST below the base address.
pub(crate) fn operation(path: &str, body: BodyKind, inputs: Vec<Input>) -> Operation {
    Operation {
        name: "things.update".to_owned(),
        title: "Change a thing".to_owned(),
        method: http::Method::POST,
        target: OperationTarget::Path(path.parse().unwrap()),
        docs: "https://example.com".to_owned(),
        auth: OperationAuth::Connector,
        headers: Vec::new(),
        upgrade: None,
        body,
        body_input: None,
        content_type: None,
        request_schema: None,
        repeatable: Repeatable::ByMethod,
        pagination: None,
        not_paged_with: Vec::new(),
        items: None,
        page_info: None,
        poll: None,
        inputs,
        reply_body: ReplyKind::Json,
        reply_required: Vec::new(),
        reply_schema: None,
        event_schema: None,
    }
}
