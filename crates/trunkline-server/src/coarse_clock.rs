//! The time as a thread's sweep saw it last: reading it costs nothing, and it is a second late.

#[cfg(test)]
mod tests;

use std::cell::Cell;
use std::time::{Duration, SystemTime};

/// A time since the thread began, in milliseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Moment(pub(crate) u64);

impl Moment {
    /// So much later.
    pub(crate) fn later(self, by: Duration) -> Self {
        Self(
            self.0
                .saturating_add(u64::try_from(by.as_millis()).unwrap_or(u64::MAX)),
        )
    }
}

/// A date as HTTP writes it (RFC 9110 section 5.6.7).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Date([u8; DATE_BYTES]);

const DATE_BYTES: usize = "Sun, 06 Nov 1994 08:49:37 GMT".len();

impl Date {
    /// The date of a time.
    pub(crate) fn of(time: SystemTime) -> Self {
        // It knows the years up to 9999 and panics beyond; no clock of a machine that runs shows them.
        let last = SystemTime::UNIX_EPOCH + Duration::from_secs(253_402_300_799);
        let text = httpdate::fmt_http_date(time.clamp(SystemTime::UNIX_EPOCH, last));
        let mut date = [b' '; DATE_BYTES];
        for (place, byte) in date.iter_mut().zip(text.bytes()) {
            *place = byte;
        }
        Self(date)
    }

    /// Its text.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// The time as the last sweep saw it.
#[derive(Debug)]
pub(crate) struct CoarseClock {
    now: Cell<Moment>,
    date: Cell<Date>,
    period: Duration,
}

impl CoarseClock {
    /// A clock that is set every `period`.
    pub(crate) fn new(period: Duration) -> Self {
        Self {
            now: Cell::new(Moment::default()),
            date: Cell::new(Date::of(SystemTime::UNIX_EPOCH)),
            period,
        }
    }

    /// How long it stands still at a time.
    pub(crate) fn period(&self) -> Duration {
        self.period
    }

    /// Says what the time is, for us and for others.
    pub(crate) fn set(&self, now: Moment, wall: SystemTime) {
        self.now.set(now);
        self.date.set(Date::of(wall));
    }

    /// The date.
    pub(crate) fn date(&self) -> Date {
        self.date.get()
    }

    /// A time that has certainly come by the next sweep but one, and not before now.
    pub(crate) fn soon(&self) -> Moment {
        self.now.get().later(self.period)
    }
}
