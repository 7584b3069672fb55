//! What a scripted upstream does with one request: a list of steps, mistakes among them.

use crate::Gate;
use crate::wire;

/// One step of a script.
#[derive(Debug, Clone)]
pub enum Act {
    /// Reads the rest of the request's body.
    Read,
    /// Reads at least that many bytes of it.
    ReadSome(usize),
    /// Sends bytes as they are.
    Say(Vec<u8>),
    /// Sends a piece again and again, until it was sent so often or nobody takes any more.
    Pour {
        /// The piece.
        piece: Vec<u8>,
        /// How often.
        times: usize,
    },
    /// Waits until the test opens a gate.
    Await(Gate),
    /// Opens a gate for the test.
    Open(Gate),
    /// Answers with the request's own body, which has been read.
    Echo,
    /// Waits until the other side closes.
    AwaitGoodbye,
    /// Says that nothing more will be sent, but goes on reading.
    CloseHalf,
    /// Closes the connection.
    Close,
    /// Resets the connection.
    Reset,
}

/// What is done with one request, after its head was read.
#[derive(Debug, Clone, Default)]
pub struct Script {
    pub(crate) acts: Vec<Act>,
}

impl Script {
    /// Does nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a step.
    #[must_use]
    pub fn then(mut self, act: Act) -> Self {
        self.acts.push(act);
        self
    }

    /// Adds bytes to send.
    #[must_use]
    pub fn say(self, bytes: impl AsRef<[u8]>) -> Self {
        self.then(Act::Say(bytes.as_ref().to_vec()))
    }

    /// Adds the head of a chunked answer.
    #[must_use]
    pub fn say_chunked_head(self, content_type: &str) -> Self {
        self.say(format!(
            "HTTP/1.1 200 OK\r\ncontent-type: {content_type}\r\ntransfer-encoding: chunked\r\n\r\n"
        ))
    }

    /// Adds one chunk; an empty one ends the body.
    #[must_use]
    pub fn chunk(self, data: impl AsRef<[u8]>) -> Self {
        let data = data.as_ref();
        let mut bytes = format!("{:x}\r\n", data.len()).into_bytes();
        bytes.extend_from_slice(data);
        bytes.extend_from_slice(b"\r\n");
        self.say(bytes)
    }

    /// Adds a wait for the test.
    #[must_use]
    pub fn wait(self, gate: &Gate) -> Self {
        self.then(Act::Await(gate.clone()))
    }

    /// Adds a sign for the test.
    #[must_use]
    pub fn open(self, gate: &Gate) -> Self {
        self.then(Act::Open(gate.clone()))
    }

    /// Reads the whole request first.
    pub fn reading() -> Self {
        Self::new().then(Act::Read)
    }

    /// Takes the request and never says a word.
    pub fn silent() -> Self {
        Self::reading().then(Act::AwaitGoodbye)
    }

    /// Takes the request and closes without an answer.
    pub fn cut() -> Self {
        Self::reading().then(Act::Close)
    }

    /// Takes the request and resets the connection.
    pub fn reset() -> Self {
        Self::reading().then(Act::Reset)
    }
}

/// An answer as it should be.
#[derive(Debug, Clone)]
pub struct Response {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

/// An answer with that status and an empty body.
pub fn answer(status: u16) -> Response {
    Response {
        status,
        headers: Vec::new(),
        body: Vec::new(),
    }
}

impl Response {
    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Sets a JSON body.
    #[must_use]
    pub fn json(self, body: &str) -> Self {
        self.header("content-type", "application/json").body(body)
    }

    /// Sets the body.
    #[must_use]
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// The bytes that go over the wire.
    pub fn bytes(&self) -> Vec<u8> {
        let has_length = self
            .headers
            .iter()
            .any(|(name, _)| name.eq_ignore_ascii_case("content-length"));
        let is_bodyless = matches!(self.status, 204 | 304);
        let mut headers = self.headers.clone();
        if !has_length && !is_bodyless {
            headers.push(("content-length".to_owned(), self.body.len().to_string()));
        }
        wire::message(
            &format!("HTTP/1.1 {} Scripted", self.status),
            &headers,
            &self.body,
        )
    }

    /// The bytes of its head, if its headers tell how the body is framed.
    pub(crate) fn chunked_head(&self) -> Vec<u8> {
        wire::message(
            &format!("HTTP/1.1 {} Scripted", self.status),
            &self.headers,
            &[],
        )
    }

    /// The request is read, then this is sent.
    pub fn script(self) -> Script {
        Script::reading().say(self.bytes())
    }
}

impl From<Response> for Script {
    fn from(response: Response) -> Self {
        response.script()
    }
}
