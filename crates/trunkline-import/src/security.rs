//! How a request proves who calls: the document's security schemes as ways that connectors have.

mod scheme;
use std::collections::{BTreeSet, HashMap};
use std::error::Error;
use std::fmt;
use std::str::FromStr;

use http::HeaderName;
use serde_json::Value;
use trunkline_connector::{ConnectorName, request_header};

use crate::at::At;
use crate::draft::{Aws, Client, Credential, Secret, Way};
use crate::names::{self, Unique};
use crate::outline::Outlined;
use crate::paths::Piece;
use crate::report::{Loss, Report};
use crate::spec::{self, Fields, Spec};
use scheme::Proof;

/// The most ways among which the first possible one is taken.
const WAYS_MAX: usize = 4;

/// The most alternatives of one operation that are looked at.
const ALTERNATIVES_MAX: usize = 32;

/// The most scopes that are asked for; where more are named, each user has his own few.
const SCOPES_MAX: usize = 8;

/// How requests prove who calls.
#[derive(Debug, Default)]
pub(crate) struct Security {
    pub(crate) secrets: Vec<Secret>,
    pub(crate) ways: Vec<Way>,
    /// Whether each operation, in the same order, sends a credential.
    pub(crate) credentials: Vec<Credential>,
}

/// A way that the caller of the import chooses, for documents that do not say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AuthChoice {
    /// `Authorization: Bearer …`
    Bearer,
    /// `Authorization: Basic …`
    Basic,
    /// The secret alone in this header.
    Header(HeaderName),
    /// The secret in this query field.
    Query(String),
    /// No credential.
    None,
}

/// Why a text is no way to prove who calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthChoiceError(String);

impl FromStr for AuthChoice {
    type Err = AuthChoiceError;

    fn from_str(text: &str) -> Result<Self, AuthChoiceError> {
        let refused = || AuthChoiceError(text.chars().take(80).collect());
        match text.split_once(':') {
            None => match text {
                "bearer" => Ok(Self::Bearer),
                "basic" => Ok(Self::Basic),
                "none" => Ok(Self::None),
                _ => Err(refused()),
            },
            Some(("header", name)) => {
                let name: HeaderName = name.parse().map_err(|_| refused())?;
                let may_set = name == http::header::AUTHORIZATION
                    || request_header::reserved(&name).is_none();
                may_set.then_some(Self::Header(name)).ok_or_else(refused)
            }
            Some(("query", name)) if !name.is_empty() => Ok(Self::Query(name.to_owned())),
            Some(_) => Err(refused()),
        }
    }
}

impl fmt::Display for AuthChoiceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let allowed = "`bearer`, `basic`, `header:NAME`, `query:NAME` or `none`";
        write!(f, "`{}` is no way to prove who calls: {allowed}", self.0)
    }
}

impl Error for AuthChoiceError {}

/// What is known before secrets have names.
struct Reader<'d, 'r> {
    spec: Spec<'d>,
    report: &'r mut Report,
    /// What the API's address is by default, for addresses relative to it.
    base: &'r str,
    region: Option<&'r str>,
    /// Schemes that were read.
    known: HashMap<&'d str, Vec<Proof>>,
}

/// What each operation asks for, as proofs of which all are needed, and how often it is asked for.
type Asked = Vec<(Vec<Proof>, usize)>;

/// Where addresses of token endpoints count from, and the region of AWS.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Origin<'o> {
    pub(crate) base: &'o str,
    pub(crate) region: Option<&'o str>,
}

