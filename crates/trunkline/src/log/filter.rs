//! Which calls are listed, as people say it.

#[cfg(test)]
mod tests;

use std::str::FromStr;
use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use trunkline_connector::units::Span;
use trunkline_log::{Filter, Which};

use crate::error::{Error, ErrorKind};

/// The most calls that are listed at once.
const CALLS_MAX: u32 = 10_000;

/// Which calls are listed. All that is said must be so.
#[derive(Debug, Clone)]
pub struct CallFilter {
    /// The most calls that are listed, 1 to 10,000.
    pub limit: u32,
    /// Calls of this connector.
    pub connector: Option<String>,
    /// Calls of this operation.
    pub operation: Option<String>,
    /// Calls that were answered with such a status.
    pub status: Option<Statuses>,
    /// Only calls that did not go well.
    pub errors: bool,
    /// Calls that began then or later.
    pub since: Option<Since>,
    /// Calls that took longer.
    pub slower: Option<Duration>,
}

/// One status, or all that begin alike: `429`, `4xx`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Statuses {
    /// This one.
    Only(u16),
    /// Those that begin with this digit.
    Class(u8),
}

/// A moment, counted back from now or by the calendar: `1h`, `2026-11-22T10:00:00Z`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Since {
    /// So long ago.
    Ago(Duration),
    /// At this time.
    At(SystemTime),
}

impl Default for CallFilter {
    fn default() -> Self {
        Self {
            limit: 50,
            connector: None,
            operation: None,
            status: None,
            errors: false,
            since: None,
            slower: None,
        }
    }
}

impl CallFilter {
    /// As the log takes it.
    ///
    /// # Errors
    /// [`ErrorKind::BadInput`], if the limit is none.
    pub(super) fn at(&self, now: SystemTime) -> Result<Filter, Error> {
        if !(1..=CALLS_MAX).contains(&self.limit) {
            let message = format!("`limit` is `{}`, which it cannot be", self.limit);
            return Err(Error::new(ErrorKind::BadInput, message)
                .with_hint(format!("allowed is a number from 1 to {CALLS_MAX}")));
        }
        Ok(Filter {
            newest: self.limit,
            connector: self.connector.clone(),
            operation: self.operation.clone(),
            status: match self.status {
                None => trunkline_log::Statuses::All,
                Some(Statuses::Only(status)) => trunkline_log::Statuses::Only(status),
                Some(Statuses::Class(digit)) => trunkline_log::Statuses::Class(digit),
            },
            which: if self.errors {
                Which::Errors
            } else {
                Which::All
            },
            since_ms: self.since.map(|since| since.millis(now)),
            slower_than: self.slower,
        })
    }
}

impl Since {
    fn millis(self, now: SystemTime) -> i64 {
        let at = match self {
            Self::Ago(ago) => now.checked_sub(ago).unwrap_or(SystemTime::UNIX_EPOCH),
            Self::At(at) => at,
        };
        let since = at.duration_since(SystemTime::UNIX_EPOCH);
        i64::try_from(since.unwrap_or_default().as_millis()).unwrap_or(i64::MAX)
    }
}

impl FromStr for Statuses {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        if let Some(digit) = text.strip_suffix("xx").and_then(|digit| digit.parse().ok())
            && (1..=5).contains(&digit)
        {
            return Ok(Self::Class(digit));
        }
        match text.parse() {
            Ok(status) if text.len() == 3 && (100..=599).contains(&status) => {
                Ok(Self::Only(status))
            }
            _ => Err(wrong(
                text,
                "no status",
                "a status such as `429`, or a class such as `4xx`",
            )),
        }
    }
}

impl FromStr for Since {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        if let Ok(Span(ago)) = text.parse() {
            return Ok(Self::Ago(ago));
        }
        match text.parse::<Timestamp>() {
            Ok(at) => Ok(Self::At(at.into())),
            Err(_) => Err(wrong(
                text,
                "no time",
                "a time ago such as `30m`, `1h` or `7d`, or a moment such as `2026-11-22T10:00:00Z`",
            )),
        }
    }
}

fn wrong(text: &str, is: &str, allowed: &str) -> Error {
    Error::new(ErrorKind::BadInput, format!("`{text}` is {is}"))
        .with_hint(format!("allowed is {allowed}"))
}
