//! Keeps HTTP answers in memory, and lets one upstream call serve many askers.
//!
//! It decides nothing of RFC 9111: `trunkline_cache` says what may be kept and served. Here is
//! where answers stay ([`Store`]), and where askers of the same thing meet ([`Fills`]). Nothing
//! does I/O, starts a task, or knows the time; all of it may be used from any thread and any
//! runtime at once, and no lock is held while somebody waits.
//!
//! # How a call goes
//!
//! 1. Make the [`Address`] (which resource) and the [`Key`] (who asks, and for which form of it)
//!    with a [`KeyMaker`].
//! 2. [`Store::known`]: what is kept for the key. If that serves, the call is over.
//! 3. [`Fills::join`]: the first asker leads, the others follow; who is told [`Join::Again`] goes
//!    back to 2, for what is kept has changed meanwhile.
//! 4. The one who leads makes its own [`Reader`] with [`Lead::reader`], and hands the [`Lead`] to
//!    a task that asks the upstream. That task lives on when the first asker goes away: only when
//!    [`Lead::everyone_left`] need it stop.
//! 5. All read: [`Reader::head`], then [`Body::poll_piece`]. The body is read while it is
//!    written, by each at its own pace; what turns out to be too much to keep is written at the
//!    pace of the slowest ([`Writer::readers_near`]).
//!
//! What the upstream says decides how the task goes on: [`Lead::begins`] for an answer to keep,
//! [`Lead::serves`] if what was kept is good after all, [`Lead::hand_over`] for an answer that is
//! the first asker's alone, [`Lead::fails`] if there is none.
//!
//! # Outdated answers
//!
//! An answer that was asked for before an invalidation must not appear after it. Each fill has a
//! [`Mark`] from before the upstream is asked, and so has each answer that is put by hand
//! ([`Store::mark`]). What an invalidation or a purge has made old is refused
//! ([`NotKept::Outdated`]), and newcomers do not join its fill; those who were there already get
//! it still, since they asked before.
//!
//! Marks are counted coarsely: addresses share counters, and a purge of more than one address
//! outdates everything in flight. What is refused without need is only asked for again.
//!
//! ```
//! use std::sync::Arc;
//! use std::time::{Instant, SystemTime};
//!
//! use bytes::Bytes;
//! use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
//! use trunkline_cache::{Exchange, Policy, RequestHead, ResponseHead, storable};
//! use trunkline_store::{Bounds, Fills, Head, Join, KeyMaker, Known, Labels, Naming, Piece, Pushed, Store};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let runtime = tokio::runtime::Builder::new_current_thread().build()?;
//! # runtime.block_on(async {
//! # let (now, noon) = (Instant::now(), SystemTime::now());
//! let store = Arc::new(Store::new(Bounds { bytes_max: 64 << 20, entry_bytes_max: 1 << 20 }));
//! let fills = Arc::new(Fills::<String, ()>::new(Arc::clone(&store)));
//!
//! let mut maker = KeyMaker::new(Naming::Shared);
//! maker.add(b"github").add(b"https://api.github.com").add(b"/zen");
//! let address = maker.end_resource().address();
//! let key = maker.add_optional(Some(b"whose call it is")).key();
//!
//! let known = store.known(&key, now);
//! assert!(matches!(known, Known::Nothing));
//! let Join::Lead(lead) = fills.join(key, address, &known) else {
//!     return Err("nobody else asks".into());
//! };
//! let reader = lead.reader();
//!
//! // This is for a task: the upstream has answered.
//! let request = RequestHead { method: &Method::GET, headers: &HeaderMap::new() };
//! let mut headers = HeaderMap::new();
//! headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("max-age=60"));
//! let response = ResponseHead { status: StatusCode::OK, headers: &headers };
//! let exchange = Exchange { sent_at: noon, received_at: noon };
//! let stored = storable(Policy::Headers, request, response, || exchange).map_err(|why| why.detail())?;
//! let labels = Labels { address, connector: "github".into(), operation: None, tags: [].into() };
//! let mut writer = lead.begins(stored, Arc::new(labels), Some(19));
//! assert_eq!(writer.push(Bytes::from("Design for ")), Pushed::Kept);
//! assert_eq!(writer.push(Bytes::from("failure.")), Pushed::Kept);
//! let entry = writer.end()?;
//!
//! // And this for the one who asked.
//! let Head::Begins(mut body) = reader.head().await else {
//!     return Err("an answer came".into());
//! };
//! while let Some(piece) = body.next().await {
//!     assert!(matches!(piece, Piece::Data(_)));
//! }
//! let Known::Entries(slot) = store.known(&key, now) else {
//!     return Err("it was kept".into());
//! };
//! assert!(Arc::ptr_eq(&slot.entries()[0], &entry));
//! # Ok(()) }) }
//! ```

mod bounds;
mod entry;
mod fill;
mod fills;
mod generations;
mod held;
mod key;
mod lead;
mod reader;
mod room;
mod selection;
mod sharded;
mod store;
mod written;

#[cfg(test)]
mod laws;
#[cfg(test)]
mod races;
#[cfg(test)]
mod samples;

pub use bounds::Bounds;
pub use entry::{Entry, Labels, Slot};
pub use fills::{Fills, Join};
pub use generations::Mark;
pub use key::{Address, Key, KeyMaker, Naming, NotADigest};
pub use lead::{Lead, Pushed, Writer};
pub use reader::{Begun, Body, Head, Piece, Reader};
pub use selection::Selection;
pub use store::{Figures, Known, NotKept, Store};
