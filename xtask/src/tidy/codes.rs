//! Every error code has its heading in the documentation, and no heading is left over.

/// Where the codes are made.
pub(crate) const TABLE: &str = "crates/trunkline/src/error.rs";
/// Where they are explained: one heading each, in the same order.
pub(crate) const PAGE: &str = "docs/errors.md";

/// Compares the table's codes with the page's headings.
pub(crate) fn check(table: &str, page: &str) -> Vec<String> {
    let codes = codes(table);
    let headings = headings(page);
    if codes.is_empty() {
        return vec![format!("{TABLE}: there is no code in `kinds!`")];
    }
    let unexplained = codes
        .iter()
        .filter(|code| !headings.contains(code))
        .map(|code| format!("{PAGE}: there is no heading `## {code}`"));
    let left_over = headings
        .iter()
        .filter(|heading| !codes.contains(heading))
        .map(|heading| format!("{PAGE}: `## {heading}` is no code of {TABLE}"));
    unexplained.chain(left_over).collect()
}

/// The first text of each line `Kind: "code", …` between `kinds! {` and its end.
fn codes(table: &str) -> Vec<&str> {
    table
        .lines()
        .skip_while(|line| *line != "kinds! {")
        .take_while(|line| *line != "}")
        .filter(|line| !line.trim_start().starts_with("//"))
        .filter_map(|line| line.split_once(": \"")?.1.split_once('"'))
        .map(|(code, _)| code)
        .collect()
}

fn headings(page: &str) -> Vec<&str> {
    page.lines()
        .filter_map(|line| line.strip_prefix("## "))
        .map(|heading| heading.trim().trim_matches('`'))
        .collect()
}

#[cfg(test)]
mod tests;
