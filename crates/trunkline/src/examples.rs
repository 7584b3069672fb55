//! Runs a connector's examples: each call through the stages up to sending, its request compared
//! with the one that was recorded.
//!
//! What the recorded answers mean was compared when the connector was loaded. Whether they fit the
//! schemas that the connector promises is compared here.

use std::sync::Arc;

use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderName, HeaderValue, header};
use serde_json::Value;
use trunkline_connector::compose::{self, FileContent, PART_END, Part, Target, closing};
use trunkline_connector::format::{BodyText, Class, PartText};
use trunkline_connector::{Auth, Connector, Example, ExampleRequest, Inputs, Operation};
use trunkline_egress::{Body, Clock};

use crate::call::Call;
use crate::catalog::Catalog;
use crate::client::Trunkline;
use crate::config::{Config, Layers};
use crate::error::{Error, ErrorKind};
use crate::pipeline::{self, Prepared};
use crate::schema;
use crate::secret::{Environment, Secrets};

/// What came of one example.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The example's name.
    pub example: String,
    /// What differs from the recorded request, if anything.
    pub result: Result<(), String>,
}

/// Runs every example of a connector. Nothing is sent and no secret is needed.
///
/// # Errors
/// If the connector cannot be made ready at all.
pub fn run(connector: &Arc<Connector>) -> Result<Vec<Outcome>, Error> {
    let engine = engine(connector)?;
    let outcomes = connector.examples().iter().map(|example| Outcome {
        example: example.name.clone(),
        result: run_one(&engine, connector, example),
    });
    let mut outcomes: Vec<Outcome> = outcomes.collect();
    for (what, why) in schema::misfits(connector)? {
        let known = outcomes.iter_mut().find(|outcome| outcome.example == what);
        match known {
            Some(outcome) => outcome.result = outcome.result.clone().and(Err(why)),
            // A schema that cannot be used is told by its operation.
            None => outcomes.push(Outcome {
                example: what,
                result: Err(why),
            }),
        }
    }
    Ok(outcomes)
}

/// An engine that knows this connector alone, with the secrets' examples for secrets.
fn engine(connector: &Arc<Connector>) -> Result<Trunkline, Error> {
    let nothing = Environment::default();
    let layers = Layers {
        file: None,
        environment: &nothing,
        arguments: Vec::new(),
    };
    let (config, _) = Config::load(layers)
        .map_err(|_| Error::new(ErrorKind::Internal, "the default settings are wrong"))?;
    let secrets = Secrets::of_examples();
    let catalog = Catalog::of_one(Arc::clone(connector));
    Trunkline::new(Arc::new(config), catalog, &secrets, Clock::system())
}

fn run_one(engine: &Trunkline, connector: &Connector, example: &Example) -> Result<(), String> {
    let Some(operation) = connector.operations.get(example.operation) else {
        return Err("its operation does not exist".to_owned());
    };
    let call = Call::operation(
        connector.name,
        operation.name.as_str(),
        example.call.clone(),
    );
    let request = match pipeline::prepare(engine, call) {
        // An example may show what the API says when a required input is left out. By name such a
        // call is refused, so it is made by path.
        Err(error) if error.kind() == ErrorKind::BadInput && example.class != Class::Ok => {
            pipeline::prepare(engine, incomplete(connector, operation, &example.call)?)
        }
        prepared => prepared,
    };
    let prepared = request.map_err(|error| error.to_string())?;
    compare(&prepared, example, connector)
}

fn incomplete(
    connector: &Connector,
    operation: &Operation,
    inputs: &Inputs,
) -> Result<Call, String> {
    let example = |place: usize| Some(connector.secrets.get(place)?.example.clone());
    let secret = |name: &str| connector.secret_part(name, example);
    let composed = compose::compose_incomplete(operation, inputs, secret).map_err(|problems| {
        let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
        problems.join("; ")
    })?;
    let mut call = match composed.target {
        Target::Path(path) => {
            let path = PathAndQuery::try_from(path)
                .map_err(|err| format!("its path cannot be used: {err}"))?;
            Call::path(connector.name, composed.method, path)
        }
        Target::Address(_) => {
            let message = "a call to an address of its own needs all its inputs";
            return Err(message.to_owned());
        }
    };
    call.headers = composed.headers;
    for (name, value) in &composed.fixed_headers {
        call.headers.entry(name).or_insert_with(|| value.clone());
    }
    if let Some(body) = composed.body {
        let body = pipeline::body_of(body, &call.files).map_err(|error| error.to_string())?;
        call.headers.insert(header::CONTENT_TYPE, body.0);
        call.body = body.1;
    }
    Ok(call)
}

