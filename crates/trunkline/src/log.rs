//! The log of calls: what became of each, in the data folder, without bodies, headers and query
//! strings.
//!
//! An engine writes it once it was told [where](crate::Trunkline::keep_calls_in). Anybody may read
//! it meanwhile, with [`list`] and [`find`].

mod filter;
mod note;
mod read;
mod write;

pub use filter::{CallFilter, Since, Statuses};
pub use read::{LoggedCall, file_in, find, list};

pub(crate) use note::Note;
pub(crate) use write::{render, start};

/// The name of the connection that every connector has.
const DEFAULT_CONNECTION: &str = "default";
