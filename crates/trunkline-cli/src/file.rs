//! Reads text files that people wrote, and no more of them than a person would write.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::Path;

/// Why a text file cannot be read.
#[derive(Debug)]
pub(crate) enum TextError {
    /// The operating system gives a reason.
    Io(io::Error),
    /// There is too much of it.
    TooLarge {
        /// What is read at most.
        bytes_max: u64,
    },
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
    // What has a length need not be read to know that there is too much of it.
    if bytes_max < fs::metadata(path)?.len() {
        return Err(TextError::TooLarge { bytes_max });
    }
    let mut bytes = Vec::new();
    let read = File::open(path)?
        .take(bytes_max + 1)
        .read_to_end(&mut bytes)?;
    if bytes_max < read as u64 {
        return Err(TextError::TooLarge { bytes_max });
    }
    String::from_utf8(bytes).map_err(|err| {
        let good = err.as_bytes().iter().take(err.utf8_error().valid_up_to());
        let line = 1 + good.filter(|byte| **byte == b'\n').count();
        TextError::NotUtf8 { line }
    })
}

#[cfg(test)]
mod tests;
