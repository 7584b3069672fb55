//! The answer to the question when a call may go.

use std::time::Duration;

use crate::Nanos;
use crate::learned::Dimension;

/// When a call may go, and why not earlier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reserved {
    /// At once.
    Now,
    /// Later; its place is kept.
    At {
        /// The moment from which it may go.
        when: Nanos,
        /// What holds it until then.
        by: By,
    },
    /// Not within the wait that was allowed; nothing was taken.
    Refused {
        /// After how long it could have gone.
        retry_after: Duration,
        /// What would have held it.
        by: By,
    },
    /// Never: it weighs more than the whole bucket holds; nothing was taken.
    TooHeavy {
        /// What was asked for.
        weight: u32,
        /// The most that can be had.
        capacity: u32,
        /// Which of the windows, counted from 0.
        window: usize,
    },
}

impl Reserved {
    /// The moment from which the call may go, if it was let in.
    pub fn when(self, now: Nanos) -> Option<Nanos> {
        match self {
            Self::Now => Some(now),
            Self::At { when, .. } => Some(when),
            Self::Refused { .. } | Self::TooHeavy { .. } => None,
        }
    }
}

/// What holds a call back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// A bucket of the settings, the `n`th of those that were asked, from 0.
    Window(usize),
    /// The upstream said how much is left, and it is spread over the time to the reset.
    Spread(Dimension),
    /// The upstream said that nothing, or too little, is left.
    Spent(Dimension),
    /// The upstream said how long to wait.
    Told,
}
