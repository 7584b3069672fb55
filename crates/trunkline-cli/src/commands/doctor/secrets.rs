//! Whether each connector's secrets are set, well-formed, and not published.

use trunkline::{Config, Found, SecretError};
use trunkline_connector::{BaseUrl, Connector, ConnectorName, FoundUrl, SecretSpec, format};

use crate::commands::doctor::findings::Findings;
use crate::engine::Parts;
use crate::failure::Complaint;

/// A secret as it was found, or not.
struct Sought<'c> {
    spec: &'c SecretSpec,
    /// The variable, which settings may have named.
    env: String,
    found: Result<Found, SecretError>,
}

/// Whether anything needs a connector's secrets.
#[derive(Debug, Clone, Copy)]
enum Need {
    /// Settings speak of the connector, or another of its secrets is set.
    Used,
    /// Nothing does.
    Unused,
}

/// Looks for every secret. Gives the connectors that have all of theirs.
pub(super) fn examine(parts: &Parts, findings: &mut Findings) -> Vec<ConnectorName> {
    let mut ready = Vec::new();
    for entry in parts.catalog.iter() {
        let connector = &entry.connector;
        let sought: Vec<Sought<'_>> = connector
            .secrets
            .iter()
            .map(|spec| seek(parts, connector, spec))
            .collect();
        let is_set = sought.iter().any(|sought| sought.found.is_ok());
        let need = if is_set || is_named(&parts.config, connector.name) {
            Need::Used
        } else {
            Need::Unused
        };
        for sought in &sought {
            examine_one(connector, sought, need, findings);
        }
        if let Some(address) = sought_address(parts, connector) {
            examine_address(
                connector,
                address,
                parts.secrets.find_address(address),
                need,
                findings,
            );
        }
        if is_ready(parts, connector, &sought) {
            ready.push(connector.name);
        }
    }
    ready
}

/// Whether a call could prove who makes it, and knows where to go.
fn is_ready(parts: &Parts, connector: &Connector, sought: &[Sought<'_>]) -> bool {
    let is_known = |place: usize| sought.get(place).is_some_and(|sought| sought.found.is_ok());
    let is_there =
        |sought: &Sought<'_>| sought.found.is_ok() || sought.spec.need == format::Need::Optional;
    let way = connector.auth.chosen(is_known);
    let has_way = way.is_some_and(|way| way.needs().into_iter().all(is_known));
    let address = sought_address(parts, connector);
    let has_address = address.is_none_or(|address| parts.secrets.find_address(address).is_some());
    sought.iter().all(is_there) && has_way && has_address
}

/// Where the user's own address is looked for, if the API gives each of them one.
fn sought_address<'c>(parts: &Parts, connector: &'c Connector) -> Option<&'c FoundUrl> {
    let over = parts.config.connectors.get(&connector.name);
    match &connector.base_url {
        BaseUrl::Found(address) if over.is_none_or(|over| over.base_url.is_none()) => Some(address),
        BaseUrl::Found(_) | BaseUrl::Fixed(_) => None,
    }
}

fn examine_address(
    connector: &Connector,
    address: &FoundUrl,
    found: Option<Found>,
    need: Need,
    findings: &mut Findings,
) {
    let (area, env) = (connector.name.as_str(), &address.env);
    if let Some(Found { secret, place }) = found {
        let text = format!("`{env}` is set in {place}: {}", secret.expose());
        findings.good(area, text);
        return;
    }
    let hint = format!(
        "put `{env}={}` into `.env` or the environment; find yours at {}",
        address.example, address.obtain
    );
    let complaint = Complaint::new(format!("`{env}` is not set")).note("hint", hint);
    match need {
        Need::Used => findings.bad(area, complaint),
        Need::Unused => findings.unused(area, complaint),
    }
}

fn seek<'c>(parts: &Parts, connector: &Connector, spec: &'c SecretSpec) -> Sought<'c> {
    let over = parts.config.connectors.get(&connector.name);
    let named = over.and_then(|over| over.secrets.get(&spec.name));
    Sought {
        spec,
        found: parts.secrets.find_for(connector, spec, named),
        env: named.unwrap_or(&spec.env).clone(),
    }
}

/// Whether the settings speak of it.
fn is_named(config: &Config, name: ConnectorName) -> bool {
    config.connectors.contains_key(&name) || config.listeners.contains_key(&name)
}

fn examine_one(connector: &Connector, sought: &Sought<'_>, need: Need, findings: &mut Findings) {
    let Sought { spec, env, found } = sought;
    let area = connector.name.as_str();
    match found {
        Ok(Found { secret, place }) => {
            let shown = format!("`{env}` is set in {place}: {}", secret.first_chars());
            let is_well_formed = spec
                .pattern
                .as_ref()
                .is_none_or(|pattern| pattern.is_match(secret.expose()));
            if is_well_formed {
                findings.good(area, shown);
                return;
            }
            let complaint = Complaint::new(format!("{shown} does not look like one")).note(
                "hint",
                format!("they look like `{}`; see {}", spec.example, spec.obtain),
            );
            findings.doubtful(area, complaint);
        }
        Err(err @ SecretError::Missing { .. }) => {
            let hint = format!(
                "put `{env}=…` into `.env` or the environment; get one at {}",
                spec.obtain
            );
            let complaint = Complaint::new(err.to_string()).note("hint", hint);
            match need {
                Need::Used if spec.need == format::Need::Required => findings.bad(area, complaint),
                Need::Used | Need::Unused => findings.unused(area, complaint),
            }
        }
        Err(err @ SecretError::Exposed { public, .. }) => {
            let hint = format!(
                "rename `{public}` to `{env}`; if it was ever published, replace the key at {}",
                spec.obtain
            );
            findings.bad(area, Complaint::new(err.to_string()).note("hint", hint));
        }
        Err(
            err @ (SecretError::Unusable { .. }
            | SecretError::Misshapen { .. }
            | SecretError::KeyFile { .. }
            | SecretError::Unreadable { .. }),
        ) => {
            let hint = format!("paste it again from {}, on one line", spec.obtain);
            findings.bad(area, Complaint::new(err.to_string()).note("hint", hint));
        }
    }
}
