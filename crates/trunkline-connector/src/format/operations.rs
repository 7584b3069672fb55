//! `connectors/NAME/operations/RESOURCE.toml`: what can be called.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use crate::units::Span;

/// `connectors/NAME/operations/RESOURCE.toml`: what can be called.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OperationsFile {
    /// The operations of one resource.
    pub operations: Vec<OperationSection>,
}

/// One thing the API can do.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OperationSection {
    /// As the vendor's Node SDK spells the call, in snake case, or the vendor's own method name.
    #[schemars(regex(pattern = r"^[a-z][A-Za-z0-9_]*(\.[a-z][A-Za-z0-9_]*)*$"))]
    pub name: String,
    /// What it does, in a few words.
    pub title: String,
    /// The HTTP method.
    pub method: MethodName,
    /// The path after the base address; `{name}` is an input or a secret, `{secret.group}` a part of one.
    #[schemars(regex(pattern = r"^/"))]
    pub path: Option<String>,
    /// In place of `path`: the whole address is an input.
    pub address: Option<AddressSection>,
    /// The page that describes it.
    #[schemars(regex(pattern = r"^https://"))]
    pub docs: String,
    /// Whether the connector's credential is sent; left out: `connector`.
    #[serde(default)]
    pub auth: OperationAuth,
    /// Headers of this operation, sent where the caller sent none of that name.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// The protocol that the connection changes to.
    pub upgrade: Option<Upgrade>,
    /// How inputs are written into the body.
    #[serde(default)]
    pub body: BodyKind,
    /// The one input whose value alone is the body, of kind `json` or `raw`. Others go into the query.
    pub body_input: Option<String>,
    /// What a `raw` body is; left out: `application/octet-stream`.
    pub content_type: Option<String>,
    /// JSON Schema of the body: a file in `schemas/`, with `#/$defs/Name` for a part of it.
    pub request_schema: Option<String>,
    /// Whether asking twice does no harm although the method does not promise it.
    #[serde(default)]
    pub repeatable: Repeatable,
    /// The way of paging, by its name in `[pagination]`.
    pub pagination: Option<String>,
    /// Inputs that choose one page by themselves, with which the pages are not read on.
    #[serde(default)]
    pub not_paged_with: Vec<String>,
    /// JSON Pointer to the records of a page; left out: as the way of paging says.
    pub items: Option<String>,
    /// JSON Pointer to the `pageInfo` of a GraphQL connection, likewise.
    pub page_info: Option<String>,
    /// How to wait until a job that this operation begins is done.
    pub poll: Option<PollSection>,
    /// What it takes. Inputs that are not listed are sent as well.
    #[serde(default)]
    pub inputs: BTreeMap<String, InputSection>,
    /// What a good answer looks like.
    #[serde(default)]
    pub reply: ReplySection,
}

/// An operation whose address is an input, as earlier replies give it. No credential goes there.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AddressSection {
    /// The input.
    pub input: String,
    /// The hosts that it may name.
    #[schemars(inner(regex(pattern = r"^[a-z0-9-]+(\.[a-z0-9-]+)+$")))]
    pub hosts: Vec<String>,
}

/// Whether an operation sends the connector's credential.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OperationAuth {
    /// As `[auth]` says.
    #[default]
    Connector,
    /// None, such as where the path has a token.
    None,
}

/// A protocol that a connection can change to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Upgrade {
    /// WebSocket (RFC 6455).
    Websocket,
}

/// How to wait until a job is done: another operation is called until the job's state says so.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PollSection {
    /// The operation that looks.
    pub operation: String,
    /// Its inputs, as JSON Pointers into the reply of the operation that began the job.
    pub inputs: BTreeMap<String, String>,
    /// JSON Pointer to the job's state, in the reply of that operation.
    pub state: String,
    /// The states of a job that is done.
    pub done: Vec<String>,
    /// The states of a job that will never be done.
    #[serde(default)]
    pub failed: Vec<String>,
    /// JSON Pointer to why it failed, likewise.
    pub error: Option<String>,
    /// The wait between two looks.
    pub every: Span,
}

