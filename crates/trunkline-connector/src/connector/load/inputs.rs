//! What operations take: where inputs go, what they may be, and how they make the body.

use std::collections::BTreeMap;

use http::{HeaderValue, Method};
use serde_json::Value;

use super::auth;
use super::check::Check;
use super::operations::Found;
use crate::compose;
use crate::connector::Input;
use crate::document::Path;
use crate::format::{
    BodyKind, ConnectorFile, InputKind, InputPlace, InputSection, Need, OperationSection,
};
use crate::{graphql, media};

pub(super) fn check(
    check: &mut Check<'_>,
    found: &Found<'_>,
    connector: Option<&ConnectorFile>,
) -> Vec<Input> {
    let section = found.section;
    let mut inputs: Vec<Input> = Vec::new();
    for (name, input) in &section.inputs {
        let path = found.path.key("inputs").key(name);
        let one = Input {
            name: name.clone(),
            place: place_of(section, name, input),
            kind: input.kind,
            need: input.need,
            default: input.default.clone(),
            one_of: input.one_of.clone(),
            sent_as: input.sent_as.clone(),
            lists: input.lists,
            objects: input.objects,
            about: input.about.clone(),
        };
        place(check, &path, &one, section);
        names(check, &path, &one, (section, connector));
        values(check, &path, &one);
        styles(check, &path, &one, section);
        let is_same =
            |other: &&Input| other.place == one.place && other.wire_name() == one.wire_name();
        if let Some(other) = inputs.iter().find(is_same) {
            let message = format!("`{name}` and `{}` have one name in the request", other.name);
            check.refuse(&path, message);
        }
        inputs.push(one);
    }
    inputs
}

/// Where an input goes that does not say so: it may be the address or the body itself.
fn place_of(section: &OperationSection, name: &str, input: &InputSection) -> InputPlace {
    let is_address = section
        .address
        .as_ref()
        .is_some_and(|address| address.input == name);
    match input.place {
        Some(place) => place,
        None if is_address => InputPlace::Address,
        None if section.body_input.as_deref() == Some(name) => InputPlace::Body,
        None => compose::place_of_rest(section.body, section.body_input.as_deref()),
    }
}

fn place(check: &mut Check<'_>, path: &Path, input: &Input, section: &OperationSection) {
    let name = &input.name;
    let body_input = section.body_input.as_ref();
    match input.place {
        InputPlace::Path if input.need == Need::Optional && input.default.is_none() => {
            let message = format!("`{name}` is part of the path, which needs it");
            check.refuse_with(path, message, "write `need = \"required\"`");
        }
        InputPlace::Body if section.body == BodyKind::None => {
            let message = format!("`{name}` goes into the body, and the operation has none");
            let hint = "give the operation a `body`: `json`, `form` or another kind";
            check.refuse_with(path, message, hint);
        }
        InputPlace::Body if body_input.is_some_and(|body| body != name) => {
            let body = body_input.map_or("", String::as_str);
            let message = format!("`{name}` goes into the body, which is `{body}` alone");
            check.refuse_with(path, message, "leave `in` out; it then goes into the query");
        }
        InputPlace::Address
            if section
                .address
                .as_ref()
                .is_none_or(|address| address.input != *name) =>
        {
            let message = format!("`{name}` is not the address of this operation");
            check.refuse_with(path, message, "name it in `address`, or write another `in`");
        }
        InputPlace::Path
        | InputPlace::Query
        | InputPlace::Header
        | InputPlace::Body
        | InputPlace::Address => {}
    }
    let takes_files = match section.body {
        BodyKind::Multipart => input.place == InputPlace::Body,
        BodyKind::Raw => body_input == Some(name),
        BodyKind::None
        | BodyKind::Json
        | BodyKind::Form
        | BodyKind::FormRepeated
        | BodyKind::Graphql => false,
    };
    if input.kind == InputKind::File && !takes_files {
        let message =
            format!("`{name}` is a file, which only stands in a `multipart` or `raw` body");
        check.refuse(&path.key("type"), message);
    }
}

