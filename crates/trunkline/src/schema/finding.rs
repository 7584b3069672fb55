//! What does not fit, as callers are told it and as drift counts it.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::FINDINGS_MAX;
use crate::secret::Secret;

/// One thing that is not as a schema says. It never holds a value of the body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// JSON Pointer (RFC 6901) to the place; empty for the whole body.
    pub path: String,
    /// What the schema says should be there, such as `a whole number`.
    pub expected: String,
    /// What is there, such as `a text of 12 characters`.
    pub found: String,
}

/// Everything that is not as a schema says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Findings {
    /// The first of them, at most 20.
    pub shown: Vec<Finding>,
    /// How many there are in all; of very many, how many were counted.
    pub total: usize,
}

/// How a field differs from what is known of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// It is there, and nothing says that it should be.
    Appeared,
    /// It should always be there, and is not.
    Vanished,
    /// It is not of the kind, or the form, that it should have.
    Changed,
}

/// A difference between a body and what is known of it. Sorts by place.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Difference {
    /// The place as a pattern: `*` stands for every item of a list and every key that is data.
    pub(crate) path: String,
    pub(crate) change: Change,
    pub(crate) expected: String,
    pub(crate) found: String,
}

/// One thing that is wrong, before it is known who wants to hear of it.
#[derive(Debug)]
pub(super) struct Break {
    pub(super) path: String,
    pub(super) change: Change,
    pub(super) expected: String,
    /// With the length of a text.
    pub(super) found: String,
    /// The kind alone.
    pub(super) kind: &'static str,
}

impl Change {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Appeared => "appeared",
            Self::Vanished => "vanished",
            Self::Changed => "changed",
        }
    }
}

impl Findings {
    pub(super) fn new(breaks: &[Break], total: usize) -> Self {
        let shown = breaks.iter().take(FINDINGS_MAX).map(|broken| Finding {
            path: broken.path.clone(),
            expected: broken.expected.clone(),
            found: broken.found.clone(),
        });
        Self {
            shown: shown.collect(),
            total,
        }
    }

    /// One finding alone.
    pub(crate) fn one(path: &str, expected: &str, found: impl Into<String>) -> Self {
        Self {
            shown: vec![Finding {
                path: path.to_owned(),
                expected: expected.to_owned(),
                found: found.into(),
            }],
            total: 1,
        }
    }

    /// Adds others, but none for a place of which something is known already.
    pub(crate) fn add(&mut self, others: Self) {
        self.total += others.total;
        for finding in others.shown {
            if self.shown.iter().any(|known| known.path == finding.path) {
                self.total -= 1;
            } else if self.shown.len() < FINDINGS_MAX {
                self.shown.push(finding);
            }
        }
    }

    /// The same without keys that are data, for those who keep what they are told.
    pub(crate) fn without_data(mut self, secrets: &[Secret]) -> Self {
        for finding in &mut self.shown {
            finding.path = hidden(&pattern_of(&finding.path), secrets);
        }
        self
    }

    /// In a sentence: the operation promises something that the body is not.
    pub(crate) fn broken_promise(&self, operation: &str, body: &str) -> String {
        self.sentence(&format!("`{operation}` promises"), body)
    }

    /// In a sentence: the operation takes something that the request is not.
    pub(crate) fn wrong_request(&self, operation: &str) -> String {
        self.sentence(&format!("`{operation}` takes"), "request")
    }

    /// The first of them in a sentence that begins so, and how many more there are.
    fn sentence(&self, begin: &str, body: &str) -> String {
        let Some(first) = self.shown.first() else {
            return format!("{begin} something else than this {body}");
        };
        let Finding {
            path,
            expected,
            found,
        } = first;
        let found = if found == "nothing" { "none" } else { found };
        let path = visible(path);
        let text = match &*path {
            "" => format!("{begin} {expected}, and the {body} is {found}"),
            path => format!("{begin} {expected} at `{path}`, and the {body} has {found} there"),
        };
        match self.total {
            0 | 1 => text,
            more => format!("{text} (and {} more)", more - 1),
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            path,
            expected,
            found,
        } = self;
        match &*visible(path) {
            "" => write!(f, "expected {expected}, found {found}"),
            path => write!(f, "{path}: expected {expected}, found {found}"),
        }
    }
}

impl Break {
    pub(super) fn into_difference(self) -> Difference {
        Difference {
            path: pattern_of(&self.path),
            change: self.change,
            expected: self.expected,
            found: self.kind.to_owned(),
        }
    }
}

impl Difference {
    /// The same without keys in which a secret stands, one of each kind.
    pub(crate) fn without_secrets(mut differences: Vec<Self>, secrets: &[Secret]) -> Vec<Self> {
        for difference in &mut differences {
            difference.path = hidden(&difference.path, secrets);
        }
        Self::distinct(differences)
    }

