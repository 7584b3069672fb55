//! A way out through somebody else's machine: HTTP CONNECT, to an address that we chose.

use std::net::SocketAddr;

use http::StatusCode;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use url::Url;

use crate::origin::{Hostname, Origin};

/// A proxy's answer is a status line and a few headers; more is not an answer.
const HEAD_BYTES_MAX: usize = 16 * 1024;

/// The proxy that the operator named. Its own address is not judged.
#[derive(Clone, Debug)]
pub(crate) struct Proxy(Origin);

/// A proxy setting that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProxyError {
    /// Not `http://host:port`.
    #[error("`{0}` is not a proxy that can be used; give `http://host:port`")]
    Unusable(String),
}

/// What a proxy answered instead of making a tunnel.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum TunnelError {
    #[error("the proxy closed the connection")]
    Closed,
    #[error("the proxy's answer is not valid HTTP")]
    Malformed,
    #[error("the proxy answered with status {0}")]
    Status(u16),
}

impl Proxy {
    pub(crate) fn new(url: &Url) -> Result<Proxy, ProxyError> {
        let has_more = url.path() != "/" || url.query().is_some() || url.fragment().is_some();
        match Origin::from_url(url) {
            Ok(origin) if !origin.is_tls() && !has_more => Ok(Proxy(origin)),
            // Without user name and password: the text goes into logs.
            Ok(_) | Err(_) => Err(ProxyError::Unusable(format!(
                "{}://{}",
                url.scheme(),
                url.host_str().unwrap_or_default()
            ))),
        }
    }

    pub(super) fn host(&self) -> &Hostname {
        self.0.hostname()
    }

    pub(super) fn port(&self) -> u16 {
        self.0.port()
    }
}

/// Asks for a tunnel over `stream`, which afterwards leads to `address`.
pub(super) async fn ask(stream: &mut TcpStream, address: SocketAddr) -> Result<(), TunnelError> {
    let request = format!("CONNECT {address} HTTP/1.1\r\nHost: {address}\r\n\r\n");
    stream
        .write_all(request.as_bytes())
        .await
        .map_err(|_| TunnelError::Closed)?;
    let mut head = Vec::with_capacity(256);
    // Byte by byte, so that nothing of what follows the head is taken. It is short, and the
    // other side of the tunnel does not speak before we do.
    while !head.ends_with(b"\r\n\r\n") {
        if HEAD_BYTES_MAX <= head.len() {
            return Err(TunnelError::Malformed);
        }
        head.push(stream.read_u8().await.map_err(|_| TunnelError::Closed)?);
    }
    match status(&head) {
        Some(200..=299) => Ok(()),
        Some(status) => Err(TunnelError::Status(status)),
        None => Err(TunnelError::Malformed),
    }
}

fn status(head: &[u8]) -> Option<u16> {
    let line = head.split(|byte| *byte == b'\r').next()?;
    let line = std::str::from_utf8(line).ok()?;
    let rest = line
        .strip_prefix("HTTP/1.1 ")
        .or_else(|| line.strip_prefix("HTTP/1.0 "))?;
    let digits = rest.split(' ').next()?;
    StatusCode::from_bytes(digits.as_bytes())
        .ok()
        .map(|status| status.as_u16())
}
