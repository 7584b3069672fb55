//! HTTP/1.1 as a strict caller reads it: nothing may be missing, and nothing may be left over.

use std::net::SocketAddr;

use anyhow::{Context as _, Result, bail, ensure};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::client;

/// The most of a head.
const HEAD_MAX: usize = 64 * 1024;

/// A connection, over which one call follows the other.
#[derive(Debug)]
pub(super) struct Connection {
    stream: TcpStream,
    /// What has come and was not looked at yet.
    ahead: Vec<u8>,
}

/// A whole answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Answer {
    /// Its status.
    pub(super) status: u16,
    /// Status line and headers.
    pub(super) head: String,
    /// Its body, without the framing of chunks.
    pub(super) body: Vec<u8>,
}

impl Answer {
    /// A header's value, if it is there.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        header(&self.head, name)
    }
}

/// The value of a header in a head, if it is there.
pub(super) fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let fields = head.lines().filter_map(|line| line.split_once(':'));
    let mut named = fields.filter(|(field, _)| field.eq_ignore_ascii_case(name));
    named.next().map(|(_, value)| value.trim())
}

/// How far an answer came.
#[derive(Debug, Default)]
pub(super) struct Progress {
    /// As much of it as has come.
    pub(super) answer: Answer,
    /// Whether all of its head has.
    pub(super) has_head: bool,
}

impl Connection {
    /// Opens one.
    pub(super) async fn open(address: SocketAddr) -> Result<Self> {
        Ok(Self {
            stream: client::reach(address).await?,
            ahead: Vec::new(),
        })
    }

    /// Sends a request.
    pub(super) async fn send(&mut self, request: &[u8]) -> Result<()> {
        ensure!(self.ahead.is_empty(), "there was more than one answer");
        self.stream
            .write_all(request)
            .await
            .context("the request could not be sent")
    }

    /// Reads an answer to its end. What has come of it is in `progress` also where it breaks off.
    pub(super) async fn answer(&mut self, progress: &mut Progress) -> Result<()> {
        let answer = &mut progress.answer;
        answer.head = self.head().await?;
        progress.has_head = true;
        let status = answer.head.strip_prefix("HTTP/1.1 ");
        let status = status.and_then(|rest| rest.get(..3)?.parse().ok());
        answer.status = status.context("this is no answer")?;
        if matches!(answer.status, 204 | 304) {
            return Ok(());
        }
        if let Some(length) = answer.header("content-length") {
            let length = length.parse().context("a length is no number")?;
            return self.take(length, &mut answer.body).await;
        }
        let coding = answer.header("transfer-encoding");
        ensure!(coding == Some("chunked"), "the answer has no length");
        self.chunks(&mut answer.body).await
    }

    /// Whether nothing more can be asked over it.
    pub(super) fn is_closing(answer: &Answer) -> bool {
        let connection = answer.header("connection").unwrap_or_default();
        connection.eq_ignore_ascii_case("close")
    }

    async fn head(&mut self) -> Result<String> {
        let mut seen = 0;
        loop {
            let from = seen.min(self.ahead.len());
            let unseen = self.ahead.get(from..).unwrap_or_default();
            let end = unseen.windows(4).position(|bytes| bytes == b"\r\n\r\n");
            if let Some(end) = end {
                let rest = self.ahead.split_off(from + end + 4);
                let head = std::mem::replace(&mut self.ahead, rest);
                return String::from_utf8(head).context("a head is no text");
            }
            seen = self.ahead.len().saturating_sub(3);
            ensure!(seen < HEAD_MAX, "a head has no end");
            self.more().await?;
        }
    }

    /// Moves so many bytes to `body`.
    async fn take(&mut self, length: usize, body: &mut Vec<u8>) -> Result<()> {
        let end = body.len() + length;
        loop {
            let wanted = (end - body.len()).min(self.ahead.len());
            body.extend(self.ahead.drain(..wanted));
            if body.len() == end {
                return Ok(());
            }
            self.more().await?;
        }
    }

    async fn chunks(&mut self, body: &mut Vec<u8>) -> Result<()> {
        loop {
            let line = self.line().await?;
            let length = usize::from_str_radix(&line, 16);
            let length = length.with_context(|| format!("`{line}` is no size of a chunk"))?;
            self.take(length, body).await?;
            let end = self.line().await?;
            ensure!(end.is_empty(), "a chunk is longer than it says");
            if length == 0 {
                return Ok(());
            }
        }
    }

    async fn line(&mut self) -> Result<String> {
        loop {
            if let Some(end) = self.ahead.windows(2).position(|bytes| bytes == b"\r\n") {
                let line: Vec<u8> = self.ahead.drain(..end + 2).take(end).collect();
                return String::from_utf8(line).context("a line is no text");
            }
            self.more().await?;
        }
    }

    async fn more(&mut self) -> Result<()> {
        self.ahead.reserve(16 * 1024);
        match self.stream.read_buf(&mut self.ahead).await {
            Ok(0) => bail!("the connection was closed"),
            Ok(_) => Ok(()),
            Err(err) => Err(err).context("the connection broke"),
        }
    }
}

#[cfg(test)]
mod tests;
