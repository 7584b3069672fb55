//! What a caller, the gateway and an upstream say to each other, written down as a text, so that
//! a rule is a row of a table.
//!
//! ```text
//! # RFC 9111 §3: …        begins a conversation, and names its rule
//! > GET /a?x=1            the caller asks; the path continues that of the row
//! > Accept: text/plain      … with a header
//! > | body                  … with a body
//! ^ If-None-Match: "a"    the upstream must see this header; `^ !Name`: must not see it
//! < 200                   the upstream answers; where nothing stands, it must not be asked
//! < Age: 5                  … with a header; `Transfer-Encoding: chunked` is lived up to
//! < | body                  … with a body; left out: `answer 1`, `answer 2`, … of the row
//! = 200                   the caller must get this status; left out: the last that was answered
//! = Age: 5                  … and this header, or a later age; `= Name: *`: with any value;
//!                             `= !Name`: must not get it
//! = | body                  … and this body; left out: the last that was answered; `= * text`:
//!                             a body with this text in it
//! ~ hit; ttl=60           parts of our own member of `Cache-Status`, in order; `!part`: not this
//!                         one; `~ none`: there is no such member
//! ```
//!
//! Instead of a status, an upstream can `cut` the connection; before a final status it can say
//! `103`. `@ /path` at the beginning gives the row another path than the one of its number.
//! In values, `{now-60}` is a date, `{origin}` the upstream's base address, `{row}` the path.

mod compare;
mod text;

use std::collections::BTreeMap;
use std::fmt::Write;
use std::net::SocketAddr;
use std::panic::{self, AssertUnwindSafe};

use crate::caller::{Answer, Request};
use crate::product::Product;
use crate::upstream::script::{Act, Response, Script, answer};
use crate::upstream::{Heard, Upstream};

/// What belongs to one rule.
#[derive(Debug, Clone)]
struct Conversation {
    rule: String,
    /// A path whose first segment no other conversation has.
    path: String,
    steps: Vec<Step>,
}

/// One request of the caller, and all that follows from it.
#[derive(Debug, Clone, Default)]
struct Step {
    method: String,
    target: String,
    headers: Vec<(String, String)>,
    body: String,
    asked: Vec<Asked>,
    expected: Expected,
}

/// One request that the upstream gets.
#[derive(Debug, Clone, Default)]
struct Asked {
    seen: Vec<Wanted>,
    answered: Answered,
}

/// What the upstream answers.
#[derive(Debug, Clone, Default)]
struct Answered {
    /// Interim answers before it.
    interim: Vec<u16>,
    /// `None`: the connection is cut.
    status: Option<u16>,
    headers: Vec<(String, String)>,
    body: String,
}

/// What the caller must get.
#[derive(Debug, Clone, Default)]
struct Expected {
    status: Option<u16>,
    headers: Vec<Wanted>,
    body: Option<Body>,
    cache: Option<String>,
}

/// A body that must come.
#[derive(Debug, Clone)]
enum Body {
    Is(String),
    Has(String),
}

/// A header that must be there, or must not.
#[derive(Debug, Clone)]
enum Wanted {
    Is(String, String),
    Absent(String),
}

/// Plays conversations over the only dedicated listener of one gateway in front of one upstream;
/// panics with all rules that were broken.
#[track_caller]
pub fn check(text: &str, product: impl FnOnce(&Upstream) -> Product) {
    let mut rows = Conversation::read_all(text);
    let upstream = Upstream::start_by_path(|url| {
        for row in &mut rows {
            row.fill_in(url);
        }
        scripts(&rows)
    });
    let gateway = product(&upstream).serve();
    let address = gateway.dedicated();
    let mut broken = String::new();
    for row in &rows {
        // A step that goes wrong beyond all expectation must not hide the rows after it.
        let played = panic::catch_unwind(AssertUnwindSafe(|| row.play(&upstream, address)));
        if let Err(what) = played.unwrap_or_else(|_| Err("it panicked, see above".to_owned())) {
            write!(broken, "\n* {} ({})\n  {what}", row.rule, row.path).expect("a text takes it");
        }
    }
    assert!(broken.is_empty(), "broken rules:{broken}");
}

fn scripts(rows: &[Conversation]) -> BTreeMap<String, Vec<Script>> {
    let mut scripts = BTreeMap::new();
    for row in rows {
        let of_row = row.steps.iter().flat_map(|step| {
            let method = &step.method;
            step.asked
                .iter()
                .map(move |asked| asked.answered.script(method))
        });
        let before = scripts.insert(row.segment().to_owned(), of_row.collect());
        assert!(before.is_none(), "two rows are at `{}`", row.path);
    }
    scripts
}

