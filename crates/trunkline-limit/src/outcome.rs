//! How an attempt ended, as far as limits care.

/// What an attempt says about the upstream's health.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It answered, be it with a refusal of this very call (most 4xx).
    Fine,
    /// It said that there were too many calls: a 429, or what the connector declares to be one.
    Throttled,
    /// It said that it cannot serve now: 503.
    Unavailable,
    /// It did not answer in time.
    TimedOut,
    /// It could not be reached, broke the connection, or answered with another 5xx.
    Failed,
    /// Nothing can be told: the caller left, or nothing was sent.
    Unknown,
}

impl Outcome {
    /// Whether fewer calls at once may help.
    pub(crate) fn asks_for_less(self) -> bool {
        match self {
            Self::Throttled | Self::Unavailable | Self::TimedOut => true,
            Self::Fine | Self::Failed | Self::Unknown => false,
        }
    }
}
