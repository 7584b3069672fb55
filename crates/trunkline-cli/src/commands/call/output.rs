//! Prints a reply: its body to standard output as it comes, what went wrong to standard error.

mod records;

#[cfg(test)]
mod tests;

use std::fmt::Display;

use bytes::Bytes;
use http::{HeaderMap, StatusCode, header};
use http_body::Body;
use http_body_util::{BodyExt as _, Limited};
use trunkline::sse::{Event, Parser};
use trunkline::{Explanation, Reply};
use trunkline_connector::format::{Class, PaginationSection};
use trunkline_connector::{Connector, Operation};

use crate::commands::call::{Output, ShowOptions};
use crate::exit::Exit;
use crate::failure::{Complaint, Failure};
use crate::json;
use crate::printer::{self, Ink, Printer};

/// The largest body that is read as a whole, to lay it out or to take it apart.
const BODY_BYTES_MAX: usize = 64 << 20;

/// The largest event of an event stream.
const EVENT_BYTES_MAX: usize = 16 << 20;

/// What some vendors send as the data of a last event; it is no JSON and no record.
const END_MARK: &str = "[DONE]";

/// What a body is, as far as printing it is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    /// Server-sent events.
    Events,
    /// A JSON value.
    Json,
    /// Text or bytes of another kind, lines of JSON among them.
    Other,
}

impl Shape {
    fn of(headers: &HeaderMap) -> Self {
        let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let kind = value.unwrap_or_default().split(';').next().unwrap_or_default();
        match kind.trim().to_ascii_lowercase().as_str() {
            "text/event-stream" => Self::Events,
            "application/json" => Self::Json,
            kind if kind.ends_with("+json") => Self::Json,
            _ => Self::Other,
        }
    }
}

/// Prints a reply and says what it means for the shell.
pub(super) async fn print(
    reply: Reply,
    connector: &Connector,
    show: &ShowOptions,
    printer: &mut Printer,
) -> Result<Exit, Failure> {
    if show.include {
        print_head(&reply, printer)?;
    }
    let complaint = complaint(&reply, connector);
    let exit = Exit::of_answer(reply.class, reply.status);
    let records = records_of(&reply, connector);
    let shape = Shape::of(&reply.headers);
    let sent = print_body(reply.body, shape, show.output, records, printer).await;
    // What the upstream answered stays true, however its body ended.
    match (sent, complaint) {
        (Err(failure), Some(complaint)) => {
            let complaints = std::iter::once(complaint).chain(failure.complaints).collect();
            Err(Failure { exit, complaints })
        }
        (Err(failure), None) => Err(failure),
        (Ok(()), Some(complaint)) => Err(Failure::new(exit, complaint)),
        (Ok(()), None) => {
            printer.flush()?;
            if let Some(problem) = &reply.schema_problem {
                printer.warn(&format!("the reply is not what the operation promises: {problem}"));
            }
            Ok(exit)
        }
    }
}

/// Status and headers, as a gateway caller would get them.
fn print_head(reply: &Reply, printer: &mut Printer) -> Result<(), Failure> {
    let look = printer.out_look();
    let status = status_line(reply.status);
    printer.line(look.paint(Ink::Heading, &format!("HTTP/1.1 {status}")))?;
    let mut header = |name: &str, value: &dyn Display| {
        let name = format!("{name}:");
        printer.line(format_args!("{} {value}", look.paint(Ink::Faint, &name)))
    };
    for (name, value) in &reply.headers {
        let value = String::from_utf8_lossy(value.as_bytes());
        header(name.as_str(), &printer::visible(&value))?;
    }
    header("trunkline-call-id", &reply.call_id)?;
    header("trunkline-attempts", &reply.attempts)?;
    printer.line("")
}

/// `404 Not Found`.
pub(crate) fn status_line(status: StatusCode) -> String {
    match status.canonical_reason() {
        Some(reason) => format!("{} {reason}", status.as_str()),
        None => status.as_str().to_owned(),
    }
}

/// What is said of an answer that is an error.
fn complaint(reply: &Reply, connector: &Connector) -> Option<Complaint> {
    if reply.class == Class::Ok {
        return None;
    }
    let answered = format!("{} answered {}", connector.title, status_line(reply.status));
    let Some(Explanation { what, whose_move, what_to_do, docs }) = &reply.explanation else {
        return Some(Complaint::new(answered));
    };
    let mut complaint = Complaint::new(format!("{answered}: {what}"));
    if let Some(said) = said(reply) {
        complaint = complaint.note("said", said);
    }
    complaint = complaint.note("whose move", whose_move.as_str()).note("hint", what_to_do);
    if let Some(docs) = docs {
        complaint = complaint.note("docs", docs);
    }
    if 1 < reply.attempts {
        complaint = complaint.note("attempts", reply.attempts.to_string());
    }
    Some(complaint)
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

/// Where the operation keeps its records, if it answers in pages.
fn records_of<'c>(reply: &Reply, connector: &'c Connector) -> Option<&'c str> {
    let name = reply.operation.as_deref().filter(|_| reply.class == Class::Ok)?;
    let Operation { pagination, .. } = connector.operation(name)?;
    let (_, section) = connector.pagination.get((*pagination)?)?;
    match section {
        PaginationSection::LastItem { items, .. }
        | PaginationSection::Cursor { items, .. }
        | PaginationSection::NextUrl { items, .. } => Some(items),
    }
}

