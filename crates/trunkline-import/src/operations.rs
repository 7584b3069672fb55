//! What one operation takes and gives back.

mod body;
mod fields;
mod inputs;
mod parameters;
mod reply;
mod values;

use std::collections::HashMap;

use trunkline_connector::format::InputPlace;
use trunkline_connector::template::Template;

use crate::at::At;
use crate::draft::{Credential, Operation, Way};
use crate::names;
use crate::outline::Outlined;
use crate::paths::{Piece, QueryValue};
use crate::prose;
use crate::report::{Loss, Report};
use crate::schemas::Schemas;
use crate::spec::{self, Spec};
use crate::write;
use inputs::Inputs;

pub(crate) use values::kind_of;

/// The longest title, in characters.
const TITLE_MAX: usize = 100;

/// Looks into operations.
#[derive(Debug)]
pub(crate) struct Reader<'d, 'r> {
    spec: Spec<'d>,
    schemas: &'r mut Schemas<'d>,
    report: &'r mut Report,
    /// Headers and query fields that prove who calls, which no input sets.
    headers: Vec<String>,
    query: Vec<String>,
    /// Names of secrets, which no part of a path has.
    secrets: Vec<String>,
}

impl<'d, 'r> Reader<'d, 'r> {
    pub(crate) fn new(
        spec: Spec<'d>,
        (schemas, report): (&'r mut Schemas<'d>, &'r mut Report),
        ways: &[Way],
        secrets: Vec<String>,
    ) -> Self {
        let mut headers = Vec::new();
        let mut query = Vec::new();
        for way in ways {
            match way {
                Way::Header { name, .. } => headers.push(name.to_ascii_lowercase()),
                Way::Headers(set) => {
                    headers.extend(set.iter().map(|(name, _)| name.to_ascii_lowercase()));
                }
                Way::Query { name, .. } => query.push(name.clone()),
                Way::AwsSigv4(_) => headers.extend(
                    ["x-amz-date", "x-amz-content-sha256", "x-amz-security-token"]
                        .map(str::to_owned),
                ),
                Way::Bearer { .. } | Way::Basic { .. } | Way::ClientCredentials(_) => {}
            }
        }
        Self {
            spec,
            schemas,
            report,
            headers,
            query,
            secrets,
        }
    }

    /// All of them; those that cannot be called are left out and reported.
    pub(crate) fn read(
        &mut self,
        outlined: &[Outlined<'d>],
        credentials: &[Credential],
    ) -> Vec<Operation> {
        let mut operations: Vec<Operation> = Vec::new();
        // By method and shape of the path, since a call by address finds its operation so.
        let mut known: HashMap<String, usize> = HashMap::new();
        for (place, one) in outlined.iter().enumerate() {
            let shape = format!("{} {}", write::method(one.method), one.path.shape());
            if let Some(other) = known.get(&shape).and_then(|other| operations.get(*other)) {
                self.report
                    .add(Loss::SamePath, &At::Pointer(&one.at), &other.name);
                continue;
            }
            let credential = credentials.get(place).copied().unwrap_or(Credential::Sent);
            if let Some(operation) = self.operation(one, credential) {
                known.insert(shape, operations.len());
                operations.push(operation);
            }
        }
        operations
    }

    fn operation(&mut self, one: &Outlined<'d>, credential: Credential) -> Option<Operation> {
        let at = At::Pointer(&one.at);
        let parameters = self.parameters(one, &at);
        let mut inputs = Inputs::new();
        let path = self.path(one, &parameters, &mut inputs)?;
        for parameter in &parameters {
            self.parameter(parameter, &mut inputs);
        }
        let body = self.body(one, &mut inputs);
        let reply = self.reply(one);
        if let Some(callbacks) = one
            .fields
            .get("callbacks")
            .and_then(serde_json::Value::as_object)
        {
            for name in callbacks.keys() {
                self.report
                    .add(Loss::Callback, &at.key("callbacks").key(name), "");
            }
        }
        let is_deprecated = one.fields.get("deprecated") == Some(&serde_json::Value::Bool(true));
        Some(Operation {
            name: one.name.clone(),
            resource: one.resource.clone(),
            title: if is_deprecated {
                format!("{} (deprecated)", title(one))
            } else {
                title(one)
            },
            method: one.method,
            path,
            docs: docs(one),
            auth: credential,
            content_type: body.content_type,
            request_schema: body.schema,
            inputs: inputs.into_list(body.kind, body.input.as_deref()),
            body: body.kind,
            body_input: body.input,
            reply,
            is_deprecated,
        })
    }

    /// The path as connectors write it, and the inputs that are its parts.
    fn path(
        &mut self,
        one: &Outlined<'d>,
        parameters: &[parameters::Parameter<'d>],
        inputs: &mut Inputs,
    ) -> Option<String> {
        let at = At::Pointer(&one.at);
        let mut text = String::new();
        for piece in &one.path.pieces {
            match piece {
                Piece::Fixed(fixed) => text.push_str(fixed),
                Piece::Part(part) => {
                    let part = self.path_part(part, parameters, inputs);
                    text.push_str(&part);
                }
            }
        }
        for (name, value) in &one.path.query {
            match value {
                QueryValue::Fixed(value) => inputs.constant(InputPlace::Query, name, value),
                QueryValue::Part(part) => self.query_part(name, part, parameters, inputs),
            }
        }
        if one.path.is_changed {
            self.report.add(Loss::PathChanged, &at, &text);
        }
        if let Err(error) = text.parse::<Template>() {
            self.report.add(Loss::Path, &at, error.to_string());
            return None;
        }
        Some(text)
    }
}

/// What it does: its summary, its description or its name.
fn title(one: &Outlined<'_>) -> String {
    let own = ["summary", "description"]
        .into_iter()
        .filter_map(|key| spec::text(one.fields, key));
    let title = own
        .map(|text| prose::first_sentence(text, TITLE_MAX))
        .find(|title| !title.is_empty());
    title.unwrap_or_else(|| {
        let last = one.name.rsplit('.').next();
        last.unwrap_or_default().replace('_', " ")
    })
}

fn docs(one: &Outlined<'_>) -> Option<String> {
    let url = one.fields.get("externalDocs")?.get("url")?.as_str()?;
    https(url)
}

/// A page's address as connectors have it, where it can be one.
pub(crate) fn https(url: &str) -> Option<String> {
    let mut url = url::Url::parse(url.trim()).ok()?;
    if url.scheme() == "http" {
        url.set_scheme("https").ok()?;
    }
    let is_page = url.scheme() == "https" && url.username().is_empty() && url.password().is_none();
    is_page.then(|| url.to_string())
}

/// Whether two names are the same but for their writing.
fn is_same_name(left: &str, right: &str) -> bool {
    left == right || names::of_input(left) == names::of_input(right)
}
