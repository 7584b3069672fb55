//! What can go wrong between the first byte of a request and the last of its answer.

use std::error::Error;
use std::fmt;
use std::io;

use trunkline_http1::fields::Malformed;
use trunkline_http1::framing::WrongLength;

use crate::body::BodyError;

/// Why an exchange does not go on.
#[derive(Debug)]
pub(crate) enum Fault {
    /// The upstream ended the connection before its answer was complete.
    Closed,
    /// Reading or writing gave an error.
    Io(io::Error),
    /// What the upstream sent is not HTTP/1.1.
    Malformed(Malformed),
    /// The request's body gave an error, or has not the length it was said to have.
    Body(BodyError),
}

/// What is wrong with a request, so that it cannot be put into HTTP/1.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Unwritable(pub(super) &'static str);

impl Unwritable {
    pub(crate) fn reason(self) -> &'static str {
        self.0
    }
}

impl Fault {
    /// What is wrong with what the upstream sent.
    pub(crate) fn reason(&self) -> Option<&'static str> {
        match self {
            Fault::Malformed(malformed) => Some(malformed.0),
            Fault::Closed | Fault::Io(_) | Fault::Body(_) => None,
        }
    }
}

impl From<WrongLength> for Fault {
    fn from(wrong: WrongLength) -> Fault {
        Fault::Body(BodyError::Source(wrong.0.into()))
    }
}

impl From<io::Error> for Fault {
    fn from(err: io::Error) -> Fault {
        Fault::Io(err)
    }
}

impl From<Malformed> for Fault {
    fn from(malformed: Malformed) -> Fault {
        Fault::Malformed(malformed)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::Closed => f.write_str("the connection ended"),
            Fault::Io(err) => err.fmt(f),
            Fault::Malformed(malformed) => f.write_str(malformed.0),
            Fault::Body(err) => err.fmt(f),
        }
    }
}

impl Error for Fault {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Fault::Closed | Fault::Malformed(_) => None,
            Fault::Io(err) => Some(err),
            Fault::Body(err) => Some(err),
        }
    }
}
