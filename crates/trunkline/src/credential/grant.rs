//! What is asked of a token server, and what its answer gives. Pure.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use rustls_pki_types::PrivatePkcs8KeyDer;
use rustls_pki_types::pem::PemObject as _;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use trunkline_connector::ClientCredentials;
use trunkline_connector::compose;
use trunkline_connector::format::{ClientAuth, TokenRequest};
use trunkline_egress::{Head, Origin};
use url::Url;
use url::form_urlencoded::byte_serialize;

use super::forms;
use crate::secret::Secret;

/// How long an assertion may be used: as long as Google takes at most.
const ASSERTION_LIFETIME: Duration = Duration::from_hours(1);

/// A token whose lifetime nobody says is asked for anew after this time.
const LIFETIME_UNSAID: Duration = Duration::from_mins(5);

/// How much of a server's own words is quoted.
const SAID_CHARS_MAX: usize = 200;

const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/// What entitles us to a token.
#[derive(Debug)]
pub(crate) struct Grant {
    url: Url,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Client {
        authorization: Option<HeaderValue>,
        content_type: HeaderValue,
        /// Holds the client's password where the server wants it there.
        body: Secret,
        /// Its id and its password, in each form in which a server could repeat them.
        secrets: Vec<Secret>,
    },
    ServiceAccount(Box<Account>),
}

#[derive(Debug)]
struct Account {
    email: String,
    key_id: Option<String>,
    key: RsaKeyPair,
    scope: String,
}

/// A token request.
pub(super) struct GrantRequest {
    pub(super) origin: Origin,
    pub(super) head: Head,
    pub(super) body: Vec<u8>,
    /// What it proves itself with: a server that repeats it must not be quoted.
    pub(super) secrets: Vec<Secret>,
}

/// A token, and how long it lives.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Granted {
    pub(super) authorization: HeaderValue,
    pub(super) lifetime: Duration,
}

/// Why there is no token.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum GrantError {
    /// The key does not sign.
    #[error("nothing can be signed with the service account's key")]
    Key,
    /// The address cannot be called.
    #[error("the token address cannot be called")]
    Address,
    /// The server refused.
    #[error("the token server answered {status}{}", said.as_ref().map(|said| format!(": {said}")).unwrap_or_default())]
    Refused {
        /// Its status.
        status: StatusCode,
        /// Its own words.
        said: Option<String>,
    },
    /// The server's answer is none.
    #[error("the token server's answer has no token")]
    NoToken,
}

/// The grant of RFC 6749 section 4.4.
pub(super) fn of_client(
    spec: &ClientCredentials,
    id: &str,
    password: &str,
    instead: Option<&Url>,
) -> Grant {
    let mut fields = vec![("grant_type".to_owned(), "client_credentials".to_owned())];
    if let Some(scope) = &spec.scope {
        fields.push(("scope".to_owned(), scope.clone()));
    }
    fields.extend(spec.parameters.iter().cloned());
    let mut secrets = vec![id.to_owned(), password.to_owned()];
    let mut authorization = None;
    match spec.client_auth {
        ClientAuth::Body => {
            fields.push(("client_id".to_owned(), id.to_owned()));
            fields.push(("client_secret".to_owned(), password.to_owned()));
        }
        ClientAuth::Basic => {
            // Section 2.3.1: both are encoded as in a form first.
            let encoded = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
            let pair = format!("{}:{}", encoded(id), encoded(password));
            let value = HeaderValue::try_from(format!("Basic {}", STANDARD.encode(&pair))).ok();
            secrets.push(pair);
            authorization = value.map(|mut value| {
                value.set_sensitive(true);
                value
            });
        }
    }
    let (content_type, body) = match spec.request {
        TokenRequest::Form => (FORM, form(&fields)),
        TokenRequest::Json => {
            let fields = fields
                .into_iter()
                .map(|(name, text)| (name, Value::String(text)));
            let object: serde_json::Map<_, _> = fields.collect();
            (
                HeaderValue::from_static("application/json"),
                Value::Object(object).to_string(),
            )
        }
    };
    Grant {
        url: instead.unwrap_or(&spec.token_url).clone(),
        kind: Kind::Client {
            authorization,
            content_type,
            body: Secret::new(body),
            secrets: quotable_by_nobody(&secrets),
        },
    }
}

