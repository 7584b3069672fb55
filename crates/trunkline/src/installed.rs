//! A connector made ready for calls: address, credential and policies, settings applied.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderName, HeaderValue, Method, StatusCode, header};
use rustc_hash::FxHashMap;
use trunkline_connector::outcome;
use trunkline_connector::{Auth, Connector, ConnectorName, Timeouts};
use trunkline_egress::Origin;
use url::Url;

use crate::budget::RetryBudget;
use crate::catalog::Catalog;
use crate::config::{Config, Override};
use crate::error::{Error, ErrorKind};
use crate::explain;
use crate::pipeline::retry::RetryPolicy;
use crate::secret::{Secret, SecretError, Secrets};

/// For a connection to stand, TLS included.
const CONNECT: Duration = Duration::from_secs(5);

/// From the request to the first byte of the answer.
const FIRST_BYTE: Duration = Duration::from_secs(30);

/// Between two pieces of a body.
const IDLE: Duration = Duration::from_mins(1);

/// How calls are tried again where neither connector nor settings say otherwise.
const RETRY: RetryPolicy = RetryPolicy {
    attempts_max: 5,
    wait_first: Duration::from_secs(1),
    wait_max: Duration::from_secs(30),
};

/// Everything that calls share and that a reload swaps as one.
#[derive(Debug)]
pub(crate) struct Snapshot {
    pub(crate) config: Arc<Config>,
    pub(crate) catalog: Arc<Catalog>,
    pub(crate) installed: FxHashMap<ConnectorName, Arc<Installed>>,
}

/// A connector made ready for calls.
#[derive(Debug)]
pub(crate) struct Installed {
    pub(crate) connector: Arc<Connector>,
    /// The names of its operations, in their order, as records share them.
    pub(crate) operation_names: Vec<Arc<str>>,
    /// Paths without variables, by which most operations are found with one look-up.
    fixed_paths: FxHashMap<Box<str>, Vec<(Method, usize)>>,
    /// One bit for each status from 200: set where neither rule nor hint has a say.
    plain_statuses: u128,
    pub(crate) origin: Origin,
    /// What stands before every path; without a final slash, often empty.
    pub(crate) base_path: String,
    credential: Result<Credential, SecretError>,
    /// Headers added where the caller sent none of that name.
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    pub(crate) time_limits: TimeLimits,
    pub(crate) retry: RetryPolicy,
    pub(crate) budget: Arc<RetryBudget>,
}

/// How long to wait for each part of a call.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TimeLimits {
    pub(crate) connect: Duration,
    pub(crate) first_byte: Duration,
    pub(crate) idle: Duration,
    /// For the whole call; `None` where only callers set one.
    pub(crate) call: Option<Duration>,
}

/// What proves to an upstream who calls: ready-made headers, bound to the connector's host.
#[derive(Debug)]
pub(crate) struct Credential {
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    /// In the order of the connector's secrets.
    values: Vec<(String, Secret)>,
}

impl Snapshot {
    /// Makes every connector ready. Budgets of connectors that were there before are carried over.
    pub(crate) fn new(
        config: Arc<Config>,
        catalog: Arc<Catalog>,
        secrets: &Secrets,
        before: Option<&Self>,
        now: Instant,
    ) -> Result<Self, Error> {
        for name in config.connectors.keys().chain(config.listeners.keys()) {
            if catalog.find(name.as_str()).is_none() {
                return Err(unknown_in_settings(&catalog, *name));
            }
        }
        let mut installed = FxHashMap::default();
        for entry in catalog.iter() {
            let name = entry.connector.name;
            let budget = before
                .and_then(|before| before.installed.get(&name))
                .map_or_else(
                    || Arc::new(RetryBudget::new(now)),
                    |known| Arc::clone(&known.budget),
                );
            let connector = Arc::clone(&entry.connector);
            installed.insert(
                name,
                Arc::new(Installed::new(connector, &config, secrets, budget)?),
            );
        }
        Ok(Self {
            config,
            catalog,
            installed,
        })
    }
}

fn unknown_in_settings(catalog: &Catalog, name: ConnectorName) -> Error {
    let message = format!("the settings name a connector `{name}` that does not exist");
    let error = Error::new(ErrorKind::BadSettings, message);
    match catalog.suggest(name.as_str()) {
        Some(close) => error.with_hint(format!("did you mean `{close}`?")),
        None => error.with_hint("list them with `trunkline connectors list`"),
    }
}

