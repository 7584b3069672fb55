//! When attempts may go, on a clock that moves when told.

use std::future::Future;
use std::num::NonZeroU32;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use trunkline_egress::{Clock, ManualClock, Origin};
use trunkline_limit::concurrency::Bounds;
use trunkline_limit::learned::{Dimension, Refill, Told};
use trunkline_limit::{Outcome, Rate};

use super::*;
use crate::config::Limit;
use crate::upstream::{Reach, Windows};

const NOBODY: Caller = Caller::Anyone;

/// No other process.
const ALONE: (Option<&crate::upstream::Sharing>, &str) = (None, "");

/// No change of the settings.
const SEEN: Changes = Changes(0);

fn number(number: u32) -> NonZeroU32 {
    NonZeroU32::new(number).unwrap()
}

fn limit(burst: u32, rate: u32, secs: u64) -> Limit {
    Limit {
        name: format!("{rate}/{secs}s"),
        rate: Rate::new(number(burst), number(rate), Duration::from_secs(secs)).unwrap(),
        wait_max: Duration::from_secs(30),
        refill: (number(rate), Duration::from_secs(secs)),
    }
}

/// An upstream, and attempts that want to reach it.
struct Stage {
    time: ManualClock,
    upstream: Arc<Upstream>,
    breaker: Arc<Breaker>,
    pacing: Arc<Pacing>,
}

impl Stage {
    fn new(pacing: Pacing) -> Self {
        let (clock, time) = Clock::manual();
        let upstream = Arc::new(Upstream::new("acme".parse().unwrap(), &clock));
        let url = "https://acme.example".parse().unwrap();
        Self {
            time,
            breaker: upstream.breaker(&Origin::from_url(&url).unwrap()),
            upstream,
            pacing: Arc::new(pacing),
        }
    }

    fn with_limit(limit: &Limit) -> Self {
        Self::new(Pacing {
            windows: Windows::new(std::slice::from_ref(limit), None, ALONE),
            common: 1,
            ..Pacing::default()
        })
    }

    fn attempt<'a>(&'a self, caller: &'a Caller) -> Attempt<'a> {
        Attempt {
            upstream: &self.upstream,
            lane: &self.upstream.common,
            pacing: &self.pacing,
            breaker: self.pacing.breaking.is_some().then_some(&self.breaker),
            heeds: self.pacing.heeds,
            amounts: Amounts {
                requests: 1,
                ..Amounts::default()
            },
            caller,
        }
    }

    fn now(&self) -> Option<Permit> {
        self.attempt(&NOBODY)
            .enter_now(self.upstream.now())
            .unwrap()
    }

    /// An attempt that was sent and went like this.
    fn went(&self, outcome: Outcome, told: &[Told]) {
        let mut permit = self.now().expect("nothing holds it back");
        permit.is_sent();
        permit.went(outcome, Reach::Sent, (told, self.upstream.now()));
    }
}

fn poll<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

/// How many of some waiting attempts have come through.
fn ready<F: Future<Output = Result<Permit, Refused>>>(
    waiting: &mut Vec<Pin<Box<F>>>,
) -> Vec<Permit> {
    let mut through = Vec::new();
    loop {
        let before = through.len();
        waiting.retain_mut(|attempt| match poll(attempt.as_mut()) {
            Poll::Ready(entered) => {
                through.push(entered.unwrap());
                false
            }
            Poll::Pending => true,
        });
        if through.len() == before {
            return through;
        }
    }
}

#[test]
fn a_burst_goes_at_once_and_the_rest_at_the_rate() {
    let stage = Stage::with_limit(&limit(2, 10, 1));
    let held: Vec<_> = std::iter::from_fn(|| stage.now()).collect();
    assert_eq!(held.len(), 2);
    let attempt = stage.attempt(&NOBODY);
    let mut waiting: Vec<_> = (0..5).map(|_| Box::pin(attempt.wait(None, SEEN))).collect();
    assert_eq!(ready(&mut waiting).len(), 0);
    for left in (0..5).rev() {
        stage.time.advance(Duration::from_millis(99));
        assert_eq!(ready(&mut waiting).len(), 0, "{left} are left");
        stage.time.advance(Duration::from_millis(1));
        assert_eq!(ready(&mut waiting).len(), 1);
        assert_eq!(waiting.len(), left);
    }
    assert_eq!(stage.upstream.view(&stage.pacing).waited, 5);
}

#[test]
fn a_wait_that_would_be_too_long_is_refused_at_once() {
    let stage = Stage::with_limit(&limit(1, 1, 1));
    let _held = stage.now().unwrap();
    let attempt = stage.attempt(&NOBODY);
    let deadline = stage.upstream.now().plus(Duration::from_millis(2500));
    let mut waiting: Vec<_> = (0..2)
        .map(|_| Box::pin(attempt.wait(Some(deadline), SEEN)))
        .collect();
    assert_eq!(ready(&mut waiting).len(), 0);
    let refused = poll(pin!(attempt.wait(Some(deadline), SEEN)));
    let Poll::Ready(Err(Refused::TooLate { retry_after, by })) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!(retry_after, Duration::from_secs(3));
    assert_eq!(by, Cause::Window("1/1s".to_owned()));
    let without = poll(pin!(attempt.wait(None, SEEN)));
    assert!(without.is_pending(), "the settings let it wait for 30 s");
}

