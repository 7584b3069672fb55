//! Whether there is another page, and how it is asked for. Pure: the caller asks.
//!
//! A [`Pager`] is made for one call. Each page that came is given to [`Pager::step`], which says
//! how to ask for the next one or why this was the last, or refuses what would lead round in
//! circles. It keeps no records and of each page eight bytes, so a million records need as much
//! memory as one page.

mod error;
mod link;
mod next;
mod stop;
#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::fmt;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use http::HeaderMap;
use serde_json::Value;
use url::Url;

use crate::connector::{Inputs, Operation};
use crate::format::{InputKind, PaginationSection};

pub use error::PagingError;
pub use link::{LinkError, next_link};

/// Where a long list stands: how far it has been read, and how it goes on.
#[derive(Debug, Clone)]
pub struct Pager {
    way: PaginationSection,
    items: String,
    page_info: Option<String>,
    /// The kind of the input that takes a cursor.
    takes_text: bool,
    pages_max: u64,
    pages: u64,
    /// Records before this page, or this page's number.
    position: u64,
    /// What pages are asked to hold, where that is known.
    size: Option<u64>,
    records: u64,
    /// Hashes of cursors and addresses that were asked for.
    seen: HashSet<u64>,
}

/// What a call says of its pages.
#[derive(Debug, Clone)]
pub struct PagesAsked {
    /// How many pages are read at most.
    pub pages_max: u64,
    /// JSON Pointer to the records, where the call says so.
    pub items: Option<String>,
    /// JSON Pointer to a GraphQL connection's `pageInfo`, likewise.
    pub page_info: Option<String>,
}

/// One page as it came.
#[derive(Debug, Clone, Copy)]
pub struct Page<'p> {
    /// Its body.
    pub body: &'p Value,
    /// Its headers.
    pub headers: &'p HeaderMap,
    /// The address that it was asked for at, against which a relative address is resolved.
    pub address: &'p Url,
}

/// What comes after a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Another page, to be asked for so.
    Next(Next),
    /// Nothing.
    Last(Reason),
    /// Another page, but as many were read as the call allows.
    Capped(Next),
}

/// How the next page is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// By the same call, with this input set.
    Input {
        /// The input, or the GraphQL variable.
        name: String,
        /// Its value.
        value: Value,
    },
    /// At this address. It may be anybody's: see
    /// [`Connector::below`](crate::Connector::below).
    Address(Url),
}

/// Why a page is the last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// The page says so, at this JSON Pointer.
    Said(String),
    /// As many records came as there are.
    Total(u64),
    /// It has no record.
    EmptyPage,
    /// It has fewer records than a page holds.
    ShortPage,
    /// It names no next page.
    NoNext,
}

/// The most characters of a cursor that a message shows.
const SHOWN_MAX: usize = 80;

impl Pager {
    /// Begins to read the pages of a call with these inputs.
    ///
    /// # Errors
    ///
    /// If nobody says where the records are, or an input is no number that must be one.
    pub fn new(
        way: &PaginationSection,
        operation: &Operation,
        inputs: &Inputs,
        asked: PagesAsked,
    ) -> Result<Self, PagingError> {
        let or = |own: &Option<String>, of_way: Option<&str>| {
            own.clone().or_else(|| of_way.map(str::to_owned))
        };
        let items = asked.items.or_else(|| or(&operation.items, way.items()));
        let (of_way, is_graphql) = match way {
            PaginationSection::Graphql { page_info, .. } => (page_info.as_deref(), true),
            _ => (None, false),
        };
        let page_info = asked.page_info.or_else(|| or(&operation.page_info, of_way));
        if is_graphql && page_info.is_none() {
            return Err(PagingError::NoPointer("page_info"));
        }
        let cursor = way.cursor_input();
        let takes_text = cursor
            .and_then(|name| operation.input(name))
            .is_some_and(|input| input.kind == InputKind::String);
        let mut pager = Self {
            items: items.ok_or(PagingError::NoPointer("items"))?,
            page_info,
            takes_text,
            pages_max: asked.pages_max,
            pages: 0,
            position: 0,
            size: None,
            records: 0,
            seen: HashSet::new(),
            way: way.clone(),
        };
        pager.begin(inputs)?;
        Ok(pager)
    }

    fn begin(&mut self, inputs: &Inputs) -> Result<(), PagingError> {
        let (position, limit, size, first) = match &self.way {
            PaginationSection::Offset {
                offset,
                limit,
                size,
                ..
            } => (offset, limit, *size, 0),
            PaginationSection::Page {
                page,
                limit,
                size,
                first,
                ..
            } => (page, limit, *size, *first),
            PaginationSection::LastItem { .. }
            | PaginationSection::Cursor { .. }
            | PaginationSection::NextUrl { .. }
            | PaginationSection::LinkHeader { .. }
            | PaginationSection::Graphql { .. } => {
                let given = self.way.cursor_input().and_then(|name| inputs.get(name));
                if let Some(text) = given.and_then(single_text) {
                    self.seen.insert(hash(&text));
                }
                return Ok(());
            }
        };
        let given = |name: &String| inputs.get(name).filter(|value| !value.is_null());
        self.position = given(position).map_or(Ok(first), number)?;
        let limit = limit.as_ref().and_then(given).map(number).transpose()?;
        // The smaller one: the upstream may give less than was asked for, and a page that is taken
        // for a short one would end the list.
        self.size = match (limit, size) {
            (Some(limit), Some(size)) => Some(limit.min(size)),
            (limit, size) => limit.or(size),
        };
        Ok(())
    }

