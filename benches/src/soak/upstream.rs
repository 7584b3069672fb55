//! An upstream that can be out of order in every way there is.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result};
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::runtime::Builder;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::clock;
use crate::soak::content::{self, Route};
use crate::soak::outages::Kind;
use crate::soak::run::Run;
use crate::soak::wire;
use crate::upstream;

/// Connections that wait to be taken.
const BACKLOG: u32 = 1024;

/// One upstream, on a thread of its own. It ends when it goes out of scope.
#[derive(Debug)]
pub(super) struct Upstream {
    address: SocketAddr,
    state: watch::Sender<State>,
}

/// How it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// Well.
    Well,
    /// Not well.
    Out(Kind),
}

impl State {
    /// Whether open connections are reset.
    fn resets(self) -> bool {
        matches!(self, Self::Out(Kind::Refuses | Kind::Resets))
    }
}

/// What each connection knows.
#[derive(Clone)]
struct Desk {
    run: Run,
    state: watch::Receiver<State>,
    /// What was done that may be done only once.
    done: Arc<Mutex<HashSet<String>>>,
}

impl Upstream {
    /// Starts one at an address.
    pub(super) fn start(run: &Run, address: SocketAddr) -> Result<Self> {
        let (state, told) = watch::channel(State::Well);
        let desk = Desk {
            run: run.clone(),
            state: told,
            done: Arc::default(),
        };
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let listener = runtime.block_on(async { listen(address) })?;
        thread::spawn(move || runtime.block_on(serve(address, listener, desk)));
        Ok(Self { address, state })
    }

    /// Where it listens.
    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Has it do well, or not.
    pub(super) fn be(&self, state: State) {
        self.state.send_replace(state);
    }
}

fn listen(address: SocketAddr) -> Result<TcpListener> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    Ok(socket.listen(BACKLOG)?)
}

