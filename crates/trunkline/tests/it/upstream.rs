//! A server on loopback that does what a script says, one act per request, and notes what it saw.

pub(crate) mod request;

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use trunkline::ManualClock;

use self::request::Request;
use crate::stand::soon;

/// What the upstream does with one request, once it has read it.
#[derive(Debug)]
pub(crate) enum Act {
    /// Sends these bytes and keeps the connection for another request.
    Answer(Vec<u8>),
    /// Sends these bytes and closes the connection.
    Cut(Vec<u8>),
    /// Sends these bytes and then nothing, until the caller hangs up.
    Hang(Vec<u8>),
    /// Moves time on and sends nothing, until the caller hangs up.
    TimePasses(ManualClock, Duration),
    /// Sends each piece when the test gives it, and closes the connection when it gives no more.
    Pieces(mpsc::UnboundedReceiver<Vec<u8>>),
    /// Sends these bytes before it has read the request's body, which it then throws away.
    Early(Vec<u8>),
}

/// What the upstream saw.
#[derive(Debug, Default)]
pub(crate) struct Log {
    pub(crate) requests: Vec<Request>,
    pub(crate) connections: usize,
    /// Connections that the caller closed while they were being served.
    pub(crate) hang_ups: usize,
}

/// The server; it ends with the test.
#[derive(Debug)]
pub(crate) struct Upstream {
    pub(crate) address: SocketAddr,
    stage: Stage,
    _tasks: JoinSet<()>,
}

/// A port that refuses connections until it is opened.
#[derive(Debug)]
pub(crate) struct Closed(TcpSocket);

/// What connections share.
#[derive(Debug, Clone)]
struct Stage {
    script: Arc<Mutex<VecDeque<Act>>>,
    log: watch::Sender<Log>,
}

impl Upstream {
    pub(crate) fn start(script: impl IntoIterator<Item = Act>) -> Self {
        Closed::new().open(script)
    }

    /// One that takes connections and never reads nor writes.
    pub(crate) fn mute() -> Self {
        Closed::new().begin([], |stage, listener| async move {
            let mut held = Vec::new();
            while let Ok((stream, _)) = listener.accept().await {
                held.push(stream);
                stage.log.send_modify(|log| log.connections += 1);
            }
        })
    }

    /// Begins anew with another script and nothing seen.
    pub(crate) fn restart(&self, script: impl IntoIterator<Item = Act>) {
        *self.stage.script() = script.into_iter().collect();
        self.stage.log.send_replace(Log::default());
    }

    /// Every request so far.
    pub(crate) fn requests(&self) -> Vec<Request> {
        self.stage.log.borrow().requests.clone()
    }

    pub(crate) fn connections(&self) -> usize {
        self.stage.log.borrow().connections
    }

    /// Waits until the upstream has seen this.
    pub(crate) async fn saw(&self, what: impl FnMut(&Log) -> bool) {
        let mut log = self.stage.log.subscribe();
        let seen = soon(log.wait_for(what)).await;
        drop(seen.expect("the upstream lives as long as the test"));
    }

    /// Waits until it has read so many requests.
    pub(crate) async fn saw_requests(&self, count: usize) {
        self.saw(|log| log.requests.len() >= count).await;
    }

    /// Waits until the caller has closed a connection that was being served.
    pub(crate) async fn saw_hang_up(&self) {
        self.saw(|log| log.hang_ups > 0).await;
    }
}

impl Closed {
    pub(crate) fn new() -> Self {
        let socket = TcpSocket::new_v4().expect("there are sockets");
        socket
            .bind(SocketAddr::from(([127, 0, 0, 1], 0)))
            .expect("loopback has a free port");
        Self(socket)
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.0.local_addr().expect("the socket is bound")
    }

    /// Takes connections from now on.
    pub(crate) fn open(self, script: impl IntoIterator<Item = Act>) -> Upstream {
        self.begin(script, Stage::accept)
    }

    fn begin<F>(
        self,
        script: impl IntoIterator<Item = Act>,
        serve: impl FnOnce(Stage, TcpListener) -> F,
    ) -> Upstream
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let address = self.address();
        let listener = self.0.listen(64).expect("the port is ours");
        let stage = Stage {
            script: Arc::new(Mutex::new(script.into_iter().collect())),
            log: watch::Sender::default(),
        };
        let mut tasks = JoinSet::new();
        tasks.spawn(serve(stage.clone(), listener));
        Upstream {
            address,
            stage,
            _tasks: tasks,
        }
    }
}

