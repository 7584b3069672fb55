//! `operations/*.toml` and `[verify]`: what can be called, over all files.

use std::collections::{BTreeSet, HashMap};

use http::Method;

use super::check::Check;
use super::schemas::Schemas;
use super::secrets::MadeUp;
use super::{Folder, Loaded, auth, inputs, paging, poll, target};
use crate::compose::{self, Composed, InputProblem};
use crate::connector::{Inputs, Operation, OperationTarget, Verify};
use crate::document::{Path, Problem};
use crate::format::{
    BodyKind, ConnectorFile, OperationAuth, OperationSection, OperationsFile, Repeatable,
};
use crate::template::Template;
use crate::words;

/// Checks all of them; those that cannot be made are left out. Sorted by name.
pub(super) fn check(
    folder: &Folder,
    schemas: &mut Schemas,
    problems: &mut Vec<Problem>,
) -> Vec<Operation> {
    let mut found: Vec<Found<'_>> = Vec::new();
    let mut known = Known::default();
    for loaded in &folder.operations.loaded {
        for (index, section) in loaded.file.operations.iter().enumerate() {
            let path = Path::root().key("operations").index(index);
            let mut check = Check {
                document: &loaded.document,
                problems: &mut *problems,
            };
            let template = section
                .path
                .as_ref()
                .and_then(|text| check.template(&path.key("path"), text));
            let next = Found {
                loaded,
                path,
                section,
                template,
            };
            next.refuse_same(&mut check, &found, &known);
            known.add(&next, found.len());
            found.push(next);
        }
    }
    let mut operations = Vec::new();
    for found in &found {
        let mut check = Check {
            document: &found.loaded.document,
            problems: &mut *problems,
        };
        operations.extend(operation(&mut check, found, folder, schemas));
    }
    operations.sort_by(|left, right| left.name.cmp(&right.name));
    for found in found.iter().filter(|found| found.section.poll.is_some()) {
        let mut check = Check {
            document: &found.loaded.document,
            problems: &mut *problems,
        };
        let poll = poll::check(&mut check, found, folder, &operations);
        let name = &found.section.name;
        let operation = operations
            .iter_mut()
            .find(|operation| operation.name == *name);
        if let Some(operation) = operation {
            operation.poll = poll;
        }
    }
    operations
}

/// An operation as it stands in its file.
pub(super) struct Found<'a> {
    pub(super) loaded: &'a Loaded<OperationsFile>,
    pub(super) path: Path,
    pub(super) section: &'a OperationSection,
    pub(super) template: Option<Template>,
}

/// Operations by what each has alone, as places among all; an import may have thousands.
#[derive(Default)]
struct Known<'a> {
    names: HashMap<&'a str, usize>,
    /// By method and path. Documents of a GraphQL API all go to one address, and are none of them.
    addresses: HashMap<String, usize>,
}

impl<'a> Known<'a> {
    /// Adds one; where two have the same, the first counts.
    fn add(&mut self, found: &Found<'a>, place: usize) {
        let section = found.section;
        self.names.entry(&section.name).or_insert(place);
        if section.body != BodyKind::Graphql
            && let Some(address) = found.address()
        {
            self.addresses.entry(address).or_insert(place);
        }
    }
}

impl Found<'_> {
    /// Refuses a second operation of one name, or of one method and path.
    fn refuse_same(&self, check: &mut Check<'_>, earlier: &[Found<'_>], known: &Known<'_>) {
        let name = &self.section.name;
        let at = |place: Option<&usize>| earlier.get(*place?);
        if let Some(other) = at(known.names.get(name.as_str())) {
            let message = format!("`{name}` is already an operation, {}", other.place());
            check.refuse(&self.path.key("name"), message);
            return;
        }
        let address = self.address();
        if let Some(other) = at(address.and_then(|address| known.addresses.get(&address))) {
            let method = self.section.method.method();
            let message = format!(
                "`{method} {}` is already the operation `{}`, {}",
                self.section.path.as_deref().unwrap_or_default(),
                other.section.name,
                other.place()
            );
            check.refuse(&self.path.key("path"), message);
        }
    }

    /// Method and path, the same for all that match the same requests.
    fn address(&self) -> Option<String> {
        let method = self.section.method.method();
        Some(format!("{method} {}", self.template.as_ref()?.shape()))
    }

    fn place(&self) -> String {
        let Problem {
            file, line, column, ..
        } = self.loaded.document.problem(&self.path.key("name"), "");
        format!("at {file}:{line}:{column}")
    }
}

