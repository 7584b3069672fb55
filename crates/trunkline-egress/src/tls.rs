//! Encryption to upstreams: rustls with a provider of our own, never a process-wide one.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;

use rustls::client::Resumption;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{CertificateError, ClientConfig, InvalidMessage, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::origin::Hostname;

/// Sessions remembered for resumption: a resumed handshake costs about half of a full one.
const SESSIONS_MAX: usize = 1024;

/// Opens encrypted streams. Clones share one configuration, and with it the sessions.
#[derive(Clone)]
pub(crate) struct Tls {
    any: TlsConnector,
    http1: TlsConnector,
}

/// Which HTTP is offered to an upstream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Offer {
    /// Whichever it likes best.
    Any,
    /// HTTP/1.1, which alone can change to another protocol.
    Http1,
}

/// Which HTTP the two sides agreed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    Http1,
    Http2,
}

/// What was wrong with an encrypted connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum TlsFault {
    /// No trusted authority stands behind the certificate.
    #[error("the certificate was issued by nobody we trust")]
    UnknownIssuer,
    /// The certificate was valid until some time ago.
    #[error("the certificate has expired")]
    Expired,
    /// The certificate is not valid yet: often this machine's clock is behind.
    #[error("the certificate is not valid yet")]
    NotValidYet,
    /// The certificate is for another name.
    #[error("the certificate is for another host")]
    NameMismatch,
    /// The certificate was taken back.
    #[error("the certificate was revoked")]
    Revoked,
    /// Something else is wrong with the certificate.
    #[error("the certificate is not acceptable")]
    BadCertificate,
    /// The other side does not speak TLS: often an `https` URL to a plain port.
    #[error("the other side does not speak TLS")]
    NotTls,
    /// The two sides have no version or cipher in common.
    #[error("the two sides have no TLS version or cipher in common")]
    Incompatible,
    /// The other side wants a client certificate.
    #[error("the other side wants a client certificate")]
    ClientCertificateWanted,
    /// The other side broke the handshake off with an alert.
    #[error("the other side broke off the handshake")]
    Refused,
    /// The connection ended during the handshake.
    #[error("the connection ended during the handshake")]
    Closed,
    /// Anything else.
    #[error("the handshake did not work out")]
    Other,
}

/// A certificate file that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CertificateFileError {
    /// Not PEM, or cut off.
    #[error("not a PEM file of certificates")]
    Unreadable,
    /// PEM, but without a certificate.
    #[error("no certificate in the PEM file")]
    Empty,
    /// A certificate that cannot be an authority.
    #[error("certificate {0} in the PEM file cannot be used as an authority")]
    Unusable(usize),
}

impl Tls {
    /// Trusts the bundled authorities and those in `extra_ca_pem`.
    pub(crate) fn new(extra_ca_pem: Option<&[u8]>) -> Result<Tls, CertificateFileError> {
        let mut roots = RootCertStore {
            roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
        };
        if let Some(pem) = extra_ca_pem {
            add_authorities(&mut roots, pem)?;
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider);
        #[expect(
            clippy::expect_used,
            reason = "ring has cipher suites for TLS 1.2 and 1.3"
        )]
        let builder = builder
            .with_safe_default_protocol_versions()
            .expect("ring's own suites");
        let mut config = builder.with_root_certificates(roots).with_no_client_auth();
        config.resumption = Resumption::in_memory_sessions(SESSIONS_MAX);
        let mut http1 = config.clone();
        http1.alpn_protocols = vec![b"http/1.1".to_vec()];
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Tls {
            any: TlsConnector::from(Arc::new(config)),
            http1: TlsConnector::from(Arc::new(http1)),
        })
    }

    /// Encrypts `stream` to `host`, and says which HTTP to speak over it: one of those offered.
    pub(crate) async fn connect<S>(
        &self,
        host: &Hostname,
        offer: Offer,
        stream: S,
    ) -> Result<(TlsStream<S>, Protocol), TlsFault>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let name = server_name(host)?;
        let connector = match offer {
            Offer::Any => &self.any,
            Offer::Http1 => &self.http1,
        };
        let stream = connector
            .connect(name, stream)
            .await
            .map_err(|err| fault(&err))?;
        let (_, session) = stream.get_ref();
        let protocol = match session.alpn_protocol() {
            Some(b"h2") => Protocol::Http2,
            Some(_) | None => Protocol::Http1,
        };
        Ok((stream, protocol))
    }
}

fn add_authorities(roots: &mut RootCertStore, pem: &[u8]) -> Result<(), CertificateFileError> {
    let mut count = 0;
    for certificate in CertificateDer::pem_slice_iter(pem) {
        count += 1;
        let certificate = certificate.map_err(|_| CertificateFileError::Unreadable)?;
        roots
            .add(certificate)
            .map_err(|_| CertificateFileError::Unusable(count))?;
    }
    if count == 0 {
        Err(CertificateFileError::Empty)
    } else {
        Ok(())
    }
}

fn server_name(host: &Hostname) -> Result<ServerName<'static>, TlsFault> {
    match host {
        Hostname::Address(IpAddr::V4(v4)) => Ok(ServerName::IpAddress((*v4).into())),
        Hostname::Address(IpAddr::V6(v6)) => Ok(ServerName::IpAddress((*v6).into())),
        // A trailing dot means the root in a look-up, and nothing in a certificate.
        Hostname::Name(name) => ServerName::try_from(name.strip_suffix('.').unwrap_or(name))
            .map(|name| name.to_owned())
            .map_err(|_| TlsFault::NameMismatch),
    }
}

fn fault(err: &io::Error) -> TlsFault {
    let inner = err
        .get_ref()
        .and_then(|inner| inner.downcast_ref::<rustls::Error>());
    match inner {
        Some(rustls::Error::InvalidCertificate(err)) => certificate_fault(err),
        Some(rustls::Error::InvalidMessage(
            InvalidMessage::InvalidContentType
            | InvalidMessage::UnknownProtocolVersion
            | InvalidMessage::MessageTooLarge
            | InvalidMessage::InvalidEmptyPayload,
        )) => TlsFault::NotTls,
        Some(rustls::Error::PeerIncompatible(_)) => TlsFault::Incompatible,
        Some(rustls::Error::AlertReceived(alert)) => match alert {
            rustls::AlertDescription::CertificateRequired => TlsFault::ClientCertificateWanted,
            rustls::AlertDescription::ProtocolVersion
            | rustls::AlertDescription::HandshakeFailure
            | rustls::AlertDescription::InsufficientSecurity => TlsFault::Incompatible,
            _ => TlsFault::Refused,
        },
        Some(_) => TlsFault::Other,
        None => TlsFault::Closed,
    }
}

fn certificate_fault(err: &CertificateError) -> TlsFault {
    match err {
        CertificateError::UnknownIssuer => TlsFault::UnknownIssuer,
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => TlsFault::Expired,
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            TlsFault::NotValidYet
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            TlsFault::NameMismatch
        }
        CertificateError::Revoked => TlsFault::Revoked,
        _ => TlsFault::BadCertificate,
    }
}
