//! One line for each wait before another attempt, so that nobody thinks that all has stopped.

#[cfg(test)]
mod tests;

use std::fmt;
use std::time::Duration;

use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

use crate::printer;

/// The target of the event by which the engine says that it waits.
pub(super) const TARGET: &str = "trunkline::waiting";

/// Tells of waits on standard error.
pub(super) struct Waits;

impl<S: Subscriber> Layer<S> for Waits {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut wait = Wait::default();
        event.record(&mut wait);
        printer::tell(&wait);
    }
}

/// A wait before another attempt.
#[derive(Debug, Default)]
struct Wait {
    attempt: u64,
    attempts_max: u64,
    millis: u64,
}

impl Visit for Wait {
    fn record_u64(&mut self, field: &Field, value: u64) {
        match field.name() {
            "attempt.number" => self.attempt = value,
            "attempts.max" => self.attempts_max = value,
            "wait_ms" => self.millis = value,
            _ => {}
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn fmt::Debug) {}
}

impl fmt::Display for Wait {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            attempt,
            attempts_max,
            millis,
        } = self;
        let secs = Duration::from_millis(*millis).as_secs_f64();
        write!(
            f,
            "attempt {attempt} of {attempts_max} did not succeed; the next in {secs:.1} s"
        )
    }
}
