//! What an HTTP cache may store and serve: RFC 9111 and its extensions, as pure functions.
//!
//! Nothing here does I/O, is async, or knows the time: each function takes values and says
//! what to do, and why. The rules are those of a shared cache, always. With RFC 9111 come stale
//! answers (RFC 5861), `immutable` (RFC 8246), `Cache-Status` (RFC 9211) and
//! `CDN-Cache-Control` (RFC 9213), before which `Trunkline-Cache-Control` is asked.
//!
//! The store's part is the key (whose call it is, the address, a hash of the body), the bodies,
//! and one upstream call for many askers. For each call it goes through these:
//!
//! 1. [`look`] among what is stored for the key: serve, ask about it, or fetch.
//! 2. To serve: [`Shape::of`] for the caller's conditions and range, then [`Stored::replay`].
//! 3. To ask: [`Stored::conditions`], send, then [`Asked::settle`].
//! 4. After a fetch: [`storable`]. If not, [`NotStored::is_lasting`] says whether to remember
//!    that, so that the next askers do not wait for each other.
//! 5. After any answer to an unsafe method: [`invalidates`].
//! 6. On the answer: [`Hit::cache_status`] or [`Forwarded::cache_status`].
//!
//! Some things that the RFCs leave to a cache are left undone, each with its reason where it would
//! stand: parts are not stored ([`NotStored::Status`]), nor is a POST for a later GET
//! ([`NotStored::Method`]); a time is not guessed for errors; nothing stale is served unless
//! somebody allowed it, an upstream that is away being no exception; several ranges get the whole.
//! `Pragma` and `Warning` are not read, since RFC 9111 §5.4 and §5.5 withdrew them. A request that
//! fits no variant is sent without the variants' tags.
//!
//! ```
//! use std::time::{Duration, SystemTime};
//!
//! use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
//! use trunkline_cache::{
//!     Decision, Exchange, Policy, RequestHead, ResponseHead, Shape, look, storable,
//! };
//!
//! let noon = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
//! let request = RequestHead { method: &Method::GET, headers: &HeaderMap::new() };
//! let mut headers = HeaderMap::new();
//! headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("max-age=60"));
//!
//! // The upstream has answered: is that worth keeping?
//! let response = ResponseHead { status: StatusCode::OK, headers: &headers };
//! let exchange = Exchange { sent_at: noon, received_at: noon };
//! let Ok(stored) = storable(Policy::Headers, request, response, || exchange) else {
//!     return;
//! };
//!
//! // Twenty seconds later the same is asked.
//! let later = noon + Duration::from_secs(20);
//! let Decision::Serve(hit) = look(Policy::Headers, request, [&stored], later) else {
//!     panic!("it is fresh");
//! };
//! let shape = Shape::of(request, &stored, Some(5));
//! let replayed = stored.replay(shape, &hit, Some(5));
//! assert_eq!(replayed[header::AGE], "20");
//! assert_eq!(hit.cache_status(), "trunkline; hit; ttl=40");
//! ```

mod asking;
mod directive;
mod freshness;
mod invalidate;
mod look;
mod member;
mod message;
mod number;
mod replay;
mod settle;
mod status;
mod stored;
mod storing;
mod tag;
mod targeted;
mod vary;

#[cfg(test)]
mod laws;
#[cfg(test)]
mod samples;

pub use freshness::FreshBy;
pub use invalidate::invalidates;
pub use look::{Decision, Hit, HitKind, Why, look};
pub use message::{Exchange, Policy, RequestHead, ResponseHead};
pub use replay::Shape;
pub use settle::{Asked, Freshened, Old, Outcome, Settled};
pub use status::{CACHE_STATUS, Forwarded, Kept, only_if_cached};
pub use stored::{Conditions, Parts, Stored};
pub use storing::{NotStored, may_keep_status, storable};
pub use vary::Varied;
