//! One security scheme.

use std::collections::BTreeSet;

use http::HeaderName;
use serde_json::Value;
use url::Url;

use super::AuthChoice;
use trunkline_connector::request_header;

use crate::at::At;
use crate::report::{Loss, Report};
use crate::spec::{self, Fields};

/// One thing that a request carries to prove who calls.
#[derive(Debug, Clone)]
pub(super) enum Proof {
    /// `Authorization: WORD TOKEN`
    Bearer(String),
    Basic,
    Header(String),
    Query(String),
    Client {
        token_url: String,
        scopes: BTreeSet<String>,
    },
    AwsSigv4 {
        region: String,
        service: String,
    },
}

/// Scopes do not tell proofs apart.
impl PartialEq for Proof {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Header(ours), Self::Header(theirs)) => ours.eq_ignore_ascii_case(theirs),
            (Self::Bearer(ours), Self::Bearer(theirs))
            | (Self::Query(ours), Self::Query(theirs))
            | (
                Self::Client {
                    token_url: ours, ..
                },
                Self::Client {
                    token_url: theirs, ..
                },
            ) => ours == theirs,
            (Self::Basic, Self::Basic) | (Self::AwsSigv4 { .. }, Self::AwsSigv4 { .. }) => true,
            _ => false,
        }
    }
}

impl Proof {
    /// As a report names it.
    pub(super) fn in_words(&self) -> String {
        match self {
            Self::Bearer(word) => format!("{word} token"),
            Self::Basic => "user name and password".to_owned(),
            Self::Header(name) => format!("header `{name}`"),
            Self::Query(name) => format!("query field `{name}`"),
            Self::Client { .. } => "client credentials".to_owned(),
            Self::AwsSigv4 { .. } => "AWS signature".to_owned(),
        }
    }

    /// The header or the query field that it is in.
    pub(super) fn field(&self) -> &str {
        match self {
            Self::Header(name) | Self::Query(name) => name,
            Self::Bearer(_) | Self::Basic | Self::Client { .. } | Self::AwsSigv4 { .. } => {
                "authorization"
            }
        }
    }

    /// Adds what an operation asks for.
    pub(super) fn add_scopes(&mut self, asked: &Value) {
        if let Self::Client { scopes, .. } = self {
            let asked = asked
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(Value::as_str);
            scopes.extend(asked.filter(|scope| is_scope(scope)).map(str::to_owned));
        }
    }

    /// Adds the scopes of the same proof.
    pub(super) fn join_scopes(&mut self, other: Self) {
        if let (Self::Client { scopes, .. }, Self::Client { scopes: more, .. }) = (self, other) {
            scopes.extend(more);
        }
    }
}

/// RFC 6749 section 3.3: visible ASCII without quotes and backslashes.
fn is_scope(scope: &str) -> bool {
    !scope.is_empty()
        && scope
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\')
}

/// Whether no two stand in the same header.
pub(super) fn have_own_headers(proofs: &[Proof]) -> bool {
    let names: BTreeSet<String> = proofs
        .iter()
        .map(|proof| proof.field().to_ascii_lowercase())
        .collect();
    names.len() == proofs.len()
}

/// What the caller of the import chose.
pub(super) fn chosen(choice: &AuthChoice) -> Vec<Proof> {
    match choice {
        AuthChoice::Bearer => vec![Proof::Bearer("Bearer".to_owned())],
        AuthChoice::Basic => vec![Proof::Basic],
        AuthChoice::Header(name) => vec![Proof::Header(name.to_string())],
        AuthChoice::Query(name) => vec![Proof::Query(name.clone())],
        AuthChoice::None => Vec::new(),
    }
}

