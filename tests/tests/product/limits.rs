//! How fast and how many calls may go: by the settings, by what upstreams tell, and by how they do.

mod settings;
mod rate;
pub(super) mod refusing;
mod weighing;
mod reloading;
mod waiting;
mod leaving;
mod concurrency;
mod callers;
mod told;
mod breaker;

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use trunkline_tests::{Answer, Gateway, Product, Request, Talk, Upstream, answer, until};

use crate::connectors;

/// How much later than another a request may be written down that was sent before it.
const UNSEEN: Duration = Duration::from_millis(300);

/// A connector without limits of its own, with that `limit`, each call of which is one attempt.
pub(super) fn limited(limit: &str, upstream: &Upstream) -> Product {
    single(upstream).set("connectors.plain.limit", limit)
}

/// A connector without limits of its own, each call of which is one attempt.
pub(super) fn single(upstream: &Upstream) -> Product {
    connectors::plain_calling(upstream, "").set("connectors.plain.retry.attempts", 1)
}

pub(super) fn fine() -> Upstream {
    Upstream::start([answer(200).json("[]")])
}

pub(super) fn get() -> Request {
    Request::get("/plain/things")
}

pub(super) fn post() -> Request {
    Request::post("/plain/things", r#"{"name":"a"}"#)
}

/// Sends a request and reads nothing yet.
pub(super) fn ask(to: SocketAddr, request: &Request) -> Talk {
    let mut talk = Talk::with(to);
    let bytes = request.bytes(&talk.host());
    talk.say(bytes);
    talk
}

pub(super) fn ask_many(gateway: &Gateway, request: &Request, callers: usize) -> Vec<Talk> {
    (0..callers)
        .map(|_| ask(gateway.address(), request))
        .collect()
}

#[track_caller]
pub(super) fn finish(talk: Talk) -> Answer {
    talk.answer_to("GET").finish()
}

/// The value of a metric, by its name and labels.
#[track_caller]
pub(super) fn metric(gateway: &Gateway, name: &str) -> Option<u64> {
    let text = gateway.get("/-/metrics").expect(200).text();
    let mut lines = text.lines();
    lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.parse().ok())
}

/// Waits until a metric of the plain connector has that value.
#[track_caller]
pub(super) fn wait_for_metric(gateway: &Gateway, name: &str, expected: u64) {
    let name = format!("{name}{{connector=\"plain\"}}");
    until(&format!("{name} {expected}"), || {
        (metric(gateway, &name) == Some(expected)).then_some(())
    });
}

/// Waits until so many wait for their turn.
#[track_caller]
pub(super) fn wait_for_waiting(gateway: &Gateway, expected: u64) {
    wait_for_metric(gateway, "trunkline_upstream_waiting", expected);
}

/// A rate, as settings have it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rate {
    pub(super) burst: f64,
    pub(super) per_second: f64,
}

impl Rate {
    fn allows(self, time: Duration) -> f64 {
        self.burst + self.per_second * time.as_secs_f64()
    }

    /// Asserts that requests came no faster. Those since the beginning are bounded exactly, for no
    /// request is written down before it was sent; between two that were written down, one may have
    /// been written down late.
    #[track_caller]
    pub(super) fn bounds(self, start: Instant, upstream: &Upstream) {
        let arrivals: Vec<Instant> = upstream.heard().iter().map(|heard| heard.at).collect();
        for (last, at) in arrivals.iter().enumerate() {
            let most = self.allows(at.duration_since(start));
            let shown = || format!("{last} before {:?}, {self:?}", at.duration_since(start));
            assert!(count(last + 1) <= most, "{}", shown());
            for (first, before) in arrivals.iter().enumerate().take(last) {
                let most = self.allows(at.saturating_duration_since(*before) + UNSEEN);
                let came = count(last - first + 1);
                assert!(came <= most, "{came} from {first} to {}", shown());
            }
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "a test counts to a thousand")]
fn count(requests: usize) -> f64 {
    requests as f64
}