    /// The inputs that the first page needs besides those given: the size of a page.
    pub fn opening(&self, inputs: &Inputs) -> Option<(String, Value)> {
        match &self.way {
            PaginationSection::Offset {
                limit: Some(limit),
                size: Some(size),
                ..
            }
            | PaginationSection::Page {
                limit: Some(limit),
                size: Some(size),
                ..
            } if !inputs.contains_key(limit) => Some((limit.clone(), Value::from(*size))),
            _ => None,
        }
    }

    /// Goes on where an earlier reading stopped, as a [`Next`] is written. `base` is the
    /// address that a path counts from.
    ///
    /// # Errors
    ///
    /// If the text is no such place.
    pub fn resume(&mut self, from: &str, base: &Url) -> Result<Next, PagingError> {
        let refused = |expected| PagingError::BadStart {
            given: from.chars().take(SHOWN_MAX).collect(),
            expected,
        };
        if let PaginationSection::Offset { .. } | PaginationSection::Page { .. } = &self.way {
            let expected = "it takes a whole number";
            self.position = from.parse().map_err(|_| refused(expected))?;
            return Ok(self.input(Value::from(self.position)));
        }
        if from.is_empty() {
            return Err(refused("it is empty"));
        }
        if self.way.cursor_input().is_none() {
            let url = base
                .join(from)
                .map_err(|_| refused("it takes an address"))?;
            return Ok(Next::Address(url));
        }
        self.seen.insert(hash(from));
        let read = serde_json::from_str(from).ok();
        let value = read.filter(|value: &Value| value.is_number() && !self.takes_text);
        Ok(self.input(value.unwrap_or_else(|| Value::String(from.to_owned()))))
    }

    /// The records of a page. `null` in their place is none.
    ///
    /// # Errors
    ///
    /// If the page has no list there.
    pub fn records<'b>(&self, body: &'b Value) -> Result<&'b [Value], PagingError> {
        match body.pointer(&self.items) {
            Some(Value::Array(records)) => Ok(records),
            Some(Value::Null) if !self.items.is_empty() => Ok(&[]),
            _ => Err(PagingError::NoRecords(self.items.clone())),
        }
    }

    /// JSON Pointer to the records of a page.
    pub fn items(&self) -> &str {
        &self.items
    }

    /// The pages that came.
    pub fn pages(&self) -> u64 {
        self.pages
    }

    /// The records that came.
    pub fn records_total(&self) -> u64 {
        self.records
    }

    /// What comes after a page.
    ///
    /// # Errors
    ///
    /// If the page is not what the connector says, or leads round in a circle.
    pub fn step(&mut self, page: &Page<'_>) -> Result<Step, PagingError> {
        let records = self.records(page.body)?;
        let count = u64::try_from(records.len()).unwrap_or(u64::MAX);
        self.pages += 1;
        self.records += count;
        if let Some(reason) = self.is_last(page.body, count)? {
            return Ok(Step::Last(reason));
        }
        let Some(next) = self.next(page, (records, count))? else {
            return Ok(Step::Last(match self.way {
                PaginationSection::Offset { .. } | PaginationSection::Page { .. } => {
                    Reason::EmptyPage
                }
                PaginationSection::LastItem { .. }
                | PaginationSection::Cursor { .. }
                | PaginationSection::NextUrl { .. }
                | PaginationSection::LinkHeader { .. }
                | PaginationSection::Graphql { .. } => Reason::NoNext,
            }));
        };
        self.refuse_repeated(&next, page)?;
        Ok(if self.pages < self.pages_max {
            Step::Next(next)
        } else {
            Step::Capped(next)
        })
    }
}

/// As [`Pager::resume`] takes it.
impl fmt::Display for Next {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Input {
                value: Value::String(text),
                ..
            } => f.write_str(text),
            Self::Input { value, .. } => write!(f, "{value}"),
            Self::Address(url) => write!(f, "{url}"),
        }
    }
}

fn number(value: &Value) -> Result<u64, PagingError> {
    let of_text = || value.as_str().and_then(|text| text.parse().ok());
    value
        .as_u64()
        .or_else(of_text)
        .ok_or_else(|| PagingError::BadStart {
            given: single_text(value).unwrap_or_default(),
            expected: "it takes a whole number",
        })
}

fn single_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

fn hash(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}
