//! Settings as they are written.

use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Deserialize;
use serde_json::Value;
use trunkline_connector::format::{RetrySection, TimeoutsSection};
use trunkline_connector::units::{Size, Span};

/// The settings file, `trunkline.toml`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    /// HTTP in.
    pub(super) server: ServerSection,
    /// What is kept.
    pub(super) data: DataSection,
    /// Listeners for one connector alone, by its name.
    pub(super) listeners: BTreeMap<String, String>,
    /// HTTP out.
    pub(super) egress: EgressSection,
    /// Fields of connectors set anew, by the connector's name.
    pub(super) connectors: BTreeMap<String, ConnectorSection>,
}

/// HTTP in.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ServerSection {
    /// An address and port, or `unix:/path/to/socket`.
    pub(super) listen: String,
    /// What the outside calls us.
    pub(super) public_url: Option<String>,
    /// Threads that carry calls.
    #[schemars(range(min = 1, max = 64))]
    pub(super) threads: Option<u32>,
    /// How long running calls may take to finish at the end.
    pub(super) drain: Span,
    /// Further `Host` names that are ours.
    pub(super) hosts: Vec<String>,
    /// Browser origins that may call.
    pub(super) origins: Vec<String>,
    /// The most headers a request may have.
    #[schemars(range(min = 10, max = 1000))]
    pub(super) headers_max: u32,
    /// The most bytes a request's headers may take together.
    pub(super) header_bytes_max: Size,
    /// The largest request body that is passed on.
    pub(super) body_max: Size,
    /// How long a request's headers may take to arrive.
    pub(super) header_timeout: Span,
    /// How long a connection may stay open between requests.
    pub(super) idle_timeout: Span,
    /// The most connections that may be open at once.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub(super) connections_max: u32,
}

/// What is kept.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct DataSection {
    /// The folder.
    pub(super) dir: String,
}

/// HTTP out.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct EgressSection {
    /// Private addresses that may be called.
    pub(super) allow: Vec<String>,
    /// Whether `allow` may open metadata addresses too.
    pub(super) danger_allow_metadata: bool,
    /// A PEM file of further certificate authorities.
    pub(super) extra_ca: Option<String>,
    /// An HTTP proxy that https calls go through.
    #[schemars(regex(pattern = r"^http://"))]
    pub(super) proxy: Option<String>,
}

/// Fields of a connector set anew.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ConnectorSection {
    /// Where it answers. Its secrets are bound to this host then.
    pub(super) base_url: Option<String>,
    /// Where its tokens are asked for, in place of the connector's own address.
    pub(super) token_url: Option<String>,
    /// How long a whole call may take, retries included.
    pub(super) timeout: Option<Span>,
    /// How long to wait for each part of an attempt.
    #[serde(default)]
    pub(super) timeouts: TimeoutsSection,
    /// How to try again.
    #[serde(default)]
    pub(super) retry: RetrySection,
    /// Headers added where the caller sent none of that name.
    #[serde(default)]
    pub(super) headers: BTreeMap<String, String>,
    /// The variables that hold its secrets, by the secret's name.
    #[serde(default)]
    pub(super) secrets: BTreeMap<String, String>,
    /// Fields of operations set anew, by the operation's name.
    #[serde(default)]
    pub(super) operations: BTreeMap<String, OperationSection>,
}

/// Fields of an operation set anew.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct OperationSection {
    /// The app's own JSON Schema of a good reply: a file, beside the settings file.
    pub(super) schema: Option<String>,
}

/// A part of a settings file: the shape of [`File`], nothing required.
#[derive(Debug, Clone, Deserialize)]
#[serde(transparent)]
pub(super) struct Part(pub(super) Value);

impl JsonSchema for Part {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Settings".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let mut schema = schemars::schema_for!(File).to_value();
        drop_required(&mut schema);
        Schema::try_from(schema).unwrap_or_default()
    }
}

fn drop_required(schema: &mut Value) {
    match schema {
        Value::Object(object) => {
            if object.contains_key("properties") {
                object.remove("required");
            }
            object.values_mut().for_each(drop_required);
        }
        Value::Array(items) => items.iter_mut().for_each(drop_required),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
