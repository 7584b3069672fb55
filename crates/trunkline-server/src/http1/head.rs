//! Makes a request of a whole head, and notes what it says of its connection. Pure.

#[cfg(test)]
mod tests;

use std::mem::MaybeUninit;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, Uri, Version, header};
use httparse::{ParserConfig, Status};
use trunkline_http1::fields::{self, Fate, Malformed};
use trunkline_http1::value;

use super::answer::{Asked, Scope};

/// The longest target that is taken.
pub(crate) const TARGET_BYTES_MAX: usize = 65_534;

/// The headers that a head is parsed into without a heap for each.
const LINES_ON_STACK: usize = 100;

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

/// Makes a request of a whole head with at most so many headers. No value is copied.
///
/// # Errors
/// What is wrong with it.
pub(super) fn parse(bytes: &Bytes, headers_max: usize) -> Result<Head, Stop> {
    if headers_max <= LINES_ON_STACK {
        parse_into(
            bytes,
            &mut [const { MaybeUninit::uninit() }; LINES_ON_STACK],
        )
    } else {
        let mut lines = Vec::new();
        lines.resize_with(headers_max, MaybeUninit::uninit);
        parse_into(bytes, &mut lines)
    }
}

fn parse_into<'a>(
    bytes: &'a Bytes,
    lines: &mut [MaybeUninit<httparse::Header<'a>>],
) -> Result<Head, Stop> {
    let mut parsed = httparse::Request::new(&mut []);
    let status = ParserConfig::default()
        .parse_request_with_uninit_headers(&mut parsed, bytes, lines)
        .map_err(|err| match err {
            httparse::Error::TooManyHeaders => Stop::TooLarge,
            err => Stop::Malformed(fields::malformed(err)),
        })?;
    // Where it ends was settled before; who disagrees has read something else.
    if status != Status::Complete(bytes.len()) {
        return Err(Stop::Malformed(UNREADABLE));
    }
    let (Some(method), Some(target)) = (parsed.method, parsed.path) else {
        return Err(Stop::Malformed(UNREADABLE));
    };
    if TARGET_BYTES_MAX < target.len() {
        return Err(Stop::TooLarge);
    }
    let mut request = Request::new(());
    *request.method_mut() =
        Method::from_bytes(method.as_bytes()).map_err(|_| Stop::Malformed(UNREADABLE))?;
    *request.uri_mut() = Uri::from_maybe_shared(bytes.slice_ref(target.as_bytes()))
        .map_err(|_| Malformed("its target is no path"))?;
    if parsed.version == Some(0) {
        *request.version_mut() = Version::HTTP_10;
    }
    let mut said = Said::default();
    let lines = parsed.headers.iter();
    let lines = lines.map(|line| (line.name.as_bytes(), bytes.slice_ref(line.value)));
    *request.headers_mut() = said.note_all(lines, request.version())?;
    let version = request.version();
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
    fn note_all<'a>(
        &mut self,
        lines: impl ExactSizeIterator<Item = (&'a [u8], Bytes)>,
        version: Version,
    ) -> Result<HeaderMap, Malformed> {
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