    /// Sorted, and one of those that say the same.
    pub(super) fn distinct(mut differences: Vec<Self>) -> Vec<Self> {
        differences.sort();
        differences.dedup_by(|later, first| first.is_same_as(later));
        differences
    }

    /// Whether both say the same of the same place.
    fn is_same_as(&self, other: &Self) -> bool {
        self.path == other.path && self.change == other.change
    }
}

/// The longest pattern that is kept.
const PATTERN_MAX: usize = 200;

/// The pattern that a JSON Pointer is an instance of.
fn pattern_of(pointer: &str) -> String {
    let mut pattern = String::new();
    for segment in pointer.split('/').skip(1) {
        let segment = if is_name(segment) { segment } else { "*" };
        if PATTERN_MAX < pattern.len() + segment.len() {
            pattern.push_str("/…");
            break;
        }
        pattern.push('/');
        pattern.push_str(segment);
    }
    pattern
}

/// A pattern in which no key holds a secret.
fn hidden(pattern: &str, secrets: &[Secret]) -> String {
    let secrets = secrets.iter().map(Secret::expose);
    // A shorter one stands in other words too.
    let secrets = secrets.filter(|secret| SECRET_BYTES_MIN <= secret.len());
    let is_secret = |segment: &str| {
        let key = segment.replace("~1", "/").replace("~0", "~");
        secrets.clone().any(|secret| key.contains(secret))
    };
    let segments = pattern.split('/');
    let segments = segments.map(|segment| if is_secret(segment) { "*" } else { segment });
    segments.collect::<Vec<_>>().join("/")
}

/// A JSON Pointer as it may stand in a line: its keys are the upstream's, and so may be control
/// characters in them.
fn visible(pointer: &str) -> Cow<'_, str> {
    if !pointer.contains(char::is_control) {
        return Cow::Borrowed(pointer);
    }
    let mut visible = String::new();
    for one in pointer.chars() {
        if one.is_control() {
            visible.extend(one.escape_unicode());
        } else {
            visible.push(one);
        }
    }
    Cow::Owned(visible)
}

/// The shortest secret that is looked for in keys.
const SECRET_BYTES_MIN: usize = 4;

/// How well-known secrets begin. No field's name does.
const TOKEN_BEGINNINGS: [&str; 29] = [
    "AKIA",
    "ASIA",
    "AIza",
    "SG.",
    "dop_v1_",
    "eyJ",
    "ghp_",
    "gho_",
    "ghr_",
    "ghs_",
    "ghu_",
    "github_pat_",
    "glpat-",
    "gsk_",
    "hf_",
    "lin_api_",
    "npm_",
    "pk_live_",
    "pk_test_",
    "pypi-",
    "rk_live_",
    "rk_test_",
    "shpat_",
    "sk-",
    "sk_live_",
    "sk_test_",
    "whsec_",
    "xox",
    "ya29.",
];

/// The longest name that is not looked at more closely, in bytes.
const NAME_BYTES_PLAIN: usize = 24;

/// The longest word in a name, in bytes.
const WORD_BYTES_MAX: usize = 20;

/// Whether a key is a field's name and not data, such as an id, an address, a date or a secret: it
/// must not be remembered, and there is no end of them.
pub(super) fn is_name(key: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.:$~".contains(&byte);
    let rest = key.strip_prefix(['@', '$', '#']).unwrap_or(key);
    let digits = key.bytes().filter(u8::is_ascii_digit).count();
    rest.bytes()
        .next()
        .is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'_')
        && key.len() <= 64
        && digits < 5
        && rest.bytes().all(is_allowed)
        && !TOKEN_BEGINNINGS.iter().any(|token| rest.starts_with(token))
        && (key.len() <= NAME_BYTES_PLAIN || is_of_words(rest))
}

/// Whether a long key is made of words, as `default_payment_method` and `isAutomaticTaxEnabled` are.
/// In a random text, small and capital letters change places far more often.
fn is_of_words(key: &str) -> bool {
    let is_other = |pair: &[u8]| {
        let [one, next] = pair else {
            return false;
        };
        one.is_ascii_alphabetic()
            && next.is_ascii_alphanumeric()
            && one.is_ascii_lowercase() != next.is_ascii_lowercase()
    };
    let changes = key
        .as_bytes()
        .windows(2)
        .filter(|pair| is_other(pair))
        .count();
    let mut words = key.split(|one: char| !one.is_ascii_alphabetic());
    let is_short = |word: &str| {
        let mut parts = word.split_inclusive(|one: char| one.is_ascii_uppercase());
        parts.all(|part| part.len() <= WORD_BYTES_MAX)
    };
    let capitals = key.bytes().filter(u8::is_ascii_uppercase).count();
    let is_capital = capitals > 0 && !key.bytes().any(|byte| byte.is_ascii_lowercase());
    words.all(|word| is_short(word) && (!is_capital || word.len() <= WORD_BYTES_MAX))
        && changes * 3 <= key.len()
}
