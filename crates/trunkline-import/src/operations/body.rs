//! Request bodies: which of the ways that a document offers is taken, and what its inputs are.

use http::HeaderValue;
use serde_json::Value;
use trunkline_connector::format::{
    BodyKind, InputKind, InputPlace, ListStyle, MethodName, ObjectStyle,
};

use super::Reader;
use super::fields::{self, Agreement, Collected, Field};
use super::inputs::{self, Inputs};
use super::parameters::{ABOUT_MAX, with_default};
use super::values::{self, Facts, Required};
use crate::at::At;
use crate::draft::{Input, Need};
use crate::outline::Outlined;
use crate::prose;
use crate::report::Loss;
use crate::spec::{self, Fields};

/// The most inputs of a body that are listed; others are sent as well.
const LISTED_MAX: usize = 150;

/// A request body as connectors have it.
#[derive(Debug, Default)]
pub(super) struct Body {
    pub(super) kind: BodyKind,
    pub(super) input: Option<String>,
    pub(super) content_type: Option<String>,
    pub(super) schema: Option<String>,
}

/// One way to write a body.
#[derive(Debug, Clone, Copy)]
struct Media<'d> {
    name: &'d str,
    fields: &'d Fields,
    sort: Sort,
}

/// How a body of some content type is written, the preferred one first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Sort {
    Json,
    Form,
    Multipart,
    Raw,
}

