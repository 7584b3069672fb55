//! Calls third-party APIs well: the credential added, failures retried where that is safe, streams
//! passed on as they come, errors explained.
//!
//! What is known of an API stands in a connector file, not in code. Five are built in; see
//! [`Catalog`].
//!
//! ```no_run
//! use std::sync::Arc;
//! use trunkline::{Call, Catalog, Clock, Config, Environment, Layers, Secrets, Trunkline};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let environment = Environment::new(std::env::vars());
//! let layers = Layers { file: None, environment: &environment, arguments: Vec::new() };
//! let (config, _) = Config::load(layers).map_err(|problems| format!("{problems:?}"))?;
//! let catalog = Catalog::load(Vec::new()).map_err(|problems| format!("{problems:?}"))?;
//! let secrets = Secrets::read(&environment, Vec::new());
//! let trunkline = Trunkline::new(Arc::new(config), catalog, &secrets, Clock::system())?;
//!
//! let call = Call::operation("openai".parse()?, "models.list", serde_json::Map::new());
//! let reply = trunkline.call(call).await?;
//! println!("{}", String::from_utf8_lossy(&reply.body.collect(1 << 20).await?));
//! # Ok(())
//! # }
//! ```

pub mod admin;
mod cache;
mod call;
mod callers;
mod catalog;
mod client;
pub mod config;
mod credential;
pub mod drift;
mod error;
pub mod examples;
mod explain;
mod failure;
mod fetch;
mod followed;
mod held;
mod installed;
mod jobs;
pub mod log;
mod metrics;
mod observe;
mod pages;
mod pipeline;
mod reply;
mod schema;
mod secret;
mod sharing;
mod source;
pub mod sse;
mod upstream;

pub use trunkline_connector as connector;
pub use trunkline_egress::{Body, BodyError, Clock, ManualClock};

pub use cache::Purge;
pub use call::{
    CacheKey, Call, CallId, Caller, Fault, Files, JudgeBy, Options, Paginate, Reply, ReplyBody,
    Target, Validate, VendorError,
};
pub use catalog::{Catalog, Entry, Provenance};
pub use client::Trunkline;
pub use config::{Config, Layers, Listen};
pub use credential::shows_example_credential;
pub use error::{Error, ErrorKind, Mover, Quota};
pub use explain::{Explanation, Subject, docs_of, explain};
pub use fetch::{FetchOptions, Fetched};
pub use jobs::{Finished, JobOutcome, Look, LookAgain, WaitError};
pub use metrics::Metrics;
pub use pages::{Page, PageError, PageOptions, PageStream, Pages, Resume, Stopped};
pub use pipeline::{Changed, Plan, Tunneled};
pub use schema::{Finding, Findings};
pub use secret::{Environment, Found, Secret, SecretError, Secrets};
pub use upstream::{BreakerView, LaneView, LeftView, UpstreamView, WindowView};
