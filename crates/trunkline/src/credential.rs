//! What proves to an upstream who calls: ready-made where that can be, made for each attempt where
//! it must.

mod forms;
mod grant;
mod hmac;
mod shown;
mod sigv4;
mod token;

use std::cell::Cell;
use std::sync::{Arc, OnceLock};
use std::time::SystemTime;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderName, HeaderValue, header};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC};
use trunkline_connector::{Auth, Connector, SecretText};
use trunkline_egress::Head;

use crate::secret::{Secret, SecretError};

pub use shown::shows_example_credential;
pub(crate) use token::{Means, Token, Tokens};

use hmac::Signer;
use sigv4::Sigv4;

/// The token of a connector whose tokens nobody asks for: in the sandbox, and where a request is
/// only shown.
const MADE_UP_TOKEN: &str = "made-up-access-token-for-the-sandbox";

/// What is encoded in a part of an address: all but the unreserved characters of RFC 3986.
pub(crate) const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// What proves to an upstream who calls, bound to the connector's hosts.
#[derive(Debug)]
pub(crate) struct Credential {
    values: Values,
    /// Made when they are first asked for.
    traces: OnceLock<Arc<[Secret]>>,
    proof: Result<Proof, SecretError>,
}

/// How it is proven.
#[derive(Debug)]
pub(crate) enum Proof {
    /// With headers that are always the same.
    Headers(Vec<(HeaderName, HeaderValue)>),
    /// With a field of the query.
    Query { name: String, value: Secret },
    /// With a signature that the connector describes.
    Hmac(Box<Signer>),
    /// With a signature as AWS wants it.
    Sigv4(Sigv4),
    /// With a token that is asked for and runs out.
    Token(Tokens),
}

/// The parts of a request that a signature may cover.
pub(crate) struct Signable<'a> {
    pub(crate) head: &'a Head,
    pub(crate) host: &'a str,
    pub(crate) body: &'a [u8],
    pub(crate) now: SystemTime,
}

/// The values of a connector's secrets, in their order; `None` for those that are not known.
#[derive(Debug)]
pub(crate) struct Values {
    specs: Vec<Spec>,
}

#[derive(Debug)]
struct Spec {
    name: String,
    env: String,
    value: Option<Secret>,
}

/// What is done about tokens.
#[derive(Debug, Clone)]
pub(crate) enum Tokening {
    /// They are asked for, at this address instead of the declared one.
    Asked(Option<url::Url>),
    /// They are made up: nothing is called.
    MadeUp,
}

impl Values {
    /// Asks `find` for every secret of a connector.
    ///
    /// # Errors
    /// The first secret that must be there and is not, or that cannot be used.
    pub(crate) fn find(
        connector: &Connector,
        mut find: impl FnMut(usize) -> Result<Option<Secret>, SecretError>,
    ) -> Result<Self, SecretError> {
        let specs = connector.secrets.iter().enumerate();
        let specs = specs.map(|(place, spec)| {
            Ok(Spec {
                name: spec.name.clone(),
                env: spec.env.clone(),
                value: find(place)?,
            })
        });
        Ok(Self {
            specs: specs.collect::<Result<_, SecretError>>()?,
        })
    }

    fn get(&self, place: usize) -> Result<&str, SecretError> {
        let spec = self.specs.get(place);
        let known = spec.and_then(|spec| spec.value.as_ref());
        known
            .map(Secret::expose)
            .ok_or_else(|| SecretError::Missing {
                env: spec.map_or_else(String::new, |spec| spec.env.clone()),
            })
    }

    fn is_known(&self, place: usize) -> bool {
        self.get(place).is_ok()
    }

    /// The value of `secret` or `secret.group`, as templates name them.
    ///
    /// # Errors
    /// If nobody has it, or it has no such part.
    fn part(&self, connector: &Connector, name: &str) -> Result<String, SecretError> {
        let secret = name.split_once('.').map_or(name, |(secret, _)| secret);
        let place = self.specs.iter().position(|spec| spec.name == secret);
        let place = place.unwrap_or(self.specs.len());
        self.get(place)?;
        let value = |place| self.get(place).ok().map(str::to_owned);
        connector.secret_part(name, value).ok_or_else(|| {
            let env = self.specs.get(place).map(|spec| spec.env.clone());
            SecretError::Misshapen {
                env: env.unwrap_or_default(),
            }
        })
    }

