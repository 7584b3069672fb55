//! A call through the gateway: what the upstream gets, and what the caller gets back.

mod credentials;
mod request;
mod reply;
mod connections;

use trunkline_tests::{Heard, Product, Request, Upstream, answer};

pub(super) fn bearer(name: &str) -> String {
    format!("Bearer {}", Product::key(name))
}

/// Calls a connector with a request and gives what its upstream heard.
#[track_caller]
pub(super) fn heard(connector: &str, request: &Request) -> Heard {
    let upstream = Upstream::start([answer(200).json("{}")]);
    let gateway = Product::calling(connector, &upstream).serve();
    gateway.send(request).expect(200);
    upstream.only()
}