impl Conversation {
    fn segment(&self) -> &str {
        let path = self.path.trim_start_matches('/');
        path.split('/').next().unwrap_or_default()
    }

    fn play(&self, upstream: &Upstream, gateway: SocketAddr) -> Result<(), String> {
        let mut last = (200, String::new());
        for (place, step) in self.steps.iter().enumerate() {
            let before = upstream.heard_under(self.segment()).len();
            let got = step.request(&self.path).send_after(gateway);
            let heard = upstream.heard_under(self.segment());
            step.settle(&mut last);
            let compared = step
                .check_heard(heard.get(before..).unwrap_or_default())
                .and_then(|()| step.check_answer(&got, &last));
            compared.map_err(|what| {
                let Step { method, target, .. } = step;
                format!(
                    "request {}, {method} {target}: {what}\n  {}",
                    place + 1,
                    shown(&got)
                )
            })?;
        }
        Ok(())
    }
}

impl Step {
    fn request(&self, path: &str) -> Request {
        let target = format!("{path}{}", self.target);
        let request = Request::new(&self.method, target).body(self.body.as_str());
        self.headers.iter().fold(request, |request, (name, value)| {
            request.header(name, value)
        })
    }

    /// Notes the last whole answer of the upstream.
    fn settle(&self, last: &mut (u16, String)) {
        for Asked { answered, .. } in &self.asked {
            match answered.status {
                None | Some(304) => {}
                Some(status) => *last = (status, answered.body.clone()),
            }
        }
    }

    fn check_heard(&self, heard: &[Heard]) -> Result<(), String> {
        if heard.len() != self.asked.len() {
            let expected = self.asked.len();
            return Err(format!(
                "the upstream got {} requests, not {expected}",
                heard.len()
            ));
        }
        for (asked, heard) in self.asked.iter().zip(heard) {
            for wanted in &asked.seen {
                wanted
                    .check(&heard.head)
                    .map_err(|what| format!("the upstream saw {what}"))?;
            }
        }
        Ok(())
    }

    fn check_answer(&self, got: &Answer, last: &(u16, String)) -> Result<(), String> {
        let status = self.expected.status.unwrap_or(last.0);
        if got.status != status {
            return Err(format!("it is not a {status}"));
        }
        let has_none = self.method == "HEAD" || matches!(status, 204 | 205 | 304);
        let is_right = match &self.expected.body {
            None if has_none => got.body.is_empty(),
            None => got.text() == last.1,
            Some(Body::Is(text)) => got.text() == *text,
            Some(Body::Has(text)) => got.text().contains(text),
        };
        if !is_right {
            let wanted = self.expected.body.as_ref();
            return Err(match wanted {
                Some(wanted) => format!("the body is not {wanted:?}"),
                None if has_none => "it has a body".to_owned(),
                None => format!("the body is not {:?}", last.1),
            });
        }
        for wanted in &self.expected.headers {
            wanted
                .check(&got.head)
                .map_err(|what| format!("the caller saw {what}"))?;
        }
        match &self.expected.cache {
            None => Ok(()),
            Some(wanted) => compare::cache_status(wanted, &got.head),
        }
    }
}

impl Answered {
    fn script(&self, method: &str) -> Script {
        let interim = self
            .interim
            .iter()
            .map(|status| format!("HTTP/1.1 {status} Scripted\r\nx-interim: yes\r\n\r\n"))
            .collect::<Vec<_>>()
            .concat();
        let script = Script::reading();
        let Some(status) = self.status else {
            return script.then(Act::Close);
        };
        let script = script.say(interim);
        let has = |name: &str| {
            self.headers
                .iter()
                .any(|(known, _)| known.eq_ignore_ascii_case(name))
        };
        let head = self
            .headers
            .iter()
            .fold(answer(status), |response, (name, value)| {
                response.header(name, value)
            });
        if has("transfer-encoding") {
            return script.say(head.chunked_head()).chunk(&self.body).chunk("");
        }
        let response: Response = match method {
            "HEAD" if !has("content-length") => {
                head.header("content-length", &self.body.len().to_string())
            }
            "HEAD" => head,
            _ => head.body(self.body.as_str()),
        };
        script.say(response.bytes())
    }
}

fn shown(got: &Answer) -> String {
    let headers = got.head.headers.iter();
    let headers: String = headers
        .map(|(name, value)| ["  ", name, ": ", value, "\n"].concat())
        .collect();
    format!("{}\n{headers}  {:?}", got.head.first, got.text())
}

#[cfg(test)]
mod tests;
