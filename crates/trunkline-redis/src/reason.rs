//! Why Redis is of no use just now, in words that name no address, user or password.

use std::error::Error;
use std::io;
use std::sync::Arc;

use redis::{ErrorKind, RedisError};

/// The longest name of an error that is believed to be one.
const CODE_BYTES_MAX: usize = 24;

/// Why Redis is away.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Reason {
    /// No answer came in time.
    #[error("it does not answer in time")]
    TimedOut,
    /// There is no connection, or it broke.
    #[error("it cannot be reached: {0}")]
    Unreachable(io::ErrorKind),
    /// The TLS handshake went wrong, as with a certificate that is not trusted.
    #[error("its certificate is not trusted, or it does not speak TLS")]
    Tls,
    /// The user or the password is wrong or missing.
    #[error("it does not accept the user name or password, or asks for one")]
    Login,
    /// There is no database of this number.
    #[error("it has no database {0}")]
    NoDatabase(i64),
    /// Something else answers.
    #[error("what answers there is not Redis")]
    NotRedis,
    /// It answers with an error of this name, such as `READONLY`, `OOM`, `LOADING` or `NOPERM`.
    #[error("it refuses what it is asked for: {0}")]
    Refused(String),
}

/// What becomes of the connection after an operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum After {
    /// It is good.
    Good,
    /// It may be good: to be looked at before the next operation relies on it for long.
    Look,
    /// It is not.
    Gone(Reason),
}

/// What an operation is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    Limit,
    Cache,
}

impl Reason {
    pub(crate) fn of(err: &RedisError) -> Self {
        match err.kind() {
            ErrorKind::AuthenticationFailed => Self::Login,
            ErrorKind::Parse | ErrorKind::UnexpectedReturnType => Self::NotRedis,
            ErrorKind::Io => match io_kind(err) {
                Some(io::ErrorKind::InvalidData) => Self::Tls,
                Some(io::ErrorKind::TimedOut) => Self::TimedOut,
                Some(kind) => Self::Unreachable(kind),
                None => Self::Unreachable(io::ErrorKind::BrokenPipe),
            },
            _ => match err.code() {
                Some("NOAUTH" | "WRONGPASS") => Self::Login,
                Some(code) => Self::refused(code),
                None => Self::refused("ERR"),
            },
        }
    }

    /// Whether Redis has lost nothing by it: who was connected goes on where it was.
    pub(crate) fn is_pause(&self) -> bool {
        matches!(self, Self::TimedOut)
    }

    /// What the failure of one operation says of the connection.
    ///
    /// A limit that is late is at once taken for Redis being away, since every call waits for limits.
    /// The cache moves large values, so that it is late says little: it is looked first.
    pub(crate) fn after(&self, purpose: Purpose) -> After {
        match (self, purpose) {
            (Self::TimedOut, Purpose::Cache)
            | (Self::Login | Self::NoDatabase(_) | Self::Refused(_), _) => After::Look,
            (Self::TimedOut, Purpose::Limit)
            | (Self::Unreachable(_) | Self::Tls | Self::NotRedis, _) => After::Gone(self.clone()),
        }
    }

    fn refused(code: &str) -> Self {
        if code.is_empty() || CODE_BYTES_MAX < code.len() || !code.bytes().all(is_of_code) {
            return Self::NotRedis;
        }
        Self::Refused(code.to_owned())
    }
}

fn is_of_code(byte: u8) -> bool {
    byte.is_ascii_uppercase() || byte.is_ascii_digit() || matches!(byte, b'_' | b'-')
}

fn io_kind(err: &RedisError) -> Option<io::ErrorKind> {
    let source = err.source()?;
    let shared = source.downcast_ref::<Arc<dyn Error + Send + Sync>>();
    let err = match shared {
        Some(shared) => shared.downcast_ref::<io::Error>(),
        None => source.downcast_ref::<io::Error>(),
    };
    err.map(io::Error::kind)
}

#[cfg(test)]
mod tests;
