//! How many calls each caller may make.

use std::num::NonZeroU32;

use trunkline_limit::Rate;

use super::*;

fn limit(burst: u32, rate: u32, secs: u64) -> Limit {
    let number = |number| NonZeroU32::new(number).unwrap();
    Limit {
        name: format!("{rate}/{secs}s"),
        rate: Rate::new(number(burst), number(rate), Duration::from_secs(secs)).unwrap(),
        wait_max: Duration::ZERO,
        refill: (number(rate), Duration::from_secs(secs)),
    }
}

fn start() -> Instant {
    trunkline_egress::Clock::system().now()
}

#[test]
fn each_caller_has_its_own_and_every_window_holds() {
    let start = start();
    let callers = Callers::new(start).under(&[limit(3, 3, 1), limit(4, 4, 3600)]);
    let somebody = Caller::Named("somebody".into());
    for _ in 0..3 {
        assert_eq!(callers.reserve(&Caller::Anyone, start), Reserved::Now);
    }
    let refused = callers.reserve(&Caller::Anyone, start);
    let Reserved::Refused { retry_after, .. } = refused else {
        panic!("{refused:?}");
    };
    assert!(retry_after <= Duration::from_millis(334), "{retry_after:?}");
    assert_eq!(callers.reserve(&somebody, start), Reserved::Now);
    let later = start + Duration::from_secs(2);
    assert_eq!(callers.reserve(&Caller::Anyone, later), Reserved::Now);
    let refused = callers.reserve(&Caller::Anyone, later);
    assert!(
        matches!(refused, Reserved::Refused { retry_after, .. } if Duration::from_secs(800) < retry_after),
        "the hour's window holds: {refused:?}"
    );
    let (policy, left) = callers.fields(&Caller::Anyone, later).unwrap();
    assert_eq!(policy, r#""3/1s";q=3;w=1, "4/3600s";q=4;w=3600"#);
    assert!(left.starts_with(r#""3/1s";r=2;t="#), "{left}");
}

#[test]
fn new_settings_hold_at_once_and_nothing_taken_is_forgotten() {
    let start = start();
    let callers = Callers::new(start).under(&[limit(2, 2, 60)]);
    for _ in 0..2 {
        assert_eq!(callers.reserve(&Caller::Anyone, start), Reserved::Now);
    }
    let same = callers.under(&[limit(2, 2, 60)]);
    assert_ne!(same.reserve(&Caller::Anyone, start), Reserved::Now);
    let none = callers.under(&[]);
    assert_eq!(none.reserve(&Caller::Anyone, start), Reserved::Now);
    assert_eq!(none.fields(&Caller::Anyone, start), None);
}
