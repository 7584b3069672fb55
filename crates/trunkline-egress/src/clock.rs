//! Time as a value: the machine's, or a test's that moves only when told.

mod manual;

use std::fmt;
use std::future::{self, Future};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant, SystemTime};

pub use self::manual::ManualClock;

use self::manual::{Audience, Sleeper, Timeline};

/// Far enough to mean "never", near enough for every timer to hold it.
const FAR: Duration = Duration::from_hours(365 * 24);

/// Gives the time and waits for it; cheap to clone.
#[derive(Clone, Debug)]
pub struct Clock(Kind);

#[derive(Clone, Debug)]
enum Kind {
    System,
    Manual(Timeline),
}

/// A limit of time was reached before the work was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the time limit was reached")]
pub struct Elapsed;

impl Clock {
    /// The machine's clock, and tokio's timers.
    pub fn system() -> Clock {
        Clock(Kind::System)
    }

    /// A clock for tests, and the handle that moves it.
    pub fn manual() -> (Clock, ManualClock) {
        let timeline = Timeline::new();
        (
            Clock(Kind::Manual(timeline.clone())),
            ManualClock::new(timeline),
        )
    }

    /// The time for measuring how long something took.
    #[expect(clippy::disallowed_methods, reason = "this is the clock")]
    pub fn now(&self) -> Instant {
        match &self.0 {
            Kind::System => Instant::now(),
            Kind::Manual(timeline) => timeline.now(),
        }
    }

    /// The time that people and other machines know.
    #[expect(clippy::disallowed_methods, reason = "this is the clock")]
    pub fn wall(&self) -> SystemTime {
        match &self.0 {
            Kind::System => SystemTime::now(),
            Kind::Manual(timeline) => timeline.wall(),
        }
    }

    /// The moment `duration` from now; a duration beyond all measure ends in a year.
    pub fn after(&self, duration: Duration) -> Instant {
        later(self.now(), duration)
    }

    /// Waits until `deadline`.
    pub fn sleep_until(&self, deadline: Instant) -> Sleep {
        self.sleeper(deadline, Audience::Foreground)
    }

    /// Waits for `duration`.
    pub fn sleep(&self, duration: Duration) -> Sleep {
        self.sleep_until(self.after(duration))
    }

    /// Waits until `deadline` for housekeeping: [`ManualClock::sleeping`] does not report it.
    pub(crate) fn sleep_in_background_until(&self, deadline: Instant) -> Sleep {
        self.sleeper(deadline, Audience::Background)
    }

    /// Runs `future` until it is done or `deadline` has come; without one, until it is done.
    ///
    /// The future is asked first, so one that is ready costs no timer and never loses to a
    /// deadline that has passed.
    ///
    /// # Errors
    ///
    /// [`Elapsed`] when the deadline came first; the future has then been dropped.
    pub async fn limit<F: Future>(
        &self,
        deadline: Option<Instant>,
        future: F,
    ) -> Result<F::Output, Elapsed> {
        let mut future = pin!(future);
        let Some(deadline) = deadline else {
            return Ok(future.await);
        };
        let mut sleep = None;
        future::poll_fn(|cx| {
            if let Poll::Ready(output) = future.as_mut().poll(cx) {
                return Poll::Ready(Ok(output));
            }
            let sleep = sleep.get_or_insert_with(|| self.sleep_until(deadline));
            Pin::new(sleep).poll(cx).map(|()| Err(Elapsed))
        })
        .await
    }

    fn sleeper(&self, deadline: Instant, audience: Audience) -> Sleep {
        let timer = match &self.0 {
            Kind::System => Timer::System(None),
            Kind::Manual(timeline) => Timer::Manual(timeline.sleeper(audience)),
        };
        Sleep { deadline, timer }
    }
}

/// `start` and `duration` later, or a year later where that cannot be counted.
pub(crate) fn later(start: Instant, duration: Duration) -> Instant {
    start
        .checked_add(duration)
        .or_else(|| start.checked_add(FAR))
        .unwrap_or(start)
}

/// Ready when its deadline has come. Can be set again and again.
///
/// Nothing is registered with a timer until it is polled and must wait. [`Sleep::reset`] to a
/// later moment leaves an earlier registration standing: when that one fires, the sleep registers
/// for what is left. A limit that starts anew with every call on a connection, and is hardly ever
/// reached, so costs one registration per limit's length instead of one per call.
pub struct Sleep {
    deadline: Instant,
    timer: Timer,
}

enum Timer {
    System(Option<Armed>),
    Manual(Sleeper),
}

/// A timer of the runtime, set for `until`, which may be before the sleep's deadline.
struct Armed {
    until: Instant,
    timer: Pin<Box<tokio::time::Sleep>>,
}

impl Sleep {
    /// Moves the deadline; takes effect when polled next.
    pub fn reset(&mut self, deadline: Instant) {
        self.deadline = deadline;
        self.rest();
    }

    /// When it will be ready.
    pub fn deadline(&self) -> Instant {
        self.deadline
    }

    /// Says that nobody waits for it until it is polled again.
    ///
    /// A runtime's timer keeps its registration, for the next time; a test's clock forgets it, so
    /// that it reports only those who wait.
    pub(crate) fn rest(&mut self) {
        match &mut self.timer {
            Timer::System(_) => {}
            Timer::Manual(sleeper) => sleeper.forget(),
        }
    }
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let deadline = self.deadline;
        match &mut self.timer {
            Timer::Manual(sleeper) => sleeper.poll(deadline, cx),
            Timer::System(slot) => {
                let armed = slot.get_or_insert_with(|| Armed::new(deadline));
                armed.poll(deadline, cx)
            }
        }
    }
}

impl fmt::Debug for Sleep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sleep")
            .field("deadline", &self.deadline)
            .finish_non_exhaustive()
    }
}

impl Armed {
    #[expect(clippy::disallowed_methods, reason = "this is the clock")]
    fn new(until: Instant) -> Armed {
        let timer = Box::pin(tokio::time::sleep_until(until.into()));
        Armed { until, timer }
    }

    fn poll(&mut self, deadline: Instant, cx: &mut Context<'_>) -> Poll<()> {
        if deadline < self.until {
            self.set(deadline);
        }
        loop {
            ready!(self.timer.as_mut().poll(cx));
            if deadline <= self.until {
                return Poll::Ready(());
            }
            self.set(deadline);
        }
    }

    fn set(&mut self, until: Instant) {
        self.until = until;
        self.timer.as_mut().reset(until.into());
    }
}

#[cfg(test)]
mod tests;
