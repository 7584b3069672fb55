//! Finds the operation that is called and the address it is called at.

mod body;

use std::cell::Cell;
use std::sync::Arc;

use bytes::Bytes;
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderValue, Method, header};
use trunkline_connector::compose::{self, Composed};
use trunkline_connector::graphql::OperationKind;
use trunkline_connector::{Connector, Inputs, Operation, media};
use trunkline_egress::Body;
use url::Url;

use crate::call::{Call, Options, Target};
use crate::error::{Error, ErrorKind};
use crate::installed::{self, Installed, Snapshot};
use crate::upstream::Pacing;

pub(crate) use body::of as body_of;

/// A call whose connector, operation and path are known.
pub(super) struct Resolved {
    pub(super) installed: Arc<Installed>,
    /// The operation, where the path belongs to one, as a place in the connector's list.
    pub(super) operation: Option<usize>,
    pub(super) address: Address,
    pub(super) method: Method,
    pub(super) headers: HeaderMap,
    pub(super) body: Body,
    /// What a GraphQL document asks for, where it was looked into.
    pub(super) graphql: Option<OperationKind>,
    pub(super) options: Options,
    /// Whether a secret of ours was put into the address.
    pub(super) has_secret: bool,
    _made: Made,
}

/// Where a call goes.
pub(super) enum Address {
    /// Below the base address.
    Below(PathAndQuery),
    /// To an address that was an input, on a host that the operation allows. It is signed itself,
    /// so no credential goes there.
    Elsewhere(Url),
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
        files,
        ..
    } = call;
    let mut graphql = None;
    let mut has_secret = false;
    let (operation, method, address) = match target {
        Target::Path {
            method,
            path_and_query,
        } => {
            let operation = installed.operation_at(&method, path_and_query.path());
            (operation, method, Address::Below(path_and_query))
        }
        Target::Operation { name, inputs } => {
            let place = find(connector, &name)?;
            let composed;
            (composed, has_secret) = compose(&installed, place, &inputs)?;
            headers.extend(composed.headers);
            for (name, value) in &composed.fixed_headers {
                headers.entry(name).or_insert_with(|| value.clone());
            }
            if let Some(composed) = composed.body {
                let (content_type, composed) = body_of(composed, &files)?;
                if !says_so_itself(&headers, &content_type) {
                    headers.insert(header::CONTENT_TYPE, content_type);
                }
                body = composed;
            }
            graphql = composed.graphql;
            let address = match composed.target {
                compose::Target::Path(path) => Address::Below(parse(path)?),
                compose::Target::Address(url) => Address::Elsewhere(url),
            };
            (Some(place), composed.method, address)
        }
    };
    Ok(Resolved {
        installed,
        operation,
        address,
        method,
        headers,
        body,
        graphql,
        options,
        has_secret,
        _made: Made,
    })
}

impl Resolved {
    pub(super) fn operation(&self) -> Option<&Operation> {
        self.operation
            .and_then(|place| self.installed.connector.operations.get(place))
    }

    pub(super) fn pacing(&self) -> &Arc<Pacing> {
        self.installed.pacing(self.operation)
    }

    /// Its name, as records share it.
    pub(super) fn operation_name(&self) -> Option<&Arc<str>> {
        self.operation
            .and_then(|place| self.installed.operation_names.get(place))
    }
}

/// The operation of that name, as a place in the connector's list.
pub(crate) fn find(connector: &Connector, name: &str) -> Result<usize, Error> {
    let place = connector
        .operations
        .iter()
        .position(|operation| operation.name == name);
    place.ok_or_else(|| Error::unknown_operation(connector, name))
}

/// Whether the caller says which JSON its body is, of which there are many (RFC 6839).
fn says_so_itself(headers: &HeaderMap, ours: &HeaderValue) -> bool {
    let is_json = |value: &HeaderValue| value.to_str().is_ok_and(media::is_json);
    is_json(ours) && headers.get(header::CONTENT_TYPE).is_some_and(is_json)
}

/// Makes the request, and says whether a secret of ours was put into its address.
fn compose(
    installed: &Installed,
    operation: usize,
    inputs: &Inputs,
) -> Result<(Composed, bool), Error> {
    let connector = &installed.connector;
    let Some(operation) = connector.operations.get(operation) else {
        return Err(Error::new(
            ErrorKind::Internal,
            "an operation was looked up and is not there",
        ));
    };
    let credential = installed.credential();
    let missing = Cell::new(None);
    let has_secret = Cell::new(false);
    let secret = |name: &str| match &credential {
        // That it is missing is the next stage's to report.
        Err(_) => Some(name.to_owned()),
        Ok(credential) => {
            has_secret.set(true);
            let part = credential.part(connector, name);
            part.map_err(|error| missing.set(Some(error))).ok()
        }
    };
    let composed = compose::compose(operation, inputs, secret);
    let composed = composed.map(|composed| (composed, has_secret.get()));
    composed.map_err(|problems| {
        if let Some(error) = missing.take() {
            return installed.secret_error(&error);
        }
        let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
        let message = format!(
            "`{}` cannot be called so: {}",
            operation.name,
            problems.join("; ")
        );
        Error::new(ErrorKind::BadInput, message).with_hint(format!(
            "see its inputs with `trunkline operations {} {}`",
            connector.name, operation.name
        ))
    })
}

pub(super) fn parse(text: String) -> Result<PathAndQuery, Error> {
    PathAndQuery::from_maybe_shared(Bytes::from(text)).map_err(|_| {
        Error::new(
            ErrorKind::BadUrl,
            "the path has a character that it cannot have",
        )
    })
}
