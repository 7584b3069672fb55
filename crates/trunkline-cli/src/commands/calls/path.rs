//! What a caller asked for, so that it reads as what it is: an address may hold any character.

#[cfg(test)]
mod tests;

use std::borrow::Cow;

use crate::commands::is_hidden;

/// A row is no wider for it than this.
const WIDTH_MAX: usize = 100;

/// The path with what would not be seen, or would move what stands beside it, written out.
pub(super) fn shown(path: &str) -> Cow<'_, str> {
    if path.contains(is_hidden) {
        return Cow::Owned(path.chars().map(piece).collect());
    }
    Cow::Borrowed(path)
}

/// As [`shown`], cut where it would be too wide for a row.
pub(super) fn shortened(path: &str) -> String {
    let mut text = String::new();
    let mut width = 0;
    // So much of it leaves room for the sign that it was cut.
    let mut cut_at = 0;
    for character in path.chars() {
        let piece = piece(character);
        width += piece.chars().count();
        if WIDTH_MAX < width {
            text.truncate(cut_at);
            text.push('…');
            break;
        }
        text.push_str(&piece);
        if width < WIDTH_MAX {
            cut_at = text.len();
        }
    }
    text
}

fn piece(character: char) -> String {
    if is_hidden(character) {
        return character.escape_unicode().to_string();
    }
    character.to_string()
}
