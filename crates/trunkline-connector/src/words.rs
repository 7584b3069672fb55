//! Lists and near misses, as messages write them.

#[cfg(test)]
mod tests;

use serde_json::Value;

/// The candidate that somebody who wrote `given` most likely meant.
pub fn nearest<'c>(given: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    let given = given.to_lowercase();
    candidates
        .into_iter()
        .map(|candidate| {
            (
                strsim::jaro_winkler(&given, &candidate.to_lowercase()),
                candidate,
            )
        })
        .filter(|(likeness, _)| *likeness > 0.8)
        .max_by(|(left, _), (right, _)| left.total_cmp(right))
        .map(|(_, candidate)| candidate)
}

/// "`a`, `b` or `c`"; nothing for nothing.
pub fn any_of<'w>(words: impl IntoIterator<Item = &'w str>) -> String {
    join(words, "or")
}

/// "`a`, `b` and `c`"; nothing for nothing.
pub fn all_of<'w>(words: impl IntoIterator<Item = &'w str>) -> String {
    join(words, "and")
}

/// The most words that are listed in one message.
const LISTED_MAX: usize = 20;

/// "did you mean `b`? allowed: `a`, `b` or `c`"; a long list is cut.
pub fn allowed<'w>(given: &str, words: impl IntoIterator<Item = &'w str>) -> String {
    let words: Vec<&str> = words.into_iter().collect();
    let listed = words.iter().copied().take(LISTED_MAX);
    let list = match words.len() {
        0 => return "nothing is allowed here".to_owned(),
        1..=LISTED_MAX => any_of(listed),
        more => {
            let listed: Vec<String> = listed.map(|word| format!("`{word}`")).collect();
            format!("{} or {} others", listed.join(", "), more - LISTED_MAX)
        }
    };
    match nearest(given, words) {
        None => format!("allowed: {list}"),
        Some(word) => format!("did you mean `{word}`? allowed: {list}"),
    }
}

/// A value as a sentence names it; long texts are only counted.
pub(crate) fn of_value(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(_) | Value::Number(_) => format!("`{value}`"),
        Value::String(text) if text.chars().count() <= 40 => format!("the text {text:?}"),
        Value::String(text) => format!("a text of {} characters", text.chars().count()),
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "an object".to_owned(),
    }
}

fn join<'w>(words: impl IntoIterator<Item = &'w str>, last: &str) -> String {
    let words: Vec<String> = words.into_iter().map(|word| format!("`{word}`")).collect();
    match words.split_last() {
        None => String::new(),
        Some((only, [])) => only.clone(),
        Some((end, rest)) => format!("{} {last} {end}", rest.join(", ")),
    }
}
