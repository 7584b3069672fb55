//! Why no answer came: a kind to branch on, and whether the upstream can have seen the request.

use std::error::Error;
use std::fmt;
use std::io;

use crate::address::Blocked;
use crate::http1::Fault;
use crate::tls::TlsFault;

/// A request that got no answer.
pub struct SendError(Box<Failure>);

#[derive(Debug)]
struct Failure {
    kind: SendErrorKind,
    step: Option<Step>,
    is_unsent: bool,
    was_reused: bool,
    cause: Cause,
}

/// What went wrong, as far as a caller of this crate would act differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SendErrorKind {
    /// The rules forbid the address; [`SendError::blocked`] says what it is.
    AddressRefused,
    /// No such name, or a name without an address.
    NameNotFound,
    /// The look-up itself did not work.
    LookUpFailed,
    /// Nobody answered at any of the upstream's addresses.
    ConnectFailed,
    /// The connect limit ran out; [`SendError::step`] says where.
    ConnectTimeout,
    /// No encrypted connection; [`SendError::tls_fault`] says why.
    TlsFailed,
    /// The configured proxy did not let us through.
    ProxyFailed,
    /// The connection closed before the first byte of the request was written.
    StaleConnection,
    /// The upstream refused the request unprocessed (HTTP/2 `REFUSED_STREAM` or GOAWAY).
    RefusedByProtocol,
    /// The connection ended after bytes were written and before the answer's head was complete.
    /// Whether the upstream acted on the request is unknown.
    ClosedBeforeAnswer,
    /// The answer had not begun within the first-byte limit.
    FirstByteTimeout,
    /// The deadline of the whole call came.
    DeadlineExceeded,
    /// The answer is not valid HTTP, or its head is too large.
    UpstreamMalformed,
    /// The request's body ended with an error of its own.
    RequestBodyFailed,
    /// The request cannot be put into HTTP.
    RequestInvalid,
}

/// The part of making a connection that was under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// Waiting for a connection that another call is opening.
    Queue,
    /// Looking up the name.
    LookUp,
    /// Connecting.
    Connect,
    /// Asking the proxy for a tunnel.
    Proxy,
    /// Agreeing on keys and checking the certificate.
    Tls,
    /// The first words of HTTP.
    Handshake,
}

/// What lies under a [`SendError`].
#[derive(Debug)]
pub(crate) enum Cause {
    None,
    Blocked(Blocked),
    Tls(TlsFault),
    Io(io::Error),
    Text(&'static str),
    Other(Box<dyn Error + Send + Sync>),
}

impl SendError {
    /// An error from before a connection was there.
    pub(crate) fn unsent(kind: SendErrorKind, cause: Cause) -> SendError {
        SendError(Box::new(Failure {
            kind,
            step: None,
            is_unsent: true,
            was_reused: false,
            cause,
        }))
    }

    /// An error after the request's first bytes were written.
    pub(crate) fn sent(kind: SendErrorKind, cause: Cause) -> SendError {
        let mut error = SendError::unsent(kind, cause);
        error.0.is_unsent = false;
        error
    }

    pub(crate) fn at(mut self, step: Step) -> SendError {
        self.0.step = Some(step);
        self
    }

    pub(crate) fn on_reused_connection(mut self) -> SendError {
        self.0.was_reused = true;
        self
    }

    /// What went wrong.
    pub fn kind(&self) -> SendErrorKind {
        self.0.kind
    }

    /// Whether the upstream certainly did not act on the request, so that sending it again is
    /// safe whatever its method.
    pub fn nothing_was_sent(&self) -> bool {
        self.0.is_unsent
    }

    /// Whether a connection that had served a request before ended without a byte of an answer:
    /// the upstream may have closed it for its age, without having seen the request.
    pub fn was_reused(&self) -> bool {
        self.0.was_reused
    }

    /// How far the connection had come, if there was none yet.
    pub fn step(&self) -> Option<Step> {
        self.0.step
    }

    /// The address that was refused, and what it is.
    pub fn blocked(&self) -> Option<&Blocked> {
        match &self.0.cause {
            Cause::Blocked(blocked) => Some(blocked),
            _ => None,
        }
    }

