//! Where pages are: the address that a page is asked for at, and whether an address that a page
//! names may be asked. A credential goes to the API's own hosts and nowhere else.

#[cfg(test)]
mod tests;

use trunkline_connector::Connector;
use trunkline_egress::Origin;
use url::Url;

use super::fields;
use crate::error::Error;
use crate::installed::Installed;

/// What stands in an address in place of a secret.
const HIDDEN: &str = "hidden";

/// One of the addresses that an API is called at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Base {
    /// The path that belongs to it, in whole segments; empty for the main one.
    pub(crate) prefix: String,
    /// Whom to connect to.
    pub(crate) origin: Origin,
    /// What takes the prefix's place; without a final slash.
    pub(crate) path: String,
}

/// The addresses that a connector is called at, as settings and secrets say.
///
/// # Errors
/// If it has none yet.
pub(crate) fn bases(installed: &Installed) -> Result<Vec<Base>, Error> {
    let further = installed.connector.hosts.iter();
    let prefixes = further.map(|host| host.prefix.as_str());
    let mut bases = Vec::new();
    for prefix in [""].into_iter().chain(prefixes) {
        let placed = installed.place_of(if prefix.is_empty() { "/" } else { prefix })?;
        bases.push(Base {
            prefix: prefix.to_owned(),
            origin: placed.origin.clone(),
            path: placed.base_path.to_owned(),
        });
    }
    Ok(bases)
}

/// The address at which a path and query below the base address are asked.
///
/// # Errors
/// If the connector has no address yet.
pub(crate) fn address(installed: &Installed, path_and_query: &str) -> Result<Option<Url>, Error> {
    let placed = installed.place_of(path_and_query)?;
    let rest = path_and_query.get(placed.replaced..).unwrap_or_default();
    Ok(Url::parse(&format!("{}{}{rest}", placed.origin, placed.base_path)).ok())
}

/// The path and query below the base address by which an address is asked that a page names;
/// `None` for an address of somebody else.
///
/// An address is looked for among those that the API is called at, and then among those that it
/// calls its own: behind a stand-in, answers still name the latter.
pub(crate) fn below(connector: &Connector, bases: &[Base], url: &Url) -> Option<String> {
    let origin = Origin::from_url(url).ok()?;
    let ours = || bases.iter().filter(|base| base.origin == origin);
    let matching = ours().filter_map(|base| {
        let rest = url.path().strip_prefix(base.path.as_str())?;
        let is_whole = rest.is_empty() || rest.starts_with('/');
        is_whole.then(|| (base.path.len(), format!("{}{rest}", base.prefix)))
    });
    let Some((_, mut path)) = matching.max_by_key(|(length, _)| *length) else {
        // A path that a page names is joined to where the page was asked for, which may be a
        // stand-in that keeps each API under a path of its own.
        let is_ours = ours().next().is_some();
        return connector.below(&if is_ours {
            at_home(connector, url)
        } else {
            url.clone()
        });
    };
    if path.is_empty() {
        path.push('/');
    }
    if let Some(query) = url.query() {
        path.push('?');
        path.push_str(query);
    }
    Some(path)
}

/// The path of an address, a word that says nothing in place of each secret part.
fn without_secret_parts(connector: &Connector, bases: &[Base], url: &Url) -> Option<String> {
    let below = below(connector, bases, url)?;
    let below = below.split('?').next().unwrap_or_default();
    // How much of the address's path stands before the part that templates describe.
    let before = url.path().len().checked_sub(below.len())?;
    let mut path = url.path().to_owned();
    let mut templates = connector.credential_paths.iter();
    let places = templates.find_map(|template| template.places_in_prefix(below))?;
    for (_, place) in places.into_iter().rev() {
        path.replace_range(before + place.start..before + place.end, HIDDEN);
    }
    Some(path)
}

/// The same path and query at the address that the API calls its own.
fn at_home(connector: &Connector, url: &Url) -> Url {
    let mut home = connector.base_url.example().clone();
    home.set_path(url.path());
    home.set_query(url.query());
    home
}

/// An address without what may be a credential in its path and query, for people and for the next
/// call, in which ours takes its place again.
///
/// `fields` are those of the query in which this API takes a credential.
pub(crate) fn without_credential(
    connector: &Connector,
    fields: &[String],
    bases: &[Base],
    mut url: Url,
) -> Url {
    if let Some(path) = without_secret_parts(connector, bases, &url) {
        url.set_path(&path);
    }
    let is_credential = |name: &str| fields.iter().any(|own| own == name);
    let kept = url
        .query()
        .map(|query| fields::without(query, is_credential));
    url.set_query(kept.as_deref().filter(|query| !query.is_empty()));
    url
}
