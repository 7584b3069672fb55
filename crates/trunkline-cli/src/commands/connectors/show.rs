//! `trunkline connectors show`: what is known of one API.

use clap::Args;
use http::HeaderName;
use serde_json::{Value, json};
use trunkline::Entry;
use trunkline::config::Override;
use trunkline_connector::{Auth, Connector, SecretSpec, SecretText};

use crate::arguments::{ListOptions, SettingsOptions};
use crate::commands::{self, Context, count};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::folder::Folder;
use crate::printer::{Ink, Printer};

/// Show what is known of an API: address, keys, rules
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  trunkline connectors show stripe
  trunkline connectors show twilio --json")]
pub(crate) struct Show {
    /// The connector
    #[arg(value_name = "NAME")]
    name: String,
    #[command(flatten)]
    list: ListOptions,
    #[command(flatten)]
    settings: SettingsOptions,
}

impl Show {
    /// Prints the connector.
    pub(crate) fn run(self, context: &mut Context) -> Result<Exit, Failure> {
        let folder = Folder::open(self.settings.config.as_deref())?;
        let (config, warnings) = folder.config(&context.environment, Vec::new())?;
        for warning in warnings {
            context.printer.warn(&warning);
        }
        let catalog = folder.catalog()?;
        let Some(entry) = catalog.find(&self.name) else {
            return Err(commands::unknown_connector(&catalog, &self.name).into());
        };
        let over = config.connectors.get(&entry.connector.name);
        let in_force = InForce::of(&entry.connector, over);
        if self.list.json {
            context.printer.json(&entry_json(entry, &in_force))?;
        } else {
            print(entry, &in_force, &mut context.printer)?;
        }
        Ok(Exit::Success)
    }
}

/// What settings may say otherwise than the connector.
struct InForce<'c> {
    base_url: &'c str,
    /// The variables of the connector's secrets, in their order.
    envs: Vec<&'c str>,
}

impl<'c> InForce<'c> {
    fn of(connector: &'c Connector, over: Option<&'c Override>) -> Self {
        let own_url = connector.base_url.example();
        let base_url = over.and_then(|over| over.base_url.as_ref());
        let env = |secret: &'c SecretSpec| {
            let env = over.and_then(|over| over.secrets.get(&secret.name));
            env.unwrap_or(&secret.env).as_str()
        };
        Self {
            base_url: base_url.unwrap_or(own_url).as_str(),
            envs: connector.secrets.iter().map(env).collect(),
        }
    }

    fn env(&self, place: usize) -> &'c str {
        self.envs.get(place).copied().unwrap_or_default()
    }
}

/// What is in force, and what the connector says where that is something else.
fn beside(in_force: &str, own: &str) -> String {
    if in_force == own {
        return own.to_owned();
    }
    format!("{in_force}, by the settings (its own: {own})")
}

fn print(entry: &Entry, in_force: &InForce<'_>, printer: &mut Printer) -> Result<(), Failure> {
    let Entry { connector, origin } = entry;
    let look = printer.out_look();
    let title = look.paint(Ink::Heading, &connector.title);
    printer.line(format_args!(
        "{title} (`{}`, {})",
        connector.name,
        origin.as_str()
    ))?;
    let mut labelled = |label: &str, text: &str| {
        let label = format!("{label}:");
        printer.line(format_args!(
            "  {} {text}",
            look.paint(Ink::Faint, &format!("{label:12}"))
        ))
    };
    let own_url = connector.base_url.example().as_str();
    labelled("address", &beside(in_force.base_url, own_url))?;
    labelled("docs", &connector.docs)?;
    labelled("checked", &connector.checked)?;
    labelled("credential", &credential(in_force, &connector.auth))?;
    for (secret, env) in connector.secrets.iter().zip(&in_force.envs) {
        let env = beside(env, &secret.env);
        labelled("secret", &format!("{env}, from {}", secret.obtain))?;
    }
    for (name, value) in &connector.headers {
        labelled(
            "header",
            &format!("{name}: {}", String::from_utf8_lossy(value.as_bytes())),
        )?;
    }
    if let Some(idempotency) = &connector.idempotency {
        let methods: Vec<&str> = idempotency
            .methods
            .iter()
            .map(http::Method::as_str)
            .collect();
        labelled(
            "repeatable",
            &format!("{} with {}", methods.join(", "), idempotency.header),
        )?;
    }
    if let Some(verify) = connector.operations.get(connector.verify.operation) {
        labelled("verified by", &verify.name)?;
    }
    let counts = [
        count(connector.operations.len(), "operation"),
        count(connector.outcomes.len(), "outcome rule"),
        count(connector.waits.len(), "wait hint"),
        count(connector.examples().len(), "example"),
    ];
    labelled("has", &counts.join(", "))?;
    labelled(
        "operations",
        &format!("trunkline operations {}", connector.name),
    )
}

