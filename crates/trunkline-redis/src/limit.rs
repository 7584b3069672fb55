//! Tokens taken from a bucket that several processes share, many at a time, and given back.
//!
//! The reckoning is done by Redis, in a script, on its own clock: see `limit/settle.lua`. It is a
//! token bucket in whole numbers. Two laws hold, and the tests check what follows from them: in any
//! span of time, by Redis's clock, at most `capacity + refill * time` tokens are taken and not given
//! back; and what is refused takes nothing.
//!
//! What was spent without asking is told with the next lease, and charged before any is given: see
//! [`Apart`]. Where it is more than the bucket had left, nothing is given until that is made up for,
//! so the first law holds of all of it, for each span that ends with a lease.

use std::num::NonZeroU32;
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{RedisResult, Script, ScriptInvocation};

use crate::rate::SharedRate;

/// What is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Lease<'a> {
    /// Whose tokens: the same bytes in every process. Long ones are hashed.
    pub bucket: &'a [u8],
    /// The bucket's settings. Others than last time hold at once: what was taken counts as taken, but
    /// for at most an empty bucket.
    pub rate: SharedRate,
    /// As many as will be taken, if they are there. Below `at_least` it means `at_least`.
    pub want: u32,
    /// Fewer are of no use: then none are taken.
    pub at_least: NonZeroU32,
    /// What was spent of the bucket without asking; none, if nobody does.
    pub apart: Option<Apart>,
}

/// What one account has spent of a bucket without asking, as while Redis was away.
///
/// All of it is told each time, so that it is charged once, also where the answer to it was lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Apart {
    /// Whose. It spends of one bucket alone.
    pub account: Account,
    /// How many tokens in all; below 2^53.
    pub spent: u64,
    /// How many of these need not be charged any more.
    pub charged: u64,
}

/// Tells one who spends without asking from all others, of every process: [`Redis::account`].
///
/// [`Redis::account`]: crate::Redis::account
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Account(pub(crate) u64);

/// What was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Leased {
    /// How many tokens; none, or at least what was asked.
    pub granted: u32,
    /// If none were given, how long it takes until what was asked at least is there.
    /// [`Duration::MAX`] if the bucket is not that large.
    pub retry_after: Duration,
    /// How many more the bucket holds.
    pub left: u32,
    /// How many processes share this Redis, this one included; at most half a second old.
    pub sharing: u32,
    /// When this was, by Redis's clock, since 1970. Giving back asks for it.
    pub taken_at: Duration,
}

/// Tokens that were leased and will not be spent.
#[derive(Debug, Clone, Copy)]
pub struct Unspent<'a> {
    /// The bucket they were taken from.
    pub bucket: &'a [u8],
    /// Its settings when they were taken.
    pub rate: SharedRate,
    /// How many.
    pub tokens: u32,
    /// When they were taken: [`Leased::taken_at`].
    pub taken_at: Duration,
}

/// The scripts for it.
#[derive(Debug)]
pub(crate) struct Scripts {
    lease: Script,
    give_back: Script,
}

/// A lease as Redis is asked for it.
#[derive(Debug)]
pub(crate) struct Ask {
    /// The whole name in Redis.
    pub(crate) key: Vec<u8>,
    pub(crate) rate: SharedRate,
    pub(crate) want: u32,
    pub(crate) at_least: u32,
    pub(crate) apart: Option<Told>,
}

/// What was spent without asking, as Redis is told of it.
#[derive(Debug)]
pub(crate) struct Told {
    /// The whole name in Redis.
    pub(crate) key: Vec<u8>,
    pub(crate) spent: u64,
    pub(crate) charged: u64,
}

/// Redis's answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Taken {
    pub(crate) tokens: u32,
    pub(crate) wait_us: u64,
    pub(crate) at_us: u64,
    pub(crate) left: u32,
}

/// Tokens as they are given back.
#[derive(Debug)]
pub(crate) struct Back {
    /// The whole name in Redis.
    pub(crate) key: Vec<u8>,
    pub(crate) rate: SharedRate,
    pub(crate) tokens: u32,
    pub(crate) taken_at_us: u64,
}

impl Scripts {
    /// `clock` is the beginning of each script, which sets `now`.
    pub(crate) fn new(clock: &str) -> Self {
        let script = |rest| Script::new(&[clock, include_str!("limit/settle.lua"), rest].concat());
        Self {
            lease: script(include_str!("limit/lease.lua")),
            give_back: script(include_str!("limit/give_back.lua")),
        }
    }

    pub(crate) async fn lease(
        &self,
        connection: &mut MultiplexedConnection,
        ask: &Ask,
    ) -> RedisResult<Taken> {
        let reply = self.lease_call(ask).invoke_async(connection).await?;
        Ok(Taken::of(reply))
    }

    /// Says how many whole tokens came back.
    pub(crate) async fn give_back(
        &self,
        connection: &mut MultiplexedConnection,
        back: &Back,
    ) -> RedisResult<u32> {
        self.give_back_call(back).invoke_async(connection).await
    }

    fn lease_call(&self, ask: &Ask) -> ScriptInvocation<'_> {
        let mut call = self.lease.prepare_invoke();
        call.key(&ask.key).arg(ask.rate.unit).arg(ask.rate.refill);
        call.arg(ask.rate.capacity());
        call.arg(ask.want.max(ask.at_least)).arg(ask.at_least);
        if let Some(told) = &ask.apart {
            call.key(&told.key).arg(told.spent).arg(told.charged);
        }
        call
    }

    fn give_back_call(&self, back: &Back) -> ScriptInvocation<'_> {
        let mut call = self.give_back.prepare_invoke();
        call.key(&back.key)
            .arg(back.rate.unit)
            .arg(back.rate.refill);
        call.arg(back.rate.capacity());
        call.arg(back.tokens).arg(back.taken_at_us);
        call
    }
}

impl Taken {
    fn of((tokens, wait_us, at_us, left): (u32, u64, u64, u32)) -> Self {
        Self {
            tokens,
            wait_us,
            at_us,
            left,
        }
    }
}

impl Leased {
    /// More was asked for than the bucket ever holds.
    pub(crate) fn never(sharing: u32) -> Self {
        Self {
            granted: 0,
            retry_after: Duration::MAX,
            left: 0,
            sharing,
            taken_at: Duration::ZERO,
        }
    }

    pub(crate) fn of(taken: Taken, sharing: u32) -> Self {
        Self {
            granted: taken.tokens,
            retry_after: Duration::from_micros(taken.wait_us),
            left: taken.left,
            sharing,
            taken_at: Duration::from_micros(taken.at_us),
        }
    }
}

#[cfg(test)]
mod tests;
