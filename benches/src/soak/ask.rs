//! One call: what a caller asks, chosen by chance.

use std::time::Duration;

use crate::soak::content::{self, Route};
use crate::soak::{CONNECTORS, GATEWAYS};

/// The bytes that a call which changes something sends, at most.
const CHANGE_MAX: usize = 60_000;

/// What is asked, of which gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ask {
    /// Which connector, and so which upstream.
    pub(super) connector: usize,
    /// What for.
    pub(super) route: Route,
    /// The path behind the connector's name.
    pub(super) path: String,
    /// All that the answer depends on.
    pub(super) what: String,
    /// Headers, each with its line's end.
    pub(super) headers: String,
    /// The version that the caller has already.
    pub(super) known: Option<u64>,
    /// What is sent.
    pub(super) body: String,
    /// Whether the caller hears the answer out.
    pub(super) patience: Patience,
}

/// Whether a caller hears an answer out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Patience {
    /// Always.
    Whole,
    /// For so long.
    For(Duration),
}

/// How often each is asked for, of a thousand.
const SHARES: [(Route, u32); 9] = [
    (Route::Kept, 330),
    (Route::Timed, 190),
    (Route::Plain, 295),
    (Route::Limited, 50),
    (Route::Changed, 60),
    (Route::Asked, 40),
    (Route::Stream, 15),
    (Route::Large, 10),
    (Route::KeptLarge, 10),
];

/// One in so many callers leaves before the end.
const LEAVES: u32 = 150;

/// After so many microseconds at most: before an answer, or in the middle of it.
const LEAVES_AFTER: u64 = 8_000;

/// Chooses a call. `number` is no other call's.
pub(super) fn choose(chance: &mut fastrand::Rng, listener: Listener, number: u64) -> Ask {
    let shares = || SHARES.iter().filter(|(route, _)| listener.has(*route));
    let whole: u32 = shares().map(|(_, share)| share).sum();
    let mut place = chance.u32(..whole);
    let found = shares().find(|(_, share)| {
        let is_here = place < *share;
        place = place.saturating_sub(*share);
        is_here
    });
    let route = found.map_or(Route::Plain, |(route, _)| *route);
    let connector = match (listener, route) {
        (Listener::First, _) | (_, Route::Kept | Route::Limited) => 0,
        (Listener::Main, Route::Timed | Route::Asked) => 1,
        (Listener::Main, _) => chance.usize(..CONNECTORS.len()),
    };
    let mut ask = make(chance, route, number);
    ask.connector = connector;
    if chance.u32(..LEAVES) == 0 {
        ask.patience = Patience::For(Duration::from_micros(chance.u64(..LEAVES_AFTER)));
    }
    ask
}

fn make(chance: &mut fastrand::Rng, route: Route, number: u64) -> Ask {
    let word = route.word();
    let mut ask = Ask {
        connector: 0,
        route,
        path: format!("/{word}"),
        what: String::new(),
        headers: String::new(),
        known: None,
        body: String::new(),
        patience: Patience::Whole,
    };
    match route {
        Route::Kept => {
            let language = chance.choice(["de", "en"]).unwrap_or("en");
            ask.path = format!("/{word}/{}?page=1", chance.u32(..40));
            ask.headers = format!("Accept-Language: {language}\r\n");
            ask.what = format!("{} {language}", ask.path);
        }
        Route::KeptLarge | Route::Timed => {
            let many = if route == Route::Timed { 150 } else { 3 };
            ask.path = format!("/{word}/{}", chance.u32(..many));
            ask.what.clone_from(&ask.path);
        }
        Route::Asked => {
            ask.body = format!(r#"{{"question":{}}}"#, chance.u32(..20));
            ask.headers.push_str("Content-Type: application/json\r\n");
            ask.what = format!("{} {:x}", ask.path, content::digest(&ask.body, 0));
        }
        Route::Plain | Route::Large | Route::Limited | Route::Stream | Route::Changed => {
            // Many ask for the same at the same time, and each wants an answer of its own.
            if route != Route::Limited {
                ask.path = format!("/{word}/{}", chance.u32(..5));
            }
            ask.headers = format!("X-Soak-Number: {number}\r\n");
            ask.what = format!("{} {number}", ask.path);
        }
    }
    if matches!(route, Route::Stream | Route::Changed) {
        let bytes = chance.usize(..CHANGE_MAX) / if chance.bool() { 1 } else { 100 };
        ask.body = format!("{number:016x}").repeat(bytes / 16 + 1);
        ask.what = format!("{} {:x}", ask.what, content::digest(&ask.body, 0));
    }
    ask
}

impl Ask {
    /// The request as it is sent to a gateway, whose listener may be the connector's own.
    pub(super) fn request(&self, host: std::net::SocketAddr, prefix: &str, key: &str) -> String {
        let method = self.route.method();
        let Self {
            path,
            headers,
            body,
            ..
        } = self;
        let known = self.known.map_or(String::new(), |version| {
            format!("If-None-Match: {}\r\n", content::tag(&self.what, version))
        });
        let length = if method == "POST" {
            format!("Content-Length: {}\r\n", body.len())
        } else {
            String::new()
        };
        format!(
            "{method} {prefix}{path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {key}\r\n{headers}{known}{length}\r\n{body}"
        )
    }
}

/// Which gateway and listener a connection goes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Door {
    /// The gateway.
    pub(super) gateway: usize,
    /// Whether it is the listener of the first connector alone.
    pub(super) listener: Listener,
}

/// A gateway's listeners.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Listener {
    /// Where connectors stand first in the path.
    Main,
    /// That of the first connector alone.
    First,
}

impl Listener {
    /// Whether the route can be asked for here.
    fn has(self, route: Route) -> bool {
        match self {
            Self::Main => true,
            Self::First => !matches!(route, Route::Timed | Route::Asked),
        }
    }
}

impl Door {
    /// That of a connection with this number: each gateway has as many, and a quarter of them are
    /// for the first connector alone.
    pub(super) fn of(place: usize) -> Self {
        Self {
            gateway: place % GATEWAYS,
            listener: if (place / GATEWAYS).is_multiple_of(4) {
                Listener::First
            } else {
                Listener::Main
            },
        }
    }
}

#[cfg(test)]
mod tests;
