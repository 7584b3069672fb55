//! Reads text files that people wrote, and no more of them than a person would write.

use std::fs::File;
use std::io::{self, ErrorKind, Read as _};
use std::path::Path;

/// Why a text file cannot be read.
#[derive(Debug)]
pub(crate) enum TextError {
    /// The operating system gives a reason, or there is too much of it.
    Io(io::Error),
    /// It is no UTF-8.
    NotUtf8 {
        /// The first line that is none, from 1.
        line: usize,
    },
}

impl From<io::Error> for TextError {
    fn from(err: io::Error) -> Self {
        Self::Io(err)
    }
}

/// Reads a text file of at most `bytes_max`. Pipes and devices are read as well.
pub(crate) fn read_text(path: &Path, bytes_max: u64) -> Result<String, TextError> {
    let mut bytes = Vec::new();
    let read = File::open(path)?
        .take(bytes_max + 1)
        .read_to_end(&mut bytes)?;
    if bytes_max < read as u64 {
        return Err(TextError::Io(ErrorKind::FileTooLarge.into()));
    }
    String::from_utf8(bytes).map_err(|err| {
        let good = err.as_bytes().iter().take(err.utf8_error().valid_up_to());
        let line = 1 + good.filter(|byte| **byte == b'\n').count();
        TextError::NotUtf8 { line }
    })
}

#[cfg(test)]
mod tests;