impl<'d> Reader<'d, '_> {
    pub(super) fn body(&mut self, one: &Outlined<'d>, inputs: &mut Inputs) -> Body {
        let at = At::Pointer(&one.at);
        let at = at.key("requestBody");
        let Some(described) = one.fields.get("requestBody") else {
            return Body::default();
        };
        let Some(described) = self.spec.object(described, &at, self.report) else {
            return Body::default();
        };
        let at = at.key("content");
        let Some(media) = self.choose(described, &at) else {
            return Body::default();
        };
        if matches!(one.method, MethodName::Get | MethodName::Head) {
            let is_nothing = self.schema_fields(media).list.is_empty() && media.sort == Sort::Form;
            if !is_nothing {
                self.report.add(Loss::Body, &at, "a GET request has none");
            }
            return Body::default();
        }
        let at = at.key(media.name);
        match media.sort {
            Sort::Json => self.json(one, (media, described), inputs, &at),
            Sort::Form => self.form(media, inputs, &at),
            Sort::Multipart => self.multipart(media, inputs, &at),
            Sort::Raw => {
                let facts = values::facts(self.spec, media.fields.get("schema"));
                if values::has_limits(self.spec, &facts) {
                    self.report.add(Loss::Limits, &at, media.name);
                }
                raw((media, described), inputs)
            }
        }
    }

    /// The way that is taken; the others are reported.
    fn choose(&mut self, described: &'d Fields, at: &At<'_>) -> Option<Media<'d>> {
        let content = described.get("content").and_then(Value::as_object);
        let mut all: Vec<Media<'d>> = Vec::new();
        for (name, media) in content.into_iter().flatten() {
            let Some(fields) = media.as_object() else {
                self.report
                    .add(Loss::Malformed, &at.key(name), "no media type");
                continue;
            };
            let sort = self.sort_of(name, fields);
            all.push(Media { name, fields, sort });
        }
        all.sort_by_key(|media| (media.sort, essence(media.name) != "application/json"));
        let chosen = all.first().copied()?;
        // Several names of one way are no loss.
        if let Some(other) = all.iter().find(|media| media.sort != chosen.sort) {
            self.report
                .add(Loss::OtherBody, &at.key(other.name), other.name);
        }
        Some(chosen)
    }

    fn sort_of(&self, name: &str, fields: &'d Fields) -> Sort {
        match essence(name).as_str() {
            "application/x-www-form-urlencoded" => Sort::Form,
            "multipart/form-data" | "application/form-data" | "multipart/*" => Sort::Multipart,
            // Whatever one likes: an object is most likely meant as JSON.
            "*/*" => {
                let facts = values::facts(self.spec, fields.get("schema"));
                let is_nested = matches!(facts.kind, InputKind::Object | InputKind::Array);
                if is_nested { Sort::Json } else { Sort::Raw }
            }
            _ if is_json(name) => Sort::Json,
            _ => Sort::Raw,
        }
    }

    fn json(
        &mut self,
        one: &Outlined<'d>,
        (media, described): (Media<'d>, &'d Fields),
        inputs: &mut Inputs,
        at: &At<'_>,
    ) -> Body {
        let name = essence(media.name);
        let is_own = name.ends_with("+json") && name != "application/*+json";
        let schema = media.fields.get("schema");
        let facts = values::facts(self.spec, schema);
        let collected = fields::collect(self.spec, schema);
        let mut body = Body {
            kind: BodyKind::Json,
            content_type: is_own.then_some(name),
            schema: schema.and_then(|schema| {
                let name = format!("{}.request", one.name);
                self.schemas
                    .name(schema, &at.key("schema"), &name, self.report)
            }),
            ..Body::default()
        };
        let is_object = facts.kind == InputKind::Object
            || facts.kind == InputKind::Any && !collected.list.is_empty() && !takes_lists(&facts);
        if is_object {
            self.fields(collected, inputs, at, |_, _, _| {});
            return body;
        }
        let about = spec::text(described, "description");
        let need = match Required::of(described) {
            Required::Yes => Need::Required,
            Required::No => Need::Optional,
        };
        let input = Input {
            kind: facts.kind,
            need,
            about: about.map(|about| prose::first_sentence(about, ABOUT_MAX)),
            ..inputs::text("")
        };
        body.input = Some(inputs.add_body("body", input));
        body
    }

    fn form(&mut self, media: Media<'d>, inputs: &mut Inputs, at: &At<'_>) -> Body {
        let encoding = media.fields.get("encoding").and_then(Value::as_object);
        let collected = self.schema_fields(media);
        self.limits(&collected, at);
        let mut nests = false;
        self.fields(collected, inputs, at, |field, facts, input| {
            let own = encoding
                .and_then(|all| all.get(field.name))
                .and_then(Value::as_object);
            nests |= form_style(own, facts, input);
        });
        Body {
            kind: if nests {
                BodyKind::Form
            } else {
                BodyKind::FormRepeated
            },
            ..Body::default()
        }
    }

    fn multipart(&mut self, media: Media<'d>, inputs: &mut Inputs, at: &At<'_>) -> Body {
        let encoding = media.fields.get("encoding").and_then(Value::as_object);
        let collected = self.schema_fields(media);
        self.limits(&collected, at);
        let spec = self.spec;
        let mut lists_of_files = Vec::new();
        self.fields(collected, inputs, at, |field, facts, input| {
            let own = encoding
                .and_then(|all| all.get(field.name))
                .and_then(Value::as_object);
            let content_type = own.and_then(|own| spec::text(own, "contentType"));
            let items = facts.fields.and_then(|fields| fields.get("items"));
            let items = items.filter(|_| facts.kind == InputKind::Array);
            let items = items
                .and_then(|items| spec.follow(items).ok())
                .and_then(Value::as_object);
            if items.is_some_and(|items| is_file(items, content_type)) {
                lists_of_files.push(field.name);
                as_file(input);
            } else if facts
                .fields
                .is_some_and(|fields| is_file(fields, content_type))
                && matches!(facts.kind, InputKind::String | InputKind::Any)
            {
                as_file(input);
            } else {
                part_style(content_type, facts, input);
            }
        });
        for name in lists_of_files {
            self.report.add(Loss::Files, at, name);
        }
        Body {
            kind: BodyKind::Multipart,
            ..Body::default()
        }
    }

    fn schema_fields(&self, media: Media<'d>) -> Collected<'d> {
        fields::collect(self.spec, media.fields.get("schema"))
    }

    /// Reports limits of properties that no schema is kept of.
    pub(super) fn limits(&mut self, collected: &Collected<'d>, at: &At<'_>) {
        for field in collected.list.iter().take(LISTED_MAX) {
            let facts = values::facts(self.spec, Some(field.schema));
            if values::has_limits(self.spec, &facts) {
                self.report.add(Loss::Limits, at, field.name);
            }
        }
    }

    /// Adds the properties of a body as inputs, those that are required first.
    fn fields(
        &mut self,
        collected: Collected<'d>,
        inputs: &mut Inputs,
        at: &At<'_>,
        mut style: impl FnMut(&Field<'d>, &Facts<'d>, &mut Input),
    ) {
        if collected.has_alternatives && !collected.list.is_empty() {
            self.report.add(Loss::Alternatives, at, "");
        }
        if LISTED_MAX < collected.list.len() {
            let count = collected.list.len();
            self.report.add(Loss::ManyInputs, at, count.to_string());
        }
        let mut list = collected.list;
        list.sort_by_key(|field| !field.is_required);
        for field in list.iter().take(LISTED_MAX) {
            let (mut input, facts) = self.field_facts(field, at);
            style(field, &facts, &mut input);
            inputs.add(field.name, InputPlace::Body, input);
        }
    }

    /// A property as an input.
    pub(super) fn field_input(&mut self, field: &Field<'d>, at: &At<'_>) -> Input {
        let (mut input, facts) = self.field_facts(field, at);
        if facts.kind == InputKind::Array {
            input.lists = Some(ListStyle::Repeated);
        }
        input
    }

    fn field_facts(&mut self, field: &Field<'d>, at: &At<'_>) -> (Input, Facts<'d>) {
        let mut facts = values::facts(self.spec, Some(field.schema));
        if field.agreement != Agreement::Whole {
            facts.one_of.clear();
            facts.default = None;
        }
        if field.agreement == Agreement::None {
            facts.kind = InputKind::Any;
        }
        if facts.has_odd_values {
            self.report.add(Loss::Values, at, field.name);
        }
        let required = if field.is_required {
            Required::Yes
        } else {
            Required::No
        };
        let about = field.schema.get("description").and_then(Value::as_str);
        let about = about.or_else(|| spec::text(facts.fields?, "description"));
        let about = about.map(|about| prose::first_sentence(about, ABOUT_MAX));
        let about = about.filter(|about| !about.is_empty());
        let about = match (&facts.default, required) {
            (Some(default), Required::No) => Some(with_default(about, default)),
            _ => about,
        };
        let input = Input {
            kind: facts.kind,
            need: facts.need(required),
            one_of: facts.one_of.clone(),
            about,
            ..inputs::text("")
        };
        (input, facts)
    }
}

