//! `[[waits]]`: every hint is tried on its own sample.

use std::time::SystemTime;

use jiff::Timestamp;
use regex_lite::Regex;
use serde_json::Value;

use super::check::Check;
use crate::document::Path;
use crate::format::{CostSource, WaitSection, WaitSource, WaitUnit};
use crate::units::Span;
use crate::wait::{WaitFrom, WaitHint};

/// 2026-01-01T00:00:00Z, from which samples and examples count.
const SAMPLE_TIME: Timestamp = Timestamp::constant(1_767_225_600, 0);

pub(super) fn sample_time() -> SystemTime {
    SAMPLE_TIME.into()
}

pub(super) fn check(check: &mut Check<'_>, sections: &[WaitSection]) -> Vec<WaitHint> {
    let mut hints = Vec::new();
    for (index, section) in sections.iter().enumerate() {
        let path = Path::root().key("waits").index(index);
        let hint = hint(check, &path, section);
        if let Some(hint) = hint {
            try_on_sample(check, &path, section, &hint);
            hints.push(hint);
        }
    }
    hints
}

fn hint(check: &mut Check<'_>, path: &Path, section: &WaitSection) -> Option<WaitHint> {
    let from = match &section.from {
        WaitSource::Header(text) => check
            .header_name(&path.key("from").key("header"), text)
            .map(WaitFrom::Header),
        WaitSource::Body(pointer) => {
            check.pointer(&path.key("from").key("body"), pointer);
            Some(WaitFrom::Body(pointer.clone()))
        }
        WaitSource::Cost(cost) => {
            let path = path.key("from").key("cost");
            check.pointer(&path.key("requested"), &cost.requested);
            check.pointer(&path.key("available"), &cost.available);
            check.pointer(&path.key("restore_per_s"), &cost.restore_per_s);
            Some(WaitFrom::Cost(cost.clone()))
        }
    };
    if matches!(section.from, WaitSource::Cost(_)) {
        let hint = "points divided by points a second are seconds";
        if section.unit != WaitUnit::DeltaSeconds {
            let message = "a cost gives `delta_seconds`";
            check.refuse_with(&path.key("unit"), message, hint);
        }
        if section.capture.is_some() {
            let message = "a cost is made of numbers, which `capture` does not cut";
            check.refuse(&path.key("capture"), message);
        }
    }
    let statuses = check.statuses(&path.key("statuses"), &section.statuses);
    let remaining = match &section.remaining {
        None => None,
        Some(text) => Some(check.header_name(&path.key("remaining"), text)?),
    };
    let capture = match &section.capture {
        None => None,
        Some(text) => Some(capture(check, &path.key("capture"), text)?),
    };
    Some(WaitHint {
        from: from?,
        unit: section.unit,
        capture,
        statuses,
        remaining,
    })
}

fn capture(check: &mut Check<'_>, path: &Path, text: &str) -> Option<Regex> {
    let pattern = check.pattern(path, text)?;
    // The whole match counts as one.
    let groups = pattern.captures_len() - 1;
    if groups == 1 {
        return Some(pattern);
    }
    let hint = "allowed: one pair of parentheses around the value; `(?:…)` groups without counting";
    check.refuse_with(path, format!("`{text}` has {groups} groups"), hint);
    None
}

fn try_on_sample(check: &mut Check<'_>, path: &Path, section: &WaitSection, hint: &WaitHint) {
    let sample = &section.sample;
    if let WaitFrom::Cost(cost) = &hint.from {
        try_cost(check, path, section, cost);
        return;
    }
    if hint
        .capture
        .as_ref()
        .is_some_and(|capture| !capture.is_match(sample))
    {
        let message = format!("`capture` does not match the sample `{sample}`");
        check.refuse(&path.key("capture"), message);
        return;
    }
    match hint.wait(sample, sample_time()) {
        Some(wait) if wait == section.expect.0 => {}
        Some(wait) => {
            let message = format!(
                "the sample `{sample}` means {}, not {}",
                Span(wait),
                section.expect
            );
            let path = path.key("expect");
            match section.unit {
                WaitUnit::HttpDate
                | WaitUnit::Rfc3339
                | WaitUnit::UnixS
                | WaitUnit::UnixMs
                | WaitUnit::Auto => {
                    let hint = "times count from 2026-01-01T00:00:00Z";
                    check.refuse_with(&path, message, hint);
                }
                WaitUnit::DeltaSeconds
                | WaitUnit::DeltaMs
                | WaitUnit::Duration
                | WaitUnit::RatelimitSf => check.refuse(&path, message),
            }
        }
        None => {
            let message = format!("the sample `{sample}` is not {}", section.unit.in_words());
            check.refuse_with(
                &path.key("sample"),
                message,
                "correct `unit`, or cut with `capture`",
            );
        }
    }
}

fn try_cost(check: &mut Check<'_>, path: &Path, section: &WaitSection, cost: &CostSource) {
    let body: Value = match serde_json::from_str(&section.sample) {
        Ok(body) => body,
        Err(error) => {
            let message = format!("the sample is no JSON: {error}");
            check.refuse(&path.key("sample"), message);
            return;
        }
    };
    match cost.wait_in(&body) {
        Some(wait) if wait == section.expect.0 => {}
        Some(wait) => {
            let message = format!("the sample means {}, not {}", Span(wait), section.expect);
            check.refuse(&path.key("expect"), message);
        }
        None => {
            let message = "the sample does not have the three numbers";
            let hint = "correct the pointers of `cost`; what comes back in a second is above 0";
            check.refuse_with(&path.key("sample"), message, hint);
        }
    }
}