    fn fill(&self, connector: &Connector, text: &SecretText) -> Result<String, SecretError> {
        let missing = Cell::new(None);
        let filled = text.fill(|place, group| {
            let name = self.specs.get(place)?.name.as_str();
            let name = match group {
                Some(group) => format!("{name}.{group}"),
                None => name.to_owned(),
            };
            self.part(connector, &name)
                .map_err(|err| missing.set(Some(err)))
                .ok()
        });
        filled.ok_or_else(|| {
            let missing = missing.take();
            missing.unwrap_or_else(|| SecretError::Missing { env: String::new() })
        })
    }
}

impl Credential {
    /// Makes ready what can be. A way that lacks a secret is no credential, and says which.
    pub(crate) fn new(connector: &Connector, values: Values, tokening: &Tokening) -> Self {
        let proof = Maker {
            connector,
            values: &values,
            tokening,
        }
        .make(&connector.auth);
        Self {
            values,
            traces: OnceLock::new(),
            proof,
        }
    }

    /// The secrets that it is made of, in the connector's order; `None` for those not known.
    pub(crate) fn values(&self) -> impl Iterator<Item = Option<&Secret>> {
        self.values.specs.iter().map(|spec| spec.value.as_ref())
    }

    /// How it is proven.
    ///
    /// # Errors
    /// The secret that is not there.
    pub(crate) fn proof(&self) -> Result<&Proof, &SecretError> {
        self.proof.as_ref()
    }

    /// The value of `secret` or `secret.group`, as a connector's paths name them.
    ///
    /// # Errors
    /// If nobody has it, or it has no such part.
    pub(crate) fn part(&self, connector: &Connector, name: &str) -> Result<String, SecretError> {
        self.values.part(connector, name)
    }

    /// Every text in which a secret of it could be seen, the longest first, for those who must keep
    /// them out of what they show.
    pub(crate) fn traces(&self, connector: &Connector) -> &Arc<[Secret]> {
        self.traces
            .get_or_init(|| self.find_traces(connector).into())
    }

    /// A text as people may see it: `…` in place of every trace.
    pub(crate) fn mask(&self, connector: &Connector, text: &str) -> String {
        let traces = self.traces(connector).iter().map(Secret::expose);
        traces.fold(text.to_owned(), |text, trace| text.replace(trace, "…"))
    }

    /// Whether [`Credential::mask`] would find anything.
    pub(crate) fn stands_in(&self, connector: &Connector, text: &str) -> bool {
        let mut traces = self.traces(connector).iter().map(Secret::expose);
        traces.any(|trace| trace.len() <= text.len() && text.contains(trace))
    }

    fn find_traces(&self, connector: &Connector) -> Vec<Secret> {
        let mut texts = Vec::new();
        for (spec, known) in connector.secrets.iter().zip(&self.values.specs) {
            let Some(value) = known.value.as_ref().map(Secret::expose) else {
                continue;
            };
            let groups = spec
                .pattern
                .iter()
                .flat_map(|pattern| pattern.capture_names());
            let parts = groups.flatten().filter_map(|group| spec.part(value, group));
            let parts = parts.filter(|part| forms::CHARS_MIN <= part.chars().count());
            texts.extend(parts.chain([value]));
        }
        forms::of(texts)
    }
}

impl Proof {
    /// Whether it puts a header of this name over the caller's in every attempt.
    pub(crate) fn replaces(&self, name: &HeaderName) -> bool {
        match self {
            Self::Headers(headers) => headers.iter().any(|(ours, _)| ours == name),
            Self::Token(_) => *name == header::AUTHORIZATION,
            Self::Query { .. } | Self::Hmac(_) | Self::Sigv4(_) => false,
        }
    }

    /// Takes out the caller's headers in whose place it puts ours.
    pub(crate) fn take_out(&self, headers: &mut HeaderMap) {
        match self {
            Self::Headers(ours) => {
                for (name, _) in ours {
                    headers.remove(name);
                }
            }
            Self::Token(_) => {
                headers.remove(header::AUTHORIZATION);
            }
            Self::Query { .. } | Self::Hmac(_) | Self::Sigv4(_) => {}
        }
    }

    /// Whether the whole body must be there before the request can be signed.
    pub(crate) fn covers_body(&self) -> bool {
        match self {
            Self::Hmac(signer) => signer.covers_body(),
            Self::Sigv4(_) => true,
            Self::Headers(_) | Self::Query { .. } | Self::Token(_) => false,
        }
    }
}

