//! `trunkline fetch`: a guarded fetch of an address that somebody else chose.

use clap::Args;
use trunkline::{FetchOptions, Fetched, Subject};
use trunkline_connector::outcome::{self, Answer};
use trunkline_connector::units::Size;

use crate::arguments::SettingsOptions;
use crate::commands::Context;
use crate::engine::{Engine, Parts, Upstreams};
use crate::exit::Exit;
use crate::failure::{Complaint, Failure};
use crate::folder::Folder;
use crate::head::{self, status_line};
use crate::logging;
use crate::printer::{self, Printer};

/// Fetch a public address, refusing everything internal
#[derive(Debug, Args)]
#[command(after_help = "\
Only http and https, only public addresses: each address is judged when it is about to be dialled,
at most 5 redirects are followed, and each is judged anew. Settings cannot widen this.

Examples:
  trunkline fetch https://example.com/
  trunkline fetch https://example.com/logo.png --max-bytes 64KiB > logo.png

Exit status: 2 for what is no http or https address, 7 for one that is refused; else as `call`.")]
pub(crate) struct Fetch {
    /// The address
    #[arg(value_name = "URL")]
    url: String,
    /// Print status and headers before the body
    #[arg(short, long)]
    include: bool,
    /// The largest body that is accepted
    #[arg(long, value_name = "SIZE", default_value = "2MiB")]
    max_bytes: Size,
    #[command(flatten)]
    settings: SettingsOptions,
}

impl Fetch {
    /// Fetches the address and prints its body.
    pub(crate) fn run(self, context: &mut Context) -> Result<Exit, Failure> {
        logging::for_command(&context.environment, context.printer.err_look())?;
        let folder = Folder::open(self.settings.config.as_deref())?;
        let parts = Parts::read(&folder, context)?;
        let engine = Engine::start(parts, Upstreams::Real)?;
        let options = FetchOptions {
            bytes_max: usize::try_from(self.max_bytes.0).unwrap_or(usize::MAX),
            ..FetchOptions::default()
        };
        let fetched = engine.run(engine.trunkline.fetch(&self.url, options))?;
        let printer = &mut context.printer;
        if self.include {
            head::print(fetched.status, &fetched.headers, &[], printer)?;
        }
        print_body(&fetched, printer)?;
        judge(&fetched)
    }
}

fn print_body(fetched: &Fetched, printer: &mut Printer) -> Result<(), Failure> {
    if !printer.out_look().is_terminal() {
        return printer.bytes(&fetched.body);
    }
    let Ok(text) = str::from_utf8(&fetched.body) else {
        let bytes = fetched.body.len();
        printer.note(format_args!(
            "{bytes} bytes that are no text; send them to a file with `> FILE`"
        ));
        return Ok(());
    };
    printer.line(printer::visible(text))
}

/// A page that says no is no success, although it was fetched.
fn judge(fetched: &Fetched) -> Result<Exit, Failure> {
    let answer = Answer {
        status: fetched.status,
        headers: &fetched.headers,
        body: None,
    };
    let class = outcome::classify(&[], &answer).class;
    let exit = Exit::of_answer(class, fetched.status);
    if exit == Exit::Success {
        return Ok(exit);
    }
    let host = fetched.url.host_str().unwrap_or_default();
    let answered = format!("`{host}` answered {}", status_line(fetched.status));
    let complaint = match trunkline::explain(None, Subject::Status(fetched.status.as_u16())) {
        Some(explanation) => Complaint::new(format!("{answered}: {}", explanation.what)),
        None => Complaint::new(answered),
    };
    Err(Failure::new(exit, complaint))
}