fn names(
    check: &mut Check<'_>,
    path: &Path,
    input: &Input,
    (section, connector): (&OperationSection, Option<&ConnectorFile>),
) {
    let is_nameless = match input.place {
        InputPlace::Path | InputPlace::Address => true,
        InputPlace::Body => section.body_input.is_some(),
        InputPlace::Query | InputPlace::Header => false,
    };
    if input.sent_as.is_some() && is_nameless {
        let message = format!("`{}` has no name in the request", input.name);
        check.refuse_with(&path.key("sent_as"), message, "leave `sent_as` out");
    }
    let name = input.wire_name();
    if name.is_empty() {
        check.refuse(path, "an empty text is no name of an input");
    }
    let Some(file) = connector else {
        return;
    };
    if input.place == InputPlace::Header {
        let header = check.request_header(path, name);
        if header.is_some_and(|header| auth::headers_of(&file.auth).contains(&header)) {
            check.refuse(path, format!("`{name}` is the header that `[auth]` sets"));
        }
    }
    if input.place == InputPlace::Query && auth::query_fields_of(&file.auth).contains(&name) {
        let message = format!("`{name}` is the query field that `[auth]` sets");
        check.refuse(path, message);
    }
}

/// The default and the allowed values fit each other and the input's kind.
fn values(check: &mut Check<'_>, path: &Path, input: &Input) {
    let name = &input.name;
    let kind = input.kind;
    for (index, value) in input.one_of.iter().enumerate() {
        let path = path.key("one_of").index(index);
        let is_single = value.is_string() || value.is_number() || value.is_boolean();
        let fits = match kind {
            InputKind::Array | InputKind::Any => is_single,
            InputKind::Object | InputKind::File => false,
            InputKind::String | InputKind::Integer | InputKind::Number | InputKind::Boolean => {
                kind.takes(value)
            }
        };
        if !fits {
            let message = match kind {
                InputKind::Object | InputKind::File => {
                    format!(
                        "`{name}` is {}, whose values cannot be listed",
                        kind.in_words()
                    )
                }
                InputKind::Array | InputKind::Any => {
                    format!("`{value}` is no single value")
                }
                InputKind::String | InputKind::Integer | InputKind::Number | InputKind::Boolean => {
                    format!("`{value}` is not {}", kind.in_words())
                }
            };
            check.refuse(&path, message);
        } else if input
            .one_of
            .iter()
            .take(index)
            .any(|earlier| earlier == value)
        {
            check.refuse(&path, format!("`{value}` stands twice"));
        }
    }
    let Some(default) = &input.default else {
        return;
    };
    let path = path.key("default");
    if input.need == Need::Required {
        let message = format!("`{name}` is required, and so never left out");
        check.refuse_with(&path, message, "leave `need` or `default` out");
    }
    if kind == InputKind::File || !kind.takes(default) {
        let message = format!("the default of `{name}` is not {}", kind.in_words());
        check.refuse(&path, message);
    } else if !compose::is_allowed(&input.one_of, default) {
        let allowed = compose::listed(&input.one_of);
        let hint = format!("allowed: {allowed}");
        check.refuse_with(&path, format!("`{default}` is not in `one_of`"), hint);
    }
}

/// Styles say something only where lists and objects are written as text.
fn styles(check: &mut Check<'_>, path: &Path, input: &Input, section: &OperationSection) {
    let is_text = match input.place {
        InputPlace::Query => true,
        InputPlace::Body => matches!(
            section.body,
            BodyKind::Form | BodyKind::FormRepeated | BodyKind::Multipart
        ),
        InputPlace::Path | InputPlace::Header | InputPlace::Address => false,
    };
    let is_nested = matches!(
        input.kind,
        InputKind::Array | InputKind::Object | InputKind::Any
    );
    for (key, is_there) in [
        ("lists", input.lists.is_some()),
        ("objects", input.objects.is_some()),
    ] {
        if is_there && !(is_text && is_nested) {
            let message = format!("`{key}` says how lists and objects stand in a query or a form");
            let hint = format!("`{}` is none that stands there; leave it out", input.name);
            check.refuse_with(&path.key(key), message, hint);
        }
    }
}

