//! The caller's side of a test: requests as they should be, or any bytes at all.

use std::io;
use std::net::{SocketAddr, TcpStream};

use serde_json::Value;

use crate::wire::{self, Ending, Framing, Head, Wire};

/// A request that is about to be sent.
#[derive(Debug, Clone)]
pub struct Request {
    method: String,
    target: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

/// An answer that was read to its end.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The status line and the headers.
    pub head: Head,
    /// As much of the body as came.
    pub body: Vec<u8>,
    /// How the body ended.
    pub ending: Ending,
}

/// An answer whose head has come and whose body is read piece by piece.
#[derive(Debug)]
pub struct Incoming {
    /// The status.
    pub status: u16,
    /// The status line and the headers.
    pub head: Head,
    talk: Talk,
    framing: Framing,
    read: Vec<u8>,
}

/// A connection to the product on which a test says what it likes.
#[derive(Debug)]
pub struct Talk {
    wire: Wire,
}

impl Request {
    /// A request without a body.
    pub fn new(method: &str, target: impl Into<String>) -> Self {
        let (method, target) = (method.to_owned(), target.into());
        Self {
            method,
            target,
            headers: Vec::new(),
            body: Vec::new(),
        }
    }

    /// A GET.
    pub fn get(target: impl Into<String>) -> Self {
        Self::new("GET", target)
    }

    /// A POST of a JSON text.
    pub fn post(target: impl Into<String>, json: impl Into<Vec<u8>>) -> Self {
        Self::new("POST", target)
            .header("content-type", "application/json")
            .body(json)
    }

    /// A POST of a form.
    pub fn post_form(target: impl Into<String>, form: &str) -> Self {
        let form_type = "application/x-www-form-urlencoded";
        Self::new("POST", target)
            .header("content-type", form_type)
            .body(form)
    }

    /// Adds a header; `Host` takes the place of the right one.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Sets the body.
    #[must_use]
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// The bytes that go over the wire.
    pub fn bytes(&self, host: &str) -> Vec<u8> {
        let has = |name: &str| {
            self.headers
                .iter()
                .any(|(known, _)| known.eq_ignore_ascii_case(name))
        };
        let mut headers = self.headers.clone();
        if !has("host") {
            headers.insert(0, ("host".to_owned(), host.to_owned()));
        }
        let needs_length =
            !self.body.is_empty() || matches!(self.method.as_str(), "POST" | "PUT" | "PATCH");
        if needs_length && !has("content-length") && !has("transfer-encoding") {
            headers.push(("content-length".to_owned(), self.body.len().to_string()));
        }
        let first = format!("{} {} HTTP/1.1", self.method, self.target);
        wire::message(&first, &headers, &self.body)
    }

    /// Sends it over a connection of its own and reads the whole answer.
    #[track_caller]
    pub fn send(&self, to: SocketAddr) -> Answer {
        self.start(to).finish()
    }

    /// As [`Self::send`], but after all that was sent before: see [`Self::start_after`].
    #[track_caller]
    pub fn send_after(&self, to: SocketAddr) -> Answer {
        self.start_after(to).finish()
    }

    /// As [`Self::start`], but after all that was sent before.
    ///
    /// Whoever has the last byte of an answer may have it a moment before the gateway has put the
    /// answer away, and who asks in that moment shares it. So this asks again while it shares.
    #[track_caller]
    pub fn start_after(&self, to: SocketAddr) -> Incoming {
        let shares = |incoming: &Incoming| {
            let lines = incoming.head.all("cache-status");
            lines.iter().any(|line| line.contains("collapsed"))
        };
        let mut incoming = self.start(to);
        for _ in 0..1_000 {
            if !shares(&incoming) {
                break;
            }
            drop(incoming.finish());
            incoming = self.start(to);
        }
        incoming
    }

    /// Sends it over a connection of its own and reads the head of the answer.
    #[track_caller]
    pub fn start(&self, to: SocketAddr) -> Incoming {
        self.start_on(Talk::with(to))
    }

    /// Sends it over a connection and reads the head of the answer.
    #[track_caller]
    pub fn start_on(&self, mut talk: Talk) -> Incoming {
        talk.say(self.bytes(&talk.host()));
        talk.answer_to(&self.method)
    }
}

