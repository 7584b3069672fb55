//! Compares a body that has passed with what is known of it.

use bytes::Bytes;

use super::Part;
use crate::held::{self, Encoding};
use crate::schema::{self, Change, Check, Difference, Findings, Known, Unread};
use crate::sse;

/// The most that is unfolded of a compressed body.
const UNFOLDED_MAX: usize = 4 << 20;

/// The most values of a body that is looked at.
const VALUES_MAX: usize = 200_000;

/// The most events of one stream that are looked at.
const EVENTS_MAX: usize = 2_000;

/// The most differences that are taken from the events of one stream, about.
const DIFFERENCES_MAX: usize = 2_000;

/// A body that has passed, or the beginning of a stream.
#[derive(Debug)]
pub(crate) struct Passed {
    pub(crate) kind: Kind,
    pub(crate) encoding: Encoding,
    pub(crate) pieces: Vec<Bytes>,
}

/// What a body is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kind {
    /// One JSON value.
    Json,
    /// Something else, of this type.
    Other(String),
    /// Server-sent events.
    Events,
    /// One JSON value per line.
    Lines,
    /// The data of one event.
    Event,
}

/// What came of looking.
#[derive(Debug, Default)]
pub(super) struct Looked {
    /// For each body or event: where it differs.
    pub(super) differences: Vec<(Part, Vec<Difference>)>,
    /// What breaks a promise.
    pub(super) broken: Option<Findings>,
}

impl Passed {
    pub(crate) fn bytes(&self) -> usize {
        self.pieces.iter().map(Bytes::len).sum()
    }

    /// The text of it, whole unless it is too large or cut off.
    fn text(&self) -> Option<Bytes> {
        let packed = match self.pieces.as_slice() {
            [only] => only.clone(),
            pieces => pieces.concat().into(),
        };
        match self.kind {
            Kind::Events | Kind::Lines => held::unfold_some(self.encoding, &packed, UNFOLDED_MAX),
            Kind::Json | Kind::Other(_) | Kind::Event => {
                held::unfold(self.encoding, &packed, UNFOLDED_MAX)
            }
        }
    }
}

/// Looks at a body. `None` where it cannot be read, is too much to be compared, or nothing is known
/// of it.
pub(super) fn look(check: &Check, passed: &Passed) -> Option<Looked> {
    let mut looked = Looked::default();
    match &passed.kind {
        Kind::Other(kind) => looked.is_not_json(Part::Reply, format!("the type `{kind}`")),
        Kind::Json => {
            let known = check.known_of_reply();
            looked.compare(Part::Reply, &known, &passed.text()?)?;
        }
        Kind::Event => {
            let known = check.known_of_event();
            looked.compare(Part::Event, &known, &passed.text()?)?;
        }
        Kind::Events | Kind::Lines => {
            let known = check.known_of_event();
            let text = passed.text()?;
            for event in events(&passed.kind, &text).iter().take(EVENTS_MAX) {
                // Of those that cannot be compared, the others say enough.
                looked.compare(Part::Event, &known, event);
                if DIFFERENCES_MAX <= looked.count() {
                    break;
                }
            }
            if looked.differences.is_empty() {
                return None;
            }
        }
    }
    Some(looked)
}

impl Looked {
    fn compare(&mut self, part: Part, known: &Known, text: &[u8]) -> Option<()> {
        let (schema, is_promise) = match known {
            Known::Nothing => return None,
            Known::Promise(schema) => (schema, true),
            Known::Examples(schema) => (schema, false),
        };
        let body = match schema::read(text, VALUES_MAX) {
            Ok(body) => body,
            Err(Unread::NotJson) => {
                self.is_not_json(part, "something else".to_owned());
                return Some(());
            }
            // It is what was promised, and nobody knows more.
            Err(Unread::TooMany | Unread::TooStrange) => return None,
        };
        let compared = schema.compare(&body).ok()?;
        if is_promise && self.broken.is_none() {
            self.broken = compared.broken;
        }
        self.differences.push((part, compared.differences));
        Some(())
    }

    /// How many differences there are.
    fn count(&self) -> usize {
        let counts = self.differences.iter().map(|(_, found)| found.len());
        counts.sum()
    }

    fn is_not_json(&mut self, part: Part, found: String) {
        if self.broken.is_none() {
            self.broken = Some(Findings::one("", "JSON", found.as_str()));
        }
        let difference = Difference {
            path: String::new(),
            change: Change::Changed,
            expected: "JSON".to_owned(),
            found,
        };
        self.differences.push((part, vec![difference]));
    }
}

/// The data of every event that came whole.
fn events(kind: &Kind, text: &Bytes) -> Vec<Bytes> {
    if *kind == Kind::Lines {
        let Some(end) = text.iter().rposition(|byte| *byte == b'\n') else {
            return Vec::new();
        };
        let lines = text.slice(..end);
        let lines = lines.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
        let lines = lines.filter(|line| !line.is_empty());
        return lines.map(|line| text.slice_ref(line)).collect();
    }
    let mut parser = sse::Parser::new(UNFOLDED_MAX);
    let events = parser.push(text).unwrap_or_default();
    let events = events.into_iter().map(|event| event.data);
    events
        .filter(|data| data != sse::END_MARK)
        .map(Bytes::from)
        .collect()
}
