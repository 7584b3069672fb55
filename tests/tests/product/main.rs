//! The built program as the outside sees it. One module a feature.
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::print_stderr,
    reason = "a step of a test that goes wrong is a failed test; what is skipped is said aloud"
)]

mod connectors;

mod api;
mod cache;
mod calls;
mod cancel;
mod cli;
mod docs;
mod door;
mod errors;
mod explain;
mod fetch;
mod gateway;
mod limits;
mod needs_chromium;
mod needs_node;
mod pages;
mod redis;
mod reload;
mod retry;
mod sandbox;
mod secrets;
mod serve;
mod settings;
mod stream;
mod talk;
mod validate;
mod waits;
mod websocket;
