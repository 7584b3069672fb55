//! One connection, read as HTTP/1.1 by whoever holds its end, with every byte kept as it came.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};

use crate::PATIENCE;

/// One end of a connection.
#[derive(Debug)]
pub struct Wire {
    stream: TcpStream,
    ahead: Vec<u8>,
}

/// How a message or a connection ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// As its framing promised; for a connection: closed between two messages.
    Clean,
    /// Closed in the middle.
    Cut,
    /// Reset.
    Reset,
}

/// The first line and the headers of a message, as they were sent.
#[derive(Debug, Clone, Default)]
pub struct Head {
    /// Every byte, the empty line included.
    pub raw: Vec<u8>,
    /// The request line or the status line.
    pub first: String,
    /// The headers in order, names as they were written.
    pub headers: Vec<(String, String)>,
}

/// Where the next piece of a body ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Framing {
    Length(usize),
    Chunked,
    UntilClose,
}

impl Wire {
    /// Takes a connection over.
    pub fn over(stream: TcpStream) -> Self {
        stream
            .set_read_timeout(Some(PATIENCE))
            .expect("a read timeout can be set");
        stream
            .set_write_timeout(Some(PATIENCE))
            .expect("a write timeout can be set");
        stream
            .set_nodelay(true)
            .expect("delays can be switched off");
        Self {
            stream,
            ahead: Vec::new(),
        }
    }

    pub(crate) fn stream(&self) -> &TcpStream {
        &self.stream
    }

    /// Sends bytes as they are.
    ///
    /// # Errors
    /// What the connection reports, such as that the other side has gone.
    pub fn say(&mut self, bytes: impl AsRef<[u8]>) -> io::Result<()> {
        self.stream.write_all(bytes.as_ref())
    }

    /// Reads a head; `None` when the other side has closed before its first byte.
    ///
    /// # Errors
    /// What the connection reports, an end in the middle of the head included.
    pub fn head(&mut self) -> io::Result<Option<Head>> {
        loop {
            if let Some(end) = find(&self.ahead, b"\r\n\r\n") {
                let raw: Vec<u8> = self.ahead.drain(..end + 4).collect();
                return Ok(Some(Head::parse(raw)));
            }
            if self.read_more()? == 0 {
                let is_whole = self.ahead.is_empty();
                return if is_whole {
                    Ok(None)
                } else {
                    Err(io::ErrorKind::UnexpectedEof.into())
                };
            }
        }
    }

    /// The next piece of a body, `None` at its end. Chunks come one by one, as they were sent.
    pub(crate) fn piece(&mut self, framing: &mut Framing) -> Result<Option<Vec<u8>>, Ending> {
        match framing {
            Framing::Length(0) => Ok(None),
            Framing::Length(left) => {
                let piece = self.some(*left)?;
                *left -= piece.len();
                Ok(Some(piece))
            }
            Framing::Chunked => self.chunk(framing),
            Framing::UntilClose => match self.some(usize::MAX) {
                Ok(piece) => Ok(Some(piece)),
                Err(Ending::Cut) => Ok(None),
                Err(ending) => Err(ending),
            },
        }
    }

    fn chunk(&mut self, framing: &mut Framing) -> Result<Option<Vec<u8>>, Ending> {
        let line = self.line()?;
        let digits = line.split(';').next().unwrap_or_default().trim();
        let size = usize::from_str_radix(digits, 16).map_err(|_| Ending::Cut)?;
        let mut piece = Vec::new();
        while piece.len() < size {
            piece.extend(self.some(size - piece.len())?);
        }
        if size == 0 {
            while !self.line()?.is_empty() {}
            *framing = Framing::Length(0);
            return Ok(None);
        }
        self.line()?;
        Ok(Some(piece))
    }

    fn line(&mut self) -> Result<String, Ending> {
        loop {
            if let Some(end) = find(&self.ahead, b"\r\n") {
                let line: Vec<u8> = self.ahead.drain(..end + 2).collect();
                return Ok(String::from_utf8_lossy(&line[..end]).into_owned());
            }
            self.more()?;
        }
    }

