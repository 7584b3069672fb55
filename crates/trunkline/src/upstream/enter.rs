//! Lets an attempt go: at once, when its turn has come, or not at all.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::Poll;
use std::time::Duration;

use trunkline_egress::clock::Elapsed;
use trunkline_limit::breaker::{self, Breaker};
use trunkline_limit::learned::Amounts;
use trunkline_limit::{By, Nanos, Reserved};

use super::line::Place;
use super::permit::Permit;
use super::{Changes, Heeds, Lane, Pacing, Upstream};
use crate::call::Caller;

/// The longest that a question to Redis takes, with some slack.
const ASKING_MAX: Duration = Duration::from_millis(50);

/// An attempt that wants to be sent.
pub(crate) struct Attempt<'a> {
    pub(crate) upstream: &'a Arc<Upstream>,
    pub(crate) lane: &'a Arc<Lane>,
    pub(crate) pacing: &'a Arc<Pacing>,
    /// Of the host that it goes to, where that may be left alone.
    pub(crate) breaker: Option<&'a Arc<Breaker>>,
    /// Which of the upstream's words hold it.
    pub(crate) heeds: Heeds,
    /// What it takes of the upstream's own limits.
    pub(crate) amounts: Amounts,
    pub(crate) caller: &'a Caller,
}

/// Why an attempt is not sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Refused {
    /// The upstream keeps failing. It may be asked again after this.
    Suspended { next_probe: Duration },
    /// Its turn would come too late.
    TooLate { retry_after: Duration, by: Cause },
    /// The settings have changed meanwhile: it is to be asked anew, by the new ones.
    Changed,
    /// Too many wait already.
    TooMany {
        retry_after: Duration,
        waiting: usize,
    },
}

/// Which limit holds an attempt back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Cause {
    /// A window of the settings, by its name.
    Window(String),
    /// The upstream's own, as it told.
    Told,
    /// As many are under way as may be.
    Concurrency(u32),
}

/// What keeps an attempt from going at once.
enum Obstacle {
    Passes,
    Refused(Refused),
}

impl From<Refused> for Obstacle {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

impl Attempt<'_> {
    /// Lets it go if nothing stands in its way; `None` if it has to wait.
    pub(crate) fn enter_now(&self, now: Nanos) -> Result<Option<Permit>, Refused> {
        if self.lane.line.is_busy() {
            return Ok(None);
        }
        match self.try_enter(now) {
            Ok(permit) => Ok(Some(permit)),
            Err(Obstacle::Passes) => Ok(None),
            Err(Obstacle::Refused(refused)) => {
                self.upstream.counts.refuse(&refused);
                Err(refused)
            }
        }
    }

    /// Waits for its turn, until `deadline` at most and no longer than the settings say.
    ///
    /// A wait that would be too long is refused before it begins. `seen` is from before the settings
    /// were looked at by which it waits, so that no change to them is missed.
    pub(crate) async fn wait(
        &self,
        deadline: Option<Nanos>,
        seen: Changes,
    ) -> Result<Permit, Refused> {
        let upstream = self.upstream;
        upstream.counts.waited.fetch_add(1, Ordering::Relaxed);
        let outcome = self.try_wait(deadline, seen).await;
        if let Err(refused) = &outcome {
            upstream.counts.refuse(refused);
        }
        outcome
    }

    async fn try_wait(&self, deadline: Option<Nanos>, seen: Changes) -> Result<Permit, Refused> {
        let (upstream, line) = (self.upstream, &self.lane.line);
        let mut changed = pin!(upstream.changed.notified());
        // A change from here on is heard.
        changed.as_mut().enable();
        if upstream.changes() != seen {
            return Err(Refused::Changed);
        }
        let now = upstream.now();
        self.look_at_breaker(now)?;
        let until = now.plus(self.pacing.wait_max());
        let until = deadline.map_or(until, |deadline| deadline.min(until));
        let turn = self.pacing.windows.turn(now, line.ahead_of(self.caller));
        if until < now.plus(turn) {
            return Err(self.too_late(turn, now));
        }
        let place = line.join(self.caller, until, now);
        let mut place = place.map_err(|_| Refused::TooMany {
            retry_after: turn.max(Duration::from_secs(1)),
            waiting: line.waiting(),
        })?;
        // Asking Redis is no waiting for a turn.
        let asking = if self.pacing.windows.is_shared(now) {
            ASKING_MAX
        } else {
            Duration::ZERO
        };
        let go = self.go(&mut place, until);
        let clock = &upstream.clock;
        let latest = upstream.instant(until.plus(asking));
        let gone = clock.limit(Some(latest), unless(changed, go)).await;
        gone.unwrap_or_else(|Elapsed| {
            let now = upstream.now();
            let turn = self.pacing.windows.turn(now, line.ahead_of(self.caller));
            Err(self.too_late(turn, now))
        })
    }

