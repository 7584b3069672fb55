//! A call that has ended, as it is handed over to be kept.

use std::time::Duration;

/// The class of calls that went well; every other one is an error.
pub const CLASS_OK: &str = "ok";

/// What is kept of a call. Texts are copied, so they may be anybody's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry<'a> {
    /// The call's number.
    pub id: u128,
    /// When it began, in milliseconds since 1970.
    pub started_ms: i64,
    /// Which API; `None` where there is none of that name.
    pub connector: Option<&'a str>,
    /// What of it; `None` for a path that belongs to no operation.
    pub operation: Option<&'a str>,
    /// Whose credentials were used.
    pub connection: Option<&'a str>,
    /// The HTTP method.
    pub method: &'a str,
    /// The path, with secrets masked. From a `?` or `#` on, nothing of it is kept.
    pub path: &'a str,
    /// The HTTP status that the caller got.
    pub status: Option<u16>,
    /// How it ended, in a word: [`CLASS_OK`], or what was wrong.
    pub class: &'a str,
    /// The code of the error, if there was one.
    pub code: Option<&'a str>,
    /// HTTP exchanges in all.
    pub attempts: u32,
    /// How long the whole call took.
    pub took: Duration,
    /// From its beginning to the first byte of the answer.
    pub first_byte: Option<Duration>,
    /// How long it waited for its turn before anything was sent.
    pub waited: Duration,
    /// Bytes of body that came from the caller.
    pub bytes_in: u64,
    /// Bytes of body that went to the caller.
    pub bytes_out: u64,
    /// What the cache did, in a word; `None` where it was not asked.
    pub cache: Option<&'a str>,
}

impl<'a> Entry<'a> {
    /// An entry that says nothing but this.
    pub const fn of(method: &'a str, path: &'a str) -> Self {
        Self {
            id: 0,
            started_ms: 0,
            connector: None,
            operation: None,
            connection: None,
            method,
            path,
            status: None,
            class: "",
            code: None,
            attempts: 0,
            took: Duration::ZERO,
            first_byte: None,
            waited: Duration::ZERO,
            bytes_in: 0,
            bytes_out: 0,
            cache: None,
        }
    }
}
