//! HTTP in: the gateway in front of the engine, our own routes, and the sandbox.
//!
//! Calls are carried by plain threads that share nothing but settings: see `threads`. One acceptor
//! per place hands connections to them: see `accept`. What may come in is decided by `http1`, on
//! the bytes, and by `door`, on the head.

mod accept;
mod ahead;
mod api;
mod coarse_clock;
mod connection;
mod cors;
mod door;
mod gateway;
mod http1;
mod listener;
mod outgoing;
mod own;
mod pages;
mod problem;
mod reply;
mod runtime;
pub mod sandbox;
mod site;
mod socket;
mod start;
mod tag;
mod tally;
mod threads;
mod tunnel;
mod upload;
mod watch;

pub use start::{Listening, Running, Setup, StartError, start};
