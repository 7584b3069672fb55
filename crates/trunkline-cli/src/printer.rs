//! The only place that writes to standard output and standard error.

#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::fmt::{self, Display};
use std::io::{self, BufWriter, IsTerminal, Write};

use serde_json::Value;
use trunkline::Environment;

use crate::exit::Exit;
use crate::failure::{Complaint, Failure};
use crate::json;

/// How what is written looks to its reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Look {
    /// A file or another program reads it.
    Plain,
    /// A person reads it, without colours.
    Terminal,
    /// A person reads it, in colours.
    Colored,
}

/// What a piece of text is, for those who see colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ink {
    /// What everything below it is about.
    Heading,
    /// What went wrong.
    Bad,
    /// What deserves a look.
    Doubtful,
    /// What is in order.
    Good,
    /// A label, or what matters less.
    Faint,
    /// A key of an object.
    Key,
    /// A text value.
    Text,
    /// A number, a boolean or null.
    Literal,
}

impl Ink {
    fn code(self) -> &'static str {
        match self {
            Self::Heading => "1",
            Self::Bad => "1;31",
            Self::Doubtful => "33",
            Self::Good | Self::Text => "32",
            Self::Faint => "2",
            Self::Key => "34",
            Self::Literal => "36",
        }
    }
}

impl Look {
    /// The text in its colour, for those who see colours.
    pub(crate) fn paint(self, ink: Ink, text: &str) -> Cow<'_, str> {
        match self {
            Self::Plain | Self::Terminal => Cow::Borrowed(text),
            Self::Colored => Cow::Owned(format!("\x1b[{}m{text}\x1b[0m", ink.code())),
        }
    }

    /// Whether a person reads it.
    pub(crate) fn is_terminal(self) -> bool {
        self != Self::Plain
    }

    /// How a stream looks to its reader.
    pub(crate) fn of(stream: &impl IsTerminal, environment: &Environment) -> Self {
        if stream.is_terminal() {
            Self::on_terminal(environment)
        } else {
            Self::Plain
        }
    }

    fn on_terminal(environment: &Environment) -> Self {
        // https://no-color.org: any value but an empty one.
        let is_refused =
            environment.find("NO_COLOR").is_some() || environment.find("TERM") == Some("dumb");
        if is_refused {
            Self::Terminal
        } else {
            Self::Colored
        }
    }
}

/// Wider than a line that says how far something has come.
const STATUS_WIDTH: usize = 79;

/// Standard output for results, standard error for everything else.
pub(crate) struct Printer {
    out: Box<dyn Write + Send>,
    err: Box<dyn Write + Send>,
    out_look: Look,
    err_look: Look,
}

impl Printer {
    /// The process's own standard output and standard error.
    pub(crate) fn new(environment: &Environment) -> Self {
        let (out, err) = (io::stdout(), io::stderr());
        Self {
            out_look: Look::of(&out, environment),
            err_look: Look::of(&err, environment),
            out: Box::new(BufWriter::new(out)),
            err: Box::new(err),
        }
    }

    /// How results look to their reader.
    pub(crate) fn out_look(&self) -> Look {
        self.out_look
    }

    /// How notes look to their reader.
    pub(crate) fn err_look(&self) -> Look {
        self.err_look
    }

    /// Writes a line of results.
    pub(crate) fn line(&mut self, text: impl Display) -> Result<(), Failure> {
        writeln!(self.out, "{text}")?;
        Ok(())
    }

    /// Writes results as they are.
    pub(crate) fn bytes(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        self.out.write_all(bytes)?;
        Ok(())
    }

    /// Writes a JSON value over several lines.
    pub(crate) fn json(&mut self, value: &Value) -> Result<(), Failure> {
        let text = json::pretty(&value.to_string(), self.out_look);
        self.line(text)
    }

    /// Writes results and hands them on, on another thread: whoever waits for it can still be
    /// told to end. Given up in the middle, nothing more is written.
    pub(crate) async fn hand_on(&mut self, text: String) -> Result<(), Failure> {
        let mut out = std::mem::replace(&mut self.out, Box::new(io::sink()));
        let writing = tokio::task::spawn_blocking(move || {
            let written = out.write_all(text.as_bytes()).and_then(|()| out.flush());
            (out, written)
        });
        let Ok((out, written)) = writing.await else {
            // The thread has said why.
            return Err(Failure::silent(Exit::Bug));
        };
        self.out = out;
        Ok(written?)
    }