/// Ends when nobody can change its state any more.
async fn serve(address: SocketAddr, listener: TcpListener, desk: Desk) -> Result<()> {
    let mut state = desk.state.clone();
    let mut listener = Some(listener);
    let mut connections = JoinSet::new();
    loop {
        let accepted = async {
            match &listener {
                Some(listener) => listener.accept().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            changed = state.changed() => {
                changed?;
                let is_refusing = *state.borrow() == State::Out(Kind::Refuses);
                if is_refusing {
                    listener = None;
                } else if listener.is_none() {
                    listener = Some(listen(address)?);
                }
            }
            accepted = accepted => {
                let (stream, _) = accepted?;
                stream.set_nodelay(true)?;
                connections.spawn(converse(stream, desk.clone()));
            }
            // A connection ends when its other side closes it.
            Some(_) = connections.join_next() => {}
        }
    }
}

/// Answers on one connection until it is closed or the outage resets it.
async fn converse(mut stream: TcpStream, desk: Desk) -> Result<()> {
    let mut state = desk.state.clone();
    let ended = tokio::select! {
        // A state that is there already counts too.
        reset = state.wait_for(|state| state.resets()) => {
            drop(reset?);
            Ending::Reset
        }
        ended = answer_all(&mut stream, desk) => ended?,
    };
    match ended {
        Ending::Reset => stream.set_zero_linger()?,
        Ending::Closed => {}
    }
    Ok(())
}

/// How a connection ends.
enum Ending {
    /// By its other side.
    Closed,
    /// By us, and not well.
    Reset,
}

async fn answer_all(stream: &mut TcpStream, desk: Desk) -> Result<Ending> {
    let mut ahead = Vec::new();
    let mut state = desk.state.clone();
    while let Some((head, body)) = upstream::request(stream, &mut ahead).await? {
        let now = *state.borrow();
        match now {
            State::Out(Kind::Unavailable) => stream.write_all(UNAVAILABLE).await?,
            State::Out(Kind::Busy) => stream.write_all(BUSY).await?,
            State::Out(Kind::Refuses | Kind::Resets) => return Ok(Ending::Reset),
            State::Out(Kind::Hangs) => {
                drop(state.wait_for(|state| *state == State::Well).await?);
                answer(stream, &desk, &head, body).await?;
            }
            State::Out(Kind::Cuts) => {
                let whole = whole(&desk, &head, body)?;
                let half = whole.get(..whole.len() / 2).unwrap_or_default();
                stream.write_all(half).await?;
                // What was sent is read before the reset, most of the time.
                clock::wait(Duration::from_millis(5)).await;
                return Ok(Ending::Reset);
            }
            State::Well => answer(stream, &desk, &head, body).await?,
        }
    }
    Ok(Ending::Closed)
}

const UNAVAILABLE: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nContent-Length: 18\r\n\r\n{\"error\":\"outage\"}";

const BUSY: &[u8] = b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 1\r\nContent-Type: application/json\r\nContent-Length: 16\r\n\r\n{\"error\":\"busy\"}";

async fn answer(stream: &mut TcpStream, desk: &Desk, head: &str, body: Vec<u8>) -> Result<()> {
    let (path, what) = what(head, &body)?;
    clock::wait(content::delay(&what)).await;
    if Route::of(path) != Some(Route::Stream) {
        let whole = whole(desk, head, body)?;
        return Ok(stream.write_all(&whole).await?);
    }
    let head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\nTransfer-Encoding: chunked\r\n\r\n";
    stream.write_all(head).await?;
    let mut state = desk.state.clone();
    for number in 0..content::EVENTS {
        let hangs = |state: &State| *state == State::Out(Kind::Hangs);
        drop(state.wait_for(|state| !hangs(state)).await?);
        chunk(stream, &content::event(&what, number)).await?;
        clock::wait(content::EVENT).await;
    }
    chunk(stream, content::LAST_EVENT).await?;
    Ok(stream.write_all(b"0\r\n\r\n").await?)
}

async fn chunk(stream: &mut TcpStream, text: &str) -> Result<()> {
    let chunk = format!("{:x}\r\n{text}\r\n", text.len());
    Ok(stream.write_all(chunk.as_bytes()).await?)
}

/// The path, and all that the answer depends on.
fn what<'a>(head: &'a str, body: &[u8]) -> Result<(&'a str, String)> {
    let path = head.split(' ').nth(1).context("a request has no path")?;
    let mut what = path.to_owned();
    let mut add = |more: &str| what = format!("{what} {more}");
    match Route::of(path).context("a path is unknown")? {
        Route::Kept => add(wire::header(head, "accept-language").unwrap_or_default()),
        Route::KeptLarge | Route::Timed | Route::Asked => {}
        Route::Plain | Route::Large | Route::Limited | Route::Stream | Route::Changed => {
            add(wire::header(head, "x-soak-number").unwrap_or_default());
        }
    }
    if head.starts_with("POST ") {
        let text = std::str::from_utf8(body).context("a body is no text")?;
        add(&format!("{:x}", content::digest(text, 0)));
    }
    Ok((path, what))
}

/// The whole answer to anything but a stream.
fn whole(desk: &Desk, head: &str, body: Vec<u8>) -> Result<Vec<u8>> {
    let (path, what) = what(head, &body)?;
    let route = Route::of(path).context("a path is unknown")?;
    match route {
        Route::Limited => drop(desk.run.upstream().limited.fetch_add(1, Ordering::Relaxed)),
        Route::Changed => desk.change(&what),
        _ => {}
    }
    let version = content::version(desk.run.now());
    let tag = content::tag(&what, version);
    let tagged = route.is_kept().then(|| format!("ETag: {tag}\r\n"));
    let caching = route.caching();
    let caching = caching.map(|value| format!("Cache-Control: {value}\r\n"));
    let fields = [tagged, caching].map(Option::unwrap_or_default).concat();
    if route.is_kept() && wire::header(head, "if-none-match") == Some(&tag) {
        return Ok(format!("HTTP/1.1 304 Not Modified\r\n{fields}\r\n").into_bytes());
    }
    let body = content::body(route, &what, version);
    let length = body.len();
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n{fields}\r\n"
    );
    Ok([head.into_bytes(), body].concat())
}

impl Desk {
    /// Does what may be done only once.
    fn change(&self, what: &str) {
        let mut done = self.done.lock().unwrap_or_else(PoisonError::into_inner);
        if !done.insert(what.to_owned()) {
            self.run.upstream().twice.fetch_add(1, Ordering::Relaxed);
        }
    }
}
