//! Outgoing HTTP for trunkline: only this crate opens connections.
//!
//! A request goes to an [`Origin`]. It is sent on an idle connection, or on a new one: the host is
//! resolved, **every** address is judged by the [`address::Rules`], exactly a judged address is
//! dialled, and who answered is compared with who was called. Redirects are never followed, and
//! the environment's proxy variables are never read.
//!
//! ```no_run
//! use std::time::Duration;
//!
//! use trunkline_egress::{Body, Clock, Egress, Limits, Origin, Settings};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let egress = Egress::new(Settings::default(), Clock::system())?;
//! let origin = Origin::from_url(&"https://api.example.com".parse()?)?;
//! let request = http::Request::get("/v1/models")
//!     .header("host", origin.host_header())
//!     .body(Body::Empty)?;
//! let limits = Limits {
//!     connect: Duration::from_secs(5),
//!     first_byte: Duration::from_secs(30),
//!     idle: Duration::from_secs(60),
//!     deadline: None,
//! };
//! let answer = egress.send(&origin, request, &limits).await?;
//! # Ok(())
//! # }
//! ```

pub mod address;
mod body;
pub mod clock;
mod connection;
mod dial;
mod error;
mod exchange;
mod lease;
mod origin;
mod pool;
mod receive;
mod resolve;
mod send;
mod tls;
mod transport;

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use http::{Request, Response};
use url::Url;

pub use body::{Body, BodyError, Replayable};
pub use clock::{Clock, ManualClock, Sleep};
pub use dial::ProxyError;
pub use error::{SendError, SendErrorKind, Step};
pub use origin::{Origin, OriginError};
pub use receive::{ReceiveError, ReceiveErrorKind, Received};
pub use tls::{CertificateFileError, TlsFault};

use address::Rules;
use body::Outgoing;
use dial::{Dialer, Proxy};
use pool::Pool;
use resolve::Resolver;
use send::Route;
use tls::Tls;

/// What an operator decides about outgoing connections.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Which addresses may be called.
    pub rules: Rules,
    /// Certificates (PEM) trusted beside the bundled ones.
    pub extra_ca_pem: Option<Vec<u8>>,
    /// `http://host:port`, which is asked for tunnels to the addresses we chose. Only `https`
    /// goes through it.
    pub proxy: Option<Url>,
}

/// Settings that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// The certificate file.
    #[error(transparent)]
    CertificateFile(#[from] CertificateFileError),
    /// The proxy.
    #[error(transparent)]
    Proxy(#[from] ProxyError),
}

/// How long the parts of a call may take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// From the look-up to a connection that is ready for HTTP.
    pub connect: Duration,
    /// From handing the request over to the head of the answer; begins anew with every frame that
    /// is taken of an upload.
    pub first_byte: Duration,
    /// Between two frames of the answer.
    pub idle: Duration,
    /// When the whole call must be over, the answer's body included.
    pub deadline: Option<Instant>,
}

/// Sends requests to upstreams and keeps their connections.
pub struct Egress {
    dialer: Dialer,
    clock: Clock,
    pool: Arc<Pool>,
}

impl Egress {
    /// Prepares TLS and look-ups; opens nothing.
    ///
    /// # Errors
    ///
    /// [`SettingsError`] when the certificates or the proxy cannot be used.
    pub fn new(settings: Settings, clock: Clock) -> Result<Egress, SettingsError> {
        let tls = Tls::new(settings.extra_ca_pem.as_deref())?;
        let proxy = settings.proxy.as_ref().map(Proxy::new).transpose()?;
        let resolver = Resolver::new(settings.rules, clock.clone());
        let dialer = Dialer {
            resolver,
            tls,
            proxy,
            clock: clock.clone(),
        };
        Ok(Egress {
            dialer,
            pool: Pool::new(clock.clone()),
            clock,
        })
    }

    /// The same rules, TLS sessions and look-ups with connections of its own: one per gateway
    /// thread, so that threads do not wait for each other.
    #[must_use]
    pub fn with_own_pool(&self) -> Egress {
        Egress {
            dialer: self.dialer.clone(),
            clock: self.clock.clone(),
            pool: Pool::new(self.clock.clone()),
        }
    }

    /// Sends `request` to `origin` and waits for the head of the answer.
    ///
    /// The request's URI is path and query, and its `Host` header is set. For an upstream that
    /// speaks HTTP/2 both are put into its form here. A pooled connection that turns out closed
    /// before anything was written is replaced without further ado; nothing else is repeated.
    ///
    /// Where a connection is free, the request is handed to it at once; everything else happens
    /// when the future is polled.
    ///
    /// # Errors
    ///
    /// [`SendError`] says what went wrong and whether the upstream can have seen the request.
    ///
    /// # Cancel safety
    ///
    /// When dropped, the connection is closed (HTTP/1.1) or the stream is reset (HTTP/2).
    pub fn send<'a>(
        &'a self,
        origin: &'a Origin,
        request: Request<Body>,
        limits: &'a Limits,
    ) -> impl Future<Output = Result<Response<Received>, SendError>> + Send + use<'a> {
        let route = Route {
            dialer: &self.dialer,
            pool: &self.pool,
            clock: &self.clock,
            origin,
            limits,
        };
        send::send(route, request.map(|body| Outgoing::new(body, &self.clock)))
    }
}

impl fmt::Debug for Egress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Egress").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
