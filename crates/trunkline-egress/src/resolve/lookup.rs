//! Asks the system for a name's addresses: the only place that does.

use std::io;
use std::net::IpAddr;

/// Where answers come from: the system, or a test's script.
#[derive(Clone)]
pub(crate) struct Lookup(Kind);

#[derive(Clone)]
enum Kind {
    System,
    #[cfg(test)]
    Scripted(std::sync::Arc<dyn Fn(&str) -> Scripted + Send + Sync>),
}

#[cfg(test)]
type Scripted = std::pin::Pin<Box<dyn Future<Output = Result<Vec<IpAddr>, LookupError>> + Send>>;

/// Why a name has no addresses for us.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum LookupError {
    #[error("no such name, or no address for it")]
    NotFound,
    #[error("the system's resolver gave an error")]
    Resolver,
    #[error("the look-up was interrupted")]
    Interrupted,
}

impl Lookup {
    /// `getaddrinfo`: respects the hosts file, mDNS, VPNs and whatever else is set up here.
    pub(crate) fn system() -> Lookup {
        Lookup(Kind::System)
    }

    /// Answers from a test.
    #[cfg(test)]
    pub(crate) fn scripted<F, A>(answer: F) -> Lookup
    where
        F: Fn(&str) -> A + Send + Sync + 'static,
        A: Future<Output = Result<Vec<IpAddr>, LookupError>> + Send + 'static,
    {
        Lookup(Kind::Scripted(std::sync::Arc::new(move |name| {
            Box::pin(answer(name))
        })))
    }

    pub(super) async fn addresses(&self, name: &str) -> Result<Vec<IpAddr>, LookupError> {
        match &self.0 {
            Kind::System => system(name).await,
            #[cfg(test)]
            Kind::Scripted(answer) => answer(name).await,
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "this is the one place that looks names up"
)]
async fn system(name: &str) -> Result<Vec<IpAddr>, LookupError> {
    let found = tokio::net::lookup_host((name, 0))
        .await
        .map_err(|err| classify(&err))?;
    let mut addresses: Vec<IpAddr> = Vec::new();
    for address in found {
        if !addresses.contains(&address.ip()) {
            addresses.push(address.ip());
        }
    }
    Ok(addresses)
}

/// What `getaddrinfo` itself says (no such name, try again) reaches us without a number of the
/// operating system's, and one case cannot be told from the other.
fn classify(err: &io::Error) -> LookupError {
    match err.raw_os_error() {
        None => LookupError::NotFound,
        Some(_) => LookupError::Resolver,
    }
}
