//! Makes connector files of OpenAPI documents.
//!
//! [`import`] takes the text of an OpenAPI document, 3.1, 3.0 or 2.0, JSON or YAML, and gives the files
//! of a connector that [`Connector::load`](trunkline_connector::Connector::load) accepts, with a
//! [`Report`] of what could not be carried over.
//!
//! It does no I/O and knows no clock. Whatever the text is, it does not panic, does not recurse
//! without bound, and takes time and memory in proportion to it.
//!
//! ```
//! use trunkline_connector::Connector;
//! use trunkline_connector::document::Source;
//! use trunkline_import::{Options, import};
//!
//! let text = r#"{ "openapi": "3.1.0", "info": { "title": "Acme" },
//!     "servers": [{ "url": "https://api.acme.example" }],
//!     "paths": { "/things": { "get": { "operationId": "listThings" } } } }"#;
//! let source = Source { name: "acme.json".to_owned(), text: text.to_owned() };
//! let imported = import(&source, &Options::new("2026-11-22")).map_err(|it| it.to_string())?;
//! let connector = Connector::load(imported.files).map_err(|problems| format!("{problems:?}"))?;
//! assert_eq!(connector.operations[0].name, "list_things");
//! # Ok::<(), String>(())
//! ```
//!
//! Where to look: `read` makes a value of the text, `outline` names the operations,
//! `servers` and `security` say where and as whom they are called, `operations` what they take,
//! `schemas` what they give back, and `write` writes it all down.

mod at;
mod draft;
mod names;
mod operations;
mod outcomes;
mod outline;
mod paths;
mod prose;
mod read;
mod report;
mod schemas;
mod security;
mod servers;
mod spec;
mod swagger;
mod verify;
mod write;
#[cfg(test)]
mod tests;

use serde_json::Value;
use trunkline_connector::ConnectorName;
use trunkline_connector::document::{Problem, Source};
use url::Url;

use at::At;
use draft::{Base, Draft, Verify};
use schemas::Schemas;
use security::Origin;
use spec::{Fields, Spec};

pub use outline::Selection;
pub use report::{Loss, Place, Places, Report};
pub use security::{AuthChoice, AuthChoiceError};
pub use servers::{Address, AddressError};

/// The longest title, in characters.
const TITLE_MAX: usize = 80;

/// What a document alone does not say.
#[derive(Debug, Clone)]
pub struct Options {
    /// The connector's name; left out: after the file, the host or the title.
    pub name: Option<ConnectorName>,
    /// Where the API answers; left out: as the document says.
    pub base_url: Option<Address>,
    /// How a request proves who calls; left out: as the document says.
    pub auth: Option<AuthChoice>,
    /// Which operations are wanted.
    pub selection: Selection,
    /// The day, as `2026-11-22`.
    pub today: String,
}

/// A document that became a connector.
#[derive(Debug, Clone)]
pub struct Imported {
    /// The connector's name.
    pub name: ConnectorName,
    /// The document's title.
    pub title: String,
    /// The document's own version.
    pub version: String,
    /// How many operations it has.
    pub operations: usize,
    /// The files, named as in `acme/connector.toml`.
    pub files: Vec<Source>,
    /// What could not be carried over.
    pub report: Report,
}

impl Options {
    /// Everything as the document says, on this day (`2026-11-22`).
    pub fn new(today: impl Into<String>) -> Self {
        Self {
            name: None,
            base_url: None,
            auth: None,
            selection: Selection::default(),
            today: today.into(),
        }
    }
}

/// Makes a connector of a document.
///
/// # Errors
///
/// The first reason why the text is no OpenAPI document that can be read, and where; or that it has
/// no operation that is wanted and can be called.
pub fn import(source: &Source, options: &Options) -> Result<Imported, Box<Problem>> {
    let mut report = Report::default();
    let read = read::read(source)?;
    read.report(&mut report);
    let mut value = read.value;
    let is_old = swagger::is_version_2(&value);
    if is_old {
        value = swagger::upgrade(&value);
    }
    let mut imported = import_value(source, &value, options, report)?;
    if is_old {
        swagger::rename_places(&mut imported.report);
    }
    Ok(imported)
}

