//! A connector as it will be written.

use serde_json::Value;
use trunkline_connector::ConnectorName;
use trunkline_connector::format::{
    BodyKind, InputKind, InputPlace, ListStyle, MethodName, ObjectStyle, ReplyKind,
};

/// A connector as it will be written.
#[derive(Debug)]
pub(crate) struct Draft {
    pub(crate) name: ConnectorName,
    pub(crate) title: String,
    /// The document's own version.
    pub(crate) version: String,
    pub(crate) docs: String,
    pub(crate) checked: String,
    pub(crate) base: Base,
    /// Further addresses in the document, which are only named.
    pub(crate) other_servers: Vec<String>,
    pub(crate) hosts: Vec<Host>,
    pub(crate) secrets: Vec<Secret>,
    pub(crate) auth: Vec<Way>,
    pub(crate) outcomes: Vec<Outcome>,
    pub(crate) has_retry_after: bool,
    pub(crate) errors: Errors,
    pub(crate) verify: Verify,
    pub(crate) operations: Vec<Operation>,
}

/// Where it answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Base {
    /// Everybody calls the same address.
    Fixed(String),
    /// Each user has one, such as this.
    Found { env: String, example: String },
}

/// A further host, by the path that belongs to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Host {
    pub(crate) path: String,
    pub(crate) base_url: String,
}

/// A value that must be known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Secret {
    pub(crate) name: String,
    pub(crate) env: String,
    pub(crate) example: String,
}

/// A way to prove who calls; texts name secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Way {
    Bearer { secret: String, word: String },
    Header { name: String, secret: String },
    Basic { username: String, password: String },
    Headers(Vec<(String, String)>),
    Query { name: String, secret: String },
    ClientCredentials(Client),
    AwsSigv4(Aws),
}

/// OAuth 2.0 client credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Client {
    pub(crate) token_url: String,
    pub(crate) id: String,
    pub(crate) secret: String,
    pub(crate) scope: Option<String>,
}

/// AWS Signature Version 4.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Aws {
    pub(crate) access_key: String,
    pub(crate) secret_key: String,
    pub(crate) region: String,
    pub(crate) service: String,
}

/// What an answer of a status means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) status: &'static str,
    pub(crate) class: &'static str,
    pub(crate) message: String,
    pub(crate) hint: Option<String>,
}

/// Where error bodies keep their text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Errors {
    pub(crate) message: Vec<String>,
    pub(crate) code: Vec<String>,
}

/// The call that proves the credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Verify {
    pub(crate) operation: String,
    pub(crate) inputs: Vec<(String, Value)>,
}

/// One thing the API can do.
#[derive(Debug, Clone)]
pub(crate) struct Operation {
    pub(crate) name: String,
    /// The file that it stands in.
    pub(crate) resource: String,
    pub(crate) title: String,
    pub(crate) method: MethodName,
    pub(crate) path: String,
    pub(crate) docs: Option<String>,
    pub(crate) auth: Credential,
    pub(crate) body: BodyKind,
    pub(crate) body_input: Option<String>,
    pub(crate) content_type: Option<String>,
    pub(crate) request_schema: Option<String>,
    pub(crate) inputs: Vec<Input>,
    pub(crate) reply: Reply,
    pub(crate) is_deprecated: bool,
}

/// Whether the credential is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Credential {
    Sent,
    None,
}

/// One thing an operation takes.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Input {
    pub(crate) name: String,
    /// Left out where it follows from the body.
    pub(crate) place: Option<InputPlace>,
    pub(crate) kind: InputKind,
    pub(crate) need: Need,
    pub(crate) one_of: Vec<Value>,
    pub(crate) sent_as: Option<String>,
    pub(crate) lists: Option<ListStyle>,
    pub(crate) objects: Option<ObjectStyle>,
    pub(crate) about: Option<String>,
}

/// Whether a call makes sense without an input.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Need {
    Optional,
    Required,
    /// Without it this is sent.
    Default(Value),
}

/// What a good answer looks like.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Reply {
    pub(crate) body: ReplyKind,
    /// What is asked for, where there is more than one kind of body.
    pub(crate) accept: Option<String>,
    pub(crate) schema: Option<String>,
    pub(crate) event_schema: Option<String>,
}
