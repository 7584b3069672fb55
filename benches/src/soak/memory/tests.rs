//! Growth is seen, and a warm-up is not taken for it.

use std::time::Duration;

use super::{Sample, growth, warm_up};

const LENGTH: Duration = Duration::from_hours(1);

/// A sample each ten seconds of an hour, with so many megabytes.
fn samples(memory: impl Fn(u64) -> u64) -> Vec<Sample> {
    let sample = |place: u64| Sample {
        at: Duration::from_secs(place * 10),
        memory: memory(place * 10) * 1_000_000,
        files: 0,
        threads: 0,
    };
    (0..360).map(sample).collect()
}

#[test]
fn a_warm_up_is_a_tenth_and_two_minutes_at_least() {
    assert_eq!(warm_up(LENGTH), Duration::from_mins(6));
    assert_eq!(warm_up(Duration::from_mins(10)), Duration::from_mins(2));
    assert_eq!(warm_up(Duration::from_mins(3)), Duration::from_mins(1));
}

#[test]
fn what_grows_while_it_warms_up_does_not_count() {
    let samples = samples(|secs| if secs < 300 { secs } else { 300 });
    assert_eq!(growth(&samples, LENGTH).ok(), Some(1.0));
}

#[test]
fn what_grows_all_the_time_counts() {
    let growth = growth(&samples(|secs| 1_000 + secs), LENGTH).unwrap_or(0.0);
    assert!(1.5 < growth, "{growth}");
}

#[test]
fn a_single_peak_does_not_count() {
    let samples = samples(|secs| if secs == 3_500 { 900 } else { 50 });
    assert_eq!(growth(&samples, LENGTH).ok(), Some(1.0));
}

#[test]
fn nothing_cannot_be_compared() {
    assert!(growth(&[], LENGTH).is_err());
}
