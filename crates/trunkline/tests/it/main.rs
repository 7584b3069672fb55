//! The engine against a scripted upstream on loopback. Time stands still until a test moves it.

#![cfg(test)]

mod own; // a connector of a test's own, and an engine for it
mod shelf; // an API with pages and jobs, and an engine for it
mod stand; // an engine with its clock, and calls for it
mod upstream; // what answers, by a script

mod addresses;
mod attempts;
mod authorize;
mod bodies;
mod canaries;
mod cancel;
mod credentials;
mod examples;
mod files;
mod garbage;
mod guide;
mod held;
mod hosts;
mod http2;
mod jobs;
mod laws;
mod limits;
mod log;
mod pages;
mod reload;
mod requests;
mod retry;
mod validate;
mod waits;
