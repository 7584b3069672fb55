//! A breaker's state, to be shown.

use crate::Nanos;

/// What to show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct View {
    /// Closed, open or half open.
    pub status: Status,
    /// Calls that were counted lately.
    pub calls: u32,
    /// Those that failed.
    pub failures: u32,
    /// How often it has opened.
    pub trips: u64,
    /// From when a probe may be let through, while open.
    pub next_probe: Option<Nanos>,
}

/// Whether calls are let through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// All.
    Closed,
    /// None.
    Open,
    /// A few, to see.
    HalfOpen,
}

impl Status {
    /// Its name in metrics and messages.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open => "open",
            Self::HalfOpen => "half_open",
        }
    }
}
