//! Figures say what they are and whether they are allowed.

use super::{Aim, Bound, Figure, Unit, median, megabytes, part};

#[track_caller]
fn check(value: f64, unit: Unit, bound: Bound, shown: &str) -> Figure {
    let what = "it".to_owned();
    let figure = Figure {
        what,
        value,
        unit,
        bound,
    };
    assert_eq!(figure.to_string(), shown);
    figure
}

#[test]
fn a_gate_says_whether_it_holds() {
    let gate = Bound::Gate(28_000.0);
    let good = check(28_000.0, Unit::Count, gate, "it: 28000 (allowed: 28000) ok");
    assert!(good.is_allowed());
    let bad = check(
        28_001.0,
        Unit::Count,
        gate,
        "it: 28001 (allowed: 28000) TOO MUCH",
    );
    assert!(!bad.is_allowed());
}

#[test]
fn an_aim_is_no_gate() {
    let aim = |later| Bound::Aim(Aim { now: 1.05, later });
    let missed = check(
        1.2,
        Unit::Times,
        aim(Some(0.85)),
        "it: 1.200x (aim: 1.050x; later: 0.850x) not reached",
    );
    assert!(missed.is_allowed());
    check(
        1.0,
        Unit::Times,
        aim(None),
        "it: 1.000x (aim: 1.050x) reached",
    );
}

#[test]
fn the_rest_is_only_shown() {
    check(
        megabytes(21_340_000),
        Unit::Megabytes,
        Bound::None,
        "it: 21.3 MB",
    );
    check(12.345, Unit::Milliseconds, Bound::None, "it: 12.3 ms");
}

#[test]
fn the_median_is_in_the_middle() {
    assert_eq!(median(&[]), None);
    assert_eq!(median(&[3.0]), Some(3.0));
    assert_eq!(median(&[9.0, 1.0]), Some(5.0));
    assert_eq!(median(&[9.0, 1.0, 2.0]), Some(2.0));
}

#[test]
fn a_part_is_below() {
    let values: Vec<u32> = (0..200).rev().collect();
    assert_eq!(part(&values, 0.5), Some(100));
    assert_eq!(part(&values, 0.99), Some(198));
    assert_eq!(part(&values, 1.0), Some(199));
    assert_eq!(part::<u32>(&[], 0.5), None);
}
