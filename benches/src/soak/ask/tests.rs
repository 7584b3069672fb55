//! Everything is asked for, each where it can be had.

use std::net::{Ipv4Addr, SocketAddr};

use super::{Ask, Door, Listener, SHARES, choose};
use crate::soak::content::Route;

fn asks(listener: Listener) -> Vec<Ask> {
    let mut chance = fastrand::Rng::with_seed(7);
    (0..5_000)
        .map(|number| choose(&mut chance, listener, number))
        .collect()
}

#[test]
fn everything_is_asked_for() {
    let asks = asks(Listener::Main);
    for (route, _) in SHARES {
        assert!(asks.iter().any(|ask| ask.route == route), "{route:?}");
    }
    for connector in 0..2 {
        assert!(asks.iter().any(|ask| ask.connector == connector));
    }
}

#[test]
fn a_listener_of_one_connector_is_asked_for_that_alone() {
    let asks = asks(Listener::First);
    assert!(asks.iter().all(|ask| ask.connector == 0));
    let others = [Route::Timed, Route::Asked];
    assert!(asks.iter().all(|ask| !others.contains(&ask.route)));
}

#[test]
fn what_may_not_be_kept_is_another_thing_each_time() {
    let asks = asks(Listener::Main);
    let mut plain: Vec<&str> = asks
        .iter()
        .filter(|ask| ask.route == Route::Plain)
        .map(|ask| ask.what.as_str())
        .collect();
    let count = plain.len();
    plain.sort_unstable();
    plain.dedup();
    assert_eq!(plain.len(), count);
}

#[test]
fn a_request_says_how_long_it_is() {
    let host = SocketAddr::from((Ipv4Addr::LOCALHOST, 9));
    for ask in asks(Listener::Main) {
        let request = ask.request(host, "/acme", "key");
        let (head, body) = request.split_once("\r\n\r\n").unwrap();
        assert_eq!(body, ask.body);
        let length = format!("Content-Length: {}", body.len());
        assert_eq!(head.contains(&length), ask.route.method() == "POST");
    }
}

#[test]
fn every_gateway_and_listener_has_callers() {
    for gateway in 0..2 {
        for listener in [Listener::Main, Listener::First] {
            let door = Door { gateway, listener };
            assert!((0..100).any(|place| Door::of(place) == door), "{door:?}");
        }
    }
}
