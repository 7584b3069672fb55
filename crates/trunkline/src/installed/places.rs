//! Where a connector's calls go: its host, and further ones by path.

use std::sync::Arc;

use trunkline_connector::format::HostCredential;
use trunkline_connector::{BaseUrl, Connector};
use trunkline_egress::Origin;
use trunkline_limit::breaker::Breaker;
use url::Url;

use crate::config::Override;
use crate::error::{Error, ErrorKind};
use crate::secret::{SecretError, Secrets};
use crate::upstream::Upstream;

/// Where a connector answers, before it is known whether it can be called there.
pub(super) enum Address {
    /// At its own address.
    Own(Url),
    /// At another one, which settings or the sandbox put in its place.
    Instead(Url),
    /// Nobody has said where.
    Missing(SecretError),
}

/// What becomes of a connector's further hosts.
#[derive(Debug, Clone, Copy)]
pub(super) enum Hosts {
    /// They are called as the connector declares.
    AsDeclared,
    /// What stands in for the connector stands in for them too, under their paths.
    AllThere,
}

/// Where a connector's calls go.
#[derive(Debug)]
pub(super) struct Places {
    main: Place,
    /// With the path that belongs to each; the longest first.
    further: Vec<(String, Place)>,
    hosts: Hosts,
}

#[derive(Debug)]
struct Place {
    origin: Origin,
    breaker: Arc<Breaker>,
    /// What stands before every path; without a final slash, often empty.
    base_path: String,
    credential: HostCredential,
}

/// Where one path goes.
pub(crate) struct Placed<'a> {
    pub(crate) origin: &'a Origin,
    pub(crate) breaker: &'a Arc<Breaker>,
    pub(crate) base_path: &'a str,
    /// How much of the path the base path takes the place of.
    pub(crate) replaced: usize,
    pub(crate) credential: HostCredential,
}

impl Address {
    pub(super) fn of(connector: &Connector, over: &Override, secrets: &Secrets) -> Self {
        if let Some(url) = &over.base_url {
            return Self::Instead(url.clone());
        }
        let address = match &connector.base_url {
            BaseUrl::Fixed(url) => return Self::Own(url.clone()),
            BaseUrl::Found(address) => address,
        };
        let env = address.env.clone();
        let Some(found) = secrets.find_address(address) else {
            return Self::Missing(SecretError::Missing { env });
        };
        let url = parse(found.secret.expose());
        let is_base = |url: &Url| {
            Origin::from_url(url).is_ok() && url.query().is_none() && url.fragment().is_none()
        };
        match url.filter(is_base) {
            Some(url) => Self::Own(url),
            None => Self::Missing(SecretError::Misshapen { env }),
        }
    }
}

/// Reads an address as people write it down: of some APIs they have only the host.
fn parse(text: &str) -> Option<Url> {
    if text.contains("://") {
        return Url::parse(text).ok();
    }
    let url = Url::parse(&format!("https://{text}")).ok();
    url.filter(|url| url.host_str().is_some_and(|host| host.contains('.')))
}

impl Places {
    pub(super) fn new(
        connector: &Connector,
        url: &Url,
        (hosts, upstream): (Hosts, &Upstream),
    ) -> Result<Self, Error> {
        let place = |url, credential| {
            let origin = origin(connector, url)?;
            Ok(Place {
                breaker: upstream.breaker(&origin),
                origin,
                base_path: base_path(url),
                credential,
            })
        };
        let main = place(url, HostCredential::Send)?;
        let mut further = Vec::new();
        for host in &connector.hosts {
            let place = match hosts {
                Hosts::AsDeclared => place(&host.base_url, host.credential)?,
                Hosts::AllThere => Place {
                    origin: main.origin.clone(),
                    breaker: Arc::clone(&main.breaker),
                    base_path: format!("{}{}", main.base_path, host.prefix),
                    credential: host.credential,
                },
            };
            further.push((host.prefix.clone(), place));
        }
        further.sort_by_key(|(prefix, _)| std::cmp::Reverse(prefix.len()));
        Ok(Self {
            main,
            further,
            hosts,
        })
    }

    /// Where an address goes that is an input, and by which path.
    pub(super) fn of_address(
        &self,
        connector: &Connector,
        url: &Url,
    ) -> Result<(Origin, String), Error> {
        let mut path = match self.hosts {
            Hosts::AsDeclared => url.path().to_owned(),
            Hosts::AllThere => format!("{}{}", self.main.base_path, url.path()),
        };
        if let Some(query) = url.query() {
            path.push('?');
            path.push_str(query);
        }
        let origin = match self.hosts {
            Hosts::AsDeclared => origin(connector, url)?,
            Hosts::AllThere => self.main.origin.clone(),
        };
        Ok((origin, path))
    }

    pub(super) fn of(&self, path_and_query: &str) -> Placed<'_> {
        let is_below = |prefix: &str| {
            let rest = path_and_query.strip_prefix(prefix);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?']))
        };
        let mut further = self.further.iter();
        match further.find(|(prefix, _)| is_below(prefix)) {
            Some((prefix, place)) => place.placed(prefix.len()),
            None => self.main.placed(0),
        }
    }
}

impl Place {
    fn placed(&self, replaced: usize) -> Placed<'_> {
        Placed {
            origin: &self.origin,
            breaker: &self.breaker,
            base_path: &self.base_path,
            replaced,
            credential: self.credential,
        }
    }
}

fn origin(connector: &Connector, url: &Url) -> Result<Origin, Error> {
    Origin::from_url(url).map_err(|err| {
        Error::new(
            ErrorKind::BadSettings,
            format!("`{}` cannot be called: {err}", connector.name),
        )
    })
}

fn base_path(url: &Url) -> String {
    url.path().trim_end_matches('/').to_owned()
}