/// A header's value that nobody may see.
fn sensitive(text: String, env: &str) -> Result<HeaderValue, SecretError> {
    let mut value = HeaderValue::try_from(text).map_err(|_| SecretError::Unusable {
        env: env.to_owned(),
        place: "what was found".to_owned(),
    })?;
    value.set_sensitive(true);
    Ok(value)
}

/// Makes proofs of a connector's secrets.
struct Maker<'a> {
    connector: &'a Connector,
    values: &'a Values,
    tokening: &'a Tokening,
}

impl Maker<'_> {
    fn make(&self, auth: &Auth) -> Result<Proof, SecretError> {
        let value = |place: usize| self.values.get(place);
        Ok(match auth {
            Auth::Bearer { secret, word } => {
                let text = format!("{word} {}", value(*secret)?);
                Proof::Headers(vec![(header::AUTHORIZATION, self.header(text, *secret)?)])
            }
            Auth::Header { name, secret } => {
                let text = value(*secret)?.to_owned();
                Proof::Headers(vec![(name.clone(), self.header(text, *secret)?)])
            }
            Auth::Basic { username, password } => {
                let pair = format!("{}:{}", value(*username)?, value(*password)?);
                let text = format!("Basic {}", STANDARD.encode(pair));
                Proof::Headers(vec![(header::AUTHORIZATION, self.header(text, *password)?)])
            }
            Auth::Headers { set } => Proof::Headers(self.headers(set)?),
            Auth::Query { name, secret } => Proof::Query {
                name: name.clone(),
                value: Secret::new(value(*secret)?),
            },
            Auth::Hmac(spec) => Proof::Hmac(Box::new(Signer::new(
                spec,
                value(spec.secret)?,
                self.headers(&spec.headers)?,
            ))),
            Auth::AwsSigv4(spec) => Proof::Sigv4(Sigv4 {
                access_key: Secret::new(value(spec.access_key)?),
                secret_key: Secret::new(value(spec.secret_key)?),
                session_token: match spec.session_token {
                    Some(place) if self.values.is_known(place) => Some(Secret::new(value(place)?)),
                    Some(_) | None => None,
                },
                region: self.values.fill(self.connector, &spec.region)?,
                service: self.values.fill(self.connector, &spec.service)?,
            }),
            Auth::ClientCredentials(spec) => match self.tokening {
                Tokening::MadeUp => made_up()?,
                Tokening::Asked(instead) => Proof::Token(Tokens::new(grant::of_client(
                    spec,
                    value(spec.client_id)?,
                    value(spec.client_secret)?,
                    instead.as_ref(),
                ))),
            },
            Auth::ServiceAccount {
                secret,
                scopes,
                token_url,
            } => match self.tokening {
                Tokening::MadeUp => made_up()?,
                Tokening::Asked(instead) => {
                    let url = instead.as_ref().unwrap_or(token_url);
                    let unusable = |reason| SecretError::KeyFile {
                        env: self.env(*secret),
                        reason,
                    };
                    let grant = grant::of_service_account(value(*secret)?, scopes, url);
                    Proof::Token(Tokens::new(grant.map_err(unusable)?))
                }
            },
            Auth::AnyOf(ways) => {
                let known = auth.chosen(|place| self.values.is_known(place));
                // Without any, the first says what is missing.
                match known.or(ways.first()) {
                    Some(way) => self.make(way)?,
                    None => Proof::Headers(Vec::new()),
                }
            }
            Auth::None => Proof::Headers(Vec::new()),
        })
    }

    fn headers(
        &self,
        set: &[(HeaderName, SecretText)],
    ) -> Result<Vec<(HeaderName, HeaderValue)>, SecretError> {
        let filled = set.iter().map(|(name, text)| {
            let place = text.secrets().next().unwrap_or_default();
            let text = self.values.fill(self.connector, text)?;
            Ok((name.clone(), self.header(text, place)?))
        });
        filled.collect()
    }

    fn header(&self, text: String, of_secret: usize) -> Result<HeaderValue, SecretError> {
        sensitive(text, &self.env(of_secret))
    }

    fn env(&self, place: usize) -> String {
        let spec = self.values.specs.get(place);
        spec.map_or_else(String::new, |spec| spec.env.clone())
    }
}

fn made_up() -> Result<Proof, SecretError> {
    let value = sensitive(format!("Bearer {MADE_UP_TOKEN}"), "")?;
    Ok(Proof::Headers(vec![(header::AUTHORIZATION, value)]))
}

#[cfg(test)]
mod tests;
