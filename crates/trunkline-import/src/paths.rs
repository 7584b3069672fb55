//! Paths as documents write them, and what a connector's path can hold of them.

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

/// What a fixed part of a path cannot hold (RFC 3986 section 3.3).
const NOT_IN_PATH: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// A path of the document, taken apart.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct DocumentPath {
    /// Fixed texts and parts, in order; begins with `/`.
    pub(crate) pieces: Vec<Piece>,
    /// What stood behind a `?`.
    pub(crate) query: Vec<(String, QueryValue)>,
    /// Whether something of it could not be kept.
    pub(crate) is_changed: bool,
}

/// A piece of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Piece {
    /// A text, percent-encoded where it has to be.
    Fixed(String),
    /// `{name}`, as the document calls it.
    Part(String),
}

/// A value in a query that is part of the path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum QueryValue {
    Fixed(String),
    Part(String),
}

/// Takes a path apart.
pub(crate) fn read(text: &str) -> DocumentPath {
    let mut path = DocumentPath::default();
    let mut fixed = String::new();
    let mut rest = text.trim();
    if !rest.starts_with('/') {
        fixed.push('/');
        path.is_changed = true;
    }
    while let Some(at) = rest.find(['{', '?', '#']) {
        let (before, from) = rest.split_at(at);
        fixed.push_str(before);
        let mark = from.chars().next().unwrap_or_default();
        let after = from.get(1..).unwrap_or_default();
        rest = match (mark, after.split_once('}')) {
            ('{', Some((name, after))) => {
                path.part(&mut fixed, name);
                after
            }
            ('{', None) => {
                fixed.push('{');
                after
            }
            ('?', _) => {
                path.query(after);
                ""
            }
            _ => {
                path.is_changed = true;
                ""
            }
        };
    }
    fixed.push_str(rest);
    path.fixed(&mut fixed);
    path
}

impl DocumentPath {
    fn fixed(&mut self, text: &mut String) {
        if text.is_empty() {
            return;
        }
        let encoded = utf8_percent_encode(text, NOT_IN_PATH).to_string();
        self.is_changed |= encoded != *text;
        self.pieces.push(Piece::Fixed(encoded));
        text.clear();
    }

    /// `{name}`, `{+name}`, `{name*}`; `{?name}` (RFC 6570) is a query, which parameters describe.
    fn part(&mut self, fixed: &mut String, name: &str) {
        if name.starts_with(['?', '&', '#']) {
            self.is_changed = true;
            return;
        }
        self.fixed(fixed);
        let plain = name.trim_matches(|c: char| c.is_whitespace() || matches!(c, '+' | '*'));
        self.is_changed |= plain != name;
        if let Some(Piece::Part(before)) = self.pieces.last_mut() {
            // Nothing tells the two apart in an address, so they are one.
            before.push('_');
            before.push_str(plain);
            self.is_changed = true;
            return;
        }
        self.pieces.push(Piece::Part(plain.to_owned()));
    }

    fn query(&mut self, text: &str) {
        let text = text.split('#').next().unwrap_or_default();
        for pair in text.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let part = value
                .strip_prefix('{')
                .and_then(|value| value.strip_suffix('}'));
            if name.contains(['{', '}']) {
                self.is_changed = true;
                continue;
            }
            let value = match part {
                Some(part) => QueryValue::Part(part.to_owned()),
                None if value.contains(['{', '}']) => {
                    self.is_changed = true;
                    continue;
                }
                None => QueryValue::Fixed(value.to_owned()),
            };
            self.query.push((name.to_owned(), value));
        }
    }

    /// The fixed segments that it begins with, each with its `/`.
    pub(crate) fn fixed_prefix(&self) -> Vec<&str> {
        let Some(Piece::Fixed(first)) = self.pieces.first() else {
            return Vec::new();
        };
        let mut segments: Vec<&str> = first.split('/').skip(1).collect();
        if 1 < self.pieces.len() {
            // What a part follows in the same segment is not fixed.
            segments.pop();
        }
        segments
            .into_iter()
            .take_while(|segment| !segment.is_empty())
            .collect()
    }

    /// Puts a fixed text before it.
    pub(crate) fn put_before(&mut self, prefix: &str) {
        match self.pieces.first_mut() {
            Some(Piece::Fixed(first)) => first.insert_str(0, prefix),
            _ => self.pieces.insert(0, Piece::Fixed(prefix.to_owned())),
        }
    }

    /// Whether it begins with these fixed segments.
    pub(crate) fn is_below(&self, prefix: &str) -> bool {
        let Some(Piece::Fixed(first)) = self.pieces.first() else {
            return false;
        };
        first
            .strip_prefix(prefix)
            .is_some_and(|rest| rest.starts_with('/') || rest.is_empty() && self.pieces.len() == 1)
    }

    /// The same for all paths that match the same addresses, whatever their parts are called.
    pub(crate) fn shape(&self) -> String {
        let texts = self.pieces.iter().map(|piece| match piece {
            Piece::Fixed(text) => text.as_str(),
            Piece::Part(_) => "{}",
        });
        texts.collect()
    }
}
