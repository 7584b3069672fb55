//! Waits until what a call began is done, and prints the last reply.

use std::time::Duration;

use http_body_util::{BodyExt as _, Full};
use serde_json::Value;
use trunkline::{Call, Finished, JobOutcome, LookAgain, Trunkline, WaitError};
use trunkline_connector::Connector;

use crate::commands;
use crate::commands::call::ShowOptions;
use crate::commands::call::output::{self, Shape};
use crate::commands::call::progress::Progress;
use crate::exit::Exit;
use crate::failure::{Complaint, Failure};
use crate::head;
use crate::interrupt::Interrupts;
use crate::printer::Printer;

/// Makes the call, waits, and prints what came of it.
pub(super) async fn print(
    (engine, connector): (&Trunkline, &Connector),
    (call, timeout): (Call, Option<Duration>),
    show: &ShowOptions,
    printer: &mut Printer,
) -> Result<Exit, Failure> {
    let mut progress = Progress::until_result(printer, engine.clock().clone());
    let mut interrupts = Interrupts::listen()?;
    let mut again = None;
    let title = &connector.title;
    let watch = |look: trunkline::Look<'_>| {
        let text = format!(
            "{title} says `{}`; {} s",
            look.state,
            look.elapsed.as_secs()
        );
        progress.show(&text, printer);
        again.get_or_insert_with(|| look.again.clone());
    };
    let ended = interrupts.or(engine.wait_for(call, timeout, watch)).await;
    progress.clear(printer);
    let finished = match ended {
        Ok(Ok(finished)) => finished,
        Ok(Err(error)) => return Err(failure(error, connector).await),
        Err(interrupted) => {
            let hint = "a job that was begun goes on";
            let failure = told(interrupted.into(), "hint", hint);
            return Err(match again {
                Some(again) => told(failure, "look again", command(&again, connector)),
                None => failure,
            });
        }
    };
    let Finished {
        outcome,
        status,
        headers,
        body,
        call_id,
        attempts,
        schema_problem,
        ..
    } = finished;
    if show.include {
        let ours = [
            ("trunkline-call-id", call_id.to_string()),
            ("trunkline-attempts", attempts.to_string()),
        ];
        head::print(status, &headers, &ours, printer)?;
    }
    let body = Full::new(body).map_err(|never| match never {});
    output::print_body(body, (Shape::of(&headers), None), show.output, printer).await?;
    printer.flush()?;
    if let Some(problem) = schema_problem {
        printer.warn(&format!(
            "the reply is not what the operation promises: {problem}"
        ));
    }
    match outcome {
        JobOutcome::Done => Ok(Exit::Success),
        JobOutcome::Failed { state, reason } => {
            let mut complaint = Complaint::new(format!("{title} says that it failed: `{state}`"));
            if let Some(reason) = reason {
                complaint = complaint.note("said", reason);
            }
            Err(Failure::new(Exit::CallerError, complaint))
        }
    }
}

/// What went wrong, and how to look again.
async fn failure(error: WaitError, connector: &Connector) -> Failure {
    let WaitError { cause, look } = error;
    let failure = output::failure(cause, connector).await;
    match look {
        Some(look) => told(failure, "look again", command(&look, connector)),
        None => failure,
    }
}

/// Adds a note to the first complaint.
fn told(mut failure: Failure, label: &'static str, text: impl Into<String>) -> Failure {
    if let Some(complaint) = failure.complaints.first_mut() {
        *complaint = std::mem::take(complaint).note(label, text);
    }
    failure
}

fn command(look: &LookAgain, connector: &Connector) -> String {
    let mut words = format!("trunkline call {} {}", connector.name, look.operation);
    for (name, value) in &look.inputs {
        let item = match value {
            Value::String(text) => format!("{name}={text}"),
            other => format!("{name}:={other}"),
        };
        words.push(' ');
        words.push_str(&commands::quoted(&item));
    }
    words
}
