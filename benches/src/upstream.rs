//! An upstream of our own: it answers after a while, or holds streams open.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
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

/// What follows the last event of a stream that ends.
pub(crate) const LAST_CHUNK: &[u8] = b"\r\n0\r\n\r\n";

/// How it answers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Manner {
    /// How long it waits before an answer.
    pub(crate) answer: Duration,
    /// How long it waits after each event of a stream.
    pub(crate) event: Duration,
    /// After how many events a stream ends, if it ends while somebody listens.
    pub(crate) events: Option<u32>,
    /// What it says about keeping its answers.
    pub(crate) caching: Caching,
}

impl Manner {
    /// Without waiting, and without a word on caching.
    pub(crate) const AT_ONCE: Self = Self {
        answer: Duration::ZERO,
        event: Duration::from_secs(1),
        events: None,
        caching: Caching::Unsaid,
    };
}

/// What an upstream says about keeping its answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Caching {
    /// Nothing.
    Unsaid,
    /// Nobody may keep them.
    Never,
    /// Everybody may, for an hour.
    Long,
}

impl Caching {
    /// The header's value, if there is one.
    pub(crate) fn value(self) -> Option<&'static str> {
        match self {
            Self::Unsaid => None,
            Self::Never => Some("no-store"),
            // Calls carry a credential: only what is public is kept of their answers.
            Self::Long => Some("public, max-age=315360000"),
        }
    }
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
    pub(crate) fn start(manner: Manner) -> Result<Self> {
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let (running, ended) = oneshot::channel::<()>();
        thread::spawn(move || {
            runtime.block_on(async {
                let listener = TcpListener::from_std(listener)?;
                tokio::select! {
                    served = serve(&listener, manner) => served,
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

async fn serve(listener: &TcpListener, manner: Manner) -> io::Result<()> {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let (stream, _) = accepted?;
                stream.set_nodelay(true)?;
                connections.spawn(converse(stream, manner));
            }
            // A connection ends when its other side closes it.
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn converse(mut stream: TcpStream, manner: Manner) -> Result<()> {
    // As nginx would answer, so that both upstreams make the same work.
    let body = answer_body();
    let caching = manner
        .caching
        .value()
        .map_or(String::new(), |value| format!("Cache-Control: {value}\r\n"));
    let answer = format!(
        "HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\nDate: Sun, 22 Nov 2026 08:00:00 GMT\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\nConnection: keep-alive\r\n{caching}\r\n{body}",
        body.len(),
    );
    let mut ahead = Vec::new();
    while let Some((head, _)) = request(&mut stream, &mut ahead).await? {
        if !head.contains(&format!("Bearer {KEY}\r\n")) {
            stream
                .write_all(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n")
                .await?;
        } else if head.starts_with("POST ") {
            events(&mut stream, manner).await?;
        } else {
            if !manner.answer.is_zero() {
                clock::wait(manner.answer).await;
            }
            stream.write_all(answer.as_bytes()).await?;
        }
    }
    Ok(())
}

/// Head and body of the next request. What came behind it is left in `ahead`.
pub(crate) async fn request(
    stream: &mut TcpStream,
    ahead: &mut Vec<u8>,
) -> Result<Option<(String, Vec<u8>)>> {
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
                ensure!(0 < read(stream, ahead).await?, "a request broke off");
            }
            let rest = ahead.split_off(length);
            return Ok(Some((head, std::mem::replace(ahead, rest))));
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

/// A stream that ends as was said, or when nobody listens to it any more.
async fn events(stream: &mut TcpStream, manner: Manner) -> Result<()> {
    let head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-cache\r\nTransfer-Encoding: chunked\r\n\r\n";
    stream.write_all(head).await?;
    let mut left = manner.events;
    while left != Some(0) {
        stream.write_all(EVENT).await?;
        clock::wait(manner.event).await;
        left = left.map(|left| left - 1);
    }
    // An event has the line's end before it.
    stream.write_all(b"0\r\n\r\n").await?;
    Ok(())
}
