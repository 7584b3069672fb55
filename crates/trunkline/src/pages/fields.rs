//! Reads and writes single fields of a query or a form, and leaves all others byte for byte.

#[cfg(test)]
mod tests;

use std::borrow::Cow;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// RFC 3986 section 2.3.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// The value of the first field of that name.
pub(super) fn get(fields: &str, name: &str) -> Option<String> {
    let mut found = fields.split('&').filter(|field| is_named(field, name));
    let field = found.next()?;
    let (_, value) = field.split_once('=').unwrap_or((field, ""));
    Some(decoded(value).into_owned())
}

/// The fields with this value under that name, in the place of any before.
pub(super) fn set(fields: &str, name: &str, value: &str) -> String {
    let mut all = without(fields, |known| known == name);
    if !all.is_empty() {
        all.push('&');
    }
    for (text, end) in [(name, "="), (value, "")] {
        all.extend(utf8_percent_encode(text, ESCAPED));
        all.push_str(end);
    }
    all
}

/// The fields less those whose names are refused.
pub(super) fn without(fields: &str, is_refused: impl Fn(&str) -> bool) -> String {
    let kept = fields
        .split('&')
        .filter(|field| !field.is_empty() && !is_refused(&name_of(field)));
    kept.collect::<Vec<&str>>().join("&")
}

fn is_named(field: &str, name: &str) -> bool {
    !field.is_empty() && name_of(field) == name
}

fn name_of(field: &str) -> Cow<'_, str> {
    decoded(field.split_once('=').map_or(field, |(name, _)| name))
}

/// As the URL standard reads forms, where a plus sign is a space.
fn decoded(text: &str) -> Cow<'_, str> {
    if !text.contains(['%', '+']) {
        return Cow::Borrowed(text);
    }
    let text = text.replace('+', " ");
    Cow::Owned(percent_decode_str(&text).decode_utf8_lossy().into_owned())
}
