//! One request, to see what comes back before and after many are counted.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use crate::gateway::{CALLERS_KEY, PATH};
use crate::upstream;

/// How long the whole answer may stand still.
const PATIENCE: Duration = Duration::from_secs(10);

/// What came back.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Reply {
    /// Its status.
    pub(crate) status: u16,
    head: String,
    /// Its body, as it came.
    pub(crate) body: String,
}

impl Reply {
    fn parse(text: &str) -> Option<Self> {
        let (head, body) = text.split_once("\r\n\r\n")?;
        let status = head.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok()?;
        Some(Self {
            status,
            head: head.to_owned(),
            body: body.to_owned(),
        })
    }

    /// A header's value, if it is there.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let fields = self.head.lines().filter_map(|line| line.split_once(':'));
        let mut named = fields.filter(|(field, _)| field.eq_ignore_ascii_case(name));
        named.next().map(|(_, value)| value.trim())
    }

    /// Whether a cache of nginx or ours says that the answer is its own.
    pub(crate) fn is_hit(&self) -> bool {
        let ours = self.header("cache-status").unwrap_or_default();
        self.header("x-cache") == Some("HIT") || ours.split(';').any(|part| part.trim() == "hit")
    }
}

/// Asks once, over a connection of its own.
#[expect(
    clippy::disallowed_methods,
    reason = "this is a caller, not the product"
)]
pub(crate) fn get(address: SocketAddr, path: &str) -> Result<Reply> {
    let mut stream = TcpStream::connect(address).context("nobody listens")?;
    stream.set_read_timeout(Some(PATIENCE))?;
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {CALLERS_KEY}\r\nConnection: close\r\n\r\n"
    )?;
    let mut text = String::new();
    stream
        .read_to_string(&mut text)
        .context("an answer broke off")?;
    Reply::parse(&text).with_context(|| format!("this is no answer: {text}"))
}

/// Asks for what is measured, and insists on the right answer.
pub(crate) fn measured(address: SocketAddr) -> Result<Reply> {
    let reply = get(address, PATH)?;
    ensure!(
        reply.status == 200 && reply.body == upstream::answer_body(),
        "an answer is wrong:\n{}\n\n{}",
        reply.head,
        reply.body
    );
    Ok(reply)
}

#[cfg(test)]
mod tests;