/// What a scheme asks for; several are alternatives. The API's address is for relative ones.
pub(super) fn read(
    fields: &Fields,
    (base, region): (&str, Option<&str>),
    at: &At<'_>,
    report: &mut Report,
) -> Vec<Proof> {
    let kind = spec::text(fields, "type").unwrap_or_default();
    let proof = match kind {
        "apiKey" if is_aws(fields) => Some(Proof::AwsSigv4 {
            region: region.unwrap_or("us-east-1").to_owned(),
            service: service_of(base),
        }),
        "apiKey" => api_key(fields),
        "http" => http(fields),
        "oauth2" => return oauth(fields, base, at, report),
        "openIdConnect" => {
            report.add(Loss::SecurityToken, at, kind);
            Some(Proof::Bearer("Bearer".to_owned()))
        }
        _ => None,
    };
    if proof.is_none() {
        let detail = ["scheme", "in"]
            .iter()
            .find_map(|key| spec::text(fields, key));
        report.add(
            Loss::Security,
            at,
            format!("{kind} {}", detail.unwrap_or_default()).trim(),
        );
    }
    proof.into_iter().collect()
}

/// As API Gateway's extension says it.
fn is_aws(fields: &Fields) -> bool {
    let kind = spec::text(fields, "x-amazon-apigateway-authtype");
    kind.is_some_and(|kind| ["awssigv4", "awss3"].contains(&&*kind.to_ascii_lowercase()))
}

/// The first label of AWS's hosts is the service that is signed for.
fn service_of(base: &str) -> String {
    let url = Url::parse(base).ok();
    let host = url.as_ref().and_then(Url::host_str).unwrap_or_default();
    host.split('.').next().unwrap_or_default().to_owned()
}

fn api_key(fields: &Fields) -> Option<Proof> {
    let name = spec::text(fields, "name")?;
    match spec::text(fields, "in")? {
        "header" => {
            let header: HeaderName = name.parse().ok()?;
            let is_authorization = header == http::header::AUTHORIZATION;
            if !is_authorization && request_header::reserved(&header).is_some() {
                return None;
            }
            let says_bearer = spec::text(fields, "description")
                .is_some_and(|text| text.to_ascii_lowercase().contains("bearer"));
            Some(if is_authorization && says_bearer {
                Proof::Bearer("Bearer".to_owned())
            } else {
                Proof::Header(name.to_owned())
            })
        }
        "query" => Some(Proof::Query(name.to_owned())),
        _ => None,
    }
}

/// Words before a token that is sent as it is; other schemes compute something.
fn http(fields: &Fields) -> Option<Proof> {
    let scheme = spec::text(fields, "scheme")?;
    match scheme.to_ascii_lowercase().as_str() {
        "bearer" => Some(Proof::Bearer("Bearer".to_owned())),
        "basic" => Some(Proof::Basic),
        "token" | "apikey" | "oauth" | "bot" => Some(Proof::Bearer(scheme.to_owned())),
        _ => None,
    }
}

fn oauth(fields: &Fields, base: &str, at: &At<'_>, report: &mut Report) -> Vec<Proof> {
    let flows = fields.get("flows").and_then(Value::as_object);
    let mut proofs = Vec::new();
    let mut needs_person = flows.is_none_or(serde_json::Map::is_empty);
    for (flow, described) in flows.into_iter().flatten() {
        let token_url = described.get("tokenUrl").and_then(Value::as_str);
        match (
            flow.as_str(),
            token_url.and_then(|text| token_address(text, base)),
        ) {
            ("clientCredentials", Some(token_url)) => proofs.push(Proof::Client {
                token_url,
                scopes: BTreeSet::new(),
            }),
            (flow, _) if flow.starts_with("x-") => {}
            _ => needs_person = true,
        }
    }
    if needs_person {
        report.add(Loss::SecurityToken, at, "");
        proofs.push(Proof::Bearer("Bearer".to_owned()));
    }
    proofs
}

/// An address that tokens can be asked for at.
fn token_address(text: &str, base: &str) -> Option<String> {
    let mut url = Url::parse(text)
        .or_else(|_| Url::parse(base)?.join(text))
        .ok()?;
    url.set_fragment(None);
    let has_user = !url.username().is_empty() || url.password().is_some();
    let is_sent = url.scheme() == "https" && url.host().is_some() && !has_user;
    is_sent.then(|| url.to_string())
}
