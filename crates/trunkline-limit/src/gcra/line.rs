//! What a bucket's word says, and the arithmetic of taking and giving back.

use crate::Rate;

/// Bits below the ticks: the rate's mark, and whether promises may lie further ahead.
const LOW_BITS: u32 = 9;
const PROMISED_BEYOND: u64 = 1 << 8;

/// The last moment that fits into the word.
pub(super) const END_MAX: u64 = u64::MAX >> LOW_BITS;

/// A word that was read, in ticks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Line {
    /// When the bucket is full again.
    pub(super) end: u64,
    /// Whether a call may have been promised a moment after `max(now, end - tolerance)`.
    is_promised_beyond: bool,
}

/// Where a call would come.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    /// When it may go.
    pub(super) when: u64,
    /// The word once it has taken its place.
    pub(super) after: u64,
}

impl Line {
    pub(super) fn end_of(word: u64) -> u64 {
        word >> LOW_BITS
    }

    /// Reads a word; what another rate wrote counts for at most an empty bucket.
    pub(super) fn read(word: u64, rate: &Rate, now: u64) -> Self {
        let end = Self::end_of(word);
        let [.., mark] = word.to_be_bytes();
        if mark == rate.mark() {
            return Self {
                end,
                is_promised_beyond: word & PROMISED_BEYOND != 0,
            };
        }
        Self {
            end: end.min(now.saturating_add(rate.tolerance())),
            is_promised_beyond: now < end,
        }
    }

    /// The word in this rate's terms, if another rate wrote it and it is not full.
    pub(super) fn settled(self, word: u64, rate: &Rate, now: u64) -> Option<u64> {
        let settled = self.write(rate);
        (settled != word && now < self.end).then_some(settled)
    }

    fn write(self, rate: &Rate) -> u64 {
        let beyond = if self.is_promised_beyond {
            PROMISED_BEYOND
        } else {
            0
        };
        self.end.min(END_MAX) << LOW_BITS | beyond | u64::from(rate.mark())
    }

    /// The place of a call that costs so much and goes no earlier than `from`.
    pub(super) fn place(self, rate: &Rate, cost: u64, now: u64, from: u64) -> Place {
        let end = self.end.max(from).saturating_add(cost).min(END_MAX);
        let turn = end.saturating_sub(rate.tolerance());
        // A full bucket has no promises left. Who waits for another window's sake makes one that
        // the end does not tell.
        let was_promised = self.is_promised_beyond && now < self.end;
        let goes_late = now < from && turn < from;
        let line = Self {
            end,
            is_promised_beyond: was_promised || goes_late,
        };
        Place {
            when: turn.max(from),
            after: line.write(rate),
        }
    }

    /// The word without a call that cost so much and was to go at `when`; none if nothing changes.
    ///
    /// The call made the end lie at least `cost` beyond `when` and beyond all that was taken by later
    /// calls. Giving back `cost`, less the time from `when` to the last moment that was promised,
    /// therefore keeps the first law (see the module above).
    pub(super) fn without(self, rate: &Rate, now: u64, cost: u64, when: u64) -> Option<u64> {
        let end_of_line = self.end.saturating_sub(rate.tolerance());
        let has_line = now < end_of_line;
        let is_last = has_line && end_of_line == when && !self.is_promised_beyond;
        let mut promised_until = self.end.saturating_sub(rate.interval());
        if !self.is_promised_beyond {
            promised_until = promised_until.min(end_of_line.max(now));
        }
        let given_back = cost.saturating_sub(promised_until.saturating_sub(when));
        if given_back == 0 {
            return None;
        }
        let line = Self {
            end: self.end.saturating_sub(given_back),
            is_promised_beyond: self.is_promised_beyond || (has_line && !is_last),
        };
        Some(line.write(rate))
    }
}
