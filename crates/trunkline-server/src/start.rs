//! Starts everything, and ends it in order.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use trunkline::admin::AdminToken;
use trunkline::connector::ConnectorName;
use trunkline::{Clock, Config, Listen, Trunkline};

use crate::accept::{self, Hall};
use crate::api::Api;
use crate::gateway::Gateway;
use crate::listener::Listener;
use crate::own::Own;
use crate::runtime::Background;
use crate::sandbox::Sandbox;
use crate::site::{Mount, Site};
use crate::tally::Tally;
use crate::threads::{Kit, Message, Thread};
use crate::watch::Order;

/// What a server is made of. Settings come with the engine.
#[derive(Debug)]
pub struct Setup {
    /// Makes the calls.
    pub engine: Trunkline,
    /// Stands in for the upstreams, where the settings say so; ends with the server.
    pub sandbox: Option<Sandbox>,
    /// Who may use `/-/api/v1/`; `None` lets nobody.
    pub admin: Option<AdminToken>,
}

/// A server that runs. Dropped, it cuts everything off.
#[derive(Debug)]
pub struct Running {
    listening: Vec<Listening>,
    stop: oneshot::Sender<Duration>,
    drain: Duration,
    control: JoinHandle<()>,
    threads: Vec<JoinHandle<()>>,
    _sandbox: Option<Sandbox>,
}

/// A place where a running server listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listening {
    /// Where it is, with the port that the system chose for port 0.
    pub listen: Listen,
    /// The one connector that answers there; `None` for the main place.
    pub connector: Option<ConnectorName>,
}

/// Why a server does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Another process listens there.
    #[error("`{listen}` is in use by another process")]
    InUse {
        /// The place.
        listen: Listen,
    },
    /// The system does not let us listen there.
    #[error("`{listen}` cannot be listened on")]
    Listen {
        /// The place.
        listen: Listen,
        /// What the system says.
        source: io::Error,
    },
    /// Other machines could call with the operator's keys.
    #[error("`{listen}` can be reached from other machines, and nothing would ask them for a key")]
    Exposed {
        /// The place.
        listen: Listen,
    },
    /// The system gives us no thread or no runtime.
    #[error("the system gives no further thread")]
    Thread(#[from] io::Error),
}

impl StartError {
    /// The place it is about, if it is about one.
    pub fn listen(&self) -> Option<&Listen> {
        match self {
            Self::InUse { listen } | Self::Listen { listen, .. } | Self::Exposed { listen } => {
                Some(listen)
            }
            Self::Thread(_) => None,
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::InUse { .. } => {
                "end that process, or choose another place with `--listen` or `server.listen`"
            }
            Self::Listen { .. } => {
                "choose an address of this machine and a port from 1024 on, or a folder you may write to"
            }
            Self::Exposed { .. } => {
                "listen on `127.0.0.1` or `unix:/path/to/socket`; this version has no caller keys, \
                 so let a server that asks for a password stand before it"
            }
            Self::Thread(_) => {
                "lower `server.threads`, or raise the limit on processes (`ulimit -u`)"
            }
        }
    }
}

impl std::fmt::Display for Listening {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.listen {
            Listen::Tcp(address) => write!(f, "http://{address}"),
            Listen::Unix(_) => self.listen.fmt(f),
        }
    }
}

/// Starts a server with the engine's settings.
///
/// # Errors
/// If one of the places cannot be listened on; then none is.
pub fn start(setup: Setup) -> Result<Running, StartError> {
    let Setup {
        engine,
        sandbox,
        admin,
    } = setup;
    let config = engine.config();
    let wanted = places(&config);
    if let Some((_, listen)) = wanted.iter().find(|(_, listen)| is_exposed(listen)) {
        return Err(StartError::Exposed {
            listen: listen.clone(),
        });
    }
    let runtime = Background::new()?;
    let mut open = Open::default();
    for (mount, listen) in wanted {
        let _within = runtime.enter();
        open.add(&config, mount, &listen)?;
    }
    for listening in &open.listening {
        if let Some(address) = listening.listen.socket_address() {
            engine.listens_on(address);
        }
    }
    let (alive, ended) = mpsc::channel(1);
    let crew = Crew {
        engine,
        config,
        sites: open.sites.into(),
        tally: Arc::new(Tally::new()),
        control: runtime.handle().clone(),
        admin,
    };
    let (threads, handles) = crew.start(&alive)?;
    let hall = Arc::new(crew.hall(threads));
    let (stop, stopped) = oneshot::channel();
    let work = move || runtime.run(control(hall, open.listeners, stopped, ended));
    let control = std::thread::Builder::new()
        .name("control".to_owned())
        .spawn(work)?;
    Ok(Running {
        listening: open.listening,
        stop,
        drain: crew.config.server.drain,
        control,
        threads: handles,
        _sandbox: sandbox,
    })
}

