//! Descriptions, cut down to what fits on a line.

#[cfg(test)]
mod tests;

/// The first sentence, without markup, at most so many characters long.
pub(crate) fn first_sentence(text: &str, length: usize) -> String {
    // Descriptions may be whole chapters; what is looked at is a few times what is kept.
    let head: String = text
        .trim_start()
        .chars()
        .take(length.saturating_mul(8))
        .collect();
    let paragraph = head.split("\n\n").next().unwrap_or_default();
    let plain = without_markup(paragraph);
    let mut ends = plain.match_indices(". ").map(|(end, _)| end);
    let sentence = ends.find_map(|end| plain.get(..end).filter(|before| ends_sentence(before)));
    let sentence = sentence.unwrap_or(&plain);
    let sentence = sentence
        .trim()
        .trim_end_matches(['.', ':', ',', ';'])
        .trim_end();
    if sentence.chars().count() <= length {
        return sentence.to_owned();
    }
    let cut: String = sentence.chars().take(length.saturating_sub(1)).collect();
    let words = cut.rsplit_once(' ').map_or(&*cut, |(words, _)| words);
    format!("{}…", words.trim_end_matches([',', ';', ':', '(', ' ']))
}

/// Whether a full stop ends a sentence here, and not an abbreviation: `e.g.`, `vs.`, `A. Turing`.
fn ends_sentence(before: &str) -> bool {
    let word = before.rsplit([' ', '(']).next().unwrap_or_default();
    let is_initial = word.chars().count() == 1;
    !(is_initial || word.contains('.') || matches!(word, "etc" | "vs" | "approx" | "incl" | "No"))
}

/// Without HTML tags, links' addresses, emphasis and heading marks; white space is one space.
fn without_markup(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['<', '[', ']', '*', '`', '#', '\\']) {
        let (before, from) = rest.split_at(at);
        plain.push_str(before);
        let mark = from.chars().next().unwrap_or_default();
        let after = from.get(mark.len_utf8()..).unwrap_or_default();
        rest = match mark {
            '<' if after.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/') => {
                after.split_once('>').map_or("", |(_, after)| after)
            }
            // `[text](address)`
            ']' if after.starts_with('(') => after.split_once(')').map_or("", |(_, after)| after),
            '<' | '`' => {
                plain.push(mark);
                after
            }
            _ => after,
        };
    }
    plain.push_str(rest);
    let words = plain
        .split_whitespace()
        .map(|word| word.chars().filter(|c| !c.is_control()).collect::<String>());
    words
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}
