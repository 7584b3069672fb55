//! `trunkline connectors show`: what is known of one API.

use clap::Args;
use http::HeaderName;
use serde_json::{Value, json};
use trunkline::Entry;
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
        let catalog = Folder::new(self.settings.config.as_deref()).catalog()?;
        let Some(entry) = catalog.find(&self.name) else {
            return Err(commands::unknown_connector(&catalog, &self.name).into());
        };
        if self.list.json {
            context.printer.json(&entry_json(entry))?;
        } else {
            print(entry, &mut context.printer)?;
        }
        Ok(Exit::Success)
    }
}

fn print(entry: &Entry, printer: &mut Printer) -> Result<(), Failure> {
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
    labelled("address", connector.base_url.example().as_str())?;
    labelled("docs", &connector.docs)?;
    labelled("checked", &connector.checked)?;
    labelled("credential", &credential(connector, &connector.auth))?;
    for secret in &connector.secrets {
        labelled("secret", &format!("{}, from {}", secret.env, secret.obtain))?;
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
fn credential(connector: &Connector, auth: &Auth) -> String {
    let env = |place: usize| {
        connector
            .secrets
            .get(place)
            .map_or("", |secret| &secret.env)
    };
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
            let ways = ways.iter().map(|way| credential(connector, way));
            ways.collect::<Vec<_>>().join(", or ")
        }
        Auth::None => "none".to_owned(),
    }
}

fn entry_json(entry: &Entry) -> Value {
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
    json!({
        "name": connector.name.as_str(),
        "title": connector.title,
        "from": origin.as_str(),
        "base_url": connector.base_url.example().as_str(),
        "docs": connector.docs,
        "checked": connector.checked,
        "credential": credential(connector, &connector.auth),
        "secrets": connector.secrets.iter().map(secret_json).collect::<Vec<_>>(),
        "headers": headers.collect::<serde_json::Map<_, _>>(),
        "verify": connector.operations.get(connector.verify.operation).map(|verify| &verify.name),
        "operations": operations.collect::<Vec<_>>(),
        "examples": connector.examples().iter().map(|example| &example.name).collect::<Vec<_>>(),
    })
}

fn secret_json(secret: &SecretSpec) -> Value {
    json!({
        "name": secret.name,
        "env": secret.env,
        "pattern": secret.pattern.as_ref().map(ToString::to_string),
        "obtain": secret.obtain,
    })
}
