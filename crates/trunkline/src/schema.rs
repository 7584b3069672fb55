//! What JSON Schemas say of a body: whether it fits, and if not, what is wrong in plain words.
//!
//! A value of a body is never repeated: where one is wrong, its kind is named, and of a text how
//! long it is. Nothing is fetched; a schema knows itself and, where it is a connector's, the other
//! files in the connector's folder `schemas`.

mod check;
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

use jsonschema::{ReferencingError, Retrieve, Uri, ValidationError, Validator, error};
use serde_json::{Value, json};
use trunkline_connector::SchemaRef;

pub(crate) use check::{Check, Checks, Known, misfits};
pub(crate) use finding::Difference;
pub use finding::{Change, Finding, Findings};

use documents::Documents;
use finding::Break;

/// The most findings that are told one by one.
pub(crate) const FINDINGS_MAX: usize = 20;

/// The most differences that one body is compared for.
const DIFFERENCES_MAX: usize = 200;

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
    validator: Validator,
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
        let options = jsonschema::options()
            .should_validate_formats(formats == Formats::Asserted)
            .with_retriever(Nearby(place.clone()));
        let validator = match &place {
            Place::Whole(schema) => options.build(schema),
            Place::Within(documents, schema) => options
                .with_base_uri(documents::BASE)
                .build(&json!({ "$ref": documents.address(schema) })),
        };
        match validator {
            Ok(validator) => Ok(Self { validator, place }),
            Err(error) => Err(SchemaError::of(&error)),
        }
    }

    /// What is wrong with a body; `None` where nothing is.
    pub(crate) fn findings(&self, body: &Value) -> Option<Findings> {
        // Nearly every body fits, and to say only that is several times faster.
        if self.validator.is_valid(body) {
            return None;
        }
        let mut breaks = Vec::new();
        let mut total = 0;
        for error in self.validator.iter_errors(body) {
            total += words::breaks(&error, FINDINGS_MAX, &mut breaks);
        }
        Some(Findings::new(breaks, total))
    }

    /// How a body differs from what is known of it, whether that is allowed or not.
    pub(crate) fn differences(&self, body: &Value) -> Vec<Difference> {
        let mut breaks = Vec::new();
        for error in self.validator.iter_errors(body) {
            words::breaks(&error, DIFFERENCES_MAX, &mut breaks);
            if DIFFERENCES_MAX <= breaks.len() {
                break;
            }
        }
        let mut differences: Vec<Difference> =
            breaks.into_iter().map(Break::into_difference).collect();
        unknown::fields(&self.place, body, &mut differences);
        differences.sort();
        differences.dedup_by(|later, first| first.is_same_as(later));
        differences
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
        if let error::ValidationErrorKind::Referencing(ReferencingError::Unretrievable {
            uri,
            ..
        }) = error.kind()
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
