//! Finds the operation that a request is for. Pure.

use http::Method;
use serde_json::Value;
use trunkline::connector::format::BodyKind;
use trunkline::connector::template::Template;
use trunkline::connector::{Connector, Example, Operation, OperationTarget};

use super::document;
use super::given::Sent;
use super::path;

/// The operation that a request is for, as a place in [`Connector::operations`].
///
/// An address that is an input has no template. It is known by those that were recorded: by
/// exactly the same one before any template is tried, by one in the same folder after all.
pub(super) fn operation_of(
    connector: &Connector,
    method: &Method,
    sent: &Sent<'_>,
) -> Option<usize> {
    by_address(connector, method, |recorded| recorded == sent.path)
        .or_else(|| by_document(connector, method, sent))
        .or_else(|| connector.operation_at(method, sent.path))
        .or_else(|| by_beginning(connector, method, sent.path))
        .or_else(|| {
            by_address(connector, method, |recorded| {
                folder(recorded) == folder(sent.path)
            })
        })
}

fn operations<'c>(
    connector: &'c Connector,
    method: &Method,
) -> impl Iterator<Item = (usize, &'c Operation)> {
    let all = connector.operations.iter().enumerate();
    all.filter(move |(_, operation)| operation.method == *method)
}

fn examples_of(connector: &Connector, place: usize) -> impl Iterator<Item = &Example> {
    let all = connector.examples().iter();
    all.filter(move |example| example.operation == place)
}

fn by_address(
    connector: &Connector,
    method: &Method,
    fits: impl Fn(&str) -> bool,
) -> Option<usize> {
    let is_address =
        |operation: &Operation| matches!(operation.target, OperationTarget::Address { .. });
    let mut found = operations(connector, method).filter(|(place, operation)| {
        is_address(operation)
            && examples_of(connector, *place).any(|example| fits(path_alone(&example.request.path)))
    });
    found.next().map(|(place, _)| place)
}

/// Of several GraphQL operations at one path, the one whose document it is.
fn by_document(connector: &Connector, method: &Method, sent: &Sent<'_>) -> Option<usize> {
    let mut fixed = operations(connector, method).filter(|(_, operation)| {
        let template = operation.path();
        operation.body == BodyKind::Graphql
            && template.is_some_and(|template| template.matches(sent.path))
    });
    let body: Option<Value> = serde_json::from_slice(sent.body).ok();
    let query = body.as_ref().and_then(|body| body.get("query"))?;
    let query = document::normal(query.as_str()?);
    let has_it = |operation: &Operation| {
        let input = operation.input("query");
        let fixed = input.and_then(|input| input.default.as_ref()?.as_str());
        fixed.is_some_and(|fixed| document::normal(fixed) == query)
    };
    let found = fixed.find(|(_, operation)| has_it(operation));
    found.map(|(place, _)| place)
}

/// SDKs write some names with `/` as they are. Where an operation's examples show such a name as
/// the last part of its path, the path may go on.
fn by_beginning(connector: &Connector, method: &Method, sent: &str) -> Option<usize> {
    let goes_on = |(place, operation): &(usize, &Operation)| {
        operation.path().is_some_and(|template| {
            let shows_slash = |example: &Example| {
                let captures = template.captures(path_alone(&example.request.path));
                let last = captures.and_then(|captures| captures.last().copied());
                last.is_some_and(|(_, text)| path::decoded(text).contains('/'))
            };
            path::captures(template, sent).is_some()
                && examples_of(connector, *place).any(shows_slash)
        })
    };
    let found = operations(connector, method).filter(goes_on);
    let found = found.max_by_key(|(_, operation)| operation.path().map(Template::exactness));
    found.map(|(place, _)| place)
}

fn path_alone(path_and_query: &str) -> &str {
    path_and_query.split('?').next().unwrap_or_default()
}

fn folder(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}
