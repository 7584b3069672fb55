//! The header `Link` (RFC 8288): the address of the next page.

#[cfg(test)]
mod tests;

use http::{HeaderMap, header};

/// Why a header `Link` cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    /// It is no text.
    #[error("it is no text")]
    NoText,
    /// Something other than an address between angle brackets.
    #[error("an address between `<` and `>` is expected at character {0}")]
    NoAddress(usize),
    /// A quotation mark or an angle bracket without its other half.
    #[error("what begins at character {0} does not end")]
    Open(usize),
}

/// The address with the relation `next`, as it stands there, from however many headers.
///
/// Links about something else than this page (`anchor`) are passed over, as section 3.2 allows.
///
/// # Errors
///
/// If a header cannot be read: taking it for the last page would lose records.
pub fn next_link(headers: &HeaderMap) -> Result<Option<String>, LinkError> {
    for value in headers.get_all(header::LINK) {
        let text = std::str::from_utf8(value.as_bytes()).map_err(|_| LinkError::NoText)?;
        let mut reader = Reader { text, at: 0 };
        while let Some(link) = reader.link()? {
            if link.is_next {
                return Ok(Some(link.address));
            }
        }
    }
    Ok(None)
}

struct Link {
    address: String,
    is_next: bool,
}

/// Reads one header from left to right.
struct Reader<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Reader<'t> {
    /// The next link; `None` at the end. Empty ones between commas are allowed (RFC 9110 section
    /// 5.6.1).
    fn link(&mut self) -> Result<Option<Link>, LinkError> {
        self.skip(|c| c == ',' || is_space(c));
        if self.rest().is_empty() {
            return Ok(None);
        }
        let start = self.at;
        if !self.take('<') {
            return Err(LinkError::NoAddress(self.character()));
        }
        let address = self.until('>').ok_or_else(|| self.open(start))?.trim();
        let mut relation = None;
        let mut has_anchor = false;
        loop {
            self.skip(is_space);
            if !self.take(';') {
                break;
            }
            self.skip(is_space);
            let name = self.word().to_ascii_lowercase();
            self.skip(is_space);
            let value = if self.take('=') {
                self.skip(is_space);
                self.value()?
            } else {
                String::new()
            };
            match name.as_str() {
                // Section 3.3: of several only the first counts.
                "rel" => {
                    relation.get_or_insert(value);
                }
                "anchor" => has_anchor = true,
                _ => {}
            }
        }
        // Whatever else stands before the next comma means nothing to us.
        self.skip(|c| c != ',');
        let relation = relation.unwrap_or_default();
        let mut relations = relation.split_ascii_whitespace();
        let is_next = relations.any(|one| one.eq_ignore_ascii_case("next")) && !has_anchor;
        Ok(Some(Link {
            address: address.to_owned(),
            is_next,
        }))
    }

    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn take(&mut self, wanted: char) -> bool {
        let is_there = self.rest().starts_with(wanted);
        if is_there {
            self.at += wanted.len_utf8();
        }
        is_there
    }

    fn skip(&mut self, is_skipped: impl Fn(char) -> bool) {
        self.at = self.text.len() - self.rest().trim_start_matches(is_skipped).len();
    }

    /// The text up to a character, which is passed over.
    fn until(&mut self, end: char) -> Option<&'t str> {
        let (found, _) = self.rest().split_once(end)?;
        self.at += found.len() + end.len_utf8();
        Some(found)
    }

    fn word(&mut self) -> &'t str {
        let rest = self.rest();
        let end = rest.find(|c: char| ";,=\"".contains(c) || is_space(c));
        let word = rest.get(..end.unwrap_or(rest.len())).unwrap_or_default();
        self.at += word.len();
        word
    }

    /// A word, or a text between quotation marks in which `\` takes the next character as it is.
    fn value(&mut self) -> Result<String, LinkError> {
        let start = self.at;
        if !self.take('"') {
            return Ok(self.word().to_owned());
        }
        let mut value = String::new();
        let mut is_escaped = false;
        for (place, c) in self.rest().char_indices() {
            if is_escaped {
                value.push(c);
                is_escaped = false;
            } else if c == '\\' {
                is_escaped = true;
            } else if c == '"' {
                self.at += place + 1;
                return Ok(value);
            } else {
                value.push(c);
            }
        }
        Err(self.open(start))
    }

    /// The character at which the reader stands, from 1.
    fn character(&self) -> usize {
        let before = self.text.get(..self.at).unwrap_or_default();
        before.chars().count() + 1
    }

    fn open(&self, start: usize) -> LinkError {
        let before = self.text.get(..start).unwrap_or_default();
        LinkError::Open(before.chars().count() + 1)
    }
}

fn is_space(c: char) -> bool {
    c == ' ' || c == '\t'
}
