//! In any order of asking and giving back, no span of time holds more than it may.

use std::num::NonZeroU32;
use std::time::Duration;

use proptest::prelude::*;

use super::{Bucket, Window, refund_all, reserve_all};
use crate::{Nanos, Rate};

/// What is done, one after the other.
#[derive(Debug, Clone)]
enum Deed {
    /// Time passes, in sixteenths of a second.
    Pass(u64),
    /// A call asks the first window, the second, or both.
    Ask { windows: u8, weight: u32, wait: u64 },
    /// The `n`th of the calls that were let in was not sent.
    GiveBack(usize),
}

/// A call that was let in.
struct Admitted {
    windows: u8,
    weight: u32,
    when: Nanos,
}

/// Coarse, so that moments and amounts meet.
fn after(sixteenths: u64) -> Duration {
    Duration::from_nanos(sixteenths * 62_500_000)
}

fn weight(weight: u32) -> NonZeroU32 {
    NonZeroU32::new(weight).unwrap()
}

fn deeds() -> impl Strategy<Value = Vec<Deed>> {
    let deed = prop_oneof![
        2 => (0_u64..40).prop_map(Deed::Pass),
        5 => (1_u8..4, 1_u32..4, prop_oneof![Just(0_u64), 0_u64..200])
            .prop_map(|(windows, weight, wait)| Deed::Ask { windows, weight, wait }),
        3 => (0_usize..40).prop_map(Deed::GiveBack),
    ];
    prop::collection::vec(deed, 1..80)
}

fn rates() -> impl Strategy<Value = Rate> {
    (1_u32..6, 1_u32..5, 1_u64..40).prop_map(|(capacity, refill, period)| {
        Rate::new(weight(capacity), weight(refill), after(period)).unwrap()
    })
}

/// The calls of one window, first to last.
fn of_window(admitted: &[Admitted], bit: u8) -> Vec<(u64, u64)> {
    let mut calls: Vec<(u64, u64)> = admitted
        .iter()
        .filter(|call| call.windows & bit != 0)
        .map(|call| (call.when.as_nanos(), u64::from(call.weight)))
        .collect();
    calls.sort_unstable();
    calls
}

/// `weight <= capacity + refill * span`, counted in what each takes to refill.
fn check_spans(calls: &[(u64, u64)], rate: &Rate) -> Result<(), TestCaseError> {
    for (first, (start, _)) in calls.iter().enumerate() {
        let mut taken = 0;
        for (end, weight) in &calls[first..] {
            taken += weight;
            let allowed = (rate.tolerance() + (end - start) / 16) / rate.interval();
            prop_assert!(taken <= allowed, "{taken} from {start} to {end}: {calls:?}");
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn no_span_of_time_ever_holds_more_than_a_bucket_and_its_refill(
        deeds in deeds(),
        rates in (rates(), rates()),
    ) {
        let (first, second): (Bucket, Bucket) = (Bucket::default(), Bucket::default());
        let mut now = Nanos::ZERO.plus(after(7));
        let mut admitted = Vec::new();
        let all = |windows: u8, asked: u32| {
            let mut chosen = Vec::new();
            if windows & 1 != 0 {
                chosen.push(Window { bucket: &first, rate: &rates.0, weight: weight(asked) });
            }
            if windows & 2 != 0 {
                chosen.push(Window { bucket: &second, rate: &rates.1, weight: weight(asked) });
            }
            chosen
        };
        for deed in deeds {
            match deed {
                Deed::Pass(sixteenths) => now = now.plus(after(sixteenths)),
                Deed::Ask { windows, weight, wait } => {
                    let reserved = reserve_all(&all(windows, weight), now, after(wait));
                    if let Some(when) = reserved.when(now) {
                        prop_assert!(now <= when && when <= now.plus(after(wait)));
                        admitted.push(Admitted { windows, weight, when });
                    }
                }
                Deed::GiveBack(index) if !admitted.is_empty() => {
                    let call = admitted.swap_remove(index % admitted.len());
                    refund_all(&all(call.windows, call.weight), now, call.when);
                }
                Deed::GiveBack(_) => {}
            }
        }
        check_spans(&of_window(&admitted, 1), &rates.0)?;
        check_spans(&of_window(&admitted, 2), &rates.1)?;
    }

    /// Being safe is easy for who lets nobody in.
    #[test]
    fn who_is_refused_could_not_have_gone(
        deeds in deeds(),
        rate in rates(),
    ) {
        let bucket: Bucket = Bucket::default();
        let mut now = Nanos::ZERO.plus(after(7));
        let mut admitted = Vec::new();
        for deed in deeds {
            match deed {
                Deed::Pass(sixteenths) => now = now.plus(after(sixteenths)),
                Deed::Ask { weight: asked, .. } if asked <= rate.capacity() => {
                    let reserved = bucket.reserve(&rate, now, weight(asked), Duration::ZERO);
                    let call = Admitted { windows: 1, weight: asked, when: now };
                    admitted.push(call);
                    let fits = check_spans(&of_window(&admitted, 1), &rate).is_ok();
                    prop_assert_eq!(reserved.when(now).is_some(), fits);
                    if !fits {
                        admitted.pop();
                    }
                }
                Deed::Ask { .. } | Deed::GiveBack(_) => {}
            }
        }
    }

    #[test]
    fn what_is_let_in_under_new_settings_keeps_to_them(
        before in deeds(),
        deeds in deeds(),
        rates in (rates(), rates()),
    ) {
        let bucket: Bucket = Bucket::default();
        let mut now = Nanos::ZERO.plus(after(7));
        for (deeds, rate) in [(before, rates.0), (deeds, rates.1)] {
            let mut admitted = Vec::new();
            for deed in deeds {
                match deed {
                    Deed::Pass(sixteenths) => now = now.plus(after(sixteenths)),
                    Deed::Ask { weight: asked, wait, .. } => {
                        let reserved = bucket.reserve(&rate, now, weight(asked), after(wait));
                        if let Some(when) = reserved.when(now) {
                            admitted.push(Admitted { windows: 1, weight: asked, when });
                        }
                    }
                    Deed::GiveBack(index) if !admitted.is_empty() => {
                        let call = admitted.swap_remove(index % admitted.len());
                        bucket.refund(&rate, now, weight(call.weight), call.when);
                    }
                    Deed::GiveBack(_) => {}
                }
            }
            check_spans(&of_window(&admitted, 1), &rate)?;
        }
    }

    #[test]
    fn a_clock_that_jumps_about_lets_no_more_through(
        moments in prop::collection::vec(0_u64..200, 1..60),
        rate in rates(),
    ) {
        let bucket: Bucket = Bucket::default();
        let mut admitted = Vec::new();
        for moment in moments {
            let now = Nanos::ZERO.plus(after(moment));
            if let Some(when) = bucket.reserve(&rate, now, weight(1), after(9)).when(now) {
                admitted.push(Admitted { windows: 1, weight: 1, when });
            }
        }
        check_spans(&of_window(&admitted, 1), &rate)?;
    }
}
