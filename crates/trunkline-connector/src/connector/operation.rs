//! What an API can do, checked.

#[cfg(test)]
mod tests;

use std::time::Duration;

use http::{HeaderName, HeaderValue, Method};
use serde_json::Value;

use super::{Inputs, SchemaRef};
use crate::format::{
    BodyKind, InputKind, InputPlace, ListStyle, MethodName, Need, ObjectStyle, OperationAuth,
    Repeatable, ReplyKind, Upgrade,
};
use crate::template::Template;

/// One thing an API can do.
#[derive(Debug, Clone)]
pub struct Operation {
    /// Its name.
    pub name: String,
    /// What it does, in a few words.
    pub title: String,
    /// The HTTP method.
    pub method: Method,
    /// Where it is called.
    pub target: OperationTarget,
    /// The page that describes it.
    pub docs: String,
    /// Whether the connector's credential is sent.
    pub auth: OperationAuth,
    /// Headers sent where a caller by name sent none of that name.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// The protocol that the connection changes to.
    pub upgrade: Option<Upgrade>,
    /// How inputs are written into the body.
    pub body: BodyKind,
    /// The one input whose value alone is the body.
    pub body_input: Option<String>,
    /// What a raw body is.
    pub content_type: Option<HeaderValue>,
    /// The schema of the body.
    pub request_schema: Option<SchemaRef>,
    /// Whether asking twice does harm.
    pub repeatable: Repeatable,
    /// The way of paging, as a place in [`Connector::pagination`](crate::Connector::pagination).
    pub pagination: Option<usize>,
    /// Inputs with which the pages are not read on.
    pub not_paged_with: Vec<String>,
    /// JSON Pointer to the records of a page, where the way of paging does not say.
    pub items: Option<String>,
    /// JSON Pointer to the `pageInfo` of a GraphQL connection, likewise.
    pub page_info: Option<String>,
    /// How to wait until a job that it begins is done.
    pub poll: Option<Poll>,
    /// What it takes, sorted by name.
    pub inputs: Vec<Input>,
    /// What kind of body a good answer has.
    pub reply_body: ReplyKind,
    /// JSON Pointers to values that a good answer always has.
    pub reply_required: Vec<String>,
    /// The schema of a good answer.
    pub reply_schema: Option<SchemaRef>,
    /// The schema of each event of a stream.
    pub event_schema: Option<SchemaRef>,
}

/// Where an operation is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OperationTarget {
    /// A path below the base address.
    Path(Template),
    /// An address that is an input. No credential goes there.
    Address {
        /// The input.
        input: String,
        /// The hosts that it may name, in lower case.
        hosts: Vec<String>,
    },
}

/// One thing an operation takes.
#[derive(Debug, Clone)]
pub struct Input {
    /// Its name.
    pub name: String,
    /// Where it goes.
    pub place: InputPlace,
    /// What kind of value it is.
    pub kind: InputKind,
    /// Whether the call makes no sense without it.
    pub need: Need,
    /// What is sent where it is left out.
    pub default: Option<Value>,
    /// The values that are allowed; empty for any. Of a list, those of its values.
    pub one_of: Vec<Value>,
    /// Its name in the request, where that is another one.
    pub sent_as: Option<String>,
    /// How a list is written where there is only text.
    pub lists: Option<ListStyle>,
    /// How an object is written where there is only text.
    pub objects: Option<ObjectStyle>,
    /// What it is.
    pub about: Option<String>,
}

/// How to wait until a job is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Poll {
    /// The operation that looks, as a place in
    /// [`Connector::operations`](crate::Connector::operations).
    pub operation: usize,
    /// Its inputs, as JSON Pointers into the reply of the operation that began the job.
    pub inputs: Vec<(String, String)>,
    /// JSON Pointer to the job's state.
    pub state: String,
    /// The states of a job that is done.
    pub done: Vec<String>,
    /// The states of a job that will never be done.
    pub failed: Vec<String>,
    /// JSON Pointer to why it failed.
    pub error: Option<String>,
    /// The wait between two looks.
    pub every: Duration,
}

/// How a job stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JobState {
    /// It is done.
    Done,
    /// It will never be done.
    Failed {
        /// Its state.
        state: String,
        /// Why, where the reply says.
        reason: Option<String>,
    },
    /// It is not done yet; this is its state.
    Running(String),
}

/// Why nothing can be said of a job: the reply has no text, number or boolean at this pointer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the reply has nothing at `{0}`")]
pub struct JobError(pub String);

impl Operation {
    /// The path below the base address, where it has one.
    pub fn path(&self) -> Option<&Template> {
        match &self.target {
            OperationTarget::Path(template) => Some(template),
            OperationTarget::Address { .. } => None,
        }
    }

    /// Finds an input by its name.
    pub fn input(&self, name: &str) -> Option<&Input> {
        self.inputs.iter().find(|input| input.name == name)
    }
}

/// The path as connector files write it, or the input that is the address.
impl std::fmt::Display for OperationTarget {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Path(template) => template.fmt(f),
            Self::Address { input, .. } => write!(f, "{{{input}}}"),
        }
    }
}

impl Input {
    /// Its name in the request.
    pub fn wire_name(&self) -> &str {
        self.sent_as.as_deref().unwrap_or(&self.name)
    }
}

impl Poll {
    /// The inputs of `looking`, the operation that looks, from the reply that began the job.
    ///
    /// # Errors
    ///
    /// The first pointer that finds nothing.
    pub fn inputs_from(&self, reply: &Value, looking: &Operation) -> Result<Inputs, JobError> {
        let mut inputs = Inputs::new();
        for (name, pointer) in &self.inputs {
            let found = reply.pointer(pointer).filter(|value| !value.is_null());
            let value = found.ok_or_else(|| JobError(pointer.clone()))?;
            let wants_text = looking
                .input(name)
                .is_some_and(|input| input.kind == InputKind::String);
            // An id may be a number in one place and a text in another.
            let value = match value {
                Value::Number(number) if wants_text => Value::String(number.to_string()),
                other => other.clone(),
            };
            inputs.insert(name.clone(), value);
        }
        Ok(inputs)
    }

    /// How the job stands, by the reply of the operation that looks.
    ///
    /// # Errors
    ///
    /// If the reply does not say.
    pub fn state_in(&self, reply: &Value) -> Result<JobState, JobError> {
        let state = reply.pointer(&self.state).and_then(single_text);
        let state = state.ok_or_else(|| JobError(self.state.clone()))?;
        if self.done.contains(&state) {
            return Ok(JobState::Done);
        }
        if !self.failed.contains(&state) {
            return Ok(JobState::Running(state));
        }
        let error = self
            .error
            .as_ref()
            .and_then(|pointer| reply.pointer(pointer));
        let reason = error
            .filter(|error| !error.is_null())
            .map(|error| match error {
                Value::String(text) => text.clone(),
                other => other.to_string(),
            });
        Ok(JobState::Failed { state, reason })
    }
}

fn single_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(value) => Some(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

impl MethodName {
    /// The method itself.
    pub fn method(self) -> Method {
        match self {
            Self::Get => Method::GET,
            Self::Head => Method::HEAD,
            Self::Post => Method::POST,
            Self::Put => Method::PUT,
            Self::Patch => Method::PATCH,
            Self::Delete => Method::DELETE,
        }
    }
}
