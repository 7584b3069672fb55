//! `[limits]`: every rule is tried on its own sample.

use http::StatusCode;
use http::header::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;

use super::check::Check;
use super::outcomes::{body_check, header_check};
use super::waits::sample_time;
use crate::document::{Document, Path, Problem};
use crate::format::{
    EstimateSection, LimitScope, LimitsSection, NumberSource, Refill, RefusalSection, ResetSection,
    ToldExpectation, ToldSample, ToldSection, UsedSection, WaitUnit,
};
use crate::limits::{ComesBack, Estimate, Limits, NumberFrom, RefillFrom, Scope, Told, ToldRule};
use crate::outcome::{Answer, AnswerTest};
use crate::template::Template;
use crate::units::Span;

pub(super) fn check(check: &mut Check<'_>, section: &LimitsSection) -> Limits {
    let root = Path::root().key("limits");
    Limits {
        scope: scope(check, &root.key("scope"), &section.scope).unwrap_or_default(),
        per_path: per_path(check, &root.key("per_path"), &section.per_path),
        everything: everything(check, &root.key("everything"), section),
        estimate: estimate(check, &root.key("estimate"), section.estimate.as_ref()),
        used: used(check, &root.key("used"), &section.used),
        told: told(check, &root.key("told"), &section.told),
    }
}

/// What is allowed and says little.
pub(super) fn warnings(document: &Document, section: &LimitsSection) -> Vec<Problem> {
    let mut warnings = Vec::new();
    let root = Path::root().key("limits").key("told");
    for (index, told) in section.told.iter().enumerate() {
        let path = root.index(index);
        let counts = told.counts.as_str();
        if told.reset.is_none() && told.restored_per_s.is_none() {
            let message = format!("nothing says when the `{counts}` come back");
            let problem = document.problem(&path, message);
            warnings.push(problem.with_hint("allowed: `reset` or `restored_per_s`"));
        }
    }
    warnings
}

fn scope(check: &mut Check<'_>, path: &Path, scope: &LimitScope) -> Option<Scope> {
    match scope {
        LimitScope::Connection => Some(Scope::Connection),
        LimitScope::Operation => Some(Scope::Operation),
        LimitScope::Request(pointer) => {
            let path = path.key("request");
            check.pointer(&path, pointer);
            if pointer.is_empty() {
                let hint = "allowed: a JSON Pointer to a text in it, such as `/model`";
                check.refuse_with(&path, "the whole body is no text", hint);
            }
            Some(Scope::Request(pointer.clone()))
        }
        LimitScope::Header(text) => {
            let name = check.header_name(&path.key("header"), text)?;
            Some(Scope::Header(name))
        }
    }
}

fn per_path(check: &mut Check<'_>, path: &Path, texts: &[String]) -> Vec<Template> {
    let mut templates: Vec<Template> = Vec::new();
    for (index, text) in texts.iter().enumerate() {
        let path = path.index(index);
        let Some(template) = check.template(&path, text) else {
            continue;
        };
        if template.names().next().is_none() {
            let hint = "allowed: a path with a part such as `{id}`";
            check.refuse_with(&path, format!("`{text}` is always the same"), hint);
        }
        if templates
            .iter()
            .any(|other| other.shape() == template.shape())
        {
            check.refuse(&path, format!("`{text}` stands twice"));
        }
        templates.push(template);
    }
    templates
}

fn everything(check: &mut Check<'_>, path: &Path, section: &LimitsSection) -> Vec<AnswerTest> {
    let is_shared = section.scope == LimitScope::Connection && section.per_path.is_empty();
    if is_shared && !section.everything.is_empty() {
        let hint = "say in `scope` or `per_path` what has limits of its own, or remove it";
        let message = "every refusal holds for everything already";
        check.refuse_with(&path.index(0), message, hint);
    }
    let tests = section.everything.iter().enumerate();
    tests
        .filter_map(|(index, section)| refusal(check, &path.index(index), section))
        .collect()
}

