//! Compares a document with a JSON Schema: what is there with what may be there.
//!
//! Only what `schemars` writes for our types is understood: types, properties, lists, constants,
//! patterns and ranges, references, and unions told apart by a tag. A union complains about the
//! branch that was meant and about no other. TOML has no null, so a branch that only takes null
//! is an optional value and nothing else.

pub(super) mod patterns;
mod rules;
mod union;

use std::collections::HashMap;

use regex_lite::Regex;
use schemars::JsonSchema;
use serde_json::{Map, Value as Schema};

use super::node::{Entry, Node, Value};
use super::place::Path;
use crate::{schema, words};
use rules::{
    Rules, about, constants_of, is_of_type, list_of, table_of, type_in_words, types_of,
    value_in_words,
};

/// Something that does not fit, and where, in bytes.
#[derive(Debug)]
pub(super) struct Complaint {
    pub(super) at: usize,
    pub(super) message: String,
    pub(super) hint: Option<String>,
}

/// What documents of one sort look like: a schema, and its patterns made ready.
#[derive(Debug)]
pub(crate) struct Shape {
    schema: Schema,
    patterns: HashMap<String, Regex>,
}

impl Shape {
    pub(crate) fn of<T: JsonSchema>() -> Self {
        let schema = schema::of::<T>();
        let mut patterns = HashMap::new();
        collect_patterns(&schema, &mut patterns);
        Self { schema, patterns }
    }

    /// Everything in a document that does not fit.
    pub(super) fn check(&self, root: &Node) -> Vec<Complaint> {
        let mut checker = Checker {
            shape: self,
            complaints: Vec::new(),
        };
        checker.check(&self.schema, root, &Path::root());
        checker.complaints
    }

    /// A pattern of ours that does not compile fits nothing, which every test of it would show.
    fn fits(&self, pattern: &str, text: &str) -> bool {
        self.patterns
            .get(pattern)
            .is_some_and(|pattern| pattern.is_match(text))
    }
}

/// Makes every pattern of a schema ready, for values and for keys.
fn collect_patterns(schema: &Schema, patterns: &mut HashMap<String, Regex>) {
    match schema {
        Schema::Object(rules) => {
            let of_value = rules.get("pattern").and_then(Schema::as_str);
            let of_keys = table_of(rules, "patternProperties")
                .into_iter()
                .flat_map(Map::keys);
            for pattern in of_value.into_iter().chain(of_keys.map(String::as_str)) {
                if let Ok(ready) = Regex::new(pattern) {
                    patterns.insert(pattern.to_owned(), ready);
                }
            }
            for part in rules.values() {
                collect_patterns(part, patterns);
            }
        }
        Schema::Array(parts) => {
            for part in parts {
                collect_patterns(part, patterns);
            }
        }
        Schema::Null | Schema::Bool(_) | Schema::Number(_) | Schema::String(_) => {}
    }
}

struct Checker<'s> {
    shape: &'s Shape,
    complaints: Vec<Complaint>,
}

impl<'s> Checker<'s> {
    fn check(&mut self, schema: &'s Schema, node: &Node, path: &Path) {
        let Some(rules) = self.resolve(schema).filter(|rules| !takes_anything(rules)) else {
            self.check_anything(node, path);
            return;
        };
        for part in list_of(rules, "allOf") {
            self.check(part, node, path);
        }
        for union in ["oneOf", "anyOf"] {
            if rules.contains_key(union) {
                self.check_union(list_of(rules, union), node, path);
            }
        }
        if self.has_wrong_type(rules, node, path) {
            return;
        }
        match &node.value {
            Value::Text(text) => self.check_text(rules, text, node, path),
            Value::Integer(value) => self.check_range(rules, &value.to_string(), node, path),
            Value::Float(value) => self.check_range(rules, &value.to_string(), node, path),
            Value::List(items) => self.check_list(rules, items, node, path),
            Value::Table(entries) => self.check_table(rules, entries, node, path),
            Value::Boolean(_) | Value::HugeInteger | Value::Datetime => {}
        }
    }

