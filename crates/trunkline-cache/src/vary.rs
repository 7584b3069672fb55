//! Tells apart the answers of one address that were negotiated: RFC 9111 §4.1.

use std::fmt;

use http::header::{self, HeaderMap, HeaderName};

use crate::number;

/// What a stored answer's request had in a field that the answer's `Vary` names.
///
/// It may hold a credential, when an upstream names `Authorization`; `Debug` hides it.
#[derive(Clone, PartialEq, Eq)]
pub struct Varied {
    /// The field.
    pub name: HeaderName,
    /// Its value, several lines joined and white space normalized; `None` if it was absent,
    /// which differs from empty.
    pub value: Option<Box<[u8]>>,
}

impl fmt::Debug for Varied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Varied({})", self.name)
    }
}

/// The fields that an answer varies by.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Names {
    /// `*`, or what is no field name: no other request ever matches.
    Unknowable,
    Listed(Vec<HeaderName>),
}

/// Reads all lines of `Vary`; the names in order, each once.
pub(crate) fn names(response: &HeaderMap) -> Names {
    let mut names = Vec::new();
    for line in response.get_all(header::VARY) {
        for part in line.as_bytes().split(|byte| *byte == b',') {
            let part = number::trimmed(part);
            if part.is_empty() {
                continue;
            }
            // `*` is a token, so a name must not be asked for first.
            let Ok(name) = HeaderName::from_bytes(part) else {
                return Names::Unknowable;
            };
            if part == b"*" {
                return Names::Unknowable;
            }
            if !names.contains(&name) {
                names.push(name);
            }
        }
    }
    Names::Listed(names)
}

/// Notes what a request has in the named fields.
pub(crate) fn values(names: Vec<HeaderName>, request: &HeaderMap) -> Box<[Varied]> {
    names
        .into_iter()
        .map(|name| Varied {
            value: normalized(&name, request).map(Vec::into_boxed_slice),
            name,
        })
        .collect()
}

/// Whether a request has in all fields what the stored answer's request had.
pub(crate) fn matches(varied: &[Varied], request: &HeaderMap) -> bool {
    varied.iter().all(|field| {
        let mut lines = request.get_all(&field.name).iter();
        match (&field.value, lines.next()) {
            (None, None) => true,
            (None, Some(_)) | (Some(_), None) => false,
            // Normalizing changes nothing that is normal already.
            (Some(value), Some(line)) if lines.next().is_none() && line.as_bytes() == &**value => {
                true
            }
            (Some(value), Some(_)) => {
                normalized(&field.name, request).is_some_and(|asked| *asked == **value)
            }
        }
    })
}

/// RFC 9111 §4.1: joins the lines, and takes away white space where lists allow it.
fn normalized(name: &HeaderName, request: &HeaderMap) -> Option<Vec<u8>> {
    let mut lines = request.get_all(name).iter();
    let mut text = Vec::new();
    append_normalized(lines.next()?.as_bytes(), &mut text);
    for line in lines {
        text.push(b',');
        append_normalized(line.as_bytes(), &mut text);
    }
    // Languages, codings and character sets have no case (RFC 9110 §8.3.2, §8.4.1, §8.5.1).
    let has_no_case = [
        header::ACCEPT_LANGUAGE,
        header::ACCEPT_ENCODING,
        header::ACCEPT_CHARSET,
    ];
    if has_no_case.contains(name) {
        text.make_ascii_lowercase();
    }
    Some(text)
}

fn append_normalized(line: &[u8], text: &mut Vec<u8>) {
    let mut at_start = true;
    let mut quoted = false;
    let mut escaped = false;
    let mut spaces = Vec::new();
    for &byte in line {
        let is_space = matches!(byte, b' ' | b'\t');
        if is_space && !quoted {
            if !at_start {
                spaces.push(byte);
            }
            continue;
        }
        let ends_part = byte == b',' && !quoted;
        if ends_part {
            spaces.clear();
        }
        text.append(&mut spaces);
        text.push(byte);
        at_start = ends_part;
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests;
