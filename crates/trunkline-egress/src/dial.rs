//! Opens connections: to exactly the addresses that were judged, and to nothing else.
//!
//! Nothing else in the workspace may connect to an upstream; clippy's `disallowed-methods` keeps
//! it so. The address is judged once more immediately before each connection, here, where there
//! is no way from the decision to the connection but the very same `SocketAddr`.

mod proxy;

use std::collections::VecDeque;
use std::future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::task::Poll;
use std::time::Duration;

use futures_util::stream::{FuturesUnordered, StreamExt as _};
use tokio::net::TcpStream;

pub(crate) use self::proxy::Proxy;
pub use self::proxy::ProxyError;
use crate::address::{self, Blocked, Rules};
use crate::clock::Clock;
use crate::error::{Cause, SendError, SendErrorKind, Step};
use crate::origin::Origin;
use crate::resolve::{LookupError, ResolveError, Resolver};
use crate::tls::{Offer, Protocol, Tls};
use crate::transport::Transport;

/// How long one address is given before the next is tried beside it (RFC 8305 §5).
const STAGGER: Duration = Duration::from_millis(250);

/// Opens streams to origins; clones share look-ups and TLS sessions.
#[derive(Clone)]
pub(crate) struct Dialer {
    pub(crate) resolver: Resolver,
    pub(crate) tls: Tls,
    pub(crate) proxy: Option<Proxy>,
    pub(crate) clock: Clock,
}

/// Which step a dial is in, for whoever stops it.
#[derive(Debug)]
pub(crate) struct Progress(Mutex<Step>);

/// By what right an address is dialled.
#[derive(Clone, Copy)]
enum Right<'a> {
    /// The rules allow it.
    Rules(&'a Rules),
    /// The operator named it.
    Named,
}

impl Dialer {
    /// Opens a stream to `origin`, encrypted if it is `https`.
    pub(crate) async fn dial(
        &self,
        origin: &Origin,
        offer: Offer,
        progress: &Progress,
    ) -> Result<(Transport, Protocol), SendError> {
        progress.enter(Step::LookUp);
        let addresses = self
            .resolver
            .resolve(origin.hostname(), origin.port())
            .await
            .map_err(|err| unresolved(err).at(Step::LookUp))?;
        let rules = self.resolver.rules();
        let is_open = |address: &SocketAddr| !address::may_be_plain(rules, *address);
        if !origin.is_tls() && addresses.iter().any(is_open) {
            let cause = Cause::Text("`http` to an address that `egress.allow` does not name");
            return Err(SendError::unsent(SendErrorKind::AddressRefused, cause).at(Step::LookUp));
        }
        let stream = match &self.proxy {
            None => {
                progress.enter(Step::Connect);
                let right = Right::Rules(rules);
                self.connect(addresses, right)
                    .await
                    .map_err(|err| err.at(Step::Connect))?
            }
            Some(proxy) => self.tunnel(proxy, origin, addresses, progress).await?,
        };
        if !origin.is_tls() {
            return Ok((Transport::plain(stream), Protocol::Http1));
        }
        progress.enter(Step::Tls);
        let (stream, protocol) = self
            .tls
            .connect(origin.hostname(), offer, stream)
            .await
            .map_err(|fault| {
                SendError::unsent(SendErrorKind::TlsFailed, Cause::Tls(fault)).at(Step::Tls)
            })?;
        Ok((Transport::tls(stream), protocol))
    }

    /// Connects to the first of `addresses` that answers, trying them one beside the other.
    async fn connect(
        &self,
        addresses: Vec<SocketAddr>,
        right: Right<'_>,
    ) -> Result<TcpStream, SendError> {
        let mut waiting = interleave(addresses);
        let mut attempts = FuturesUnordered::new();
        let mut first_error = None;
        loop {
            if let Some(address) = waiting.pop_front() {
                attempts.push(connect_one(address, right));
            }
            let mut stagger = (!waiting.is_empty()).then(|| self.clock.sleep(STAGGER));
            let ended = future::poll_fn(|cx| {
                if let Poll::Ready(ended) = attempts.poll_next_unpin(cx) {
                    return Poll::Ready(ended);
                }
                match &mut stagger {
                    Some(stagger) => Pin::new(stagger).poll(cx).map(|()| None),
                    None => Poll::Pending,
                }
            })
            .await;
            match ended {
                Some(Ok(stream)) => return Ok(stream),
                Some(Err(err)) => {
                    first_error.get_or_insert(err);
                }
                // Time for the next address beside those under way.
                None => {}
            }
            if attempts.is_empty() && waiting.is_empty() {
                let none = || SendError::unsent(SendErrorKind::ConnectFailed, Cause::None);
                return Err(first_error.unwrap_or_else(none));
            }
        }
    }

