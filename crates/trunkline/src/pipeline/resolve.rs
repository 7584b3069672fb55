//! Finds the operation that is called and the address it is called at.

use std::sync::Arc;

use bytes::Bytes;
use http::header;
use http::uri::PathAndQuery;
use trunkline_connector::compose::{self, Composed};
use trunkline_connector::{Connector, Inputs, Operation, words};
use trunkline_egress::{Body, Head};

use crate::call::{Call, Options, Target};
use crate::error::{Error, ErrorKind};
use crate::installed::{self, Installed, Snapshot};

/// A call whose connector, operation and path are known.
pub(super) struct Resolved {
    pub(super) installed: Arc<Installed>,
    /// The operation, where the path belongs to one, as a place in the connector's list.
    pub(super) operation: Option<usize>,
    /// The target is below the upstream's root, base path included.
    pub(super) head: Head,
    pub(super) body: Body,
    pub(super) options: Options,
    _made: Made,
}

/// Only this file makes a [`Resolved`].
struct Made;

pub(super) fn resolve(snapshot: &Snapshot, call: Call) -> Result<Resolved, Error> {
    let Some(installed) = snapshot.installed.get(&call.connector) else {
        return Err(installed::unknown_connector(
            &snapshot.catalog,
            call.connector.as_str(),
        ));
    };
    let installed = Arc::clone(installed);
    let connector = &installed.connector;
    let Call {
        target,
        mut headers,
        mut body,
        options,
        ..
    } = call;
    let (operation, method, path_and_query) = match target {
        Target::Path {
            method,
            path_and_query,
        } => {
            let operation = installed.operation_at(&method, path_and_query.path());
            (
                operation,
                method,
                with_base(&installed.base_path, path_and_query)?,
            )
        }
        Target::Operation { name, inputs } => {
            let place = find(connector, &name)?;
            let composed = compose(&installed, place, &inputs)?;
            let path_and_query = parse(composed.path_and_query)?;
            headers.extend(composed.headers);
            if let Some((content_type, bytes)) = composed.body {
                headers.insert(header::CONTENT_TYPE, content_type);
                body = Body::Full(Bytes::from(bytes));
            }
            (
                Some(place),
                composed.method,
                with_base(&installed.base_path, path_and_query)?,
            )
        }
    };
    Ok(Resolved {
        installed,
        operation,
        head: Head {
            method,
            target: path_and_query,
            headers,
        },
        body,
        options,
        _made: Made,
    })
}

impl Resolved {
    pub(super) fn operation(&self) -> Option<&Operation> {
        self.operation
            .and_then(|place| self.installed.connector.operations.get(place))
    }

    /// Its name, as records share it.
    pub(super) fn operation_name(&self) -> Option<&Arc<str>> {
        self.operation
            .and_then(|place| self.installed.operation_names.get(place))
    }
}

fn find(connector: &Connector, name: &str) -> Result<usize, Error> {
    let place = connector
        .operations
        .iter()
        .position(|operation| operation.name == name);
    place.ok_or_else(|| {
        let message = format!("`{}` has no operation `{name}`", connector.name);
        let names = connector
            .operations
            .iter()
            .map(|operation| operation.name.as_str());
        let all = format!("all of them: `trunkline operations {}`", connector.name);
        let hint = match words::nearest(name, names) {
            Some(close) => format!("did you mean `{close}`? {all}"),
            None => all,
        };
        Error::new(ErrorKind::UnknownOperation, message).with_hint(hint)
    })
}

fn compose(installed: &Installed, operation: usize, inputs: &Inputs) -> Result<Composed, Error> {
    let connector = &installed.connector;
    let Some(operation) = connector.operations.get(operation) else {
        return Err(Error::new(
            ErrorKind::Internal,
            "an operation was looked up and is not there",
        ));
    };
    // A missing secret is the next stage's to report.
    let secret = |name: &str| match installed.credential() {
        Ok(credential) => credential
            .value(name)
            .map(|secret| secret.expose().to_owned()),
        Err(_) => Some(name.to_owned()),
    };
    compose::compose(operation, inputs, secret).map_err(|problems| {
        let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
        let message = format!(
            "`{}` cannot be called so: {}",
            operation.name,
            problems.join("; ")
        );
        Error::new(ErrorKind::BadInput, message).with_hint(format!(
            "see its inputs with `trunkline operations {}`",
            connector.name
        ))
    })
}

/// The path as it is wherever nothing stands before it: byte for byte, and without a copy.
fn with_base(base: &str, path_and_query: PathAndQuery) -> Result<PathAndQuery, Error> {
    if base.is_empty() {
        return Ok(path_and_query);
    }
    parse(format!("{base}{path_and_query}"))
}

fn parse(text: String) -> Result<PathAndQuery, Error> {
    PathAndQuery::from_maybe_shared(Bytes::from(text)).map_err(|_| {
        Error::new(
            ErrorKind::BadUrl,
            "the path has a character that it cannot have",
        )
    })
}
