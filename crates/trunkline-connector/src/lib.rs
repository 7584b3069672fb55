//! Reads and checks connector files: what Trunkline knows of a third-party API.
//!
//! A connector is a folder of data: `connector.toml` says who the API is and how it wants to be
//! called, `operations/*.toml` what can be called, and `examples/*.toml` hold calls with the exact
//! request each must become, a recorded answer and the reply it must give; `schemas/*.json` are
//! JSON Schemas that operations name. This crate turns such a folder into a [`Connector`], or into
//! every [`Problem`](document::Problem) that it has, with file, line, column and what is allowed.
//!
//! It does no I/O and knows no clock, so that an editor or a linter can use it as the engine does:
//! texts and times come in as arguments.
//!
//! ```
//! use http::{HeaderMap, StatusCode};
//! use trunkline_connector::format::Class;
//! use trunkline_connector::outcome::{self, Answer};
//! use trunkline_connector::{Connector, builtin};
//!
//! for (_, files) in builtin::sources() {
//!     let connector = Connector::load(files).map_err(|problems| format!("{problems:#?}"))?;
//!     let headers = HeaderMap::new();
//!     let answer = Answer { status: StatusCode::TOO_MANY_REQUESTS, headers: &headers, body: None };
//!     let verdict = outcome::classify(&connector.outcomes, &answer);
//!     assert_eq!(verdict.class, Class::RateLimited);
//! }
//! # Ok::<(), String>(())
//! ```
//!
//! Where to look:
//! - [`format`](mod@format) is what a file may say, as written; [`Connector`] what it means, checked;
//! - [`document`] reads TOML and names places; [`schema`] has the same shapes for editors;
//! - [`outcome`] says what an answer means, [`wait`] how long it asks us to wait, [`limits`] what it
//!   tells of the API's own limits;
//! - [`template`] and [`compose`] make the request of an operation, [`graphql`] reads documents;
//! - [`paging`] says how the next page is asked for;
//! - [`coverage`](mod@coverage) names what examples do not show;
//! - [`builtin`] has the connectors that are compiled in.

mod connector;
pub mod builtin;
pub mod compose;
pub mod coverage;
pub mod document;
pub mod format;
pub mod graphql;
pub mod limits;
pub mod media;
pub mod name;
pub mod outcome;
pub mod paging;
pub mod published;
pub mod request_header;
pub mod schema;
mod secret_text;
#[cfg(test)]
mod samples;
#[cfg(test)]
mod seeded;
pub mod status;
pub mod template;
pub mod units;
pub mod wait;
pub mod words;

pub use connector::*;
pub use name::ConnectorName;
pub use secret_text::SecretText;