impl Installed {
    fn new(
        connector: Arc<Connector>,
        config: &Config,
        secrets: &Secrets,
        budget: Arc<RetryBudget>,
    ) -> Result<Self, Error> {
        let nothing = Override::default();
        let over = config.connectors.get(&connector.name).unwrap_or(&nothing);
        if let Some(name) = unknown_secret(&connector, over) {
            let message = format!("`{}` has no secret `{name}`", connector.name);
            return Err(
                Error::new(ErrorKind::BadSettings, message).with_hint(format!(
                    "see them with `trunkline connectors show {}`",
                    connector.name
                )),
            );
        }
        let base_url = match config.sandbox {
            Some(address) => sandbox_url(address, &connector),
            None => over
                .base_url
                .clone()
                .unwrap_or_else(|| connector.base_url.clone()),
        };
        let origin = Origin::from_url(&base_url).map_err(|err| {
            Error::new(
                ErrorKind::BadSettings,
                format!("`{}` cannot be called: {err}", connector.name),
            )
        })?;
        let values = match config.sandbox {
            Some(_) => Ok(example_values(&connector)),
            None => find_values(&connector, over, secrets),
        };
        let mut headers = over.headers.clone();
        headers.extend(connector.headers.iter().cloned());
        let names = connector
            .operations
            .iter()
            .map(|operation| Arc::from(operation.name.as_str()));
        Ok(Self {
            credential: values.map(|values| Credential::new(&connector.auth, values)),
            operation_names: names.collect(),
            fixed_paths: fixed_paths(&connector),
            plain_statuses: plain_statuses(&connector),
            origin,
            base_path: base_url.path().trim_end_matches('/').to_owned(),
            headers,
            time_limits: time_limits(over, &connector.timeouts),
            retry: retry_policy(over, &connector),
            budget,
            connector,
        })
    }

    /// The operation that a method and a path below the base address belong to.
    pub(crate) fn operation_at(&self, method: &Method, path: &str) -> Option<usize> {
        let fixed = self.fixed_paths.get(path).into_iter().flatten();
        let mut fixed = fixed.filter(|(of_path, _)| of_path == method);
        match fixed.next() {
            Some((_, operation)) => Some(*operation),
            None => self.connector.operation_at(method, path),
        }
    }

    /// Whether an answer of this status is good and nothing has to look into it.
    pub(crate) fn is_plain(&self, status: StatusCode) -> bool {
        let bit = u32::from(status.as_u16()).checked_sub(200);
        bit.and_then(|bit| self.plain_statuses.checked_shr(bit))
            .is_some_and(|bits| bits & 1 == 1)
    }

    /// The upstream's host, and its port where that is not the usual one.
    pub(crate) fn host(&self) -> &str {
        self.origin.host_header().to_str().unwrap_or("the upstream")
    }

    /// What proves who calls.
    pub(crate) fn credential(&self) -> Result<&Credential, Error> {
        let credential = self.credential.as_ref();
        credential.map_err(|error| self.secret_error(error))
    }

    /// What to tell somebody whose call cannot be made for want of a secret.
    pub(crate) fn secret_error(&self, error: &SecretError) -> Error {
        let (kind, env) = match error {
            SecretError::Missing { env } | SecretError::Unusable { env, .. } => {
                (ErrorKind::SecretMissing, env)
            }
            SecretError::Exposed { env, .. } => (ErrorKind::SecretExposed, env),
        };
        let spec = self.connector.secrets.iter().find(|spec| spec.env == *env);
        let obtain = spec
            .or(self.connector.secrets.first())
            .map_or("", |spec| &spec.obtain);
        let hint = match error {
            SecretError::Missing { .. } => {
                format!("put `{env}=…` into `.env` or the environment; get one at {obtain}")
            }
            SecretError::Exposed { public, .. } => format!(
                "rename `{public}` to `{env}`; if it was ever published, replace the key at {obtain}"
            ),
            SecretError::Unusable { .. } => {
                format!("paste the value again from {obtain}, on one line")
            }
        };
        let message = format!("{} cannot be called: {error}", self.connector.title);
        Error::new(kind, message).with_hint(hint)
    }
}

fn fixed_paths(connector: &Connector) -> FxHashMap<Box<str>, Vec<(Method, usize)>> {
    let mut fixed: FxHashMap<Box<str>, Vec<(Method, usize)>> = FxHashMap::default();
    for (place, operation) in connector.operations.iter().enumerate() {
        if operation.path.names().next().is_none() {
            let of_path = fixed.entry(operation.path.as_str().into()).or_default();
            of_path.push((operation.method.clone(), place));
        }
    }
    fixed
}