#[test]
fn what_was_not_sent_is_given_back() {
    let stage = Stage::with_limit(&limit(1, 1, 60));
    drop(stage.now().unwrap());
    let mut permit = stage.now().expect("the first was not sent");
    permit.is_sent();
    permit.went(Outcome::Failed, Reach::Nowhere, (&[], stage.upstream.now()));
    drop(permit);
    let mut permit = stage.now().expect("the second did not get anywhere");
    permit.is_sent();
    drop(permit);
    assert!(stage.now().is_none(), "perhaps the third did");
}

#[test]
fn whoever_leaves_the_line_takes_nothing() {
    let stage = Stage::with_limit(&limit(1, 1, 1));
    let mut sent = stage.now().unwrap();
    sent.is_sent();
    let attempt = stage.attempt(&NOBODY);
    let mut leaving = Box::pin(attempt.wait(None, SEEN));
    let mut staying = vec![Box::pin(attempt.wait(None, SEEN))];
    assert!(poll(leaving.as_mut()).is_pending());
    assert_eq!(ready(&mut staying).len(), 0);
    drop(leaving);
    assert_eq!(ready(&mut staying).len(), 0);
    stage.time.advance(Duration::from_millis(1001));
    assert_eq!(ready(&mut staying).len(), 1);
}

#[test]
fn a_window_of_its_own_holds_up_nobody_else() {
    let common = Windows::new(&[limit(1, 10, 1)], None, ALONE);
    let own = Windows::new(&[limit(1, 1, 20)], None, ALONE);
    let stage = Stage::new(Pacing {
        windows: common.clone(),
        common: 1,
        ..Pacing::default()
    });
    let slow = Arc::new(Pacing {
        windows: common.and(NonZeroU32::MIN, &own),
        common: 1,
        ..Pacing::default()
    });
    let lane = stage.upstream.lane(Some("slow"));
    let of_slow = Attempt {
        lane: &lane,
        pacing: &slow,
        ..stage.attempt(&NOBODY)
    };
    let mut first = of_slow.enter_now(stage.upstream.now()).unwrap().unwrap();
    first.is_sent();
    let mut waiting = vec![Box::pin(of_slow.wait(None, SEEN))];
    assert_eq!(ready(&mut waiting).len(), 0);
    for _ in 0..100 {
        stage.time.advance(Duration::from_millis(101));
        assert_eq!(ready(&mut waiting).len(), 0);
        let mut others = stage.now().expect("the common window has room");
        others.is_sent();
    }
    stage.time.advance(Duration::from_secs(10));
    assert_eq!(ready(&mut waiting).len(), 1);
}

#[test]
fn a_seat_is_free_when_somebody_leaves() {
    let stage = Stage::new(Pacing {
        bounds: Bounds {
            max: Some(number(2)),
            ..Bounds::default()
        },
        ..Pacing::default()
    });
    let mut held = vec![stage.now().unwrap(), stage.now().unwrap()];
    assert!(stage.now().is_none());
    let attempt = stage.attempt(&NOBODY);
    let mut waiting: Vec<_> = (0..3).map(|_| Box::pin(attempt.wait(None, SEEN))).collect();
    assert_eq!(ready(&mut waiting).len(), 0);
    held.pop();
    let through = ready(&mut waiting);
    assert_eq!(through.len(), 1);
    drop(through);
    held.clear();
    // One after the other: each leaves as soon as it has come through.
    while !waiting.is_empty() {
        assert_ne!(ready(&mut waiting).len(), 0);
    }
    assert_eq!(stage.upstream.view(&stage.pacing).in_flight, 0);
}

#[test]
fn too_many_at_once_is_said_when_the_time_is_over() {
    let stage = Stage::new(Pacing {
        bounds: Bounds {
            max: Some(number(1)),
            ..Bounds::default()
        },
        ..Pacing::default()
    });
    let _held = stage.now().unwrap();
    let attempt = stage.attempt(&NOBODY);
    let mut waiting = Box::pin(attempt.wait(None, SEEN));
    assert!(poll(waiting.as_mut()).is_pending());
    stage.time.advance(Duration::from_secs(31));
    let Poll::Ready(Err(Refused::TooLate { by, .. })) = poll(waiting.as_mut()) else {
        panic!("nobody waits longer than 30 s");
    };
    assert_eq!(by, Cause::Concurrency(1));
}