    /// What was wrong with the answer or the request, in our own words.
    pub fn reason(&self) -> Option<&'static str> {
        match &self.0.cause {
            Cause::Text(text) => Some(text),
            Cause::Other(err) => err.downcast_ref().and_then(Fault::reason),
            Cause::None | Cause::Blocked(_) | Cause::Tls(_) | Cause::Io(_) => None,
        }
    }

    /// What was wrong with the encrypted connection.
    pub fn tls_fault(&self) -> Option<TlsFault> {
        match &self.0.cause {
            Cause::Tls(fault) => Some(*fault),
            _ => None,
        }
    }
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0.kind {
            SendErrorKind::AddressRefused => "the upstream's address must not be called",
            SendErrorKind::NameNotFound => "the upstream's name has no address",
            SendErrorKind::LookUpFailed => "the upstream's name could not be looked up",
            SendErrorKind::ConnectFailed => "there is no connection to the upstream",
            SendErrorKind::ConnectTimeout => "connecting to the upstream took too long",
            SendErrorKind::TlsFailed => "there is no encrypted connection to the upstream",
            SendErrorKind::ProxyFailed => "the proxy did not connect to the upstream",
            SendErrorKind::StaleConnection => "the connection closed before the request was sent",
            SendErrorKind::RefusedByProtocol => "the upstream refused the request unprocessed",
            SendErrorKind::ClosedBeforeAnswer => "the upstream closed the connection unanswered",
            SendErrorKind::FirstByteTimeout => "the upstream's answer did not begin in time",
            SendErrorKind::DeadlineExceeded => "the time for the whole call ran out",
            SendErrorKind::UpstreamMalformed => "the upstream's answer is not valid HTTP",
            SendErrorKind::RequestBodyFailed => "the request's body ended early",
            SendErrorKind::RequestInvalid => "the request cannot be put into HTTP",
        })?;
        match self.0.step {
            Some(step) => write!(f, " (while {step})"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Error for SendError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.0.cause {
            Cause::None => None,
            Cause::Other(err) => Some(&**err),
            cause => Some(cause),
        }
    }
}

/// Continues "while …".
impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Step::Queue => "waiting for a connection",
            Step::LookUp => "looking up the name",
            Step::Connect => "connecting",
            Step::Proxy => "asking the proxy",
            Step::Tls => "setting up encryption",
            Step::Handshake => "starting HTTP",
        })
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Cause::None => Ok(()),
            Cause::Blocked(blocked) => blocked.fmt(f),
            Cause::Tls(fault) => fault.fmt(f),
            Cause::Io(err) => f.write_str(describe(err)),
            Cause::Text(text) => f.write_str(text),
            Cause::Other(err) => err.fmt(f),
        }
    }
}

impl Error for Cause {}

/// An I/O error in words; the system's own text differs between systems and carries a number.
fn describe(err: &io::Error) -> &'static str {
    match err.kind() {
        io::ErrorKind::ConnectionRefused => "the connection was refused",
        io::ErrorKind::ConnectionReset => "the connection was reset",
        io::ErrorKind::ConnectionAborted => "the connection was aborted",
        io::ErrorKind::BrokenPipe | io::ErrorKind::NotConnected => "the connection is closed",
        io::ErrorKind::HostUnreachable => "the host is unreachable",
        io::ErrorKind::NetworkUnreachable => "the network is unreachable",
        io::ErrorKind::NetworkDown => "the network is down",
        io::ErrorKind::TimedOut => "the network gave up waiting",
        io::ErrorKind::UnexpectedEof => "the connection ended",
        io::ErrorKind::AddrNotAvailable => "no local address or port is left",
        io::ErrorKind::PermissionDenied => "this machine does not permit the connection",
        _ => "the network gave an error",
    }
}

/// Looks for an error of type `E` among an error's sources.
pub(crate) fn find<'a, E: Error + 'static>(err: &'a (dyn Error + 'static)) -> Option<&'a E> {
    let mut source = err.source();
    while let Some(err) = source {
        if let Some(found) = err.downcast_ref() {
            return Some(found);
        }
        source = err.source();
    }
    None
}
