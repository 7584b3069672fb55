//! `[headers]`, `[timeouts]`, `[retry]` and `[idempotency]`: how a request is sent.

use std::time::Duration;

use http::{HeaderName, HeaderValue};

use super::auth;
use super::check::Check;
use crate::connector::{Idempotency, Retry, Timeouts};
use crate::document::Path;
use crate::format::{ConnectorFile, IdempotencySection, RetrySection, TimeoutsSection};
use crate::units::Span;

pub(super) fn headers(
    check: &mut Check<'_>,
    file: &ConnectorFile,
) -> Vec<(HeaderName, HeaderValue)> {
    let credentials = auth::headers_of(&file.auth);
    check.fixed_headers(&Path::root().key("headers"), &file.headers, &credentials)
}

pub(super) fn timeouts(check: &mut Check<'_>, section: &TimeoutsSection) -> Timeouts {
    let path = Path::root().key("timeouts");
    Timeouts {
        connect: longer_than_nothing(check, &path.key("connect"), section.connect),
        first_byte: longer_than_nothing(check, &path.key("first_byte"), section.first_byte),
        idle: longer_than_nothing(check, &path.key("idle"), section.idle),
        upgraded: longer_than_nothing(check, &path.key("upgraded"), section.upgraded),
    }
}

pub(super) fn retry(check: &mut Check<'_>, section: &RetrySection) -> Retry {
    let path = Path::root().key("retry");
    let header = section.override_header.as_ref();
    let retry = Retry {
        attempts: section.attempts,
        wait_first: longer_than_nothing(check, &path.key("wait_first"), section.wait_first),
        wait_max: longer_than_nothing(check, &path.key("wait_max"), section.wait_max),
        override_header: header
            .and_then(|text| check.header_name(&path.key("override_header"), text)),
    };
    if let Some((first, most)) = section.wait_first.zip(section.wait_max)
        && most < first
    {
        let message = format!("`wait_first` is {first}, longer than `wait_max`, {most}");
        check.refuse(&path.key("wait_first"), message);
    }
    retry
}

pub(super) fn idempotency(
    check: &mut Check<'_>,
    section: Option<&IdempotencySection>,
) -> Option<Idempotency> {
    let section = section?;
    let path = Path::root().key("idempotency");
    let mut methods = Vec::new();
    for (index, name) in section.methods.iter().enumerate() {
        let method = name.method();
        if methods.contains(&method) {
            check.refuse(
                &path.key("methods").index(index),
                format!("`{method}` stands twice"),
            );
        }
        methods.push(method);
    }
    if methods.is_empty() {
        check.refuse(
            &path.key("methods"),
            "no method is named for which the key is honoured",
        );
    }
    let header = check.request_header(&path.key("header"), &section.header)?;
    Some(Idempotency { header, methods })
}

fn longer_than_nothing(check: &mut Check<'_>, path: &Path, span: Option<Span>) -> Option<Duration> {
    let Span(duration) = span?;
    if duration.is_zero() {
        check.refuse_with(
            path,
            format!("`{path}` is no time at all"),
            "leave it out for the default",
        );
    }
    Some(duration)
}