/// Every form of these secrets.
fn quotable_by_nobody(secrets: &[String]) -> Vec<Secret> {
    let secrets = secrets.iter().map(String::as_str);
    forms::of(secrets.filter(|secret| forms::CHARS_MIN <= secret.chars().count()))
}

const FORM: HeaderValue = HeaderValue::from_static("application/x-www-form-urlencoded");

fn form(fields: &[(String, String)]) -> String {
    let object = fields.iter();
    let object = object.map(|(name, text)| (name.clone(), Value::String(text.clone())));
    compose::encode_form(&object.collect())
}

/// The part of a service account's key file that is used. Its own token address is not: a file
/// must not choose where we send what it signs.
#[derive(Deserialize)]
struct KeyFile {
    client_email: String,
    private_key: String,
    private_key_id: Option<String>,
}

/// The grant of RFC 7523, as Google's service accounts use it.
///
/// # Errors
/// Why the key file is not what the vendor gives out. Nothing of it stands there.
pub(super) fn of_service_account(
    text: &str,
    scopes: &[String],
    url: &Url,
) -> Result<Grant, &'static str> {
    let file: KeyFile = serde_json::from_str(text)
        .map_err(|_| "it is no JSON with `client_email` and `private_key`")?;
    let der = PrivatePkcs8KeyDer::from_pem_slice(file.private_key.as_bytes())
        .map_err(|_| "its `private_key` is no PKCS #8 key in PEM")?;
    let key = RsaKeyPair::from_pkcs8(der.secret_pkcs8_der())
        .map_err(|_| "its `private_key` is no RSA key of 2048 to 4096 bits")?;
    Ok(Grant {
        url: url.clone(),
        kind: Kind::ServiceAccount(Box::new(Account {
            email: file.client_email,
            key_id: file.private_key_id,
            key,
            scope: scopes.join(" "),
        })),
    })
}

impl Grant {
    /// The host that tokens are asked for.
    pub(super) fn host(&self) -> &str {
        self.url.host_str().unwrap_or("the token server")
    }

    /// The request for a token.
    ///
    /// # Errors
    /// [`GrantError::Address`], [`GrantError::Key`]
    pub(super) fn request(&self, now: SystemTime) -> Result<GrantRequest, GrantError> {
        let origin = Origin::from_url(&self.url).map_err(|_| GrantError::Address)?;
        let target = match self.url.query() {
            Some(query) => format!("{}?{query}", self.url.path()),
            None => self.url.path().to_owned(),
        };
        let target = PathAndQuery::try_from(target).map_err(|_| GrantError::Address)?;
        let (authorization, content_type, body, secrets) = match &self.kind {
            Kind::Client {
                authorization,
                content_type,
                body,
                secrets,
            } => (
                authorization.clone(),
                content_type.clone(),
                body.expose().to_owned(),
                secrets.clone(),
            ),
            Kind::ServiceAccount(account) => {
                let assertion = account.assertion(self.url.as_str(), now)?;
                let fields = [("grant_type", JWT_BEARER), ("assertion", &assertion)];
                let fields = fields.map(|(name, text)| (name.to_owned(), text.to_owned()));
                (None, FORM, form(&fields), vec![Secret::new(assertion)])
            }
        };
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, origin.host_header().clone());
        headers.insert(header::CONTENT_TYPE, content_type);
        headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
        if let Some(authorization) = authorization {
            headers.insert(header::AUTHORIZATION, authorization);
        }
        Ok(GrantRequest {
            origin,
            head: Head {
                method: Method::POST,
                target,
                headers,
            },
            body: body.into_bytes(),
            secrets,
        })
    }
}

impl GrantError {
    /// Whether the server could not answer, rather than would not.
    pub(super) fn is_out_of_order(&self) -> bool {
        matches!(self, Self::Refused { status, .. } if status.is_server_error())
    }

