//! Settings: read from every place they may stand in, checked, and turned into what they mean.

mod address;
mod file;
mod layers;
mod limits;
mod redis;

use std::collections::BTreeMap;
use std::fmt::{self, Display};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::num::{NonZeroU32, NonZeroUsize};
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderName, HeaderValue};
use ipnet::IpNet;
use serde_json::Value;
use trunkline_connector::document::{Path, Problem, Source, Step};
use trunkline_connector::{ConnectorName, Retry, Timeouts, published};
use url::Url;

use crate::config::layers::Merged;
pub use crate::config::layers::{Place, Setting};
pub use crate::config::limits::{Caching, Keep, Limit};
pub use crate::config::redis::{Redis, RedisUrl};
use crate::secret::Environment;

/// The defaults, which are also their own documentation.
pub const DEFAULTS: &str = include_str!("config/default.toml");

/// What the settings mean.
#[derive(Debug, Clone)]
pub struct Config {
    /// HTTP in.
    pub server: Server,
    /// The folder of everything we keep.
    pub data_dir: PathBuf,
    /// Listeners for one connector alone.
    pub listeners: BTreeMap<ConnectorName, Listen>,
    /// HTTP out.
    pub egress: Egress,
    /// How many calls each caller may make.
    pub callers: Vec<Limit>,
    /// Answers that are kept in memory.
    pub cache: Cache,
    /// A Redis that several processes share, where there is one.
    pub redis: Option<Redis>,
    /// The log of calls; `None` where none is kept.
    pub calls: Option<Calls>,
    /// Fields of connectors set anew.
    pub connectors: BTreeMap<ConnectorName, Override>,
    /// Where the sandbox answers, when it stands in for every upstream.
    pub sandbox: Option<SocketAddr>,
    settings: Vec<Setting>,
    refused: Vec<Problem>,
}

/// HTTP in.
#[derive(Debug, Clone)]
pub struct Server {
    /// Where callers reach us.
    pub listen: Listen,
    /// What the outside calls us.
    pub public_url: Option<Url>,
    /// Threads that carry calls.
    pub threads: NonZeroUsize,
    /// How long running calls may take to finish at the end.
    pub drain: Duration,
    /// Further `Host` names that are ours.
    pub hosts: Vec<String>,
    /// Browser origins that may call, as browsers write them.
    pub origins: Vec<String>,
    /// The most headers a request may have.
    pub headers_max: usize,
    /// The most bytes a request's headers may take together.
    pub header_bytes_max: usize,
    /// The largest request body that is passed on.
    pub body_max: u64,
    /// How long a request's headers may take to arrive.
    pub header_timeout: Duration,
    /// How long a connection may stay open between requests.
    pub idle_timeout: Duration,
    /// The most connections that may be open at once.
    pub connections_max: usize,
}

/// Where callers reach us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Listen {
    /// An address and port.
    Tcp(SocketAddr),
    /// A socket in the file system.
    Unix(PathBuf),
}

/// HTTP out.
#[derive(Debug, Clone)]
pub struct Egress {
    /// Private addresses that may be called.
    pub allow: Vec<IpNet>,
    /// Whether `allow` may open metadata addresses too.
    pub danger_allow_metadata: bool,
    /// A PEM file of further certificate authorities.
    pub extra_ca: Option<PathBuf>,
    /// An HTTP proxy that https calls go through.
    pub proxy: Option<Url>,
}

/// Answers that are kept in memory.
#[derive(Debug, Clone, Copy)]
pub struct Cache {
    /// The most bytes that they take together.
    pub bytes_max: u64,
    /// The largest body that is kept.
    pub answer_bytes_max: u64,
}

/// The log of calls.
#[derive(Debug, Clone, Copy)]
pub struct Calls {
    /// How long a call is kept.
    pub keep: Duration,
    /// The most bytes that the file may have.
    pub bytes_max: u64,
}

