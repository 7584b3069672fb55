//! What is counted, and how it is shown.

use std::sync::LazyLock;
use std::time::SystemTime;

use expect_test::expect;
use trunkline_connector::format::Class;

use super::*;
use crate::call::CallId;
use crate::error::ErrorKind;

static CONNECTOR: LazyLock<Arc<str>> = LazyLock::new(|| "openai".into());
static OPERATION: LazyLock<Arc<str>> = LazyLock::new(|| "models.list".into());

fn event(took_ms: u64, ended: Ended) -> CallEnded<'static> {
    CallEnded {
        call_id: CallId::new(SystemTime::UNIX_EPOCH, 0),
        connector: Some(&CONNECTOR),
        operation: Some(&OPERATION),
        attempts: 2,
        took: Duration::from_millis(took_ms),
        waited: Duration::ZERO,
        ended,
        note: None,
    }
}

#[test]
fn threads_are_added_up() {
    let metrics = Metrics::default();
    let (one, other) = (metrics.new_shard(), metrics.new_shard());
    one.count(&event(5, Ended::Answered(Class::Ok)));
    other.count(&event(700, Ended::Answered(Class::Ok)));
    // Two ways to end with one label are one series.
    other.count(&event(4_000_000, Ended::CallerGone));
    one.count(&event(5_000_000, Ended::Failed(ErrorKind::CallerGone)));
    let text = metrics.render();
    let interesting: Vec<&str> = text
        .lines()
        .filter(|line| {
            !line.contains("_bucket") || line.contains("le=\"0.005\"") || line.contains("Inf")
        })
        .collect();
    expect![[r#"
        # HELP trunkline_attempts_total HTTP exchanges with upstreams.
        # TYPE trunkline_attempts_total counter
        trunkline_attempts_total{connector="openai",operation="models.list",ended="caller_gone"} 4
        trunkline_attempts_total{connector="openai",operation="models.list",ended="ok"} 4
        # HELP trunkline_call_duration_seconds Calls, from request to the reply's end.
        # TYPE trunkline_call_duration_seconds histogram
        trunkline_call_duration_seconds_bucket{connector="openai",operation="models.list",ended="caller_gone",le="0.005"} 0
        trunkline_call_duration_seconds_bucket{connector="openai",operation="models.list",ended="caller_gone",le="+Inf"} 2
        trunkline_call_duration_seconds_sum{connector="openai",operation="models.list",ended="caller_gone"} 9000
        trunkline_call_duration_seconds_count{connector="openai",operation="models.list",ended="caller_gone"} 2
        trunkline_call_duration_seconds_bucket{connector="openai",operation="models.list",ended="ok",le="0.005"} 1
        trunkline_call_duration_seconds_bucket{connector="openai",operation="models.list",ended="ok",le="+Inf"} 2
        trunkline_call_duration_seconds_sum{connector="openai",operation="models.list",ended="ok"} 0.705
        trunkline_call_duration_seconds_count{connector="openai",operation="models.list",ended="ok"} 2"#]]
    .assert_eq(&interesting.join("\n"));
}

#[test]
fn the_bounds_that_are_shown_are_those_that_are_compared() {
    for (shown, compared) in BOUNDS_SECS.iter().zip(BOUNDS) {
        assert!((shown - compared.as_secs_f64()).abs() < 1e-9);
    }
}
