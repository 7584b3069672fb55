//! Every connector says when somebody last compared it with the vendor's documentation.

/// Finds a `connectors/NAME/connector.toml` without a date in `checked`.
pub(crate) fn check(path: &str, text: &str) -> Vec<String> {
    let parts: Vec<&str> = path.split('/').collect();
    let ["connectors", _, "connector.toml"] = parts.as_slice() else {
        return Vec::new();
    };
    let dates = text
        .lines()
        .filter_map(|line| line.strip_prefix("checked")?.trim_start().strip_prefix('='))
        .filter(|value| is_date(value.trim().trim_matches('"')));
    match dates.count() {
        1 => Vec::new(),
        _ => vec![format!(
            "{path}: there is no line `checked = \"YYYY-MM-DD\"`"
        )],
    }
}

fn is_date(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let [year, month, day] = parts.as_slice() else {
        return false;
    };
    let number = |text: &str| text.parse::<u32>().ok();
    year.len() == 4
        && number(year).is_some_and(|year| 2020 <= year)
        && number(month).is_some_and(|month| (1..=12).contains(&month))
        && number(day).is_some_and(|day| (1..=31).contains(&day))
}

#[cfg(test)]
mod tests;
