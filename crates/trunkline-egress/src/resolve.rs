//! From a host to the addresses that may be dialled: literal or looked up, and every one judged.

mod lookup;

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

pub(crate) use self::lookup::{Lookup, LookupError};
use crate::address::{self, Blocked, Rules};
use crate::clock::{self, Clock};
use crate::origin::Hostname;

/// Addresses used of one answer: a name needs a few, and more are somebody's trick.
const ANSWERS_MAX: usize = 16;

/// Look-ups at a time. Each blocks a thread in the system's resolver.
const LOOKUPS_MAX: usize = 16;

/// Names remembered.
const NAMES_MAX: usize = 1024;

/// How long an answer is used. Short, since the system tells us nothing of the records' times.
const FOUND_FOR: Duration = Duration::from_secs(10);

/// How long a name is taken not to exist.
const MISSING_FOR: Duration = Duration::from_secs(2);

type Answer = Result<Arc<[IpAddr]>, LookupError>;

/// Resolves hosts for any number of pools; clones share their answers.
#[derive(Clone)]
pub(crate) struct Resolver(Arc<Inner>);

struct Inner {
    rules: Rules,
    clock: Clock,
    lookup: Lookup,
    permits: Arc<Semaphore>,
    names: Mutex<Names>,
}

#[derive(Default)]
struct Names {
    known: HashMap<Box<str>, Known>,
    /// Look-ups under way; they go on when the call that began one goes away, because a blocked
    /// thread cannot be recalled and others may wait for the same answer.
    lookups: JoinSet<()>,
}

enum Known {
    Pending(watch::Receiver<Option<Answer>>),
    Until(Instant, Answer),
}

/// Why a host has no address to dial.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ResolveError {
    Blocked(Blocked),
    Lookup(LookupError),
}

impl Resolver {
    pub(crate) fn new(rules: Rules, clock: Clock) -> Resolver {
        Resolver::with_lookup(rules, clock, Lookup::system())
    }

    pub(crate) fn with_lookup(rules: Rules, clock: Clock, lookup: Lookup) -> Resolver {
        Resolver(Arc::new(Inner {
            rules,
            clock,
            lookup,
            permits: Arc::new(Semaphore::new(LOOKUPS_MAX)),
            names: Mutex::default(),
        }))
    }

    pub(crate) fn rules(&self) -> &Rules {
        &self.0.rules
    }

    /// The addresses behind `host`, of which there is at least one.
    ///
    /// One bad address among them refuses the host: an honest name does not point at the internet
    /// and into a private network at once.
    pub(crate) async fn resolve(
        &self,
        host: &Hostname,
        port: u16,
    ) -> Result<Vec<SocketAddr>, ResolveError> {
        let name = match host {
            Hostname::Address(ip) => return self.checked(&[*ip], port),
            Hostname::Name(name) => name,
        };
        address::decide_host(&self.0.rules, name).map_err(ResolveError::Blocked)?;
        if address::is_local_host(name) {
            return self.local(port);
        }
        let answers = self.look_up(name).await.map_err(ResolveError::Lookup)?;
        self.checked(&answers, port)
    }

    /// The addresses of a host that the operator named: a proxy. They are not judged.
    pub(crate) async fn resolve_trusted(
        &self,
        host: &Hostname,
        port: u16,
    ) -> Result<Vec<SocketAddr>, ResolveError> {
        let answers = match host {
            Hostname::Address(ip) => Arc::from([*ip]),
            Hostname::Name(name) => self.look_up(name).await.map_err(ResolveError::Lookup)?,
        };
        Ok(answers
            .iter()
            .map(|ip| SocketAddr::new(*ip, port))
            .collect())
    }

    fn checked(&self, answers: &[IpAddr], port: u16) -> Result<Vec<SocketAddr>, ResolveError> {
        let mut checked = Vec::with_capacity(answers.len());
        for ip in answers {
            let address = SocketAddr::new(*ip, port);
            address::decide(&self.0.rules, address).map_err(ResolveError::Blocked)?;
            checked.push(address);
        }
        Ok(checked)
    }

    /// RFC 6761 §6.3: without asking anyone, whatever a hosts file or a server says.
    ///
    /// The two addresses are our own answer, so one that is not allowed is merely left out.
    fn local(&self, port: u16) -> Result<Vec<SocketAddr>, ResolveError> {
        let v4 = self.checked(&[Ipv4Addr::LOCALHOST.into()], port);
        let v6 = self.checked(&[Ipv6Addr::LOCALHOST.into()], port);
        match (v4, v6) {
            (Ok(v4), Ok(v6)) => Ok([v4, v6].concat()),
            (Ok(only), Err(_)) | (Err(_), Ok(only)) => Ok(only),
            (Err(err), Err(_)) => Err(err),
        }
    }

    async fn look_up(&self, name: &str) -> Answer {
        let mut pending = match self.known_or_begun(name) {
            Ok(answer) => return answer,
            Err(pending) => pending,
        };
        match pending.wait_for(Option::is_some).await {
            Ok(answer) => answer.clone().unwrap_or(Err(LookupError::Interrupted)),
            // The runtime that looked it up was shut down.
            Err(_) => Err(LookupError::Interrupted),
        }
    }

    /// The answer if it is known, otherwise a place to wait for it.
    fn known_or_begun(&self, name: &str) -> Result<Answer, watch::Receiver<Option<Answer>>> {
        let now = self.0.clock.now();
        let mut names = self.0.names();
        match names.known.get(name) {
            Some(Known::Until(until, answer)) if now < *until => return Ok(answer.clone()),
            // A look-up whose runtime is gone has dropped its sender.
            Some(Known::Pending(pending)) if pending.has_changed().is_ok() => {
                return Err(pending.clone());
            }
            Some(Known::Until(..) | Known::Pending(_)) | None => {}
        }
        names.make_room(now);
        let (sender, pending) = watch::channel(None);
        names
            .known
            .insert(name.into(), Known::Pending(pending.clone()));
        while names.lookups.try_join_next().is_some() {}
        names
            .lookups
            .spawn(Arc::clone(&self.0).look_up(name.into(), sender));
        Err(pending)
    }
}

impl Inner {
    async fn look_up(self: Arc<Inner>, name: Box<str>, sender: watch::Sender<Option<Answer>>) {
        let Ok(_permit) = self.permits.acquire().await else {
            return;
        };
        let answer = self.lookup.addresses(&name).await.and_then(|mut answers| {
            answers.truncate(ANSWERS_MAX);
            if answers.is_empty() {
                Err(LookupError::NotFound)
            } else {
                Ok(Arc::from(answers))
            }
        });
        let kept_for = match &answer {
            Ok(_) => FOUND_FOR,
            Err(_) => MISSING_FOR,
        };
        let until = clock::later(self.clock.now(), kept_for);
        self.names()
            .known
            .insert(name, Known::Until(until, answer.clone()));
        sender.send_replace(Some(answer));
    }

    fn names(&self) -> MutexGuard<'_, Names> {
        self.names.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Names {
    /// Forgets what is out of date once there are too many names, and if need be everything.
    fn make_room(&mut self, now: Instant) {
        if self.known.len() < NAMES_MAX {
            return;
        }
        self.known.retain(|_, known| match known {
            Known::Pending(_) => true,
            Known::Until(until, _) => now < *until,
        });
        if NAMES_MAX <= self.known.len() {
            self.known
                .retain(|_, known| matches!(known, Known::Pending(_)));
        }
    }
}

#[cfg(test)]
mod tests;
