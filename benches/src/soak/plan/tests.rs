//! Chance chooses, and everything that begins also ends.

use std::time::Duration;

use super::{CALM, Step, steps};

const HOUR: Duration = Duration::from_hours(1);

fn planned(seed: u64) -> Vec<(Duration, Step)> {
    steps(&mut fastrand::Rng::with_seed(seed), HOUR)
}

fn count(steps: &[(Duration, Step)], is_it: impl Fn(Step) -> bool) -> usize {
    steps.iter().filter(|(_, step)| is_it(*step)).count()
}

#[test]
fn a_seed_gives_the_same_hour_again() {
    assert_eq!(planned(7), planned(7));
    assert_ne!(planned(7), planned(8));
}

#[test]
fn everything_happens_often_and_in_order() {
    let steps = planned(7);
    assert!(steps.is_sorted_by_key(|(at, _)| *at));
    assert!(20 < count(&steps, |step| step == Step::KillRedis));
    assert!(20 < count(&steps, |step| step == Step::StopRedis));
    assert!(100 < count(&steps, |step| step == Step::Reload));
    for upstream in 0..2 {
        let fails = |step| matches!(step, Step::Fail(place, _) if place == upstream);
        assert!(25 < count(&steps, fails));
    }
}

#[test]
fn what_begins_ends_before_the_calm() {
    let steps = planned(7);
    let pairs = [
        (Step::KillRedis, Step::StartRedis),
        (Step::StopRedis, Step::ContinueRedis),
    ];
    for (begins, ends) in pairs {
        let count = |wanted| count(&steps, |step| step == wanted);
        assert_eq!(count(begins), count(ends));
    }
    for upstream in 0..2 {
        let fails = |step| matches!(step, Step::Fail(place, _) if place == upstream);
        let mends = count(&steps, |step| step == Step::Mend(upstream));
        assert_eq!(count(&steps, fails), mends);
    }
    let last = steps.last().map(|(at, _)| *at);
    assert!(last < Some(HOUR.saturating_sub(CALM)));
}

#[test]
fn a_moment_has_room_for_nothing() {
    let steps = steps(&mut fastrand::Rng::with_seed(7), Duration::from_secs(10));
    assert_eq!(steps, []);
}
