//! Where an API answers: one fixed address, one that each user has, and further hosts by path.

#[cfg(test)]
mod tests;

use url::Url;

use super::Connector;
use crate::format::HostCredential;

/// Where an API answers. Addresses have no query, no fragment and no user information, and their
/// path has no final slash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BaseUrl {
    /// Everybody calls the same address.
    Fixed(Url),
    /// Each user has an address, which is found where secrets are.
    Found(FoundUrl),
}

/// An address that each user of an API has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundUrl {
    /// The variable that holds it.
    pub env: String,
    /// Other variables that may hold it, tried in order; bundlers' names are no mistake here.
    pub also: Vec<String>,
    /// A made-up one.
    pub example: Url,
    /// The page where one finds one's own.
    pub obtain: String,
}

/// A further host of an API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FurtherHost {
    /// The path that belongs to it, in whole segments, without a final slash.
    pub prefix: String,
    /// The address that takes the path's place.
    pub base_url: Url,
    /// Whether the credential goes there.
    pub credential: HostCredential,
}

impl BaseUrl {
    /// The address that examples are written for: the fixed one, or a made-up one that must never
    /// be called with somebody's credential.
    pub fn example(&self) -> &Url {
        match self {
            Self::Fixed(url) => url,
            Self::Found(found) => &found.example,
        }
    }
}

impl FoundUrl {
    /// Every variable that may hold it, in the order in which they are tried.
    pub fn variables(&self) -> impl Iterator<Item = &str> {
        [&self.env]
            .into_iter()
            .chain(&self.also)
            .map(String::as_str)
    }
}

impl FurtherHost {
    /// What follows the prefix in a path, or in a path and query: nothing, or `/…` or `?…`.
    pub fn rest<'p>(&self, path: &'p str) -> Option<&'p str> {
        below(&self.prefix, path)
    }
}

impl Connector {
    /// The further host that a path, or a path and query, belongs to; the longest prefix wins.
    pub fn host_of(&self, path: &str) -> Option<&FurtherHost> {
        let matching = self.hosts.iter().filter(|host| host.rest(path).is_some());
        matching.max_by_key(|host| host.prefix.len())
    }

    /// Where a path and query below the base address goes, as the examples write it.
    pub fn example_url(&self, path_and_query: &str) -> Option<Url> {
        let host = self.host_of(path_and_query);
        let (base, rest) = match host.and_then(|host| Some((host, host.rest(path_and_query)?))) {
            Some((host, rest)) => (&host.base_url, rest),
            None => (self.base_url.example(), path_and_query),
        };
        let base = base.as_str().trim_end_matches('/');
        Url::parse(&format!("{base}{rest}")).ok()
    }

    /// The path and query below the base address by which a whole address is called, if it is on
    /// one of this API's hosts: the opposite of [`Connector::example_url`]. `None` is a foreign
    /// address, which must not get the credential.
    pub fn below(&self, url: &Url) -> Option<String> {
        let further = self
            .hosts
            .iter()
            .map(|host| (host.prefix.as_str(), &host.base_url));
        let places = [("", self.base_url.example())].into_iter().chain(further);
        let matching = places.filter_map(|(prefix, base)| {
            let is_same = url.origin() == base.origin()
                && url.username().is_empty()
                && url.password().is_none();
            let base = base.path().trim_end_matches('/');
            let rest = below(base, url.path()).filter(|_| is_same)?;
            Some((base.len(), format!("{prefix}{rest}")))
        });
        let (_, mut path) = matching.max_by_key(|(length, _)| *length)?;
        if path.is_empty() {
            path.push('/');
        }
        if let Some(query) = url.query() {
            path.push('?');
            path.push_str(query);
        }
        Some(path)
    }
}

/// What follows a prefix of whole segments.
fn below<'p>(prefix: &str, path: &'p str) -> Option<&'p str> {
    let rest = path.strip_prefix(prefix)?;
    (rest.is_empty() || rest.starts_with(['/', '?'])).then_some(rest)
}
