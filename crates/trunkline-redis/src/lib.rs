//! What several Trunkline processes share, kept in Redis: limits, and a second tier of the cache.
//!
//! Only this crate speaks to Redis. It does so on one thread of its own: callers on any runtime hold
//! a [`Redis`], ask, and have an answer within the time limit (20 ms): Redis's, or [`Away`].
//!
//! # When Redis is away
//!
//! Then the answer is [`Away`], and it is the caller's to go on without: with limits of its own, at
//! the shared ones divided by [`Standing::Away`]'s `sharing`, and without the second tier. That is
//! neither an outage nor an open gate. A lease that is late or a connection that breaks makes Redis
//! away; a look into the cache that is late, or an error that Redis answers, makes the thread look
//! at once whether it is. While it is away nobody waits: every question is answered at once. The
//! thread tries again by itself, first after 10 ms, then less often, at least each second, until Redis
//! can be written to and answers within the time limit. Both changes are told once, as [`Notice`].
//!
//! # Limits
//!
//! [`Redis::lease`] takes tokens from a bucket that is reckoned in Redis, on Redis's clock: in any
//! time at most `capacity + refill * time / period` are taken and not given back. Tokens are leased
//! in batches and spent later, so the calls that go in some time may be more than that by what all
//! processes hold unspent when it begins: `processes * batch` at most, if none leases before its last
//! batch is spent. What a process spends without asking, while Redis is away, it has to count, and
//! tells with its next lease ([`Apart`]): it is charged before any is given, so that a Redis that
//! comes and goes does not hand out again and again what has refilled meanwhile. Redis restarted without its data, or one that removes keys to have room
//! (`maxmemory-policy`), begins with full buckets: give it room, and `noeviction`.
//!
//! # The second tier of the cache
//!
//! [`Redis::put`] keeps a value for a time, with labels; [`Redis::get`] finds it;
//! [`Redis::forget`] removes what has a label, and tells the other processes within about half a
//! second, or [`Forgotten::Everything`] where they may have missed something. A value whose call began
//! before its labels were forgotten is not kept, whichever process brings it and however late.
//!
//! # What stands in Redis
//!
//! Version 6 or newer, or Valkey, not a cluster. Everything begins with the prefix, by default
//! `trunkline:1:`, and everything goes by itself.
//!
//! | key | type | what |
//! | --- | --- | --- |
//! | `limit:=BUCKET`, `limit:#SHA256` | string | what a bucket misses, when, and its settings |
//! | `apart:PROCESS:NUMBER` | string | how much was charged of what was spent without asking, for ten minutes |
//! | `value:KEY` | string | a version byte and a value; `KEY` is 16 bytes as they are |
//! | `index:LABEL` | sorted set | the values that have a label, and until when |
//! | `barrier:LABEL` | string | when a label was forgotten, for ten minutes |
//! | `processes` | sorted set | who shares, and when they were heard of |
//! | `forgotten` | stream | what was forgotten, about the last 1,000 times |
//!
//! A `LABEL` is a kind (`address`, `operation`, `connector`, `tag`, `key` or `all`) and a hash.
//!
//! ```no_run
//! use std::num::NonZeroU32;
//! use std::time::Duration;
//!
//! use trunkline_redis::{Address, Lease, Options, Redis, SharedRate};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let address = Address::parse("redis://127.0.0.1:6379/0")?;
//! let redis = Redis::start(&address, Options::default(), |notice| drop(notice), |_| {})?;
//! let hundred = NonZeroU32::new(100).unwrap_or(NonZeroU32::MIN);
//! let lease = Lease {
//!     bucket: b"github",
//!     rate: SharedRate::new(hundred, hundred, Duration::from_secs(1))?,
//!     want: 20,
//!     at_least: NonZeroU32::MIN,
//!     apart: None,
//! };
//! match redis.lease(lease).await {
//!     Ok(leased) if leased.granted == 0 => println!("wait for {:?}", leased.retry_after),
//!     Ok(leased) => println!("{} calls may go", leased.granted),
//!     Err(away) => println!("{away}: go on with local limits"),
//! }
//! # Ok(())
//! # }
//! ```

mod address;
mod beat;
mod cache;
mod clock;
mod handle;
mod heard;
mod limit;
mod link;
mod names;
mod operation;
mod options;
mod owner;
mod rate;
mod reason;
mod standing;

#[cfg(test)]
mod fixture;

pub use address::{Address, BadAddress};
pub use cache::{CacheKey, Forget, Labels, Put};
pub use handle::{Away, Redis};
pub use heard::Forgotten;
pub use limit::{Account, Apart, Lease, Leased, Unspent};
pub use options::Options;
pub use owner::Notice;
pub use rate::SharedRate;
pub use reason::Reason;
pub use standing::{Counts, Standing};