fn operation(
    check: &mut Check<'_>,
    found: &Found<'_>,
    folder: &Folder,
    schemas: &mut Schemas,
) -> Option<Operation> {
    let (section, path) = (found.section, &found.path);
    let connector = folder.profile().map(|loaded| &loaded.file);
    let method = section.method.method();
    check.pointers(&path.key("reply").key("required"), &section.reply.required);
    for (key, pointer) in [("items", &section.items), ("page_info", &section.page_info)] {
        if let Some(pointer) = pointer {
            check.pointer(&path.key(key), pointer);
        }
    }
    let inputs = inputs::check(check, found, connector);
    let content_type = inputs::body(check, found);
    let target = target::check(check, found, connector);
    target::upgrade(check, found);
    if let Some(connector) = connector {
        paging::bind(check, path, section, connector);
    }
    let credentials = connector.map(|file| auth::headers_of(&file.auth));
    let at = path.key("headers");
    let headers = check.fixed_headers(&at, &section.headers, &credentials.unwrap_or_default());
    if section.body != BodyKind::None && headers.iter().any(|(name, _)| name == "content-type") {
        let hint = "the kind of `body` says it; for `raw`, `content_type` does";
        check.refuse_with(&at, "`content-type` belongs to the body", hint);
    }
    let mut schema = |check: &mut Check<'_>, path: Path, text: Option<&String>| {
        text.and_then(|text| schemas.find(check, &path, text))
    };
    let reply = path.key("reply");
    let reply_schema = schema(check, reply.key("schema"), section.reply.schema.as_ref());
    let events = section.reply.event_schema.as_ref();
    let event_schema = schema(check, reply.key("event_schema"), events);
    let request = section.request_schema.as_ref();
    let request_schema = schema(check, path.key("request_schema"), request);
    let is_address = matches!(target, Some(OperationTarget::Address { .. }));
    Some(Operation {
        name: section.name.clone(),
        title: section.title.clone(),
        method,
        target: target?,
        docs: section.docs.clone(),
        auth: if is_address {
            OperationAuth::None
        } else {
            section.auth
        },
        headers,
        upgrade: section.upgrade,
        body: section.body,
        body_input: section.body_input.clone(),
        content_type,
        request_schema,
        repeatable: section.repeatable,
        pagination: paged_by(section, connector),
        not_paged_with: section.not_paged_with.clone(),
        items: section.items.clone(),
        page_info: section.page_info.clone(),
        poll: None,
        inputs,
        reply_body: section.reply.body,
        reply_required: section.reply.required.clone(),
        reply_schema,
        event_schema,
    })
}

/// The operation's way of paging, as a place among all.
fn paged_by(section: &OperationSection, connector: Option<&ConnectorFile>) -> Option<usize> {
    let name = section.pagination.as_ref()?;
    connector?.pagination.keys().position(|other| other == name)
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
    let inputs = file
        .verify
        .inputs
        .iter()
        .map(|(name, value)| (name.clone(), value.clone()));
    let inputs: Inputs = inputs.collect();
    let secrets = MadeUp::of(Some(file));
    let composed = compose::compose(operation, &inputs, |name| secrets.value(name));
    let only_asks = composed.as_ref().is_ok_and(Composed::only_reads);
    if !only_asks && !only_reads(operation) {
        let message = format!(
            "`{name}` is a {} that may change something",
            operation.method
        );
        let hint = "name one that only reads: a GET, or one with `repeatable = \"always\"`";
        check.refuse_with(&path.key("operation"), message, hint);
    }
    refuse_inputs(check, &path.key("inputs"), operation, composed);
    Some(Verify {
        operation: place,
        inputs,
    })
}

/// Whether an operation may be called at any time.
pub(super) fn only_reads(operation: &Operation) -> bool {
    operation.method == Method::GET
        || operation.method == Method::HEAD
        || operation.repeatable == Repeatable::Always
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