impl Talk {
    /// Connects to an address.
    #[track_caller]
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the caller's side of a test"
    )]
    pub fn with(to: SocketAddr) -> Self {
        let stream = TcpStream::connect(to);
        let stream = stream.unwrap_or_else(|err| panic!("nobody answers at {to}: {err}"));
        Self {
            wire: Wire::over(stream),
        }
    }

    /// The `Host` that the other side goes by.
    pub fn host(&self) -> String {
        self.wire
            .stream()
            .peer_addr()
            .expect("the connection has another side")
            .to_string()
    }

    /// Sends bytes as they are. The other side may have had enough already.
    pub fn say(&mut self, bytes: impl AsRef<[u8]>) {
        drop(self.try_say(bytes));
    }

    /// Sends bytes as they are.
    ///
    /// # Errors
    /// When the other side has gone.
    pub fn try_say(&mut self, bytes: impl AsRef<[u8]>) -> io::Result<()> {
        self.wire.say(bytes)
    }

    /// Says that nothing more will be sent, and stays open to listen.
    pub fn close_half(&self) {
        self.wire.close_half();
    }

    /// Reads the head of the answer to a request of that method.
    #[track_caller]
    pub fn answer_to(mut self, method: &str) -> Incoming {
        let head = self.wire.head();
        let head = head.unwrap_or_else(|err| panic!("the connection broke: {err}"));
        let head = head.unwrap_or_else(|| panic!("the connection was closed without an answer"));
        Incoming::of(head, self, method)
    }

    /// Reads the head of an answer to a GET, `None` when the connection is closed without one.
    #[track_caller]
    pub fn answer_or_close(mut self) -> Option<Incoming> {
        match self.wire.head() {
            Ok(head) => Some(Incoming::of(head?, self, "GET")),
            Err(err) if wire::is_timeout(&err) => panic!("it is neither answered nor closed"),
            Err(_) => None,
        }
    }

    /// Waits until the other side closes.
    pub fn until_closed(&mut self) -> Ending {
        self.wire.until_closed()
    }

    /// Ends the connection by a reset.
    pub fn reset(self) {
        self.wire.reset();
    }
}

impl Incoming {
    fn of(head: Head, talk: Talk, method: &str) -> Self {
        let status = head
            .word(1)
            .parse()
            .unwrap_or_else(|_| panic!("no status: {}", head.first));
        let is_bodyless = method == "HEAD" || matches!(status, 100..200 | 204 | 304);
        let framing = if is_bodyless {
            Framing::Length(0)
        } else {
            head.framing(Framing::UntilClose)
        };
        Self {
            status,
            head,
            talk,
            framing,
            read: Vec::new(),
        }
    }

    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.header(name)
    }

    /// The next piece of the body as it comes, `None` at its end.
    ///
    /// # Errors
    /// How the body ended, if not as its framing promised.
    pub fn piece(&mut self) -> Result<Option<Vec<u8>>, Ending> {
        let piece = self.talk.wire.piece(&mut self.framing)?;
        if let Some(piece) = &piece {
            self.read.extend_from_slice(piece);
        }
        Ok(piece)
    }

    /// Reads on until all that has come so far is this.
    #[track_caller]
    pub fn expect_so_far(&mut self, expected: &str) {
        while self.read.len() < expected.len() {
            match self.piece() {
                Ok(Some(_)) => {}
                other => panic!("{other:?} after {:?}", String::from_utf8_lossy(&self.read)),
            }
        }
        assert_eq!(String::from_utf8_lossy(&self.read), expected);
    }

    /// Reads the rest.
    pub fn finish(self) -> Answer {
        self.finish_on().0
    }

    /// Reads the rest and gives the connection back for another request.
    pub fn finish_on(mut self) -> (Answer, Talk) {
        let ending = loop {
            match self.piece() {
                Ok(Some(_)) => {}
                Ok(None) => break Ending::Clean,
                Err(ending) => break ending,
            }
        };
        let Self {
            status,
            head,
            talk,
            read,
            ..
        } = self;
        (
            Answer {
                status,
                head,
                body: read,
                ending,
            },
            talk,
        )
    }

    /// Leaves without reading the rest.
    pub fn hang_up(self) {}
}

impl Answer {
    /// The value of a header.
    #[track_caller]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.header(name)
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        let parsed = serde_json::from_slice(&self.body);
        parsed.unwrap_or_else(|err| panic!("{err} in {:?}\n{}", self.text(), self.head.first))
    }

    /// Asserts that this is an error of our own and of that kind; gives its body.
    #[track_caller]
    pub fn problem(&self, status: u16, code: &str) -> Value {
        assert_eq!(self.status, status, "{}", self.text());
        assert_eq!(
            self.header("content-type"),
            Some("application/problem+json"),
            "{}",
            self.text()
        );
        let body = self.json();
        assert_eq!(body["code"], code, "{body:#}");
        body
    }

    /// Asserts the status, showing the body if it is another.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text());
        self
    }
}
