//! One line on a terminal that says how far something has come, and that gives way to everything
//! else.

#[cfg(test)]
mod tests;

use std::time::{Duration, Instant};

use trunkline::Clock;

use crate::printer::Printer;

/// The line is written anew no more often than this.
const PACE: Duration = Duration::from_millis(100);

/// Cells of a bar.
const BAR_CELLS: u64 = 20;

/// One line that says how far something has come.
#[derive(Debug)]
pub(super) struct Progress {
    clock: Clock,
    is_wanted: bool,
    /// The characters of the line that stands there now.
    width: usize,
    written: Option<Instant>,
}

impl Progress {
    /// A line for whoever sits before a terminal and does not see results come by.
    pub(super) fn new(printer: &Printer, clock: Clock) -> Self {
        Self {
            clock,
            is_wanted: printer.err_look().is_terminal() && !printer.out_look().is_terminal(),
            width: 0,
            written: None,
        }
    }

    /// The same where results come only at the end.
    pub(super) fn until_result(printer: &Printer, clock: Clock) -> Self {
        Self {
            is_wanted: printer.err_look().is_terminal(),
            ..Self::new(printer, clock)
        }
    }

    /// Writes the line, if nobody has just done so.
    pub(super) fn show(&mut self, text: &str, printer: &mut Printer) {
        let now = self.clock.now();
        let is_soon = self.written.is_some_and(|written| now < written + PACE);
        if !self.is_wanted || (is_soon && self.width > 0) {
            return;
        }
        printer.status(text, self.width);
        self.width = text.chars().count();
        self.written = Some(now);
    }

    /// Takes the line away.
    pub(super) fn clear(&mut self, printer: &mut Printer) {
        if self.width > 0 {
            printer.status("", self.width);
            self.width = 0;
        }
    }
}

/// A bar for so many of so many.
pub(super) fn bar(done: u64, total: u64) -> String {
    let cells = done.min(total).saturating_mul(BAR_CELLS) / total.max(1);
    let filled = usize::try_from(cells).unwrap_or_default();
    let empty = usize::try_from(BAR_CELLS.saturating_sub(cells)).unwrap_or_default();
    format!("[{}{}]", "#".repeat(filled), "-".repeat(empty))
}

/// A number whose digits are set apart by threes.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