/// How the inputs make the body. Gives the content type of a raw one.
pub(super) fn body(check: &mut Check<'_>, found: &Found<'_>) -> Option<HeaderValue> {
    let (section, path) = (found.section, &found.path);
    let method = section.method.method();
    if section.body != BodyKind::None && (method == Method::GET || method == Method::HEAD) {
        let message = format!("a {method} request has no body");
        check.refuse_with(
            &path.key("body"),
            message,
            "leave `body` out; inputs then go into the query",
        );
    }
    if section.body == BodyKind::None && section.request_schema.is_some() {
        let message = "a request without a body has no schema";
        check.refuse(&path.key("request_schema"), message);
    }
    body_input(check, found);
    if section.body == BodyKind::Graphql {
        document(check, found);
    }
    let content_type = section.content_type.as_ref()?;
    let at = path.key("content_type");
    let value = check.header_value(&at, content_type)?;
    match section.body {
        BodyKind::Raw => {}
        BodyKind::Json if media::is_json(content_type) => {}
        BodyKind::Json => {
            let hint = "allowed: `application/json` and what ends in `+json`";
            check.refuse_with(&at, format!("`{content_type}` is no JSON"), hint);
        }
        _ => {
            let message = "only a `raw` or `json` body says what it is";
            check.refuse_with(&at, message, "leave `content_type` out");
        }
    }
    Some(value)
}

fn body_input(check: &mut Check<'_>, found: &Found<'_>) {
    let section = found.section;
    let path = found.path.key("body_input");
    let Some(name) = &section.body_input else {
        if section.body == BodyKind::Raw {
            let message = "a `raw` body is one input's value";
            let hint = "name the input with `body_input`";
            check.refuse_with(&found.path.key("body"), message, hint);
        }
        return;
    };
    if !matches!(section.body, BodyKind::Json | BodyKind::Raw) {
        let message = "only a `json` or `raw` body is one input's value";
        check.refuse_with(&path, message, "leave `body_input` out");
        return;
    }
    let Some(input) = section.inputs.get(name) else {
        let message = format!("`{name}` is no input of this operation");
        check.refuse_with(&path, message, "declare it under `[operations.inputs]`");
        return;
    };
    if !matches!(input.place, None | Some(InputPlace::Body)) {
        let message = format!("`{name}` is the body and goes nowhere else");
        let at = found.path.key("inputs").key(name).key("in");
        check.refuse_with(&at, message, "leave `in` out");
    }
    if section.body == BodyKind::Raw && !matches!(input.kind, InputKind::File | InputKind::String) {
        let message = format!("`{name}` is the bytes of the body: a file or a text");
        let at = found.path.key("inputs").key(name).key("type");
        check.refuse_with(
            &at,
            message,
            "write `type = \"file\"` or `type = \"string\"`",
        );
    }
}

/// A GraphQL operation takes a document; one that it brings itself fits its other inputs.
fn document(check: &mut Check<'_>, found: &Found<'_>) {
    let section = found.section;
    let path = found.path.key("inputs");
    let query = section.inputs.get("query");
    let is_text = |input: &&InputSection| input.kind == InputKind::String;
    let Some(query) = query.filter(is_text) else {
        let hint = "declare it: `query = { type = \"string\", need = \"required\" }`";
        let message = "a GraphQL operation takes its document as the text `query`";
        check.refuse_with(&found.path.key("body"), message, hint);
        return;
    };
    let Some(Value::String(text)) = &query.default else {
        return;
    };
    let at = path.key("query").key("default");
    let document = match graphql::Document::parse(text) {
        Ok(document) => document,
        Err(errors) => {
            for error in errors {
                check.refuse(&at, format!("the document is no GraphQL: {error}"));
            }
            return;
        }
    };
    let declared: BTreeMap<&str, &InputSection> = section
        .inputs
        .iter()
        .map(|(name, input)| (input.sent_as.as_deref().unwrap_or(name), input))
        .collect();
    for variable in document.operations.iter().flat_map(|one| &one.variables) {
        match declared.get(variable.name.as_str()) {
            None => {
                let message = format!("`${}` is no input of this operation", variable.name);
                check.refuse_with(&at, message, "declare it under `[operations.inputs]`");
            }
            Some(input)
                if variable.is_required()
                    && input.need == Need::Optional
                    && input.default.is_none() =>
            {
                let message = format!("the document needs `${}`", variable.name);
                let hint = "write `need = \"required\"` at the input";
                check.refuse_with(&at, message, hint);
            }
            Some(_) => {}
        }
    }
}
