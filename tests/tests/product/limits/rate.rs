//! How fast attempts follow each other.

use trunkline_tests::{Answer, now};

use crate::limits::{Rate, ask_many, fine, finish, get, limited};

#[test]
fn no_window_holds_more_than_a_burst_and_what_comes_back() {
    let upstream = fine();
    let gateway = limited(r#"{ rate = 20, per = "1s", burst = 5 }"#, &upstream).serve();
    let start = now();
    for talk in ask_many(&gateway, &get(), 40) {
        finish(talk).expect(200);
    }
    let rate = Rate {
        burst: 5.0,
        per_second: 20.0,
    };
    rate.bounds(start, &upstream);
    assert_eq!(upstream.count(), 40);
    let took = start.elapsed().as_secs_f64();
    assert!((1.75..8.0).contains(&took), "35 at 20 a second took {took}");
}

#[test]
fn several_windows_hold_together() {
    let upstream = fine();
    let limit = r#"[{ rate = 100, per = "1s", burst = 3 }, { rate = 6, per = "1s" }]"#;
    let gateway = limited(limit, &upstream).serve();
    let start = now();
    for talk in ask_many(&gateway, &get(), 12) {
        finish(talk).expect(200);
    }
    for (burst, per_second) in [(3.0, 100.0), (6.0, 6.0)] {
        Rate { burst, per_second }.bounds(start, &upstream);
    }
    assert_eq!(upstream.count(), 12);
}

#[test]
fn whoever_waited_says_so_and_others_do_not() {
    let upstream = fine();
    let gateway = limited(r#"{ rate = 4, per = "1s", burst = 1 }"#, &upstream).serve();
    let waited = |answer: &Answer| answer.header("trunkline-attempts").map(str::to_owned);
    let first = gateway.send(&get()).expect(200);
    let second = gateway.send(&get()).expect(200);
    // Waiting is no attempt.
    assert_eq!(waited(&first), waited(&second));
    let metrics = gateway.get("/-/metrics").text();
    let line = "trunkline_upstream_waited_total{connector=\"plain\"} 1\n";
    assert!(metrics.contains(line), "{metrics}");
}
