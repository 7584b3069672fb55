//! Paths of requests, which SDKs write more freely than templates do. Pure.

use trunkline::connector::template::Template;
use url::form_urlencoded;

/// The parts of a path. Where the template ends in a part, that part may hold any number of `/`.
pub(super) fn captures<'t, 'p>(
    template: &'t Template,
    path: &'p str,
) -> Option<Vec<(&'t str, &'p str)>> {
    if let Some(captures) = template.captures(path) {
        return Some(captures);
    }
    let last = template.as_str().rsplit('/').next().unwrap_or_default();
    if !last.starts_with('{') || last.find('}') != last.len().checked_sub(1) {
        return None;
    }
    let mut places = template.places_in_prefix(path)?;
    if let Some((_, last)) = places.last_mut() {
        last.end = path.len();
    }
    let texts = places.into_iter();
    texts
        .map(|(name, place)| Some((name, path.get(place)?)))
        .collect()
}

/// A part of a path without its percent-encoding. A `+` is a plus there.
pub(super) fn decoded(text: &str) -> String {
    let text = text.replace('+', "%2B");
    let text = text.replace('&', "%26").replace('=', "%3D");
    let mut pairs = form_urlencoded::parse(text.as_bytes());
    pairs
        .next()
        .map_or_else(String::new, |(text, _)| text.into_owned())
}
