//! Callers: as many as asked for, each with a connection of its own.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;

use crate::clock;
use crate::gateway::{CALLERS_KEY, PATH};
use crate::upstream::{ANSWER_BYTES, MARK};

/// Connections that are being opened at once: more would not fit into the listeners' queues.
const OPENING_MAX: usize = 200;

/// Events that each stream has carried before it counts.
const EVENTS_MIN: usize = 3;

/// The longest time for all callers together.
const PATIENCE: Duration = Duration::from_mins(10);

/// Makes so many calls in all over so many connections, and returns when all were answered.
pub(crate) async fn call(gateway: SocketAddr, connections: usize, calls: u32) -> Result<()> {
    let connections = u32::try_from(connections)?;
    let opening = Arc::new(Semaphore::new(OPENING_MAX));
    let mut callers = JoinSet::new();
    for place in 0..connections {
        let own = calls / connections + u32::from(place < calls % connections);
        let opening = Arc::clone(&opening);
        callers.spawn(async move {
            let mut caller = Caller::connect(gateway, &opening).await?;
            for _ in 0..own {
                caller.get().await?;
            }
            anyhow::Ok(())
        });
    }
    let all = async {
        while let Some(ended) = callers.join_next().await {
            ended.context("a caller broke off")??;
        }
        anyhow::Ok(())
    };
    clock::within(PATIENCE, "not all calls were answered", all).await?
}

/// Open streams. They are closed when this goes out of scope.
#[derive(Debug)]
pub(crate) struct Streams {
    callers: JoinSet<()>,
    news: mpsc::UnboundedReceiver<Result<()>>,
}

impl Streams {
    /// Opens so many, and returns when all are open and each has carried some events.
    pub(crate) async fn open(gateway: SocketAddr, count: usize) -> Result<Self> {
        let (say, news) = mpsc::unbounded_channel();
        let opening = Arc::new(Semaphore::new(OPENING_MAX));
        let mut streams = Self {
            callers: JoinSet::new(),
            news,
        };
        for _ in 0..count {
            let (say, opening) = (say.clone(), Arc::clone(&opening));
            streams.callers.spawn(async move {
                if let Err(err) = listen(gateway, &opening, &say).await {
                    // Nobody may be interested any more.
                    say.send(Err(err)).ok();
                }
            });
        }
        let all = async {
            for _ in 0..count {
                streams
                    .news
                    .recv()
                    .await
                    .context("all streams have ended")??;
            }
            anyhow::Ok(())
        };
        clock::within(PATIENCE, "not all streams were open", all).await??;
        Ok(streams)
    }

    /// Checks that none has ended.
    pub(crate) fn are_open(&mut self) -> Result<()> {
        match self.news.try_recv() {
            Ok(news) => news,
            Err(_) => Ok(()),
        }
    }
}

/// Listens to one stream for ever; says once that it runs.
async fn listen(
    gateway: SocketAddr,
    opening: &Semaphore,
    say: &mpsc::UnboundedSender<Result<()>>,
) -> Result<()> {
    let mut caller = Caller::connect(gateway, opening).await?;
    caller.post().await?;
    let mut heard = 0;
    loop {
        let before = heard;
        for byte in caller.ahead.drain(..) {
            heard += usize::from(byte == MARK);
        }
        if before < EVENTS_MIN && EVENTS_MIN <= heard {
            say.send(Ok(()))?;
        }
        caller.more().await?;
    }
}

struct Caller {
    stream: TcpStream,
    ahead: Vec<u8>,
}

impl Caller {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is a caller, not the product"
    )]
    async fn connect(gateway: SocketAddr, opening: &Semaphore) -> Result<Self> {
        let _turn = opening.acquire().await?;
        let stream = TcpStream::connect(gateway)
            .await
            .context("the gateway cannot be reached")?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            ahead: Vec::new(),
        })
    }

    /// One call, and its whole answer. The headers are those of `wrk`.
    async fn get(&mut self) -> Result<()> {
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
    async fn post(&mut self) -> Result<()> {
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
        let request = format!("{head}Authorization: Bearer {CALLERS_KEY}\r\n\r\n{body}");
        self.stream.write_all(request.as_bytes()).await?;
        loop {
            if let Some(end) = self.ahead.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
                let rest = self.ahead.split_off(end + 4);
                let head = std::mem::replace(&mut self.ahead, rest);
                if !head.starts_with(b"HTTP/1.1 200 ") {
                    bail!("the gateway answered:\n{}", String::from_utf8_lossy(&head));
                }
                return Ok(());
            }
            self.more().await?;
        }
    }

    async fn more(&mut self) -> Result<()> {
        let mut space = [0; 2048];
        let read = self.stream.read(&mut space).await?;
        ensure!(0 < read, "the gateway closed a connection");
        self.ahead
            .extend_from_slice(space.get(..read).unwrap_or_default());
        Ok(())
    }
}
