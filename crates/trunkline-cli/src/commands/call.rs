//! `trunkline call`: one call, made inside this process.

mod output;
mod pages;
mod progress;
mod request;
mod wait;

use std::num::NonZeroU64;
use std::time::Duration;

use clap::{Args, ValueEnum};
use trunkline::{JudgeBy, Options, PageOptions, Paginate, Plan, Validate};
use trunkline_connector::units::{Span, UnitError};

use crate::arguments::SettingsOptions;
use crate::commands::call::request::Words;
use crate::commands::{self, Context};
use crate::engine::{Engine, Parts, Upstreams};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::folder::Folder;
use crate::json;
use crate::logging;
use crate::printer::{Ink, Printer};

/// Call an API once, by operation or by method and path
#[derive(Debug, Args)]
#[command(
    override_usage = "trunkline call [OPTIONS] CONNECTOR OPERATION [ITEM]...\n       \
                      trunkline call [OPTIONS] CONNECTOR METHOD PATH [ITEM]...",
    after_help = "\
Items:
  name=text         an input that is a text; numbers and the like are recognized by operations
  name:=json        an input that is any JSON value
  name==text        a query parameter
  Header:value      a request header
  name=@file        the text of a file
  name:=@file.json  the JSON of a file
  Dots and brackets nest: metadata[order]=7, a.b=1, list[]=x, list.0=x. A backslash escapes.

Examples:
  trunkline call openai chat.completions.create model=gpt-5.4-mini messages.0.role=user \\
      messages.0.content=Hello
  trunkline call stripe POST /v1/customers email=ada@example.com
  trunkline call stripe customers.list limit=3 --output ndjson
  trunkline call stripe customers.list --all --max-pages 10
  trunkline call replicate predictions.create version=… input.prompt=Hi --wait --timeout 10m
  trunkline call slack chat.postMessage channel=C012345 text=Hi --dry-run

Exit status: 0 success, 1 a bug of ours, 2 usage or settings, 3 the request was refused (4xx),
4 not authorized, 5 rate limited, 6 the API failed, 7 refused by a guard, 8 broken reply."
)]
pub(crate) struct Call {
    /// The API; see `trunkline connectors list`
    #[arg(value_name = "CONNECTOR")]
    connector: String,
    /// The operation, or in capitals the HTTP method; see `trunkline operations CONNECTOR`
    #[arg(value_name = "OPERATION|METHOD")]
    what: String,
    /// The path after a METHOD, then what is sent
    #[arg(value_name = "PATH|ITEM")]
    rest: Vec<String>,
    #[command(flatten)]
    show: ShowOptions,
    #[command(flatten)]
    make: MakeOptions,
    #[command(flatten)]
    many: ManyOptions,
    #[command(flatten)]
    settings: SettingsOptions,
}

/// What is printed.
#[derive(Debug, Args)]
struct ShowOptions {
    /// Print the request with its credentials masked, and send nothing
    #[arg(long)]
    dry_run: bool,
    /// Print status and headers before the body
    #[arg(short, long)]
    include: bool,
    /// How the reply is printed
    #[arg(short, long, value_name = "FORM", default_value = "json")]
    output: Output,
}

/// How the call is made.
#[derive(Debug, Args)]
struct MakeOptions {
    /// Let the built-in sandbox answer, without key and network
    #[arg(long)]
    sandbox: bool,
    /// How long the call may take, retries included, such as 10s; with `--all` each page, with `--wait` all of it
    #[arg(long, value_name = "TIME", value_parser = time_limit)]
    timeout: Option<Duration>,
    /// Whose credentials to use
    #[arg(long, value_name = "NAME")]
    connection: Option<String>,
    /// What to do with a reply, or a request, that is not what the operation promises [default: report]
    #[arg(long, value_name = "MODE")]
    validate: Option<ValidateMode>,
}

/// What to do with what is not as promised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ValidateMode {
    /// Do not look
    Off,
    /// Count it in the drift report
    Report,
    /// Send no such request, and print no such reply: exit status 8
    Enforce,
}

/// What is called besides the call itself.
#[derive(Debug, Args)]
struct ManyOptions {
    /// Read every page of a list, and print one record a line
    #[arg(long, conflicts_with_all = ["include", "wait"])]
    all: bool,
    /// Read no more pages of it than this
    #[arg(
        long,
        value_name = "N",
        value_parser = pages_max,
        conflicts_with_all = ["include", "wait"]
    )]
    max_pages: Option<NonZeroU64>,
    /// Go on where an earlier reading stopped, as it said
    #[arg(
        long,
        value_name = "CURSOR",
        allow_hyphen_values = true,
        conflicts_with_all = ["include", "wait"]
    )]
    from_cursor: Option<String>,
    /// Where a page has its records, as a JSON Pointer, if there are several lists in it
    #[arg(
        long,
        value_name = "POINTER",
        value_parser = pointer,
        conflicts_with_all = ["include", "wait"]
    )]
    items: Option<String>,
    /// Wait until what the call begins is done, and print the result
    #[arg(long)]
    wait: bool,
}

impl ManyOptions {
    /// How pages are read, if they are.
    fn pages(&self, call: &Options) -> Option<PageOptions> {
        let is_wanted = self.all
            || self.max_pages.is_some()
            || self.from_cursor.is_some()
            || self.items.is_some()
            || call.paginate.is_some();
        is_wanted.then(|| PageOptions {
            pages_max: self
                .max_pages
                .or(call.paginate.and_then(Paginate::pages_max)),
            from_cursor: self.from_cursor.clone(),
            items: self.items.clone(),
        })
    }
}

