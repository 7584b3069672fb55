//! Requests as an upstream reads them.

use std::io;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};
use tokio::net::TcpStream;

/// A request as it arrived.
#[derive(Debug, Clone, Default)]
pub(crate) struct Request {
    /// Method, target and version.
    pub(crate) line: String,
    /// Names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Request {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }
}

/// Reads the lines before the body; `None` at the end of the connection.
pub(super) async fn read_head(stream: &mut BufReader<TcpStream>) -> io::Result<Option<Request>> {
    let mut request = Request {
        line: read_line(stream).await?,
        ..Request::default()
    };
    if request.line.is_empty() {
        return Ok(None);
    }
    loop {
        let line = read_line(stream).await?;
        let Some((name, value)) = line.split_once(':') else {
            return Ok(Some(request));
        };
        request
            .headers
            .push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
}

/// Reads the body that the head announces.
pub(super) async fn read_body(
    stream: &mut BufReader<TcpStream>,
    request: &mut Request,
) -> io::Result<()> {
    if request.header("transfer-encoding").is_some() {
        loop {
            let line = read_line(stream).await?;
            let size = usize::from_str_radix(&line, 16).map_err(io::Error::other)?;
            read_exact(stream, size, &mut request.body).await?;
            read_line(stream).await?;
            if size == 0 {
                return Ok(());
            }
        }
    }
    let length = request
        .header("content-length")
        .map_or(Ok(0), str::parse)
        .map_err(io::Error::other)?;
    read_exact(stream, length, &mut request.body).await
}

async fn read_exact(
    stream: &mut BufReader<TcpStream>,
    length: usize,
    body: &mut Vec<u8>,
) -> io::Result<()> {
    let before = body.len();
    body.resize(before + length, 0);
    stream.read_exact(&mut body[before..]).await?;
    Ok(())
}

async fn read_line(stream: &mut BufReader<TcpStream>) -> io::Result<String> {
    let mut line = String::new();
    stream.read_line(&mut line).await?;
    Ok(line.trim_end().to_owned())
}
