//! Which recorded answers are the page that a request asks for. Pure.
//!
//! Whoever reads page after page must come to an end, also with a size of page that nobody
//! recorded: a page that nobody recorded is the last one.

use http::HeaderMap;
use trunkline::connector::format::PaginationSection;
use trunkline::connector::paging::{Page, Pager, PagesAsked, Step};
use trunkline::connector::{Connector, Example, Operation};

use super::likest::Recorded;
use crate::sandbox::given::Given;

/// The page that a request asks for.
pub(super) struct PageAsked<'a> {
    way: Option<&'a PaginationSection>,
    /// What stands for the page; `None` for the first.
    page: Option<String>,
}

impl<'a> PageAsked<'a> {
    /// The page that these inputs ask for.
    pub(super) fn of(connector: &'a Connector, operation: &Operation, given: &Given) -> Self {
        let way = operation
            .pagination
            .and_then(|place| connector.pagination.get(place));
        let way = way.map(|(_, way)| way);
        Self {
            way,
            page: way.and_then(|way| page_in(way, given)),
        }
    }

    /// Whether an input says which page is asked for.
    pub(super) fn is_about(&self, input: &str) -> bool {
        self.way.and_then(PaginationSection::page_input) == Some(input)
    }

    /// Those that are the page: the same one, or the last where nobody recorded it.
    pub(super) fn among<'r>(
        &self,
        connector: &Connector,
        operation: &Operation,
        recorded: Vec<Recorded<'r>>,
    ) -> Vec<Recorded<'r>> {
        let Some(way) = self.way else {
            return recorded;
        };
        let is_same = |one: &Recorded<'_>| page_in(way, &one.given) == self.page;
        let (same, mut others): (Vec<_>, Vec<_>) = recorded.into_iter().partition(is_same);
        if !same.is_empty() {
            return same;
        }
        if self.page.is_some() {
            keep_if_any(&mut others, |one| page_in(way, &one.given).is_some());
            keep_if_any(&mut others, |one| {
                is_last(connector, operation, way, one.example)
            });
        }
        others
    }
}

fn keep_if_any<'r>(recorded: &mut Vec<Recorded<'r>>, is_one: impl Fn(&Recorded<'r>) -> bool) {
    if recorded.iter().any(&is_one) {
        recorded.retain(is_one);
    }
}

/// What says which page these inputs ask for, unless it is the first.
fn page_in(way: &PaginationSection, given: &Given) -> Option<String> {
    let page = given.plain(way.page_input()?)?;
    let first = match way {
        PaginationSection::Offset { .. } => 0,
        PaginationSection::Page { first, .. } => *first,
        PaginationSection::LastItem { .. }
        | PaginationSection::Cursor { .. }
        | PaginationSection::NextUrl { .. }
        | PaginationSection::LinkHeader { .. }
        | PaginationSection::Graphql { .. } => return Some(page.to_owned()),
    };
    (page != first.to_string()).then(|| page.to_owned())
}

/// Whether a recorded answer says that no page comes after it.
fn is_last(
    connector: &Connector,
    operation: &Operation,
    way: &PaginationSection,
    example: &Example,
) -> bool {
    let asked = PagesAsked {
        pages_max: u64::MAX,
        items: None,
        page_info: None,
    };
    let pager = Pager::new(way, operation, &example.call, asked);
    let address = connector.example_url(&example.request.path);
    let (Ok(mut pager), Some(address), Some(body)) = (pager, address, example.answer.json()) else {
        return false;
    };
    // What leads to a next page is never a time.
    let headers: HeaderMap = example
        .answer
        .headers
        .iter()
        .filter_map(|(name, text)| Some((name.clone(), text.parse().ok()?)))
        .collect();
    let page = Page {
        body: &body,
        headers: &headers,
        address: &address,
    };
    matches!(pager.step(&page), Ok(Step::Last(_)))
}
