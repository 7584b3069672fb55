//! An upstream whose every connection follows a script, on threads of its own: it goes on while
//! the runtime under test does not.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc;
use std::thread;

use tokio::sync::mpsc as events;

use crate::Origin;

/// What an upstream does next on a connection. After the last step it closes.
pub(super) enum Step {
    /// Reads a request to its end.
    Request,
    /// Reads a request's head.
    Head,
    /// Reads so many bytes.
    Bytes(usize),
    /// Writes.
    Send(String),
    /// Waits until the test says so.
    Wait(mpsc::Receiver<()>),
    /// Tells a test that blocks.
    Tell(mpsc::Sender<()>),
    /// Closes both directions.
    Shut,
    /// Closes its own direction.
    Finish,
    /// Waits for the first byte, leaves it unread and closes: the kernel sends a reset.
    Reset,
    /// Waits until the other side has closed.
    Closed,
}

/// What a test learns of an upstream; the number is the connection's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Event {
    Accepted(usize),
    Request(usize, String),
    Closed(usize),
}

pub(super) struct Upstream {
    pub(super) address: SocketAddr,
    events: events::UnboundedReceiver<Event>,
}

/// Writes a whole answer with a body of known length.
pub(super) fn answer(text: &str) -> Step {
    send(&format!(
        "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{text}",
        text.len()
    ))
}

pub(super) fn send(text: &str) -> Step {
    Step::Send(text.to_owned())
}

/// A step that waits, and what ends it.
pub(super) fn wait() -> (Step, mpsc::Sender<()>) {
    let (sender, receiver) = mpsc::channel();
    (Step::Wait(receiver), sender)
}

impl Upstream {
    /// Accepts one connection per script, each on its own.
    pub(super) fn start<const N: usize>(scripts: [Vec<Step>; N]) -> Upstream {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        Upstream::on(listener, scripts.into())
    }

    pub(super) fn on(listener: TcpListener, scripts: Vec<Vec<Step>>) -> Upstream {
        let address = listener.local_addr().expect("bound");
        let (sender, receiver) = events::unbounded_channel();
        thread::spawn(move || {
            for (number, script) in scripts.into_iter().enumerate() {
                let Ok((stream, _)) = listener.accept() else {
                    return;
                };
                drop(sender.send(Event::Accepted(number)));
                let sender = sender.clone();
                thread::spawn(move || {
                    Connection {
                        stream,
                        number,
                        sender,
                    }
                    .run(script);
                });
            }
        });
        Upstream {
            address,
            events: receiver,
        }
    }

    pub(super) fn origin(&self) -> Origin {
        super::origin(&format!("http://{}", self.address))
    }

    pub(super) async fn next(&mut self) -> Event {
        self.events.recv().await.expect("the script goes on")
    }

    /// The next request's text.
    pub(super) async fn request(&mut self) -> String {
        loop {
            if let Event::Request(_, text) = self.next().await {
                return text;
            }
        }
    }

    /// Waits until connection `number` was closed by us.
    pub(super) async fn closed(&mut self, number: usize) {
        while self.next().await != Event::Closed(number) {}
    }

    /// How many connections were accepted and which requests came, so far.
    pub(super) fn so_far(&mut self) -> Vec<String> {
        let mut seen = Vec::new();
        while let Ok(event) = self.events.try_recv() {
            seen.push(match event {
                Event::Accepted(number) => format!("accepted {number}"),
                Event::Closed(number) => format!("closed {number}"),
                Event::Request(number, text) => {
                    format!(
                        "request {number} {}",
                        text.lines().next().unwrap_or_default()
                    )
                }
            });
        }
        seen
    }
}

struct Connection {
    stream: TcpStream,
    number: usize,
    sender: events::UnboundedSender<Event>,
}

impl Connection {
    fn run(mut self, script: Vec<Step>) {
        for step in script {
            match step {
                Step::Request => {
                    let Some(text) = self.read_request() else {
                        break;
                    };
                    self.tell(Event::Request(self.number, text));
                }
                Step::Head => {
                    let Some(text) = self.read_head() else { break };
                    self.tell(Event::Request(self.number, text));
                }
                Step::Bytes(count) => {
                    let mut bytes = vec![0; count];
                    if self.stream.read_exact(&mut bytes).is_err() {
                        break;
                    }
                }
                Step::Send(text) => {
                    // The other side may have closed, as the test wants it.
                    drop(self.stream.write_all(text.as_bytes()));
                }
                Step::Wait(receiver) => {
                    let _ = receiver.recv();
                }
                Step::Tell(sender) => {
                    sender.send(()).expect("the test waits");
                }
                Step::Shut => {
                    drop(self.stream.shutdown(Shutdown::Both));
                }
                Step::Finish => {
                    drop(self.stream.shutdown(Shutdown::Write));
                }
                Step::Reset => {
                    drop(self.stream.peek(&mut [0]));
                }
                Step::Closed => {
                    // An end and a reset are the same here.
                    let mut rest = Vec::new();
                    drop(self.stream.read_to_end(&mut rest));
                    self.tell(Event::Closed(self.number));
                }
            }
        }
    }

    fn tell(&self, event: Event) {
        drop(self.sender.send(event));
    }

    fn read_head(&mut self) -> Option<String> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(self.read_byte()?);
        }
        String::from_utf8(head).ok()
    }

    fn read_request(&mut self) -> Option<String> {
        let mut text = self.read_head()?;
        let header = |name: &str| {
            text.lines()
                .find_map(|line| line.strip_prefix(name).map(str::trim).map(str::to_owned))
        };
        if let Some(length) = header("content-length:") {
            let mut body = vec![0; length.parse().ok()?];
            self.stream.read_exact(&mut body).ok()?;
            text.push_str(&String::from_utf8(body).ok()?);
        } else if header("transfer-encoding:").is_some() {
            while !text.ends_with("0\r\n\r\n") {
                text.push(char::from(self.read_byte()?));
            }
        }
        Some(text)
    }

    fn read_byte(&mut self) -> Option<u8> {
        let mut byte = [0];
        self.stream.read_exact(&mut byte).ok()?;
        Some(byte[0])
    }
}