/// Whether an upstream that keeps failing is left alone for a while.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Breaking {
    /// It is.
    #[default]
    On,
    /// It is called however often it fails.
    Off,
}

/// Whether what an upstream tells of its own limits is kept to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Learning {
    /// It is.
    #[default]
    On,
    /// Calls go however little it says is left.
    Off,
}

/// Fields of a connector set anew.
#[derive(Debug, Clone, Default)]
pub struct Override {
    /// Where it answers.
    pub base_url: Option<Url>,
    /// Where its tokens are asked for.
    pub token_url: Option<Url>,
    /// How long a whole call may take, retries included.
    pub timeout: Option<Duration>,
    /// How long to wait for each part of an attempt.
    pub timeouts: Timeouts,
    /// How to try again.
    pub retry: Retry,
    /// How fast attempts may follow each other, in each of these windows.
    pub limits: Vec<Limit>,
    /// How many attempts and streams may be under way at once.
    pub concurrency: Option<NonZeroU32>,
    /// Whether it is left alone while it keeps failing.
    pub breaking: Breaking,
    /// Whether what it tells of its own limits is kept to.
    pub learning: Learning,
    /// Whether answers to GET and HEAD are kept.
    pub cache: Option<Caching>,
    /// Headers added where the caller sent none of that name.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// The variables that hold its secrets, by the secret's name.
    pub secrets: BTreeMap<String, String>,
    /// Fields of operations set anew, by the operation's name.
    pub operations: BTreeMap<String, OperationOverride>,
}

/// Fields of an operation set anew.
#[derive(Debug, Clone, Default)]
pub struct OperationOverride {
    /// The app's own schema of a good reply.
    pub schema: Option<OwnSchema>,
    /// How fast attempts of it may follow each other, besides the connector's limits.
    pub limits: Vec<Limit>,
    /// How many of the connector's calls one of it counts for.
    pub weight: Option<NonZeroU32>,
    /// Whether its answers are kept, in place of what the connector's setting says.
    pub cache: Option<Caching>,
    /// A problem at its section, without words.
    pub(crate) setting: Option<Problem>,
}

impl OperationOverride {
    /// A problem with one of its settings; `what` continues a sentence that begins with its name.
    pub(crate) fn problem(&self, what: impl Display) -> Option<Problem> {
        let mut problem = self.setting.clone()?;
        problem.message = format!("{}{what}", problem.message);
        problem.hint = None;
        Some(problem)
    }
}

/// The app's own schema of an operation's replies.
#[derive(Debug, Clone)]
pub struct OwnSchema {
    /// The file that it stands in.
    pub path: PathBuf,
    /// What the file holds, once it was read.
    pub json: Option<Arc<Value>>,
    /// Where the setting stands.
    setting: Problem,
}

/// Where settings may stand.
#[derive(Debug)]
pub struct Layers<'a> {
    /// The settings file, if there is one.
    pub file: Option<Source>,
    /// The variables of the process.
    pub environment: &'a Environment,
    /// Settings given on the command line: key such as `server.listen`, and value.
    pub arguments: Vec<(&'static str, String)>,
}

impl Config {
    /// Reads the settings. With them come warnings about variables that mean nothing.
    ///
    /// # Errors
    /// Every problem at once, each with its place and what is allowed.
    pub fn load(layers: Layers<'_>) -> Result<(Self, Vec<String>), Vec<Problem>> {
        let merged = Merged::read(layers)?;
        let mut problems = Vec::new();
        let config = Self::mean(&merged, &mut problems);
        if problems.is_empty() {
            Ok((config, merged.warnings))
        } else {
            Err(problems)
        }
    }

    /// Every setting, its value and where it came from.
    pub fn settings(&self) -> &[Setting] {
        &self.settings
    }

    /// Base addresses at which every call will be refused, each with its place. They do no harm to
    /// other connectors, so whoever reads settings decides what to make of them.
    pub fn refused_addresses(&self) -> &[Problem] {
        &self.refused
    }

