//! Parameters: in the path, the query and headers.

use http::{HeaderName, HeaderValue};
use serde_json::Value;
use trunkline_connector::format::{InputKind, InputPlace, ListStyle, ObjectStyle};
use trunkline_connector::request_header;

use super::inputs::{self, Inputs};
use super::values::{self, Facts, Required};
use super::{Reader, fields, is_same_name};
use crate::at::At;
use crate::draft::{Input, Need};
use crate::names;
use crate::outline::Outlined;
use crate::prose;
use crate::report::Loss;
use crate::spec::{self, Fields};

/// The longest text about an input, in characters.
pub(super) const ABOUT_MAX: usize = 100;

/// The most parameters of one operation.
const PARAMETERS_MAX: usize = 1_000;

/// A parameter of the document.
#[derive(Debug)]
pub(super) struct Parameter<'d> {
    fields: &'d Fields,
    name: &'d str,
    place: &'d str,
    at: String,
}

impl<'d> Reader<'d, '_> {
    /// The parameters of an operation: its own, and those of its path that it does not replace.
    pub(super) fn parameters(&mut self, one: &Outlined<'d>, at: &At<'_>) -> Vec<Parameter<'d>> {
        let own = spec::items(one.fields, "parameters");
        let shared = spec::items(one.item, "parameters");
        let mut parameters: Vec<Parameter<'d>> = Vec::new();
        let mut seen = std::collections::HashSet::new();
        if PARAMETERS_MAX < own.len() + shared.len() {
            let count = (own.len() + shared.len()).to_string();
            self.report
                .add(Loss::ManyInputs, &at.key("parameters"), count);
        }
        let all = own.iter().chain(shared).take(PARAMETERS_MAX);
        for (index, parameter) in all.enumerate() {
            let at = at.key("parameters");
            let at = at.index(index);
            let Some(fields) = self.spec.object(parameter, &at, self.report) else {
                continue;
            };
            let (Some(name), Some(place)) = (spec::text(fields, "name"), spec::text(fields, "in"))
            else {
                self.report.add(Loss::Malformed, &at, "no parameter");
                continue;
            };
            if seen.insert((place, name)) {
                parameters.push(Parameter {
                    fields,
                    name,
                    place,
                    at: at.to_string(),
                });
            }
        }
        parameters
    }

    /// A part of the path as it is written there: `{name}`, or its only value.
    pub(super) fn path_part(
        &mut self,
        part: &str,
        parameters: &[Parameter<'d>],
        inputs: &mut Inputs,
    ) -> String {
        let declared = parameters
            .iter()
            .find(|parameter| parameter.place == "path" && is_same_name(parameter.name, part));
        let mut input = match declared {
            None => inputs::text(""),
            Some(parameter) => self.value(parameter, InputPlace::Path),
        };
        // Without it, or with nothing or dots in its place, the path would be another one.
        let is_bad = |value: &Value| matches!(value.as_str(), Some("" | "." | ".."));
        input.one_of.retain(|value| !is_bad(value));
        match &input.need {
            Need::Optional => input.need = Need::Required,
            Need::Default(value) if is_bad(value) => input.need = Need::Required,
            Need::Default(_) | Need::Required => {}
        }
        if let (Need::Default(Value::String(only)), [_]) = (&input.need, input.one_of.as_slice())
            && only
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte))
        {
            return only.clone();
        }
        let style = declared.and_then(|parameter| spec::text(parameter.fields, "style"));
        let before = match style {
            Some("label") => ".".to_owned(),
            Some("matrix") => format!(";{}=", names::of_input(part)),
            _ => String::new(),
        };
        let wire = if part.is_empty() { "part" } else { part };
        if self.secrets.contains(&names::of_input(wire)) {
            inputs.reserve(&names::of_input(wire));
        }
        // Two parts of one name are two inputs.
        let wires =
            std::iter::once(wire.to_owned()).chain((2..).map(|number| format!("{wire}_{number}")));
        let name = wires
            .into_iter()
            .find_map(|wire| inputs.add(&wire, InputPlace::Path, input.clone()));
        let name = name.unwrap_or_default();
        format!("{before}{{{name}}}")
    }

    /// A part of a query that the document writes into the path.
    pub(super) fn query_part(
        &mut self,
        name: &str,
        part: &str,
        parameters: &[Parameter<'d>],
        inputs: &mut Inputs,
    ) {
        if self.query.iter().any(|credential| credential == name) {
            return;
        }
        let is_it = |parameter: &&Parameter<'d>| is_same_name(parameter.name, part);
        let input = match parameters.iter().find(is_it) {
            None => inputs::text(""),
            Some(parameter) => self.value(parameter, InputPlace::Query),
        };
        inputs.add(name, InputPlace::Query, input);
    }

    /// A parameter as an input, unless it is a part of the path.
    pub(super) fn parameter(&mut self, parameter: &Parameter<'d>, inputs: &mut Inputs) {
        let at = At::Pointer(&parameter.at);
        match parameter.place {
            // They have been put in where the path names them.
            "path" => {}
            "query" if self.query.iter().any(|name| name == parameter.name) => {}
            "query" => self.query_parameter(parameter, inputs),
            "header" => {
                if self.is_settable(parameter) {
                    let mut input = self.value(parameter, InputPlace::Header);
                    keep_to_headers(&mut input);
                    inputs.add(parameter.name, InputPlace::Header, input);
                }
            }
            "cookie" => self.report.add(Loss::Cookie, &at, parameter.name),
            other => self.report.add(Loss::Malformed, &at, other),
        }
    }

    /// Whether an input may set a header. The standard itself ignores three of them.
    fn is_settable(&mut self, parameter: &Parameter<'d>) -> bool {
        let Ok(header) = parameter.name.parse::<HeaderName>() else {
            self.report
                .add(Loss::Header, &At::Pointer(&parameter.at), parameter.name);
            return false;
        };
        let is_ignored = ["accept", "content-type", "authorization"].contains(&header.as_str());
        if is_ignored || self.headers.iter().any(|name| name == header.as_str()) {
            return false;
        }
        if request_header::reserved(&header).is_some() {
            self.report
                .add(Loss::Header, &At::Pointer(&parameter.at), parameter.name);
            return false;
        }
        true
    }

    fn query_parameter(&mut self, parameter: &Parameter<'d>, inputs: &mut Inputs) {
        let style = spec::text(parameter.fields, "style").unwrap_or("form");
        let explodes = explodes(parameter.fields, style);
        let (schema, media) = schema_of(parameter.fields).unzip();
        let facts = values::facts(self.spec, schema);
        let is_written = media.flatten().is_none();
        if is_written && facts.kind == InputKind::Object && style == "form" && explodes {
            // Each property is a field of the query.
            let fields = fields::collect(self.spec, schema);
            self.limits(&fields, &At::Pointer(&parameter.at));
            for field in fields.list {
                let at = At::Pointer(&parameter.at);
                let input = self.field_input(&field, &at);
                inputs.add(field.name, InputPlace::Query, input);
            }
            return;
        }
        let input = self.value(parameter, InputPlace::Query);
        inputs.add(parameter.name, InputPlace::Query, input);
    }

    /// What a parameter's value may be, and how it is written.
    fn value(&mut self, parameter: &Parameter<'d>, place: InputPlace) -> Input {
        let at = At::Pointer(&parameter.at);
        let (schema, media) = schema_of(parameter.fields).unzip();
        let facts = values::facts(self.spec, schema);
        if facts.has_odd_values {
            self.report.add(Loss::Values, &at, parameter.name);
        }
        if values::has_limits(self.spec, &facts) {
            self.report.add(Loss::Limits, &at, parameter.name);
        }
        let need = facts.need(Required::of(parameter.fields));
        let about = spec::text(parameter.fields, "description");
        let about = about.or_else(|| spec::text(facts.fields?, "description"));
        let mut input = Input {
            kind: facts.kind,
            need,
            about: about_with(about, &facts, parameter.fields),
            ..inputs::text("")
        };
        let is_json = media.flatten().is_some_and(super::body::is_json);
        let is_nested = matches!(facts.kind, InputKind::Array | InputKind::Object);
        match (place, is_nested) {
            (InputPlace::Query, _) if is_json => {
                if is_nested || facts.kind == InputKind::Any {
                    input.lists = Some(ListStyle::Json);
                    input.objects = Some(ObjectStyle::Json);
                }
            }
            (InputPlace::Query, true) => self.query_style(parameter, &mut input),
            (_, true) => self.as_text(parameter, &mut input, ","),
            (_, false) => {}
        }
        if input.kind == facts.kind {
            input.one_of = facts.one_of;
        }
        input
    }

    fn query_style(&mut self, parameter: &Parameter<'d>, input: &mut Input) {
        let style = spec::text(parameter.fields, "style").unwrap_or("form");
        let explodes = explodes(parameter.fields, style);
        match (style, input.kind) {
            // `a[0]=x` and `a[b]=x`, as connectors write them where they say nothing.
            ("deepObject", _) => {}
            (_, InputKind::Array) if explodes => input.lists = Some(ListStyle::Repeated),
            ("form", InputKind::Array) => input.lists = Some(ListStyle::Comma),
            ("pipeDelimited", _) => self.as_text(parameter, input, "|"),
            ("spaceDelimited", _) => self.as_text(parameter, input, " "),
            _ => self.as_text(parameter, input, ","),
        }
    }

    /// A list or an object that the caller writes as the text that is sent.
    fn as_text(&mut self, parameter: &Parameter<'d>, input: &mut Input, separator: &str) {
        self.report
            .add(Loss::Style, &At::Pointer(&parameter.at), parameter.name);
        input.kind = InputKind::String;
        if let Need::Default(Value::Array(_) | Value::Object(_)) = input.need {
            input.need = Need::Required;
        }
        let about = input
            .about
            .take()
            .map(|about| format!("{about}; "))
            .unwrap_or_default();
        input.about = Some(format!("{about}values with `{separator}` between"));
    }
}