    /// Waits until it is at the head, and then for its moment.
    async fn go(&self, place: &mut Place<'_>, until: Nanos) -> Result<Permit, Refused> {
        place.head().await;
        let mut permit = Permit::new(self.upstream, self.lane, self.pacing, self.amounts);
        if self.heeds != Heeds::Nothing {
            self.wait_while_held(until).await?;
        }
        if self.heeds == Heeds::Limits {
            let now = self.upstream.now();
            let reserved = permit.reserve(now, until);
            self.sleep(reserved, now).await?;
        }
        self.take(&mut permit, until).await?;
        self.sit_down(&mut permit).await;
        self.pass(&mut permit, self.upstream.now())?;
        Ok(permit)
    }

    /// Waits while the upstream wants to be left alone by everybody.
    async fn wait_while_held(&self, until: Nanos) -> Result<(), Refused> {
        let held_until = self.upstream.held_until();
        if until < held_until {
            return Err(Refused::TooLate {
                retry_after: held_until.since(self.upstream.now()),
                by: Cause::Told,
            });
        }
        self.sleep_until(held_until).await;
        Ok(())
    }

    /// Takes from the windows when all of them have room.
    ///
    /// What only this operation waits for is waited for without a place in the windows that others
    /// need too.
    async fn take(&self, permit: &mut Permit, until: Nanos) -> Result<(), Refused> {
        loop {
            let now = self.upstream.now();
            let windows = &self.pacing.windows;
            match permit.take(now, now) {
                Reserved::Refused { .. } if windows.is_shared(now) => {
                    if let Some((place, wait)) = windows.ask(now).await {
                        self.wait_for_window(place, wait, until).await?;
                    }
                }
                Reserved::Refused {
                    retry_after,
                    by: By::Window(place),
                } if self.pacing.common <= place => {
                    self.wait_for_window(place, retry_after, until).await?;
                }
                Reserved::Refused { .. } => {
                    let reserved = permit.take(now, until);
                    return self.sleep(reserved, now).await;
                }
                reserved => return self.sleep(reserved, now).await,
            }
        }
    }

    async fn wait_for_window(
        &self,
        place: usize,
        wait: Duration,
        until: Nanos,
    ) -> Result<(), Refused> {
        let now = self.upstream.now();
        if until < now.plus(wait) {
            return Err(Refused::TooLate {
                retry_after: wait,
                by: self.cause(By::Window(place)),
            });
        }
        self.sleep_until(now.plus(wait)).await;
        Ok(())
    }

    /// Waits for a free seat.
    async fn sit_down(&self, permit: &mut Permit) {
        let upstream = self.upstream;
        if permit.sit_down(upstream.now()).is_ok() {
            return;
        }
        let _seeking = Seeking::new(&upstream.seekers);
        loop {
            let mut left = pin!(upstream.room.notified());
            // Whoever leaves from here on is heard.
            left.as_mut().enable();
            if permit.sit_down(upstream.now()).is_ok() {
                // There may be room for another: a limit that grows tells nobody.
                upstream.room.notify_one();
                return;
            }
            left.await;
        }
    }

    /// Everything at once, or nothing.
    fn try_enter(&self, now: Nanos) -> Result<Permit, Obstacle> {
        let mut permit = Permit::new(self.upstream, self.lane, self.pacing, self.amounts);
        self.pass(&mut permit, now)?;
        permit.sit_down(now).map_err(|_| Obstacle::Passes)?;
        let has_room = (self.heeds == Heeds::Nothing || self.upstream.held_until() <= now)
            && permit.take(now, now) == Reserved::Now
            && (self.heeds != Heeds::Limits || permit.reserve(now, now) == Reserved::Now);
        if has_room {
            return Ok(permit);
        }
        Err(Obstacle::Passes)
    }

