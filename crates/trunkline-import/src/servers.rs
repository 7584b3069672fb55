//! Where the API answers: the address that is called, those of single paths, and what is left out.

use std::error::Error;
use std::fmt;
use std::str::FromStr;

use serde_json::Value;
use trunkline_connector::ConnectorName;
use url::{Host, Url};

use crate::at::At;
use crate::draft::{self, Base};
use crate::names;
use crate::outline::Outlined;
use crate::report::{Loss, Report};
use crate::spec::{self, Fields, Spec};

/// The most further addresses that are named.
const NAMED_MAX: usize = 10;

/// An address that a connector may have: `https`, or `http` to this machine, with nothing behind
/// its path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address(Url);

/// Why a text is no such address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddressError(String);

/// Where the API answers.
#[derive(Debug)]
pub(crate) struct Servers {
    pub(crate) base: Base,
    /// Further addresses of the whole API.
    pub(crate) others: Vec<String>,
    pub(crate) hosts: Vec<draft::Host>,
    /// The region that the address was made for, where it has a part of that name.
    pub(crate) region: Option<String>,
}

/// A server of the document, its variables filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Server {
    /// A whole address.
    Address {
        url: String,
        /// A part of its host is each user's own.
        is_own: bool,
        region: Option<String>,
    },
    /// A path below an address that the document does not say.
    Path(String),
}

/// The servers of the document as a whole.
pub(crate) fn main(
    spec: Spec<'_>,
    name: ConnectorName,
    base_url: Option<&Address>,
    report: &mut Report,
) -> Servers {
    let at = At::ROOT.key("servers");
    let mut found: Vec<Server> = Vec::new();
    for (index, server) in spec::items(spec.root(), "servers").iter().enumerate() {
        let server = read(spec, server, &at.index(index), report);
        found.extend(server.filter(|server| !found.contains(server)));
    }
    let whole = found
        .iter()
        .position(|server| matches!(server, Server::Address { .. }));
    let chosen = whole.or_else(|| (!found.is_empty()).then_some(0));
    let chosen = chosen.map(|place| found.remove(place));
    let others: Vec<String> = found.into_iter().filter_map(Server::into_address).collect();
    for other in &others {
        report.add(Loss::OtherServer, &at, other);
    }
    let region = match &chosen {
        Some(Server::Address { region, .. }) => region.clone(),
        Some(Server::Path(_)) | None => None,
    };
    Servers {
        base: base(chosen, name, base_url, report),
        others: others.into_iter().take(NAMED_MAX).collect(),
        hosts: Vec::new(),
        region,
    }
}

fn base(
    chosen: Option<Server>,
    name: ConnectorName,
    base_url: Option<&Address>,
    report: &mut Report,
) -> Base {
    let env = names::of_variable(name, "BASE_URL");
    let below = match &chosen {
        Some(Server::Path(path)) => path.as_str(),
        Some(Server::Address { .. }) | None => "",
    };
    if let Some(Address(given)) = base_url {
        let has_path = !given.path().trim_end_matches('/').is_empty();
        let below = if has_path { "" } else { below };
        return Base::Fixed(format!("{}{below}", given.as_str().trim_end_matches('/')));
    }
    match chosen {
        Some(Server::Address {
            url, is_own: false, ..
        }) => Base::Fixed(url),
        Some(Server::Address { url, .. }) => {
            report.add(Loss::NoServer, &At::ROOT.key("servers"), &env);
            Base::Found { env, example: url }
        }
        Some(Server::Path(_)) | None => {
            report.add(Loss::NoServer, &At::ROOT.key("servers"), &env);
            let example = format!("https://{name}.example{below}");
            Base::Found { env, example }
        }
    }
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let url = usable(text).map_err(|_| AddressError(text.to_owned()))?;
        let is_same = Url::parse(text).is_ok_and(|given| {
            as_base(given.clone()) == url && {
                given.query().is_none() && given.fragment().is_none() && given.username().is_empty()
            }
        });
        let url = Url::parse(&url).ok().filter(|_| is_same);
        url.map(Self).ok_or_else(|| AddressError(text.to_owned()))
    }
}

impl fmt::Display for AddressError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text: String = self.0.chars().take(80).collect();
        write!(
            f,
            "`{text}` is no address: `https://` and a host, or `http://127.0.0.1` and a port"
        )
    }
}

impl Error for AddressError {}

