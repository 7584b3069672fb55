//! What the replies and requests of one operation are compared with.

use std::sync::{Arc, OnceLock};
use std::time::Instant;

use serde_json::Value;
use trunkline_connector::format::{BodyText, Class, ReplyKind};
use trunkline_connector::{Connector, ConnectorName, Example, Operation, words};

use super::sampler::Sampler;
use super::shelf::{Made, Shelf};
use super::{Effort, Formats, Place, Schema, TooMuch, inferred};
use crate::config::{OperationOverride, Override, OwnSchema};
use crate::error::{Error, ErrorKind};
use crate::sse;

/// How many replies of one operation are looked at in a second, where nobody waits for the outcome.
const REPLIES_PER_SECOND: u8 = 5;

/// The checks of a connector's operations, in their order.
#[derive(Debug)]
pub(crate) struct Checks(Vec<Option<Arc<Check>>>);

/// What the bodies of one operation are compared with.
#[derive(Debug)]
pub(crate) struct Check {
    pub(crate) connector: ConnectorName,
    pub(crate) operation: Arc<str>,
    /// Its place in the connector's list.
    place: usize,
    whole: Arc<Connector>,
    shelf: Arc<Shelf>,
    /// The app's own schema of its replies.
    own: Option<Arc<Schema>>,
    examples: OnceLock<Option<Arc<Schema>>>,
    example_events: OnceLock<Option<Arc<Schema>>>,
    sampler: Sampler,
}

/// What a body is compared with.
#[derive(Debug)]
pub(crate) enum Known {
    /// It is promised to be like this.
    Promise(Arc<Schema>),
    /// It was like this when it was recorded.
    Examples(Arc<Schema>),
    /// Nothing is known of it.
    Nothing,
}

impl Checks {
    /// The checks of a connector, with the app's own schemas.
    ///
    /// # Errors
    /// [`ErrorKind::BadSettings`], if such a schema is none or is for no operation.
    pub(crate) fn new(connector: &Arc<Connector>, over: &Override) -> Result<Self, Error> {
        let shelf = Arc::new(Shelf::new(Arc::clone(connector)));
        let mut own = over.operations.iter().collect::<Vec<_>>();
        let mut checks = Vec::new();
        for (place, operation) in connector.operations.iter().enumerate() {
            let named = own.iter().position(|(name, _)| **name == operation.name);
            let schema = match named.map(|named| own.swap_remove(named)) {
                Some((_, own)) => own.schema.as_ref().map(compile_own).transpose()?,
                None => None,
            };
            let check = Check {
                connector: connector.name,
                operation: operation.name.as_str().into(),
                place,
                whole: Arc::clone(connector),
                shelf: Arc::clone(&shelf),
                own: schema,
                examples: OnceLock::new(),
                example_events: OnceLock::new(),
                sampler: Sampler::default(),
            };
            checks.push(check.has_a_say(operation).then(|| Arc::new(check)));
        }
        match own.first() {
            Some((name, own)) => Err(unknown_operation(connector, name, own)),
            None => Ok(Self(checks)),
        }
    }

    /// The check of the operation at a place; `None` where nothing is known of its bodies.
    pub(crate) fn get(&self, place: usize) -> Option<&Arc<Check>> {
        self.0.get(place)?.as_ref()
    }
}

impl Check {
    /// Whether one more reply may be looked at now.
    pub(crate) fn takes_one(&self, now: Instant) -> bool {
        self.sampler.takes(now, REPLIES_PER_SECOND)
    }

    /// Whether the app has a schema of its own for the replies.
    pub(crate) fn has_own_schema(&self) -> bool {
        self.own.is_some()
    }

    /// The schema that replies are promised to fit.
    pub(crate) fn reply(&self) -> Option<Made> {
        if let Some(own) = &self.own {
            return Some(Ok(Arc::clone(own)));
        }
        let schema = self.operation()?.reply_schema.as_ref()?;
        Some(self.shelf.get(schema))
    }

    /// The schema that each event of a stream is promised to fit.
    pub(crate) fn event(&self) -> Option<Made> {
        let schema = self.operation()?.event_schema.as_ref()?;
        Some(self.shelf.get(schema))
    }

    /// The schema that request bodies must fit.
    pub(crate) fn request(&self) -> Option<Made> {
        let schema = self.operation()?.request_schema.as_ref()?;
        Some(self.shelf.get(schema))
    }

    /// What replies are compared with. A schema that cannot be used says nothing.
    pub(crate) fn known_of_reply(&self) -> Known {
        match self.reply() {
            Some(Ok(schema)) => Known::Promise(schema),
            Some(Err(_)) => Known::Nothing,
            None => {
                let examples = self.examples.get_or_init(|| infer(&self.example_bodies()));
                Known::of_examples(examples.as_ref())
            }
        }
    }