    fn pass(&self, permit: &mut Permit, now: Nanos) -> Result<(), Refused> {
        let Some(breaker) = self.breaker else {
            return Ok(());
        };
        match permit.pass(breaker, now) {
            breaker::Entry::Closed(_) | breaker::Entry::Probe(_) => Ok(()),
            breaker::Entry::Refused { next_probe, .. } => Err(Refused::Suspended {
                next_probe: next_probe.since(now),
            }),
        }
    }

    /// Whoever would find the upstream left alone does not wait for that.
    fn look_at_breaker(&self, now: Nanos) -> Result<(), Refused> {
        let (Some(breaker), Some(policy)) = (self.breaker, &self.pacing.breaking) else {
            return Ok(());
        };
        match breaker.view(policy, now).next_probe {
            Some(next_probe) if now < next_probe => Err(Refused::Suspended {
                next_probe: next_probe.since(now),
            }),
            Some(_) | None => Ok(()),
        }
    }

    /// Sleeps as long as a reservation says, or says that this would be too long.
    async fn sleep(&self, reserved: Reserved, now: Nanos) -> Result<(), Refused> {
        match reserved {
            Reserved::Now => Ok(()),
            Reserved::At { when, .. } => {
                self.sleep_until(when).await;
                Ok(())
            }
            Reserved::Refused { retry_after, by } => Err(Refused::TooLate {
                retry_after,
                by: self.cause(by),
            }),
            // The settings were checked for this when they were read.
            Reserved::TooHeavy { .. } => Err(self.too_late(Duration::ZERO, now)),
        }
    }

    async fn sleep_until(&self, when: Nanos) {
        let upstream = self.upstream;
        upstream.clock.sleep_until(upstream.instant(when)).await;
    }

    fn too_late(&self, retry_after: Duration, now: Nanos) -> Refused {
        let concurrency = &self.upstream.concurrency;
        let full = concurrency.limit(self.pacing.bounds);
        let full = full.filter(|(limit, _)| *limit <= concurrency.in_flight());
        let windows = &self.pacing.windows;
        let by = match (windows.slowest(now), full) {
            // Where the windows have room, it is the seats that are waited for.
            (_, Some((limit, _))) if windows.turn(now, 0).is_zero() => Cause::Concurrency(limit),
            (Some(name), _) => Cause::Window(name.to_owned()),
            (None, Some((limit, _))) => Cause::Concurrency(limit),
            (None, None) => Cause::Told,
        };
        Refused::TooLate {
            retry_after: retry_after.max(Duration::from_secs(1)),
            by,
        }
    }

    fn cause(&self, by: By) -> Cause {
        match by {
            By::Window(place) => {
                let name = self.pacing.windows.name(place).unwrap_or_default();
                Cause::Window(name.to_owned())
            }
            By::Spread(_) | By::Spent(_) | By::Told => Cause::Told,
        }
    }
}

/// Does something until it is done, or until the settings have changed.
async fn unless(
    changed: impl Future<Output = ()>,
    work: impl Future<Output = Result<Permit, Refused>>,
) -> Result<Permit, Refused> {
    let (mut changed, mut work) = (pin!(changed), pin!(work));
    poll_fn(|cx| {
        if let Poll::Ready(done) = work.as_mut().poll(cx) {
            return Poll::Ready(done);
        }
        changed.as_mut().poll(cx).map(|()| Err(Refused::Changed))
    })
    .await
}

/// Counts one of those who wait for a seat.
struct Seeking<'s>(&'s AtomicU32);

impl<'s> Seeking<'s> {
    fn new(seekers: &'s AtomicU32) -> Self {
        // Before it looks for a seat, as whoever leaves one looks for seekers after: one of the two
        // sees the other only if all agree on the order.
        seekers.fetch_add(1, Ordering::SeqCst);
        Self(seekers)
    }
}

impl Drop for Seeking<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests;
