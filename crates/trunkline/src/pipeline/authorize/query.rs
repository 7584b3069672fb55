//! Credentials in the query: a caller's are removed, ours is added. Everything else stays byte for
//! byte.

#[cfg(test)]
mod tests;

use http::uri::PathAndQuery;
use percent_encoding::{percent_decode_str, utf8_percent_encode};

use crate::credential::{Proof, RESERVED};

/// The target with our credential in its query and none of the caller's, whose fields have the
/// names `credentials`; `None` where it stays as it is.
pub(super) fn with_ours(
    target: &PathAndQuery,
    credentials: &[String],
    proof: Option<&Proof>,
) -> Option<String> {
    // Nearly always.
    if credentials.is_empty() {
        return None;
    }
    let sent = target.query().filter(|query| !query.is_empty());
    let sent: Vec<&str> = sent
        .into_iter()
        .flat_map(|query| query.split('&'))
        .collect();
    let kept = sent.iter().filter(|field| !is_one_of(credentials, field));
    let mut fields: Vec<String> = kept.map(|field| (*field).to_owned()).collect();
    match proof {
        Some(Proof::Query { name, value }) => {
            let encode = |text: &str| utf8_percent_encode(text, RESERVED).to_string();
            fields.push(format!("{}={}", encode(name), encode(value.expose())));
        }
        Some(_) | None if fields.len() == sent.len() => return None,
        Some(_) | None => {}
    }
    let mut text = target.path().to_owned();
    if !fields.is_empty() {
        text.push('?');
        text.push_str(&fields.join("&"));
    }
    Some(text)
}

/// Whether a field has one of these names, as servers read it: `%6bey` is `key`, a plus sign is a
/// space.
fn is_one_of(names: &[String], field: &str) -> bool {
    let name = field.split_once('=').map_or(field, |(name, _)| name);
    let name = name.replace('+', " ");
    let name = percent_decode_str(&name).decode_utf8_lossy();
    names.iter().any(|declared| *declared == name)
}
