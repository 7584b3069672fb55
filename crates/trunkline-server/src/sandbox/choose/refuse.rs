//! Answers to requests that cannot have a good one: the vendor's where it was recorded.

use http::StatusCode;
use trunkline::connector::format::{Class, OperationAuth};
use trunkline::connector::{Connector, Example};

use super::{Asked, Choice, first_max};

/// What is to go wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Failing {
    Unauthorized,
    RateLimited,
    Unavailable,
}

impl Failing {
    fn status(self) -> StatusCode {
        match self {
            Self::Unauthorized => StatusCode::UNAUTHORIZED,
            Self::RateLimited => StatusCode::TOO_MANY_REQUESTS,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    fn is(self, class: Class) -> bool {
        match self {
            Self::Unauthorized => matches!(class, Class::AuthDead | Class::RefreshAuth),
            Self::RateLimited => class == Class::RateLimited,
            Self::Unavailable => matches!(class, Class::ProviderDown | Class::Retry),
        }
    }
}

/// The vendor's own way of failing: its status, its meaning, for this operation if there is one.
pub(super) fn failing(
    connector: &Connector,
    operation: Option<usize>,
    failing: Failing,
) -> Choice<'_> {
    let status = failing.status();
    let fits = |example: &&Example| {
        failing.is(example.class) || (example.answer.status == status && example.class != Class::Ok)
    };
    let is_open = |place: usize| {
        let operation = connector.operations.get(place);
        operation.is_some_and(|operation| operation.auth == OperationAuth::None)
    };
    let rank = |example: &&Example| {
        let is_same = Some(example.operation) == operation;
        // What has its credential in its path says so in other words.
        let is_like = operation.map(is_open) == Some(is_open(example.operation));
        (
            example.answer.status == status,
            failing.is(example.class),
            is_same,
            is_like,
        )
    };
    match first_max(connector.examples().iter().filter(fits), rank) {
        Some(example) => Choice::Example(example),
        None => Choice::None {
            status,
            message: format!("the sandbox was asked to fail with {}", status.as_u16()),
        },
    }
}

/// What the vendor says when an input is missing: the recorded call that lacks the same comes
/// first, then this operation's refusals, then any.
pub(super) fn incomplete<'a>(
    connector: &'a Connector,
    place: usize,
    missing: &[&str],
) -> Choice<'a> {
    let fits = |example: &&Example| {
        let lacks = missing.iter().all(|name| !example.call.contains_key(*name));
        let is_plain = example.answer.status == StatusCode::BAD_REQUEST;
        example.class == Class::CallerError && (is_plain || (lacks && example.operation == place))
    };
    let rank = |example: &&Example| {
        let lacked = missing
            .iter()
            .filter(|name| !example.call.contains_key(**name))
            .count();
        let is_same = example.operation == place;
        (
            is_same && lacked == missing.len(),
            is_same,
            example.answer.status == StatusCode::BAD_REQUEST,
        )
    };
    match first_max(connector.examples().iter().filter(fits), rank) {
        Some(example) => Choice::Example(example),
        None => Choice::None {
            status: StatusCode::BAD_REQUEST,
            message: format!("missing: {}", missing.join(", ")),
        },
    }
}

/// Nobody recorded anything like it.
pub(super) fn unknown<'a>(connector: &Connector, asked: &Asked<'_>) -> Choice<'a> {
    let path: String = asked.sent.path.chars().take(200).collect();
    Choice::None {
        status: StatusCode::NOT_FOUND,
        message: format!(
            "the sandbox answers from examples, and `{}` has none for `{} {path}`: add one to its folder `examples`, or call one of its other operations",
            connector.name, asked.method,
        ),
    }
}

/// As a GraphQL API says that something is wrong: in an answer that is fine.
pub(super) fn unknown_document(connector: &Connector) -> Choice<'_> {
    Choice::None {
        status: StatusCode::OK,
        message: format!(
            "the sandbox has no answer to this document; it has those that {}'s examples ask, and what is a part of one",
            connector.title,
        ),
    }
}

/// What is said over a connection that changed is not recorded.
pub(super) fn changing(connector: &Connector) -> Choice<'_> {
    Choice::None {
        status: StatusCode::NOT_IMPLEMENTED,
        message: format!(
            "the sandbox opens no WebSocket: what {} says over one is not recorded",
            connector.title,
        ),
    }
}
