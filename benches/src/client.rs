//! Callers: as many as asked for, each with a connection of its own.

mod caller;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;

pub(crate) use crate::client::caller::reach;

use crate::client::caller::Caller;
use crate::clock::{self, Began};
use crate::gateway::CALLERS_KEY;
use crate::upstream::{LAST_CHUNK, MARK};

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
            let mut caller = connect(gateway, &opening).await?;
            for _ in 0..own {
                caller.get().await?;
            }
            anyhow::Ok(())
        });
    }
    all(callers).await?;
    Ok(())
}

/// Reads streams of so many events to their end, one after the other on each of so many connections,
/// until that has taken so long. Says how long each of them took.
pub(crate) async fn read_streams(
    address: SocketAddr,
    key: &'static str,
    connections: usize,
    events: u32,
    duration: Duration,
) -> Result<Vec<Duration>> {
    let began = Began::now();
    let mut callers = JoinSet::new();
    for _ in 0..connections {
        callers.spawn(async move {
            let mut caller = Caller::connect(address, key).await?;
            let mut took = Vec::new();
            while took.is_empty() || began.elapsed() < duration {
                let began = Began::now();
                caller.post().await?;
                let heard = hear_out(&mut caller).await?;
                ensure!(heard == events, "a stream had {heard} events");
                took.push(began.elapsed());
            }
            anyhow::Ok(took)
        });
    }
    Ok(all(callers).await?.concat())
}

/// Waits until all have ended, or one has not ended well.
async fn all<T: 'static>(mut callers: JoinSet<Result<T>>) -> Result<Vec<T>> {
    let all = async {
        let mut results = Vec::with_capacity(callers.len());
        while let Some(ended) = callers.join_next().await {
            results.push(ended.context("a caller broke off")??);
        }
        Ok(results)
    };
    clock::within(PATIENCE, "not all calls were answered", all).await?
}

async fn connect(gateway: SocketAddr, opening: &Semaphore) -> Result<Caller> {
    let _turn = opening.acquire().await?;
    Caller::connect(gateway, CALLERS_KEY).await
}

/// Listens to a stream until it ends, and counts its events.
async fn hear_out(caller: &mut Caller) -> Result<u32> {
    let mut heard = 0;
    loop {
        let (more, is_over) = hear(&mut caller.ahead);
        heard += more;
        if is_over {
            return Ok(heard);
        }
        caller.more().await?;
    }
}

/// Takes what can be understood of a stream: how many events, and whether its end. The end may have
/// come in part.
fn hear(ahead: &mut Vec<u8>) -> (u32, bool) {
    let is_over = ahead.ends_with(LAST_CHUNK);
    let before_end = ahead.len().saturating_sub(LAST_CHUNK.len());
    let bytes = ahead.drain(..before_end);
    let heard = bytes.map(|byte| u32::from(byte == MARK)).sum();
    if is_over {
        ahead.clear();
    }
    (heard, is_over)
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
    let mut caller = connect(gateway, opening).await?;
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

#[cfg(test)]
mod tests;
