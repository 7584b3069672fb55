//! The thread's work: it keeps a connection, passes on what is asked, and says what has changed.

use std::fmt;
use std::io;
use std::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::mpsc::Receiver;
use tokio::task::{JoinError, JoinSet};

use crate::beat::RemoteClock;
use crate::clock;
use crate::heard::{Forgotten, Last};
use crate::link::{self, Link, Seen, Target};
use crate::operation::{Asked, Desk, QueuedPut};
use crate::reason::{After, Reason};
use crate::standing::{self, Board};

/// How often it is looked around while all is well.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// How soon it is looked around where something went wrong, and is not yet known to be.
const LOOK_SOON: Duration = Duration::from_millis(1);

/// Something that whoever runs the processes should know.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Notice {
    /// Redis is away, and is tried again by itself. Said again only for another reason.
    Away(Reason),
    /// Redis is there again. Not said where it was there at the first try.
    Back,
}

/// What the thread has.
pub(crate) struct Owner {
    pub(crate) target: Target,
    pub(crate) desk: Desk,
    pub(crate) asks: Receiver<Asked>,
    pub(crate) puts: Receiver<QueuedPut>,
    pub(crate) tell: Box<dyn FnMut(Notice) + Send>,
    pub(crate) on_forget: Box<dyn FnMut(Forgotten) + Send>,
    /// The reasons that were told since Redis was there last.
    pub(crate) told: Vec<Reason>,
    /// What was read last of what others told.
    pub(crate) last: Option<Last>,
}

/// Something that has ended.
enum Ended {
    Asked(After),
    Put(After),
    Looked(Result<Seen, Reason>),
}

/// What happens next while there is a connection.
enum Event {
    Ended(Result<Ended, JoinError>),
    Asked(Option<Asked>),
    Put(Option<QueuedPut>),
    LookDue,
}

/// Everybody who could ask is gone.
struct Over;

/// Says that Redis is away when the thread ends, however it ends.
struct AtEnd(Arc<Board>);

/// What goes on over a connection.
struct Service {
    link: Link,
    remote: RemoteClock,
    tasks: JoinSet<Ended>,
    look_at: Instant,
    is_looking: bool,
    is_putting: bool,
}

impl Owner {
    /// Works until nobody can ask for anything any more.
    pub(crate) async fn work(mut self) {
        let _end = AtEnd(Arc::clone(&self.desk.board));
        let mut failures = 0;
        loop {
            let Ok(served) = self.connect_and_serve().await else {
                return;
            };
            failures = standing::failures(failures, served);
            let pause = clock::pause(standing::retry_after(failures));
            if self.refusing_all(pause).await.is_err() {
                return;
            }
        }
    }

    /// How long there was a connection.
    async fn connect_and_serve(&mut self) -> Result<Duration, Over> {
        let tools = Arc::clone(&self.desk.tools);
        let target = self.target.clone();
        let last = self.last.clone();
        let opened = self
            .refusing_all(async { link::open(&target, &tools, last).await })
            .await?;
        let (link, seen) = match opened {
            Ok(opened) => opened,
            Err(reason) => {
                self.away(reason);
                return Ok(Duration::ZERO);
            }
        };
        let began = clock::now();
        let mut service = Service::new(link, &seen);
        let sharing = seen.learned.sharing;
        // What others forgot meanwhile is forgotten before anybody asks.
        self.hear(seen);
        self.desk.board.up(sharing);
        if !self.told.is_empty() {
            self.told.clear();
            (self.tell)(Notice::Back);
        }
        let reason = self.serve(&mut service).await?;
        self.away(reason);
        Ok(clock::now().duration_since(began))
    }

