//! What came of the steps, and how that is said.

use std::process::ExitCode;
use std::time::Duration;

use crate::ci::tally::Tally;
use crate::process::Ending;
use crate::say;
use crate::workspace::{Strictness, Workspace};

/// What came of one step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Outcome {
    verdict: Verdict,
    tests: Option<Tally>,
    notes: Vec<String>,
    skipped: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Passed,
    Failed,
    Skipped,
}

impl Outcome {
    /// It holds.
    pub(crate) fn passed() -> Self {
        Self {
            verdict: Verdict::Passed,
            tests: None,
            notes: Vec::new(),
            skipped: Vec::new(),
        }
    }

    /// It does not hold, and why.
    pub(crate) fn failed(reason: String) -> Self {
        Self {
            verdict: Verdict::Failed,
            ..Self::passed()
        }
        .with_note(reason)
    }

    /// Nothing was checked, because a program is missing. In CI that is a failure.
    pub(crate) fn missing(workspace: &Workspace, reason: String) -> Self {
        match workspace.strictness {
            Strictness::Fail => Self::failed(reason),
            Strictness::Skip => Self {
                verdict: Verdict::Skipped,
                skipped: vec![reason],
                ..Self::passed()
            },
        }
    }

    /// Failed where there are findings, each of which is printed.
    pub(crate) fn of_findings(findings: &[String]) -> Self {
        for finding in findings {
            say::line(finding);
        }
        match findings.len() {
            0 => Self::passed(),
            1 => Self::failed("1 finding".into()),
            many => Self::failed(format!("{many} findings")),
        }
    }

    /// What came of running tests; `None` where they did not even build.
    pub(crate) fn of_tests(tests: Option<Tally>, ending: Ending) -> Self {
        let Some(tally) = tests else {
            return Self::failed("the tests did not run".into());
        };
        match (ending, tally.failed) {
            (Ending::Success, 0) if tally.passed == 0 => Self::failed("there was no test".into()),
            (Ending::Success, 0) => Self {
                tests,
                ..Self::passed()
            },
            (Ending::Failure, 0) => Self {
                tests,
                ..Self::failed("not every test ran".into())
            },
            (_, failed) => Self {
                tests,
                ..Self::failed(format!("{failed} failed"))
            },
        }
    }

    /// Adds something worth knowing.
    pub(crate) fn with_note(mut self, note: String) -> Self {
        self.notes.push(note);
        self
    }

    /// Adds what was left out; in CI that makes it a failure.
    pub(crate) fn without(mut self, workspace: &Workspace, left_out: Vec<String>) -> Self {
        if workspace.strictness == Strictness::Fail && !left_out.is_empty() {
            self.verdict = Verdict::Failed;
        }
        self.skipped.extend(left_out);
        self
    }

    /// Whether it does not hold.
    pub(crate) fn is_failure(&self) -> bool {
        self.verdict == Verdict::Failed
    }

    /// The line that ends the step.
    pub(crate) fn to_line(&self, took: Duration) -> String {
        let word = match self.verdict {
            Verdict::Passed => "ok",
            Verdict::Failed => "FAILED",
            Verdict::Skipped => "skipped",
        };
        let tests = self
            .tests
            .map(|tally| format!("{} tests passed", tally.passed));
        let details: Vec<String> = tests
            .into_iter()
            .chain(self.notes.clone())
            .chain(self.skipped_notes())
            .collect();
        let details = if details.is_empty() {
            String::new()
        } else {
            format!(": {}", details.join("; "))
        };
        format!("{word} in {}{details}", seconds(took))
    }

    fn skipped_notes(&self) -> Vec<String> {
        self.skipped
            .iter()
            .map(|what| format!("skipped: {what}"))
            .collect()
    }

    /// A step counts as one check; one that runs tests counts as these, and a failure that no
    /// test accounts for as one more.
    fn counted(&self) -> Tally {
        let tests = self.tests.unwrap_or_default();
        match self.verdict {
            Verdict::Passed if self.tests.is_none() => Tally {
                passed: 1,
                failed: 0,
            },
            Verdict::Failed if tests.failed == 0 => Tally { failed: 1, ..tests },
            Verdict::Passed | Verdict::Failed | Verdict::Skipped => tests,
        }
    }
}

/// What came of all steps.
#[derive(Debug, Default)]
pub(crate) struct Report {
    total: Tally,
    failed: Vec<&'static str>,
    skipped: Vec<String>,
    took: Duration,
}

impl Report {
    /// Adds what came of one step.
    pub(crate) fn add(&mut self, name: &'static str, outcome: Outcome, took: Duration) {
        let counted = outcome.counted();
        self.total.passed += counted.passed;
        self.total.failed += counted.failed;
        self.took += took;
        if outcome.is_failure() {
            self.failed.push(name);
        }
        self.skipped.extend(outcome.skipped);
    }

    /// The last lines; the very last is `N passed, N failed` and nothing else.
    pub(crate) fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for skipped in &self.skipped {
            lines.push(format!("skipped: {skipped}"));
        }
        if self.skipped.is_empty() {
            lines.push("skipped: nothing".into());
        }
        if !self.failed.is_empty() {
            lines.push(format!("failed: {}", self.failed.join(", ")));
        }
        lines.push(format!("took {}", seconds(self.took)));
        lines.push(format!(
            "{} passed, {} failed",
            self.total.passed, self.total.failed
        ));
        lines
    }

    /// Success only where nothing failed.
    pub(crate) fn exit_code(&self) -> ExitCode {
        if self.total.failed == 0 {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        }
    }
}

fn seconds(took: Duration) -> String {
    match took.as_secs() {
        0..60 => format!("{:.1} s", took.as_secs_f64()),
        whole => format!("{} min {} s", whole / 60, whole % 60),
    }
}

#[cfg(test)]
mod tests;
