//! Finds the recorded call that is most like a request.

use http::StatusCode;
use trunkline::connector::format::{BodyKind, Class, InputPlace};
use trunkline::connector::{Connector, Example, JobState, Operation};

use super::pages::PageAsked;
use super::{Choice, first_max};
use crate::sandbox::document;
use crate::sandbox::given::Given;

/// An example and the inputs that it was recorded with.
pub(super) struct Recorded<'a> {
    pub(super) example: &'a Example,
    pub(super) given: Given,
}

/// The good answer that was recorded for the call most like this one. A refusal that was recorded
/// for exactly this call comes before it, unless the same call also went well once.
pub(super) fn likest(connector: &Connector, place: usize, mut given: Given) -> Option<Choice<'_>> {
    let operation = connector.operations.get(place)?;
    let examples = connector.examples().iter();
    let examples = examples.filter(|example| example.operation == place);
    let recorded: Vec<Recorded<'_>> = examples
        .map(|example| Recorded {
            example,
            given: Given::of_example(operation, &example.request),
        })
        .collect();
    forget_defaults(operation, &recorded, &mut given);
    forget_key(connector, operation, &recorded, &mut given);
    let (mut good, bad): (Vec<_>, Vec<_>) = recorded
        .into_iter()
        .partition(|one| one.example.class == Class::Ok);
    let exact = good.iter().filter(|one| one.given == given);
    let exact: Vec<&Example> = exact.map(|one| one.example).collect();
    if exact.len() > 1 && is_looked_at(connector, place) {
        return Some(Choice::Looks(running_first(connector, place, exact)));
    }
    let mut refusals = bad.iter().filter(|one| is_refusal(one.example));
    let refusal = refusals.find(|one| one.given == given);
    let recorded = exact.first().copied();
    if let Some(example) = recorded.or_else(|| refusal.map(|one| one.example)) {
        return Some(Choice::Example(example));
    }
    if operation.body == BodyKind::Graphql {
        good.retain(|one| does(one.given.plain("query"), given.plain("query")));
    }
    let page = PageAsked::of(connector, operation, &given);
    let fitting = page.among(connector, operation, good).into_iter();
    let likest = first_max(fitting, |one| likeness(&one.given, &given, &page));
    likest.map(|one| Choice::Example(one.example))
}

/// Whether the answer to one GraphQL document does for another.
fn does(recorded: Option<&str>, asked: Option<&str>) -> bool {
    let both = recorded.zip(asked);
    both.is_some_and(|(recorded, asked)| recorded == asked || document::answers(recorded, asked))
}

/// Whether an error is about what was asked, so that the same call always gets it. A credential, a
/// limit or a breakdown is not, nor is a method that the operation does not have.
fn is_refusal(example: &Example) -> bool {
    example.class == Class::CallerError && example.answer.status != StatusCode::METHOD_NOT_ALLOWED
}

/// SDKs send headers and empty objects of their own accord. What no recorded call has of these says
/// nothing of which one is meant.
fn forget_defaults(operation: &Operation, recorded: &[Recorded<'_>], given: &mut Given) {
    let is_recorded = |name: &str| recorded.iter().any(|one| one.given.0.contains_key(name));
    let is_header = |name: &str| {
        let input = operation.input(name);
        input.is_some_and(|input| input.place == InputPlace::Header)
    };
    given
        .0
        .retain(|name, value| is_recorded(name) || !(is_header(name) || value.is_empty()));
}

/// A key by which an API knows a request again is another one each time: it says nothing, unless
/// somebody recorded just this one.
fn forget_key(
    connector: &Connector,
    operation: &Operation,
    recorded: &[Recorded<'_>],
    given: &mut Given,
) {
    let Some(header) = connector.idempotency.as_ref().map(|it| &it.header) else {
        return;
    };
    let mut inputs = operation.inputs.iter();
    let input = inputs.find(|input| header.as_str().eq_ignore_ascii_case(input.wire_name()));
    if let Some(input) = input {
        let key = given.0.get(&input.name);
        let is_known = |one: &Recorded<'_>| one.given.0.get(&input.name) == key;
        if !recorded.iter().any(is_known) {
            given.0.remove(&input.name);
        }
    }
}

/// Whether an operation looks at jobs that others begin.
fn is_looked_at(connector: &Connector, place: usize) -> bool {
    let mut polls = connector
        .operations
        .iter()
        .filter_map(|it| it.poll.as_ref());
    polls.any(|poll| poll.operation == place)
}

/// Looks at a job in the order in which they come.
fn running_first<'a>(
    connector: &Connector,
    place: usize,
    mut looks: Vec<&'a Example>,
) -> Vec<&'a Example> {
    looks.sort_by_key(|example| {
        let polls = connector
            .operations
            .iter()
            .filter_map(|it| it.poll.as_ref());
        let mut polls = polls.filter(|poll| poll.operation == place);
        let reply = example.answer.json().unwrap_or_default();
        !polls.any(|poll| matches!(poll.state_in(&reply), Ok(JobState::Running(_))))
    });
    looks
}

/// How much a recorded call is like a request. Switches (`stream`) make an answer another one, so a
/// difference there outweighs everything else.
fn likeness(recorded: &Given, given: &Given, page: &PageAsked<'_>) -> i32 {
    const OTHER_ANSWER: i32 = -100;
    let mut sum = 0;
    // Which page it is has been looked at.
    for (name, value) in recorded.0.iter().filter(|(name, _)| !page.is_about(name)) {
        sum += match given.0.get(name) {
            Some(same) if same == value => 4,
            Some(other) if value.is_switch() || other.is_switch() => OTHER_ANSWER,
            Some(other) => value.likeness(other),
            None if value.is_on() => OTHER_ANSWER,
            None => -2,
        };
    }
    for (name, value) in given.0.iter().filter(|(name, _)| !page.is_about(name)) {
        if !recorded.0.contains_key(name) && value.is_on() {
            sum += OTHER_ANSWER;
        }
    }
    sum
}
