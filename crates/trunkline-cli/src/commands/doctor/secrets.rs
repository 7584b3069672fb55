//! Whether each connector's secrets are set, well-formed, and not published.

use trunkline::{Config, Found, SecretError};
use trunkline_connector::{Connector, ConnectorName, SecretSpec};

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
        if sought.iter().all(|sought| sought.found.is_ok()) {
            ready.push(connector.name);
        }
    }
    ready
}

fn seek<'c>(parts: &Parts, connector: &Connector, spec: &'c SecretSpec) -> Sought<'c> {
    let over = parts.config.connectors.get(&connector.name);
    let env = over
        .and_then(|over| over.secrets.get(&spec.name))
        .unwrap_or(&spec.env)
        .clone();
    Sought {
        spec,
        found: parts.secrets.find(&env),
        env,
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
                Need::Used => findings.bad(area, complaint),
                Need::Unused => findings.unused(area, complaint),
            }
        }
        Err(err @ SecretError::Exposed { public, .. }) => {
            let hint = format!(
                "rename `{public}` to `{env}`; if it was ever published, replace the key at {}",
                spec.obtain
            );
            findings.bad(area, Complaint::new(err.to_string()).note("hint", hint));
        }
        Err(err @ SecretError::Unusable { .. }) => {
            let hint = format!("paste it again from {}, on one line", spec.obtain);
            findings.bad(area, Complaint::new(err.to_string()).note("hint", hint));
        }
    }
}
