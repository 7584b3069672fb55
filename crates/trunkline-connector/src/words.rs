//! Lists and near misses, as messages write them.

#[cfg(test)]
mod tests;

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

/// "did you mean `b`? allowed: `a`, `b` or `c`".
pub fn allowed<'w>(given: &str, words: impl IntoIterator<Item = &'w str>) -> String {
    let words: Vec<&str> = words.into_iter().collect();
    if words.is_empty() {
        return "nothing is allowed here".to_owned();
    }
    let list = format!("allowed: {}", any_of(words.iter().copied()));
    match nearest(given, words) {
        None => list,
        Some(word) => format!("did you mean `{word}`? {list}"),
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