fn refusal(check: &mut Check<'_>, path: &Path, section: &RefusalSection) -> Option<AnswerTest> {
    if section.statuses.is_empty() && section.header.is_none() && section.body.is_none() {
        let hint = "give at least one of `statuses`, `header` and `body`";
        let message = "this tests nothing, so that every refusal matches";
        check.refuse_with(path, message, hint);
    }
    let header = match &section.header {
        None => None,
        Some(test) => Some(header_check(check, &path.key("header"), test)?),
    };
    let body = section.body.as_ref();
    Some(AnswerTest {
        statuses: check.statuses(&path.key("statuses"), &section.statuses),
        header,
        body: body.map(|test| body_check(check, &path.key("body"), test)),
    })
}

fn estimate(check: &mut Check<'_>, path: &Path, section: Option<&EstimateSection>) -> Estimate {
    let Some(section) = section else {
        return Estimate::default();
    };
    let estimate = Estimate {
        bytes_per_token: section
            .bytes_per_token
            .and_then(|bytes| bytes.try_into().ok()),
        tokens_out: section.tokens_out.clone(),
        other: section.other,
    };
    check.pointers(&path.key("tokens_out"), &section.tokens_out);
    if estimate == Estimate::default() {
        let hint = "give at least one of `bytes_per_token`, `tokens_out` and `other`, or remove it";
        check.refuse_with(path, "this estimates nothing", hint);
    }
    estimate
}

fn used(check: &mut Check<'_>, path: &Path, section: &UsedSection) -> UsedSection {
    check.pointers(&path.key("tokens"), &section.tokens);
    check.pointers(&path.key("tokens_in"), &section.tokens_in);
    check.pointers(&path.key("tokens_out"), &section.tokens_out);
    check.pointers(&path.key("other"), &section.other);
    section.clone()
}

fn told(check: &mut Check<'_>, path: &Path, sections: &[ToldSection]) -> Vec<ToldRule> {
    let mut rules: Vec<(Path, ToldRule)> = Vec::new();
    for (index, section) in sections.iter().enumerate() {
        let path = path.index(index);
        let Some(rule) = rule(check, &path, section) else {
            continue;
        };
        let is_same =
            |other: &ToldRule| other.counts == rule.counts && other.remaining == rule.remaining;
        if let Some((earlier, _)) = rules.iter().find(|(_, other)| is_same(other)) {
            let line = check.document.problem(earlier, "").line;
            let counts = rule.counts.as_str();
            let message = format!("how many `{counts}` are left is read in line {line} already");
            check.refuse(&path.key("remaining"), message);
        }
        try_on_sample(check, &path, section, &rule);
        rules.push((path, rule));
    }
    rules.into_iter().map(|(_, rule)| rule).collect()
}

fn rule(check: &mut Check<'_>, path: &Path, section: &ToldSection) -> Option<ToldRule> {
    if section.reset.is_some() && section.restored_per_s.is_some() {
        let message = "it comes back all at once or bit by bit, not both";
        let hint = "remove `reset` or `restored_per_s`";
        check.refuse_with(&path.key("restored_per_s"), message, hint);
    }
    let remaining = number(check, &path.key("remaining"), &section.remaining);
    let limit = match &section.limit {
        None => None,
        Some(source) => Some(number(check, &path.key("limit"), source)?),
    };
    let refill = match (&section.reset, &section.restored_per_s) {
        (Some(reset), _) => {
            if reset.refill == Refill::Steady && section.limit.is_none() {
                let message = "what comes back bit by bit is known by its `limit`";
                let hint = "say where the `limit` stands, or let it come back `at_once`";
                check.refuse_with(&path.key("reset").key("refill"), message, hint);
            }
            self::reset(check, &path.key("reset"), reset)?
        }
        (None, Some(source)) => {
            let from = number(check, &path.key("restored_per_s"), source)?;
            RefillFrom::PerSecond(from)
        }
        (None, None) => RefillFrom::Nowhere,
    };
    Some(ToldRule {
        counts: section.counts,
        remaining: remaining?,
        limit,
        refill,
    })
}

fn number(check: &mut Check<'_>, path: &Path, source: &NumberSource) -> Option<NumberFrom> {
    match source {
        NumberSource::Header(text) => {
            let name = check.header_name(&path.key("header"), text)?;
            Some(NumberFrom::Header(name))
        }
        NumberSource::Body(pointer) => {
            check.pointer(&path.key("body"), pointer);
            Some(NumberFrom::Body(pointer.clone()))
        }
    }
}

