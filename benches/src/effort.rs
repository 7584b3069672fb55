//! How much is measured: enough to trust the figures, or as little as shows that they can be had.

/// The size of every measurement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Effort {
    /// Rounds beside nginx.
    pub(crate) rounds: u32,
    /// Length of the load of each of them.
    pub(crate) seconds: u32,
    /// Calls under callgrind, in two runs whose difference counts.
    pub(crate) calls: (u32, u32),
    /// Streams that are open at once.
    pub(crate) streams: usize,
    /// Connections that are busy at once.
    pub(crate) connections: usize,
    /// Starts, of which the median counts.
    pub(crate) starts: usize,
    /// Records of a list.
    pub(crate) records: u32,
    /// Load in spite of everything.
    pub(crate) soak: Soak,
}

/// How long everything goes wrong, and what goes on meanwhile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Soak {
    /// For how long.
    pub(crate) minutes: u32,
    /// Calls in a second, in all.
    pub(crate) rate: u32,
    /// What chance begins with, if it is to be the same as another time.
    pub(crate) seed: Option<u32>,
}

impl Soak {
    /// Long enough to see that it can be done. An hour says more.
    const SHORT: Self = Self {
        minutes: 3,
        rate: 300,
        seed: None,
    };
}

impl Effort {
    /// What the published figures are made with.
    pub(crate) fn full() -> Self {
        Self {
            rounds: 12,
            seconds: 3,
            calls: (1_000, 5_000),
            streams: 10_000,
            connections: 1_000,
            starts: 20,
            records: 1_000_000,
            soak: Soak::SHORT,
        }
    }

    /// What a test runs, so that none of this rots.
    pub(crate) fn smallest() -> Self {
        Self {
            rounds: 1,
            seconds: 1,
            calls: (100, 300),
            streams: 50,
            connections: 20,
            starts: 1,
            records: 20_000,
            soak: Soak::SHORT,
        }
    }
}
