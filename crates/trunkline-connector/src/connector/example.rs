//! Recorded answers, made new: times in their headers count from now.

#[cfg(test)]
mod tests;

use std::time::{Duration, SystemTime};

use http::{HeaderMap, HeaderValue};
use jiff::Timestamp;
use serde_json::Value;

use crate::connector::ExampleAnswer;
use crate::format::BodyText;
use crate::units::Span;

impl ExampleAnswer {
    /// The headers as they are sent at the time `now`.
    ///
    /// What no header can hold is left out; no connector that was loaded has such a thing.
    pub fn headers_at(&self, now: SystemTime) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, text) in &self.headers {
            let text = fill_in_times(text, now).ok();
            if let Some(value) = text.and_then(|text| HeaderValue::try_from(text).ok()) {
                headers.append(name, value);
            }
        }
        headers
    }

    /// The body, where it is JSON.
    pub fn json(&self) -> Option<Value> {
        match &self.body {
            BodyText::Json(text) => serde_json::from_str(text).ok(),
            BodyText::Empty | BodyText::Form(_) | BodyText::Text(_) | BodyText::Events(_) => None,
        }
    }
}

/// Replaces `{now+20s}` by that time as RFC 3339 and `{unix+20s}` by its Unix seconds.
///
/// # Errors
///
/// The first of them whose time is none.
pub(super) fn fill_in_times(text: &str, now: SystemTime) -> Result<String, String> {
    let mut filled = String::new();
    let mut rest = text;
    while let Some((before, opened)) = rest.split_once('{') {
        filled.push_str(before);
        let form = ["now+", "unix+"]
            .into_iter()
            .find(|form| opened.starts_with(form));
        let Some(form) = form else {
            filled.push('{');
            rest = opened;
            continue;
        };
        let refused = || format!("{{{opened}");
        let (span, after) = opened
            .strip_prefix(form)
            .and_then(|span| span.split_once('}'))
            .ok_or_else(refused)?;
        let Span(later) = span.parse().map_err(|_| format!("{{{form}{span}}}"))?;
        filled.push_str(&time_text(form, now, later).ok_or_else(refused)?);
        rest = after;
    }
    filled.push_str(rest);
    Ok(filled)
}

fn time_text(form: &str, now: SystemTime, later: Duration) -> Option<String> {
    let moment = Timestamp::try_from(now.checked_add(later)?).ok()?;
    if form == "unix+" {
        return Some(moment.as_second().to_string());
    }
    let whole_seconds = Timestamp::from_second(moment.as_second()).ok()?;
    Some(whole_seconds.to_string())
}
