//! The parts of HTTP/1.1 (RFC 9112) that are the same on both sides of a proxy.
//!
//! What a message means, and how lenient its reader is, is not the same: requests are taken apart
//! by `trunkline-server`, answers by `trunkline-egress`.
//!
//! - [`wire`] reads from a stream what is not used yet;
//! - [`fields`] makes header lines of it, [`value`] understands those that frame a message;
//! - [`body`] takes the framing off a body, [`chunks`] where it is chunked;
//! - [`line`](mod@line) writes lines, [`framing`] puts the framing on a body, [`staged`] holds what
//!   is to be written next.

pub mod body;
pub mod chunks;
pub mod fields;
pub mod framing;
pub mod line;
pub mod staged;
pub mod value;
pub mod wire;
