//! `operations/*.toml` and `[verify]`: what can be called, over all files.

use std::collections::BTreeSet;

use http::Method;

use super::check::Check;
use super::{Folder, Loaded, paging, secrets};
use crate::compose::{self, Composed, InputProblem};
use crate::connector::{Input, Inputs, Operation, Verify};
use crate::document::{Path, Problem};
use crate::format::{
    BodyKind, ConnectorFile, InputPlace, Need, OperationSection, OperationsFile, Repeatable,
};
use crate::template::Template;
use crate::words;

/// Checks all of them; those that cannot be made are left out. Sorted by name.
pub(super) fn check(folder: &Folder, problems: &mut Vec<Problem>) -> Vec<Operation> {
    let mut found: Vec<Found<'_>> = Vec::new();
    for loaded in &folder.operations.loaded {
        for (index, section) in loaded.file.operations.iter().enumerate() {
            let path = Path::root().key("operations").index(index);
            let mut check = Check {
                document: &loaded.document,
                problems: &mut *problems,
            };
            let template = check.template(&path.key("path"), &section.path);
            let next = Found {
                loaded,
                path,
                section,
                template,
            };
            next.refuse_same(&mut check, &found);
            found.push(next);
        }
    }
    let mut operations = Vec::new();
    for found in found {
        let mut check = Check {
            document: &found.loaded.document,
            problems: &mut *problems,
        };
        operations.extend(operation(&mut check, &found, folder));
    }
    operations.sort_by(|left, right| left.name.cmp(&right.name));
    operations
}

/// An operation as it stands in its file.
struct Found<'a> {
    loaded: &'a Loaded<OperationsFile>,
    path: Path,
    section: &'a OperationSection,
    template: Option<Template>,
}

impl Found<'_> {
    /// Refuses a second operation of one name, or of one method and path.
    fn refuse_same(&self, check: &mut Check<'_>, earlier: &[Found<'_>]) {
        let name = &self.section.name;
        if let Some(other) = earlier.iter().find(|other| other.section.name == *name) {
            let message = format!("`{name}` is already an operation, {}", other.place());
            check.refuse(&self.path.key("name"), message);
            return;
        }
        let has_shape_of = |other: &&Found<'_>| {
            let templates = self.template.as_ref().zip(other.template.as_ref());
            other.section.method == self.section.method
                && templates.is_some_and(|(ours, theirs)| ours.has_shape_of(theirs))
        };
        if let Some(other) = earlier.iter().find(has_shape_of) {
            let method = self.section.method.method();
            let message = format!(
                "`{method} {}` is already the operation `{}`, {}",
                self.section.path,
                other.section.name,
                other.place()
            );
            check.refuse(&self.path.key("path"), message);
        }
    }

    fn place(&self) -> String {
        let Problem {
            file, line, column, ..
        } = self.loaded.document.problem(&self.path.key("name"), "");
        format!("at {file}:{line}:{column}")
    }
}

fn operation(check: &mut Check<'_>, found: &Found<'_>, folder: &Folder) -> Option<Operation> {
    let (section, path) = (found.section, &found.path);
    let connector = folder.profile().map(|loaded| &loaded.file);
    let method = section.method.method();
    if section.body != BodyKind::None && (method == Method::GET || method == Method::HEAD) {
        let message = format!("a {method} request has no body");
        check.refuse_with(
            &path.key("body"),
            message,
            "leave `body` out; inputs then go into the query",
        );
    }
    check.pointers(&path.key("reply").key("required"), &section.reply.required);
    let inputs = inputs(check, found, connector);
    if let Some(template) = &found.template {
        parts(check, found, template, connector);
    }
    if let Some(name) = &section.pagination {
        pagination(check, found, name, connector);
    }
    let names = connector
        .into_iter()
        .flat_map(|file| file.pagination.keys());
    let pagination = section
        .pagination
        .as_ref()
        .and_then(|name| names.into_iter().position(|other| other == name));
    Some(Operation {
        name: section.name.clone(),
        title: section.title.clone(),
        method,
        path: found.template.clone()?,
        docs: section.docs.clone(),
        body: section.body,
        repeatable: section.repeatable,
        pagination,
        inputs,
        reply_body: section.reply.body,
        reply_required: section.reply.required.clone(),
    })
}

fn inputs(
    check: &mut Check<'_>,
    found: &Found<'_>,
    connector: Option<&ConnectorFile>,
) -> Vec<Input> {
    let section = found.section;
    let credential = connector.and_then(|file| secrets::header_of(&file.auth));
    let mut inputs = Vec::new();
    for (name, input) in &section.inputs {
        let path = found.path.key("inputs").key(name);
        let place = input
            .place
            .unwrap_or_else(|| compose::place_of_rest(section.body));
        match place {
            InputPlace::Path if input.need == Need::Optional => {
                let message = format!("`{name}` is part of the path, which needs it");
                check.refuse_with(&path, message, "write `need = \"required\"`");
            }
            InputPlace::Body if section.body == BodyKind::None => {
                let message = format!("`{name}` goes into the body, and the operation has none");
                check.refuse_with(
                    &path,
                    message,
                    "give the operation a `body`: `json`, `form` or `form_repeated`",
                );
            }
            InputPlace::Header => {
                let header = check.request_header(&path, name);
                if header.is_some() && header == credential {
                    check.refuse(&path, format!("`{name}` is the header that `[auth]` sets"));
                }
            }
            InputPlace::Path | InputPlace::Query | InputPlace::Body => {}
        }
        inputs.push(Input {
            name: name.clone(),
            place,
            kind: input.kind,
            need: input.need,
            about: input.about.clone(),
        });
    }
    inputs
}