    /// The rules of a schema, its reference followed; `None` where anything goes.
    fn resolve(&self, schema: &'s Schema) -> Option<&'s Rules> {
        let rules = schema.as_object()?;
        match rules.get("$ref").and_then(Schema::as_str) {
            None => Some(rules),
            Some(reference) => self
                .shape
                .schema
                .pointer(reference.strip_prefix('#')?)
                .and_then(Schema::as_object),
        }
    }

    /// Refuses what JSON cannot say, for values that are handed on as they are.
    fn check_anything(&mut self, node: &Node, path: &Path) {
        match &node.value {
            Value::Datetime | Value::HugeInteger => {
                let takes = "a text, a number, `true`, `false`, a list or a table";
                self.complain_about_type(node, path, (takes, None));
            }
            Value::Float(value) if !value.is_finite() => {
                self.complain(
                    node,
                    format!("`{path}` is `{value}`"),
                    Some("allowed: finite numbers"),
                );
            }
            Value::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.check_anything(item, &path.index(index));
                }
            }
            Value::Table(entries) => {
                for entry in entries {
                    self.check_anything(&entry.node, &path.key(&entry.key));
                }
            }
            Value::Text(_) | Value::Integer(_) | Value::Float(_) | Value::Boolean(_) => {}
        }
    }

    fn has_wrong_type(&mut self, rules: &Rules, node: &Node, path: &Path) -> bool {
        let types = types_of(rules);
        if types.is_empty() || types.iter().any(|name| is_of_type(&node.value, name)) {
            return false;
        }
        let constants = constants_of(rules);
        let takes = match text_in_words(rules) {
            Some(words) => words.to_owned(),
            None if constants.is_empty() => types
                .into_iter()
                .map(type_in_words)
                .collect::<Vec<_>>()
                .join(" or "),
            None => words::any_of(constants),
        };
        let about = about(rules).filter(|about| *about != takes);
        self.complain_about_type(node, path, (&takes, about));
        true
    }

    fn check_text(&mut self, rules: &Rules, text: &str, node: &Node, path: &Path) {
        let constants = constants_of(rules);
        if !constants.is_empty() && !constants.contains(&text) {
            let hint = words::allowed(text, constants);
            self.complain(node, format!("`{path}` is `{text}`"), Some(&hint));
        }
        let pattern = rules.get("pattern").and_then(Schema::as_str);
        if let Some(pattern) = pattern.filter(|pattern| !self.shape.fits(pattern, text)) {
            let takes = patterns::in_words(pattern);
            let wants = match takes {
                Some(takes) => format!("; it takes {takes}"),
                None => format!(", which does not match `{pattern}`"),
            };
            let about = about(rules).filter(|about| takes != Some(*about));
            self.complain(node, format!("`{path}` is `{text}`{wants}"), about);
        }
        let length = text.chars().count();
        self.check_count(
            rules,
            ("minLength", "maxLength", "characters"),
            length,
            (node, path),
        );
    }

    fn check_range(&mut self, rules: &Rules, written: &str, node: &Node, path: &Path) {
        let Ok(value) = written.parse::<f64>() else {
            return;
        };
        let least = rules.get("minimum").and_then(Schema::as_f64);
        let most = rules.get("maximum").and_then(Schema::as_f64);
        if least.is_some_and(|least| value < least) || most.is_some_and(|most| most < value) {
            let hint = match (least, most) {
                (Some(least), Some(most)) => format!("allowed: {least} to {most}"),
                (Some(least), None) => format!("allowed: {least} and more"),
                (None, most) => format!("allowed: at most {}", most.unwrap_or(f64::MAX)),
            };
            self.complain(node, format!("`{path}` is {written}"), Some(&hint));
        }
    }

    fn check_list(&mut self, rules: &'s Rules, items: &[Node], node: &Node, path: &Path) {
        if let Some(schema) = rules.get("items") {
            for (index, item) in items.iter().enumerate() {
                self.check(schema, item, &path.index(index));
            }
        }
        self.check_count(
            rules,
            ("minItems", "maxItems", "values"),
            items.len(),
            (node, path),
        );
    }

    fn check_count(
        &mut self,
        rules: &Rules,
        (least, most, unit): (&str, &str, &str),
        count: usize,
        (node, path): (&Node, &Path),
    ) {
        let bound = |name| {
            rules
                .get(name)
                .and_then(Schema::as_u64)
                .and_then(|bound| usize::try_from(bound).ok())
        };
        if let Some(least) = bound(least).filter(|least| count < *least) {
            let hint = format!("allowed: at least {least}");
            self.complain(node, format!("`{path}` has {count} {unit}"), Some(&hint));
        }
        if let Some(most) = bound(most).filter(|most| *most < count) {
            let hint = format!("allowed: at most {most}");
            self.complain(node, format!("`{path}` has {count} {unit}"), Some(&hint));
        }
    }

    fn check_table(&mut self, rules: &'s Rules, entries: &[Entry], node: &Node, path: &Path) {
        for entry in entries {
            match self.schema_of_key(rules, &entry.key) {
                KeyRule::Value(schema) => {
                    self.check(schema, &entry.node, &path.key(&entry.key));
                }
                KeyRule::Unchecked => {}
                KeyRule::Unknown => self.complain_about_key(rules, entry, path),
            }
        }
        for required in list_of(rules, "required").iter().filter_map(Schema::as_str) {
            if entries.iter().any(|entry| entry.key == required) {
                continue;
            }
            let schema = table_of(rules, "properties").and_then(|known| known.get(required));
            let about = schema.and_then(|schema| about(schema.as_object()?));
            self.complain(node, format!("`{}` is missing", path.key(required)), about);
        }
    }

    fn schema_of_key(&self, rules: &'s Rules, key: &str) -> KeyRule<'s> {
        if let Some(schema) = table_of(rules, "properties").and_then(|known| known.get(key)) {
            return KeyRule::Value(schema);
        }
        let patterns = table_of(rules, "patternProperties").into_iter().flatten();
        for (pattern, schema) in patterns {
            if self.shape.fits(pattern, key) {
                return KeyRule::Value(schema);
            }
        }
        match rules.get("additionalProperties") {
            None => KeyRule::Unchecked,
            Some(Schema::Bool(false)) => KeyRule::Unknown,
            Some(schema) => KeyRule::Value(schema),
        }
    }

    fn complain_about_key(&mut self, rules: &Rules, entry: &Entry, path: &Path) {
        let known = table_of(rules, "properties")
            .into_iter()
            .flat_map(Map::keys);
        let patterns = table_of(rules, "patternProperties")
            .into_iter()
            .flat_map(Map::keys);
        let patterns: Vec<&str> = patterns.map(String::as_str).collect();
        let hint = if patterns.is_empty() {
            words::allowed(&entry.key, known.map(String::as_str))
        } else {
            let known: Option<Vec<_>> =
                patterns.iter().map(|one| patterns::in_words(one)).collect();
            match known {
                Some(known) => format!("allowed: {}", known.join(", or ")),
                None => format!("allowed: keys that match {}", words::any_of(patterns)),
            }
        };
        self.complaints.push(Complaint {
            at: entry.span.start,
            message: format!("`{}` is not known", path.key(&entry.key)),
            hint: Some(hint),
        });
    }

    fn complain_about_type(
        &mut self,
        node: &Node,
        path: &Path,
        (takes, about): (&str, Option<&str>),
    ) {
        let is = value_in_words(&node.value);
        let hint = match node.value {
            Value::Datetime => Some("put it between quotes"),
            _ => about,
        };
        self.complain(
            node,
            format!("{} is {is}; it takes {takes}", named(path)),
            hint,
        );
    }

    fn complain(&mut self, node: &Node, message: String, hint: Option<&str>) {
        let hint = hint.map(str::to_owned);
        self.complaints.push(Complaint {
            at: node.span.start,
            message,
            hint,
        });
    }
}

/// What a schema says of one key of a table.
enum KeyRule<'s> {
    Value(&'s Schema),
    Unchecked,
    Unknown,
}

/// Whether a schema says of a value only what it is for.
fn takes_anything(rules: &Rules) -> bool {
    rules
        .keys()
        .all(|key| matches!(key.as_str(), "description" | "default" | "title"))
}

/// What a text must be, where it must have a form.
fn text_in_words(rules: &Rules) -> Option<&'static str> {
    patterns::in_words(rules.get("pattern")?.as_str()?)
}

fn named(path: &Path) -> String {
    if path.steps().is_empty() {
        "the file".to_owned()
    } else {
        format!("`{path}`")
    }
}
