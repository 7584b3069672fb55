//! Reads tables and lists out of Markdown, so that a rule can stand where people read it.

/// The rows of the first table under a heading, cell by cell, head and ruler left out.
pub(crate) fn rows<'a>(markdown: &'a str, heading: &str) -> Vec<Vec<&'a str>> {
    section(markdown, heading)
        .skip_while(|line| !line.starts_with('|'))
        .take_while(|line| line.starts_with('|'))
        .skip(2)
        .map(|line| {
            line.trim()
                .trim_matches('|')
                .split('|')
                .map(str::trim)
                .collect()
        })
        .collect()
}

/// What stands first in backticks in each item of a numbered list under a heading.
pub(crate) fn numbered<'a>(markdown: &'a str, heading: &str) -> Vec<&'a str> {
    section(markdown, heading)
        .filter(|line| line.starts_with(|first: char| first.is_ascii_digit()))
        .filter_map(|line| quoted(line).into_iter().next())
        .collect()
}

/// Everything in backticks.
pub(crate) fn quoted(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).collect()
}

/// The lines below a heading, up to the next heading of any level.
fn section<'a>(markdown: &'a str, heading: &str) -> impl Iterator<Item = &'a str> {
    markdown
        .lines()
        .skip_while(move |line| *line != heading)
        .skip(1)
        .take_while(|line| !line.starts_with('#'))
}

#[cfg(test)]
mod tests;