impl Stage {
    fn script(&self) -> MutexGuard<'_, VecDeque<Act>> {
        self.script.lock().expect("nobody panics while holding it")
    }

    async fn accept(self, listener: TcpListener) {
        let mut connections = JoinSet::new();
        while let Ok((stream, _)) = listener.accept().await {
            self.log.send_modify(|log| log.connections += 1);
            connections.spawn(self.clone().serve(stream));
        }
    }

    async fn serve(self, stream: TcpStream) {
        stream.set_nodelay(true).expect("the connection is open");
        let mut stream = BufReader::new(stream);
        // A caller that leaves in the middle of a request has nothing more to tell.
        while let Ok(Some(request)) = request::read_head(&mut stream).await {
            if !self.play(&mut stream, request).await {
                return;
            }
        }
    }

    /// Plays the next act; says whether the connection can serve another request.
    async fn play(&self, stream: &mut BufReader<TcpStream>, mut request: Request) -> bool {
        let act = self.script().pop_front();
        if let Some(Act::Early(bytes)) = act {
            self.note(request);
            let sent = stream.write_all(&bytes).await;
            return sent.is_ok() && self.wait_for_hang_up(stream).await;
        }
        if request::read_body(stream, &mut request).await.is_err() {
            return false;
        }
        self.note(request);
        match act {
            None => {
                let end = "HTTP/1.1 418 the script has ended\r\ncontent-length: 0\r\n\r\n";
                stream.write_all(end.as_bytes()).await.is_ok()
            }
            Some(Act::Answer(bytes)) => stream.write_all(&bytes).await.is_ok(),
            Some(Act::Cut(bytes)) => stream.write_all(&bytes).await.is_err(),
            Some(Act::Hang(bytes) | Act::Early(bytes)) => {
                let sent = stream.write_all(&bytes).await;
                sent.is_ok() && self.wait_for_hang_up(stream).await
            }
            Some(Act::TimePasses(time, span)) => {
                time.advance(span);
                self.wait_for_hang_up(stream).await
            }
            Some(Act::Pieces(pieces)) => self.pass_on(stream, pieces).await,
        }
    }

    async fn pass_on(
        &self,
        stream: &mut BufReader<TcpStream>,
        mut pieces: mpsc::UnboundedReceiver<Vec<u8>>,
    ) -> bool {
        loop {
            tokio::select! {
                piece = pieces.recv() => match piece {
                    Some(piece) if stream.write_all(&piece).await.is_ok() => {}
                    Some(_) => return self.hung_up(),
                    None => return false,
                },
                _ = stream.fill_buf() => return self.hung_up(),
            }
        }
    }

    async fn wait_for_hang_up(&self, stream: &mut BufReader<TcpStream>) -> bool {
        // Whether it comes as an end or as an error depends on what was still under way.
        while stream.read(&mut [0; 4096]).await.is_ok_and(|read| read > 0) {}
        self.hung_up()
    }

    fn hung_up(&self) -> bool {
        self.log.send_modify(|log| log.hang_ups += 1);
        false
    }

    fn note(&self, request: Request) {
        self.log.send_modify(|log| log.requests.push(request));
    }
}

/// An answer whose body is whole.
pub(crate) fn answer(status: u16, headers: &[(&str, &str)], body: impl AsRef<[u8]>) -> Vec<u8> {
    let body = body.as_ref();
    let mut bytes = head(status, headers);
    bytes.truncate(bytes.len() - 2);
    bytes.extend_from_slice(format!("content-length: {}\r\n\r\n", body.len()).as_bytes());
    bytes.extend_from_slice(body);
    bytes
}

/// The head of an answer, with the empty line that ends it.
pub(crate) fn head(status: u16, headers: &[(&str, &str)]) -> Vec<u8> {
    let lines = headers
        .iter()
        .map(|(name, value)| format!("{name}: {value}\r\n"));
    let lines: String = lines.collect();
    format!("HTTP/1.1 {status} scripted\r\n{lines}\r\n").into_bytes()
}

/// An answer of JSON.
pub(crate) fn json(status: u16, body: &str) -> Act {
    Act::Answer(answer(
        status,
        &[("content-type", "application/json")],
        body,
    ))
}