/// Every part of the path is a path input or a secret, and every path input a part of the path.
fn parts(
    check: &mut Check<'_>,
    found: &Found<'_>,
    template: &Template,
    connector: Option<&ConnectorFile>,
) {
    let section = found.section;
    let is_path_input = |name: &str| {
        section
            .inputs
            .get(name)
            .is_some_and(|input| input.place == Some(InputPlace::Path))
    };
    for name in template.names() {
        let Some(file) = connector else {
            continue;
        };
        let is_secret = file.secrets.contains_key(name);
        let path = found.path.key("path");
        match (is_path_input(name), is_secret) {
            (true, true) => {
                check.refuse(&path, format!("`{name}` is a secret and an input as well"));
            }
            (false, false) => {
                let hint = format!(
                    "declare it: `{name} = {{ in = \"path\", type = \"string\", need = \"required\" }}`"
                );
                let message = format!("`{{{name}}}` is neither a path input nor a secret");
                check.refuse_with(&path, message, hint);
            }
            (true, false) | (false, true) => {}
        }
    }
    for name in section.inputs.keys().filter(|name| is_path_input(name)) {
        if !template.names().any(|part| part == name) {
            let path = found.path.key("inputs").key(name);
            let hint = format!("write `{{{name}}}` into `path`, or another `in`");
            check.refuse_with(&path, format!("the path has no part `{name}`"), hint);
        }
    }
}

fn pagination(
    check: &mut Check<'_>,
    found: &Found<'_>,
    name: &str,
    connector: Option<&ConnectorFile>,
) {
    let Some(file) = connector else {
        return;
    };
    let path = found.path.key("pagination");
    let Some(section) = file.pagination.get(name) else {
        let hint = words::allowed(name, file.pagination.keys().map(String::as_str));
        check.refuse_with(&path, format!("`[pagination]` has no `{name}`"), hint);
        return;
    };
    let input = paging::input(section);
    if let Some(input) = input.filter(|input| !found.section.inputs.contains_key(*input)) {
        let message =
            format!("`pagination.{name}` sets `{input}`, which is no input of this operation");
        check.refuse_with(&path, message, "declare it under `[operations.inputs]`");
    }
}

/// `[verify]`: the operation is there, takes these inputs, and may be called at any time.
pub(super) fn verify(
    check: &mut Check<'_>,
    file: &ConnectorFile,
    folder: &Folder,
    operations: &[Operation],
) -> Option<Verify> {
    let path = Path::root().key("verify");
    let name = &file.verify.operation;
    let place = operations
        .iter()
        .position(|operation| operation.name == *name);
    let Some((place, operation)) = place.and_then(|place| Some((place, operations.get(place)?)))
    else {
        folder.refuse_unknown_operation(check, &path.key("operation"), name);
        return None;
    };
    let is_harmless = operation.method == Method::GET
        || operation.method == Method::HEAD
        || operation.repeatable == Repeatable::Always;
    if !is_harmless {
        let message = format!(
            "`{name}` is a {} that may change something",
            operation.method
        );
        let hint = "name one that only reads: a GET, or one with `repeatable = \"always\"`";
        check.refuse_with(&path.key("operation"), message, hint);
    }
    let inputs = file
        .verify
        .inputs
        .iter()
        .map(|(name, value)| (name.clone(), value.clone()));
    let inputs: Inputs = inputs.collect();
    let composed = compose::compose(operation, &inputs, made_up(Some(file)));
    refuse_inputs(check, &path.key("inputs"), operation, composed);
    Some(Verify {
        operation: place,
        inputs,
    })
}

/// Refuses inputs that their operation does not take.
pub(super) fn refuse_inputs(
    check: &mut Check<'_>,
    path: &Path,
    operation: &Operation,
    composed: Result<Composed, Vec<InputProblem>>,
) {
    for problem in composed.err().into_iter().flatten() {
        // A part that is no secret is reported where the operation stands.
        if !matches!(problem, InputProblem::SecretMissing { .. }) {
            check.refuse(
                &path.key(problem.name()),
                format!("{problem} (`{}`)", operation.name),
            );
        }
    }
}

/// The made-up values of secrets; any text where the file that says what is secret is not known.
pub(super) fn made_up(connector: Option<&ConnectorFile>) -> impl Fn(&str) -> Option<String> {
    move |name| match connector {
        None => Some("secret".to_owned()),
        Some(file) => file.secrets.get(name).map(|secret| secret.example.clone()),
    }
}

impl Folder {
    /// Refuses the name of an operation that no file has.
    pub(super) fn refuse_unknown_operation(&self, check: &mut Check<'_>, path: &Path, name: &str) {
        let names: BTreeSet<&str> = self
            .operation_sections()
            .map(|section| section.name.as_str())
            .collect();
        if names.contains(name) || self.operations.has_gaps {
            return;
        }
        let hint = words::allowed(name, names);
        check.refuse_with(path, format!("there is no operation `{name}`"), hint);
    }
}
