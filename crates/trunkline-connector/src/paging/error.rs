//! Why reading pages cannot go on.

use super::LinkError;

/// Why reading pages cannot go on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PagingError {
    /// Nobody says where the records are.
    #[error("nothing says where `{0}` of this call's pages is; give it as a JSON Pointer")]
    NoPointer(&'static str),
    /// A place to begin at that is none.
    #[error("{given:?} is no place to go on from: {expected}")]
    BadStart {
        /// What was given.
        given: String,
        /// What is allowed.
        expected: &'static str,
    },
    /// A page without its records.
    #[error("{}", no_records(.0))]
    NoRecords(String),
    /// A page that does not say whether it is the last.
    #[error("the page does not say whether it is the last: `{pointer}` is {got}, not {expected}")]
    NoStop {
        /// Where it should stand.
        pointer: String,
        /// What stands there, in words.
        got: String,
        /// What should stand there.
        expected: &'static str,
    },
    /// A page that is not the last and does not say how to go on.
    #[error("the page is not the last, and `{pointer}`, which leads to the next, is {got}")]
    NoNext {
        /// Where it should stand.
        pointer: String,
        /// What stands there, in words.
        got: String,
    },
    /// An empty page that is not the last, after which the same would be asked for again.
    #[error("the page is empty and not the last, so nothing leads to the next")]
    EmptyPage,
    /// A cursor that was asked for before.
    #[error("the cursor `{0}` came twice, so the pages lead round in a circle")]
    RepeatedCursor(String),
    /// An address that was asked for before; only its path is shown.
    #[error("the next page's address came twice, so the pages lead round in a circle")]
    RepeatedAddress,
    /// An address that cannot be called.
    #[error("the next page's address cannot be called: {0}")]
    BadAddress(String),
    /// A header `Link` that cannot be read.
    #[error("the header `Link` cannot be read: {0}")]
    BadLink(#[from] LinkError),
}

fn no_records(pointer: &str) -> String {
    match pointer {
        "" => "the page is no list of records".to_owned(),
        pointer => format!("the page has no list of records at `{pointer}`"),
    }
}
