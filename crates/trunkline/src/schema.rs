//! What JSON Schemas say of a body: whether it fits, and if not, what is wrong in plain words.
//!
//! A value of a body is never repeated: where one is wrong, its kind is named, and of a text how
//! long it is. Nothing is fetched; a schema knows itself and, where it is a connector's, the other
//! files in the connector's folder `schemas`.

mod body;
mod check;
mod counted;
mod documents;
mod finding;
mod inferred;
mod sampler;
mod shelf;
mod unknown;
mod words;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use jsonschema::error::ValidationErrorKind;
use jsonschema::{PatternOptions, ReferencingError, Retrieve, Uri, ValidationError, Validator};
use serde_json::{Value, json};
use trunkline_connector::SchemaRef;

pub(crate) use body::{Unread, read};
pub(crate) use check::{Check, Checks, Known, misfits};
pub(crate) use finding::Difference;
pub use finding::{Change, Finding, Findings};

use counted::{Allowance, Counted, Patterns};
use documents::Documents;
use finding::Break;

/// The most findings that are told one by one.
pub(crate) const FINDINGS_MAX: usize = 20;

/// The most differences that one body is compared for.
const DIFFERENCES_MAX: usize = 200;

/// The most errors that are made of one body, those of ways in which a value might have been meant
/// included. One takes up to a few kilobytes.
const ERRORS_MAX: usize = 1_000;

/// The most steps that are taken to tell what is wrong. A million take about 10 ms.
const TELLING_STEPS: usize = 200_000;

/// How often a pattern that looks ahead or behind may try another way.
const BACKTRACKS_MAX: usize = 20_000;

/// How much work it may be to tell whether a body fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effort {
    /// So much that others can wait for it.
    Short,
    /// So much that it needs a thread of its own: a second or two.
    Long,
}

/// Whether a body fits cannot be told with the allowed effort.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TooMuch;

/// How a body compares with what is known of it.
#[derive(Debug, Default)]
pub(crate) struct Compared {
    /// What is wrong with it; `None` where nothing is.
    pub(crate) broken: Option<Findings>,
    /// Where it differs, whether that is allowed or not.
    pub(crate) differences: Vec<Difference>,
}

/// Whether texts are held to what `format` says of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Formats {
    /// As the app's own schemas mean it.
    Asserted,
    /// As vendors' documents mean it: a remark for readers.
    Noted,
}

/// Where a schema stands.
#[derive(Debug, Clone)]
pub(crate) enum Place {
    /// It is a document of its own.
    Whole(Arc<Value>),
    /// It is a file of a connector, or a part of one.
    Within(Arc<Documents>, SchemaRef),
}

/// A schema that bodies can be checked against.
#[derive(Debug)]
pub(crate) struct Schema {
    validator: Validator<Counted>,
    patterns: Patterns,
    place: Place,
}

/// Why a schema cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct SchemaError(String);

impl Schema {
    /// Makes a schema ready.
    ///
    /// # Errors
    /// If it is none, or names what is not there.
    pub(crate) fn compile(place: Place, formats: Formats) -> Result<Self, SchemaError> {
        let mut patterns = Patterns::Linear;
        let mut validator = Self::build(&place, formats, patterns);
        if validator.is_err() {
            // Perhaps only because of a pattern that needs the other way.
            patterns = Patterns::Backtracking;
            validator = Self::build(&place, formats, patterns);
        }
        let validator = validator.map_err(|error| SchemaError::of(&error))?;
        Ok(Self {
            validator,
            patterns,
            place,
        })
    }

