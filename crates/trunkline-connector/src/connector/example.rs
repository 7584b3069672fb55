//! Calls with the request each must become and a recorded answer, whose times count from now.

#[cfg(test)]
mod tests;

use std::sync::OnceLock;
use std::time::{Duration, SystemTime};

use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use jiff::Timestamp;
use serde_json::Value;

use super::Inputs;
use crate::format::{BodyText, Class};
use crate::units::Span;

/// A call, the request it must become, a recorded answer and the reply it must give.
#[derive(Debug, Clone)]
pub struct Example {
    /// The file's name without its ending.
    pub name: String,
    /// What this case shows.
    pub title: String,
    /// The operation, as a place in
    /// [`Connector::operations`](crate::Connector::operations).
    pub operation: usize,
    /// The inputs of the call.
    pub call: Inputs,
    /// The request it must become.
    pub request: ExampleRequest,
    /// What the API answered.
    pub answer: ExampleAnswer,
    /// What the answer means.
    pub class: Class,
    /// The wait it asks for.
    pub wait: Option<Duration>,
    /// The vendor's own message.
    pub message: Option<String>,
    /// The vendor's own error code.
    pub code: Option<String>,
}

/// A connector's examples, sorted by file name. Those of connectors that are compiled in are read
/// when they are first asked for: they are most of the text, and a call needs none of them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Examples {
    compiled_in: Vec<ExampleText>,
    read: OnceLock<Vec<Example>>,
}

/// An example that is compiled in: the file's name and its text.
pub(crate) type ExampleText = (&'static str, &'static str);

impl Examples {
    /// Those of these files, which the tests of this crate have checked.
    pub(crate) fn compiled_in(files: Vec<ExampleText>) -> Self {
        Self {
            compiled_in: files,
            read: OnceLock::new(),
        }
    }

    /// Those; `read` makes them of the files that are compiled in.
    pub(crate) fn get_or_read(
        &self,
        read: impl FnOnce(&[ExampleText]) -> Vec<Example>,
    ) -> &[Example] {
        self.read.get_or_init(|| read(&self.compiled_in))
    }
}

impl From<Vec<Example>> for Examples {
    fn from(examples: Vec<Example>) -> Self {
        Self {
            compiled_in: Vec::new(),
            read: examples.into(),
        }
    }
}

/// The request that an example's call must become.
#[derive(Debug, Clone)]
pub struct ExampleRequest {
    /// The method.
    pub method: Method,
    /// Path and query, byte for byte.
    pub path: String,
    /// The host that it goes to, where the example says.
    pub host: Option<String>,
    /// Every header that must be there.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// The body.
    pub body: BodyText,
}

/// What the API answered in an example.
#[derive(Debug, Clone)]
pub struct ExampleAnswer {
    /// The status.
    pub status: StatusCode,
    /// Headers; values may hold `{now+20s}` and `{unix+20s}`.
    pub headers: Vec<(HeaderName, String)>,
    /// The body.
    pub body: BodyText,
}

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
            BodyText::Empty
            | BodyText::Form(_)
            | BodyText::Text(_)
            | BodyText::Events(_)
            | BodyText::Parts(_) => None,
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
