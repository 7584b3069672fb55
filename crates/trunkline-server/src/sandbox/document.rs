//! GraphQL documents, compared without a schema. Pure.

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

/// A document with single spaces between its words and signs, and without comments and commas,
/// which mean nothing.
pub(super) fn normal(document: &str) -> String {
    tokens(document).join(" ")
}

/// Whether the answer to one document has every field that another one asks for. Both are
/// [`normal`].
pub(super) fn answers(recorded: &str, asked: &str) -> bool {
    let (recorded, asked) = (Asked::of(recorded), Asked::of(asked));
    !asked.fields.is_empty()
        && recorded.kind == asked.kind
        && asked.fields.is_subset(&recorded.fields)
}

/// What a document asks for.
struct Asked<'d> {
    /// `query`, `mutation` or `subscription`.
    kind: &'d str,
    /// Every field by its way in the answer, such as `viewer.login`.
    fields: BTreeSet<String>,
}

impl<'d> Asked<'d> {
    fn of(document: &'d str) -> Self {
        let mut tokens = without_arguments(document).into_iter().peekable();
        let kind = tokens.peek().copied().filter(|token| *token != "{");
        let mut fields = BTreeSet::new();
        // The way to each open brace, and to the one that may open next.
        let mut open: Vec<String> = Vec::new();
        let mut next = String::new();
        while let Some(token) = tokens.next() {
            match token {
                "{" => open.push(std::mem::take(&mut next)),
                "}" => {
                    open.pop();
                }
                "..." => {
                    tokens.next_if_eq(&"on");
                    tokens.next_if(|token| is_name(token));
                    next = open.last().cloned().unwrap_or_default();
                }
                // The field behind an alias, or a directive.
                ":" | "@" => {
                    tokens.next();
                }
                name => match open.last() {
                    Some(above) if name != "__typename" => {
                        next = format!("{above}.{name}");
                        fields.insert(next.clone());
                    }
                    Some(_) => {}
                    None => next.clear(),
                },
            }
        }
        Self {
            kind: kind.unwrap_or("query"),
            fields,
        }
    }
}

/// A document's words and signs without what stands in parentheses.
fn without_arguments(document: &str) -> Vec<&str> {
    let mut depth = 0_usize;
    let mut tokens = tokens(document);
    tokens.retain(|token| {
        let before = depth;
        match *token {
            "(" => depth += 1,
            ")" => depth = depth.saturating_sub(1),
            _ => {}
        }
        before == 0 && depth == 0
    });
    tokens
}

fn is_name(token: &str) -> bool {
    token.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
}

/// The words and signs of a document (GraphQL specification, section 2.1).
fn tokens(document: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    let mut rest = document;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '#' => rest.find('\n').unwrap_or(rest.len()),
            '"' => text_length(rest),
            '.' if rest.starts_with("...") => 3,
            _ if is_word(first) => rest.find(|c| !is_word(c)).unwrap_or(rest.len()),
            other => other.len_utf8(),
        };
        let (token, after) = rest.split_at(length);
        if first != '#' && first != ',' && first != '\u{feff}' && !first.is_whitespace() {
            tokens.push(token);
        }
        rest = after;
    }
    tokens
}

/// Letters, digits and what stands in numbers.
fn is_word(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '_' | '-' | '+')
}

/// How long the text is that this begins with, its quotes included.
fn text_length(rest: &str) -> usize {
    if let Some(inner) = rest.strip_prefix("\"\"\"") {
        let end = inner.find("\"\"\"");
        return end.map_or(rest.len(), |end| end + 6);
    }
    let mut is_escaped = false;
    for (place, character) in rest.char_indices().skip(1) {
        match character {
            '"' if !is_escaped => return place + 1,
            '\\' => is_escaped = !is_escaped,
            _ => is_escaped = false,
        }
    }
    rest.len()
}
