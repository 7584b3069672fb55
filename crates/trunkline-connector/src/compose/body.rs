//! The body that inputs become.

use http::{HeaderMap, HeaderValue, header};
use serde_json::{Map, Value};

use super::file::{FileContent, FileValue};
use super::form::{self, Dialect};
use super::multipart;
use super::place::Field;
use super::{ComposedBody, Extent, InputProblem};
use crate::connector::{Inputs, Operation};
use crate::format::BodyKind;
use crate::graphql::{Document, DocumentError, OperationKind};

const FORM: HeaderValue = HeaderValue::from_static("application/x-www-form-urlencoded");
const JSON: HeaderValue = HeaderValue::from_static("application/json");
const OCTETS: HeaderValue = HeaderValue::from_static("application/octet-stream");

/// A body, and what a GraphQL document in it asks for.
#[derive(Default)]
pub(super) struct Written {
    pub(super) body: Option<ComposedBody>,
    pub(super) graphql: Option<OperationKind>,
}

pub(super) fn write(
    operation: &Operation,
    fields: Vec<Field>,
    (extent, headers): (Extent, &HeaderMap),
    problems: &mut Vec<InputProblem>,
) -> Written {
    let body = match operation.body {
        BodyKind::None => None,
        BodyKind::Json if operation.body_input.is_some() => {
            let field = fields.into_iter().next();
            field.map(|field| json(&field.value, operation))
        }
        BodyKind::Json => Some(json(&Value::Object(object(fields)), operation)),
        BodyKind::Form => Some(form(&fields, form::FORM)),
        BodyKind::FormRepeated => Some(form(&fields, form::REPEATED)),
        BodyKind::Multipart => Some(ComposedBody::Multipart(multipart::parts(&fields))),
        BodyKind::Raw => {
            let declared = headers.get(header::CONTENT_TYPE);
            let declared = declared.or(operation.content_type.as_ref());
            let field = fields.into_iter().next();
            field.map(|field| raw(&field.value, declared))
        }
        BodyKind::Graphql => return graphql(operation, fields, extent, problems),
    };
    Written {
        body,
        graphql: None,
    }
}

fn json(value: &Value, operation: &Operation) -> ComposedBody {
    ComposedBody::Bytes {
        content_type: operation.content_type.clone().unwrap_or(JSON),
        bytes: value.to_string().into_bytes(),
    }
}

fn form(fields: &[Field], dialect: Dialect) -> ComposedBody {
    ComposedBody::Bytes {
        content_type: FORM,
        bytes: form::encode(fields, dialect).into_bytes(),
    }
}

fn object(fields: Vec<Field>) -> Inputs {
    let fields = fields.into_iter();
    fields.map(|field| (field.name, field.value)).collect()
}

fn raw(value: &Value, declared: Option<&HeaderValue>) -> ComposedBody {
    if let Value::String(text) = value {
        return ComposedBody::Bytes {
            content_type: declared.cloned().unwrap_or(OCTETS),
            bytes: text.clone().into_bytes(),
        };
    }
    match FileValue::of(value) {
        Some(file) => {
            let content_type = file.type_or(declared);
            match file.content {
                FileContent::Bytes(bytes) => ComposedBody::Bytes {
                    content_type,
                    bytes,
                },
                FileContent::Named(file) => ComposedBody::File { content_type, file },
            }
        }
        None => ComposedBody::Bytes {
            content_type: declared.cloned().unwrap_or(OCTETS),
            bytes: Vec::new(),
        },
    }
}

/// `{"query": …, "operationName": …, "variables": …}` (GraphQL over HTTP); what is not there is
/// left out.
fn graphql(
    operation: &Operation,
    fields: Vec<Field>,
    extent: Extent,
    problems: &mut Vec<InputProblem>,
) -> Written {
    let mut query = None;
    let mut name = None;
    let mut variables = Inputs::new();
    for field in fields {
        match field.input.as_str() {
            "query" => query = Some(field.value),
            "operation_name" => name = Some(field.value),
            _ => {
                variables.insert(field.name, field.value);
            }
        }
    }
    let name = name.filter(|name| !name.is_null());
    let mut kind = None;
    if let (Extent::Whole, Some(Value::String(text))) = (extent, &query) {
        match fitted(text, name.as_ref().and_then(Value::as_str), &variables) {
            Ok((found, fitted)) => {
                kind = Some(found);
                variables = fitted;
            }
            Err(found) => problems.extend(found),
        }
    }
    let mut request = Map::new();
    request.extend(query.map(|query| ("query".to_owned(), query)));
    request.extend(name.map(|name| ("operationName".to_owned(), name)));
    if !variables.is_empty() {
        request.insert("variables".to_owned(), Value::Object(variables));
    }
    Written {
        body: Some(json(&Value::Object(request), operation)),
        graphql: kind,
    }
}

fn fitted(
    text: &str,
    name: Option<&str>,
    variables: &Inputs,
) -> Result<(OperationKind, Inputs), Vec<InputProblem>> {
    let of_document = |error: DocumentError| InputProblem::Graphql {
        name: "query".to_owned(),
        error,
    };
    let document = Document::parse(text)
        .map_err(|errors| errors.into_iter().map(of_document).collect::<Vec<_>>())?;
    let operation = document
        .operation(name)
        .map_err(|error| vec![of_document(error)])?;
    let fitted = operation.fit(variables).map_err(|found| {
        let found = found.into_iter();
        let problem = |(name, error)| InputProblem::Graphql { name, error };
        found.map(problem).collect::<Vec<_>>()
    })?;
    Ok((operation.kind, fitted))
}
