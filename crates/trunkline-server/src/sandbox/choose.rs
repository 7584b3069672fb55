//! Chooses the recorded answer that fits a request best. Pure.

mod likest;
mod pages;
mod refuse;
#[cfg(test)]
pub(super) mod tests;

use http::{Method, StatusCode};
use trunkline::Fault;
use trunkline::connector::format::{BodyKind, HostCredential, Need, OperationAuth};
use trunkline::connector::{Connector, Example, Operation};

use self::refuse::Failing;
use super::given::{Given, Sent};
use super::path;
use super::route;

const CHANGES: StatusCode = StatusCode::SWITCHING_PROTOCOLS;

/// A request to the sandbox.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked<'a> {
    pub(super) method: &'a Method,
    pub(super) sent: Sent<'a>,
    pub(super) credential: Credential,
    pub(super) fault: Option<Fault>,
}

/// Whether a request carries the credential that the secrets' examples make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Credential {
    Right,
    Wrong,
}

/// What the sandbox answers.
#[derive(Debug)]
pub(super) enum Choice<'a> {
    /// A recorded answer.
    Example(&'a Example),
    /// One of several answers that were recorded for this very look at a job, in the order in
    /// which they come.
    Looks(Vec<&'a Example>),
    /// Nothing recorded fits.
    None {
        /// The status instead.
        status: StatusCode,
        /// What to say instead.
        message: String,
    },
}

/// Chooses the recorded answer that fits a request best.
pub(super) fn choose<'a>(connector: &'a Connector, asked: &Asked<'_>) -> Choice<'a> {
    let place = route::operation_of(connector, asked.method, &asked.sent);
    match asked.fault {
        Some(Fault::Unauthorized) => {
            return refuse::failing(connector, place, Failing::Unauthorized);
        }
        Some(Fault::RateLimited) => return refuse::failing(connector, place, Failing::RateLimited),
        Some(Fault::Unavailable) => return refuse::failing(connector, place, Failing::Unavailable),
        Some(Fault::Slow | Fault::Cut) | None => {}
    }
    let found = place.and_then(|place| Some((place, connector.operations.get(place)?)));
    let operation = found.map(|(_, operation)| operation);
    let is_open = asked.credential == Credential::Right
        || !needs_credential(connector, operation, asked.sent.path);
    if !is_open || operation.is_some_and(|it| !has_secrets(connector, it, asked.sent.path)) {
        return refuse::failing(connector, place, Failing::Unauthorized);
    }
    let Some((place, operation)) = found else {
        return refuse::unknown(connector, asked);
    };
    let given = Given::of_request(operation, &asked.sent);
    let missing: Vec<&str> = missing(operation, &given).collect();
    if !missing.is_empty() {
        return refuse::incomplete(connector, place, &missing);
    }
    match likest::likest(connector, place, given) {
        Some(Choice::Example(example)) if example.answer.status == CHANGES => {
            refuse::changing(connector)
        }
        Some(choice) => choice,
        None if operation.body == BodyKind::Graphql => refuse::unknown_document(connector),
        None => refuse::unknown(connector, asked),
    }
}

/// Whether a request has to show the connector's credential.
fn needs_credential(connector: &Connector, operation: Option<&Operation>, path: &str) -> bool {
    let host = connector.host_of(path);
    let is_withheld = host.is_some_and(|host| host.credential == HostCredential::Withhold);
    let asks = |operation: &Operation| {
        operation.auth == OperationAuth::Connector && operation.path().is_some()
    };
    !is_withheld && operation.is_none_or(asks)
}

/// Whether the secrets in a path are those that the examples are written with.
fn has_secrets(connector: &Connector, operation: &Operation, path: &str) -> bool {
    let captures = operation.path().and_then(|it| path::captures(it, path));
    let mut secrets = captures.into_iter().flatten();
    secrets.all(|(name, text)| {
        let example = |place: usize| Some(connector.secrets.get(place)?.example.clone());
        let expected = connector.secret_part(name, example);
        operation.input(name).is_some() || expected == Some(path::decoded(text))
    })
}

fn missing<'a>(operation: &'a Operation, given: &Given) -> impl Iterator<Item = &'a str> {
    let is_missing = |name: &&str| !given.0.contains_key(*name);
    let required = operation
        .inputs
        .iter()
        .filter(|input| input.need == Need::Required);
    required.map(|input| input.name.as_str()).filter(is_missing)
}

/// The first of those that rank highest.
fn first_max<T, R: Ord>(items: impl Iterator<Item = T>, rank: impl Fn(&T) -> R) -> Option<T> {
    let mut best = None;
    for item in items {
        let rank = rank(&item);
        if best.as_ref().is_none_or(|(highest, _)| *highest < rank) {
            best = Some((rank, item));
        }
    }
    best.map(|(_, item)| item)
}