    /// Serves until the connection is of no use.
    async fn serve(&mut self, service: &mut Service) -> Result<Reason, Over> {
        loop {
            let event = tokio::select! {
                Some(ended) = service.tasks.join_next() => Event::Ended(ended),
                asked = self.asks.recv() => Event::Asked(asked),
                put = self.puts.recv(), if !service.is_putting => Event::Put(put),
                () = clock::pause_until(service.look_at), if !service.is_looking => Event::LookDue,
            };
            match event {
                Event::Asked(Some(asked)) => service.begin(&self.desk, asked),
                Event::Put(Some(put)) => service.begin_put(&self.desk, put),
                Event::Asked(None) | Event::Put(None) => return Err(Over),
                Event::LookDue => service.begin_look(&self.desk, self.last.clone()),
                Event::Ended(Ok(Ended::Looked(Ok(seen)))) => {
                    service.looked(&seen);
                    self.desk.board.share(seen.learned.sharing);
                    self.hear(seen);
                }
                Event::Ended(Ok(Ended::Looked(Err(reason)))) => return Ok(reason),
                Event::Ended(Ok(Ended::Asked(after))) => match after {
                    After::Good => {}
                    After::Look => service.look_soon(),
                    After::Gone(reason) => return Ok(reason),
                },
                Event::Ended(Ok(Ended::Put(after))) => {
                    service.is_putting = false;
                    match after {
                        After::Good => {}
                        After::Look => service.look_soon(),
                        After::Gone(reason) => return Ok(reason),
                    }
                }
                // One of ours panicked; which one is not known, so all begins anew.
                Event::Ended(Err(_)) => return Ok(Reason::Unreachable(io::ErrorKind::Other)),
            }
        }
    }

    /// Waits for something, and meanwhile lets nobody wait.
    async fn refusing_all<T>(&mut self, work: impl Future<Output = T>) -> Result<T, Over> {
        let mut work = pin::pin!(work);
        loop {
            tokio::select! {
                done = &mut work => return Ok(done),
                asked = self.asks.recv() => drop(asked.ok_or(Over)?),
                put = self.puts.recv() => drop(put.ok_or(Over)?),
            }
        }
    }

    fn away(&mut self, reason: Reason) {
        self.desk.board.away();
        if !reason.is_pause() {
            self.last = None;
        }
        if !self.told.contains(&reason) {
            self.told.push(reason.clone());
            (self.tell)(Notice::Away(reason));
        }
    }

    fn hear(&mut self, seen: Seen) {
        self.last = Some(seen.last);
        for forgotten in seen.heard {
            (self.on_forget)(forgotten);
        }
    }
}

impl Service {
    fn new(link: Link, seen: &Seen) -> Self {
        Self {
            link,
            remote: seen.learned.clock,
            tasks: JoinSet::new(),
            look_at: clock::now() + LOOK_EVERY,
            is_looking: false,
            is_putting: false,
        }
    }

    fn begin(&mut self, desk: &Desk, asked: Asked) {
        let (desk, link) = (desk.clone(), self.link.clone());
        let task = async { Ended::Asked(desk.run(asked, link).await) };
        drop(self.tasks.spawn(task));
    }

    /// One after the other, so that values never fill the connection.
    fn begin_put(&mut self, desk: &Desk, put: QueuedPut) {
        self.is_putting = true;
        let (desk, link, remote) = (desk.clone(), self.link.clone(), self.remote);
        let task = async move { Ended::Put(desk.put(put, remote, link).await) };
        drop(self.tasks.spawn(task));
    }

    fn begin_look(&mut self, desk: &Desk, last: Option<Last>) {
        self.is_looking = true;
        let (tools, mut link) = (Arc::clone(&desk.tools), self.link.clone());
        let task = async move { Ended::Looked(link::look(&mut link, &tools, last).await) };
        drop(self.tasks.spawn(task));
    }

    fn looked(&mut self, seen: &Seen) {
        self.is_looking = false;
        self.remote = seen.learned.clock;
        self.look_at = clock::now() + LOOK_EVERY;
    }

    fn look_soon(&mut self) {
        self.look_at = self.look_at.min(clock::now() + LOOK_SOON);
    }
}

impl fmt::Debug for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Owner")
            .field("told", &self.told)
            .finish_non_exhaustive()
    }
}

impl Drop for AtEnd {
    fn drop(&mut self) {
        self.0.away();
    }
}
