//! The routes there are.

use http::Method;
use trunkline::{Error, ErrorKind};

/// The longest piece of a path that an error repeats.
const SHOWN_MAX: usize = 80;

/// A route of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Route<'a> {
    /// What the API is.
    Description,
    /// How every upstream does.
    Upstreams,
    /// The calls that are logged.
    Calls,
    /// One of them, by its number or the beginning of it.
    Call(&'a str),
    /// Kept answers are to be dropped.
    Purge,
}

impl<'a> Route<'a> {
    /// One of each.
    #[cfg(test)]
    pub(super) const ALL: [Self; 5] = [
        Self::Description,
        Self::Upstreams,
        Self::Calls,
        Self::Call("{id}"),
        Self::Purge,
    ];

    /// The route below `/-/api/`.
    pub(super) fn find(path: &'a str) -> Result<Self, Error> {
        match path {
            "openapi.json" => return Ok(Self::Description),
            "v1/upstreams" => return Ok(Self::Upstreams),
            "v1/calls" => return Ok(Self::Calls),
            "v1/cache/purge" => return Ok(Self::Purge),
            _ => {}
        }
        if let Some(id) = path.strip_prefix("v1/calls/")
            && !id.is_empty()
            && !id.contains('/')
        {
            return Ok(Self::Call(id));
        }
        let shown: String = path.chars().take(SHOWN_MAX).collect();
        let message = format!("there is no route `/-/api/{shown}`");
        Err(Error::new(ErrorKind::NotFound, message)
            .with_hint("`/-/api/openapi.json` describes those there are"))
    }

    /// The path that [`find`](Self::find) finds it by.
    #[cfg(test)]
    pub(super) fn path(self) -> String {
        match self {
            Self::Description => "openapi.json".to_owned(),
            Self::Upstreams => "v1/upstreams".to_owned(),
            Self::Calls => "v1/calls".to_owned(),
            Self::Call(id) => format!("v1/calls/{id}"),
            Self::Purge => "v1/cache/purge".to_owned(),
        }
    }

    /// The method that it takes.
    pub(super) fn method(self) -> Method {
        match self {
            Self::Description | Self::Upstreams | Self::Calls | Self::Call(_) => Method::GET,
            Self::Purge => Method::POST,
        }
    }

    /// The same, as `Allow` says it.
    pub(super) fn allowed(self) -> &'static str {
        if self.method() == Method::GET {
            "GET, HEAD"
        } else {
            "POST"
        }
    }
}
