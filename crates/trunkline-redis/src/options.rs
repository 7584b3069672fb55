//! What the operator may choose, and what connections are opened with.

use std::io;
use std::time::Duration;

use redis::{Client, TlsCertificates};
use rustls::crypto::ring as provider;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use crate::address::Address;
use crate::link::Target;

/// How Redis is used.
#[derive(Debug, Clone)]
pub struct Options {
    /// The longest that a lease or a look into the cache takes, waiting included.
    pub time_limit: Duration,
    /// What every name in Redis begins with. Its last part is the version of what stands there.
    pub prefix: String,
    /// A byte that tells how cached values are written. Values of another version are not found.
    pub value_version: u8,
    /// The most bytes of a cached value; at most 16 MiB.
    pub value_bytes_max: usize,
    /// A process of which nothing was heard for this long no longer counts as one that shares. Each
    /// says twice a second that it is there.
    pub heard_within: Duration,
    /// Certificates in PEM that sign the server's, instead of those that browsers trust.
    pub root_certificates: Option<Vec<u8>>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            time_limit: Duration::from_millis(20),
            prefix: "trunkline:1:".to_owned(),
            value_version: 1,
            value_bytes_max: 1 << 20,
            heard_within: Duration::from_secs(10),
            root_certificates: None,
        }
    }
}

/// Fails only where the root certificates are none.
pub(crate) fn target(address: &Address, options: &Options) -> io::Result<Target> {
    if address.is_tls() {
        // The client takes the one of the process. Where another has been chosen, that one stays.
        drop(provider::default_provider().install_default());
    }
    let info = address.info().clone();
    let client = match &options.root_certificates {
        Some(root) if address.is_tls() => {
            let mut found = CertificateDer::pem_slice_iter(root).peekable();
            if found.peek().is_none() || found.any(|one| one.is_err()) {
                return Err(unusable());
            }
            let certificates = TlsCertificates {
                client_tls: None,
                root_cert: Some(root.clone()),
            };
            Client::build_with_tls(info, certificates)
        }
        _ => Client::open(info),
    };
    let client = client.map_err(|_| unusable())?;
    Ok(Target {
        client,
        database: address.database(),
    })
}

fn unusable() -> io::Error {
    let text = "the root certificates for Redis are not certificates in PEM";
    io::Error::new(io::ErrorKind::InvalidInput, text)
}
