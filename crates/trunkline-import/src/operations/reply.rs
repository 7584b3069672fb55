//! Good replies: what kind of body they have, and its schema.

use serde_json::Value;
use trunkline_connector::format::ReplyKind;

use super::Reader;
use super::body::{essence, is_json};
use crate::at::At;
use crate::draft::Reply;
use crate::outline::Outlined;
use crate::report::Loss;
use crate::spec::{self, Fields};

/// What good replies are, over all their statuses.
#[derive(Default)]
struct Found<'d> {
    /// Schemas of JSON bodies, and where they stand.
    schemas: Vec<(&'d Value, String)>,
    events: Option<(&'d Value, String)>,
    /// The JSON content type to ask for, where there are others.
    json: Option<&'d str>,
    /// JSON without a schema.
    is_open: bool,
    other: Option<String>,
    is_described: bool,
}

impl<'d> Reader<'d, '_> {
    pub(super) fn reply(&mut self, one: &Outlined<'d>) -> Reply {
        let at = At::Pointer(&one.at);
        let at = at.key("responses");
        let mut found = Found::default();
        for (status, response) in good(one.fields) {
            let at = at.key(status);
            if let Some(response) = self.spec.object(response, &at, self.report) {
                found.is_described = true;
                found.add(response, &at);
            }
        }
        let name = format!("{}.reply", one.name);
        let schema = if found.is_open || found.schemas.is_empty() {
            None
        } else {
            self.schemas.name_any(&found.schemas, &name, self.report)
        };
        let event_schema = found.events.and_then(|(schema, at)| {
            let name = format!("{}.event", one.name);
            self.schemas
                .name(schema, &At::Pointer(&at), &name, self.report)
        });
        if let (None, Some(other)) = (found.json, &found.other) {
            self.report.add(Loss::Reply, &at, other);
        }
        Reply {
            body: match (found.json, &found.other) {
                (Some(_), _) => ReplyKind::Json,
                (None, None) if found.is_described => ReplyKind::Empty,
                (None, _) => ReplyKind::Any,
            },
            accept: found
                .json
                .filter(|_| found.other.is_some())
                .map(str::to_owned),
            schema,
            event_schema,
        }
    }
}

impl<'d> Found<'d> {
    fn add(&mut self, response: &'d Fields, at: &At<'_>) {
        let at = at.key("content");
        for (media, content) in spec::entries(response, "content") {
            let at = at.key(media);
            let schema = content.get("schema");
            match essence(media).as_str() {
                "text/event-stream"
                | "application/x-ndjson"
                | "application/jsonl"
                | "application/stream+json" => {
                    let schema = schema.map(|schema| (schema, at.key("schema").to_string()));
                    self.events = self.events.take().or(schema);
                    self.other.get_or_insert_with(|| media.clone());
                }
                _ if is_json(media) => {
                    self.json.get_or_insert(media);
                    match schema {
                        Some(schema) => {
                            self.schemas.push((schema, at.key("schema").to_string()));
                        }
                        None => self.is_open = true,
                    }
                }
                _ => {
                    self.other.get_or_insert_with(|| media.clone());
                }
            }
        }
    }
}

/// The replies that say it worked. Where a document has one for everything and no other, that one.
fn good(operation: &Fields) -> Vec<(&String, &Value)> {
    let responses = operation.get("responses").and_then(Value::as_object);
    let all = || {
        responses
            .into_iter()
            .flatten()
            .filter(|(status, _)| !status.starts_with("x-"))
    };
    let good: Vec<(&String, &Value)> = all()
        .filter(|(status, _)| status.starts_with('2'))
        .collect();
    if good.is_empty() && all().count() == 1 {
        return all().filter(|(status, _)| *status == "default").collect();
    }
    good
}
