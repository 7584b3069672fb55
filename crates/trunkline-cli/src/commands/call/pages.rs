//! Prints every record of a list, one a line, as its pages come.

#[cfg(test)]
mod tests;

use trunkline::{Page, PageError, Pages, Resume, Trunkline};
use trunkline_connector::Connector;

use crate::commands;
use crate::commands::call::output;
use crate::commands::call::progress::{self, Progress};
use crate::exit::Exit;
use crate::failure::{Complaint, Failure};
use crate::printer::Printer;

/// Reads all pages and prints their records.
pub(super) async fn print(
    mut pages: Pages,
    (engine, connector): (&Trunkline, &Connector),
    printer: &mut Printer,
) -> Result<Exit, Failure> {
    let mut progress = Progress::new(printer, engine.clock().clone());
    let mut has_warned = false;
    loop {
        match pages.next().await {
            Ok(Some(page)) => {
                printer.bytes(page.lines.as_bytes())?;
                printer.flush()?;
                if let Some(problem) = page.schema_problem.as_ref().filter(|_| !has_warned) {
                    // Every page would say the same.
                    has_warned = true;
                    progress.clear(printer);
                    printer.warn(&format!(
                        "the reply is not what the operation promises: {problem}"
                    ));
                }
                progress.show(&line(&pages, &page), printer);
            }
            Ok(None) => {
                progress.clear(printer);
                if let Some(resume) = pages.resume() {
                    let came = came(pages.pages(), pages.records());
                    let on = format!("the list goes on after {came}: add {}", option(&resume));
                    printer.note(on);
                }
                return Ok(Exit::Success);
            }
            Err(error) => {
                progress.clear(printer);
                return Err(failure(error, connector).await);
            }
        }
    }
}

fn line(pages: &Pages, page: &Page) -> String {
    let came = came(pages.pages(), pages.records());
    match page.total {
        Some(total) => format!(
            "{} {came} of {}",
            progress::bar(pages.records(), total),
            progress::grouped(total)
        ),
        None => came,
    }
}

/// `3 pages, 1,200 records`.
fn came(pages: u64, records: u64) -> String {
    let plural = |number: u64| if number == 1 { "" } else { "s" };
    format!(
        "{} page{}, {} record{}",
        progress::grouped(pages),
        plural(pages),
        progress::grouped(records),
        plural(records)
    )
}

/// What went wrong, what came before, and where to go on.
async fn failure(error: PageError, connector: &Connector) -> Failure {
    let PageError {
        cause,
        pages,
        records,
        resume,
    } = error;
    let mut failure = output::failure(cause, connector).await;
    if let Some(complaint) = failure.complaints.first_mut() {
        let told = std::mem::take(complaint);
        *complaint = told_of_pages(told, (pages, records), resume.as_ref());
    }
    failure
}

fn told_of_pages(
    mut complaint: Complaint,
    (pages, records): (u64, u64),
    resume: Option<&Resume>,
) -> Complaint {
    if pages > 0 {
        complaint = complaint.note("came before", came(pages, records));
    }
    match resume {
        None => complaint,
        Some(resume @ Resume::Next(_)) => {
            complaint.note("go on", format!("add {}", option(resume)))
        }
        Some(resume @ Resume::Again(_)) => complaint.note(
            "go on",
            format!(
                "add {}; the records of the last page come again",
                option(resume)
            ),
        ),
    }
}

/// The option as a shell takes it.
fn option(resume: &Resume) -> String {
    format!("`--from-cursor {}`", commands::quoted(resume.cursor()))
}
