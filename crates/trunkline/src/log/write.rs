//! Begins the log, and says what it comes to.

use std::error::Error as _;
use std::io;
use std::path::PathBuf;

use trunkline_egress::Clock;
use trunkline_log::{CallLog, Counts, Notice, Settings};

use crate::config::Calls;

/// Begins a log in this folder. What is in its way is told once, and no call waits for it.
pub(crate) fn start(folder: PathBuf, calls: Calls, clock: Clock) -> io::Result<CallLog> {
    let settings = Settings {
        folder,
        keep: calls.keep,
        bytes_max: calls.bytes_max,
    };
    CallLog::start(settings, move || clock.wall(), |notice| tell(&notice))
}

fn tell(notice: &Notice<'_>) {
    let cause = |problem: &trunkline_log::Error| {
        let cause = problem.source();
        cause.map(ToString::to_string).unwrap_or_default()
    };
    match notice {
        Notice::Problem(problem) => tracing::warn!(
            cause = cause(problem),
            "calls go on, but are not logged: {problem}"
        ),
        Notice::MovedAside { problem, to } => tracing::warn!(
            cause = cause(problem),
            "{problem}; it was moved to `{}`, and a new one begins",
            to.display()
        ),
        Notice::Recovered { dropped } => {
            tracing::warn!(dropped, "calls are logged again");
        }
        // There are no others yet.
        _ => {}
    }
}

/// What became of the calls that were to be logged, in the text format of Prometheus.
pub(crate) fn render(counts: Counts) -> String {
    let Counts {
        written, dropped, ..
    } = counts;
    format!(
        "# HELP trunkline_call_log_written_total Calls that were written into the log of calls.\n\
         # TYPE trunkline_call_log_written_total counter\n\
         trunkline_call_log_written_total {written}\n\
         # HELP trunkline_call_log_dropped_total Calls that could not be logged.\n\
         # TYPE trunkline_call_log_dropped_total counter\n\
         trunkline_call_log_dropped_total {dropped}\n"
    )
}
