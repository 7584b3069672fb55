//! The one place that prints.

use std::io::Write;

/// Prints a line; a closed terminal is no reason to stop measuring.
pub(crate) fn line(text: &str) {
    let mut output = std::io::stdout().lock();
    let _closed = writeln!(output, "{text}").and_then(|()| output.flush());
}
