//! How each page is asked for: the call as it was given, with what leads to the page in its place.

#[cfg(test)]
mod tests;

use bytes::Bytes;
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use serde_json::{Map, Value};
use trunkline_connector::compose::{self, ComposedBody};
use trunkline_connector::format::{BodyKind, InputPlace};
use trunkline_connector::{ConnectorName, Inputs, Operation};
use trunkline_egress::Body;

use super::fields;
use crate::call::{Call, Files, JudgeBy, Options, Target};
use crate::error::{Error, ErrorKind};

const FORM: &str = "application/x-www-form-urlencoded";

/// The call of one page after another.
#[derive(Debug)]
pub(super) struct Asking {
    connector: ConnectorName,
    target: Target,
    headers: HeaderMap,
    body: Bytes,
    files: Files,
    options: Options,
}

impl Asking {
    /// Takes a call that can be made again and again.
    ///
    /// # Errors
    /// [`ErrorKind::BodyTooLarge`], if its body is still on its way.
    pub(super) fn new(call: Call) -> Result<Self, Error> {
        let Call {
            connector,
            target,
            mut headers,
            body,
            files,
            options,
        } = call;
        let body = match body {
            Body::Empty => Bytes::new(),
            Body::Full(bytes) => bytes,
            Body::Stream(_) | Body::Replay(_) => {
                let message = "the request's body is sent with every page, and this one is too large to be kept";
                return Err(Error::new(ErrorKind::BodyTooLarge, message)
                    .with_hint("send no more than 64 KiB, or read page by page"));
            }
        };
        // The body may become another one.
        headers.remove(header::CONTENT_LENGTH);
        // A page is read to its end in any case.
        let options = Options {
            judge_by: JudgeBy::Whole,
            ..options
        };
        Ok(Self {
            connector,
            target,
            headers,
            body,
            files,
            options,
        })
    }

    /// The call of the page that is next.
    pub(super) fn call(&self) -> Call {
        Call {
            connector: self.connector,
            target: self.target.clone(),
            headers: self.headers.clone(),
            body: Body::from(self.body.clone()),
            files: self.files.clone(),
            options: self.options.clone(),
        }
    }

