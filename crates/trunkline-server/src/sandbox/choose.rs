//! Chooses the recorded answer that fits a request best. Pure.

#[cfg(test)]
pub(super) mod tests;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, Method, StatusCode, header};
use trunkline::Fault;
use trunkline::connector::format::{Class, Need, PaginationSection};
use trunkline::connector::{Auth, Connector, Example, Operation};

use super::given::Given;

/// A request to the sandbox.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked<'a> {
    pub(super) method: &'a Method,
    /// Below the connector's base address.
    pub(super) path: &'a str,
    pub(super) query: &'a str,
    pub(super) headers: &'a HeaderMap,
    pub(super) body: &'a [u8],
    pub(super) fault: Option<Fault>,
}

/// What the sandbox answers.
#[derive(Debug)]
pub(super) enum Choice<'a> {
    /// A recorded answer.
    Example(&'a Example),
    /// Nothing recorded fits.
    None {
        /// The status instead.
        status: StatusCode,
        /// What to say instead.
        message: String,
    },
}

/// Chooses the recorded answer that fits a request best.
pub(super) fn choose<'a>(connector: &'a Connector, asked: &Asked<'_>) -> Choice<'a> {
    let operation = connector.operation_at(asked.method, asked.path);
    match asked.fault {
        Some(Fault::Unauthorized) => return failing(connector, operation, Failing::Unauthorized),
        Some(Fault::RateLimited) => return failing(connector, operation, Failing::RateLimited),
        Some(Fault::Unavailable) => return failing(connector, operation, Failing::Unavailable),
        Some(Fault::Slow | Fault::Cut) | None => {}
    }
    if !is_authorized(connector, asked.headers) {
        return failing(connector, operation, Failing::Unauthorized);
    }
    let found = operation.and_then(|place| Some((place, connector.operations.get(place)?)));
    let Some((place, operation)) = found else {
        return unknown(connector, asked);
    };
    let given = Given::of_request(
        operation,
        (asked.path, asked.query),
        asked.headers,
        asked.body,
    );
    let missing: Vec<&str> = missing(operation, &given).collect();
    if !missing.is_empty() {
        return incomplete(connector, place, &missing);
    }
    match best(connector, place, &given) {
        Some(example) => Choice::Example(example),
        None => unknown(connector, asked),
    }
}

/// Whether a request carries the credential that the secrets' examples make.
fn is_authorized(connector: &Connector, headers: &HeaderMap) -> bool {
    let example = |place: usize| {
        connector
            .secrets
            .get(place)
            .map_or("", |spec| &spec.example)
    };
    let (name, expected) = match &connector.auth {
        Auth::None => return true,
        Auth::Bearer { secret } => (
            &header::AUTHORIZATION,
            format!("Bearer {}", example(*secret)),
        ),
        Auth::Header { name, secret } => (name, example(*secret).to_owned()),
        Auth::Basic { username, password } => {
            let pair = STANDARD.encode(format!("{}:{}", example(*username), example(*password)));
            (&header::AUTHORIZATION, format!("Basic {pair}"))
        }
    };
    headers
        .get(name)
        .is_some_and(|value| value.as_bytes() == expected.as_bytes())
}

fn missing<'a>(operation: &'a Operation, given: &Given) -> impl Iterator<Item = &'a str> {
    let is_missing = |name: &&str| !given.0.contains_key(*name);
    let required = operation
        .inputs
        .iter()
        .filter(|input| input.need == Need::Required);
    required.map(|input| input.name.as_str()).filter(is_missing)
}

/// What is to go wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Failing {
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
fn failing(connector: &Connector, operation: Option<usize>, failing: Failing) -> Choice<'_> {
    let status = failing.status();
    let fits = |example: &&Example| {
        failing.is(example.class) || (example.answer.status == status && example.class != Class::Ok)
    };
    let rank = |example: &&Example| {
        let is_same = Some(example.operation) == operation;
        (
            example.answer.status == status,
            failing.is(example.class),
            is_same,
        )
    };
    match first_max(connector.examples.iter().filter(fits), rank) {
        Some(example) => Choice::Example(example),
        None => Choice::None {
            status,
            message: format!("the sandbox was asked to fail with {}", status.as_u16()),
        },
    }
}

