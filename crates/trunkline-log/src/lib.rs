//! The log of calls: one bounded, batched writer into SQLite, and what reads it.
//!
//! A thread that makes calls has a [`Shard`] and adds an [`Entry`] for each call that has ended.
//! That is a copy of a few hundred bytes: no allocation, no file. One thread of the [`CallLog`]'s own
//! collects what the shards hold, a moment after something was added, and writes it into the data
//! folder in one transaction. Where it cannot, it says so once, tries again now and then, and what
//! no longer fits into the shards is dropped and counted: a call never waits for its log.
//!
//! Several processes may write into the same file, while others read it with a [`Reader`]. What is
//! too old, or too much, is removed in small steps.
//!
//! Bodies, headers and query strings have no place here.
//!
//! ```
//! use std::time::{Duration, SystemTime};
//!
//! use trunkline_log::{CallLog, Entry, Filter, Reader, Settings};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # let folder = folder.path();
//! let settings = Settings {
//!     folder: folder.to_owned(),
//!     keep: Duration::from_hours(7 * 24),
//!     bytes_max: 256 << 20,
//! };
//! let log = CallLog::start(settings, || SystemTime::UNIX_EPOCH, |notice| drop(notice))?;
//! let shard = log.shard();
//! shard.add(&Entry {
//!     id: 7,
//!     connector: Some("github"),
//!     status: Some(200),
//!     class: "ok",
//!     ..Entry::of("GET", "/user")
//! });
//! log.close(Duration::from_secs(2));
//!
//! let newest = Reader::new(folder).list(&Filter::newest(10))?;
//! assert_eq!(newest[0].connector.as_deref(), Some("github"));
//! # Ok(())
//! # }
//! ```

mod batch;
mod bell;
mod entry;
mod error;
mod log;
mod place;
mod reader;
mod schema;
mod shard;
mod store;
mod writer;

#[cfg(test)]
mod fixture;

pub use entry::{CLASS_OK, Entry};
pub use error::{Error, ErrorKind};
pub use log::CallLog;
pub use place::FILE_NAME;
pub use reader::{Filter, Found, Reader, Record, Statuses, Which};
pub use shard::Shard;
pub use writer::{Counts, Notice, Settings};
