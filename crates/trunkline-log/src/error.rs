//! Why the log cannot be written or read.

use std::error;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;

/// Something is in the way of the log. [`source`](error::Error::source) is what SQLite or the
/// system says of it.
#[derive(Debug)]
pub struct Error(Box<Inner>);

#[derive(Debug)]
struct Inner {
    kind: ErrorKind,
    file: PathBuf,
    source: Option<Box<dyn error::Error + Send + Sync>>,
}

/// What is in the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The disk has no room left.
    DiskFull,
    /// Another process holds the file.
    Locked,
    /// The file or its folder cannot be made, opened, read or written.
    Unusable,
    /// The file is damaged, or no database at all.
    Damaged,
    /// The file was written by a newer version.
    NewerVersion,
    /// The file holds something else than what we put there.
    Unexpected,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, file: &Path) -> Self {
        Self(Box::new(Inner {
            kind,
            file: file.to_owned(),
            source: None,
        }))
    }

    pub(crate) fn sqlite(err: rusqlite::Error, file: &Path) -> Self {
        // Without the whole statement, which only says what we have tried.
        let err = match err {
            rusqlite::Error::SqlInputError { error, msg, .. } => {
                rusqlite::Error::SqliteFailure(error, Some(msg))
            }
            err => err,
        };
        Self::new(kind_of(&err), file).because(err)
    }

    pub(crate) fn io(err: io::Error, file: &Path) -> Self {
        let kind = match err.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => ErrorKind::DiskFull,
            _ => ErrorKind::Unusable,
        };
        Self::new(kind, file).because(err)
    }

    fn because(mut self, source: impl error::Error + Send + Sync + 'static) -> Self {
        self.0.source = Some(Box::new(source));
        self
    }

    /// What is in the way.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.0.kind {
            ErrorKind::DiskFull => "has no room left on its disk",
            ErrorKind::Locked => "is held by another process",
            ErrorKind::Unusable => "cannot be opened, read or written",
            ErrorKind::Damaged => "is damaged",
            ErrorKind::NewerVersion => "was written by a newer version of Trunkline",
            ErrorKind::Unexpected => "holds something else than a log of calls",
        };
        write!(f, "the log of calls `{}` {what}", self.0.file.display())
    }
}

impl error::Error for Error {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        let source = self.0.source.as_deref()?;
        Some(source)
    }
}

fn kind_of(err: &rusqlite::Error) -> ErrorKind {
    match err.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => ErrorKind::DiskFull,
        Some(
            ErrorCode::DatabaseBusy
            | ErrorCode::DatabaseLocked
            | ErrorCode::FileLockingProtocolFailed,
        ) => ErrorKind::Locked,
        Some(
            ErrorCode::CannotOpen
            | ErrorCode::PermissionDenied
            | ErrorCode::ReadOnly
            | ErrorCode::SystemIoFailure
            | ErrorCode::OutOfMemory,
        ) => ErrorKind::Unusable,
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => ErrorKind::Damaged,
        _ => ErrorKind::Unexpected,
    }
}

#[cfg(test)]
mod tests;
