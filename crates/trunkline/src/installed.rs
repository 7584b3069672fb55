//! A connector made ready for calls: address, credential and policies, settings applied.

mod keeping;
mod pacing;
mod places;

use std::fs;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderName, HeaderValue, Method, StatusCode, header};
use rustc_hash::FxHashMap;
use trunkline_connector::format::Need;
use trunkline_connector::outcome;
use trunkline_connector::{BaseUrl, Connector, ConnectorName, Timeouts};
use trunkline_egress::{Clock, Origin};
use trunkline_store::{KeyMaker, Naming};
use url::Url;

use crate::callers::Callers;
use crate::catalog::Catalog;
use crate::config::{Config, Override};
use crate::credential::{Credential, Proof, Tokening, Values};
use crate::error::{Error, ErrorKind};
use crate::explain;
use crate::pipeline::retry::RetryPolicy;
use crate::schema::Checks;
use crate::secret::{Secret, SecretError, Secrets};
use crate::upstream::{Pacing, Sharing, Upstream, UpstreamView};

pub(crate) use keeping::{Keeping, Methods};
pub(crate) use places::Placed;

use keeping::Keepings;
use pacing::Pacings;
use places::{Address, Hosts, Places};

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
    /// How many calls each caller may make.
    pub(crate) callers: Callers,
    pub(crate) installed: FxHashMap<ConnectorName, Arc<Installed>>,
}

/// A connector made ready for calls.
#[derive(Debug)]
pub(crate) struct Installed {
    pub(crate) connector: Arc<Connector>,
    /// Its name, as what is kept shares it.
    pub(crate) name: Arc<str>,
    /// Of the credential and of all that the settings add to each request.
    identity: [u8; 16],
    /// The names of its operations, in their order, as records share them.
    pub(crate) operation_names: Vec<Arc<str>>,
    /// What the bodies of its operations are compared with.
    pub(crate) checks: Checks,
    /// Paths without variables, by which most operations are found with one look-up.
    fixed_paths: FxHashMap<Box<str>, Vec<(Method, usize)>>,
    /// One bit for each status from 200: set where neither rule nor hint has a say.
    plain_statuses: u128,
    places: Result<Places, SecretError>,
    credential: Result<Credential, SecretError>,
    /// Headers of callers that are this API's credential, besides those that are every API's.
    pub(crate) credential_headers: Vec<HeaderName>,
    /// Query fields of callers that are this API's credential.
    pub(crate) credential_query: Vec<String>,
    /// The settings' headers, added where the caller sent none of that name; they may be secret.
    pub(crate) own_headers: Vec<(HeaderName, HeaderValue)>,
    /// The API's, added where neither the caller nor the settings have one of that name.
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    pub(crate) time_limits: TimeLimits,
    pub(crate) retry: RetryPolicy,
    pub(crate) upstream: Arc<Upstream>,
    pacings: Pacings,
    keepings: Keepings,
}

/// What a connector keeps when it is made ready anew.
#[derive(Clone, Copy)]
struct Kept<'a> {
    before: Option<&'a Installed>,
    sharing: Option<&'a Sharing>,
    clock: &'a Clock,
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