    /// Hands on what was written so far.
    pub(crate) fn flush(&mut self) -> Result<(), Failure> {
        self.out.flush()?;
        Ok(())
    }

    /// Writes a line to standard error. Nobody can be told when that fails.
    pub(crate) fn note(&mut self, text: impl Display) {
        drop(writeln!(self.err, "{text}"));
    }

    /// Writes over the line of standard error that was written so before, of `before` characters.
    pub(crate) fn status(&mut self, text: &str, before: usize) {
        let text = visible(text);
        drop(if text.is_empty() {
            write!(self.err, "\r{:before$}\r", "")
        } else {
            write!(self.err, "\r{text:before$}")
        });
        drop(self.err.flush());
    }

    /// Writes what went wrong to standard error, after all results.
    pub(crate) fn complain(&mut self, complaint: &Complaint) {
        drop(self.out.flush());
        let look = self.err_look;
        let message = visible(&complaint.message);
        self.note(format_args!("{} {message}", look.paint(Ink::Bad, "error:")));
        for (label, text) in &complaint.notes {
            let label = format!("{label}:");
            self.note(format_args!(
                "  {} {}",
                look.paint(Ink::Faint, &label),
                visible(text)
            ));
        }
    }

    /// Writes a warning to standard error.
    pub(crate) fn warn(&mut self, text: &str) {
        let label = self.err_look.paint(Ink::Doubtful, "warning:");
        drop(writeln!(self.err, "{label} {}", visible(text)));
    }
}

impl fmt::Debug for Printer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Printer")
            .field("out_look", &self.out_look)
            .field("err_look", &self.err_look)
            .finish_non_exhaustive()
    }
}

/// Writes a line to a terminal's standard error while a command is at work and has the printer.
/// A line that says how far it has come may stand there.
pub(crate) fn tell(text: &dyn Display) {
    let text = text.to_string();
    drop(writeln!(io::stderr().lock(), "\r{text:<STATUS_WIDTH$}"));
}

/// The text without characters that make a terminal do things. Line ends stay.
pub(crate) fn visible(text: &str) -> Cow<'_, str> {
    let is_unsafe = |character: char| character.is_control() && !matches!(character, '\n' | '\t');
    if text.contains(is_unsafe) {
        return Cow::Owned(text.replace(is_unsafe, "\u{fffd}"));
    }
    Cow::Borrowed(text)
}

/// What a test's printer wrote.
#[cfg(test)]
#[derive(Debug, Clone, Default)]
pub(crate) struct Captured(std::sync::Arc<std::sync::Mutex<Vec<u8>>>);

#[cfg(test)]
impl Captured {
    /// Everything so far, as text.
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.0.lock().expect("a lock").clone()).expect("text")
    }
}

#[cfg(test)]
impl Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("a lock").write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Standard output with room for so many bytes.
#[cfg(test)]
#[derive(Debug)]
struct Full {
    room: usize,
    why: io::ErrorKind,
}

#[cfg(test)]
impl Write for Full {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match bytes.len().min(self.room) {
            0 => Err(self.why.into()),
            taken => {
                self.room -= taken;
                Ok(taken)
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
impl Printer {
    /// A printer whose standard output takes so many bytes, and its standard error.
    pub(crate) fn with_room(room: usize, why: io::ErrorKind) -> (Self, Captured) {
        let (mut printer, _, err) = Self::captured(Look::Plain);
        printer.out = Box::new(Full { room, why });
        (printer, err)
    }

    /// A printer that writes into memory: itself, its standard output, its standard error.
    pub(crate) fn captured(look: Look) -> (Self, Captured, Captured) {
        let (out, err) = (Captured::default(), Captured::default());
        let printer = Self {
            out: Box::new(out.clone()),
            err: Box::new(err.clone()),
            out_look: look,
            err_look: look,
        };
        (printer, out, err)
    }
}