async fn print_body<B>(
    body: B,
    shape: Shape,
    output: Output,
    records: Option<&str>,
    printer: &mut Printer,
) -> Result<(), Failure>
where
    B: Body<Data = Bytes, Error = trunkline::Error> + Unpin,
{
    let is_terminal = printer.out_look().is_terminal();
    match (output, shape) {
        (Output::Raw, _) => pass(body, printer).await,
        (Output::Json | Output::Ndjson, Shape::Events) => events(body, output, printer).await,
        (Output::Ndjson, Shape::Json) => {
            let text = whole(body).await?;
            for record in records::split(&text, records) {
                printer.line(record)?;
            }
            Ok(())
        }
        (Output::Json, Shape::Json) if is_terminal => {
            let text = whole(body).await?;
            lay_out(&text, printer)
        }
        (Output::Json | Output::Ndjson, Shape::Other) if is_terminal => legible(body, printer).await,
        (Output::Json | Output::Ndjson, Shape::Json | Shape::Other) => pass(body, printer).await,
    }
}

/// Every byte as it comes.
async fn pass<B>(mut body: B, printer: &mut Printer) -> Result<(), Failure>
where
    B: Body<Data = Bytes, Error = trunkline::Error> + Unpin,
{
    while let Some(frame) = body.frame().await {
        if let Ok(data) = frame?.into_data() {
            printer.bytes(&data)?;
            printer.flush()?;
        }
    }
    Ok(())
}

/// Text as it comes, for a person. Other bytes would only upset the terminal.
async fn legible<B>(mut body: B, printer: &mut Printer) -> Result<(), Failure>
where
    B: Body<Data = Bytes, Error = trunkline::Error> + Unpin,
{
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame?.into_data() else { continue };
        if data.contains(&0) {
            printer.note("the reply is no text; send it to a file with `> FILE`");
            return Ok(());
        }
        printer.bytes(printer::visible(&String::from_utf8_lossy(&data)).as_bytes())?;
        printer.flush()?;
    }
    printer.line("")
}

/// The data of each event on a line of its own, as it comes.
async fn events<B>(mut body: B, output: Output, printer: &mut Printer) -> Result<(), Failure>
where
    B: Body<Data = Bytes, Error = trunkline::Error> + Unpin,
{
    let mut parser = Parser::new(EVENT_BYTES_MAX);
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame?.into_data() else { continue };
        let events = parser.push(&data).map_err(|err| {
            let complaint = Complaint::new(err.to_string());
            Failure::new(Exit::Refused, complaint.note("hint", "take it as it is with `--output raw`"))
        })?;
        for event in events.iter().filter(|event| event.data != END_MARK) {
            printer.line(event_line(event, output))?;
        }
        printer.flush()?;
    }
    Ok(())
}

/// As NDJSON every line is JSON, whatever the event's data is.
fn event_line(event: &Event, output: Output) -> String {
    if json::is_json(event.data.as_bytes()) {
        return json::compact(&event.data);
    }
    match output {
        Output::Ndjson => serde_json::Value::from(event.data.as_str()).to_string(),
        Output::Json | Output::Raw => event.data.clone(),
    }
}

/// JSON for a person; what turns out to be something else as it is.
fn lay_out(text: &Bytes, printer: &mut Printer) -> Result<(), Failure> {
    let look = printer.out_look();
    match str::from_utf8(text) {
        Ok(text) if json::is_json(text.as_bytes()) => printer.line(json::pretty(text, look)),
        _ => {
            let text = String::from_utf8_lossy(text);
            printer.line(printer::visible(&text))
        }
    }
}

async fn whole<B>(body: B) -> Result<Bytes, Failure>
where
    B: Body<Data = Bytes, Error = trunkline::Error> + Unpin,
{
    match Limited::new(body, BODY_BYTES_MAX).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(err) => Err(match err.downcast::<trunkline::Error>() {
            Ok(err) => Failure::from(*err),
            Err(_) => {
                let complaint = Complaint::new(format!("the reply is larger than {} MiB", BODY_BYTES_MAX >> 20));
                Failure::new(Exit::Refused, complaint.note("hint", "take it as it is with `--output raw`"))
            }
        }),
    }
}
