//! A small reader of `multipart/form-data` bodies (RFC 7578), for bodies that are there as a whole.

#[cfg(test)]
mod tests;

/// The most parts that are looked at.
const PARTS_MAX: usize = 100;

/// One part of a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) name: String,
    /// Its content; bytes that are no UTF-8 become replacement characters.
    pub(super) text: String,
    /// Whether it has a file's name.
    pub(super) is_file: bool,
}

/// What stands between the parts of a body of this content type.
pub(super) fn boundary(content_type: &str) -> Option<&str> {
    let (kind, parameters) = content_type.split_once(';')?;
    if !kind.trim().eq_ignore_ascii_case("multipart/form-data") {
        return None;
    }
    let mut parameters = parameters.split(';').map(str::trim);
    let boundary = parameters.find_map(|parameter| parameter.strip_prefix("boundary="))?;
    Some(boundary.trim_matches('"')).filter(|boundary| !boundary.is_empty())
}

/// The parts of a body. What is no part is left out, as is a last one that has no end.
pub(super) fn parts(body: &[u8], boundary: &str) -> Vec<Part> {
    let delimiter = format!("--{boundary}");
    let Some(first) = find(body, delimiter.as_bytes()) else {
        return Vec::new();
    };
    let mut rest = after(body, first + delimiter.len());
    let between = format!("\r\n{delimiter}");
    let mut parts = Vec::new();
    while parts.len() < PARTS_MAX && !rest.starts_with(b"--") {
        let Some(end) = find(rest, between.as_bytes()) else {
            break;
        };
        parts.extend(part(rest.get(..end).unwrap_or_default()));
        rest = after(rest, end + between.len());
    }
    parts
}

/// A part with its head, from the line break behind the delimiter.
fn part(bytes: &[u8]) -> Option<Part> {
    let bytes = bytes.strip_prefix(b"\r\n")?;
    let end = find(bytes, b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(bytes.get(..end)?).into_owned();
    let disposition = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-disposition")
            .then_some(value)
    })?;
    Some(Part {
        name: parameter(disposition, "name")?,
        text: String::from_utf8_lossy(after(bytes, end + 4)).into_owned(),
        is_file: parameter(disposition, "filename").is_some(),
    })
}

/// A quoted parameter, as every sender of forms writes it.
fn parameter(disposition: &str, wanted: &str) -> Option<String> {
    let opened = format!("; {wanted}=\"");
    let (_, value) = disposition.split_once(&opened)?;
    let (value, _) = value.split_once('"')?;
    Some(
        value
            .replace("%22", "\"")
            .replace("%0D", "\r")
            .replace("%0A", "\n"),
    )
}

fn after(bytes: &[u8], place: usize) -> &[u8] {
    bytes.get(place..).unwrap_or_default()
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    let first = *wanted.first()?;
    let mut start = 0;
    loop {
        let rest = bytes.get(start..)?;
        let place = start + rest.iter().position(|byte| *byte == first)?;
        if bytes.get(place..)?.starts_with(wanted) {
            return Some(place);
        }
        start = place + 1;
    }
}
