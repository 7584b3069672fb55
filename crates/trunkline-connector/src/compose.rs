//! What HTTP request an operation and its inputs become. Pure.

mod body;
mod file;
mod form;
mod multipart;
mod place;
mod problem;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use http::{HeaderMap, HeaderName, HeaderValue, Method};
use url::Url;

use crate::connector::{Inputs, Operation, OperationTarget};
use crate::format::{BodyKind, InputPlace};
use crate::graphql::OperationKind;
use crate::template::{ExpandError, Template};
use place::Placed;

pub use file::{FileContent, FileValue};
pub use form::{encode_form, encode_query, encode_repeated};
pub use multipart::{PART_END, Part, closing};
pub(crate) use place::{is_allowed, listed};
pub use problem::InputProblem;

/// A request without the credential, which only the engine has.
#[derive(Debug, Clone)]
pub struct Composed {
    /// Its method.
    pub method: Method,
    /// Where it goes.
    pub target: Target,
    /// Headers that inputs became.
    pub headers: HeaderMap,
    /// Headers of the operation, to be sent where the caller sent none of that name.
    pub fixed_headers: HeaderMap,
    /// The body, where the operation has one.
    pub body: Option<ComposedBody>,
    /// What a GraphQL document asks for, which says more than the method whether it may be
    /// repeated. `None` for other bodies, and for documents that were not looked into.
    pub graphql: Option<OperationKind>,
}

/// Where a request goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// Path below the base address and query, ready to be sent.
    Path(String),
    /// An address of its own on one of the operation's hosts, with `https`. No credential goes
    /// there.
    Address(Url),
}

/// A body that was made of inputs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ComposedBody {
    /// Bytes that are there.
    Bytes {
        /// What they are.
        content_type: HeaderValue,
        /// The bytes.
        bytes: Vec<u8>,
    },
    /// The parts of a `multipart/form-data` body. Who sends them chooses the boundary.
    Multipart(Vec<Part>),
    /// A file's bytes, which whoever sends them reads.
    File {
        /// What they are.
        content_type: HeaderValue,
        /// The name by which the call knows the file.
        file: String,
    },
}

/// Makes the request of an operation. Inputs that the operation does not list are sent as well, in
/// the body where it has one that takes them, else in the query. Defaults are sent where an input
/// is left out.
///
/// Texts given for other kinds are taken where they are exactly that kind's JSON, since a command
/// line has only text: `1000` for a whole number, `[1, 2]` for a list.
///
/// # Errors
///
/// Every input that is missing or does not fit.
pub fn compose(
    operation: &Operation,
    inputs: &Inputs,
    secrets: impl Fn(&str) -> Option<String>,
) -> Result<Composed, Vec<InputProblem>> {
    let missing = place::missing(operation, inputs).collect();
    write(operation, inputs, secrets, (Extent::Whole, missing))
}

/// As [`compose`], but only the path's inputs must be there, values that are not among the allowed
/// ones are sent, and a GraphQL document is not looked into: for examples of what an API answers
/// to a request that is wrong.
///
/// # Errors
///
/// Every input that does not fit.
pub fn compose_incomplete(
    operation: &Operation,
    inputs: &Inputs,
    secrets: impl Fn(&str) -> Option<String>,
) -> Result<Composed, Vec<InputProblem>> {
    write(operation, inputs, secrets, (Extent::Part, Vec::new()))
}

/// How much of a request must be right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Extent {
    /// All of it.
    Whole,
    /// What it cannot be written without.
    Part,
}

fn write(
    operation: &Operation,
    inputs: &Inputs,
    secrets: impl Fn(&str) -> Option<String>,
    (extent, mut problems): (Extent, Vec<InputProblem>),
) -> Result<Composed, Vec<InputProblem>> {
    let placed = place::place(operation, inputs, extent, &mut problems);
    let target = write_target(operation, &placed, secrets, &mut problems);
    let headers = write_headers(&placed.headers, &mut problems);
    let written = body::write(operation, placed.body, (extent, &headers), &mut problems);
    let Some(target) = target.filter(|_| problems.is_empty()) else {
        return Err(problems);
    };
    Ok(Composed {
        method: operation.method.clone(),
        target,
        headers,
        fixed_headers: operation.headers.iter().cloned().collect(),
        body: written.body,
        graphql: written.graphql,
    })
}

