//! Lays out JSON text without reading its values, so that every number and text stays as it came.

#[cfg(test)]
mod tests;

use serde::de::IgnoredAny;

use crate::printer::{Ink, Look};

const INDENT: &str = "  ";

/// Whether a text is one JSON value and nothing else.
pub(crate) fn is_json(text: &[u8]) -> bool {
    serde_json::from_slice::<IgnoredAny>(text).is_ok()
}

/// A piece of JSON text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token<'t> {
    /// `{` or `[`.
    Open(char),
    /// `}` or `]`.
    Close(char),
    Comma,
    Colon,
    /// A text with its quotes.
    Text(&'t str),
    /// A number, a boolean or null.
    Literal(&'t str),
}

/// The pieces of a text that is JSON.
struct Tokens<'t> {
    rest: &'t str,
}

impl<'t> Iterator for Tokens<'t> {
    type Item = Token<'t>;

    fn next(&mut self) -> Option<Token<'t>> {
        self.rest = self.rest.trim_start();
        let first = self.rest.chars().next()?;
        let len = match first {
            '{' | '[' | '}' | ']' | ',' | ':' => 1,
            '"' => text_len(self.rest),
            _ => self
                .rest
                .find(is_delimiter)
                .unwrap_or(self.rest.len())
                .max(first.len_utf8()),
        };
        let (token, rest) = self.rest.split_at_checked(len)?;
        self.rest = rest;
        Some(match first {
            '{' | '[' => Token::Open(first),
            '}' | ']' => Token::Close(first),
            ',' => Token::Comma,
            ':' => Token::Colon,
            '"' => Token::Text(token),
            _ => Token::Literal(token),
        })
    }
}

fn is_delimiter(character: char) -> bool {
    matches!(character, '{' | '[' | '}' | ']' | ',' | ':' | '"') || character.is_whitespace()
}

/// The bytes of the text that begins with a quote, both quotes included.
fn text_len(text: &str) -> usize {
    let mut is_escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = true,
            b'"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// The text on one line, without spaces between its pieces.
pub(crate) fn compact(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for token in (Tokens { rest: text }) {
        match token {
            Token::Open(character) | Token::Close(character) => line.push(character),
            Token::Comma => line.push(','),
            Token::Colon => line.push(':'),
            Token::Text(text) | Token::Literal(text) => line.push_str(text),
        }
    }
    line
}

/// The text over several lines, for a person.
pub(crate) fn pretty(text: &str, look: Look) -> String {
    let mut page = String::with_capacity(2 * text.len());
    let mut depth = 0_usize;
    let mut tokens = Tokens { rest: text }.peekable();
    while let Some(token) = tokens.next() {
        match token {
            Token::Open(character) => {
                page.push(character);
                if let Some(Token::Close(end)) =
                    tokens.next_if(|next| matches!(next, Token::Close(_)))
                {
                    page.push(end);
                } else {
                    depth += 1;
                    new_line(&mut page, depth);
                }
            }
            Token::Close(character) => {
                depth = depth.saturating_sub(1);
                new_line(&mut page, depth);
                page.push(character);
            }
            Token::Comma => {
                page.push(',');
                new_line(&mut page, depth);
            }
            Token::Colon => page.push_str(": "),
            Token::Text(text) if tokens.peek() == Some(&Token::Colon) => {
                page.push_str(&look.paint(Ink::Key, text));
            }
            Token::Text(text) => page.push_str(&look.paint(Ink::Text, text)),
            Token::Literal(text) => page.push_str(&look.paint(Ink::Literal, text)),
        }
    }
    page
}

fn new_line(page: &mut String, depth: usize) {
    page.push('\n');
    for _ in 0..depth {
        page.push_str(INDENT);
    }
}
