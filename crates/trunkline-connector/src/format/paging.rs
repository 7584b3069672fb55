//! How an API hands out long lists, page by page.

use schemars::JsonSchema;
use serde::Deserialize;

/// A way of paging. `items` is where the records are, as a JSON Pointer; nothing for the whole
/// body. An operation may say its own instead.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum PaginationSection {
    /// Pages begin at a number of records.
    Offset {
        /// JSON Pointer to the list of records.
        items: Option<String>,
        /// The input that takes the number of records before the page; left out: `offset`.
        #[serde(default = "offset")]
        offset: String,
        /// The input that takes the size of a page.
        limit: Option<String>,
        /// The size of a page: what is asked for where the caller does not say.
        #[schemars(range(min = 1))]
        size: Option<u64>,
        /// When it ends.
        stop: StopRule,
    },
    /// Pages have numbers.
    Page {
        /// JSON Pointer to the list of records.
        items: Option<String>,
        /// The input that takes the page's number; left out: `page`.
        #[serde(default = "page")]
        page: String,
        /// The first page's number; left out: 1.
        #[serde(default = "one")]
        first: u64,
        /// The input that takes the size of a page.
        limit: Option<String>,
        /// The size of a page: what is asked for where the caller does not say.
        #[schemars(range(min = 1))]
        size: Option<u64>,
        /// When it ends.
        stop: StopRule,
    },
    /// The next page is asked for with a field of the last record.
    LastItem {
        /// JSON Pointer to the list of records.
        items: Option<String>,
        /// JSON Pointer to the field within the last record.
        field: String,
        /// The input that takes its value.
        input: String,
        /// When it ends.
        stop: StopRule,
    },
    /// The body names a cursor for the next page.
    Cursor {
        /// JSON Pointer to the list of records.
        items: Option<String>,
        /// JSON Pointer to the cursor.
        cursor: String,
        /// The input that takes it.
        input: String,
        /// When it ends.
        stop: StopRule,
    },
    /// The body gives the next page's address.
    NextUrl {
        /// JSON Pointer to the list of records.
        items: Option<String>,
        /// JSON Pointer to the address, absolute or a path.
        next: String,
        /// When it ends.
        stop: StopRule,
    },
    /// The header `Link` gives the next page's address (RFC 8288); without `rel="next"` it ends.
    LinkHeader {
        /// JSON Pointer to the list of records.
        items: Option<String>,
        /// When it ends besides.
        stop: Option<StopRule>,
    },
    /// A GraphQL connection: it ends when `hasNextPage` is false, and `endCursor` is the next
    /// page's cursor. A call may say `items` and `page_info` where neither this nor the operation
    /// does.
    Graphql {
        /// JSON Pointer to the list of records.
        items: Option<String>,
        /// JSON Pointer to the connection's `pageInfo`.
        page_info: Option<String>,
        /// The variable that takes the cursor; left out: `after`.
        #[serde(default = "after")]
        variable: String,
    },
}

/// What says that a page is the last.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum StopRule {
    /// The value there is `false`, as a JSON Pointer.
    FalseAt(String),
    /// The value there is `true`.
    TrueAt(String),
    /// The value there is missing, null, `false`, or an empty text, list or object.
    EmptyAt(String),
    /// The number there is how many records there are, and as many have come.
    TotalAt(String),
    /// It has no record.
    EmptyPage,
    /// It has fewer records than a page's `size`.
    ShortPage,
    /// It names no next page.
    NoNext,
}

impl PaginationSection {
    /// JSON Pointer to the records, where it says so.
    pub fn items(&self) -> Option<&str> {
        match self {
            Self::Offset { items, .. }
            | Self::Page { items, .. }
            | Self::LastItem { items, .. }
            | Self::Cursor { items, .. }
            | Self::NextUrl { items, .. }
            | Self::LinkHeader { items, .. }
            | Self::Graphql { items, .. } => items.as_deref(),
        }
    }

    /// When it ends.
    pub fn stop(&self) -> Option<&StopRule> {
        match self {
            Self::Offset { stop, .. }
            | Self::Page { stop, .. }
            | Self::LastItem { stop, .. }
            | Self::Cursor { stop, .. }
            | Self::NextUrl { stop, .. } => Some(stop),
            Self::LinkHeader { stop, .. } => stop.as_ref(),
            Self::Graphql { .. } => None,
        }
    }

    /// The inputs that it sets and an operation must have.
    pub fn inputs(&self) -> Vec<&str> {
        match self {
            Self::Offset { offset, limit, .. } => [offset]
                .into_iter()
                .chain(limit)
                .map(String::as_str)
                .collect(),
            Self::Page { page, limit, .. } => [page]
                .into_iter()
                .chain(limit)
                .map(String::as_str)
                .collect(),
            Self::LastItem { input, .. } | Self::Cursor { input, .. } => vec![input],
            Self::NextUrl { .. } | Self::LinkHeader { .. } | Self::Graphql { .. } => Vec::new(),
        }
    }

    /// The input that says which page is asked for.
    pub fn page_input(&self) -> Option<&str> {
        match self {
            Self::Offset { offset, .. } => Some(offset),
            Self::Page { page, .. } => Some(page),
            Self::LastItem { .. }
            | Self::Cursor { .. }
            | Self::NextUrl { .. }
            | Self::LinkHeader { .. }
            | Self::Graphql { .. } => self.cursor_input(),
        }
    }

    /// The input that takes what a page gives for the next one.
    pub(crate) fn cursor_input(&self) -> Option<&str> {
        match self {
            Self::LastItem { input, .. } | Self::Cursor { input, .. } => Some(input),
            Self::Graphql { variable, .. } => Some(variable),
            Self::Offset { .. }
            | Self::Page { .. }
            | Self::NextUrl { .. }
            | Self::LinkHeader { .. } => None,
        }
    }
}

fn offset() -> String {
    "offset".to_owned()
}

fn page() -> String {
    "page".to_owned()
}

fn one() -> u64 {
    1
}

fn after() -> String {
    "after".to_owned()
}
