//! Whom to connect to: scheme, host and port, ready made for a request and as a pool's key.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::net::IpAddr;
use std::sync::Arc;

use http::HeaderValue;
use http::uri::{Authority, Scheme};
use rustc_hash::FxHasher;
use url::{Host, Url};

/// Scheme, host and port. Cheap to clone, to compare and to hash.
#[derive(Clone)]
pub struct Origin(Arc<Parts>);

struct Parts {
    scheme: Scheme,
    host: Hostname,
    port: u16,
    authority: Authority,
    /// The authority without its port.
    host_text: Box<str>,
    host_header: HeaderValue,
    /// Of all that decides equality, so that a look-up in a pool hashes one word.
    hash: u64,
}

/// A host as it stands in a URL.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Hostname {
    Name(Box<str>),
    Address(IpAddr),
}

/// Why a URL does not say whom to connect to.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OriginError {
    /// Neither `http` nor `https`.
    #[error("`{0}` is not a scheme that can be called; use `https` or `http`")]
    Scheme(String),
    /// A user name or a password before the host.
    #[error("the URL has a user name or a password before its host; remove it")]
    UserInfo,
    /// No host, or one that cannot stand in a request.
    #[error("the URL has no usable host")]
    Host,
    /// Port 0, which nobody listens on.
    #[error("port 0 cannot be called; use 1 to 65535")]
    Port,
}

impl Origin {
    /// Takes scheme, host and port from a URL; its path and query do not matter.
    ///
    /// # Errors
    ///
    /// [`OriginError`] when the URL is not `http` or `https`, has user information, or has no
    /// host or port to connect to.
    pub fn from_url(url: &Url) -> Result<Origin, OriginError> {
        let scheme = match url.scheme() {
            "https" => Scheme::HTTPS,
            "http" => Scheme::HTTP,
            other => return Err(OriginError::Scheme(other.to_owned())),
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err(OriginError::UserInfo);
        }
        let host = match url.host() {
            Some(Host::Domain(name)) if !name.is_empty() => Hostname::Name(name.into()),
            Some(Host::Ipv4(v4)) => Hostname::Address(v4.into()),
            Some(Host::Ipv6(v6)) => Hostname::Address(v6.into()),
            Some(Host::Domain(_)) | None => return Err(OriginError::Host),
        };
        let port = match url.port_or_known_default() {
            Some(0) | None => return Err(OriginError::Port),
            Some(port) => port,
        };
        // `Url::port` leaves out the default one, and so does a `Host` header.
        let text = match url.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_string(),
        };
        let authority: Authority = text.parse().map_err(|_| OriginError::Host)?;
        let host_header = HeaderValue::from_str(&text).map_err(|_| OriginError::Host)?;
        let mut hasher = FxHasher::default();
        (scheme == Scheme::HTTPS, &host, port).hash(&mut hasher);
        let hash = hasher.finish();
        Ok(Origin(Arc::new(Parts {
            scheme,
            host,
            port,
            host_text: authority.host().into(),
            authority,
            host_header,
            hash,
        })))
    }

    /// What a request's `Host` header says; the scheme's own port is left out.
    pub fn host_header(&self) -> &HeaderValue {
        &self.0.host_header
    }

    /// Whether requests are encrypted on their way.
    pub fn is_tls(&self) -> bool {
        self.0.scheme == Scheme::HTTPS
    }

    /// The port, the scheme's own one included.
    pub fn port(&self) -> u16 {
        self.0.port
    }

    /// The host as it stands in a URL: an IPv6 address in brackets.
    pub fn host(&self) -> &str {
        &self.0.host_text
    }

    pub(crate) fn hostname(&self) -> &Hostname {
        &self.0.host
    }

    pub(crate) fn scheme(&self) -> &Scheme {
        &self.0.scheme
    }

    pub(crate) fn authority(&self) -> &Authority {
        &self.0.authority
    }
}

impl PartialEq for Origin {
    fn eq(&self, other: &Origin) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
            || (self.0.hash == other.0.hash
                && self.0.port == other.0.port
                && self.0.scheme == other.0.scheme
                && self.0.host == other.0.host)
    }
}

impl Eq for Origin {}

impl Hash for Origin {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.0.hash);
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.0.scheme, self.0.authority)
    }
}

impl fmt::Debug for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Origin({self})")
    }
}

impl fmt::Display for Hostname {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Hostname::Name(name) => f.write_str(name),
            Hostname::Address(IpAddr::V4(v4)) => write!(f, "{v4}"),
            Hostname::Address(IpAddr::V6(v6)) => write!(f, "[{v6}]"),
        }
    }
}

#[cfg(test)]
mod tests;
