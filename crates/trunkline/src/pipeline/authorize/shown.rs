//! The path of a call as the log may have it: without a credential, whoever's it is.

#[cfg(test)]
mod tests;

use trunkline_connector::Connector;

use super::{credential_places, has_odd_segment};
use crate::pipeline::resolve::{Address, Resolved};

/// As the caller sent it, before ours goes in.
pub(super) fn path(resolved: &Resolved) -> String {
    let sent = match &resolved.address {
        Address::Below(sent) => sent,
        // What stands in it proves that it may be called.
        Address::Elsewhere(url) => {
            return format!("{}/…", url.origin().ascii_serialization());
        }
    };
    let installed = &resolved.installed;
    let connector = &installed.connector;
    // A caller may have put it there itself.
    let has_secret = resolved.has_secret || installed.has_secret_in(sent.path());
    if connector.credential_paths.is_empty() && !has_secret {
        return sent.path().to_owned();
    }
    let without = without_credential(connector, sent.path());
    match without {
        Some(masked) if !has_secret => masked,
        // Dear, so only where a secret may stand that no template tells of.
        masked => installed.mask(masked.as_deref().unwrap_or(sent.path())),
    }
}

/// The path without the parts that the connector declares to be a credential; `None` where it has
/// none.
fn without_credential(connector: &Connector, path: &str) -> Option<String> {
    if connector.credential_paths.is_empty() {
        return None;
    }
    if has_odd_segment(path) {
        // Nobody knows where one begins. The call is refused for it.
        return Some("/…".to_owned());
    }
    let mut masked = path.to_owned();
    for (_, place) in credential_places(connector, path)?.into_iter().rev() {
        masked.replace_range(place, "…");
    }
    Some(masked)
}
