//! Prints every record of a list, one a line, as its pages come.

#[cfg(test)]
mod tests;

use trunkline::{Page, PageError, Pages, Resume, Trunkline};
use trunkline_connector::Connector;

use crate::commands;
use crate::commands::call::output;
use crate::commands::call::progress::{self, Progress};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::interrupt::Interrupts;
use crate::printer::Printer;

/// How far the reading has come: pages, records, and where it goes on.
type Stand = ((u64, u64), Option<Resume>);

/// Reads all pages and prints their records.
pub(super) async fn print(
    mut pages: Pages,
    (engine, connector): (&Trunkline, &Connector),
    printer: &mut Printer,
) -> Result<Exit, Failure> {
    let mut progress = Progress::new(printer, engine.clock().clone());
    let mut interrupts = Interrupts::listen()?;
    let mut has_warned = false;
    loop {
        let before = stand(&pages);
        let next = interrupts.or(pages.next()).await.map_err(|interrupted| {
            progress.clear(printer);
            told_of_pages(interrupted.into(), &before)
        })?;
        match next {
            Ok(Some(mut page)) => {
                let lines = std::mem::take(&mut page.lines);
                let written = interrupts.or(printer.hand_on(lines)).await;
                if let Err(failure) = written.map_err(Failure::from).flatten() {
                    progress.clear(printer);
                    return Err(told_of_pages(failure, &again(before)));
                }
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
    let failure = output::failure(cause, connector).await;
    told_of_pages(failure, &((pages, records), resume))
}

fn stand(pages: &Pages) -> Stand {
    ((pages.pages(), pages.records()), pages.resume())
}

/// The same where the page that is next may have been printed in part.
fn again((came, resume): Stand) -> Stand {
    let resume = resume.map(|resume| Resume::Again(resume.cursor().to_owned()));
    (came, resume)
}

/// Adds to the first complaint what came before, and where to go on.
fn told_of_pages(mut failure: Failure, ((pages, records), resume): &Stand) -> Failure {
    let Some(complaint) = failure.complaints.first_mut() else {
        return failure;
    };
    let mut told = std::mem::take(complaint);
    if 0 < *pages {
        told = told.note("came before", came(*pages, *records));
    }
    if let Some(resume) = resume {
        let again = match resume {
            Resume::Next(_) => "",
            Resume::Again(_) => "; the records of the last page come again",
        };
        told = told.note("go on", format!("add {}{again}", option(resume)));
    }
    *complaint = told;
    failure
}

/// The option as a shell takes it.
fn option(resume: &Resume) -> String {
    format!("`--from-cursor {}`", commands::quoted(resume.cursor()))
}