/// The HTTP methods a connector may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum MethodName {
    /// GET
    Get,
    /// HEAD
    Head,
    /// POST
    Post,
    /// PUT
    Put,
    /// PATCH
    Patch,
    /// DELETE
    Delete,
}

/// How inputs are written into the body.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BodyKind {
    /// There is no body; inputs go into the query.
    #[default]
    None,
    /// One JSON object.
    Json,
    /// `application/x-www-form-urlencoded`, nested as `a[b][0]=c`.
    Form,
    /// The same, but a list repeats its name: `a=b&a=c`.
    FormRepeated,
    /// `multipart/form-data` (RFC 7578): inputs become parts, files are streamed.
    Multipart,
    /// A GraphQL request: the input `query` is the document, `operation_name` chooses from it, and
    /// every other input is a variable.
    Graphql,
    /// The bytes of the one input that `body_input` names.
    Raw,
}

/// Whether asking twice does harm.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Repeatable {
    /// As the method promises (RFC 9110 section 9.2.2).
    #[default]
    ByMethod,
    /// Harmless: it only reads, whatever its method.
    Always,
}

/// One thing an operation takes.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InputSection {
    /// Where it goes; left out: the body where there is one, else the query.
    #[serde(rename = "in")]
    pub place: Option<InputPlace>,
    /// What kind of value it is.
    #[serde(rename = "type")]
    pub kind: InputKind,
    /// Whether the call makes no sense without it.
    #[serde(default)]
    pub need: Need,
    /// What is sent where it is left out.
    pub default: Option<Value>,
    /// The values that are allowed; of a list, those of its values.
    #[serde(default)]
    pub one_of: Vec<Value>,
    /// Its name in the request, where that is another one.
    pub sent_as: Option<String>,
    /// How a list is written in a query or a form; left out: `indexed`, and `repeated` in a
    /// `form_repeated` body.
    pub lists: Option<ListStyle>,
    /// How an object is written in a query or a form; left out: `brackets`.
    pub objects: Option<ObjectStyle>,
    /// What it is, in a few words.
    pub about: Option<String>,
}

/// Where an input goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum InputPlace {
    /// A `{name}` of the path.
    Path,
    /// The query string.
    Query,
    /// A request header of that name.
    Header,
    /// The body.
    Body,
    /// It is the whole address.
    Address,
}

/// How a list is written in a query or a form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ListStyle {
    /// `a[0]=x&a[1]=y`
    Indexed,
    /// `a[]=x&a[]=y`
    Brackets,
    /// `a=x&a=y`
    Repeated,
    /// `a=x,y`
    Comma,
    /// `a=["x","y"]`, percent-encoded
    Json,
}

/// How an object is written in a query or a form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ObjectStyle {
    /// `a[b]=x`
    Brackets,
    /// `a.b=x`
    Dots,
    /// `a={"b":"x"}`, percent-encoded
    Json,
}

/// What kind of value an input is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum InputKind {
    /// A text.
    String,
    /// A whole number.
    Integer,
    /// Any number.
    Number,
    /// `true` or `false`.
    Boolean,
    /// An object.
    Object,
    /// A list.
    Array,
    /// A file, which is streamed. Only in `multipart` and `raw` bodies.
    File,
    /// Whatever JSON can say.
    Any,
}

/// Whether something must be there: an input of a call, or a secret.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Need {
    /// It may be left out.
    #[default]
    Optional,
    /// It must be there.
    Required,
}

/// What a good answer looks like.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReplySection {
    /// What kind of body it has.
    #[serde(default)]
    pub body: ReplyKind,
    /// JSON Pointers to values that are always there.
    #[serde(default)]
    pub required: Vec<String>,
    /// JSON Schema of the body: a file in `schemas/`, with `#/$defs/Name` for a part of it.
    pub schema: Option<String>,
    /// JSON Schema of each event of a stream, likewise.
    pub event_schema: Option<String>,
}

/// What kind of body a good answer has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReplyKind {
    /// A JSON value, or an event stream where the caller asked for one.
    #[default]
    Json,
    /// Nothing.
    Empty,
    /// Anything else.
    Any,
}