/// How a request proves who calls, in words.
fn credential(in_force: &InForce<'_>, auth: &Auth) -> String {
    let env = |place: usize| in_force.env(place);
    match auth {
        Auth::Bearer { secret, word } => format!("Authorization: {word} {}", env(*secret)),
        Auth::Header { name, secret } => format!("{name}: {}", env(*secret)),
        Auth::Basic { username, password } => {
            format!(
                "Authorization: Basic of {} and {}",
                env(*username),
                env(*password)
            )
        }
        Auth::Headers { set } => {
            let name = |place, _: Option<&str>| Some(env(place).to_owned());
            let text = |(header, text): &(HeaderName, SecretText)| {
                format!("{header}: {}", text.fill(name).unwrap_or_default())
            };
            set.iter().map(text).collect::<Vec<_>>().join(", ")
        }
        Auth::Query { name, secret } => format!("?{name}={}", env(*secret)),
        Auth::Hmac(hmac) => format!(
            "{}: a signature with {}",
            hmac.signature_header,
            env(hmac.secret)
        ),
        Auth::ClientCredentials(client) => format!(
            "Authorization: Bearer, a token for {} and {}",
            env(client.client_id),
            env(client.client_secret)
        ),
        Auth::ServiceAccount { secret, .. } => {
            format!("Authorization: Bearer, a token for {}", env(*secret))
        }
        Auth::AwsSigv4(aws) => format!(
            "Authorization: a signature with {} and {}",
            env(aws.access_key),
            env(aws.secret_key)
        ),
        Auth::AnyOf(ways) => {
            let ways = ways.iter().map(|way| credential(in_force, way));
            ways.collect::<Vec<_>>().join(", or ")
        }
        Auth::None => "none".to_owned(),
    }
}

fn entry_json(entry: &Entry, in_force: &InForce<'_>) -> Value {
    let Entry { connector, origin } = entry;
    let operations = connector
        .operations
        .iter()
        .map(|operation| operation.name.as_str());
    let headers = connector.headers.iter().map(|(name, value)| {
        (
            name.as_str().to_owned(),
            Value::from(String::from_utf8_lossy(value.as_bytes())),
        )
    });
    let secrets = connector.secrets.iter().zip(&in_force.envs);
    let secrets = secrets.map(|(secret, env)| secret_json(secret, env));
    json!({
        "name": connector.name.as_str(),
        "title": connector.title,
        "from": origin.as_str(),
        "base_url": in_force.base_url,
        "own_base_url": connector.base_url.example().as_str(),
        "docs": connector.docs,
        "checked": connector.checked,
        "credential": credential(in_force, &connector.auth),
        "secrets": secrets.collect::<Vec<_>>(),
        "headers": headers.collect::<serde_json::Map<_, _>>(),
        "verify": connector.operations.get(connector.verify.operation).map(|verify| &verify.name),
        "operations": operations.collect::<Vec<_>>(),
        "examples": connector.examples().iter().map(|example| &example.name).collect::<Vec<_>>(),
    })
}

fn secret_json(secret: &SecretSpec, env: &str) -> Value {
    json!({
        "name": secret.name,
        "env": env,
        "own_env": secret.env,
        "pattern": secret.pattern.as_ref().map(ToString::to_string),
        "obtain": secret.obtain,
    })
}