/// The places that have been opened, each in three views.
#[derive(Default)]
struct Open {
    sites: Vec<Site>,
    listeners: Vec<Listener>,
    listening: Vec<Listening>,
}

impl Open {
    fn add(&mut self, config: &Config, mount: Mount, listen: &Listen) -> Result<(), StartError> {
        let listener = Listener::open(listen)?;
        let listen = listener.place()?;
        self.sites.push(Site::new(config, mount, &listen));
        self.listeners.push(listener);
        self.listening.push(Listening {
            listen,
            connector: mount.connector(),
        });
        Ok(())
    }
}

impl Running {
    /// Where it listens, the main place first.
    pub fn addresses(&self) -> &[Listening] {
        &self.listening
    }

    /// Stops accepting, lets running calls finish for as long as `server.drain` says, cuts what is
    /// left, and returns when all is over.
    pub fn shut_down(self) {
        // Whoever does not hear this has ended already.
        let _ = self.stop.send(self.drain);
        for handle in std::iter::once(self.control).chain(self.threads) {
            if handle.join().is_err() {
                tracing::error!("a thread ended in a bug of ours");
            }
        }
    }
}

fn places(config: &Config) -> Vec<(Mount, Listen)> {
    let mut places = vec![(Mount::Main, config.server.listen.clone())];
    for (name, listen) in &config.listeners {
        places.push((Mount::Connector(*name), listen.clone()));
    }
    places
}

/// There are no caller keys yet, so only this machine may call.
fn is_exposed(listen: &Listen) -> bool {
    match listen {
        Listen::Unix(_) => false,
        Listen::Tcp(address) => match address.ip() {
            IpAddr::V4(address) => !address.is_loopback(),
            IpAddr::V6(address) => !address.is_loopback(),
        },
    }
}

/// What the threads are made from.
struct Crew {
    engine: Trunkline,
    config: Arc<Config>,
    sites: Arc<[Site]>,
    tally: Arc<Tally>,
    control: Handle,
    admin: Option<AdminToken>,
}

impl Crew {
    fn start(
        &self,
        alive: &crate::threads::Alive,
    ) -> Result<(Vec<Thread>, Vec<JoinHandle<()>>), StartError> {
        let kit = Kit {
            config: Arc::clone(&self.config),
            clock: self.engine.clock().clone(),
            tally: Arc::clone(&self.tally),
        };
        let mut threads = Vec::new();
        let mut handles = Vec::new();
        for number in 0..self.config.server.threads.get() {
            let (engine, control) = (self.engine.clone(), self.control.clone());
            let api = Api::new(engine.clone(), control.clone(), self.admin.clone());
            let own = Own::new(engine, control, Arc::clone(&self.tally), api);
            let (engine, sites, tally) = (
                self.engine.with_own_pool(),
                Arc::clone(&self.sites),
                Arc::clone(&self.tally),
            );
            let gateway = move || Gateway::new(engine, sites, own, tally);
            let (thread, handle) = Thread::start(number, kit.clone(), alive.clone(), gateway)?;
            threads.push(thread);
            handles.push(handle);
        }
        Ok((threads, handles))
    }

    fn hall(&self, threads: Vec<Thread>) -> Hall {
        Hall {
            threads,
            sites: Arc::clone(&self.sites),
            connections_max: self.config.server.connections_max,
            tally: Arc::clone(&self.tally),
            clock: self.engine.clock().clone(),
        }
    }
}

/// Accepts until told to stop, then ends the threads in order.
async fn control(
    hall: Arc<Hall>,
    listeners: Vec<Listener>,
    stopped: oneshot::Receiver<Duration>,
    mut ended: mpsc::Receiver<std::convert::Infallible>,
) {
    let mut acceptors = JoinSet::new();
    for (site, listener) in listeners.into_iter().enumerate() {
        acceptors.spawn(accept::accept(listener, site, Arc::clone(&hall)));
    }
    // Without a word, whoever held us is gone, and nobody waits for what is under way.
    let drain = stopped.await.unwrap_or(Duration::ZERO);
    let clock: &Clock = &hall.clock;
    let until = clock.after(drain);
    acceptors.shutdown().await;
    for thread in &hall.threads {
        thread.tell(Message::Order(Order::Finish));
    }
    if clock.limit(Some(until), ended.recv()).await.is_err() {
        tracing::warn!("calls were cut off because they did not end in time");
        for thread in &hall.threads {
            thread.tell(Message::Order(Order::Cut(None)));
        }
    }
}
