//! Says in our words why an upstream gave no answer, or not all of it.

use trunkline_egress::{ReceiveError, ReceiveErrorKind, SendError, SendErrorKind};

use crate::error::{Error, ErrorKind};
use crate::explain;
use crate::source::Broken;

/// Why `host` gave no answer.
pub(crate) fn of_send(error: SendError, host: &str) -> Error {
    let (kind, message) = match error.kind() {
        SendErrorKind::AddressRefused => (
            ErrorKind::AddressRefused,
            format!("the call to `{host}` was not made"),
        ),
        SendErrorKind::NameNotFound | SendErrorKind::LookUpFailed => (
            ErrorKind::NameNotFound,
            format!("the name `{host}` was not found"),
        ),
        SendErrorKind::ConnectFailed | SendErrorKind::ProxyFailed => (
            ErrorKind::ConnectFailed,
            format!("nobody answers at `{host}`"),
        ),
        SendErrorKind::ConnectTimeout => (
            ErrorKind::ConnectTimeout,
            format!("`{host}` did not take the connection in time"),
        ),
        SendErrorKind::TlsFailed => (
            ErrorKind::TlsFailed,
            match error.tls_fault() {
                Some(fault) => format!("there is no trusted encryption with `{host}`: {fault}"),
                None => format!("there is no trusted encryption with `{host}`"),
            },
        ),
        SendErrorKind::StaleConnection
        | SendErrorKind::RefusedByProtocol
        | SendErrorKind::ClosedBeforeAnswer => (
            ErrorKind::UpstreamClosed,
            format!("`{host}` closed the connection without an answer"),
        ),
        SendErrorKind::FirstByteTimeout => (
            ErrorKind::FirstByteTimeout,
            format!("`{host}` did not begin to answer in time"),
        ),
        SendErrorKind::DeadlineExceeded => (
            ErrorKind::CallTimeout,
            format!("the time that the caller allows ended before `{host}` answered"),
        ),
        SendErrorKind::UpstreamMalformed => (
            ErrorKind::UpstreamMalformed,
            match error.reason() {
                Some(reason) => format!("what `{host}` answered is not valid HTTP: {reason}"),
                None => format!("what `{host}` answered is not valid HTTP"),
            },
        ),
        SendErrorKind::RequestBodyFailed => (
            ErrorKind::CallerGone,
            "the request's body ended too early".to_owned(),
        ),
        SendErrorKind::RequestInvalid => (
            ErrorKind::BadUrl,
            "the request cannot be put into HTTP".to_owned(),
        ),
    };
    let hint = match error.blocked() {
        Some(blocked) if !blocked.can_be_allowed() => {
            "this address stays closed whatever `egress.allow` says"
        }
        _ => explain::remedy(kind),
    };
    Error::new(kind, message).with_hint(hint).with_source(error)
}

/// Why a body broke off, wherever it came from.
pub(crate) fn of_broken(broken: Broken) -> Error {
    match broken {
        Broken::Received(error) => of_receive(error),
        Broken::Shared(error) => error.again(),
        Broken::Late => late("the time for the call ended in the middle of the answer"),
        Broken::Abandoned => {
            let kind = ErrorKind::UpstreamClosed;
            let message = "the answer broke off in the middle, for all who waited for it together";
            Error::new(kind, message).with_hint(explain::remedy(kind))
        }
    }
}

/// That the time which the caller allows is over.
pub(crate) fn late(message: &str) -> Error {
    let kind = ErrorKind::CallTimeout;
    Error::new(kind, message).with_hint(explain::remedy(kind))
}

/// Why an answer broke off, for whoever was reading it.
pub(crate) fn of_receive(error: ReceiveError) -> Error {
    let (kind, message) = match error.kind() {
        ReceiveErrorKind::IdleTimeout => (
            ErrorKind::IdleTimeout,
            "the upstream's answer stopped in the middle",
        ),
        ReceiveErrorKind::DeadlineExceeded => (
            ErrorKind::CallTimeout,
            "the time for the call ended in the middle of the answer",
        ),
        ReceiveErrorKind::Malformed => (
            ErrorKind::UpstreamMalformed,
            "the upstream's answer stopped making sense in the middle",
        ),
        ReceiveErrorKind::Cut => (
            ErrorKind::UpstreamClosed,
            "the upstream broke off in the middle of its answer",
        ),
    };
    Error::new(kind, message)
        .with_hint(explain::remedy(kind))
        .with_source(error)
}
