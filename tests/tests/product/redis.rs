//! Several processes that share limits and kept answers in Redis, and what they do without it.

mod settings;
mod sharing;
mod away;
mod keeping;
mod garbage;

use std::net::SocketAddr;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use trunkline_tests::{
    Answer, Gate, Gateway, Product, Redis, Request, Talk, Upstream, is_ci, now, until,
};

use crate::connectors;
use crate::limits::metric;

/// Whether there is a Redis to test with.
pub(super) fn is_there() -> bool {
    let is_installed = Redis::is_installed();
    assert!(is_installed || !is_ci(), "Redis is not installed");
    if !is_installed {
        eprintln!("skipped: Redis is not installed");
    }
    is_installed
}

/// One of several that share a Redis, in a folder of its own.
pub(super) fn sharing(redis: &Redis, upstream: &Upstream) -> Product {
    connectors::plain_calling(upstream, "")
        .set("redis.url", format!("{:?}", redis.url()))
        .set("connectors.plain.retry.attempts", 1)
}

/// Two that know of each other.
#[track_caller]
pub(super) fn two(product: impl Fn() -> Product) -> [Gateway; 2] {
    let gateways = [product().serve(), product().serve()];
    for gateway in &gateways {
        wait_for(gateway, "trunkline_redis_processes", 2);
    }
    gateways
}

pub(super) fn get() -> Request {
    Request::get("/plain/things")
}

/// Waits until a metric has that value.
#[track_caller]
pub(super) fn wait_for(gateway: &Gateway, name: &str, expected: u64) {
    until(&format!("{name} {expected}"), || {
        (metric(gateway, name) == Some(expected)).then_some(())
    });
}

/// Callers that ask one thing after another, each on a connection of its own.
pub(super) struct Crowd {
    end: Gate,
    callers: Vec<JoinHandle<Vec<Asked>>>,
}

/// What came of one request, and how long it took.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) answer: Answer,
    pub(super) took: Duration,
}

impl Crowd {
    /// So many for each of these.
    pub(super) fn ask(gateways: &[Gateway], each: usize, request: &Request) -> Self {
        let end = Gate::new();
        let addresses = gateways.iter().flat_map(|one| vec![one.address(); each]);
        let callers = addresses.map(|address| {
            let (end, request) = (end.clone(), request.clone());
            thread::spawn(move || ask_on(address, &request, &end))
        });
        Self {
            callers: callers.collect(),
            end,
        }
    }

    /// Has them ask nothing more; gives all that came.
    #[track_caller]
    pub(super) fn finish(self) -> Vec<Asked> {
        self.end.open();
        let asked = self.callers.into_iter();
        asked
            .flat_map(|caller| caller.join().expect("a caller gets its answers"))
            .collect()
    }
}

fn ask_on(address: SocketAddr, request: &Request, end: &Gate) -> Vec<Asked> {
    let mut asked = Vec::new();
    let mut talk = Talk::with(address);
    while !end.is_open() {
        let start = now();
        let (answer, still_open) = request.start_on(talk).finish_on();
        talk = match answer.header("connection") {
            Some("close") => Talk::with(address),
            Some(_) | None => still_open,
        };
        let took = start.elapsed();
        asked.push(Asked { answer, took });
    }
    asked
}

/// How many requests came to an upstream between two moments.
pub(super) fn came(upstream: &Upstream, from: Instant, to: Instant) -> usize {
    let heard = upstream.heard();
    let within = heard
        .iter()
        .filter(|heard| from <= heard.at && heard.at < to);
    within.count()
}
