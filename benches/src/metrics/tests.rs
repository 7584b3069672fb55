//! Counters are found by their whole name.

use super::counter;

const TEXT: &str = r#"# HELP calls_dropped_total Calls that were left out.
# TYPE calls_dropped_total counter
calls_dropped_total 7
calls_total{connector="openai",path="{id}"} 4
calls_total{connector="stripe"} 38
"#;

#[test]
fn a_counter_is_the_sum_over_its_labels() {
    assert_eq!(counter(TEXT, "calls_dropped_total"), Some(7));
    assert_eq!(counter(TEXT, "calls_total"), Some(42));
}

#[test]
fn what_is_not_counted_is_not_nothing() {
    assert_eq!(counter(TEXT, "calls"), None);
    assert_eq!(counter("", "calls_total"), None);
}
