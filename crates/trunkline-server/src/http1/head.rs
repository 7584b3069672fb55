//! Makes a request of the lines of a head, and notes what it says of its connection. Pure.

#[cfg(test)]
mod tests;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, Uri, Version, header};
use trunkline_http1::fields::{self, Fate, Malformed};
use trunkline_http1::value;

use super::answer::{Asked, Scope};
use super::scan::Lines;

/// The longest target that is taken.
pub(crate) const TARGET_BYTES_MAX: usize = 65_534;

/// A request's head, and what it says of the rest and of its connection.
#[derive(Debug)]
pub(super) struct Head {
    pub(super) request: Request<()>,
    pub(super) asked: Asked,
    pub(super) expects: Expects,
}

/// What a caller waits for before it sends a body.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Expects {
    /// Nothing.
    #[default]
    Nothing,
    /// To be told to.
    Continue,
}

/// Why a head was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stop {
    /// There is too much of it.
    TooLarge,
    /// It is no HTTP/1.1, or could be read in two ways.
    Malformed(Malformed),
}

impl From<Malformed> for Stop {
    fn from(malformed: Malformed) -> Self {
        Self::Malformed(malformed)
    }
}

/// Makes a request of a whole head, whose lines were found in it. No value is copied.
///
/// # Errors
/// What is wrong with it.
pub(super) fn parse(bytes: &Bytes, lines: &Lines) -> Result<Head, Stop> {
    let line = bytes.get(lines.request.clone()).unwrap_or_default();
    let mut parts = line.split(|byte| *byte == b' ');
    let (Some(method), Some(target), Some(version), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(UNREADABLE.into());
    };
    let version = match version {
        b"HTTP/1.1" => Version::HTTP_11,
        b"HTTP/1.0" => Version::HTTP_10,
        _ => return Err(Malformed("it is not HTTP/1.1").into()),
    };
    if TARGET_BYTES_MAX < target.len() {
        return Err(Stop::TooLarge);
    }
    let mut request = Request::new(());
    *request.method_mut() = Method::from_bytes(method).map_err(|_| UNREADABLE)?;
    *request.uri_mut() = parse_target(bytes.slice_ref(target))?;
    *request.version_mut() = version;
    let mut said = Said::default();
    *request.headers_mut() = said.note_all(bytes, lines, version)?;
    Ok(Head {
        asked: Asked {
            version,
            scope: Scope::of(request.method()),
            takes_trailers: said.takes_trailers,
            keeps_alive: said.persistence.keeps_alive(version),
        },
        // RFC 9110 section 10.1.1: HTTP/1.0 has no such expectation.
        expects: match version {
            Version::HTTP_10 => Expects::Nothing,
            _ => said.expects,
        },
        request,
    })
}

fn parse_target(target: Bytes) -> Result<Uri, Malformed> {
    const NO_PATH: Malformed = Malformed("its target is no path");
    // The one control character that an `Uri` takes.
    if target.contains(&0x7f) {
        return Err(NO_PATH);
    }
    Uri::from_maybe_shared(target).map_err(|_| NO_PATH)
}

const UNREADABLE: Malformed = Malformed("its first line cannot be read");

/// What the headers say of the connection.
#[derive(Default)]
struct Said {
    persistence: Persistence,
    expects: Expects,
    takes_trailers: bool,
}

/// What a caller says of how the connection goes on.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Persistence {
    #[default]
    Unsaid,
    KeepAlive,
    Close,
}

impl Persistence {
    /// Notes what a `Connection` says. Once it closes, nothing undoes it.
    fn note(&mut self, value: &HeaderValue) {
        if *self == Self::Close || value::has_token(value, "close") {
            *self = Self::Close;
        } else if value::has_token(value, "keep-alive") {
            *self = Self::KeepAlive;
        }
    }

    /// RFC 9112 section 9.3.
    fn keeps_alive(self, version: Version) -> bool {
        match self {
            Self::Close => false,
            Self::KeepAlive => true,
            Self::Unsaid => version == Version::HTTP_11,
        }
    }
}

impl Said {
    fn note_all(
        &mut self,
        bytes: &Bytes,
        lines: &Lines,
        version: Version,
    ) -> Result<HeaderMap, Malformed> {
        let lines = lines.headers.iter().map(|header| {
            let name = bytes.get(header.name.clone()).unwrap_or_default();
            let value = bytes.get(header.value.clone()).unwrap_or_default();
            (name, bytes.slice_ref(value.trim_ascii()))
        });
        fields::gather(lines, |name, value| {
            match *name {
                header::CONNECTION => self.persistence.note(value),
                header::EXPECT if value.as_bytes().eq_ignore_ascii_case(b"100-continue") => {
                    self.expects = Expects::Continue;
                }
                header::TE => self.takes_trailers |= value::has_token(value, "trailers"),
                // RFC 9112 section 6.1: who adds it may not know how it is read.
                header::TRANSFER_ENCODING if version == Version::HTTP_10 => {
                    return Err(Malformed(
                        "it has a `Transfer-Encoding`, which HTTP/1.0 has not",
                    ));
                }
                _ => {}
            }
            Ok(Fate::Kept)
        })
    }
}