    fn some(&mut self, most: usize) -> Result<Vec<u8>, Ending> {
        if self.ahead.is_empty() {
            self.more()?;
        }
        let taken = self.ahead.len().min(most);
        Ok(self.ahead.drain(..taken).collect())
    }

    fn more(&mut self) -> Result<(), Ending> {
        match self.read_more() {
            Ok(0) => Err(Ending::Cut),
            Ok(_) => Ok(()),
            Err(err) if is_timeout(&err) => panic!("nothing came within {PATIENCE:?}"),
            Err(_) => Err(Ending::Reset),
        }
    }

    fn read_more(&mut self) -> io::Result<usize> {
        let mut buffer = vec![0; 64 << 10];
        let read = self.stream.read(&mut buffer)?;
        self.ahead.extend_from_slice(&buffer[..read]);
        Ok(read)
    }

    /// Waits until the other side closes, whatever it still sends.
    pub fn until_closed(&mut self) -> Ending {
        loop {
            self.ahead.clear();
            match self.more() {
                Ok(()) => {}
                Err(Ending::Cut) => return Ending::Clean,
                Err(ending) => return ending,
            }
        }
    }

    /// Says that nothing more will be sent, and stays open to listen.
    pub fn close_half(&self) {
        // The other side may be gone already, which is as good.
        drop(self.stream.shutdown(Shutdown::Write));
    }

    /// Ends the connection by a reset instead of a proper close.
    pub fn reset(self) {
        self.stream
            .set_nonblocking(true)
            .expect("a socket can be made non-blocking");
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_io()
            .build();
        let runtime = runtime.expect("a runtime can be built");
        let _inside = runtime.enter();
        let stream = tokio::net::TcpStream::from_std(self.stream).expect("tokio takes a socket");
        stream
            .set_zero_linger()
            .expect("a socket can be told not to linger");
    }
}

impl Head {
    fn parse(raw: Vec<u8>) -> Self {
        let text = String::from_utf8_lossy(&raw).into_owned();
        let mut lines = text.split("\r\n");
        let first = lines.next().unwrap_or_default().to_owned();
        let headers = lines.filter_map(|line| line.split_once(':'));
        let headers = headers.map(|(name, value)| (name.to_owned(), value.trim().to_owned()));
        Self {
            raw,
            first,
            headers: headers.collect(),
        }
    }

    /// The value of a header that must not be there twice.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.all(name);
        assert!(found.len() < 2, "`{name}` was sent {} times", found.len());
        found.first().copied()
    }

    /// Every value of a header.
    pub fn all(&self, name: &str) -> Vec<&str> {
        let matching = self
            .headers
            .iter()
            .filter(|(known, _)| known.eq_ignore_ascii_case(name));
        matching.map(|(_, value)| value.as_str()).collect()
    }

    /// A word of the first line, counted from 0.
    pub fn word(&self, place: usize) -> &str {
        self.first.split(' ').nth(place).unwrap_or_default()
    }

    pub(crate) fn framing(&self, otherwise: Framing) -> Framing {
        if self
            .all("transfer-encoding")
            .iter()
            .any(|value| value.contains("chunked"))
        {
            return Framing::Chunked;
        }
        match self
            .header("content-length")
            .and_then(|value| value.parse().ok())
        {
            Some(length) => Framing::Length(length),
            None => otherwise,
        }
    }
}

/// The bytes of a message.
pub(crate) fn message(first: &str, headers: &[(String, String)], body: &[u8]) -> Vec<u8> {
    let headers: String = headers
        .iter()
        .map(|(name, value)| [name, ": ", value, "\r\n"].concat())
        .collect();
    [first.as_bytes(), b"\r\n", headers.as_bytes(), b"\r\n", body].concat()
}

pub(crate) fn is_timeout(err: &io::Error) -> bool {
    matches!(
        err.kind(),
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut
    )
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes
        .windows(wanted.len())
        .position(|window| window == wanted)
}
