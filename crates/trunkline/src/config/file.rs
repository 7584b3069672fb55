//! Settings as they are written.

use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Deserialize;
use serde_json::Value;
use trunkline_connector::format::{RetrySection, TimeoutsSection};
use trunkline_connector::units::{CACHE_PATTERN, Size, Span};

use crate::callers::WINDOWS_MAX;

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
    /// What each caller may ask of us.
    pub(super) callers: CallersSection,
    /// Answers that are kept in memory.
    pub(super) cache: CacheSection,
    /// A Redis that several processes share.
    pub(super) redis: RedisSection,
    /// The log of calls.
    pub(super) calls: CallsSection,
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

/// What each caller may ask of us. Each listener counts as one.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CallersSection {
    /// How many calls each may make; several windows as a list.
    pub(super) limit: Option<LimitSetting>,
}

/// Answers that are kept in memory.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CacheSection {
    /// The most memory that they take together.
    pub(super) memory_max: Size,
    /// The largest answer that is kept.
    pub(super) answer_max: Size,
}

/// A Redis that several processes share: for limits, and for answers that are kept.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RedisSection {
    /// Its address, or `env:` and the variable that holds it.
    pub(super) url: Option<String>,
    /// How many processes share the limits, for while it is away and does not tell.
    #[schemars(range(min = 1, max = 10_000))]
    pub(super) processes: Option<u32>,
}

/// The log of calls, in the data folder.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CallsSection {
    /// How long calls are kept; `0s` keeps none.
    pub(super) keep: Span,
    /// The largest that the log may become; the oldest calls go first.
    pub(super) size_max: Size,
}

/// One limit, or several that hold together.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(untagged)]
pub(super) enum LimitSetting {
    /// One.
    One(LimitSection),
    /// Several.
    Several(#[schemars(length(min = 1, max = WINDOWS_MAX))] Vec<LimitSection>),
}

/// So many in so long.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-whole" = true))]
pub(super) struct LimitSection {
    /// How many.
    #[schemars(range(min = 1, max = 1_000_000_000))]
    pub(super) rate: u32,
    /// In how long.
    pub(super) per: Span,
    /// How many at once, after a pause; left out: as many as `rate`.
    #[schemars(range(min = 1, max = 1_000_000_000))]
    pub(super) burst: Option<u32>,
    /// The longest that a call waits for its turn; left out: `30s`, and never beyond its time.
    pub(super) wait_max: Option<Span>,
}

/// Whether answers are kept: `off`, `headers`, a time, or a table that says more.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(untagged)]
pub(super) enum CacheSetting {
    /// How long.
    Time(#[schemars(regex(pattern = CACHE_PATTERN))] String),
    /// How long, and what tells answers apart.
    Table(CacheRuleSection),
}

/// How long answers are kept, and what tells them apart.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-whole" = true))]
pub(super) struct CacheRuleSection {
    /// `off`; `headers`: as the upstream says; or a time, for where it says nothing.
    #[schemars(regex(pattern = CACHE_PATTERN))]
    pub(super) time: String,
    /// The query fields that tell answers apart; left out: the whole query does.
    pub(super) query: Option<Vec<String>>,
    /// Request headers that tell answers apart, besides what the upstream's `Vary` names; left out:
    /// with a time, every header does that may choose what is answered.
    pub(super) headers: Option<Vec<String>>,
    /// Words by which `trunkline cache purge --tag` finds the answers.
    #[serde(default)]
    pub(super) tags: Vec<String>,
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
    /// How fast attempts may follow each other; several windows as a list.
    pub(super) limit: Option<LimitSetting>,
    /// How many attempts and streams may be under way at once.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub(super) concurrency: Option<u32>,
    /// Whether an upstream that keeps failing is left alone for a while; left out: `on`.
    pub(super) breaker: Option<Switch>,
    /// Whether what the API tells of its own limits is kept to; left out: `on`.
    pub(super) upstream_limits: Option<Switch>,
    /// Whether answers to GET and HEAD are kept: `off`, `headers`, or a time such as `5m`.
    pub(super) cache: Option<CacheSetting>,
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
    /// How fast attempts of it may follow each other, besides the connector's own limit.
    pub(super) limit: Option<LimitSetting>,
    /// How many of the connector's calls one of it counts for; left out: 1.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub(super) weight: Option<u32>,
    /// Whether its answers are kept, in place of what the connector's `cache` says. A POST is only
    /// kept where a time stands here.
    pub(super) cache: Option<CacheSetting>,
}

/// On or off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Switch {
    /// It is.
    On,
    /// It is not.
    Off,
}

/// A part of a settings file: the shape of [`File`], nothing required, but within tables that are
/// given as a whole or not at all.
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
            if object.contains_key("properties") && !object.contains_key("x-whole") {
                object.remove("required");
            }
            object.values_mut().for_each(drop_required);
        }
        Value::Array(items) => items.iter_mut().for_each(drop_required),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