fn write_target(
    operation: &Operation,
    placed: &Placed,
    secrets: impl Fn(&str) -> Option<String>,
    problems: &mut Vec<InputProblem>,
) -> Option<Target> {
    let query = form::encode(&placed.query, form::QUERY);
    match &operation.target {
        OperationTarget::Path(template) => {
            let mut path = write_path(operation, template, (&placed.path, secrets), problems)?;
            if !query.is_empty() {
                path.push('?');
                path.push_str(&query);
            }
            Some(Target::Path(path))
        }
        OperationTarget::Address { input, hosts } => {
            // Where it is left out, that is said already, or nothing can be written.
            let text = placed.address.as_deref().unwrap_or_default();
            match write_address(text, hosts) {
                Ok(mut url) => {
                    if !query.is_empty() {
                        let before = url.query().map(|before| format!("{before}&"));
                        url.set_query(Some(&format!("{}{query}", before.unwrap_or_default())));
                    }
                    Some(Target::Address(url))
                }
                Err(_) if problems.iter().any(|it| it.name() == input) => None,
                Err(reason) => {
                    problems.push(InputProblem::BadAddress {
                        name: input.clone(),
                        reason,
                    });
                    None
                }
            }
        }
    }
}

/// The address is one of those that the connector declares, since a body goes there.
fn write_address(text: &str, hosts: &[String]) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|error| format!("it is no address: {error}"))?;
    if url.scheme() != "https" {
        return Err("it does not begin with `https://`".to_owned());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("it carries a user name or a password".to_owned());
    }
    let host = url.host_str().unwrap_or_default();
    if !hosts.iter().any(|allowed| allowed == host) || url.port().is_some() {
        let allowed = crate::words::any_of(hosts.iter().map(String::as_str));
        return Err(format!("`{}` is not {allowed}", host_and_port(&url)));
    }
    Ok(url)
}

fn host_and_port(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

fn write_path(
    operation: &Operation,
    template: &Template,
    (parts, secrets): (&BTreeMap<String, String>, impl Fn(&str) -> Option<String>),
    problems: &mut Vec<InputProblem>,
) -> Option<String> {
    let secrets: BTreeMap<&str, String> = template
        .names()
        .filter(|name| operation.input(name).is_none())
        .filter_map(|name| Some((name, secrets(name)?)))
        .collect();
    let value = |name: &str| {
        parts
            .get(name)
            .or_else(|| secrets.get(name))
            .map(String::as_str)
    };
    let problem = match template.expand(value) {
        Ok(path) => return Some(path),
        // It may have been missed already, or refused for its kind.
        Err(ExpandError::Missing(name)) if problems.iter().any(|it| it.name() == name) => {
            return None;
        }
        Err(ExpandError::Missing(name)) => match operation.input(&name) {
            Some(input) => InputProblem::missing(input),
            None => InputProblem::SecretMissing { name },
        },
        Err(ExpandError::Empty(name)) => InputProblem::BadPathPart {
            name,
            reason: "it is empty",
        },
        Err(ExpandError::Dots(name)) => InputProblem::BadPathPart {
            name,
            reason: "`.` and `..` mean another path",
        },
    };
    problems.push(problem);
    None
}

fn write_headers(
    given: &[(String, String, String)],
    problems: &mut Vec<InputProblem>,
) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (input, name, text) in given {
        match (HeaderName::try_from(name), HeaderValue::try_from(text)) {
            (Ok(name), Ok(value)) => {
                headers.insert(name, value);
            }
            _ => problems.push(InputProblem::BadHeader {
                name: input.clone(),
            }),
        }
    }
    headers
}

impl Composed {
    /// Whether it asks for something and changes nothing, whatever its method.
    pub fn only_reads(&self) -> bool {
        self.graphql == Some(OperationKind::Query)
    }
}

impl Operation {
    /// Where inputs go that say nothing else: the body where there is one that takes them, else
    /// the query.
    pub fn place_of_rest(&self) -> InputPlace {
        place_of_rest(self.body, self.body_input.as_deref())
    }
}

pub(crate) fn place_of_rest(body: BodyKind, body_input: Option<&str>) -> InputPlace {
    match body {
        BodyKind::None | BodyKind::Raw => InputPlace::Query,
        _ if body_input.is_some() => InputPlace::Query,
        BodyKind::Json
        | BodyKind::Form
        | BodyKind::FormRepeated
        | BodyKind::Multipart
        | BodyKind::Graphql => InputPlace::Body,
    }
}
