//! An upstream of our own: it answers after a while, or holds streams open.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Builder;
use tokio::sync::oneshot;
use tokio::task::JoinSet;

use crate::clock;
use crate::gateway::KEY;

/// The size of an answer's body.
pub(crate) const ANSWER_BYTES: usize = 1024;

/// A byte that stands once in every event of a stream, and nowhere else in it.
pub(crate) const MARK: u8 = b'~';

/// One chunk with one event of 48 bytes.
const EVENT: &[u8] = b"30\r\ndata: {\"object\":\"chunk\",\"delta\":\"0123456789~\"}\n\n\r\n";

/// How long it waits.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace {
    /// Before an answer.
    pub(crate) answer: Duration,
    /// Between two events of a stream.
    pub(crate) event: Duration,
}

/// A running upstream. It ends when it goes out of scope.
#[derive(Debug)]
pub(crate) struct Upstream {
    address: SocketAddr,
    _running: oneshot::Sender<()>,
}

impl Upstream {
    /// Starts one on a thread of its own. It answers `GET` with JSON and `POST` with a stream, and
    /// whoever comes without the key with 401.
    pub(crate) fn start(pace: Pace) -> Result<Self> {
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let (running, ended) = oneshot::channel::<()>();
        thread::spawn(move || {
            runtime.block_on(async {
                let listener = TcpListener::from_std(listener)?;
                tokio::select! {
                    served = serve(&listener, pace) => served,
                    _ = ended => Ok(()),
                }
            })
        });
        Ok(Self {
            address,
            _running: running,
        })
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }
}

/// The body of every answer.
pub(crate) fn answer_body() -> String {
    let frame = r#"{"object":"list","data":""}"#;
    frame.replace(
        r#""""#,
        &format!(r#""{}""#, "x".repeat(ANSWER_BYTES - frame.len())),
    )
}

async fn serve(listener: &TcpListener, pace: Pace) -> io::Result<()> {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let (stream, _) = accepted?;
                stream.set_nodelay(true)?;
                connections.spawn(converse(stream, pace));
            }
            // A connection ends when its other side closes it.
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn converse(mut stream: TcpStream, pace: Pace) -> Result<()> {
    // As nginx would answer, so that both upstreams make the same work.
    let body = answer_body();
    let answer = format!(
        "HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\nDate: Sun, 22 Nov 2026 08:00:00 GMT\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\nConnection: keep-alive\r\n\r\n{body}",
        body.len(),
    );
    let mut ahead = Vec::new();
    while let Some(head) = request(&mut stream, &mut ahead).await? {
        if !head.contains(&format!("Bearer {KEY}\r\n")) {
            stream
                .write_all(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n")
                .await?;
        } else if head.starts_with("POST ") {
            return events(&mut stream, pace.event).await;
        } else {
            if !pace.answer.is_zero() {
                clock::wait(pace.answer).await;
            }
            stream.write_all(answer.as_bytes()).await?;
        }
    }
    Ok(())
}

/// The head of the next request, after its body was read away too.
async fn request(stream: &mut TcpStream, ahead: &mut Vec<u8>) -> Result<Option<String>> {
    loop {
        if let Some(end) = ahead.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
            let rest = ahead.split_off(end + 4);
            let head = String::from_utf8(std::mem::replace(ahead, rest))?;
            let length = head.to_ascii_lowercase();
            let length = length
                .split_once("content-length: ")
                .and_then(|(_, rest)| rest.split_once('\r'));
            let length = length.map_or(Ok(0), |(length, _)| length.parse())?;
            while ahead.len() < length {
                read(stream, ahead).await?;
            }
            ahead.drain(..length);
            return Ok(Some(head));
        }
        if read(stream, ahead).await? == 0 {
            return Ok(None);
        }
    }
}

async fn read(stream: &mut TcpStream, ahead: &mut Vec<u8>) -> Result<usize> {
    let mut space = [0; 4096];
    let read = stream.read(&mut space).await?;
    ahead.extend_from_slice(
        space
            .get(..read)
            .context("more was read than there was space")?,
    );
    Ok(read)
}

/// A stream that ends only when nobody listens to it any more.
async fn events(stream: &mut TcpStream, pace: Duration) -> Result<()> {
    let head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-cache\r\nTransfer-Encoding: chunked\r\n\r\n";
    stream.write_all(head).await?;
    loop {
        stream.write_all(EVENT).await?;
        clock::wait(pace).await;
    }
}
