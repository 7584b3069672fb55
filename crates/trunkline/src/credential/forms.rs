//! The texts in which a secret could be seen, for those who must keep it out of what they show.

#[cfg(test)]
mod tests;

use std::cmp::Reverse;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use url::form_urlencoded::byte_serialize;

use super::RESERVED;
use crate::secret::Secret;

/// A shorter text stands in other words too, and is no secret worth its name.
pub(super) const CHARS_MIN: usize = 4;

/// Every form of these texts: as they are, and as addresses, forms, JSON and headers carry them.
/// The longest first, since one may stand within another.
pub(super) fn of<'a>(texts: impl IntoIterator<Item = &'a str>) -> Vec<Secret> {
    let mut forms: Vec<String> = texts.into_iter().flat_map(of_one).collect();
    forms.retain(|form| !form.is_empty());
    forms.sort_by(|one, other| (Reverse(one.len()), one).cmp(&(Reverse(other.len()), other)));
    forms.dedup();
    forms.into_iter().map(Secret::new).collect()
}

fn of_one(text: &str) -> Vec<String> {
    let mut forms = vec![text.to_owned()];
    for encoded in [
        byte_serialize(text.as_bytes()).collect(),
        utf8_percent_encode(text, NON_ALPHANUMERIC).to_string(),
        utf8_percent_encode(text, RESERVED).to_string(),
    ] {
        forms.push(with_small_digits(&encoded));
        forms.push(encoded);
    }
    let json = Value::from(text).to_string();
    let json = json.trim_start_matches('"');
    let json = json.strip_suffix('"').unwrap_or(json);
    // PHP writes slashes so.
    forms.extend([json.to_owned(), json.replace('/', "\\/")]);
    forms.extend([&STANDARD, &STANDARD_NO_PAD, &URL_SAFE_NO_PAD].map(|engine| engine.encode(text)));
    forms
}

/// The same percent-encoded text with `%2f` for `%2F`.
fn with_small_digits(encoded: &str) -> String {
    let mut parts = encoded.split('%');
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (digits, rest) = part.split_at_checked(2).unwrap_or((part, ""));
        text.push('%');
        text.push_str(&digits.to_ascii_lowercase());
        text.push_str(rest);
    }
    text
}