fn import_value(
    source: &Source,
    value: &Value,
    options: &Options,
    mut report: Report,
) -> Result<Imported, Box<Problem>> {
    let spec = Spec::new(source, value, &mut report)?;
    let mut outlined = outline::collect(spec, &options.selection, &mut report);
    let identity = Identity::of(spec, source, options)?;
    let mut servers = servers::main(spec, identity.name, options.base_url.as_ref(), &mut report);
    servers.place(&mut outlined, spec, &mut report);
    let (Base::Fixed(base) | Base::Found { example: base, .. }) = &servers.base;
    let origin = Origin {
        base,
        region: servers.region.as_deref(),
    };
    let about = (identity.name, origin, options.auth.as_ref());
    let security = security::read(spec, &outlined, about, &mut report);
    let mut schemas = Schemas::new(spec);
    let secrets = security
        .secrets
        .iter()
        .map(|secret| secret.name.clone())
        .collect();
    let mut reader =
        operations::Reader::new(spec, (&mut schemas, &mut report), &security.ways, secrets);
    let operations = reader.read(&outlined, &security.credentials);
    if operations.is_empty() {
        return Err(Box::new(no_operation(source, spec, options)));
    }
    let found = outcomes::find(spec, &outlined, (&identity.title, &security.secrets));
    let count = operations.len();
    let mut draft = Draft {
        name: identity.name,
        title: identity.title,
        version: identity.version,
        docs: identity.docs.unwrap_or_else(|| page_of(base)),
        checked: options.today.clone(),
        other_servers: servers.others,
        hosts: servers.hosts,
        base: servers.base,
        secrets: security.secrets,
        auth: security.ways,
        outcomes: found.outcomes,
        has_retry_after: found.has_retry_after,
        errors: found.errors,
        verify: Verify {
            operation: String::new(),
            inputs: Vec::new(),
        },
        operations,
    };
    verify::choose(&mut draft, &mut report);
    let mut files = write::files(&draft);
    files.extend(schemas.into_text(&mut report).map(|text| Source {
        name: format!("{}/schemas/{}", draft.name, schemas::FILE),
        text,
    }));
    Ok(Imported {
        name: draft.name,
        title: draft.title,
        version: draft.version,
        operations: count,
        files,
        report,
    })
}

/// A connector's name for a file among others, made of its path below their folder:
/// `twilio.com/verify.json` as `twilio-verify`.
pub fn name_of_path(path: &str) -> Option<ConnectorName> {
    let path = path.rsplit_once('.').map_or(path, |(path, _)| path);
    let mut words: Vec<String> = Vec::new();
    for part in path.split(['/', '\\']) {
        if let Some(word) = names::of_connector(part).map(|name| name.to_string())
            && !words.contains(&word)
        {
            words.push(word);
        }
    }
    names::slug(&words.join("-"))
}

/// Who the API is.
struct Identity {
    name: ConnectorName,
    title: String,
    version: String,
    docs: Option<String>,
}

impl Identity {
    fn of(spec: Spec<'_>, source: &Source, options: &Options) -> Result<Self, Box<Problem>> {
        let empty = Fields::new();
        let info = spec
            .root()
            .get("info")
            .and_then(Value::as_object)
            .unwrap_or(&empty);
        let title = spec::text(info, "title").map(|title| prose::first_sentence(title, TITLE_MAX));
        let title = title.filter(|title| !title.is_empty());
        let version = info
            .get("version")
            .and_then(spec::text_of)
            .unwrap_or_default();
        let name = options
            .name
            .or_else(|| name_of(spec, source, title.as_deref()));
        let name = name.or_else(|| names::slug("imported")).ok_or_else(|| {
            let problem = Problem::of_file(&source.name, "no name can be made of this document");
            Box::new(problem.with_hint("choose one"))
        })?;
        Ok(Self {
            name,
            title: title.unwrap_or_else(|| name.to_string()),
            version: prose::first_sentence(&version, TITLE_MAX),
            docs: docs(spec, info),
        })
    }
}

/// A name made of the file's, of the host's or of the title, the first that says something.
fn name_of(spec: Spec<'_>, source: &Source, title: Option<&str>) -> Option<ConnectorName> {
    let file = source.name.rsplit(['/', '\\']).next().unwrap_or_default();
    let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
    if names::is_telling(stem) {
        return names::of_connector(stem);
    }
    let mut servers = spec::items(spec.root(), "servers").iter();
    let host = servers.find_map(|server| {
        let url = Url::parse(server.get("url")?.as_str()?).ok()?;
        names::of_connector(url.host_str()?)
    });
    host.or_else(|| names::slug(title?))
}

/// The page that describes the API.
fn docs(spec: Spec<'_>, info: &Fields) -> Option<String> {
    let url = |fields: &Fields, key: &str| {
        let page = fields.get(key)?.get("url")?.as_str()?;
        operations::https(page)
    };
    url(spec.root(), "externalDocs")
        .or_else(|| url(info, "contact"))
        .or_else(|| operations::https(spec::text(info, "termsOfService")?))
}

/// Where one would look first: the address's own host.
fn page_of(base: &str) -> String {
    let host = Url::parse(base)
        .ok()
        .and_then(|url| url.host_str().map(str::to_owned));
    format!(
        "https://{}",
        host.unwrap_or_else(|| "example.com".to_owned())
    )
}

fn no_operation(source: &Source, spec: Spec<'_>, options: &Options) -> Problem {
    let Selection { only, tags } = &options.selection;
    let (message, hint) = if only.is_some() || !tags.is_empty() {
        (
            "the document has no operation that was asked for",
            "ask for others, or for all",
        )
    } else if spec.table(&["webhooks"]).is_some() {
        (
            "the document has only webhooks",
            "a connector is made of operations that are called",
        )
    } else {
        (
            "the document has no operation that can be called",
            "operations stand under `paths`",
        )
    };
    let at = At::ROOT.key("paths");
    Problem::of_file(&source.name, format!("{message} (at `{at}`)")).with_hint(hint)
}