/// What the vendor says when an input is missing: the recorded call that lacks the same comes
/// first, then this operation's refusals, then any.
fn incomplete<'a>(connector: &'a Connector, place: usize, missing: &[&str]) -> Choice<'a> {
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
    match first_max(connector.examples.iter().filter(fits), rank) {
        Some(example) => Choice::Example(example),
        None => Choice::None {
            status: StatusCode::BAD_REQUEST,
            message: format!("missing: {}", missing.join(", ")),
        },
    }
}

fn unknown<'a>(connector: &Connector, asked: &Asked<'_>) -> Choice<'a> {
    let path: String = asked.path.chars().take(200).collect();
    Choice::None {
        status: StatusCode::NOT_FOUND,
        message: format!(
            "the sandbox has no example for `{} {path}` of {}; `trunkline operations {}` lists what it has",
            asked.method, connector.title, connector.name,
        ),
    }
}

/// The good answer that was recorded for the call most like this one. An error that was recorded
/// for exactly this call comes before it, unless the same call also went well once.
fn best<'a>(connector: &'a Connector, place: usize, given: &Given) -> Option<&'a Example> {
    let operation = connector.operations.get(place)?;
    let page = page_input(connector, operation);
    let recorded = || {
        connector
            .examples
            .iter()
            .filter(|example| example.operation == place)
    };
    let is_exact = |example: &&Example| Given::of_call(&example.call) == *given;
    let good = recorded().filter(|example| example.class == Class::Ok);
    let best = first_max(good, |example| {
        likeness(&Given::of_call(&example.call), given, page)
    });
    match best.filter(is_exact) {
        Some(exact) => Some(exact),
        None => recorded().find(is_exact).or(best),
    }
}

/// The input that says which page is asked for.
fn page_input<'a>(connector: &'a Connector, operation: &Operation) -> Option<&'a str> {
    let (_, pagination) = connector.pagination.get(operation.pagination?)?;
    match pagination {
        PaginationSection::LastItem { input, .. } | PaginationSection::Cursor { input, .. } => {
            Some(input)
        }
        PaginationSection::NextUrl { .. } => None,
    }
}

/// How much a recorded call is like a request. Switches (`stream`) and the page make an answer
/// another one, so a difference there outweighs everything else.
fn likeness(recorded: &Given, given: &Given, page: Option<&str>) -> i32 {
    const OTHER_ANSWER: i32 = -100;
    let mut sum = 0;
    for (name, value) in &recorded.0 {
        let is_page = page == Some(name);
        sum += match given.0.get(name) {
            Some(same) if same == value => 4,
            // A page that nobody recorded: the last one, or paging would never end.
            Some(_) if is_page => -1,
            Some(other) if value.is_switch() || other.is_switch() => OTHER_ANSWER,
            // Lists and objects are hardly ever equal; that there is one is a likeness.
            Some(other) if other.is_nested() || value.is_nested() => 1,
            Some(_) => -1,
            None if is_page || value.is_on() => OTHER_ANSWER,
            None => -2,
        };
    }
    for (name, value) in &given.0 {
        if !recorded.0.contains_key(name) && (page == Some(name) || value.is_on()) {
            sum += OTHER_ANSWER;
        }
    }
    sum
}

/// The first of those that rank highest.
fn first_max<T, R: Ord>(items: impl Iterator<Item = T>, rank: impl Fn(&T) -> R) -> Option<T> {
    let mut best = None;
    for item in items {
        let rank = rank(&item);
        if best.as_ref().is_none_or(|(highest, _)| *highest < rank) {
            best = Some((rank, item));
        }
    }
    best.map(|(_, item)| item)
}