#[test]
fn an_upstream_that_keeps_failing_is_left_alone() {
    let stage = Stage::new(Pacing {
        breaking: Some(breaker::Policy::default()),
        ..Pacing::default()
    });
    for _ in 0..10 {
        stage.went(Outcome::Throttled, &[]);
    }
    for _ in 0..50 {
        if stage
            .attempt(&NOBODY)
            .enter_now(stage.upstream.now())
            .is_ok()
        {
            stage.went(Outcome::Failed, &[]);
        }
    }
    let refused = stage.attempt(&NOBODY).enter_now(stage.upstream.now());
    let Err(Refused::Suspended { next_probe }) = refused else {
        panic!("four of five calls failed");
    };
    let refused = poll(pin!(stage.attempt(&NOBODY).wait(None, SEEN)));
    assert!(matches!(
        refused,
        Poll::Ready(Err(Refused::Suspended { .. }))
    ));
    stage.time.advance(next_probe);
    for _ in 0..2 {
        stage.went(Outcome::Fine, &[]);
    }
    let view = stage.upstream.view(&stage.pacing);
    assert_eq!(view.breakers[0].state, "closed");
    assert_eq!(view.breakers[0].opened, 1);
    assert!(0 < view.suspended);
}

#[test]
fn what_the_upstream_told_is_waited_for() {
    let stage = Stage::new(Pacing {
        heeds: Heeds::Limits,
        ..Pacing::default()
    });
    let now = stage.upstream.now();
    stage.went(
        Outcome::Fine,
        &[Told {
            dimension: Dimension::Requests,
            limit: Some(100),
            remaining: 0,
            refill: Refill::At(now.plus(Duration::from_secs(5))),
        }],
    );
    assert!(stage.now().is_none());
    let attempt = stage.attempt(&NOBODY);
    let soon = now.plus(Duration::from_secs(4));
    let refused = poll(pin!(attempt.wait(Some(soon), SEEN)));
    let Poll::Ready(Err(Refused::TooLate { by, retry_after })) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!(by, Cause::Told);
    assert!(Duration::from_secs(4) < retry_after);
    let mut waiting = vec![Box::pin(attempt.wait(None, SEEN))];
    assert_eq!(ready(&mut waiting).len(), 0);
    stage.time.advance(Duration::from_millis(5001));
    assert_eq!(ready(&mut waiting).len(), 1);
}

#[test]
fn a_refusal_of_everything_holds_every_lane() {
    let stage = Stage::new(Pacing {
        heeds: Heeds::Limits,
        ..Pacing::default()
    });
    let until = stage.upstream.now().plus(Duration::from_secs(3));
    stage.upstream.hold(stage.upstream.now(), until);
    let lane = stage.upstream.lane(Some("other"));
    let other = Attempt {
        lane: &lane,
        ..stage.attempt(&NOBODY)
    };
    for attempt in [stage.attempt(&NOBODY), other] {
        assert!(attempt.enter_now(stage.upstream.now()).unwrap().is_none());
        assert!(poll(pin!(attempt.wait(None, SEEN))).is_pending());
    }
    stage.time.advance(Duration::from_secs(3));
    assert!(stage.now().is_some());
}

#[test]
fn a_change_of_the_settings_before_the_wait_is_not_missed() {
    let stage = Stage::with_limit(&limit(1, 1, 20));
    let _held = stage.now().unwrap();
    let attempt = stage.attempt(&NOBODY);
    // The settings by which it waits were looked at, and then there were others.
    let seen = stage.upstream.changes();
    stage.upstream.tell_changed();
    let waited = poll(pin!(attempt.wait(None, seen)));
    assert!(matches!(waited, Poll::Ready(Err(Refused::Changed))));
    let mut waiting = Box::pin(attempt.wait(None, stage.upstream.changes()));
    assert!(poll(waiting.as_mut()).is_pending());
    stage.upstream.tell_changed();
    let waited = poll(waiting.as_mut());
    assert!(matches!(waited, Poll::Ready(Err(Refused::Changed))));
    assert_eq!(stage.upstream.view(&stage.pacing).refused, 0);
}

#[test]
fn a_refusal_holds_also_where_no_limits_are_declared() {
    let stage = Stage::new(Pacing {
        heeds: Heeds::Refusals,
        ..Pacing::default()
    });
    let until = stage.upstream.now().plus(Duration::from_hours(3));
    stage.upstream.hold(stage.upstream.now(), until);
    assert!(stage.now().is_none());
    let refused = poll(pin!(stage.attempt(&NOBODY).wait(None, SEEN)));
    let Poll::Ready(Err(Refused::TooLate { by, retry_after })) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!(by, Cause::Told);
    assert_eq!(retry_after, Duration::from_hours(1), "no longer than that");
    let free = Attempt {
        heeds: Heeds::Nothing,
        ..stage.attempt(&NOBODY)
    };
    assert!(free.enter_now(stage.upstream.now()).unwrap().is_some());
    stage.time.advance(Duration::from_hours(1));
    assert!(stage.now().is_some());
}
