//! One file that is being checked, and what every check of it needs.

use std::collections::BTreeMap;
use std::str::FromStr;

use http::{HeaderName, HeaderValue, header};
use regex_lite::Regex;

use crate::document::{Document, Path, Problem};
use crate::format::StatusPattern;
use crate::request_header::{self, Reserved};
use crate::status::{StatusSet, Statuses};
use crate::template::Template;

/// One file, and where its problems go.
pub(super) struct Check<'a> {
    pub(super) document: &'a Document,
    pub(super) problems: &'a mut Vec<Problem>,
}

impl Check<'_> {
    pub(super) fn refuse(&mut self, path: &Path, message: impl Into<String>) {
        self.problems.push(self.document.problem(path, message));
    }

    pub(super) fn refuse_with(
        &mut self,
        path: &Path,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) {
        self.problems
            .push(self.document.problem(path, message).with_hint(hint));
    }

    /// A header's name, as a value of the file.
    pub(super) fn header_name(&mut self, path: &Path, text: &str) -> Option<HeaderName> {
        let name = HeaderName::from_str(text).ok();
        if name.is_none() {
            let message = format!("`{text}` is no header name");
            self.refuse_with(
                path,
                message,
                "allowed: letters, digits and `-`, such as `x-api-key`",
            );
        }
        name
    }

    /// The name of a header that the connector may set on requests.
    pub(super) fn request_header(&mut self, path: &Path, text: &str) -> Option<HeaderName> {
        let name = self.header_name(path, text)?;
        match request_header::reserved(&name) {
            None => Some(name),
            Some(Reserved::Framing) => {
                let message =
                    format!("`{name}` belongs to the connection and is written by the engine");
                self.refuse(path, message);
                None
            }
            Some(Reserved::Credential) => {
                let message = format!("`{name}` carries a credential");
                self.refuse_with(path, message, "credentials are set by `[auth]` alone");
                None
            }
            Some(Reserved::Gateway) => {
                let message = format!("`{name}` is for the gateway and never sent on");
                self.refuse(path, message);
                None
            }
        }
    }

    /// A header that `[auth]` sets. `authorization` is one; so may be any other that is no part of
    /// the connection.
    pub(super) fn credential_header(&mut self, path: &Path, text: &str) -> Option<HeaderName> {
        if text.eq_ignore_ascii_case("authorization") {
            return Some(header::AUTHORIZATION);
        }
        self.request_header(path, text)
    }

    /// What a header holds.
    pub(super) fn header_value(&mut self, path: &Path, text: &str) -> Option<HeaderValue> {
        let value = HeaderValue::from_str(text).ok();
        if value.is_none() {
            let message = format!("the value of `{path}` cannot stand in a header");
            self.refuse(path, message);
        }
        value
    }

    /// Headers that are sent where there is none of that name; `[auth]`'s are none of them.
    pub(super) fn fixed_headers(
        &mut self,
        path: &Path,
        section: &BTreeMap<String, String>,
        credentials: &[HeaderName],
    ) -> Vec<(HeaderName, HeaderValue)> {
        let mut headers: Vec<(HeaderName, HeaderValue)> = Vec::new();
        for (text, value) in section {
            let path = path.key(text);
            let Some(name) = self.request_header(&path, text) else {
                continue;
            };
            if credentials.contains(&name) {
                self.refuse(&path, format!("`{text}` is the header that `[auth]` sets"));
            }
            if headers.iter().any(|(other, _)| *other == name) {
                let message = format!("`{text}` stands twice; case does not tell headers apart");
                self.refuse(&path, message);
            }
            match HeaderValue::from_str(value) {
                Ok(value) => headers.push((name, value)),
                Err(_) => self.refuse(
                    &path,
                    format!("the value of `{text}` cannot stand in a header"),
                ),
            }
        }
        headers
    }

    /// Refuses an empty list, and what stands twice in one.
    pub(super) fn distinct(&mut self, path: &Path, texts: &[String], what: &str) {
        if texts.is_empty() {
            self.refuse(path, format!("`{path}` names no {what}"));
        }
        for (index, text) in texts.iter().enumerate() {
            if text.is_empty() {
                self.refuse(&path.index(index), format!("an empty text is no {what}"));
            } else if texts.iter().take(index).any(|earlier| earlier == text) {
                self.refuse(&path.index(index), format!("`{text}` stands twice"));
            }
        }
    }

    pub(super) fn pattern(&mut self, path: &Path, text: &str) -> Option<Regex> {
        match Regex::new(text) {
            Ok(pattern) => Some(pattern),
            Err(error) => {
                self.refuse(path, format!("`{text}` is no regular expression: {error}"));
                None
            }
        }
    }

    /// A JSON Pointer (RFC 6901 section 3).
    pub(super) fn pointer(&mut self, path: &Path, text: &str) {
        let is_escaped = |part: &str| part.starts_with(['0', '1']);
        let is_pointer =
            (text.is_empty() || text.starts_with('/')) && text.split('~').skip(1).all(is_escaped);
        if !is_pointer {
            let hint = "allowed: `/error/code`, `/data/0/id`, or nothing for the whole body; \
                        `~0` stands for `~` and `~1` for `/`";
            self.refuse_with(path, format!("`{text}` is no JSON Pointer"), hint);
        }
    }

    pub(super) fn pointers(&mut self, path: &Path, texts: &[String]) {
        for (index, text) in texts.iter().enumerate() {
            self.pointer(&path.index(index), text);
        }
    }

    pub(super) fn template(&mut self, path: &Path, text: &str) -> Option<Template> {
        text.parse()
            .map_err(|error| self.refuse(path, format!("{error}")))
            .ok()
    }

    pub(super) fn statuses(&mut self, path: &Path, patterns: &[StatusPattern]) -> Statuses {
        let mut sets: Vec<StatusSet> = Vec::new();
        for (index, StatusPattern(text)) in patterns.iter().enumerate() {
            match text.parse() {
                Ok(set) if sets.contains(&set) => {
                    self.refuse(&path.index(index), format!("`{text}` stands twice"));
                }
                Ok(set) => sets.push(set),
                Err(error) => self.refuse(&path.index(index), format!("{error}")),
            }
        }
        sets.into_iter().collect()
    }

    /// A sentence that is shown as it stands, after which more may follow.
    pub(super) fn sentence(&mut self, path: &Path, text: &str) {
        if text.trim().is_empty() {
            self.refuse(path, format!("`{path}` is empty"));
        } else if text.ends_with('.') || text.contains(['\n', '\r']) || text.trim() != text {
            let message = format!("`{path}` is not one sentence");
            self.refuse_with(
                path,
                message,
                "allowed: one line without the final full stop",
            );
        }
    }
}
