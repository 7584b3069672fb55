//! Prints a reply: its body to standard output as it comes, what went wrong to standard error.

mod body;
mod graphql;
#[cfg(test)]
mod tests;

use http::{HeaderMap, StatusCode, header};
use http_body_util::{BodyExt as _, Full};
use trunkline::{Explanation, Reply, Stopped};
use trunkline_connector::format::{BodyKind, Class};
use trunkline_connector::{Connector, Operation};

use crate::commands::call::ShowOptions;
use crate::exit::Exit;
use crate::failure::{Complaint, Failure};
use crate::head::{self, status_line};
use crate::printer::Printer;

pub(super) use body::{Shape, print as print_body};

/// Prints a reply and says what it means for the shell.
pub(super) async fn print(
    reply: Reply,
    connector: &Connector,
    show: &ShowOptions,
    printer: &mut Printer,
) -> Result<Exit, Failure> {
    if show.include {
        // As a gateway caller would get it.
        let ours = [
            ("trunkline-call-id", reply.call_id.to_string()),
            ("trunkline-attempts", reply.attempts.to_string()),
        ];
        head::print(reply.status, &reply.headers, &ours, printer)?;
    }
    let complaint = complaint(&reply, connector);
    let exit = exit(&reply);
    let records = records_of(&reply, connector);
    let place = (Shape::of(&reply.headers), records);
    if let (Some(complaint), true) = (&complaint, is_graphql(&reply, connector)) {
        // What came is kept, and what went wrong stands in it.
        let text = body::whole(reply.body).await?;
        let complaint = graphql::explain(complaint.clone(), &text);
        let whole = Full::new(text).map_err(|never| match never {});
        print_body(whole, place, show.output, printer).await?;
        return Err(Failure::new(exit, complaint));
    }
    let sent = print_body(reply.body, place, show.output, printer).await;
    // What the upstream answered stays true, however its body ended.
    match (sent, complaint) {
        (Err(failure), Some(complaint)) => {
            let complaints = std::iter::once(complaint)
                .chain(failure.complaints)
                .collect();
            Err(Failure { exit, complaints })
        }
        (Err(failure), None) => Err(failure),
        (Ok(()), Some(complaint)) => Err(Failure::new(exit, complaint)),
        (Ok(()), None) => {
            printer.flush()?;
            if let Some(problem) = &reply.schema_problem {
                printer.warn(&format!(
                    "the reply is not what the operation promises: {problem}"
                ));
            }
            Ok(exit)
        }
    }
}

/// What is said of calls that came to nothing. An answer's body is not printed.
pub(super) async fn failure(cause: Stopped, connector: &Connector) -> Failure {
    let reply = match cause {
        Stopped::Failed(error) => return error.into(),
        Stopped::Answered(reply) => *reply,
    };
    let answered = || format!("{} answered {}", connector.title, status_line(reply.status));
    let complaint = complaint(&reply, connector).unwrap_or_else(|| Complaint::new(answered()));
    let exit = match exit(&reply) {
        // An answer that is no error, and not what was asked for either.
        Exit::Success => Exit::UpstreamFailed,
        exit => exit,
    };
    if !is_graphql(&reply, connector) {
        return Failure::new(exit, complaint);
    }
    match body::whole(reply.body).await {
        Ok(text) => Failure::new(exit, graphql::explain(complaint, &text)),
        Err(_) => Failure::new(exit, complaint),
    }
}

/// What an answer means for the shell. One that only leads elsewhere is not what was asked for.
fn exit(reply: &Reply) -> Exit {
    match Exit::of_answer(reply.class, reply.status) {
        Exit::Success if leads_elsewhere(reply.status) => Exit::UpstreamFailed,
        exit => exit,
    }
}

/// Redirects are not followed: the credential would go where nobody has chosen.
fn leads_elsewhere(status: StatusCode) -> bool {
    status.is_redirection() && status != StatusCode::NOT_MODIFIED
}

/// What is said of an answer that is an error.
fn complaint(reply: &Reply, connector: &Connector) -> Option<Complaint> {
    let answered = format!("{} answered {}", connector.title, status_line(reply.status));
    if reply.class == Class::Ok {
        let complaint = leads_elsewhere(reply.status).then(|| Complaint::new(answered))?;
        let hint = match location(&reply.headers) {
            Some(location) => format!("`location` points to `{location}`, which is not followed"),
            None => "an answer that leads elsewhere is not followed".to_owned(),
        };
        return Some(complaint.note("hint", hint));
    }
    let Some(Explanation {
        what,
        whose_move,
        what_to_do,
        docs,
    }) = reply.explanation.as_deref()
    else {
        return Some(Complaint::new(answered));
    };
    let mut complaint = Complaint::new(format!("{answered}: {what}"));
    if let Some(said) = said(reply) {
        complaint = complaint.note("said", said);
    }
    complaint = complaint
        .note("whose move", whose_move.as_str())
        .note("hint", what_to_do);
    if let Some(docs) = docs {
        complaint = complaint.note("docs", docs);
    }
    if 1 < reply.attempts {
        complaint = complaint.note("attempts", reply.attempts.to_string());
    }
    Some(complaint)
}

/// Where an answer leads, without query and credentials, which may be secret.
fn location(headers: &HeaderMap) -> Option<String> {
    let location = headers.get(header::LOCATION)?.to_str().ok()?;
    let (location, _) = location.split_once(['?', '#']).unwrap_or((location, ""));
    let Some((scheme, rest)) = location.split_once("//") else {
        return Some(location.to_owned());
    };
    let (authority, path) = match rest.find('/') {
        Some(end) => rest.split_at_checked(end).unwrap_or((rest, "")),
        None => (rest, ""),
    };
    let host = authority
        .rsplit_once('@')
        .map_or(authority, |(_, host)| host);
    Some(format!("{scheme}//{host}{path}"))
}

/// The vendor's own words.
fn said(reply: &Reply) -> Option<String> {
    let vendor = reply.vendor.as_ref()?;
    match (&vendor.message, &vendor.code) {
        (Some(message), Some(code)) => Some(format!("{message} (`{code}`)")),
        (Some(message), None) => Some(message.clone()),
        (None, Some(code)) => Some(format!("`{code}`")),
        (None, None) => None,
    }
}

fn operation<'c>(reply: &Reply, connector: &'c Connector) -> Option<&'c Operation> {
    connector.operation(reply.operation.as_deref()?)
}

fn is_graphql(reply: &Reply, connector: &Connector) -> bool {
    operation(reply, connector).is_some_and(|operation| operation.body == BodyKind::Graphql)
}

/// Where the operation keeps its records, if it answers in pages.
fn records_of<'c>(reply: &Reply, connector: &'c Connector) -> Option<&'c str> {
    let operation = operation(reply, connector).filter(|_| reply.class == Class::Ok)?;
    let (_, section) = connector.pagination.get(operation.pagination?)?;
    operation.items.as_deref().or(section.items())
}
