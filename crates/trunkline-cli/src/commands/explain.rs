//! `trunkline explain`: what an error means, whose move it is, what to do.

#[cfg(test)]
mod tests;

use clap::Args;
use serde_json::json;
use trunkline::{Catalog, ErrorKind, Explanation, Subject};
use trunkline_connector::format::Test;
use trunkline_connector::{Connector, words};

use crate::arguments::{ListOptions, SettingsOptions};
use crate::commands::{self, Context};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::folder::Folder;
use crate::printer::{Ink, Printer};

/// Words that mean an error without being its code.
const WORDS: [&str; 6] = ["dns", "connect", "tls", "timeout", "cors", "schema"];

/// Say what an error means, whose move it is, and what to do
#[derive(Debug, Args)]
#[command(
    allow_missing_positional = true,
    after_help = "\
Examples:
  trunkline explain 429
  trunkline explain stripe card_declined
  trunkline explain slack invalid_auth
  trunkline explain secret_missing
  trunkline explain cors"
)]
pub(crate) struct Explain {
    /// Whose error it is
    #[arg(value_name = "CONNECTOR")]
    connector: Option<String>,
    /// An HTTP status, a code of the vendor's or of ours, or one of dns, connect, tls, timeout,
    /// cors and schema
    #[arg(value_name = "STATUS|CODE", required = true)]
    code: String,
    #[command(flatten)]
    list: ListOptions,
    #[command(flatten)]
    settings: SettingsOptions,
}

impl Explain {
    /// Prints the explanation.
    pub(crate) fn run(self, context: &mut Context) -> Result<Exit, Failure> {
        let catalog = Folder::open(self.settings.config.as_deref())?.catalog()?;
        let connector = match &self.connector {
            Some(name) => Some(commands::find(&catalog, name)?),
            None => None,
        };
        let explanation = find(connector, &self.code);
        let explanation = explanation.ok_or_else(|| unknown(&catalog, connector, &self.code))?;
        print(&explanation, &self.list, &mut context.printer)?;
        Ok(Exit::Success)
    }
}

fn find(connector: Option<&Connector>, code: &str) -> Option<Explanation> {
    let subject = match code.parse() {
        Ok(status) => Subject::Status(status),
        Err(_) => Subject::Code(code),
    };
    trunkline::explain(connector, subject)
}

fn unknown(catalog: &Catalog, connector: Option<&Connector>, code: &str) -> Failure {
    if catalog.find(code).is_some() {
        let hint = format!("say which of its errors, such as `trunkline explain {code} 429`");
        return Failure::usage(format!("`{code}` is a connector, not an error"), hint);
    }
    if code.parse::<u16>().is_ok() {
        let message = format!("`{code}` is no HTTP status of an error");
        return Failure::usage(message, "errors are 400 to 599");
    }
    let codes: Vec<&str> = connector.map(codes).unwrap_or_default();
    let ours = ErrorKind::ALL.iter().map(|kind| kind.code());
    let known = codes.iter().copied().chain(ours).chain(WORDS);
    let hint = match (words::nearest(code, known), connector) {
        (Some(near), _) => format!("did you mean `{near}`?"),
        (None, Some(connector)) if !codes.is_empty() => {
            let codes = words::all_of(codes);
            format!("codes of {} that are known: {codes}", connector.title)
        }
        (None, Some(connector)) => format!("see {}", connector.docs),
        (None, None) => {
            let words = words::any_of(WORDS);
            format!(
                "give a status such as `429`, a code, or one of {words}; for a vendor's code its connector first"
            )
        }
    };
    Failure::usage(format!("nothing is known of `{code}`"), hint)
}

/// The vendor's codes that the connector's rules and examples know, sorted.
fn codes(connector: &Connector) -> Vec<&str> {
    let examples = connector.examples().iter();
    let mut codes: Vec<&str> = examples
        .filter_map(|example| example.code.as_deref())
        .collect();
    for test in connector
        .outcomes
        .iter()
        .filter_map(|rule| rule.body.as_ref())
    {
        match &test.is {
            Test::Equals(value) => codes.extend(value.as_str()),
            Test::OneOf(values) => codes.extend(values.iter().filter_map(|value| value.as_str())),
            Test::Contains(_) | Test::Present(_) => {}
        }
    }
    codes.sort_unstable();
    codes.dedup();
    codes
}

fn print(
    explanation: &Explanation,
    list: &ListOptions,
    printer: &mut Printer,
) -> Result<(), Failure> {
    let Explanation {
        what,
        whose_move,
        what_to_do,
        docs,
    } = explanation;
    if list.json {
        return printer.json(&json!({
            "what": what,
            "whose_move": whose_move.as_str(),
            "what_to_do": what_to_do,
            "docs": docs,
        }));
    }
    let look = printer.out_look();
    printer.line(look.paint(Ink::Heading, what))?;
    let mut labelled = |label, text: &str| {
        printer.line(format_args!("  {} {text}", look.paint(Ink::Faint, label)))
    };
    labelled("whose move: ", whose_move.as_str())?;
    labelled("what to do: ", what_to_do)?;
    if let Some(docs) = docs {
        labelled("docs:       ", docs)?;
    }
    Ok(())
}