impl Servers {
    /// Gives operations at other addresses a path of their own, which leads there.
    pub(crate) fn place(
        &mut self,
        operations: &mut [Outlined<'_>],
        spec: Spec<'_>,
        report: &mut Report,
    ) {
        let mut groups: Vec<(String, Vec<usize>)> = Vec::new();
        for (place, operation) in operations.iter().enumerate() {
            let Some(url) = self.own_server(operation, spec, report) else {
                continue;
            };
            match groups.iter_mut().find(|(other, _)| *other == url) {
                Some((_, places)) => places.push(place),
                None => groups.push((url, vec![place])),
            }
        }
        for (url, places) in groups {
            let prefix = common_prefix(operations, &places);
            let is_free = |prefix: &String| self.is_free(prefix, operations, &places);
            if let Some(prefix) = prefix.filter(is_free) {
                let base_url = format!("{url}{prefix}");
                self.hosts.push(draft::Host {
                    path: prefix,
                    base_url,
                });
                continue;
            }
            let prefix = self.made_up_prefix(&url);
            for place in places {
                if let Some(operation) = operations.get_mut(place) {
                    report.add(Loss::MadeUpPath, &At::Pointer(&operation.at), &url);
                    operation.path.put_before(&prefix);
                }
            }
            self.hosts.push(draft::Host {
                path: prefix,
                base_url: url,
            });
        }
    }

    /// The address of an operation that is not the API's.
    fn own_server(
        &self,
        operation: &Outlined<'_>,
        spec: Spec<'_>,
        report: &mut Report,
    ) -> Option<String> {
        let own = spec::items(operation.fields, "servers");
        let servers = if own.is_empty() {
            spec::items(operation.item, "servers")
        } else {
            own
        };
        let (Base::Fixed(main) | Base::Found { example: main, .. }) = &self.base;
        let at = At::Pointer(&operation.at);
        let mut found = Vec::new();
        for (index, server) in servers.iter().enumerate() {
            let server = read(spec, server, &at.key("servers").index(index), report);
            found.extend(server.and_then(|server| match server {
                Server::Address { url, .. } => Some(url),
                Server::Path(path) => Url::parse(main).ok()?.join(&path).ok().map(as_base),
            }));
        }
        let is_known = |url: &String| url == main || self.others.contains(url);
        if found.iter().any(is_known) {
            return None;
        }
        found.into_iter().next()
    }

    /// Whether no other operation lies below a path, and no other host has it.
    fn is_free(&self, prefix: &str, operations: &[Outlined<'_>], own: &[usize]) -> bool {
        let mut others = operations
            .iter()
            .enumerate()
            .filter(|(place, _)| !own.contains(place));
        !self.hosts.iter().any(|host| host.path == prefix)
            && !others.any(|(_, operation)| operation.path.is_below(prefix))
    }

    fn made_up_prefix(&self, url: &str) -> String {
        let text = url.split_once("://").map_or(url, |(_, rest)| rest);
        let stands = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '/');
        let text: String = text
            .chars()
            .map(|c| if stands(c) { c } else { '-' })
            .collect();
        let mut prefix = format!("/{text}");
        while self.hosts.iter().any(|host| host.path == prefix) {
            prefix.push('-');
        }
        prefix
    }
}

/// The longest path of fixed segments that all of these operations begin with.
fn common_prefix(operations: &[Outlined<'_>], places: &[usize]) -> Option<String> {
    let mut paths = places.iter().filter_map(|place| operations.get(*place));
    let mut common = paths.next()?.path.fixed_prefix();
    for operation in paths {
        let other = operation.path.fixed_prefix();
        let same = common
            .iter()
            .zip(&other)
            .take_while(|(left, right)| left == right)
            .count();
        common.truncate(same);
    }
    (!common.is_empty()).then(|| format!("/{}", common.join("/")))
}

impl Server {
    fn into_address(self) -> Option<String> {
        match self {
            Self::Address { url, .. } => Some(url),
            Self::Path(_) => None,
        }
    }
}

fn read(spec: Spec<'_>, server: &Value, at: &At<'_>, report: &mut Report) -> Option<Server> {
    let fields = server.as_object()?;
    let written = spec::text(fields, "url")?;
    let filled = fill(spec, fields, written, at, report);
    let address = if filled.text.starts_with("//") {
        format!("https:{}", filled.text)
    } else if filled.text.contains("://") {
        filled.text
    } else if is_host(&filled.text) {
        format!("https://{}", filled.text)
    } else {
        return Some(Server::Path(as_path(&filled.text)));
    };
    match usable(&address) {
        Ok(url) => {
            if url.trim_end_matches('/') != address.trim_end_matches('/') && !written.contains('{')
            {
                report.add(Loss::ServerChanged, at, &url);
            }
            Some(Server::Address {
                url,
                is_own: filled.is_own,
                region: filled.region,
            })
        }
        Err(why) => {
            report.add(Loss::ServerUnusable, at, why);
            None
        }
    }
}

/// A server's text with its variables filled in.
struct Filled {
    text: String,
    is_own: bool,
    region: Option<String>,
}

fn fill(
    spec: Spec<'_>,
    fields: &Fields,
    written: &str,
    at: &At<'_>,
    report: &mut Report,
) -> Filled {
    let mut filled = Filled {
        text: String::new(),
        is_own: false,
        region: None,
    };
    let mut rest = written;
    while let Some((before, after)) = rest.split_once('{') {
        let Some((name, after)) = after.split_once('}') else {
            break;
        };
        filled.text.push_str(before);
        let in_host = filled.text.contains("://")
            && !filled
                .text
                .split_once("://")
                .is_some_and(|(_, host)| host.contains('/'));
        let variable = fields
            .get("variables")
            .and_then(|variables| variables.get(name));
        let variable = variable
            .and_then(|it| spec.follow(it).ok())
            .and_then(Value::as_object);
        let (value, is_open) = variable_value(variable, name, &filled.text);
        filled.is_own |=
            is_open && (in_host || filled.text.is_empty() && !after.starts_with("://"));
        if name.eq_ignore_ascii_case("region") {
            filled.region = Some(value.clone());
        }
        report.add(Loss::ServerVariable, at, format!("{name} = {value}"));
        filled.text.push_str(&value);
        rest = after;
    }
    filled.text.push_str(rest);
    filled
}

/// A variable's value, and whether it may be anything else.
fn variable_value(variable: Option<&Fields>, name: &str, before: &str) -> (String, bool) {
    let allowed: Vec<String> = variable
        .map(|variable| {
            spec::items(variable, "enum")
                .iter()
                .filter_map(spec::text_of)
                .collect()
        })
        .unwrap_or_default();
    if before.is_empty() && allowed.iter().any(|scheme| scheme == "https") {
        return ("https".to_owned(), false);
    }
    let default = variable.and_then(|variable| spec::text_of(variable.get("default")?));
    let value = default.or_else(|| allowed.first().cloned());
    let made_up = || names::snake(name).replace('_', "-");
    (value.unwrap_or_else(made_up), allowed.is_empty())
}

/// `api.example.com/v1`, which somebody wrote without a scheme.
fn is_host(text: &str) -> bool {
    let host = text.split('/').next().unwrap_or_default();
    host.contains('.') && !host.starts_with('.') && !host.contains(char::is_whitespace)
}

/// A path that begins with `/` and does not end with one, or nothing.
fn as_path(text: &str) -> String {
    // Resolved as any address would, so that no `..` is left.
    let base = Url::parse("https://example.com/").and_then(|base| base.join(text));
    let path = base.map(|url| url.path().trim_end_matches('/').to_owned());
    path.unwrap_or_default()
}

/// An address that a connector may have, which may be another one than was written.
fn usable(text: &str) -> Result<String, String> {
    let mut url = Url::parse(text.trim()).map_err(|error| format!("{error}"))?;
    // On a scheme, a port and the like, these can only fail where there is no host.
    let cannot = |()| "it has no host".to_owned();
    match (url.scheme(), url.host()) {
        ("https", Some(_)) => {}
        ("http", Some(Host::Domain("localhost"))) => {
            url.set_host(Some("127.0.0.1"))
                .map_err(|error| error.to_string())?;
        }
        ("http", Some(Host::Ipv4(address))) if address.is_loopback() => {}
        ("http", Some(Host::Ipv6(address))) if address.is_loopback() => {}
        ("http", Some(_)) => {
            if url.port() == Some(443) {
                url.set_port(None).map_err(cannot)?;
            }
            url.set_scheme("https").map_err(cannot)?;
        }
        (scheme, _) => return Err(format!("`{scheme}` is no scheme that is called")),
    }
    url.set_username("").map_err(cannot)?;
    url.set_password(None).map_err(cannot)?;
    Ok(as_base(url))
}

fn as_base(mut url: Url) -> String {
    url.set_query(None);
    url.set_fragment(None);
    url.as_str().trim_end_matches('/').to_owned()
}