    fn build(
        place: &Place,
        formats: Formats,
        patterns: Patterns,
    ) -> Result<Validator<Counted>, ValidationError<'static>> {
        let options = jsonschema::options_for::<Counted>()
            .should_validate_formats(formats == Formats::Asserted)
            .with_retriever(Nearby(place.clone()));
        let options = match patterns {
            Patterns::Linear => options.with_pattern_options(PatternOptions::regex()),
            Patterns::Backtracking => {
                let limit = PatternOptions::fancy_regex().backtrack_limit(BACKTRACKS_MAX);
                options.with_pattern_options(limit)
            }
        };
        match place {
            Place::Whole(schema) => options.build(schema),
            Place::Within(documents, schema) => options
                .with_base_uri(documents::BASE)
                .build(&json!({ "$ref": documents.address(schema) })),
        }
    }

    /// What is wrong with a body; `None` where nothing is.
    ///
    /// # Errors
    /// If that is more work than allowed.
    pub(crate) fn findings(
        &self,
        body: &Value,
        effort: Effort,
    ) -> Result<Option<Findings>, TooMuch> {
        if self.is_fit(body, effort)? {
            return Ok(None);
        }
        let (breaks, total) = self.breaks(body, effort, FINDINGS_MAX);
        Ok(Some(Findings::new(&breaks, total)))
    }

    /// How a body compares with what is known of it.
    ///
    /// # Errors
    /// If that is more work than is done for those who do not wait for it.
    pub(crate) fn compare(&self, body: &Value) -> Result<Compared, TooMuch> {
        let effort = Effort::Short;
        let mut compared = Compared::default();
        if !self.is_fit(body, effort)? {
            let (breaks, total) = self.breaks(body, effort, DIFFERENCES_MAX);
            compared.broken = Some(Findings::new(&breaks, total));
            let differences = breaks.into_iter().map(Break::into_difference);
            compared.differences.extend(differences);
        }
        unknown::fields(&self.place, body, &mut compared.differences);
        compared.differences = Difference::distinct(compared.differences);
        Ok(compared)
    }

    /// Whether a body fits. Nearly every one does, and to say only that is several times faster.
    fn is_fit(&self, body: &Value, effort: Effort) -> Result<bool, TooMuch> {
        let allowance = Allowance::new(self.patterns, effort.steps(), usize::MAX);
        let is_fit = self.validator.is_valid(allowance.root(body));
        if allowance.is_used_up() {
            return Err(TooMuch);
        }
        Ok(is_fit)
    }

    /// What is wrong with a body that does not fit, and how many things at least.
    fn breaks(&self, body: &Value, effort: Effort, breaks_max: usize) -> (Vec<Break>, usize) {
        let mut breaks = Vec::new();
        let mut total = 0;
        let allowance = Allowance::new(self.patterns, TELLING_STEPS, ERRORS_MAX);
        for error in self.validator.iter_errors(allowance.root(body)) {
            if counted::is_sure(&error) {
                total += words::breaks(&error, body, breaks_max, &mut breaks);
            }
        }
        if breaks.is_empty() {
            // It stands behind much that is right. The first one alone takes no room.
            let allowance = Allowance::new(self.patterns, effort.steps(), ERRORS_MAX);
            let first = self.validator.validate(allowance.root(body)).err();
            if let Some(error) = first.filter(counted::is_sure) {
                total = words::breaks(&error, body, breaks_max, &mut breaks);
            }
        }
        if breaks.is_empty() {
            // There are too many ways in which it might have been meant.
            breaks.push(words::somewhere(body));
            total = 1;
        }
        (breaks, total)
    }
}

impl Effort {
    fn steps(self) -> usize {
        match self {
            Self::Short => 2_000_000,
            Self::Long => 50_000_000,
        }
    }
}

/// Looks where a schema may look: into the folder that it stands in.
struct Nearby(Place);

impl Retrieve for Nearby {
    fn retrieve(
        &self,
        address: &Uri<String>,
    ) -> Result<Value, Box<dyn std::error::Error + Send + Sync>> {
        let found = match &self.0 {
            Place::Whole(_) => None,
            Place::Within(documents, _) => documents.find(address.as_str()),
        };
        found.map(|document| Value::clone(document)).ok_or_else(|| {
            let error = SchemaError("schemas are never fetched".to_owned());
            Box::from(error)
        })
    }
}

impl SchemaError {
    /// The library's reason in our words, with the place where it stands.
    fn of(error: &ValidationError<'_>) -> Self {
        if let ValidationErrorKind::Referencing(ReferencingError::Unretrievable { uri, .. }) =
            error.kind()
        {
            let name = documents::name_of(uri).unwrap_or_else(|| uri.clone());
            return Self(format!(
                "it refers to `{name}`, which is not part of it, and schemas are never fetched"
            ));
        }
        let at = error.instance_path().as_str();
        if at.is_empty() {
            return Self(error.to_string());
        }
        Self(format!("at `{at}`: {error}"))
    }
}
