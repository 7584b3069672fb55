//! Runs a connector's examples: each call through the stages up to sending, its request compared
//! with the one that was recorded.
//!
//! What the recorded answers mean was compared when the connector was loaded.

use std::sync::Arc;

use http::uri::PathAndQuery;
use http::{HeaderMap, Request, header};
use serde_json::Value;
use trunkline_connector::compose;
use trunkline_connector::format::{BodyText, Class};
use trunkline_connector::{Connector, Example, ExampleRequest, Inputs, Operation};
use trunkline_egress::{Body, Clock};

use crate::call::Call;
use crate::catalog::Catalog;
use crate::client::Trunkline;
use crate::config::{Config, Layers};
use crate::error::{Error, ErrorKind};
use crate::pipeline;
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
    let outcomes = connector.examples.iter().map(|example| Outcome {
        example: example.name.clone(),
        result: run_one(&engine, connector, example),
    });
    Ok(outcomes.collect())
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
    let examples = connector
        .secrets
        .iter()
        .map(|spec| (spec.env.clone(), spec.example.clone()));
    let secrets = Secrets::read(&Environment::new(examples), Vec::new());
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
    compare(
        &request.map_err(|error| error.to_string())?,
        &example.request,
        connector,
    )
}

fn incomplete(
    connector: &Connector,
    operation: &Operation,
    inputs: &Inputs,
) -> Result<Call, String> {
    let secret = |name: &str| {
        let spec = connector.secrets.iter().find(|spec| spec.name == name)?;
        Some(spec.example.clone())
    };
    let composed = compose::compose_incomplete(operation, inputs, secret).map_err(|problems| {
        let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
        problems.join("; ")
    })?;
    let path = PathAndQuery::try_from(composed.path_and_query)
        .map_err(|err| format!("its path cannot be used: {err}"))?;
    let mut call = Call::path(connector.name, composed.method, path);
    call.headers = composed.headers;
    if let Some((content_type, bytes)) = composed.body {
        call.headers.insert(header::CONTENT_TYPE, content_type);
        call.body = Body::from(bytes);
    }
    Ok(call)
}

fn compare(
    request: &Request<Body>,
    expected: &ExampleRequest,
    connector: &Connector,
) -> Result<(), String> {
    differs(
        "the method",
        request.method().as_str(),
        expected.method.as_str(),
    )?;
    let base = connector.base_url.path().trim_end_matches('/');
    let path = request.uri().to_string();
    differs(
        "the path",
        path.strip_prefix(base).unwrap_or(&path),
        &expected.path,
    )?;
    for (name, value) in &expected.headers {
        let sent = request
            .headers()
            .get(name)
            .map_or(&b""[..], |value| value.as_bytes());
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
    }
}

/// Headers that are sent although the example does not know of them.
fn unexpected(
    sent: &HeaderMap,
    expected: &ExampleRequest,
    connector: &Connector,
) -> Result<(), String> {
    for name in sent.keys() {
        let is_general = *name == header::HOST || *name == header::CONTENT_LENGTH;
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
