//! What is told on standard error while something runs: to operators by the log, to whoever sits
//! before a terminal by one line per wait.

mod waits;

use std::io;

use tracing::Subscriber;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::{EnvFilter, Layer, filter};
use trunkline::Environment;

use crate::failure::Failure;
use crate::logging::waits::Waits;
use crate::printer::Look;

/// The variable that says what is logged: `debug`, or `trunkline_server=trace,info`.
const VARIABLE: &str = "TRUNKLINE_LOG";

/// Begins to log for a server: from `info` up where nothing else is asked for.
pub(crate) fn for_server(environment: &Environment) -> Result<(), Failure> {
    let log = log(environment, "info")?;
    begin(tracing_subscriber::registry().with(log));
    Ok(())
}

/// Begins to log for a single command: nothing but trouble, and waits on a terminal.
pub(crate) fn for_command(environment: &Environment, look: Look) -> Result<(), Failure> {
    let log = log(environment, "error")?;
    let waits = look.is_terminal().then(|| {
        Waits.with_filter(filter::filter_fn(|metadata| {
            metadata.target() == waits::TARGET
        }))
    });
    begin(tracing_subscriber::registry().with(log).with(waits));
    Ok(())
}

fn log<S>(environment: &Environment, level: &str) -> Result<impl Layer<S> + use<S>, Failure>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    let wanted = environment.find(VARIABLE).unwrap_or(level);
    let filter = EnvFilter::builder().parse(wanted).map_err(|err| {
        let message = format!("`{VARIABLE}` is `{wanted}`, which is no filter: {err}");
        Failure::usage(
            message,
            "allowed are a level such as `debug`, and `trunkline_server=trace,info`",
        )
    })?;
    let has_colors = Look::of(&io::stderr(), environment) == Look::Colored;
    let layer = tracing_subscriber::fmt::layer()
        .with_ansi(has_colors)
        .with_target(false);
    Ok(layer.with_writer(io::stderr).with_filter(filter))
}

fn begin(subscriber: impl Subscriber + Send + Sync) {
    // Only a second call could be refused, and there is none.
    drop(tracing::subscriber::set_global_default(subscriber));
}