    /// What to do about it.
    pub(super) fn hint(&self) -> &'static str {
        match self {
            Self::Key => "make another key for the service account",
            Self::Refused { status, .. } if is_passing(*status) => {
                "the token server is busy or out of order; ask again later"
            }
            Self::Refused { .. } => {
                "check what tokens are asked for with, id and password or key file, and that it may have this scope"
            }
            Self::Address | Self::NoToken => "check the address that tokens are asked for at",
        }
    }
}

/// Whether a token server that answers so may answer otherwise soon.
fn is_passing(status: StatusCode) -> bool {
    status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS
}

impl Account {
    /// A JWT signed with RS256 (RFC 7518 section 3.3), new for each token.
    fn assertion(&self, audience: &str, now: SystemTime) -> Result<String, GrantError> {
        let issued = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let mut head = json!({ "alg": "RS256", "typ": "JWT" });
        if let (Some(id), Some(head)) = (&self.key_id, head.as_object_mut()) {
            head.insert("kid".to_owned(), Value::String(id.clone()));
        }
        let claims = json!({
            "iss": self.email,
            "scope": self.scope,
            "aud": audience,
            "iat": issued,
            "exp": issued + ASSERTION_LIFETIME.as_secs(),
        });
        let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(head), part(claims));
        let mut signature = vec![0; self.key.public().modulus_len()];
        self.key
            .sign(
                &RSA_PKCS1_SHA256,
                &SystemRandom::new(),
                signed.as_bytes(),
                &mut signature,
            )
            .map_err(|_| GrantError::Key)?;
        Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }
}

/// What a token server answered (RFC 6749 sections 5.1 and 5.2); `secrets` are never quoted.
///
/// # Errors
/// [`GrantError::Refused`], [`GrantError::NoToken`]
pub(super) fn read(
    status: StatusCode,
    body: &[u8],
    secrets: &[Secret],
) -> Result<Granted, GrantError> {
    let answer: Answer<'_> = serde_json::from_slice(body).unwrap_or_default();
    let token = text(&answer, "access_token");
    let token = token.filter(|token| status.is_success() && !token.is_empty());
    let Some(token) = token else {
        let said = said(&answer, secrets);
        // Some servers refuse with 200 and say so in the body.
        return Err(if status.is_success() && said.is_none() {
            GrantError::NoToken
        } else {
            GrantError::Refused { status, said }
        });
    };
    let mut authorization =
        HeaderValue::try_from(format!("Bearer {token}")).map_err(|_| GrantError::NoToken)?;
    authorization.set_sensitive(true);
    Ok(Granted {
        authorization,
        lifetime: lifetime(&answer).unwrap_or(LIFETIME_UNSAID),
    })
}

/// An answer's fields. Each value is read by itself, so that an odd one spoils no other.
type Answer<'a> = BTreeMap<String, &'a RawValue>;

fn text(answer: &Answer<'_>, name: &str) -> Option<String> {
    serde_json::from_str(answer.get(name)?.get()).ok()
}

/// A number, and for some servers a text that is one. Nothing and less than nothing are no
/// lifetimes.
fn lifetime(answer: &Answer<'_>) -> Option<Duration> {
    let name = "expires_in";
    let seconds = match text(answer, name) {
        Some(text) => text.trim().parse().ok(),
        None => serde_json::from_str(answer.get(name)?.get()).ok(),
    };
    let seconds = seconds.filter(|seconds: &f64| *seconds > 0.0)?;
    Duration::try_from_secs_f64(seconds).ok()
}

/// A server's own words for its refusal.
fn said(answer: &Answer<'_>, secrets: &[Secret]) -> Option<String> {
    let words = ["error", "error_description"].map(|name| text(answer, name));
    let words: Vec<String> = words.into_iter().flatten().collect();
    // First, so that none of them hides a secret.
    let said = without_controls(&words.join(", "));
    let secrets = secrets.iter().map(|it| without_controls(it.expose()));
    let secrets = secrets.filter(|secret| !secret.is_empty());
    let said = secrets.fold(said, |said, secret| said.replace(&secret, "…"));
    let said: String = said.chars().take(SAID_CHARS_MAX).collect();
    (!said.is_empty()).then_some(said)
}

fn without_controls(text: &str) -> String {
    text.chars().filter(|it| !it.is_control()).collect()
}