/// Whether a body that is not sure to be an object may be a list.
fn takes_lists(facts: &Facts<'_>) -> bool {
    let types = facts.fields.and_then(|fields| fields.get("type"));
    types.is_some_and(Value::is_array)
}

fn raw((media, described): (Media<'_>, &Fields), inputs: &mut Inputs) -> Body {
    let is_text = is_text(media.name);
    let about = spec::text(described, "description");
    let mut input = Input {
        about: about.map(|about| prose::first_sentence(about, ABOUT_MAX)),
        ..inputs::text("")
    };
    if !is_text {
        input.kind = InputKind::File;
    }
    if Required::of(described) == Required::Yes {
        input.need = Need::Required;
    }
    let name = inputs.add_body(if is_text { "body" } else { "file" }, input);
    let is_fixed = !media.name.contains('*') && HeaderValue::from_str(media.name).is_ok();
    Body {
        kind: BodyKind::Raw,
        input: Some(name),
        content_type: is_fixed.then(|| media.name.to_owned()),
        schema: None,
    }
}

/// How a field of a form is written; whether it nests as `a[b]=c`.
fn form_style(encoding: Option<&Fields>, facts: &Facts<'_>, input: &mut Input) -> bool {
    let text = |key| encoding.and_then(|encoding| spec::text(encoding, key));
    let is_nested = matches!(facts.kind, InputKind::Array | InputKind::Object);
    if !is_nested {
        return false;
    }
    if text("contentType").is_some_and(is_json) {
        input.lists = Some(ListStyle::Json);
        input.objects = Some(ObjectStyle::Json);
        return false;
    }
    if text("style") == Some("deepObject") || facts.kind == InputKind::Object {
        return true;
    }
    let explodes = encoding.and_then(|encoding| encoding.get("explode"));
    input.lists = Some(match explodes {
        Some(Value::Bool(false)) => ListStyle::Comma,
        _ => ListStyle::Repeated,
    });
    false
}

/// How a part that is no file is written: objects as JSON, lists as several parts (OpenAPI 3.0.4,
/// "Encoding Object").
fn part_style(content_type: Option<&str>, facts: &Facts<'_>, input: &mut Input) {
    if !matches!(facts.kind, InputKind::Array | InputKind::Object) {
        return;
    }
    input.objects = Some(ObjectStyle::Json);
    let is_json = content_type.is_some_and(is_json);
    input.lists = Some(if is_json {
        ListStyle::Json
    } else {
        ListStyle::Repeated
    });
}

fn as_file(input: &mut Input) {
    input.kind = InputKind::File;
    input.one_of.clear();
    if let Need::Default(_) = input.need {
        input.need = Need::Required;
    }
}

/// Whether a part's schema stands for bytes.
fn is_file(fields: &Fields, content_type: Option<&str>) -> bool {
    let format = spec::text(fields, "format").unwrap_or_default();
    let is_bytes =
        matches!(format, "binary" | "file") || spec::text(fields, "type") == Some("file");
    let media = spec::text(fields, "contentMediaType").or(content_type);
    let is_text = format == "byte" || fields.contains_key("contentEncoding");
    is_bytes || !is_text && media.is_some_and(|media| !self::is_text(media) && !is_json(media))
}

/// A content type without its parameters, in lower case.
pub(super) fn essence(media: &str) -> String {
    media
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase()
}

/// Whether a content type is JSON of some sort.
pub(super) fn is_json(media: &str) -> bool {
    let media = essence(media);
    matches!(
        media.as_str(),
        "application/json" | "text/json" | "application/x-json"
    ) || media.ends_with("+json")
}

/// Whether a body of this content type is written as text.
fn is_text(media: &str) -> bool {
    let media = essence(media);
    let names = [
        "xml",
        "yaml",
        "javascript",
        "graphql",
        "json",
        "jwt",
        "jose",
        "sql",
        "csv",
    ];
    media.starts_with("text/") || names.iter().any(|name| media.contains(name))
}
