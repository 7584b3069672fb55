//! How much memory is used at most, and into how many parts it is cut.

use quick_cache::{Options, OptionsBuilder};

/// How much may be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Of all together, in bytes, with about what the tables take. An eighth of it, or as much as
    /// one answer may take, is for answers that are being written; never more than half.
    pub bytes_max: u64,
    /// Of one answer, in bytes, with its head.
    ///
    /// The room is cut into up to 16 parts, fewer if answers may be large in proportion. That is
    /// done once, and however far this is raised later, an answer must fit into a part: see
    /// [`Store::entry_bytes_max`](crate::Store::entry_bytes_max).
    pub entry_bytes_max: u64,
}

/// A shard with less room than this has none.
const ROOM_MIN: u64 = 1024;

const SHARDS_MAX: usize = 16;

/// So many of the largest entries must fit into a shard.
const LARGEST_MIN: u64 = 8;

/// How the table is made; its room is set afterwards.
pub(crate) fn options(bounds: Bounds) -> Options {
    let shards = shards_for(bounds);
    // For so many it remembers that they were evicted; below 32 it would join shards.
    let items = items_in(bounds.bytes_max).max(32 * shards);
    let mut options = OptionsBuilder::new();
    let options = options
        .shards(shards)
        .estimated_items_capacity(items)
        .weight_capacity(0);
    #[expect(clippy::expect_used, reason = "only a capacity left out is an error")]
    options.build().expect("all is set")
}

fn shards_for(bounds: Bounds) -> usize {
    let needed = bounds.entry_bytes_max.saturating_mul(LARGEST_MIN).max(1);
    let mut shards = SHARDS_MAX;
    while 1 < shards && bounds.bytes_max / (shards as u64) < needed {
        shards /= 2;
    }
    shards
}

fn items_in(bytes: u64) -> usize {
    const PER_ITEM: u64 = 8 << 10;
    usize::try_from(bytes / PER_ITEM).unwrap_or(usize::MAX)
}

/// The room for answers that are being written: for the largest, at least.
pub(crate) fn writing(bounds: Bounds) -> u64 {
    let Bounds {
        bytes_max,
        entry_bytes_max,
    } = bounds;
    (bytes_max / 8).max(entry_bytes_max).min(bytes_max / 2)
}

/// The room that the table gets: as much for each shard, and together no more than allowed.
pub(crate) fn room(bounds: Bounds, shards: usize) -> u64 {
    let shards = shards as u64;
    let per_shard = (bounds.bytes_max - writing(bounds)) / shards;
    if per_shard < ROOM_MIN {
        return 0;
    }
    per_shard * shards
}

/// The largest slot that the table takes: it wants no more than 97 % of a shard.
pub(crate) fn slot_bytes_max(shard_room: u64) -> u64 {
    shard_room - shard_room.div_ceil(16)
}
