//! One connection, over which one request follows the other.

use std::net::SocketAddr;

use anyhow::{Context, Result, bail, ensure};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::gateway::PATH;
use crate::upstream::ANSWER_BYTES;

/// A connection that holds back nothing to send more at once.
#[expect(
    clippy::disallowed_methods,
    reason = "this is a caller, not the product"
)]
pub(crate) async fn reach(address: SocketAddr) -> Result<TcpStream> {
    let stream = TcpStream::connect(address)
        .await
        .context("nobody can be reached")?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// Somebody with a connection of their own.
pub(super) struct Caller {
    stream: TcpStream,
    key: &'static str,
    /// What has come and was not looked at yet.
    pub(super) ahead: Vec<u8>,
}

impl Caller {
    /// The key is what it shows.
    pub(super) async fn connect(address: SocketAddr, key: &'static str) -> Result<Self> {
        Ok(Self {
            stream: reach(address).await?,
            key,
            ahead: Vec::new(),
        })
    }

    /// One call, and its whole answer. The headers are those of `wrk`.
    pub(super) async fn get(&mut self) -> Result<()> {
        let request = format!(
            "GET {PATH} HTTP/1.1\r\nHost: {}\r\n",
            self.stream.peer_addr()?
        );
        self.send(&request, "").await?;
        while self.ahead.len() < ANSWER_BYTES {
            self.more().await?;
        }
        ensure!(
            self.ahead.len() == ANSWER_BYTES,
            "an answer was longer than it should be"
        );
        self.ahead.clear();
        Ok(())
    }

    /// Opens a stream. What of it has come already is `ahead`.
    pub(super) async fn post(&mut self) -> Result<()> {
        let body =
            r#"{"model":"gpt-test","stream":true,"messages":[{"role":"user","content":"hi"}]}"#;
        let request = format!(
            "POST /openai/v1/chat/completions HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n",
            self.stream.peer_addr()?,
            body.len(),
        );
        self.send(&request, body).await
    }

    /// Sends a request, and reads the head of its answer.
    async fn send(&mut self, head: &str, body: &str) -> Result<()> {
        let request = format!("{head}Authorization: Bearer {}\r\n\r\n{body}", self.key);
        self.stream.write_all(request.as_bytes()).await?;
        loop {
            if let Some(end) = self.ahead.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
                let rest = self.ahead.split_off(end + 4);
                let head = std::mem::replace(&mut self.ahead, rest);
                if !head.starts_with(b"HTTP/1.1 200 ") {
                    bail!("the answer was:\n{}", String::from_utf8_lossy(&head));
                }
                return Ok(());
            }
            self.more().await?;
        }
    }

    /// Waits for whatever comes next.
    pub(super) async fn more(&mut self) -> Result<()> {
        let mut space = [0; 2048];
        let read = self.stream.read(&mut space).await?;
        ensure!(0 < read, "a connection was closed");
        self.ahead
            .extend_from_slice(space.get(..read).unwrap_or_default());
        Ok(())
    }
}
