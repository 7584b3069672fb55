//! `poll`: whether the state of a job can be asked for as an operation says.

use super::Folder;
use super::check::Check;
use super::operations::{self, Found};
use crate::connector::{Operation, Poll};
use crate::format::{Need, PollSection};
use crate::units::Span;
use crate::words;

/// Checks it, once every operation is known.
pub(super) fn check(
    check: &mut Check<'_>,
    found: &Found<'_>,
    folder: &Folder,
    operations: &[Operation],
) -> Option<Poll> {
    let section = found.section.poll.as_ref()?;
    let path = found.path.key("poll");
    check.pointer(&path.key("state"), &section.state);
    if let Some(error) = &section.error {
        check.pointer(&path.key("error"), error);
    }
    let Span(every) = section.every;
    if every.is_zero() {
        let hint = "allowed: a time such as `1s` or `10s`";
        check.refuse_with(&path.key("every"), "`every` is no time at all", hint);
    }
    check.distinct(&path.key("done"), &section.done, "state");
    if !section.failed.is_empty() {
        check.distinct(&path.key("failed"), &section.failed, "state");
    }
    for (index, state) in section.failed.iter().enumerate() {
        if section.done.contains(state) {
            let message = format!("`{state}` is a state of `done` as well");
            check.refuse(&path.key("failed").index(index), message);
        }
    }
    let place = operations
        .iter()
        .position(|operation| operation.name == section.operation);
    let Some((place, looks)) = place.and_then(|place| Some((place, operations.get(place)?))) else {
        folder.refuse_unknown_operation(check, &path.key("operation"), &section.operation);
        return None;
    };
    if !operations::only_reads(looks) {
        let message = format!(
            "`{}` is a {} that may change something",
            looks.name, looks.method
        );
        let hint = "name one that only reads: a GET, or one with `repeatable = \"always\"`";
        check.refuse_with(&path.key("operation"), message, hint);
    }
    inputs(check, found, section, looks);
    Some(Poll {
        operation: place,
        inputs: section.inputs.clone().into_iter().collect(),
        state: section.state.clone(),
        done: section.done.clone(),
        failed: section.failed.clone(),
        error: section.error.clone(),
        every,
    })
}

/// Every input exists, and none that must be there is left out.
fn inputs(check: &mut Check<'_>, found: &Found<'_>, section: &PollSection, looks: &Operation) {
    let path = found.path.key("poll").key("inputs");
    for (name, pointer) in &section.inputs {
        check.pointer(&path.key(name), pointer);
        if looks.input(name).is_none() {
            let names = looks.inputs.iter().map(|input| input.name.as_str());
            let hint = words::allowed(name, names);
            let message = format!("`{}` has no input `{name}`", looks.name);
            check.refuse_with(&path.key(name), message, hint);
        }
    }
    let required = looks
        .inputs
        .iter()
        .filter(|input| input.need == Need::Required);
    for input in required.filter(|input| !section.inputs.contains_key(&input.name)) {
        let message = format!("`{}` needs `{}`", looks.name, input.name);
        let hint = format!("say where it is in the reply: `{} = \"/id\"`", input.name);
        check.refuse_with(&path, message, hint);
    }
}