fn plain_statuses(connector: &Connector) -> u128 {
    let is_plain = |status: &u16| {
        let Ok(status) = StatusCode::from_u16(*status) else {
            return false;
        };
        connector
            .outcomes
            .iter()
            .all(|rule| !rule.statuses.contain(status))
            && !outcome::needs_body(&connector.outcomes, &connector.waits, status)
    };
    (200..300)
        .filter(is_plain)
        .fold(0, |bits, status| bits | 1 << (status - 200))
}

fn unknown_secret<'a>(connector: &Connector, over: &'a Override) -> Option<&'a String> {
    over.secrets
        .keys()
        .find(|name| connector.secrets.iter().all(|spec| spec.name != **name))
}

/// The sandbox keeps each connector under its name, so one address serves them all.
fn sandbox_url(address: SocketAddr, connector: &Connector) -> Url {
    let mut url = connector.base_url.clone();
    let path = format!(
        "/{}{}",
        connector.name,
        connector.base_url.path().trim_end_matches('/')
    );
    // A host that is an address, and a scheme of the same kind, cannot be refused.
    let _ = url.set_scheme("http");
    let _ = url.set_ip_host(address.ip());
    let _ = url.set_port(Some(address.port()));
    url.set_path(&path);
    url
}

fn example_values(connector: &Connector) -> Vec<(String, Secret)> {
    let specs = connector.secrets.iter();
    specs
        .map(|spec| (spec.name.clone(), Secret::new(spec.example.as_str())))
        .collect()
}

fn find_values(
    connector: &Connector,
    over: &Override,
    secrets: &Secrets,
) -> Result<Vec<(String, Secret)>, SecretError> {
    let mut values = Vec::new();
    for spec in &connector.secrets {
        let env = over.secrets.get(&spec.name).unwrap_or(&spec.env);
        values.push((spec.name.clone(), secrets.find(env)?.secret));
    }
    Ok(values)
}

fn time_limits(over: &Override, connector: &Timeouts) -> TimeLimits {
    let pick = |own: Option<Duration>, theirs: Option<Duration>, default| {
        own.or(theirs).unwrap_or(default)
    };
    TimeLimits {
        connect: pick(over.timeouts.connect, connector.connect, CONNECT),
        first_byte: pick(over.timeouts.first_byte, connector.first_byte, FIRST_BYTE),
        idle: pick(over.timeouts.idle, connector.idle, IDLE),
        call: over.timeout,
    }
}

fn retry_policy(over: &Override, connector: &Connector) -> RetryPolicy {
    let (own, theirs) = (&over.retry, &connector.retry);
    RetryPolicy {
        attempts_max: own
            .attempts
            .or(theirs.attempts)
            .unwrap_or(RETRY.attempts_max),
        wait_first: own
            .wait_first
            .or(theirs.wait_first)
            .unwrap_or(RETRY.wait_first),
        wait_max: own.wait_max.or(theirs.wait_max).unwrap_or(RETRY.wait_max),
    }
}

impl Credential {
    fn new(auth: &Auth, values: Vec<(String, Secret)>) -> Self {
        let value = |place: usize| values.get(place).map_or("", |(_, secret)| secret.expose());
        let header = match auth {
            Auth::Bearer { secret } => {
                Some((header::AUTHORIZATION, format!("Bearer {}", value(*secret))))
            }
            Auth::Header { name, secret } => Some((name.clone(), value(*secret).to_owned())),
            Auth::Basic { username, password } => {
                let pair = STANDARD.encode(format!("{}:{}", value(*username), value(*password)));
                Some((header::AUTHORIZATION, format!("Basic {pair}")))
            }
            Auth::None => None,
        };
        let headers = header.into_iter().filter_map(|(name, text)| {
            let mut value = HeaderValue::try_from(text).ok()?;
            value.set_sensitive(true);
            Some((name, value))
        });
        Self {
            headers: headers.collect(),
            values,
        }
    }

    /// A secret by its name in the connector.
    pub(crate) fn value(&self, name: &str) -> Option<&Secret> {
        self.values
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, secret)| secret)
    }

    /// Every secret in it, for those who must keep them out of what they show.
    pub(crate) fn secrets(&self) -> impl Iterator<Item = &Secret> {
        self.values.iter().map(|(_, secret)| secret)
    }
}

/// The error for a connector that does not exist.
pub(crate) fn unknown_connector(catalog: &Catalog, name: &str) -> Error {
    let error = Error::new(
        ErrorKind::UnknownConnector,
        format!("there is no connector `{name}`"),
    );
    match catalog.suggest(name) {
        Some(close) => error.with_hint(format!("did you mean `{close}`?")),
        None => error.with_hint(explain::remedy(ErrorKind::UnknownConnector)),
    }
}
