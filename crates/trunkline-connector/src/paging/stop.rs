//! Whether a page says that it is the last.

use serde_json::Value;

use super::{Pager, PagingError, Reason};
use crate::format::{PaginationSection, StopRule};
use crate::words;

impl Pager {
    pub(super) fn is_last(&self, body: &Value, count: u64) -> Result<Option<Reason>, PagingError> {
        if let PaginationSection::Graphql { .. } = self.way {
            let pointer = format!("{}/hasNextPage", self.page_info.as_deref().unwrap_or(""));
            return said(body, &pointer, Last::IsFalse);
        }
        let Some(stop) = self.way.stop() else {
            return Ok(None);
        };
        match stop {
            StopRule::FalseAt(pointer) => said(body, pointer, Last::IsFalse),
            StopRule::TrueAt(pointer) => said(body, pointer, Last::IsTrue),
            StopRule::EmptyAt(pointer) => {
                let is_empty = body.pointer(pointer).is_none_or(is_empty);
                Ok(is_empty.then(|| Reason::Said(pointer.clone())))
            }
            StopRule::TotalAt(pointer) => {
                let found = body.pointer(pointer);
                let total = found
                    .and_then(Value::as_u64)
                    .ok_or_else(|| PagingError::NoStop {
                        pointer: pointer.clone(),
                        got: in_words(found),
                        expected: "how many records there are",
                    })?;
                Ok((total <= self.came(count)).then_some(Reason::Total(total)))
            }
            StopRule::EmptyPage => Ok((count == 0).then_some(Reason::EmptyPage)),
            StopRule::ShortPage => {
                let is_short = self.size.is_some_and(|size| count < size);
                Ok(is_short.then_some(Reason::ShortPage))
            }
            // Known only when the next page is looked for.
            StopRule::NoNext => Ok(None),
        }
    }

    /// The records up to the end of this page, those before the first one that was asked for
    /// included.
    fn came(&self, count: u64) -> u64 {
        match &self.way {
            PaginationSection::Page { first, .. } => {
                let asked = self.pages.saturating_sub(1);
                let skipped = self.position.saturating_sub(*first).saturating_sub(asked);
                skipped
                    .saturating_mul(self.size.unwrap_or(0))
                    .saturating_add(self.records)
            }
            _ => self.position.saturating_add(count),
        }
    }
}

/// What a value is on the last page.
#[derive(Clone, Copy)]
enum Last {
    IsFalse,
    IsTrue,
}

fn said(body: &Value, pointer: &str, last: Last) -> Result<Option<Reason>, PagingError> {
    match body.pointer(pointer) {
        Some(Value::Bool(value)) => {
            let is_last = match last {
                Last::IsFalse => !value,
                Last::IsTrue => *value,
            };
            Ok(is_last.then(|| Reason::Said(pointer.to_owned())))
        }
        found => Err(PagingError::NoStop {
            pointer: pointer.to_owned(),
            got: in_words(found),
            expected: "`true` or `false`",
        }),
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Bool(true) | Value::Number(_) => false,
        Value::String(text) => text.is_empty(),
        Value::Array(values) => values.is_empty(),
        Value::Object(fields) => fields.is_empty(),
    }
}

pub(super) fn in_words(found: Option<&Value>) -> String {
    found.map_or_else(|| "missing".to_owned(), words::of_value)
}