fn compare(prepared: &Prepared, example: &Example, connector: &Connector) -> Result<(), String> {
    let (request, expected) = (&prepared.request, &example.request);
    differs(
        "the method",
        request.method().as_str(),
        expected.method.as_str(),
    )?;
    let address = format!("{}{}", prepared.origin, request.uri());
    differs(
        "the address",
        &address,
        &expected_address(connector, example),
    )?;
    let signed = signed_headers(&connector.auth);
    for (name, value) in &expected.headers {
        let sent = request
            .headers()
            .get(name)
            .map_or(&b""[..], |value| value.as_bytes());
        // A signature is another one each time; that there is one is all that can be said.
        if signed.contains(name) && !sent.is_empty() {
            continue;
        }
        differs(
            name.as_str(),
            &String::from_utf8_lossy(sent),
            &String::from_utf8_lossy(value.as_bytes()),
        )?;
    }
    unexpected(request.headers(), expected, connector)?;
    let sent = match request.body() {
        Body::Full(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        _ => String::new(),
    };
    match &expected.body {
        BodyText::Empty => differs("the body", &sent, ""),
        BodyText::Form(text) | BodyText::Text(text) => differs("the body", &sent, text),
        BodyText::Json(text) => {
            let (sent, expected) = (parse(&sent)?, parse(text)?);
            differs("the body", &sent.to_string(), &expected.to_string())
        }
        BodyText::Events(_) => Err("a request's body cannot be a stream of events".to_owned()),
        BodyText::Parts(parts) => {
            let boundary = boundary(request.headers()).unwrap_or_default();
            differs("the body", &sent, &written(parts, boundary))
        }
    }
}

/// The whole address that an example's request goes to.
fn expected_address(connector: &Connector, example: &Example) -> String {
    let path = example.request.path.as_str();
    let operation = connector.operations.get(example.operation);
    let is_elsewhere = operation.is_some_and(|operation| operation.path().is_none());
    if let Some(host) = example.request.host.as_ref().filter(|_| is_elsewhere) {
        return format!("https://{host}{path}");
    }
    let host = connector.host_of(path);
    let (base, rest) = match host.and_then(|host| Some((host, host.rest(path)?))) {
        Some((host, rest)) => (&host.base_url, rest),
        None => (connector.base_url.example(), path),
    };
    format!("{}{rest}", base.as_str().trim_end_matches('/'))
}

/// Headers whose values are made anew for each attempt.
fn signed_headers(auth: &Auth) -> Vec<HeaderName> {
    match auth {
        Auth::Hmac(_) | Auth::AwsSigv4(_) => auth.headers(),
        Auth::AnyOf(ways) => ways.iter().flat_map(signed_headers).collect(),
        _ => Vec::new(),
    }
}

fn boundary(headers: &HeaderMap) -> Option<&str> {
    let kind = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    kind.strip_prefix("multipart/form-data; boundary=")
}

/// Parts as they are sent behind this boundary.
fn written(parts: &[PartText], boundary: &str) -> String {
    let mut text = Vec::new();
    for part in parts {
        let content_type = part.content_type.as_ref();
        let head = Part {
            name: part.name.clone(),
            file_name: part.file_name.clone(),
            content_type: content_type.and_then(|kind| HeaderValue::from_str(kind).ok()),
            content: FileContent::Bytes(Vec::new()),
        };
        text.extend(head.head(boundary));
        text.extend_from_slice(part.text.as_bytes());
        text.extend_from_slice(PART_END);
    }
    text.extend(closing(boundary));
    String::from_utf8_lossy(&text).into_owned()
}

/// Headers that are sent although the example does not know of them.
fn unexpected(
    sent: &HeaderMap,
    expected: &ExampleRequest,
    connector: &Connector,
) -> Result<(), String> {
    for name in sent.keys() {
        // The boundary of parts is ours.
        let is_general = *name == header::HOST
            || *name == header::CONTENT_LENGTH
            || (*name == header::CONTENT_TYPE && boundary(sent).is_some());
        let is_key = connector
            .idempotency
            .as_ref()
            .is_some_and(|declared| declared.header == *name);
        let is_expected = expected.headers.iter().any(|(known, _)| known == name);
        if !is_general && !is_key && !is_expected {
            return Err(format!(
                "the header `{name}` is sent, and the example does not have it"
            ));
        }
    }
    Ok(())
}

fn parse(text: &str) -> Result<Value, String> {
    serde_json::from_str(text).map_err(|err| format!("the body is no JSON: {err}"))
}

fn differs(what: &str, sent: &str, expected: &str) -> Result<(), String> {
    if sent == expected {
        return Ok(());
    }
    Err(format!(
        "{what} is `{sent}`, and the example has `{expected}`"
    ))
}

#[cfg(test)]
mod tests;
