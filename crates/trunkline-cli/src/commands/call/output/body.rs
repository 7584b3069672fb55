//! Prints a body: laid out for a person, untouched for a program, a line per event or record.

mod records;

#[cfg(test)]
mod tests;

use bytes::Bytes;
use http::{HeaderMap, header};
use http_body::Body;
use http_body_util::{BodyExt as _, Collected, Limited};
use trunkline::sse::{Event, Parser};

use crate::commands::call::Output;
use crate::exit::Exit;
use crate::failure::{Complaint, Failure};
use crate::json;
use crate::printer::{self, Printer};

/// The largest body that is read as a whole, to lay it out or to take it apart.
const BODY_BYTES_MAX: usize = 64 << 20;

/// The largest event of an event stream.
const EVENT_BYTES_MAX: usize = 16 << 20;

/// What some vendors send as the data of a last event; it is no JSON and no record.
const END_MARK: &str = "[DONE]";

/// What a body is, as far as printing it is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::commands::call) enum Shape {
    /// Server-sent events.
    Events,
    /// A JSON value.
    Json,
    /// Text or bytes of another kind, lines of JSON among them.
    Other,
}

impl Shape {
    /// As the header `Content-Type` says.
    pub(in crate::commands::call) fn of(headers: &HeaderMap) -> Self {
        let value = headers
            .get(header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok());
        let kind = value
            .unwrap_or_default()
            .split(';')
            .next()
            .unwrap_or_default();
        match kind.trim().to_ascii_lowercase().as_str() {
            "text/event-stream" => Self::Events,
            "application/json" => Self::Json,
            kind if kind.ends_with("+json") => Self::Json,
            _ => Self::Other,
        }
    }
}

/// Prints a body; `records` is where a list of records stands in it.
pub(in crate::commands::call) async fn print<B>(
    body: B,
    (shape, records): (Shape, Option<&str>),
    output: Output,
    printer: &mut Printer,
) -> Result<(), Failure>
where
    B: Body<Data = Bytes, Error = trunkline::Error> + Unpin,
{
    let is_terminal = printer.out_look().is_terminal();
    match (output, shape) {
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
        (Output::Json | Output::Ndjson, Shape::Other) if is_terminal => {
            legible(body, printer).await
        }
        (Output::Raw, _) | (Output::Json | Output::Ndjson, Shape::Json | Shape::Other) => {
            pass(body, printer).await
        }
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
        let Ok(data) = frame?.into_data() else {
            continue;
        };
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
        let Ok(data) = frame?.into_data() else {
            continue;
        };
        let events = parser.push(&data).map_err(|err| {
            let complaint = Complaint::new(err.to_string());
            Failure::new(
                Exit::Refused,
                complaint.note("hint", "take it as it is with `--output raw`"),
            )
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

/// The whole body, if it is not too large.
pub(super) async fn whole<B>(body: B) -> Result<Bytes, Failure>
where
    B: Body<Data = Bytes, Error = trunkline::Error> + Unpin,
{
    let collected = Limited::new(body, BODY_BYTES_MAX).collect().await;
    collected
        .map(Collected::to_bytes)
        .map_err(|err| match err.downcast::<trunkline::Error>() {
            Ok(err) => Failure::from(*err),
            Err(too_large) => {
                let message = format!("the reply is larger than {} MiB", BODY_BYTES_MAX >> 20);
                let complaint = Complaint::new(message).note("caused by", too_large.to_string());
                Failure::new(
                    Exit::Refused,
                    complaint.note("hint", "take it as it is with `--output raw`"),
                )
            }
        })
}
