//! Sets of HTTP statuses, as connector files name them: `429`, `5xx`.

#[cfg(test)]
mod tests;

use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;

use http::StatusCode;

/// The statuses that a rule or a hint applies to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Statuses {
    /// All of them: none was named.
    Any,
    /// Those named.
    These(Vec<StatusSet>),
}

/// One status, or a class of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusSet(RangeInclusive<u16>);

/// Why a text names no statuses.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no status: `429`, or `5xx` for a class of them")]
pub struct StatusError(String);

impl Statuses {
    /// Whether a status is among them.
    pub fn contain(&self, status: StatusCode) -> bool {
        match self {
            Self::Any => true,
            Self::These(sets) => sets.iter().any(|set| set.0.contains(&status.as_u16())),
        }
    }

    /// Whether every status of `other` is among them.
    pub fn cover(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Any, _) => true,
            (Self::These(_), Self::Any) => false,
            (Self::These(ours), Self::These(theirs)) => {
                let contain = |status: u16| ours.iter().any(|set| set.0.contains(&status));
                theirs.iter().all(|set| set.0.clone().all(contain))
            }
        }
    }

    /// Whether any status from `from` to `to` is among them.
    pub fn touch(&self, range: RangeInclusive<u16>) -> bool {
        match self {
            Self::Any => true,
            Self::These(sets) => sets
                .iter()
                .any(|set| set.0.start() <= range.end() && range.start() <= set.0.end()),
        }
    }
}

impl FromIterator<StatusSet> for Statuses {
    fn from_iter<I: IntoIterator<Item = StatusSet>>(sets: I) -> Self {
        let sets: Vec<_> = sets.into_iter().collect();
        if sets.is_empty() {
            Self::Any
        } else {
            Self::These(sets)
        }
    }
}

impl FromStr for StatusSet {
    type Err = StatusError;

    fn from_str(text: &str) -> Result<Self, StatusError> {
        let refused = || StatusError(text.to_owned());
        let class = text.strip_suffix("xx").filter(|class| class.len() == 1);
        if let Some(class) = class {
            let class: u16 = class.parse().map_err(|_| refused())?;
            let range = class * 100..=class * 100 + 99;
            return if (1..=5).contains(&class) {
                Ok(Self(range))
            } else {
                Err(refused())
            };
        }
        let is_whole = text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_digit());
        let status: u16 = text.parse().map_err(|_| refused())?;
        if is_whole && (100..=599).contains(&status) {
            Ok(Self(status..=status))
        } else {
            Err(refused())
        }
    }
}

impl fmt::Display for StatusSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.start() == self.0.end() {
            write!(f, "{}", self.0.start())
        } else {
            write!(f, "{}xx", self.0.start() / 100)
        }
    }
}