impl Snapshot {
    /// Makes every connector ready. What is remembered of upstreams `before` is carried over.
    pub(crate) fn new(
        config: Arc<Config>,
        catalog: Arc<Catalog>,
        secrets: &Secrets,
        before: Option<&Self>,
        (clock, sharing): (&Clock, Option<&Sharing>),
    ) -> Result<Self, Error> {
        for name in config.connectors.keys().chain(config.listeners.keys()) {
            if catalog.find(name.as_str()).is_none() {
                return Err(unknown_in_settings(&catalog, *name));
            }
        }
        let mut installed = FxHashMap::default();
        for entry in catalog.iter() {
            let name = entry.connector.name;
            let before = before.and_then(|before| before.installed.get(&name));
            let connector = Arc::clone(&entry.connector);
            let kept = Kept {
                before: before.map(|before| &**before),
                sharing,
                clock,
            };
            let ready = Installed::new(connector, &config, secrets, kept)?;
            installed.insert(name, Arc::new(ready));
        }
        let callers = before.map_or_else(
            || Callers::new(clock.now()),
            |before| before.callers.clone(),
        );
        Ok(Self {
            callers: callers.under(&config.callers),
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
        kept: Kept<'_>,
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
        let upstream = kept.before.map_or_else(
            || Arc::new(Upstream::new(connector.name, kept.clock)),
            |before| Arc::clone(&before.upstream),
        );
        let address = match config.sandbox {
            Some(address) => Address::Instead(sandbox_url(address, &connector)),
            None if secrets.are_examples() => Address::Own(connector.base_url.example().clone()),
            None => Address::of(&connector, over, secrets),
        };
        let places = match address {
            Address::Missing(error) => Err(error),
            Address::Own(url) => Ok(Places::new(
                &connector,
                &url,
                (Hosts::AsDeclared, &upstream),
            )?),
            Address::Instead(url) => {
                Ok(Places::new(&connector, &url, (Hosts::AllThere, &upstream))?)
            }
        };
        let (values, tokening) = if config.sandbox.is_some() || secrets.are_examples() {
            let values = Values::find(&connector, |place| Ok(example(&connector, place)));
            (values, Tokening::MadeUp)
        } else {
            let values = Values::find(&connector, |place| value(&connector, over, secrets, place));
            (values, Tokening::Asked(over.token_url.clone()))
        };
        let names = connector
            .operations
            .iter()
            .map(|operation| Arc::from(operation.name.as_str()));
        let (credential_headers, credential_query) = credential_names(&connector);
        let credential = values.map(|values| Credential::new(&connector, values, &tokening));
        Ok(Self {
            name: connector.name.as_str().into(),
            identity: identity(credential.as_ref().ok(), over),
            credential_headers,
            credential_query,
            credential,
            places,
            operation_names: names.collect(),
            checks: Checks::new(&connector, over)?,
            fixed_paths: fixed_paths(&connector),
            plain_statuses: plain_statuses(&connector),
            own_headers: over.headers.clone(),
            headers: connector.headers.clone(),
            time_limits: time_limits(over, &connector.timeouts),
            retry: retry_policy(over, &connector),
            pacings: Pacings::new(
                &connector,
                over,
                config,
                (kept.before.map(|old| &old.pacings), kept.sharing),
            )?,
            upstream,
            keepings: Keepings::new(&connector, over)?,
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

    /// Tells whose answers are whose: a digest of the credential, and of all that the settings add
    /// to each request.
    pub(crate) fn identity(&self) -> &[u8; 16] {
        &self.identity
    }

    /// How fast attempts of the operation at a place may follow each other.
    pub(crate) fn pacing(&self, operation: Option<usize>) -> &Arc<Pacing> {
        self.pacings.of(operation)
    }

    /// Whether answers of the operation at a place are kept.
    pub(crate) fn keeping(&self, operation: Option<usize>) -> Option<&Arc<Keeping>> {
        self.keepings.of(operation)
    }

    /// Whether an answer of this status is good and nothing has to look into it.
    pub(crate) fn is_plain(&self, status: StatusCode) -> bool {
        let bit = u32::from(status.as_u16()).checked_sub(200);
        bit.and_then(|bit| self.plain_statuses.checked_shr(bit))
            .is_some_and(|bits| bits & 1 == 1)
    }

    /// Where a path below the base address belongs.
    ///
    /// # Errors
    /// If the address is one that each user has, and nobody has said it.
    pub(crate) fn place_of(&self, path_and_query: &str) -> Result<Placed<'_>, Error> {
        Ok(self.places()?.of(path_and_query))
    }

    /// Where an address goes that is an input, and by which path.
    ///
    /// # Errors
    /// As [`place_of`](Self::place_of), and if nothing can be called there.
    pub(crate) fn place_of_address(&self, url: &Url) -> Result<(Origin, String), Error> {
        self.places()?.of_address(&self.connector, url)
    }

    fn places(&self) -> Result<&Places, Error> {
        let places = self.places.as_ref();
        places.map_err(|error| self.secret_error(error))
    }

    /// What proves who calls.
    pub(crate) fn credential(&self) -> Result<&Credential, Error> {
        let credential = self.credential.as_ref();
        credential.map_err(|error| self.secret_error(error))
    }

    /// A text as people may see it, whoever wrote it: without our secrets.
    pub(crate) fn mask(&self, text: &str) -> String {
        match &self.credential {
            Ok(credential) => credential.mask(&self.connector, text),
            Err(_) => text.to_owned(),
        }
    }

    /// How its upstream does, and how far its limits and those of its operations are used.
    pub(crate) fn view(&self) -> UpstreamView {
        let upstream = &self.upstream;
        let mut view = upstream.view(self.pacing(None));
        for (operation, windows) in self.pacings.of_operations() {
            view.windows
                .extend(upstream.window_views(operation, windows));
        }
        view
    }

    /// Whether a trace of a secret stands in a text. For most texts that takes no more than a look at
    /// their length.
    pub(crate) fn has_secret_in(&self, text: &str) -> bool {
        let credential = self.credential.as_ref();
        credential.is_ok_and(|credential| credential.stands_in(&self.connector, text))
    }

    /// How it is proven who calls.
    ///
    /// # Errors
    /// The secret that is not there.
    pub(crate) fn proof(&self) -> Result<&Proof, Error> {
        let proof = self.credential()?.proof();
        proof.map_err(|error| self.secret_error(error))
    }

    /// What to tell somebody whose call cannot be made for want of a secret.
    pub(crate) fn secret_error(&self, error: &SecretError) -> Error {
        let (kind, env) = match error {
            SecretError::Missing { env }
            | SecretError::Unusable { env, .. }
            | SecretError::Misshapen { env }
            | SecretError::KeyFile { env, .. }
            | SecretError::Unreadable { env } => (ErrorKind::SecretMissing, env),
            SecretError::Exposed { env, .. } => (ErrorKind::SecretExposed, env),
        };
        let spec = self.connector.secrets.iter().find(|spec| spec.env == *env);
        let of_address = match &self.connector.base_url {
            BaseUrl::Found(found) if found.env == *env => Some(&found.obtain),
            BaseUrl::Found(_) | BaseUrl::Fixed(_) => None,
        };
        let obtain = of_address
            .or(spec.map(|spec| &spec.obtain))
            .or(self.connector.secrets.first().map(|spec| &spec.obtain))
            .map_or("", String::as_str);
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
            SecretError::Misshapen { .. } => match spec {
                Some(spec) => format!("it should look like `{}`; see {obtain}", spec.example),
                None => format!("copy it again from {obtain}"),
            },
            SecretError::KeyFile { .. } => {
                format!("make a new key as JSON, and download it whole, at {obtain}")
            }
            SecretError::Unreadable { .. } => {
                "put the file there, or its text into the variable".to_owned()
            }
        };
        let message = format!("{} cannot be called: {error}", self.connector.title);
        Error::new(kind, message).with_hint(hint)
    }
}

/// The value of a connector's secret, where there is one; only those that are required must be.
fn value(
    connector: &Connector,
    over: &Override,
    secrets: &Secrets,
    place: usize,
) -> Result<Option<Secret>, SecretError> {
    let Some(spec) = connector.secrets.get(place) else {
        return Ok(None);
    };
    let secret = match secrets.find_for(connector, spec, over.secrets.get(&spec.name)) {
        Ok(found) => found.secret,
        Err(SecretError::Missing { .. }) if spec.need == Need::Optional => return Ok(None),
        Err(error) => return Err(error),
    };
    let is_path = connector.auth.takes_file(place) && !secret.expose().starts_with('{');
    if !is_path {
        return Ok(Some(secret));
    }
    match fs::read_to_string(secret.expose()) {
        Ok(text) => Ok(Some(Secret::new(text))),
        Err(_) => Err(SecretError::Unreadable {
            env: spec.env.clone(),
        }),
    }
}

/// The headers and query fields by which a caller could send a credential of its own: those that
/// the connector declares, and those that `[auth]` sets, also where a call gets none of ours.
pub(crate) fn credential_names(connector: &Connector) -> (Vec<HeaderName>, Vec<String>) {
    let mut headers = connector.credential_headers.clone();
    let of_auth = connector.auth.headers().into_iter();
    // `authorization` never goes on anyway.
    headers.extend(of_auth.filter(|name| *name != header::AUTHORIZATION));
    let mut query = connector.credential_query.clone();
    query.extend(connector.auth.query_fields().into_iter().map(str::to_owned));
    (headers, query)
}

fn identity(credential: Option<&Credential>, over: &Override) -> [u8; 16] {
    let mut maker = KeyMaker::new(Naming::Shared);
    for (name, value) in &over.headers {
        maker.add(name.as_str().as_bytes()).add(value.as_bytes());
    }
    maker.add_optional(None);
    for value in credential.into_iter().flat_map(Credential::values) {
        maker.add_optional(value.map(|value| value.expose().as_bytes()));
    }
    *maker.key().as_bytes()
}

fn example(connector: &Connector, place: usize) -> Option<Secret> {
    let spec = connector.secrets.get(place)?;
    Some(Secret::new(spec.example.as_str()))
}

fn fixed_paths(connector: &Connector) -> FxHashMap<Box<str>, Vec<(Method, usize)>> {
    let mut fixed: FxHashMap<Box<str>, Vec<(Method, usize)>> = FxHashMap::default();
    for (place, operation) in connector.operations.iter().enumerate() {
        let template = operation.path();
        if let Some(path) = template.filter(|path| path.names().next().is_none()) {
            let of_path = fixed.entry(path.as_str().into()).or_default();
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
            && !connector.limits.needs_body(status)
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
    let mut url = connector.base_url.example().clone();
    let path = format!("/{}{}", connector.name, url.path().trim_end_matches('/'));
    // A host that is an address, and a scheme of the same kind, cannot be refused.
    let _ = url.set_scheme("http");
    let _ = url.set_ip_host(address.ip());
    let _ = url.set_port(Some(address.port()));
    url.set_path(&path);
    url
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
