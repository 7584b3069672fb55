//! What a check found, in the order of checking.

use serde_json::{Value, json};

use crate::failure::{Complaint, Failure};
use crate::printer::{self, Ink, Printer};

/// How it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// In order.
    Good,
    /// Not there, and nothing needs it.
    Unused,
    /// Perhaps not as it was meant.
    Doubtful,
    /// Wrong.
    Bad,
}

impl State {
    fn as_str(self) -> &'static str {
        match self {
            Self::Good => "ok",
            Self::Unused => "unused",
            Self::Doubtful => "warning",
            Self::Bad => "wrong",
        }
    }

    fn ink(self) -> Ink {
        match self {
            Self::Good => Ink::Good,
            Self::Unused => Ink::Faint,
            Self::Doubtful => Ink::Doubtful,
            Self::Bad => Ink::Bad,
        }
    }
}

/// One thing that was found.
#[derive(Debug)]
struct Finding {
    area: String,
    state: State,
    complaint: Complaint,
}

/// Everything that was found.
#[derive(Debug, Default)]
pub(super) struct Findings(Vec<Finding>);

impl Findings {
    /// Something is in order.
    pub(super) fn good(&mut self, area: &str, text: String) {
        self.add(area, State::Good, Complaint::new(text));
    }

    /// Something is not there, and nothing needs it.
    pub(super) fn unused(&mut self, area: &str, complaint: Complaint) {
        self.add(area, State::Unused, complaint);
    }

    /// Something is perhaps not as it was meant.
    pub(super) fn doubtful(&mut self, area: &str, complaint: Complaint) {
        self.add(area, State::Doubtful, complaint);
    }

    /// Something is wrong.
    pub(super) fn bad(&mut self, area: &str, complaint: Complaint) {
        self.add(area, State::Bad, complaint);
    }

    fn add(&mut self, area: &str, state: State, complaint: Complaint) {
        self.0.push(Finding {
            area: area.to_owned(),
            state,
            complaint,
        });
    }

    /// Whether nothing is wrong.
    pub(super) fn is_well(&self) -> bool {
        self.0.iter().all(|finding| finding.state != State::Bad)
    }

    /// A list of objects.
    pub(super) fn to_json(&self) -> Value {
        let findings = self.0.iter().map(
            |Finding {
                 area,
                 state,
                 complaint,
             }| {
                let notes = complaint
                    .notes
                    .iter()
                    .map(|(label, text)| (label.replace(' ', "_"), Value::from(text.as_str())));
                let mut object = json!({
                    "area": area,
                    "state": state.as_str(),
                    "message": complaint.message,
                });
                if let Value::Object(members) = &mut object {
                    members.extend(notes);
                }
                object
            },
        );
        Value::Array(findings.collect())
    }

    /// One line each, and what to do below it.
    pub(super) fn print(&self, printer: &mut Printer) -> Result<(), Failure> {
        let look = printer.out_look();
        let width = self
            .0
            .iter()
            .map(|finding| finding.area.len())
            .max()
            .unwrap_or_default();
        for Finding {
            area,
            state,
            complaint,
        } in &self.0
        {
            let word = look.paint(state.ink(), state.as_str());
            let pad = " ".repeat(State::Doubtful.as_str().len() - state.as_str().len());
            let message = printer::visible(&complaint.message);
            printer.line(format_args!("{word}{pad}  {area:width$}  {message}"))?;
            for (label, text) in &complaint.notes {
                let label = format!("{label}:");
                let label = look.paint(Ink::Faint, &label);
                printer.line(format_args!(
                    "{:9}{:width$}  {label} {}",
                    "",
                    "",
                    printer::visible(text)
                ))?;
            }
        }
        Ok(())
    }
}