    /// Reads the files that settings name as the app's own schemas, by a function that reads one.
    ///
    /// # Errors
    /// Every file that cannot be read or is no JSON, by the setting that names it.
    pub fn read_schemas(
        &mut self,
        read: impl Fn(&std::path::Path) -> io::Result<String>,
    ) -> Result<(), Vec<Problem>> {
        let mut problems = Vec::new();
        let operations = self
            .connectors
            .values_mut()
            .flat_map(|over| over.operations.values_mut());
        for schema in operations.filter_map(|operation| operation.schema.as_mut()) {
            problems.extend(schema.read(&read).err());
        }
        if problems.is_empty() {
            return Ok(());
        }
        Err(problems)
    }

    /// The same settings with the sandbox at `address` in the place of every upstream.
    #[must_use]
    pub fn for_sandbox(mut self, address: SocketAddr) -> Self {
        self.sandbox = Some(address);
        self
    }

    fn mean(merged: &Merged, problems: &mut Vec<Problem>) -> Self {
        let mut reader = Reader {
            merged,
            problems,
            refused: Vec::new(),
        };
        let file = &merged.file;
        let server = reader.server(&file.server);
        let egress = Egress {
            allow: reader.networks(&file.egress.allow),
            danger_allow_metadata: file.egress.danger_allow_metadata,
            extra_ca: file.egress.extra_ca.as_ref().map(PathBuf::from),
            proxy: reader.optional_url(&["egress", "proxy"], file.egress.proxy.as_deref()),
        };
        let mut listeners = BTreeMap::new();
        for (name, listen) in &file.listeners {
            let path = ["listeners", name.as_str()];
            if let (Some(name), Some(listen)) = (reader.name(&path), reader.listen(&path, listen)) {
                listeners.insert(name, listen);
            }
        }
        let callers = reader.limits(&["callers", "limit"], file.callers.limit.as_ref());
        let cache = reader.cache(&file.cache);
        let redis = reader.redis(&file.redis);
        let calls = reader.calls(&file.calls);
        let mut connectors = BTreeMap::new();
        reader.no_place_twice(&server.listen, &listeners);
        for (name, section) in &file.connectors {
            let over = reader.connector(name, section, &egress);
            if let Some(name) = reader.name(&["connectors", name.as_str()]) {
                connectors.insert(name, over);
            }
        }
        Self {
            server,
            data_dir: PathBuf::from(&file.data.dir),
            listeners,
            egress,
            callers,
            cache,
            redis,
            calls,
            connectors,
            sandbox: None,
            settings: merged.settings(),
            refused: reader.refused,
        }
    }
}

/// Two threads where there are two cores; the machine's other cores belong to the app.
fn threads(wanted: Option<u32>) -> NonZeroUsize {
    let cores = || {
        std::thread::available_parallelism()
            .map_or(1, NonZeroUsize::get)
            .min(2)
    };
    let threads = wanted.map_or_else(cores, |threads| threads as usize);
    NonZeroUsize::new(threads).unwrap_or(NonZeroUsize::MIN)
}

/// Turns texts into what they mean, and keeps what is wrong with them.
struct Reader<'a> {
    merged: &'a Merged,
    problems: &'a mut Vec<Problem>,
    refused: Vec<Problem>,
}