impl From<ValidateMode> for Validate {
    fn from(mode: ValidateMode) -> Self {
        match mode {
            ValidateMode::Off => Self::Off,
            ValidateMode::Report => Self::Report,
            ValidateMode::Enforce => Self::Enforce,
        }
    }
}

/// How a reply is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Output {
    /// As it came; laid out on a terminal; of an event stream one line per event
    Json,
    /// One line of JSON per event or record
    Ndjson,
    /// Byte for byte
    Raw,
}

/// A time limit as the command line has it.
fn time_limit(text: &str) -> Result<Duration, String> {
    let span: Span = text.parse().map_err(|err: UnitError| err.to_string())?;
    if span.0.is_zero() {
        return Err("a time limit of nothing lets nothing pass; give it at least `1ms`".to_owned());
    }
    Ok(span.0)
}

/// A number of pages as the command line has it.
fn pages_max(text: &str) -> Result<NonZeroU64, String> {
    text.parse()
        .map_err(|_| "allowed is a whole number from 1".to_owned())
}

/// A JSON Pointer (RFC 6901) as the command line has it.
fn pointer(text: &str) -> Result<String, String> {
    let is_escape = |rest: &str| rest.starts_with(['0', '1']);
    let is_pointer = text.is_empty() || text.starts_with('/');
    if is_pointer && text.split('~').skip(1).all(is_escape) {
        return Ok(text.to_owned());
    }
    Err("allowed is a JSON Pointer such as `/data`, or nothing for the whole body".to_owned())
}

impl Call {
    /// Makes the call and prints what came of it.
    pub(crate) fn run(self, context: &mut Context) -> Result<Exit, Failure> {
        logging::for_command(&context.environment, context.printer.err_look())?;
        let words = Words::read(self.connector, self.what, self.rest)?;
        let folder = Folder::open(self.settings.config.as_deref())?;
        let mut parts = Parts::read(&folder, context)?;
        let mut call = request::build(words, &parts.catalog)?;
        if call.options.fault.is_some() && !self.make.sandbox {
            let message =
                "`Trunkline-Sandbox` is for the sandbox, and an API would answer this call";
            return Err(Failure::usage(
                message,
                "add `--sandbox`, or leave the header out",
            ));
        }
        // Who waits for a job means the whole of it.
        if self.make.timeout.is_some() && !self.many.wait {
            call.options.timeout = self.make.timeout;
        }
        // All of it is printed in any case.
        call.options.judge_by = JudgeBy::Whole;
        let pages = self.many.pages(&call.options);
        if pages.is_some() && self.show.output == Output::Raw {
            let message = "records are taken out of their pages, so they cannot be printed raw";
            let hint = "leave `--output raw` out, or read page by page without `--all`";
            return Err(Failure::usage(message, hint));
        }
        if let Some(mode) = self.make.validate {
            call.options.validate = mode.into();
        }
        if self.make.connection.is_some() {
            call.options.connection = self.make.connection;
        }
        if self.show.dry_run {
            // Nobody has to answer, so what is shown is what the API would get.
            if self.make.sandbox {
                parts.secrets = parts.example_secrets();
                call.options.fault = None;
            }
            let engine = Engine::start(parts, Upstreams::Real)?;
            let call = match pages {
                Some(options) => engine.trunkline.pages(call, options)?.call(),
                None => call,
            };
            let plan = engine.trunkline.plan(call)?;
            print_plan(&plan, &mut context.printer)?;
            return Ok(Exit::Success);
        }
        let upstreams = if self.make.sandbox {
            Upstreams::Sandbox
        } else {
            Upstreams::Real
        };
        let engine = Engine::start(parts, upstreams)?;
        let catalog = engine.trunkline.catalog();
        let connector = commands::find(&catalog, call.connector.as_str())?;
        let called = (&engine.trunkline, connector);
        let outcome = engine.run(async {
            if let Some(options) = pages {
                let pages = engine.trunkline.pages(call, options)?;
                return pages::print(pages, called, &mut context.printer).await;
            }
            if self.many.wait {
                let job = (call, self.make.timeout);
                return wait::print(called, job, &self.show, &mut context.printer).await;
            }
            let reply = engine.trunkline.call(call).await?;
            output::print(reply, connector, &self.show, &mut context.printer).await
        });
        if matches!(&outcome, Err(failure) if failure.exit.is_interruption()) {
            engine.leave();
        }
        outcome
    }
}

/// Writes the request that would be sent.
fn print_plan(plan: &Plan, printer: &mut Printer) -> Result<(), Failure> {
    let look = printer.out_look();
    printer.line(format_args!(
        "{} {}",
        look.paint(Ink::Heading, plan.method.as_str()),
        plan.url
    ))?;
    for (name, value) in &plan.headers {
        printer.line(format_args!(
            "{} {value}",
            look.paint(Ink::Faint, &format!("{name}:"))
        ))?;
    }
    if let Some(body) = plan.body.as_ref().filter(|body| !body.is_empty()) {
        printer.line("")?;
        match str::from_utf8(body) {
            Ok(text) if look.is_terminal() && json::is_json(body) => {
                printer.line(json::pretty(text, look))?;
            }
            _ => {
                printer.bytes(body)?;
                printer.line("")?;
            }
        }
    }
    Ok(())
}
