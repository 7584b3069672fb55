//! What has to be known before the first page is asked for.

use std::num::NonZeroU64;

use trunkline_connector::compose::{self, Target as ComposedTarget};
use trunkline_connector::format::{BodyKind, PaginationSection};
use trunkline_connector::graphql::Document;
use trunkline_connector::paging::{Pager, PagesAsked, PagingError};
use trunkline_connector::{Inputs, Operation};
use url::Url;

use super::asking::Asking;
use super::{Knows, PageOptions, connection, place, trouble};
use crate::call::Target;
use crate::error::{Error, ErrorKind};
use crate::installed::Installed;
use crate::pipeline::resolve;

/// The operation that a call belongs to, and how it pages.
///
/// # Errors
/// If it does not.
pub(super) fn way_of(
    installed: &Installed,
    target: &Target,
) -> Result<(usize, PaginationSection), Error> {
    let connector = &installed.connector;
    let (operation, what) = match target {
        Target::Operation { name, .. } => {
            (Some(resolve::find(connector, name)?), format!("`{name}`"))
        }
        Target::Path {
            method,
            path_and_query,
        } => {
            let path = path_and_query.path();
            (
                installed.operation_at(method, path),
                format!("`{method} {path}`"),
            )
        }
    };
    let found = operation.and_then(|place| {
        let way = connector.operations.get(place)?.pagination?;
        let (_, way) = connector.pagination.get(way)?;
        Some((place, way.clone()))
    });
    found.ok_or_else(|| trouble::not_in_pages(connector, &what))
}

/// What decides whether there is another page, and whether it knows where the records are.
///
/// # Errors
/// If a place to begin at is none.
pub(super) fn pager(
    way: &PaginationSection,
    operation: &Operation,
    (inputs, options): (&Inputs, &PageOptions),
) -> Result<(Pager, Knows), Error> {
    let beside = options
        .items
        .as_deref()
        .and_then(connection::page_info_beside);
    let wanted = asked(options, options.items.clone(), beside);
    match Pager::new(way, operation, inputs, wanted) {
        Err(PagingError::NoPointer(_)) if matches!(way, PaginationSection::Graphql { .. }) => {
            let nowhere = Some(String::new());
            let wanted = asked(options, nowhere.clone(), nowhere);
            let pager = Pager::new(way, operation, inputs, wanted).map_err(trouble::of_paging)?;
            Ok((pager, Knows::NotYet))
        }
        made => Ok((made.map_err(trouble::of_paging)?, Knows::Yes)),
    }
}

/// What a pager is told of a call.
pub(super) fn asked(
    options: &PageOptions,
    items: Option<String>,
    page_info: Option<String>,
) -> PagesAsked {
    PagesAsked {
        pages_max: options.pages_max.map_or(u64::MAX, NonZeroU64::get),
        items,
        page_info,
    }
}

/// Refuses inputs that choose one page by themselves: with them, what is read next would be no
/// continuation.
///
/// # Errors
/// [`ErrorKind::BadInput`], naming one that is given.
pub(super) fn refuse_excluded(operation: &Operation, asking: &Asking) -> Result<(), Error> {
    let names = operation.not_paged_with.iter().map(String::as_str);
    let given = asking.inputs(operation, names);
    let Some(name) = given.keys().next() else {
        return Ok(());
    };
    let message = format!(
        "`{name}` chooses one page, from which `{}` is not read on",
        operation.name
    );
    Err(Error::new(ErrorKind::BadInput, message)
        .with_hint("leave it out to read all pages, or read this page alone"))
}

/// Refuses a GraphQL document that does not take the cursor: it would be answered with the first
/// page for ever. What else is wrong with it, the call will say.
///
/// # Errors
/// [`ErrorKind::BadInput`], naming the variable.
pub(super) fn check_variable(
    way: &PaginationSection,
    operation: &Operation,
    asking: &Asking,
) -> Result<(), Error> {
    let (PaginationSection::Graphql { variable, .. }, BodyKind::Graphql) = (way, operation.body)
    else {
        return Ok(());
    };
    let (Some(text), name) = asking.document(operation) else {
        return Ok(());
    };
    let Ok(document) = Document::parse(&text) else {
        return Ok(());
    };
    let Ok(chosen) = document.operation(name.as_deref()) else {
        return Ok(());
    };
    if chosen.variables.iter().any(|one| one.name == *variable) {
        return Ok(());
    }
    let message =
        format!("the document has no variable `${variable}`, by which the next page is asked for");
    Err(Error::new(ErrorKind::BadInput, message).with_hint(format!(
        "declare `${variable}: String`, and give it to the list as `after: ${variable}`"
    )))
}

/// Where the first page is asked for. What is wrong with the call, the call itself will say.
///
/// # Errors
/// If nobody has said where the API answers.
pub(super) fn address(
    installed: &Installed,
    operation: &Operation,
    target: &Target,
) -> Result<Url, Error> {
    let path = match target {
        Target::Path { path_and_query, .. } => path_and_query.to_string(),
        Target::Operation { inputs, .. } => {
            let credential = installed.credential().ok();
            let secret = |name: &str| credential?.part(&installed.connector, name).ok();
            match compose::compose(operation, inputs, secret).map(|composed| composed.target) {
                Ok(ComposedTarget::Path(path)) => path,
                Ok(ComposedTarget::Address(url)) => return Ok(url),
                Err(_) => "/".to_owned(),
            }
        }
    };
    place::address(installed, &path)?.ok_or_else(|| {
        let message = "the path has a character that it cannot have";
        Error::new(ErrorKind::BadUrl, message)
    })
}
