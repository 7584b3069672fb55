//! Reads the name before an item's separator: escapes, dots and brackets.

use crate::item::{InputName, Step};

/// What a backslash takes the meaning from.
pub(super) const SPECIAL: [char; 6] = ['\\', '=', ':', '.', '[', ']'];

/// The most steps into a value: as deep as JSON is read.
const STEPS_MAX: usize = 127;

/// A character of a name, and whether a backslash took its meaning.
#[derive(Debug, Clone, Copy)]
pub(super) struct Letter {
    character: char,
    is_escaped: bool,
    /// Its place in the word, counted from 1.
    at: usize,
}

impl Letter {
    fn is(self, special: char) -> bool {
        self.character == special && !self.is_escaped
    }
}

/// What is wrong, and where in the word; the word itself is added at the end.
#[derive(Debug)]
pub(super) struct Wrong {
    pub(super) at: usize,
    pub(super) what: String,
    pub(super) allowed: String,
}

pub(super) fn wrong<T>(
    at: usize,
    what: impl Into<String>,
    allowed: impl Into<String>,
) -> Result<T, Wrong> {
    Err(Wrong {
        at,
        what: what.into(),
        allowed: allowed.into(),
    })
}

/// Splits a word before the first separator. What follows is as it was written.
pub(super) fn split(word: &str) -> (Vec<Letter>, &str) {
    let mut name = Vec::new();
    let mut characters = word.char_indices().zip(1..).peekable();
    while let Some(((byte, character), at)) = characters.next() {
        if matches!(character, '=' | ':') {
            return (name, word.get(byte..).unwrap_or_default());
        }
        let escaped = (character == '\\')
            .then(|| characters.next_if(|((_, next), _)| is_escapable(*next)))
            .flatten();
        match escaped {
            Some(((_, character), at)) => name.push(Letter {
                character,
                is_escaped: true,
                at,
            }),
            None => name.push(Letter {
                character,
                is_escaped: false,
                at,
            }),
        }
    }
    (name, "")
}

/// Other characters keep their backslash, so that it needs no doubling where it means nothing.
/// An escaped digit makes a key of what would be a place in a list.
fn is_escapable(character: char) -> bool {
    SPECIAL.contains(&character) || character.is_ascii_digit()
}

/// The name of a header or query parameter, where dots and brackets mean nothing.
pub(super) fn plain(name: &[Letter]) -> String {
    name.iter().map(|letter| letter.character).collect()
}

pub(super) fn input_name(name: &[Letter]) -> Result<InputName, Wrong> {
    let end = name
        .iter()
        .position(|letter| letter.is('.') || letter.is('['));
    let (key, mut rest) = name
        .split_at_checked(end.unwrap_or(name.len()))
        .unwrap_or((name, &[]));
    if key.is_empty() {
        return wrong(
            1,
            "there is no name before the first `.` or `[`",
            "begin with the input's name",
        );
    }
    reject_stray_bracket(key)?;
    let mut steps = Vec::new();
    while let Some((first, after)) = rest.split_first() {
        if steps.len() == STEPS_MAX {
            return wrong(
                first.at,
                format!("the name goes deeper than {STEPS_MAX} steps"),
                format!("at most {STEPS_MAX} times `.key` or `[key]` follow the input's name"),
            );
        }
        let (step, remaining) = match first.character {
            '[' => bracketed(first.at, after)?,
            '.' => dotted(first.at, after)?,
            _ => {
                return wrong(
                    first.at,
                    format!("`{}` follows a bracket", first.character),
                    "after `]` comes `[`, `.` or the separator",
                );
            }
        };
        steps.push(step);
        rest = remaining;
    }
    Ok(InputName {
        key: plain(key),
        steps,
    })
}

/// What stands after the `[` at `open`, and what is left after its `]`.
fn bracketed(open: usize, after: &[Letter]) -> Result<(Step, &[Letter]), Wrong> {
    let Some(close) = after.iter().position(|letter| letter.is(']')) else {
        return wrong(
            open,
            "`[` is not closed",
            r"close it with `]`, or write `\[` for a bracket",
        );
    };
    let (inner, rest) = after.split_at_checked(close).unwrap_or((after, &[]));
    if let Some(bracket) = inner.iter().find(|letter| letter.is('[')) {
        return wrong(
            bracket.at,
            "`[` stands within brackets",
            r"write `\[` for a bracket",
        );
    }
    let step = if inner.is_empty() {
        Step::Append
    } else {
        key_or_index(inner)?
    };
    Ok((step, rest.get(1..).unwrap_or_default()))
}

/// What stands after the `.` at `dot`, and what is left behind it.
fn dotted(dot: usize, after: &[Letter]) -> Result<(Step, &[Letter]), Wrong> {
    let end = after
        .iter()
        .position(|letter| letter.is('.') || letter.is('['));
    let (inner, rest) = after
        .split_at_checked(end.unwrap_or(after.len()))
        .unwrap_or((after, &[]));
    if inner.is_empty() {
        return wrong(
            dot,
            "nothing follows `.`",
            r"name a key, or write `\.` for a dot",
        );
    }
    reject_stray_bracket(inner)?;
    Ok((key_or_index(inner)?, rest))
}

fn reject_stray_bracket(letters: &[Letter]) -> Result<(), Wrong> {
    match letters.iter().find(|letter| letter.is(']')) {
        Some(bracket) => wrong(
            bracket.at,
            "`]` closes no bracket",
            r"open it with `[`, or write `\]` for a bracket",
        ),
        None => Ok(()),
    }
}

/// Digits alone are a place in a list, unless one of them is escaped.
fn key_or_index(letters: &[Letter]) -> Result<Step, Wrong> {
    let is_index = letters
        .iter()
        .all(|letter| letter.character.is_ascii_digit() && !letter.is_escaped);
    let text = plain(letters);
    if !is_index {
        return Ok(Step::Key(text));
    }
    match (text.parse(), letters.first()) {
        (Ok(index), _) => Ok(Step::Index(index)),
        (Err(_), first) => wrong(
            first.map_or(1, |letter| letter.at),
            format!("`{text}` is too large for a place in a list"),
            r"places count from 0; write `\` before a digit for a key of digits",
        ),
    }
}
