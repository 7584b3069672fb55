//! A manual clock moves only when told, and a sleep registers only when it must wait.

use std::future::{Future, pending, ready};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use super::*;

/// Counts how often it was woken.
#[derive(Default)]
struct Counter(AtomicUsize);

impl Wake for Counter {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

impl Counter {
    fn poll<F: Future + Unpin>(self: &Arc<Self>, future: &mut F) -> Poll<F::Output> {
        let waker = Waker::from(Arc::clone(self));
        Pin::new(future).poll(&mut Context::from_waker(&waker))
    }

    fn woken(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

#[test]
fn time_stands_still_until_it_is_advanced() {
    let (clock, manual) = Clock::manual();
    let (start, wall) = (clock.now(), clock.wall());
    assert_eq!(clock.now(), start);
    manual.advance(secs(5));
    assert_eq!(clock.now() - start, secs(5));
    assert_eq!(clock.wall(), wall + secs(5));
}

#[test]
fn a_sleep_is_ready_at_its_deadline_and_wakes_its_task_once() {
    let (clock, manual) = Clock::manual();
    let counter = Arc::new(Counter::default());
    let mut sleep = clock.sleep(secs(10));
    assert!(counter.poll(&mut sleep).is_pending());
    manual.advance(secs(9));
    assert_eq!(counter.woken(), 0);
    assert!(counter.poll(&mut sleep).is_pending());
    manual.advance(secs(1));
    assert_eq!(counter.woken(), 1);
    assert!(counter.poll(&mut sleep).is_ready());
}

#[test]
fn a_sleep_can_be_moved_later_and_earlier() {
    let (clock, manual) = Clock::manual();
    let counter = Arc::new(Counter::default());
    let mut sleep = clock.sleep(secs(10));
    assert!(counter.poll(&mut sleep).is_pending());
    sleep.reset(clock.after(secs(20)));
    assert!(counter.poll(&mut sleep).is_pending());
    manual.advance(secs(10));
    assert!(counter.poll(&mut sleep).is_pending());
    sleep.reset(clock.after(secs(1)));
    assert!(counter.poll(&mut sleep).is_pending());
    manual.advance(secs(1));
    assert!(counter.poll(&mut sleep).is_ready());
}

#[test]
fn only_sleeps_that_were_polled_and_not_dropped_are_reported() {
    let (clock, manual) = Clock::manual();
    let counter = Arc::new(Counter::default());
    let unpolled = clock.sleep(secs(1));
    let mut dropped = clock.sleep(secs(2));
    let mut resting = clock.sleep(secs(3));
    let mut background = clock.sleep_in_background_until(clock.after(secs(4)));
    let mut waiting = clock.sleep(secs(5));
    for sleep in [&mut dropped, &mut resting, &mut background, &mut waiting] {
        assert!(counter.poll(sleep).is_pending());
    }
    drop(dropped);
    resting.rest();
    let mut sleeping = pin!(manual.sleeping());
    assert_eq!(counter.poll(&mut sleeping), Poll::Ready(secs(5)));
    drop(unpolled);
}

#[test]
fn whoever_asks_who_sleeps_is_told_as_soon_as_somebody_does() {
    let (clock, manual) = Clock::manual();
    let counter = Arc::new(Counter::default());
    let asker = Arc::new(Counter::default());
    let mut long = clock.sleep(secs(60));
    assert!(counter.poll(&mut long).is_pending());
    let mut sleeping = pin!(manual.sleeping_within(secs(10)));
    assert!(asker.poll(&mut sleeping).is_pending());
    let mut short = clock.sleep(secs(7));
    assert!(counter.poll(&mut short).is_pending());
    assert_eq!(asker.woken(), 1);
    assert_eq!(asker.poll(&mut sleeping), Poll::Ready(secs(7)));
}

#[test]
fn a_limit_asks_the_work_first_and_then_the_clock() {
    let (clock, manual) = Clock::manual();
    let counter = Arc::new(Counter::default());
    let now = clock.now();
    // Ready work beats a deadline that has passed.
    let mut done = pin!(clock.limit(Some(now), ready(7)));
    assert_eq!(counter.poll(&mut done), Poll::Ready(Ok(7)));
    let mut limited = pin!(clock.limit(Some(clock.after(secs(3))), pending::<()>()));
    assert!(counter.poll(&mut limited).is_pending());
    manual.advance(secs(3));
    assert_eq!(counter.poll(&mut limited), Poll::Ready(Err(Elapsed)));
    let mut unlimited = pin!(clock.limit(None, ready(8)));
    assert_eq!(counter.poll(&mut unlimited), Poll::Ready(Ok(8)));
}

#[test]
fn a_duration_beyond_all_measure_is_a_long_time_and_no_panic() {
    let (clock, _) = Clock::manual();
    assert!(secs(86_400) < clock.after(Duration::MAX) - clock.now());
}

/// tokio's time stands still here, and jumps to the next timer when nothing else is to do.
#[expect(clippy::disallowed_methods, reason = "the timers are what is tested")]
fn tokio_now() -> Instant {
    tokio::time::Instant::now().into_std()
}

#[tokio::test(start_paused = true)]
async fn the_system_clock_keeps_one_registration_for_limits_that_move_later() {
    let clock = Clock::system();
    let counter = Arc::new(Counter::default());
    let start = tokio_now();
    let mut sleep = clock.sleep_until(start + secs(10));
    assert!(counter.poll(&mut sleep).is_pending());
    sleep.reset(start + secs(40));
    assert!(counter.poll(&mut sleep).is_pending());
    sleep.reset(start + secs(30));
    // The registration is still the first: it fires, in vain, and is renewed for what is left.
    clock.sleep_until(start + secs(20)).await;
    assert_eq!(counter.woken(), 1);
    assert!(counter.poll(&mut sleep).is_pending());
    Pin::new(&mut sleep).await;
    let waited = tokio_now() - start;
    assert!(secs(30) <= waited && waited < secs(31), "{waited:?}");
}

#[tokio::test(start_paused = true)]
async fn the_system_clock_registers_anew_for_a_limit_that_moves_earlier() {
    let clock = Clock::system();
    let counter = Arc::new(Counter::default());
    let start = tokio_now();
    let mut sleep = clock.sleep_until(start + secs(3600));
    assert!(counter.poll(&mut sleep).is_pending());
    sleep.reset(start + secs(5));
    Pin::new(&mut sleep).await;
    let waited = tokio_now() - start;
    assert!(secs(5) <= waited && waited < secs(6), "{waited:?}");
}