    /// Those of the call's inputs that have these names, wherever they stand.
    pub(super) fn inputs<'n>(
        &self,
        operation: &Operation,
        names: impl IntoIterator<Item = &'n str>,
    ) -> Inputs {
        let given = |name: &str| match &self.target {
            Target::Operation { inputs, .. } => inputs.get(name).cloned(),
            Target::Path { path_and_query, .. } => self.read(
                operation,
                (name, path_and_query.query().unwrap_or_default()),
            ),
        };
        let names = names.into_iter();
        names
            .filter_map(|name| Some((name.to_owned(), given(name)?)))
            .collect()
    }

    fn read(&self, operation: &Operation, (name, query): (&str, &str)) -> Option<Value> {
        let (place, wire) = spot(operation, name);
        match place {
            InputPlace::Query => fields::get(query, wire).map(Value::from),
            InputPlace::Header => {
                let value = self.headers.get(wire)?.to_str().ok()?;
                Some(Value::from(value))
            }
            InputPlace::Body => match self.body_kind(operation) {
                BodyKind::Form | BodyKind::FormRepeated => {
                    fields::get(str::from_utf8(&self.body).ok()?, wire).map(Value::from)
                }
                BodyKind::Graphql => self.json()?.get("variables")?.get(wire).cloned(),
                BodyKind::None | BodyKind::Json | BodyKind::Multipart | BodyKind::Raw => {
                    self.json()?.get(wire).cloned()
                }
            },
            InputPlace::Path | InputPlace::Address => None,
        }
    }

    /// Sets an input of the call.
    ///
    /// # Errors
    /// If there is no place for it.
    pub(super) fn set(
        &mut self,
        operation: &Operation,
        name: &str,
        value: Value,
    ) -> Result<(), Error> {
        match &mut self.target {
            Target::Operation { inputs, .. } => {
                inputs.insert(name.to_owned(), value);
                Ok(())
            }
            Target::Path { path_and_query, .. } => {
                let (place, wire) = spot(operation, name);
                if place == InputPlace::Query {
                    let query = path_and_query.query().unwrap_or_default();
                    let query = fields::set(query, wire, &plain(&value));
                    *path_and_query = with_query(path_and_query.path(), &query)?;
                    return Ok(());
                }
                let wire = wire.to_owned();
                self.write(operation, (place, &wire), value)
            }
        }
    }

    /// How the body is written: some APIs take more than one form, and the request says which it is.
    fn body_kind(&self, operation: &Operation) -> BodyKind {
        let kind = self.headers.get(header::CONTENT_TYPE);
        let Some(kind) = kind.and_then(|kind| kind.to_str().ok()) else {
            return operation.body;
        };
        let kind = kind.split(';').next().unwrap_or_default().trim();
        match operation.body {
            BodyKind::Graphql => BodyKind::Graphql,
            BodyKind::FormRepeated if kind == FORM => BodyKind::FormRepeated,
            _ if kind.eq_ignore_ascii_case(FORM) => BodyKind::Form,
            _ if kind.eq_ignore_ascii_case("application/json") => BodyKind::Json,
            _ => BodyKind::Raw,
        }
    }

    fn write(
        &mut self,
        operation: &Operation,
        (place, name): (InputPlace, &str),
        value: Value,
    ) -> Result<(), Error> {
        if place == InputPlace::Header {
            let pair = (
                HeaderName::try_from(name),
                HeaderValue::try_from(plain(&value)),
            );
            let (Ok(name), Ok(value)) = pair else {
                return Err(no_place(operation, name, "it cannot be a header's value"));
            };
            self.headers.insert(name, value);
            return Ok(());
        }
        if place != InputPlace::Body {
            return Err(no_place(operation, name, "it is a part of the path"));
        }
        match self.body_kind(operation) {
            BodyKind::Form | BodyKind::FormRepeated => {
                let body = str::from_utf8(&self.body)
                    .map_err(|_| no_place(operation, name, "the body is no form"))?;
                self.body = fields::set(body, name, &plain(&value)).into();
                return Ok(());
            }
            BodyKind::None | BodyKind::Json | BodyKind::Graphql => {}
            BodyKind::Multipart | BodyKind::Raw => {
                return Err(no_place(operation, name, "the body is not made of inputs"));
            }
        }
        let Some(mut body) = self.json() else {
            return Err(no_place(operation, name, "the body is no JSON object"));
        };
        if operation.body == BodyKind::Graphql {
            let variables = body.entry("variables").or_insert(Value::Null);
            let mut known = variables.as_object().cloned().unwrap_or_default();
            known.insert(name.to_owned(), value);
            *variables = Value::Object(known);
        } else {
            body.insert(name.to_owned(), value);
        }
        self.body = Value::Object(body).to_string().into();
        Ok(())
    }

    /// Asks for what stands at a path from now on, with all else that the call says besides its
    /// address.
    ///
    /// # Errors
    /// If the path cannot be one, or the call's inputs fit no more.
    pub(super) fn go_to(&mut self, operation: &Operation, path: String) -> Result<(), Error> {
        let path_and_query = PathAndQuery::from_maybe_shared(Bytes::from(path)).map_err(|_| {
            let message = "the next page's address has a character that it cannot have";
            Error::new(ErrorKind::PagesBroken, message)
        })?;
        let method = match &self.target {
            Target::Path { method, .. } => method.clone(),
            Target::Operation { inputs, .. } => {
                // Secrets stand in paths only, and there is another path now.
                let composed = compose::compose(operation, inputs, |name| Some(name.to_owned()));
                let Ok(composed) = composed else {
                    let message = "the inputs of the first page do not fit the next one";
                    return Err(Error::new(ErrorKind::Internal, message));
                };
                self.headers.extend(composed.headers);
                for (name, value) in &composed.fixed_headers {
                    self.headers.entry(name).or_insert_with(|| value.clone());
                }
                if let Some(ComposedBody::Bytes {
                    content_type,
                    bytes,
                }) = composed.body
                {
                    self.headers.insert(header::CONTENT_TYPE, content_type);
                    self.body = bytes.into();
                }
                composed.method
            }
        };
        self.set_target(method, path_and_query);
        Ok(())
    }

    fn set_target(&mut self, method: Method, path_and_query: PathAndQuery) {
        self.target = Target::Path {
            method,
            path_and_query,
        };
    }

    /// The GraphQL document that is sent, and the name of the operation that is chosen from it.
    pub(super) fn document(&self, operation: &Operation) -> (Option<String>, Option<String>) {
        let text = |value: Option<&Value>| value?.as_str().map(str::to_owned);
        match &self.target {
            Target::Operation { inputs, .. } => {
                let declared = operation
                    .input("query")
                    .and_then(|input| input.default.as_ref());
                (
                    text(inputs.get("query").or(declared)),
                    text(inputs.get("operation_name")),
                )
            }
            Target::Path { .. } => {
                let body = self.json().unwrap_or_default();
                (text(body.get("query")), text(body.get("operationName")))
            }
        }
    }

    pub(super) fn target(&self) -> &Target {
        &self.target
    }

    /// The body as a JSON object; an empty one where there is no body.
    fn json(&self) -> Option<Map<String, Value>> {
        if self.body.is_empty() {
            return Some(Map::new());
        }
        serde_json::from_slice(&self.body).ok()
    }
}

/// Where an input goes, and its name there. A GraphQL variable need not be declared.
fn spot<'o>(operation: &'o Operation, name: &'o str) -> (InputPlace, &'o str) {
    match operation.input(name) {
        Some(input) => (input.place, input.wire_name()),
        None => (operation.place_of_rest(), name),
    }
}

/// As a query, a form or a header writes it.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn with_query(path: &str, query: &str) -> Result<PathAndQuery, Error> {
    PathAndQuery::from_maybe_shared(Bytes::from(format!("{path}?{query}"))).map_err(|_| {
        let message = "the next page cannot be asked for in a query";
        Error::new(ErrorKind::BadUrl, message)
    })
}

fn no_place(operation: &Operation, name: &str, reason: &str) -> Error {
    let message = format!(
        "`{name}`, which leads to the next page of `{}`, cannot be set: {reason}",
        operation.name
    );
    Error::new(ErrorKind::BadInput, message)
}
