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
//! use trunkline_egress::{Body, Clock, Egress, Head, Limits, Origin, Settings};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let egress = Egress::new(Settings::default(), Clock::system())?;
//! let origin = Origin::from_url(&"https://api.example.com".parse()?)?;
//! let mut head = Head::get("/v1/models".parse()?);
//! head.headers.insert("host", origin.host_header().clone());
//! let limits = Limits {
//!     connect: Duration::from_secs(5),
//!     first_byte: Duration::from_secs(30),
//!     idle: Duration::from_secs(60),
//!     deadline: None,
//! };
//! let answer = egress.send(&origin, &head, Body::Empty, &limits).await?;
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
mod hop;
mod http1;
mod lease;
mod origin;
mod pool;
mod receive;
mod resolve;
mod tls;
mod transport;
mod upgrade;

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use http::uri::PathAndQuery;
use http::{HeaderMap, Method, Response};
use url::Url;

pub use body::{Body, BodyError, GatherError, Replayable};
pub use clock::{Clock, ManualClock, Sleep};
pub use dial::ProxyError;
pub use error::{SendError, SendErrorKind, Step};
pub use origin::{Origin, OriginError};
pub use receive::{ReceiveError, ReceiveErrorKind, Received};
pub use tls::{CertificateFileError, TlsFault};
pub use upgrade::{Tunnel, Upgraded};

use address::Rules;
use body::Outgoing;
use connection::{Http1, Http2};
use dial::{Dialer, Progress, Proxy};
use error::Cause;
use exchange::{Failed, Terms};
use pool::{Opening, Pool, Taken, Turn};
use resolve::Resolver;
use tls::{Offer, Protocol, Tls};

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
    /// is taken of an upload, and stands still while the upload's source has none.
    pub first_byte: Duration,
    /// Between two frames of the answer.
    pub idle: Duration,
    /// When the whole call must be over, the answer's body included.
    pub deadline: Option<Instant>,
}

/// The head of a request.
#[derive(Clone, Debug)]
pub struct Head {
    /// The method.
    pub method: Method,
    /// Where to, below the origin.
    pub target: PathAndQuery,
    /// The headers, `Host` among them.
    pub headers: HeaderMap,
}

impl Head {
    /// A GET without headers.
    pub fn get(target: PathAndQuery) -> Head {
        Head {
            method: Method::GET,
            target,
            headers: HeaderMap::new(),
        }
    }
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

    /// Sends a request to `origin` and waits for the head of the answer, which comes without the
    /// headers that concern our connection only.
    ///
    /// For an upstream that speaks HTTP/2, target and `Host` are put into its form here. A pooled
    /// connection that turns out closed before anything was written is replaced without further
    /// ado; nothing else is repeated.
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
        head: &'a Head,
        body: Body,
        limits: &'a Limits,
    ) -> impl Future<Output = Result<Response<Received>, SendError>> + Send + use<'a> {
        let body = Outgoing::new(body, &self.clock);
        let terms = Terms {
            pool: &self.pool,
            origin,
            head,
            clock: &self.clock,
            limits,
            upload: body.upload(),
        };
        self.send_until_written(body, terms)
    }

    /// Tries connections until one takes the request, or a fresh one does not.
    async fn send_until_written(
        &self,
        mut body: Outgoing,
        terms: Terms<'_>,
    ) -> Result<Response<Received>, SendError> {
        loop {
            let mut now = self.clock.now();
            let kept = self.pool.take(terms.origin, now);
            let is_fresh = kept.is_none();
            let taken = if let Some(kept) = kept {
                kept
            } else {
                // Boxed, so that a call on an open connection does not carry its size.
                let opened = Box::pin(self.open(terms.origin, terms.limits, now)).await?;
                now = self.clock.now();
                opened
            };
            let sent = match taken {
                Taken::Http1(connection) => {
                    exchange::over_http1(&terms, connection, body, now).await
                }
                // Boxed, as opening is.
                Taken::Http2(stream) => {
                    Box::pin(exchange::over_http2(&terms, stream, body, now)).await
                }
            };
            body = match sent {
                Ok(answer) => return Ok(answer),
                Err(Failed::Error(err)) => return Err(err),
                Err(Failed::Unsent(_)) if is_fresh => {
                    return Err(SendError::unsent(
                        SendErrorKind::StaleConnection,
                        Cause::None,
                    ));
                }
                Err(Failed::Unsent(body)) => body,
            };
        }
    }

    /// Opens a connection within the connect limit, or waits for one that is being opened.
    async fn open(
        &self,
        origin: &Origin,
        limits: &Limits,
        now: Instant,
    ) -> Result<Taken, SendError> {
        let until = clock::later(now, limits.connect);
        let (until, kind) = match limits.deadline {
            Some(deadline) if deadline < until => (deadline, SendErrorKind::DeadlineExceeded),
            Some(_) | None => (until, SendErrorKind::ConnectTimeout),
        };
        let progress = Progress::new(Step::Queue);
        let opened = self.open_or_wait(origin, &progress);
        match self.clock.limit(Some(until), opened).await {
            Ok(opened) => opened,
            Err(_elapsed) => Err(SendError::unsent(kind, Cause::None).at(progress.step())),
        }
    }

    async fn open_or_wait(&self, origin: &Origin, progress: &Progress) -> Result<Taken, SendError> {
        loop {
            match self.pool.take_or_open(origin, self.clock.now()) {
                Turn::Taken(taken) => return Ok(taken),
                Turn::Open(opening) => return self.open_one(origin, progress, opening).await,
                Turn::Wait(mut opening) => {
                    progress.enter(Step::Queue);
                    if opening.wait_for(|is_there| *is_there).await.is_err() {
                        // Whoever opened it gave up: each for itself now.
                        return self.open_one(origin, progress, None).await;
                    }
                }
            }
        }
    }

    async fn open_one(
        &self,
        origin: &Origin,
        progress: &Progress,
        opening: Option<Opening>,
    ) -> Result<Taken, SendError> {
        let (transport, protocol) = self.dialer.dial(origin, Offer::Any, progress).await?;
        progress.enter(Step::Handshake);
        let failed =
            |cause| SendError::unsent(SendErrorKind::ConnectFailed, cause).at(Step::Handshake);
        match protocol {
            Protocol::Http1 => Ok(Taken::Http1(Http1::new(transport, &self.clock))),
            Protocol::Http2 => {
                let opened = Http2::open(transport, &self.clock).await;
                let connection = opened.map_err(|err| failed(Cause::Other(Box::new(err))))?;
                let stream = self.pool.share(origin, connection, opening);
                stream
                    .map(Taken::Http2)
                    .ok_or_else(|| failed(Cause::Text("it closed at once")))
            }
        }
    }
}

impl fmt::Debug for Egress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Egress").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