impl Reader<'_> {
    /// Keeps a problem; `what` continues a sentence that begins with the setting's name.
    fn wrong(&mut self, path: &[&str], what: impl Display, hint: &str) {
        let problem = self.problem(path, what, hint);
        self.problems.push(problem);
    }

    fn problem(&self, path: &[&str], what: impl Display, hint: &str) -> Problem {
        let path: Path = path.iter().copied().map(Step::from).collect();
        let problem = self.merged.problem(&path, format!("`{path}` {what}"));
        problem.with_hint(hint)
    }

    fn server(&mut self, file: &file::ServerSection) -> Server {
        let listen = self.listen(&["server", "listen"], &file.listen);
        let header_bytes_max = usize::try_from(file.header_bytes_max.0);
        Server {
            // What stands in for a wrong address is never used: the problem is reported.
            listen: listen.unwrap_or(Listen::Unix(PathBuf::new())),
            public_url: self.optional_url(&["server", "public_url"], file.public_url.as_deref()),
            threads: threads(file.threads),
            drain: file.drain.0,
            hosts: file
                .hosts
                .iter()
                .map(|host| host.to_ascii_lowercase())
                .collect(),
            origins: self.origins(&file.origins),
            headers_max: file.headers_max as usize,
            header_bytes_max: header_bytes_max.unwrap_or(usize::MAX),
            body_max: file.body_max.0,
            header_timeout: self.positive(&["server", "header_timeout"], file.header_timeout.0),
            idle_timeout: self.positive(&["server", "idle_timeout"], file.idle_timeout.0),
            connections_max: file.connections_max as usize,
        }
    }

    fn listen(&mut self, path: &[&str], text: &str) -> Option<Listen> {
        let listen = text.parse().ok();
        if listen.is_none() {
            let hint = "allowed is an address and port such as `127.0.0.1:4000`, or `unix:/path/to/socket`";
            let what = format!("is `{text}`, which is no address to listen on");
            self.wrong(path, what, hint);
        }
        listen
    }

    fn name(&mut self, path: &[&str]) -> Option<ConnectorName> {
        let text = path.last().copied().unwrap_or_default();
        let name = text.parse().ok();
        if name.is_none() {
            let hint = "a name begins with a letter and has lower-case letters, digits and `-`, 31 at most";
            self.wrong(path, "has a name that no connector can have", hint);
        }
        name
    }

    fn positive(&mut self, path: &[&str], span: Duration) -> Duration {
        if span.is_zero() {
            self.wrong(
                path,
                "is a time limit of nothing, which lets nothing pass",
                "give it at least `1ms`",
            );
        }
        span
    }

    fn optional_url(&mut self, path: &[&str], text: Option<&str>) -> Option<Url> {
        text.and_then(|text| self.url(path, text))
    }

    fn url(&mut self, path: &[&str], text: &str) -> Option<Url> {
        let url = Url::parse(text).ok().filter(|url| {
            matches!(url.scheme(), "http" | "https")
                && url.host().is_some()
                && url.username().is_empty()
                && url.password().is_none()
                && url.query().is_none()
                && url.fragment().is_none()
        });
        if url.is_none() {
            let hint =
                "allowed is `https://` or `http://` with a host, a port and a path if need be";
            self.wrong(path, "is no address that can be used", hint);
        }
        url
    }

    fn origins(&mut self, origins: &[String]) -> Vec<String> {
        let mut meant = Vec::new();
        for text in origins {
            match Url::parse(text)
                .ok()
                .filter(|url| url.path() == "/" && url.query().is_none())
            {
                Some(url) if url.origin().is_tuple() => {
                    meant.push(url.origin().ascii_serialization());
                }
                _ => self.wrong(
                    &["server", "origins"],
                    format!("has `{text}`, which is no browser origin"),
                    "an origin is a scheme, a host and a port, such as `http://localhost:3000`",
                ),
            }
        }
        meant
    }

    fn networks(&mut self, texts: &[String]) -> Vec<IpNet> {
        let mut networks = Vec::new();
        for text in texts {
            let address = text.parse::<IpAddr>().map(IpNet::from);
            match text.parse::<IpNet>().or(address) {
                Ok(network) => networks.push(network.trunc()),
                Err(_) => self.wrong(
                    &["egress", "allow"],
                    format!("has `{text}`, which is no address or network"),
                    "allowed are addresses and networks such as `10.2.0.7` and `10.2.0.0/16`",
                ),
            }
        }
        networks
    }

    /// Two listeners cannot share a place; the system would call that another process's.
    fn no_place_twice(&mut self, main: &Listen, listeners: &BTreeMap<ConnectorName, Listen>) {
        let mut taken = vec![("server.listen".to_owned(), main)];
        for (name, listen) in listeners {
            if let Some((other, _)) = taken.iter().find(|(_, place)| listen.meets(place)) {
                let what = format!("is `{listen}`, where `{other}` listens already");
                self.wrong(
                    &["listeners", name.as_str()],
                    what,
                    "give each listener a port of its own",
                );
            }
            taken.push((format!("listeners.{name}"), listen));
        }
    }

    fn base_url(&mut self, name: &str, text: Option<&str>, egress: &Egress) -> Option<Url> {
        let path = ["connectors", name, "base_url"];
        let url = self.optional_url(&path, text)?;
        if let Some(blocked) = address::metadata(&url, egress) {
            let hint = "metadata services hand out credentials to whoever asks, so `egress.allow` \
                        does not open them; name the API's own address";
            let problem = self.problem(&path, format!("cannot be called: {blocked}"), hint);
            self.refused.push(problem);
        } else if url.scheme() == "http" && !address::may_be_plain(&url, egress) {
            let hint = "use https, or list the upstream's address in `egress.allow`";
            self.wrong(
                &path,
                "is plain http, which is accepted only for addresses in `egress.allow`",
                hint,
            );
        }
        Some(url)
    }

    fn connector(
        &mut self,
        name: &str,
        section: &file::ConnectorSection,
        egress: &Egress,
    ) -> Override {
        let base_url = self.base_url(name, section.base_url.as_deref(), egress);
        let path = ["connectors", name, "token_url"];
        let token_url = self.optional_url(&path, section.token_url.as_deref());
        for (secret, variable) in &section.secrets {
            if let Some(publisher) = published::publisher(variable) {
                let what = format!(
                    "is `{variable}`, a name whose value {publisher} publishes to every visitor"
                );
                let path = ["connectors", name, "secrets", secret];
                self.wrong(
                    &path,
                    what,
                    "keep the secret in a variable without that prefix",
                );
            }
        }
        let mut headers = Vec::new();
        for (header, value) in &section.headers {
            match (HeaderName::from_str(header), HeaderValue::from_str(value)) {
                (Ok(header), Ok(mut value)) => {
                    // Nobody knows whether it is one, so it is shown like a secret.
                    value.set_sensitive(true);
                    headers.push((header, value));
                }
                _ => self.wrong(
                    &["connectors", name, "headers", header],
                    "cannot be sent as a header",
                    "names are ASCII letters, digits and `-`; values have no line breaks",
                ),
            }
        }
        Override {
            base_url,
            token_url,
            timeout: section
                .timeout
                .map(|span| self.positive(&["connectors", name, "timeout"], span.0)),
            timeouts: Timeouts {
                connect: section.timeouts.connect.map(|span| span.0),
                first_byte: section.timeouts.first_byte.map(|span| span.0),
                idle: section.timeouts.idle.map(|span| span.0),
                upgraded: section.timeouts.upgraded.map(|span| span.0),
            },
            retry: Retry {
                attempts: section.retry.attempts,
                wait_first: section.retry.wait_first.map(|span| span.0),
                wait_max: section.retry.wait_max.map(|span| span.0),
                override_header: None,
            },
            limits: self.limits(&["connectors", name, "limit"], section.limit.as_ref()),
            concurrency: section.concurrency.and_then(NonZeroU32::new),
            breaking: match section.breaker {
                None | Some(file::Switch::On) => Breaking::On,
                Some(file::Switch::Off) => Breaking::Off,
            },
            learning: match section.upstream_limits {
                None | Some(file::Switch::On) => Learning::On,
                Some(file::Switch::Off) => Learning::Off,
            },
            cache: self.caching(&["connectors", name, "cache"], section.cache.as_ref()),
            headers,
            secrets: section.secrets.clone(),
            operations: self.operations(name, &section.operations),
        }
    }

    fn cache(&mut self, section: &file::CacheSection) -> Cache {
        let (memory, answer) = (section.memory_max.0, section.answer_max.0);
        if memory < answer {
            self.wrong(
                &["cache", "answer_max"],
                "is more than `cache.memory_max`, so that no answer of that size could be kept",
                "lower it, or raise `cache.memory_max`",
            );
        }
        Cache {
            bytes_max: memory,
            answer_bytes_max: answer,
        }
    }

    fn calls(&mut self, section: &file::CallsSection) -> Option<Calls> {
        const BYTES_MIN: u64 = 1 << 20;
        if section.size_max.0 < BYTES_MIN {
            self.wrong(
                &["calls", "size_max"],
                "is too little for a log",
                "give it at least `1MiB`; `calls.keep = \"0s\"` keeps no calls at all",
            );
        }
        (!section.keep.0.is_zero()).then_some(Calls {
            keep: section.keep.0,
            bytes_max: section.size_max.0,
        })
    }

    fn operations(
        &mut self,
        connector: &str,
        sections: &BTreeMap<String, file::OperationSection>,
    ) -> BTreeMap<String, OperationOverride> {
        let mut operations = BTreeMap::new();
        for (name, section) in sections {
            let at = |field| ["connectors", connector, "operations", name, field];
            let path = at("schema");
            let schema = section.schema.as_ref().map(|file| OwnSchema {
                path: self.merged.folder().join(file),
                json: None,
                setting: self.problem(&path, "", ""),
            });
            let over = OperationOverride {
                schema,
                limits: self.limits(&at("limit"), section.limit.as_ref()),
                weight: section.weight.and_then(NonZeroU32::new),
                cache: self.caching(&at("cache"), section.cache.as_ref()),
                setting: Some(self.problem(&["connectors", connector, "operations", name], "", "")),
            };
            operations.insert(name.clone(), over);
        }
        operations
    }
}

