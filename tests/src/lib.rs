//! What product tests are made of: the built binary in a folder of its own, an upstream on
//! loopback whose script is data, and a caller that can say anything, well-formed or not.
//!
//! Nothing here sleeps. A test waits for what it needs: a line, a request, a closed connection, a
//! [`Gate`], an answer that is asked for again [`until`] it comes; only a wait that is never met ends after [`PATIENCE`], and then the test fails.
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    clippy::return_self_not_must_use,
    reason = "a step of a test that goes wrong is a failed test, and says so by a panic; steps chain"
)]

mod binary;
mod browser;
mod caller;
mod conversation;
mod date;
mod gate;
mod http2;
mod patience;
mod product;
mod redis;
mod upstream;
mod wire;

use std::time::Duration;

pub use binary::{is_as_shipped, is_ci, repository};
pub use browser::{Browser, chromium};
pub use caller::{Answer, Incoming, Request, Talk};
pub use conversation::check;
pub use date::{rfc3339_in, unix_in};
pub use gate::Gate;
pub use http2::{Http2Upstream, Stream};
pub use patience::{now, until};
pub use product::{Finished, Gateway, Product, Program, memory_most};
pub use redis::Redis;
pub use upstream::script::{Act, Response, Script, answer};
pub use upstream::{Heard, Upstream};
pub use wire::{Ending, Head, Wire};

/// How long a test waits for something that must happen before it fails.
pub const PATIENCE: Duration = Duration::from_secs(30);
