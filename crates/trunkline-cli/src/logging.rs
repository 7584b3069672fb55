//! What the process tells its operator while it runs, on standard error.

use std::io::{self, IsTerminal};

use tracing_subscriber::EnvFilter;
use trunkline::Environment;

use crate::failure::Failure;

/// The variable that says what is logged: `debug`, or `trunkline=trace,info`.
const VARIABLE: &str = "TRUNKLINE_LOG";

/// Begins to log, from `level` up where nothing else is asked for.
pub(crate) fn start(environment: &Environment, level: &str) -> Result<(), Failure> {
    let wanted = environment.find(VARIABLE).unwrap_or(level);
    let filter = EnvFilter::builder().parse(wanted).map_err(|err| {
        let message = format!("`{VARIABLE}` is `{wanted}`, which is no filter: {err}");
        Failure::usage(message, "allowed are a level such as `debug`, and `trunkline_server=trace,info`")
    })?;
    let err = io::stderr();
    let has_colors = err.is_terminal() && environment.find("NO_COLOR").is_none();
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(has_colors)
        .with_target(false)
        .with_writer(io::stderr)
        .finish();
    // Only a second call could be refused, and there is none.
    drop(tracing::subscriber::set_global_default(subscriber));
    Ok(())
}
