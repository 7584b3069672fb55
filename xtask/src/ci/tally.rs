//! How many tests passed, read from what cargo-nextest or the standard test runner prints.

/// How many checks there were.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Those that hold.
    pub(crate) passed: usize,
    /// Those that do not.
    pub(crate) failed: usize,
}

/// Reads the line `Summary [ 1.2s] 5 tests run: 4 passed, 1 failed, 0 skipped`.
pub(crate) fn of_nextest(output: &str) -> Option<Tally> {
    let summary = output
        .lines()
        .rev()
        .find(|line| line.trim_start().starts_with("Summary ["))?;
    let (_, counts) = summary.split_once(" run: ")?;
    Some(Tally {
        passed: count_of(counts, "passed"),
        failed: ["failed", "exec failed", "timed out"]
            .iter()
            .map(|word| count_of(counts, word))
            .sum(),
    })
}

/// Adds up the lines `test result: ok. 4 passed; 1 failed; 0 ignored; …`, one of each test binary.
pub(crate) fn of_libtest(output: &str) -> Option<Tally> {
    let results = output
        .lines()
        .filter_map(|line| line.strip_prefix("test result: "));
    results.filter_map(|line| line.split_once(". ")).fold(
        None,
        |total: Option<Tally>, (_, counts)| {
            let total = total.unwrap_or_default();
            Some(Tally {
                passed: total.passed + count_of(counts, "passed"),
                failed: total.failed + count_of(counts, "failed"),
            })
        },
    )
}

/// The number in front of a word, in a list separated by `,` or `;`; 0 where it is not named.
fn count_of(counts: &str, word: &str) -> usize {
    counts
        .split([',', ';', '(', ')'])
        .filter_map(|part| part.trim().split_once(' '))
        .find(|(_, what)| *what == word)
        .and_then(|(number, _)| number.parse().ok())
        .unwrap_or(0)
}

#[cfg(test)]
mod tests;