fn reset(check: &mut Check<'_>, path: &Path, section: &ResetSection) -> Option<RefillFrom> {
    if matches!(section.unit, WaitUnit::Auto | WaitUnit::RatelimitSf) {
        let message = "a reset is not guessed";
        let hint = "allowed: `delta_seconds`, `delta_ms`, `duration`, `http_date`, `rfc3339`, \
                    `unix_s` or `unix_ms`; the field `RateLimit` is read by itself";
        check.refuse_with(&path.key("unit"), message, hint);
    }
    let name = check.header_name(&path.key("header"), &section.header)?;
    Some(RefillFrom::Reset(name, section.unit, section.refill))
}

fn try_on_sample(check: &mut Check<'_>, path: &Path, section: &ToldSection, rule: &ToldRule) {
    let Some((headers, body)) = sample(check, &path.key("sample"), &section.sample) else {
        return;
    };
    let answer = Answer {
        status: StatusCode::OK,
        headers: &headers,
        body: body.as_ref(),
    };
    let Some(told) = rule.read(&answer, sample_time()) else {
        let message = "the sample does not say how much is left";
        let hint = "correct `remaining`: it is where a whole number of 0 or more stands";
        check.refuse_with(&path.key("sample"), message, hint);
        return;
    };
    compare(check, &path.key("expect"), (told, &section.expect), rule);
}

/// The headers and the body of a sample, where they are such.
fn sample(
    check: &mut Check<'_>,
    path: &Path,
    sample: &ToldSample,
) -> Option<(HeaderMap, Option<Value>)> {
    let before = check.problems.len();
    let mut headers = HeaderMap::new();
    for (text, value) in &sample.headers {
        let path = path.key("headers").key(text);
        let name: Option<HeaderName> = check.header_name(&path, text);
        let value: Option<HeaderValue> = check.header_value(&path, value);
        if let (Some(name), Some(value)) = (name, value) {
            headers.append(name, value);
        }
    }
    let body = sample.body.as_deref().and_then(|text| {
        let body = serde_json::from_str(text);
        let refuse = |error| check.refuse(&path.key("body"), format!("this is no JSON: {error}"));
        body.map_err(refuse).ok()
    });
    (check.problems.len() == before).then_some((headers, body))
}

fn compare(
    check: &mut Check<'_>,
    path: &Path,
    (told, expect): (Told, &ToldExpectation),
    rule: &ToldRule,
) {
    let (reset_in, restored, per) = match told.comes_back {
        ComesBack::In(wait) => (Some(Span(wait)), None, None),
        ComesBack::Steady { amount, per } => (None, Some(amount), Some(Span(per))),
        ComesBack::Unknown => (None, None, None),
    };
    let reset_hint = match &rule.refill {
        RefillFrom::Reset(_, unit, _) => Some(format!(
            "`unit` takes {}; times count from 2026-01-01T00:00:00Z",
            unit.in_words()
        )),
        RefillFrom::PerSecond(_) | RefillFrom::Nowhere => None,
    };
    let mut compare = |key: &str, (found, expected): (String, String), hint: Option<String>| {
        if found != expected {
            let message = format!("by the sample `{key}` is {found}, not {expected}");
            let problem = check.document.problem(&path.key(key), message);
            check.problems.push(Problem { hint, ..problem });
        }
    };
    let remaining = (told.remaining.to_string(), expect.remaining.to_string());
    compare("remaining", remaining, None);
    compare(
        "limit",
        (in_words(told.limit), in_words(expect.limit)),
        None,
    );
    let times = (in_words(reset_in), in_words(expect.reset_in));
    compare("reset_in", times, reset_hint.clone());
    compare(
        "restored",
        (in_words(restored), in_words(expect.restored)),
        None,
    );
    compare("per", (in_words(per), in_words(expect.per)), reset_hint);
}

fn in_words<T: ToString>(value: Option<T>) -> String {
    value.map_or_else(|| "nothing".to_owned(), |value| value.to_string())
}
