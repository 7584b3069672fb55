//! Starts other programs and passes on what they print, keeping a copy where it is needed.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::{self, JoinHandle};

use anyhow::{Context, Result, bail};

use crate::say;

/// A program to start, with its arguments, in a folder.
#[derive(Debug)]
pub(crate) struct Program {
    command: Command,
    shown: String,
}

/// How a program ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// With status 0.
    Success,
    /// With any other status, or by a signal.
    Failure,
}

impl Ending {
    fn of(status: ExitStatus) -> Self {
        if status.success() {
            Self::Success
        } else {
            Self::Failure
        }
    }
}

/// What `cargo run` tells this program about itself. Build scripts of others read these, so a
/// cargo that inherits them would build anew what a cargo started by hand has built, and back.
const ABOUT_OURSELVES: [&str; 3] = ["CARGO_BIN_", "CARGO_MANIFEST_", "CARGO_PKG_"];

impl Program {
    /// A program by its name, to run in a folder; arguments are separated by single spaces.
    pub(crate) fn new(folder: &Path, line: &str) -> Self {
        let mut words = line.split(' ');
        let mut command = Command::new(words.next().unwrap_or_default());
        command.args(words).current_dir(folder);
        for (name, _) in std::env::vars_os() {
            let is_ours = |prefix: &&str| name.to_string_lossy().starts_with(prefix);
            if ABOUT_OURSELVES.iter().any(is_ours) {
                command.env_remove(name);
            }
        }
        Self {
            command,
            shown: line.to_owned(),
        }
    }

    /// Adds an argument that may hold spaces.
    pub(crate) fn argument(mut self, argument: &str) -> Self {
        self.command.arg(argument);
        self.shown = format!("{} '{argument}'", self.shown);
        self
    }

    /// Sets a variable of its environment.
    pub(crate) fn variable(mut self, name: &str, value: impl AsRef<std::ffi::OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// What a person would type.
    pub(crate) fn shown(&self) -> &str {
        &self.shown
    }

    /// Runs it to its end with our own standard streams.
    pub(crate) fn run(&mut self) -> Result<Ending> {
        let status = self
            .command
            .stdin(Stdio::null())
            .status()
            .with_context(|| self.unstarted())?;
        Ok(Ending::of(status))
    }

    /// Runs it to its end, passing on every line it prints, and gives a copy of them.
    pub(crate) fn run_and_copy(&mut self) -> Result<(Ending, String)> {
        self.start(Echo::AsItComes)?.finish()
    }

    /// Starts it and leaves it to itself until its end is asked for.
    pub(crate) fn start(&mut self, echo: Echo) -> Result<Running> {
        let mut child = self
            .command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| self.unstarted())?;
        let readers = [
            child
                .stdout
                .take()
                .map(|stream| thread::spawn(move || copy(stream, echo))),
            child
                .stderr
                .take()
                .map(|stream| thread::spawn(move || copy(stream, echo))),
        ];
        Ok(Running { child, readers })
    }

    /// Runs it to its end and gives what it printed; anything but success is an error.
    pub(crate) fn output(&mut self) -> Result<String> {
        let output = self
            .command
            .stdin(Stdio::null())
            .output()
            .with_context(|| self.unstarted())?;
        if !output.status.success() {
            let complaint = String::from_utf8_lossy(&output.stderr);
            bail!(
                "`{}` ended with {}: {}",
                self.shown,
                output.status,
                complaint.trim()
            );
        }
        String::from_utf8(output.stdout)
            .with_context(|| format!("`{}` printed something that is not UTF-8", self.shown))
    }

    fn unstarted(&self) -> String {
        format!("`{}` could not be started", self.shown)
    }
}

/// Whether what a program prints is passed on while it runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Echo {
    /// Line by line.
    AsItComes,
    /// Not at all: something else prints meanwhile.
    Silent,
}

/// A program that was started.
#[derive(Debug)]
pub(crate) struct Running {
    child: Child,
    readers: [Option<JoinHandle<Result<String>>>; 2],
}

impl Running {
    /// Waits for its end, and gives what it printed: standard output, then standard error.
    pub(crate) fn finish(mut self) -> Result<(Ending, String)> {
        let mut text = String::new();
        for reader in self.readers.into_iter().flatten() {
            let Ok(copy) = reader.join() else {
                bail!("what a program printed could not be read")
            };
            text.push_str(&copy?);
        }
        Ok((Ending::of(self.child.wait()?), text))
    }
}

fn copy(stream: impl Read, echo: Echo) -> Result<String> {
    let mut copy = String::new();
    for line in BufReader::new(stream).split(b'\n') {
        let line = line?;
        let line = String::from_utf8_lossy(&line);
        match echo {
            Echo::AsItComes => say::line(&line),
            Echo::Silent => {}
        }
        copy.push_str(&line);
        copy.push('\n');
    }
    Ok(copy)
}

#[cfg(test)]
mod tests;
