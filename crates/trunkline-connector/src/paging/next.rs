//! How the page after one is asked for.

use serde_json::Value;

use super::link::next_link;
use super::{Next, Page, Pager, PagingError, SHOWN_MAX, hash, single_text, stop};
use crate::format::{PaginationSection, StopRule};

impl Pager {
    /// How the page after this one is asked for, if there is one.
    pub(super) fn next(
        &mut self,
        page: &Page<'_>,
        (records, count): (&[Value], u64),
    ) -> Result<Option<Next>, PagingError> {
        let found = match &self.way {
            PaginationSection::Offset { .. } | PaginationSection::Page { .. } => {
                self.turn(count).map(Ok)
            }
            PaginationSection::LastItem { field, .. } => {
                let last = records.last().ok_or(PagingError::EmptyPage)?;
                Some(self.cursor(last.pointer(field), field))
            }
            PaginationSection::Cursor { cursor, stop, .. } => {
                match page.body.pointer(cursor).filter(|value| !is_nothing(value)) {
                    None if *stop == StopRule::NoNext => None,
                    found => Some(self.cursor(found, cursor)),
                }
            }
            PaginationSection::Graphql { .. } => {
                let pointer = format!("{}/endCursor", self.page_info.as_deref().unwrap_or(""));
                Some(self.cursor(page.body.pointer(&pointer), &pointer))
            }
            PaginationSection::NextUrl { next, stop, .. } => match page.body.pointer(next) {
                Some(Value::String(text)) if !text.is_empty() => Some(address(text, page)),
                None | Some(Value::Null | Value::String(_)) if *stop == StopRule::NoNext => None,
                found => Some(Err(no_next(next, found))),
            },
            PaginationSection::LinkHeader { .. } => {
                next_link(page.headers)?.map(|text| address(&text, page))
            }
        };
        found.transpose()
    }

    /// The next offset or page number; `None` after an empty page that only a total calls not the
    /// last, since records may have gone meanwhile.
    fn turn(&mut self, count: u64) -> Option<Next> {
        let is_total = matches!(self.way.stop(), Some(StopRule::TotalAt(_)));
        if count == 0 && is_total {
            return None;
        }
        let by = match &self.way {
            PaginationSection::Offset { .. } => count,
            PaginationSection::Page { .. }
            | PaginationSection::LastItem { .. }
            | PaginationSection::Cursor { .. }
            | PaginationSection::NextUrl { .. }
            | PaginationSection::LinkHeader { .. }
            | PaginationSection::Graphql { .. } => 1,
        };
        self.position = self.position.saturating_add(by);
        Some(self.input(Value::from(self.position)))
    }

    fn cursor(&self, found: Option<&Value>, pointer: &str) -> Result<Next, PagingError> {
        match found {
            Some(Value::String(text)) if !text.is_empty() => {
                Ok(self.input(Value::String(text.clone())))
            }
            Some(Value::Number(number)) if self.takes_text => {
                Ok(self.input(Value::String(number.to_string())))
            }
            Some(Value::Number(number)) => Ok(self.input(Value::Number(number.clone()))),
            found => Err(no_next(pointer, found)),
        }
    }

    pub(super) fn input(&self, value: Value) -> Next {
        let name = match &self.way {
            PaginationSection::Offset { offset, .. } => offset,
            PaginationSection::Page { page, .. } => page,
            PaginationSection::LastItem { input, .. } | PaginationSection::Cursor { input, .. } => {
                input
            }
            PaginationSection::Graphql { variable, .. } => variable,
            // These ask by address.
            PaginationSection::NextUrl { .. } | PaginationSection::LinkHeader { .. } => "",
        };
        Next::Input {
            name: name.to_owned(),
            value,
        }
    }

    pub(super) fn refuse_repeated(
        &mut self,
        next: &Next,
        page: &Page<'_>,
    ) -> Result<(), PagingError> {
        match next {
            Next::Input { value, .. } => {
                let text = single_text(value).unwrap_or_default();
                if self.seen.insert(hash(&text)) {
                    return Ok(());
                }
                Err(match self.way {
                    PaginationSection::Offset { .. } | PaginationSection::Page { .. } => {
                        PagingError::EmptyPage
                    }
                    _ => PagingError::RepeatedCursor(text.chars().take(SHOWN_MAX).collect()),
                })
            }
            Next::Address(url) => {
                self.seen.insert(hash(page.address.as_str()));
                if self.seen.insert(hash(url.as_str())) {
                    return Ok(());
                }
                Err(PagingError::RepeatedAddress)
            }
        }
    }
}

fn address(text: &str, page: &Page<'_>) -> Result<Next, PagingError> {
    let url = page.address.join(text);
    let url = url.map_err(|error| PagingError::BadAddress(error.to_string()))?;
    if !matches!(url.scheme(), "http" | "https") {
        let scheme = url.scheme();
        return Err(PagingError::BadAddress(format!("`{scheme}:` is no HTTP")));
    }
    Ok(Next::Address(url))
}

fn no_next(pointer: &str, found: Option<&Value>) -> PagingError {
    PagingError::NoNext {
        pointer: pointer.to_owned(),
        got: stop::in_words(found),
    }
}

fn is_nothing(value: &Value) -> bool {
    value.is_null() || value.as_str() == Some("")
}