/// Leaves values out that no header can hold.
fn keep_to_headers(input: &mut Input) {
    let fits = |value: &Value| {
        spec::text_of(value).is_none_or(|text| HeaderValue::from_str(&text).is_ok())
    };
    input.one_of.retain(fits);
    if let Need::Default(value) = &input.need
        && !fits(value)
    {
        input.need = Need::Required;
    }
}

/// What a parameter's description comes to; the API's own default is worth knowing.
fn about_with(about: Option<&str>, facts: &Facts<'_>, fields: &Fields) -> Option<String> {
    let about = about.map(|text| prose::first_sentence(text, ABOUT_MAX));
    let about = about.filter(|about| !about.is_empty());
    match (&facts.default, Required::of(fields)) {
        (Some(default), Required::No) => Some(with_default(about, default)),
        _ => about,
    }
}

/// "how many; left out: `10`"
pub(super) fn with_default(about: Option<String>, default: &Value) -> String {
    let default = spec::text_of(default).unwrap_or_default();
    let about = about.map(|about| format!("{about}; ")).unwrap_or_default();
    format!("{about}left out: `{}`", prose::first_sentence(&default, 40))
}

fn explodes(fields: &Fields, style: &str) -> bool {
    match fields.get("explode") {
        Some(Value::Bool(explodes)) => *explodes,
        _ => style == "form",
    }
}

/// A parameter's schema, and the content type that its value is written in. Some documents write
/// the schema's keywords into the parameter, as version 2 did.
fn schema_of(fields: &Fields) -> Option<(&Value, Option<&str>)> {
    if let Some(schema) = fields.get("schema") {
        return Some((schema, None));
    }
    let (media, content) = fields.get("content")?.as_object()?.iter().next()?;
    Some((content.get("schema")?, Some(media)))
}
