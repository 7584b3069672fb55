//! Ratios are taken within a round, and of these the median.

use std::time::Duration;

use super::{Load, Rounds, Turn};
use crate::figure::Bound;

fn turn(per_second: f64, each: f64, p50_ms: u64) -> Turn {
    let p50 = Duration::from_millis(p50_ms);
    let load = Load {
        count: per_second,
        per_second,
        p50,
        p99: p50,
    };
    Turn { load, each }
}

/// The machine slows down by the round; the median of each side alone would say something else.
fn rounds() -> Rounds {
    Rounds(vec![
        (turn(100.0, 10.0, 1), turn(200.0, 5.0, 3)),
        (turn(50.0, 20.0, 2), turn(50.0, 20.0, 4)),
        (turn(10.0, 100.0, 9), turn(15.0, 60.0, 8)),
    ])
}

#[test]
fn a_ratio_is_one_of_neighbors() {
    let time = rounds().time("time", Bound::None).unwrap();
    assert_eq!(
        time.to_string(),
        "time, nginx = 1, median of 3 rounds: 0.600x"
    );
    let speed = rounds().speed("speed").unwrap();
    assert_eq!(
        speed.to_string(),
        "speed, nginx = 1, median of 3 rounds: 1.500x"
    );
}

#[test]
fn delays_are_those_of_a_round() {
    let direct = [0, 4, 6].map(Duration::from_millis);
    assert_eq!(rounds().delays(&direct), Some((1.0, 2.0)));
}

#[test]
fn without_a_round_there_is_no_figure() {
    let none = Rounds(Vec::new());
    assert!(none.speed("speed").is_err());
    assert_eq!(none.delays(&[]), None);
}
