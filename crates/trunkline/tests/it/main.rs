//! The engine against a scripted upstream on loopback. Time stands still until a test moves it.

#![cfg(test)]

mod stand; // an engine with its clock, and calls for it
mod upstream; // what answers, by a script

mod addresses;
mod attempts;
mod authorize;
mod bodies;
mod canaries;
mod cancel;
mod examples;
mod garbage;
mod held;
mod http2;
mod laws;
mod limits;
mod reload;
mod requests;
mod retry;
mod validate;
mod waits;
