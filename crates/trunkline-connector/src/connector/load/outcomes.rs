//! `[[outcomes]]` and `[errors]`: what answers mean.

use serde_json::Value;

use super::check::Check;
use crate::document::Path;
use crate::format::{BodyTest, Class, ErrorsSection, HeaderTest, OutcomeSection, Test};
use crate::outcome::{BodyCheck, HeaderCheck, OutcomeRule};
use crate::status::Statuses;
use crate::units::Span;

pub(super) fn check(check: &mut Check<'_>, sections: &[OutcomeSection]) -> Vec<OutcomeRule> {
    let mut rules: Vec<(Path, OutcomeRule)> = Vec::new();
    for (index, section) in sections.iter().enumerate() {
        let path = Path::root().key("outcomes").index(index);
        let Some(rule) = rule(check, &path, section) else {
            continue;
        };
        let covers =
            |(_, earlier): &&(Path, OutcomeRule)| has_test(earlier) && earlier.covers(&rule);
        if let Some((earlier, _)) = rules.iter().find(covers) {
            let line = check.document.problem(earlier, "").line;
            let message =
                format!("this rule is never reached: the one in line {line} matches first");
            let hint = "the first rule that matches decides; put the narrower one first";
            check.refuse_with(&path, message, hint);
        }
        rules.push((path, rule));
    }
    rules.into_iter().map(|(_, rule)| rule).collect()
}

fn rule(check: &mut Check<'_>, path: &Path, section: &OutcomeSection) -> Option<OutcomeRule> {
    check.sentence(&path.key("message"), &section.message);
    if let Some(hint) = &section.hint {
        check.sentence(&path.key("hint"), hint);
    }
    let statuses = check.statuses(&path.key("statuses"), &section.statuses);
    let header = match &section.header {
        None => None,
        Some(test) => Some(header_check(check, &path.key("header"), test)?),
    };
    let body = section.body.as_ref();
    let body = body.map(|test| body_check(check, &path.key("body"), test));
    let rule = OutcomeRule {
        statuses,
        header,
        body,
        class: section.class,
        message: section.message.clone(),
        hint: section.hint.clone(),
        wait: section.wait.map(|Span(wait)| wait),
        docs: section.docs.clone(),
    };
    if rule.wait.is_some() && !rule.class.is_passing() {
        let message = format!("nobody waits after an answer that means `{}`", rule.class);
        check.refuse(&path.key("wait"), message);
    }
    if !has_test(&rule) {
        let hint = "give at least one of `statuses`, `header` and `body`";
        check.refuse_with(
            path,
            "the rule tests nothing, so that every answer matches",
            hint,
        );
    } else if rule.class == Class::Ok && rule.body.is_none() && rule.statuses.touch(400..=599) {
        let hint = "only a test on the body may turn an error status into success";
        let message = "the rule takes error statuses for success";
        check.refuse_with(&path.key("class"), message, hint);
    }
    Some(rule)
}

fn has_test(rule: &OutcomeRule) -> bool {
    rule.statuses != Statuses::Any || rule.header.is_some() || rule.body.is_some()
}

pub(super) fn header_check(
    check: &mut Check<'_>,
    path: &Path,
    test: &HeaderTest,
) -> Option<HeaderCheck> {
    check_test(check, &path.key("is"), &test.is);
    let name = check.header_name(&path.key("name"), &test.name)?;
    Some(HeaderCheck {
        name,
        is: test.is.clone(),
    })
}

pub(super) fn body_check(check: &mut Check<'_>, path: &Path, test: &BodyTest) -> BodyCheck {
    check.pointer(&path.key("pointer"), &test.pointer);
    check_test(check, &path.key("is"), &test.is);
    BodyCheck {
        pointer: test.pointer.clone(),
        is: test.is.clone(),
    }
}

fn check_test(check: &mut Check<'_>, path: &Path, test: &Test) {
    let is_single = |value: &Value| value.is_string() || value.is_number() || value.is_boolean();
    let hint = "allowed: a text, a number, `true` or `false`";
    match test {
        Test::Equals(value) if !is_single(value) => {
            let path = path.key("equals");
            check.refuse_with(&path, "`equals` compares with a single value", hint);
        }
        Test::OneOf(values) => {
            let path = path.key("one_of");
            if values.is_empty() {
                check.refuse(&path, "`one_of` is empty, so that nothing matches");
            }
            for (index, value) in values.iter().enumerate() {
                if !is_single(value) {
                    let message = "`one_of` compares with single values";
                    check.refuse_with(&path.index(index), message, hint);
                }
                if values.iter().take(index).any(|earlier| earlier == value) {
                    check.refuse(&path.index(index), format!("`{value}` stands twice"));
                }
            }
        }
        Test::Contains(part) if part.is_empty() => {
            let hint = "use `present = true` where any text will do";
            check.refuse_with(
                &path.key("contains"),
                "every text contains an empty one",
                hint,
            );
        }
        Test::Equals(_) | Test::Contains(_) | Test::Present(_) => {}
    }
}

pub(super) fn errors(check: &mut Check<'_>, section: &ErrorsSection) -> ErrorsSection {
    let path = Path::root().key("errors");
    check.pointers(&path.key("message"), &section.message);
    check.pointers(&path.key("code"), &section.code);
    section.clone()
}
