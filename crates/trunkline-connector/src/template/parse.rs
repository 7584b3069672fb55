//! Reads templates, and refuses what could not be a path or could mean two things.

use std::collections::HashSet;
use std::str::FromStr;

use super::{Piece, Template, TemplateError, is_dots};

impl FromStr for Template {
    type Err = TemplateError;

    fn from_str(text: &str) -> Result<Self, TemplateError> {
        let below = text
            .strip_prefix('/')
            .ok_or_else(|| TemplateError::NoSlash(text.to_owned()))?;
        let segments = below
            .split('/')
            .map(parse_segment)
            .collect::<Result<Vec<_>, _>>()?;
        let template = Self {
            text: text.to_owned(),
            segments,
        };
        let mut seen = HashSet::new();
        if let Some(twice) = template.names().find(|name| !seen.insert(*name)) {
            return Err(TemplateError::Twice(twice.to_owned()));
        }
        Ok(template)
    }
}

fn parse_segment(segment: &str) -> Result<Vec<Piece>, TemplateError> {
    if is_dots(segment) {
        return Err(TemplateError::Dots(segment.to_owned()));
    }
    let mut pieces = Vec::new();
    let mut rest = segment;
    while let Some((literal, after)) = rest.split_once('{') {
        let (name, after) = after
            .split_once('}')
            .ok_or_else(|| TemplateError::Brace(segment.to_owned()))?;
        if !is_part(name) {
            return Err(TemplateError::Name(name.to_owned()));
        }
        push_literal(&mut pieces, literal)?;
        if let Some(Piece::Name(_)) = pieces.last() {
            return Err(TemplateError::Touching(name.to_owned()));
        }
        pieces.push(Piece::Name(name.to_owned()));
        rest = after;
    }
    push_literal(&mut pieces, rest)?;
    Ok(pieces)
}

fn push_literal(pieces: &mut Vec<Piece>, text: &str) -> Result<(), TemplateError> {
    if text.contains(['{', '}']) {
        return Err(TemplateError::Brace(text.to_owned()));
    }
    // RFC 3986 section 3.3: unreserved, percent-encoded, sub-delimiters, `:` and `@`.
    let stands = |c: char| c.is_ascii_alphanumeric() || "-._~%!$&'()*+,;=:@".contains(c);
    if let Some(other) = text.chars().find(|&c| !stands(c)) {
        return Err(TemplateError::Character(other));
    }
    if !text.is_empty() {
        pieces.push(Piece::Literal(text.to_owned()));
    }
    Ok(())
}

/// Whether a text can stand between braces: a name, or a secret's and one of its groups'.
fn is_part(text: &str) -> bool {
    let (name, group) = text.split_once('.').unwrap_or((text, text));
    is_name(name) && is_name(group)
}

/// Whether a text names an input or a secret in a path.
pub(crate) fn is_name(text: &str) -> bool {
    !text.starts_with(|first: char| first.is_ascii_digit())
        && !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}