    /// What each event of a stream is compared with, likewise.
    pub(crate) fn known_of_event(&self) -> Known {
        match self.event() {
            Some(Ok(schema)) => Known::Promise(schema),
            Some(Err(_)) => Known::Nothing,
            None => {
                let examples = self.example_events.get_or_init(|| {
                    let events = self.good_examples().flat_map(events_of);
                    infer(&events.collect::<Vec<_>>())
                });
                Known::of_examples(examples.as_ref())
            }
        }
    }

    fn operation(&self) -> Option<&Operation> {
        self.whole.operations.get(self.place)
    }

    fn has_a_say(&self, operation: &Operation) -> bool {
        let is_json = operation.reply_body == ReplyKind::Json;
        self.own.is_some()
            || operation.reply_schema.is_some()
            || operation.event_schema.is_some()
            || operation.request_schema.is_some()
            || (is_json && self.good_examples().next().is_some())
    }

    fn good_examples(&self) -> impl Iterator<Item = &Example> {
        let place = self.place;
        let examples = self.whole.examples().iter();
        examples.filter(move |example| {
            example.operation == place
                && example.class == Class::Ok
                && example.answer.status.is_success()
        })
    }

    fn example_bodies(&self) -> Vec<Value> {
        self.good_examples()
            .filter_map(|example| example.answer.json())
            .collect()
    }
}

impl Known {
    fn of_examples(examples: Option<&Arc<Schema>>) -> Self {
        match examples {
            Some(schema) => Self::Examples(Arc::clone(schema)),
            None => Self::Nothing,
        }
    }
}

fn infer(bodies: &[Value]) -> Option<Arc<Schema>> {
    let schema = inferred::schema(bodies)?;
    let schema = Schema::compile(Place::Whole(Arc::new(schema)), Formats::Noted);
    schema.ok().map(Arc::new)
}

/// The JSON of an example's events.
fn events_of(example: &Example) -> Vec<Value> {
    let BodyText::Events(events) = &example.answer.body else {
        return Vec::new();
    };
    events
        .iter()
        .filter(|event| event.data != sse::END_MARK)
        .filter_map(|event| serde_json::from_str(&event.data).ok())
        .collect()
}

fn compile_own(own: &OwnSchema) -> Result<Arc<Schema>, Error> {
    let Some(json) = &own.json else {
        let message = own.problem("names a file that was not read").to_string();
        let hint = "read it with `Config::read_schemas` before the engine is made";
        return Err(Error::new(ErrorKind::BadSettings, message).with_hint(hint));
    };
    match Schema::compile(Place::Whole(Arc::clone(json)), Formats::Asserted) {
        Ok(schema) => Ok(Arc::new(schema)),
        Err(error) => {
            let file = own.path.display();
            let what = format!("names `{file}`, which is no schema that can be used: {error}");
            let hint = "allowed is JSON Schema 2020-12 that refers to nothing outside its file";
            Err(Error::new(ErrorKind::BadSettings, own.problem(what).to_string()).with_hint(hint))
        }
    }
}

fn unknown_operation(connector: &Connector, name: &str, own: &OperationOverride) -> Error {
    let what = format!(
        "is for an operation `{name}` that `{}` does not have",
        connector.name
    );
    let of_schema = own.schema.as_ref().map(|schema| schema.problem(&what));
    let message = match of_schema.or_else(|| own.problem(&what)) {
        Some(problem) => problem.to_string(),
        None => format!("`connectors.{}.operations` {what}", connector.name),
    };
    let names = connector
        .operations
        .iter()
        .map(|operation| operation.name.as_str());
    let all = format!("all of them: `trunkline operations {}`", connector.name);
    Error::new(ErrorKind::BadSettings, message).with_hint(match words::nearest(name, names) {
        Some(close) => format!("did you mean `{close}`? {all}"),
        None => all,
    })
}

/// Where a connector contradicts itself: schemas that cannot be used, and recorded answers that do
/// not fit them. Each is named by its operation or its example.
pub(crate) fn misfits(connector: &Arc<Connector>) -> Result<Vec<(String, String)>, Error> {
    let checks = Checks::new(connector, &Override::default())?;
    let mut misfits = Vec::new();
    for check in checks.0.iter().flatten() {
        let schemas = [check.reply(), check.event(), check.request()];
        for error in schemas.into_iter().flatten().filter_map(Result::err) {
            let what = format!("its schema cannot be used: {error}");
            misfits.push((check.operation.to_string(), what));
        }
        for example in check.good_examples() {
            let (known, bodies) = match &example.answer.body {
                BodyText::Events(_) => (check.known_of_event(), events_of(example)),
                _ => (
                    check.known_of_reply(),
                    example.answer.json().into_iter().collect(),
                ),
            };
            let Known::Promise(schema) = known else {
                continue;
            };
            for body in &bodies {
                let what = match schema.findings(body, Effort::Long) {
                    Ok(None) => continue,
                    Ok(Some(findings)) => findings.broken_promise(&check.operation, "answer"),
                    Err(TooMuch) => "to check its answer is too much work".to_owned(),
                };
                misfits.push((example.name.clone(), what));
            }
        }
    }
    Ok(misfits)
}
