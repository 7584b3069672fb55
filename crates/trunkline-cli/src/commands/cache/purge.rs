//! `trunkline cache purge`: has the running gateway forget answers.

#[cfg(test)]
mod tests;

use std::io::ErrorKind as IoErrorKind;
use std::path::Path;

use clap::{ArgGroup, Args};
use http::Method;
use http::uri::PathAndQuery;
use serde_json::{Map, Value, json};
use tokio::runtime::Builder;
use trunkline::admin::{self, AdminToken, Asked, Question};
use trunkline::{Clock, Config, ErrorKind, Listen};

use crate::arguments::{ListOptions, SettingsOptions};
use crate::commands::{self, Context};
use crate::engine;
use crate::exit::Exit;
use crate::failure::{Complaint, Failure};
use crate::folder::Folder;

const ROUTE: &str = "/-/api/v1/cache/purge";

/// Have the running gateway forget answers
#[derive(Debug, Args)]
#[command(
    group = ArgGroup::new("what").required(true).args(["all", "key", "connector", "tag"]),
    after_help = "\
Asks the gateway that runs with the same settings, at `server.listen`, with the admin token of its
data folder.

Examples:
  trunkline cache purge --all
  trunkline cache purge --connector github --operation repos.get
  trunkline cache purge --tag prices

Exit status: 6 where no gateway runs, 4 where it has another token."
)]
pub(crate) struct Purge {
    /// Every answer
    #[arg(long)]
    all: bool,
    /// The answer with this key, 32 hexadecimal digits
    #[arg(long, value_name = "HEX")]
    key: Option<String>,
    /// Answers of this connector
    #[arg(long, value_name = "NAME")]
    connector: Option<String>,
    /// Of this operation alone
    #[arg(long, value_name = "NAME", requires = "connector", conflicts_with_all = ["all", "key", "tag"])]
    operation: Option<String>,
    /// Answers with this word, one of the `tags` of a `cache` setting
    #[arg(long, value_name = "WORD")]
    tag: Option<String>,
    #[command(flatten)]
    list: ListOptions,
    #[command(flatten)]
    settings: SettingsOptions,
}

impl Purge {
    /// Asks, and prints how many answers there were.
    pub(crate) fn run(self, context: &mut Context) -> Result<Exit, Failure> {
        let folder = Folder::open(self.settings.config.as_deref())?;
        let (config, _) = folder.config(&context.environment, Vec::new())?;
        let body = self.body();
        if let Listen::Unix(socket) = &config.server.listen {
            return Err(by_hand(socket, &config.data_dir, &body));
        }
        let token = token(&config.data_dir)?;
        let question = Question {
            method: Method::POST,
            route: PathAndQuery::from_static(ROUTE),
            body: Some(body),
        };
        let asked = ask(&config, &token, question)?;
        let purged = purged(&asked)?;
        if self.list.json {
            context.printer.json(&json!({ "purged": purged }))?;
        } else {
            let answers = usize::try_from(purged).unwrap_or(usize::MAX);
            let answers = commands::count(answers, "answer");
            context.printer.line(format_args!("purged {answers}"))?;
        }
        Ok(Exit::Success)
    }

    /// What the gateway is sent.
    fn body(&self) -> String {
        let mut fields = Map::new();
        if self.all {
            fields.insert("all".to_owned(), true.into());
        }
        for (name, value) in [
            ("key", &self.key),
            ("connector", &self.connector),
            ("operation", &self.operation),
            ("tag", &self.tag),
        ] {
            if let Some(value) = value {
                fields.insert(name.to_owned(), value.as_str().into());
            }
        }
        Value::Object(fields).to_string()
    }
}

fn ask(config: &Config, token: &AdminToken, question: Question) -> Result<Asked, Failure> {
    let runtime = Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|err| engine::no_start(&err))?;
    let clock = Clock::system();
    let asked = runtime.block_on(admin::ask_gateway(config, token, question, &clock));
    Ok(asked?)
}

fn token(data_dir: &Path) -> Result<AdminToken, Failure> {
    let file = AdminToken::file_in(data_dir);
    AdminToken::read(data_dir).map_err(|err| match err.kind() {
        IoErrorKind::NotFound => {
            let message = format!(
                "no gateway has run with these settings: there is no `{}`",
                file.display()
            );
            let complaint = Complaint::new(message).note(
                "hint",
                "start it with `trunkline serve`, or name its settings with `--config`",
            );
            Failure::new(Exit::UpstreamFailed, complaint)
        }
        _ => Failure::of_file(file.display(), &err),
    })
}

/// How many answers there were, or what the gateway said instead.
fn purged(asked: &Asked) -> Result<u64, Failure> {
    let answer: Value = serde_json::from_slice(&asked.body).unwrap_or_default();
    if let (true, Some(purged)) = (
        asked.status.is_success(),
        answer.get("purged").and_then(Value::as_u64),
    ) {
        return Ok(purged);
    }
    let text = |name: &str| answer.get(name).and_then(Value::as_str);
    let kind = text("code").and_then(|code| {
        let mut kinds = ErrorKind::ALL.iter().copied();
        kinds.find(|kind| kind.code() == code)
    });
    let (Some(kind), Some(detail)) = (kind, text("detail")) else {
        let message = "what answers at `server.listen` is no gateway that can do this";
        return Err(Failure::new(
            Exit::UpstreamFailed,
            Complaint::new(message).note("hint", "see what listens there"),
        ));
    };
    let mut complaint = Complaint::new(format!("the gateway says: {detail}"));
    if let Some(hint) = text("hint") {
        complaint = complaint.note("hint", hint);
    }
    Err(Failure::new(Exit::of_error(kind), complaint))
}

/// That a socket is not asked from here, and how to ask it.
fn by_hand(socket: &Path, data_dir: &Path, body: &str) -> Failure {
    let (socket, token) = (socket.display().to_string(), AdminToken::file_in(data_dir));
    let token = token.display().to_string();
    let command = format!(
        "curl --unix-socket {} -H \"Authorization: Bearer $(cat {})\" -d {} http://localhost{ROUTE}",
        commands::quoted(&socket),
        commands::quoted(&token),
        commands::quoted(body),
    );
    Failure::usage(
        format!(
            "the gateway listens on `unix:{socket}`, and only addresses and ports can be asked from here"
        ),
        format!("ask with {command}"),
    )
}