    /// Asks the proxy for a tunnel to one of `addresses`: checked by us, not looked up by it.
    async fn tunnel(
        &self,
        proxy: &Proxy,
        origin: &Origin,
        addresses: Vec<SocketAddr>,
        progress: &Progress,
    ) -> Result<TcpStream, SendError> {
        progress.enter(Step::Proxy);
        let failed = |cause| SendError::unsent(SendErrorKind::ProxyFailed, cause).at(Step::Proxy);
        if !origin.is_tls() {
            return Err(failed(Cause::Text(
                "only `https` goes through `egress.proxy`",
            )));
        }
        let mut last_error = None;
        for address in addresses {
            address::decide(self.resolver.rules(), address).map_err(refused)?;
            let servers = self
                .resolver
                .resolve_trusted(proxy.host(), proxy.port())
                .await
                .map_err(|_| failed(Cause::Text("the proxy's name has no address")))?;
            let mut stream = self
                .connect(servers, Right::Named)
                .await
                .map_err(|_| failed(Cause::Text("there is no connection to the proxy")))?;
            match proxy::ask(&mut stream, address).await {
                Ok(()) => return Ok(stream),
                Err(err) => last_error = Some(err),
            }
        }
        let cause = match last_error {
            Some(err) => Cause::Other(Box::new(err)),
            None => Cause::None,
        };
        Err(failed(cause))
    }
}

impl Progress {
    pub(crate) fn new(step: Step) -> Progress {
        Progress(Mutex::new(step))
    }

    pub(crate) fn enter(&self, step: Step) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = step;
    }

    pub(crate) fn step(&self) -> Step {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn connect_one(address: SocketAddr, right: Right<'_>) -> Result<TcpStream, SendError> {
    if let Right::Rules(rules) = right {
        address::decide(rules, address).map_err(refused)?;
    }
    let stream = open(address).await.map_err(unconnected)?;
    stream.set_nodelay(true).map_err(unconnected)?;
    let peer = stream.peer_addr().map_err(unconnected)?;
    if (peer.ip(), peer.port()) != (address.ip(), address.port()) {
        let cause = Cause::Text("the connection leads to another address than was asked for");
        return Err(SendError::unsent(SendErrorKind::AddressRefused, cause));
    }
    if let Right::Rules(rules) = right
        && rules
            .own
            .is_reached_by(stream.local_addr().map_err(unconnected)?, peer)
    {
        return Err(refused(Blocked::own_listener(peer.ip())));
    }
    Ok(stream)
}

#[expect(
    clippy::disallowed_methods,
    reason = "this is the one place that opens connections"
)]
async fn open(address: SocketAddr) -> std::io::Result<TcpStream> {
    TcpStream::connect(address).await
}

/// Alternates between the families, beginning with the first answer's (RFC 8305 §4).
fn interleave(addresses: Vec<SocketAddr>) -> VecDeque<SocketAddr> {
    let starts_with_v6 = addresses.first().is_some_and(SocketAddr::is_ipv6);
    let (first, second): (Vec<_>, Vec<_>) = addresses
        .into_iter()
        .partition(|address| address.is_ipv6() == starts_with_v6);
    let mut second = second.into_iter();
    let mut ordered = VecDeque::new();
    for address in first {
        ordered.push_back(address);
        ordered.extend(second.next());
    }
    ordered.extend(second);
    ordered
}

fn unresolved(err: ResolveError) -> SendError {
    match err {
        ResolveError::Blocked(blocked) => refused(blocked),
        ResolveError::Lookup(LookupError::NotFound) => {
            SendError::unsent(SendErrorKind::NameNotFound, Cause::None)
        }
        ResolveError::Lookup(err @ (LookupError::Resolver | LookupError::Interrupted)) => {
            SendError::unsent(SendErrorKind::LookUpFailed, Cause::Other(Box::new(err)))
        }
    }
}

fn refused(blocked: Blocked) -> SendError {
    SendError::unsent(SendErrorKind::AddressRefused, Cause::Blocked(blocked))
}

fn unconnected(err: std::io::Error) -> SendError {
    SendError::unsent(SendErrorKind::ConnectFailed, Cause::Io(err))
}

#[cfg(test)]
mod tests;
