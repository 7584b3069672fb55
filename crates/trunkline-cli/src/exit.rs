//! What a finished command tells the shell. The numbers are a contract: scripts branch on them.

#[cfg(test)]
mod tests;

use std::process::ExitCode;

use http::StatusCode;
use trunkline::ErrorKind;
use trunkline_connector::format::Class;

/// What a finished command tells the shell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// It did what was asked.
    Success,
    /// A bug of ours.
    Bug,
    /// Usage or settings, a missing secret too.
    Usage,
    /// The API refused the request as it stands.
    CallerError,
    /// The API did not accept the credential.
    NotAuthorized,
    /// The API was asked too often, or an allowance is used up.
    RateLimited,
    /// The API failed, or could not be reached.
    UpstreamFailed,
    /// A guard of ours refused.
    Refused,
    /// The reply is not what the operation promises.
    SchemaBroken,
    /// Ended by Ctrl-C, in the number that shells give for it.
    Interrupted,
    /// Ended by SIGTERM, likewise.
    Terminated,
}

impl Exit {
    /// The exit status itself.
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Success => 0,
            Self::Bug => 1,
            Self::Usage => 2,
            Self::CallerError => 3,
            Self::NotAuthorized => 4,
            Self::RateLimited => 5,
            Self::UpstreamFailed => 6,
            Self::Refused => 7,
            Self::SchemaBroken => 8,
            Self::Interrupted => 130,
            Self::Terminated => 143,
        }
    }

    /// Whether somebody wanted the command to end.
    pub(crate) fn is_interruption(self) -> bool {
        matches!(self, Self::Interrupted | Self::Terminated)
    }

    /// What an upstream's answer of this class means for the shell.
    pub(crate) fn of_answer(class: Class, status: StatusCode) -> Self {
        match class {
            Class::Ok => Self::Success,
            Class::Retry | Class::ProviderDown => Self::UpstreamFailed,
            Class::RateLimited | Class::QuotaExhausted => Self::RateLimited,
            Class::RefreshAuth | Class::AuthDead => Self::NotAuthorized,
            Class::CallerError => match status {
                StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Self::NotAuthorized,
                _ => Self::CallerError,
            },
        }
    }

    /// What an error of the engine means for the shell.
    pub(crate) fn of_error(kind: ErrorKind) -> Self {
        match kind {
            ErrorKind::UnknownConnector
            | ErrorKind::UnknownOperation
            | ErrorKind::NotFound
            | ErrorKind::UnknownConnection
            | ErrorKind::BadInput
            | ErrorKind::BadUrl
            | ErrorKind::BadHeader
            | ErrorKind::LogUnreadable
            | ErrorKind::BadSettings
            | ErrorKind::BadConnectorFile
            | ErrorKind::BodyTooLarge
            | ErrorKind::CallerGone
            | ErrorKind::MethodRefused
            | ErrorKind::ExpectationRefused
            | ErrorKind::SecretMissing
            | ErrorKind::SecretExposed => Self::Usage,
            ErrorKind::NameNotFound
            | ErrorKind::ConnectFailed
            | ErrorKind::ConnectTimeout
            | ErrorKind::TlsFailed
            | ErrorKind::FirstByteTimeout
            | ErrorKind::IdleTimeout
            | ErrorKind::CallTimeout
            | ErrorKind::UpstreamClosed
            | ErrorKind::UpstreamMalformed
            | ErrorKind::PagesBroken
            | ErrorKind::UpstreamSuspended
            | ErrorKind::NotCached
            | ErrorKind::SharedStoreAway
            | ErrorKind::TooManyRedirects => Self::UpstreamFailed,
            ErrorKind::CallerLimitReached | ErrorKind::LimitReached => Self::RateLimited,
            ErrorKind::TokenRefused | ErrorKind::AdminTokenRequired => Self::NotAuthorized,
            ErrorKind::AddressRefused | ErrorKind::ReplyTooLarge => Self::Refused,
            ErrorKind::SchemaBroken => Self::SchemaBroken,
            // The gateway's door gives the others; here they can only be a mistake of ours.
            _ => Self::Bug,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}
