//! Why pages cannot be read, in words.

use trunkline_connector::paging::PagingError;
use trunkline_connector::{Connector, words};
use url::Url;

use crate::error::{Error, ErrorKind};
use crate::explain;

/// The most operations that a message names.
const LISTED_MAX: usize = 20;

/// What is wrong with a page, or with the way the connector says that an API pages.
pub(super) fn of_paging(error: PagingError) -> Error {
    match error {
        PagingError::NoPointer(_) => Error::new(ErrorKind::BadInput, error.to_string()),
        PagingError::BadStart { .. } => Error::new(ErrorKind::BadInput, error.to_string())
            .with_hint("give the place that an earlier reading named, as it stands"),
        error => broken(error.to_string()),
    }
}

/// A page that cannot be used.
pub(super) fn broken(message: String) -> Error {
    Error::new(ErrorKind::PagesBroken, message).with_hint(explain::remedy(ErrorKind::PagesBroken))
}

pub(super) fn no_json(error: &serde_json::Error) -> Error {
    broken(format!("the page is no JSON: {error}"))
}

/// A next page at somebody else's address, of which only the host is shown.
pub(super) fn foreign(connector: &Connector, url: &Url) -> Error {
    let host = url.host_str().unwrap_or_default();
    let port = url
        .port()
        .map(|port| format!(":{port}"))
        .unwrap_or_default();
    let message = format!(
        "the next page is at `{host}{port}`, where `{}` does not answer",
        connector.name
    );
    Error::new(ErrorKind::AddressRefused, message).with_hint(
        "a credential goes to the connector's own hosts only; one that belongs to the API can be listed under `[[connector.hosts]]`",
    )
}

/// A call that has no pages.
pub(super) fn not_in_pages(connector: &Connector, what: &str) -> Error {
    let message = format!("{what} of `{}` does not answer in pages", connector.name);
    let paged = connector
        .operations
        .iter()
        .filter(|one| one.pagination.is_some());
    let names = words::all_of(paged.map(|one| one.name.as_str()).take(LISTED_MAX));
    let hint = if names.is_empty() {
        "no operation of it does; leave out what asks for pages".to_owned()
    } else {
        format!("these do: {names}")
    };
    Error::new(ErrorKind::BadInput, message).with_hint(hint)
}

pub(super) fn no_operation() -> Error {
    let message = "an operation was looked up and is not there";
    Error::new(ErrorKind::Internal, message)
}
