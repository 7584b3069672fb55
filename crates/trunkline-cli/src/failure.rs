//! Why a command did not do what was asked: what is printed, and what the shell is told.

use std::error::Error as _;
use std::io;

use trunkline_connector::document::Problem;

use crate::exit::Exit;
use crate::file::TextError;

/// Why a command did not do what was asked.
#[derive(Debug)]
pub(crate) struct Failure {
    /// What the shell is told.
    pub(crate) exit: Exit,
    /// What is printed; nothing where everything has been said.
    pub(crate) complaints: Vec<Complaint>,
}

/// One thing that is wrong.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Complaint {
    /// What happened.
    pub(crate) message: String,
    /// What more there is to say: a label such as `hint`, and a text.
    pub(crate) notes: Vec<(&'static str, String)>,
}

impl Complaint {
    /// Says what happened.
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            notes: Vec::new(),
        }
    }

    /// Adds a labelled line.
    pub(crate) fn note(mut self, label: &'static str, text: impl Into<String>) -> Self {
        self.notes.push((label, text.into()));
        self
    }
}

impl Failure {
    /// A failure with one complaint.
    pub(crate) fn new(exit: Exit, complaint: Complaint) -> Self {
        Self {
            exit,
            complaints: vec![complaint],
        }
    }

    /// Usage or settings: what is wrong, and what is allowed.
    pub(crate) fn usage(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::new(Exit::Usage, Complaint::new(message).note("hint", hint))
    }

    /// Everything has been said; only the shell is still to be told.
    pub(crate) fn silent(exit: Exit) -> Self {
        Self {
            exit,
            complaints: Vec::new(),
        }
    }

    /// A file that cannot be read or written.
    pub(crate) fn of_file(file: impl std::fmt::Display, err: &io::Error) -> Self {
        let complaint =
            Complaint::new(format!("`{file}` cannot be used")).note("caused by", reason(err));
        Self::new(Exit::Usage, complaint)
    }

    /// A text file that cannot be read.
    pub(crate) fn of_text(file: impl std::fmt::Display, err: &TextError) -> Self {
        match err {
            TextError::Io(err) => Self::of_file(file, err),
            TextError::TooLarge { bytes_max } => Self::new(
                Exit::Usage,
                Complaint::new(format!("`{file}` is larger than {}", in_words(*bytes_max))),
            ),
            TextError::NotUtf8 { line } => Self::usage(
                format!("{file}:{line}: this line is not UTF-8"),
                "save the file as UTF-8",
            ),
        }
    }
}

/// `256 MiB`, or the number of bytes.
pub(crate) fn in_words(bytes: u64) -> String {
    match bytes >> 20 {
        megabytes if 0 < megabytes && megabytes << 20 == bytes => format!("{megabytes} MiB"),
        _ => format!("{bytes} bytes"),
    }
}

/// What an error of the operating system says, without its number.
pub(crate) fn reason(err: &io::Error) -> String {
    let text = err.to_string();
    let plain = text
        .split_once(" (os error")
        .map_or(text.as_str(), |(plain, _)| plain);
    let mut characters = plain.chars();
    match characters.next() {
        Some(first) => first.to_lowercase().chain(characters).collect(),
        None => text,
    }
}

/// Standard output that cannot be written. A reader that has had enough is no failure.
impl From<io::Error> for Failure {
    fn from(err: io::Error) -> Self {
        if err.kind() == io::ErrorKind::BrokenPipe {
            return Self::silent(Exit::Success);
        }
        let complaint =
            Complaint::new("standard output cannot be written").note("caused by", reason(&err));
        Self::new(Exit::Usage, complaint)
    }
}

impl From<trunkline::Error> for Failure {
    fn from(err: trunkline::Error) -> Self {
        Self::from(&err)
    }
}

impl From<&trunkline::Error> for Failure {
    fn from(err: &trunkline::Error) -> Self {
        let mut complaint = Complaint::new(err.to_string());
        let mut cause = err.source();
        while let Some(source) = cause {
            complaint = complaint.note("caused by", source.to_string());
            cause = source.source();
        }
        if let Some(findings) = err.findings() {
            for finding in &findings.shown {
                complaint = complaint.note("finding", finding.to_string());
            }
            if findings.shown.len() < findings.total {
                complaint = complaint.note("findings", format!("{} in all", findings.total));
            }
        }
        if 1 < err.attempts() {
            complaint = complaint.note("attempts", err.attempts().to_string());
        }
        if let Some(hint) = err.hint() {
            complaint = complaint.note("hint", hint);
        }
        let exit = Exit::of_error(err.kind());
        if let (Exit::Bug, Some(id)) = (exit, err.call_id()) {
            complaint = complaint.note("call", id.to_string());
        }
        Self::new(exit, complaint)
    }
}

impl From<Vec<Problem>> for Failure {
    fn from(problems: Vec<Problem>) -> Self {
        Self {
            exit: Exit::Usage,
            complaints: problems.into_iter().map(Complaint::from).collect(),
        }
    }
}

impl From<Problem> for Complaint {
    fn from(problem: Problem) -> Self {
        let Problem {
            file,
            line,
            column,
            message,
            hint,
        } = problem;
        let complaint = Self::new(format!("{file}:{line}:{column}: {message}"));
        match hint {
            Some(hint) => complaint.note("hint", hint),
            None => complaint,
        }
    }
}
