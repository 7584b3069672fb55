//! What each command does, one file per command.

pub(crate) mod cache;
pub(crate) mod call;
pub(crate) mod calls;
pub(crate) mod completions;
pub(crate) mod config;
pub(crate) mod connectors;
pub(crate) mod doctor;
pub(crate) mod explain;
pub(crate) mod fetch;
pub(crate) mod operations;
pub(crate) mod serve;

#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::fmt::Write as _;

use trunkline::{Catalog, Environment, Error, ErrorKind};
use trunkline_connector::Connector;

use crate::arguments::Command;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::printer::Printer;

/// What every command has to work with.
#[derive(Debug)]
pub(crate) struct Context {
    /// The variables of the process.
    pub(crate) environment: Environment,
    /// Standard output and standard error.
    pub(crate) printer: Printer,
}

/// Does what a command asks for, and says what went wrong.
pub(crate) fn finish(command: Command, context: &mut Context) -> Exit {
    let outcome = run(command, context);
    let failure = match outcome.and_then(|exit| context.printer.flush().map(|()| exit)) {
        Ok(exit) => return exit,
        Err(failure) => failure,
    };
    for complaint in &failure.complaints {
        context.printer.complain(complaint);
    }
    failure.exit
}

fn run(command: Command, context: &mut Context) -> Result<Exit, Failure> {
    match command {
        Command::Serve(serve) => serve.run(context),
        Command::Call(call) => call.run(context),
        Command::Calls(calls) => calls.run(context),
        Command::Cache(cache) => cache.run(context),
        Command::Connectors(connectors) => connectors.run(context),
        Command::Operations(operations) => operations.run(context),
        Command::Explain(explain) => explain.run(context),
        Command::Doctor(doctor) => doctor.run(context),
        Command::Fetch(fetch) => fetch.run(context),
        Command::Config(config) => config.run(context),
        Command::Completions(completions) => completions.run(context),
    }
}

/// The connector of that name, or what was probably meant.
pub(crate) fn find<'c>(catalog: &'c Catalog, name: &str) -> Result<&'c Connector, Failure> {
    match catalog.find(name) {
        Some(entry) => Ok(&entry.connector),
        None => Err(unknown_connector(catalog, name).into()),
    }
}

/// What the engine says of a connector that does not exist, for commands that do not call it.
pub(crate) fn unknown_connector(catalog: &Catalog, name: &str) -> Error {
    let error = Error::new(
        ErrorKind::UnknownConnector,
        format!("there is no connector `{name}`"),
    );
    let list = "list them with `trunkline connectors list`";
    match catalog.suggest(name) {
        Some(close) => error.with_hint(format!("did you mean `{close}`? {list}")),
        None => error.with_hint(list),
    }
}

/// Whether a character is not seen as what it is: control characters, what changes the direction
/// of text, and what has no width.
pub(crate) fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{ad}'
                | '\u{61c}'
                | '\u{180e}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e007f}'
        )
}

/// A word as a shell takes it. What is hidden is written out (`$'\x1b'`, POSIX.1-2024), so that none
/// is lost or does something to a terminal.
pub(crate) fn quoted(word: &str) -> Cow<'_, str> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_=:/.,%+@".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        return Cow::Borrowed(word);
    }
    if word.contains(is_hidden) {
        return Cow::Owned(format!("$'{}'", written_out(word)));
    }
    Cow::Owned(format!("'{}'", word.replace('\'', r"'\''")))
}

fn written_out(word: &str) -> String {
    let mut text = String::new();
    for character in word.chars() {
        match character {
            '\'' | '\\' => text.extend(['\\', character]),
            character if is_hidden(character) => {
                for byte in character.encode_utf8(&mut [0; 4]).bytes() {
                    // Writing to a `String` cannot go wrong.
                    let _ = write!(text, r"\x{byte:02x}");
                }
            }
            character => text.push(character),
        }
    }
    text
}

/// `1 connector`, `2 connectors`.
pub(crate) fn count(number: usize, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{plural}")
}