impl OwnSchema {
    fn read(
        &mut self,
        read: impl Fn(&std::path::Path) -> io::Result<String>,
    ) -> Result<(), Problem> {
        let file = self.path.display();
        let text = read(&self.path).map_err(|err| {
            let what = format!("names `{file}`, which cannot be read: {err}");
            let hint = "the path counts from the folder of the settings file";
            self.problem(what).with_hint(hint)
        })?;
        let json = serde_json::from_str(&text).map_err(|err| {
            let what = format!("names `{file}`, which is no JSON: {err}");
            self.problem(what)
                .with_hint("allowed is a JSON Schema 2020-12")
        })?;
        self.json = Some(Arc::new(json));
        Ok(())
    }

    /// A problem with the setting; `what` continues a sentence that begins with its name.
    pub(crate) fn problem(&self, what: impl Display) -> Problem {
        let mut problem = self.setting.clone();
        problem.message = format!("{}{what}", problem.message);
        problem.hint = None;
        problem
    }
}

impl Listen {
    /// The address, where it has one.
    pub fn socket_address(&self) -> Option<SocketAddr> {
        match self {
            Self::Tcp(address) => Some(*address),
            Self::Unix(_) => None,
        }
    }

    /// Whether listeners at both would meet. Of port 0 the system makes a free one.
    fn meets(&self, other: &Self) -> bool {
        self == other
            && self
                .socket_address()
                .is_none_or(|address| address.port() != 0)
    }
}

impl FromStr for Listen {
    type Err = std::net::AddrParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.strip_prefix("unix:") {
            Some(path) if !path.is_empty() => Ok(Self::Unix(PathBuf::from(path))),
            _ => text
                .replace("localhost:", "127.0.0.1:")
                .parse()
                .map(Self::Tcp),
        }
    }
}

impl Display for Listen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => write!(f, "{address}"),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

#[cfg(test)]
mod tests;