pub(crate) fn read(
    spec: Spec<'_>,
    operations: &[Outlined<'_>],
    (name, origin, choice): (ConnectorName, Origin<'_>, Option<&AuthChoice>),
    report: &mut Report,
) -> Security {
    let mut reader = Reader {
        spec,
        report,
        base: origin.base,
        region: origin.region,
        known: HashMap::new(),
    };
    let (mut asked, mut credentials) = reader.asked(operations);
    if let Some(choice) = choice {
        asked = vec![(scheme::chosen(choice), 1)];
        asked.retain(|(proofs, _)| !proofs.is_empty());
        credentials = vec![Credential::Sent; operations.len()];
    }
    asked.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    for (proofs, _) in asked.split_off(asked.len().min(WAYS_MAX)) {
        let words = proofs
            .iter()
            .map(Proof::in_words)
            .collect::<Vec<_>>()
            .join(" and ");
        report.add(
            Loss::OtherSecurity,
            &At::ROOT.key("components").key("securitySchemes"),
            words,
        );
    }
    if asked.is_empty() && choice.is_none() && credentials.contains(&Credential::Sent) {
        report.add(
            Loss::NoCredential,
            &At::ROOT.key("components").key("securitySchemes"),
            "",
        );
    }
    let mut security = named(name, operations, asked);
    security.credentials = credentials;
    security
}

impl<'d> Reader<'d, '_> {
    /// What operations ask for, and whether each sends a credential.
    fn asked(&mut self, operations: &[Outlined<'d>]) -> (Asked, Vec<Credential>) {
        let general = self.spec.root().get("security").and_then(Value::as_array);
        let at = At::ROOT.key("security");
        let general_way = general.map(|ways| self.alternatives(ways, &at));
        let mut asked = Asked::new();
        let mut credentials = Vec::with_capacity(operations.len());
        let mut names_any = general.is_some_and(|ways| !ways.is_empty());
        for operation in operations {
            let own = operation.fields.get("security").and_then(Value::as_array);
            names_any |= own.is_some_and(|ways| !ways.is_empty());
            let at = At::Pointer(&operation.at);
            let ways = match own {
                Some(own) => Some(self.alternatives(own, &at.key("security"))),
                None => general_way.clone(),
            };
            let sends = ways.as_ref().is_some_and(|ways| !ways.is_empty());
            credentials.push(if sends {
                Credential::Sent
            } else {
                Credential::None
            });
            for way in ways.into_iter().flatten() {
                count(&mut asked, way);
            }
        }
        if !names_any {
            // Schemes that nothing names are meant for everything.
            for (name, scheme) in self.schemes() {
                for proof in self.proofs(name, scheme) {
                    count(&mut asked, vec![proof]);
                }
            }
            credentials = vec![Credential::Sent; operations.len()];
        }
        if asked.is_empty() && self.has_authorization_parameter(operations) {
            count(&mut asked, vec![Proof::Header("Authorization".to_owned())]);
        }
        (asked, credentials)
    }

    fn schemes(&self) -> Vec<(&'d str, &'d Value)> {
        let schemes = self.spec.table(&["components", "securitySchemes"]);
        schemes
            .into_iter()
            .flatten()
            .map(|(name, scheme)| (name.as_str(), scheme))
            .collect()
    }

    /// Some documents list the header as a parameter, which the standard ignores.
    fn has_authorization_parameter(&self, operations: &[Outlined<'d>]) -> bool {
        operations.iter().any(|operation| {
            let own = spec::items(operation.fields, "parameters");
            let shared = spec::items(operation.item, "parameters");
            own.iter().chain(shared).any(|parameter| {
                let found = self.spec.follow(parameter).ok();
                let text = |key| {
                    found
                        .and_then(|found| found.get(key))
                        .and_then(Value::as_str)
                };
                let is_header = text("in") == Some("header");
                is_header && text("name").is_some_and(|it| it.eq_ignore_ascii_case("authorization"))
            })
        })
    }

    /// The alternatives of a `security` list. One that asks for nothing is left out where there
    /// are others.
    fn alternatives(&mut self, ways: &'d [Value], at: &At<'_>) -> Vec<Vec<Proof>> {
        let mut alternatives: Vec<Vec<Proof>> = Vec::new();
        for (index, way) in ways.iter().take(ALTERNATIVES_MAX).enumerate() {
            let Some(way) = way.as_object().filter(|way| !way.is_empty()) else {
                continue;
            };
            for proofs in self.combinations(way, &at.index(index)) {
                if !alternatives.contains(&proofs) {
                    alternatives.push(proofs);
                }
            }
        }
        alternatives
    }

    /// What one alternative asks for. OAuth flows are alternatives of their own.
    fn combinations(&mut self, way: &'d Fields, at: &At<'_>) -> Vec<Vec<Proof>> {
        let mut combinations: Vec<Vec<Proof>> = vec![Vec::new()];
        for (name, scopes) in way {
            let scheme = self.spec.table(&["components", "securitySchemes"]);
            let Some(scheme) = scheme.and_then(|schemes| schemes.get(name)) else {
                self.report.add(Loss::Reference, at, name);
                continue;
            };
            let mut proofs = self.proofs(name, scheme);
            for proof in &mut proofs {
                proof.add_scopes(scopes);
            }
            // Of several flows the first may stand together with other schemes.
            let others = proofs.split_off(proofs.len().min(1));
            for combination in &mut combinations {
                let is_new = |proof: &&Proof| !combination.contains(proof);
                let new = proofs.iter().find(is_new).cloned();
                combination.extend(new);
            }
            combinations.extend(others.into_iter().map(|proof| vec![proof]));
        }
        combinations.retain(|proofs| !proofs.is_empty());
        for proofs in &mut combinations {
            self.reduce(proofs, at);
        }
        combinations
    }

    /// Leaves what one request can carry by the mechanisms there are.
    fn reduce(&mut self, proofs: &mut Vec<Proof>, at: &At<'_>) {
        let is_header = |proof: &Proof| matches!(proof, Proof::Header(_) | Proof::Bearer(_));
        if proofs.len() < 2 || proofs.iter().all(is_header) && scheme::have_own_headers(proofs) {
            return;
        }
        let main = proofs
            .iter()
            .position(|proof| !matches!(proof, Proof::Query(_)));
        let main = proofs.swap_remove(main.unwrap_or(0));
        for proof in std::mem::replace(proofs, vec![main]) {
            self.report.add(Loss::Security, at, proof.in_words());
        }
    }

    fn proofs(&mut self, name: &'d str, scheme: &'d Value) -> Vec<Proof> {
        if let Some(known) = self.known.get(name) {
            return known.clone();
        }
        let all = At::ROOT.key("components");
        let all = all.key("securitySchemes");
        let at = all.key(name);
        let fields = self.spec.object(scheme, &at, self.report);
        let proofs = fields.map_or_else(Vec::new, |fields| {
            scheme::read(fields, (self.base, self.region), &at, self.report)
        });
        self.known.insert(name, proofs.clone());
        proofs
    }
}

/// Counts a way. Ways that only differ in scopes are one.
fn count(asked: &mut Asked, proofs: Vec<Proof>) {
    let same = asked.iter_mut().find(|(known, _)| *known == proofs);
    match same {
        Some((known, count)) => {
            *count += 1;
            for (known, proof) in known.iter_mut().zip(proofs) {
                known.join_scopes(proof);
            }
        }
        None => asked.push((proofs, 1)),
    }
}

/// Gives each proof its secrets, and puts those ways first that need more of them.
fn named(name: ConnectorName, operations: &[Outlined<'_>], asked: Asked) -> Security {
    let mut secrets = Secrets::new(name, operations, &asked);
    let mut ways: Vec<(BTreeSet<String>, Way)> = Vec::new();
    for (proofs, _) in asked {
        let way = secrets.way(&proofs);
        let needs = match &way {
            Way::Bearer { secret, .. } | Way::Header { secret, .. } | Way::Query { secret, .. } => {
                [secret.clone()].into()
            }
            Way::Basic { username, password } => [username.clone(), password.clone()].into(),
            Way::Headers(_) => secrets.used_by(&proofs),
            Way::ClientCredentials(client) => [client.id.clone(), client.secret.clone()].into(),
            Way::AwsSigv4(aws) => [aws.access_key.clone(), aws.secret_key.clone()].into(),
        };
        ways.push((needs, way));
    }
    ways.sort_by_key(|(needs, _)| std::cmp::Reverse(needs.len()));
    let mut kept: Vec<(BTreeSet<String>, Way)> = Vec::new();
    for (needs, way) in ways {
        if !kept.iter().any(|(earlier, _)| earlier.is_subset(&needs)) {
            kept.push((needs, way));
        }
    }
    let used: BTreeSet<&String> = kept.iter().flat_map(|(needs, _)| needs).collect();
    secrets
        .found
        .retain(|(_, secret)| used.contains(&secret.name));
    Security {
        secrets: secrets
            .found
            .into_iter()
            .map(|(_, secret)| secret)
            .collect(),
        ways: kept.into_iter().map(|(_, way)| way).collect(),
        credentials: Vec::new(),
    }
}

/// Secrets, each for one value of one proof.
struct Secrets {
    name: ConnectorName,
    names: Unique,
    variables: Unique,
    /// What it is for, and the secret.
    found: Vec<(String, Secret)>,
    /// Whether there is but one key, which then needs no name of its own.
    has_one_key: bool,
}

impl Secrets {
    fn new(name: ConnectorName, operations: &[Outlined<'_>], asked: &Asked) -> Self {
        let mut variables = Unique::default();
        variables.give(names::of_variable(name, "BASE_URL"));
        let mut names = Unique::default();
        // A part of a path and a secret cannot have the same name.
        for operation in operations {
            for piece in &operation.path.pieces {
                if let Piece::Part(part) = piece {
                    names.give(names::of_input(part));
                }
            }
        }
        let is_key = |proof: &&Proof| matches!(proof, Proof::Header(_) | Proof::Query(_));
        let mut keys: Vec<&Proof> = Vec::new();
        for proof in asked.iter().flat_map(|(proofs, _)| proofs).filter(is_key) {
            if !keys.contains(&proof) {
                keys.push(proof);
            }
        }
        Self {
            name,
            names,
            variables,
            found: Vec::new(),
            has_one_key: keys.len() < 2,
        }
    }

    fn way(&mut self, proofs: &[Proof]) -> Way {
        let (Some(first), []) = (proofs.first(), proofs.get(1..).unwrap_or_default()) else {
            let set = proofs.iter().map(|proof| match proof {
                Proof::Bearer(word) => {
                    let secret = self.secret("token");
                    ("Authorization".to_owned(), format!("{word} {{{secret}}}"))
                }
                other => {
                    let name = other.field().to_owned();
                    let secret = self.key(&name);
                    (name, format!("{{{secret}}}"))
                }
            });
            return Way::Headers(set.collect());
        };
        match first {
            Proof::Bearer(word) => Way::Bearer {
                secret: self.secret("token"),
                word: word.clone(),
            },
            Proof::Basic => Way::Basic {
                username: self.secret("username"),
                password: self.secret("password"),
            },
            Proof::Header(name) => Way::Header {
                secret: self.key(name),
                name: name.clone(),
            },
            Proof::Query(name) => Way::Query {
                secret: self.key(name),
                name: name.clone(),
            },
            Proof::Client { token_url, scopes } => Way::ClientCredentials(Client {
                token_url: token_url.clone(),
                id: self.secret("client_id"),
                secret: self.secret("client_secret"),
                scope: (1..=SCOPES_MAX).contains(&scopes.len()).then(|| {
                    scopes
                        .iter()
                        .map(String::as_str)
                        .collect::<Vec<_>>()
                        .join(" ")
                }),
            }),
            Proof::AwsSigv4 { region, service } => Way::AwsSigv4(Aws {
                access_key: self.secret("access_key_id"),
                secret_key: self.secret("secret_access_key"),
                region: region.clone(),
                service: service.clone(),
            }),
        }
    }

    fn key(&mut self, field: &str) -> String {
        if self.has_one_key {
            return self.secret("api_key");
        }
        let name = names::snake(field);
        self.secret(if name.is_empty() { "api_key" } else { &name })
    }

    fn secret(&mut self, what: &str) -> String {
        if let Some((_, secret)) = self.found.iter().find(|(known, _)| known == what) {
            return secret.name.clone();
        }
        let name = names::of_input(what);
        let name = if self.names.has(&name) {
            format!("api_{name}")
        } else {
            name
        };
        let name = self.names.give(name);
        let env = self.variables.give(names::of_variable(self.name, what));
        let made_up = format!("{}_made_up_{what}", self.name.as_str().replace('-', "_"));
        self.found.push((
            what.to_owned(),
            Secret {
                name: name.clone(),
                env: env.to_ascii_uppercase(),
                example: made_up,
            },
        ));
        name
    }

    fn used_by(&self, proofs: &[Proof]) -> BTreeSet<String> {
        let whats = proofs.iter().map(|proof| match proof {
            Proof::Bearer(_) => "token".to_owned(),
            _ if self.has_one_key => "api_key".to_owned(),
            other => names::snake(other.field()),
        });
        let found = whats.filter_map(|what| {
            let secret = self.found.iter().find(|(known, _)| *known == what)?;
            Some(secret.1.name.clone())
        });
        found.collect()
    }
}
