//! The server over real sockets: callers and upstreams are scripts, and time moves when told.

#![cfg(test)]
#![expect(
    clippy::disallowed_methods,
    reason = "callers and upstreams are played by plain sockets"
)]
mod calls;
mod conversation;
mod endings;
mod guests;
mod own_routes;
mod places;
mod sandbox;
mod shapes;
mod slow;
mod stage;
