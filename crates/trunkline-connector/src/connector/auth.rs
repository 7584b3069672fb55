//! How a request proves who calls, checked.

use std::collections::BTreeSet;

use http::HeaderName;
use url::Url;

use crate::format::{
    ClientAuth, HmacAlgorithm, HmacEncoding, HmacItem, SignedPath, TimestampForm, TokenRequest,
};
use crate::secret_text::SecretText;

/// How a request proves who calls. Numbers are places in
/// [`Connector::secrets`](crate::Connector::secrets).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Auth {
    /// `Authorization: WORD SECRET`.
    Bearer {
        /// The token.
        secret: usize,
        /// What stands before it, usually `Bearer`.
        word: String,
    },
    /// The secret alone in a header of its own.
    Header {
        /// The header.
        name: HeaderName,
        /// Its value.
        secret: usize,
    },
    /// `Authorization: Basic base64(USERNAME:PASSWORD)`.
    Basic {
        /// The user name.
        username: usize,
        /// The password.
        password: usize,
    },
    /// Several headers at once.
    Headers {
        /// Headers and their values.
        set: Vec<(HeaderName, SecretText)>,
    },
    /// The secret in the query.
    Query {
        /// The query field.
        name: String,
        /// Its value.
        secret: usize,
    },
    /// A signature over parts of the request, made anew for each attempt.
    Hmac(Box<Hmac>),
    /// OAuth 2.0 client credentials.
    ClientCredentials(Box<ClientCredentials>),
    /// A Google service account.
    ServiceAccount {
        /// The key file's text, or the path of such a file.
        secret: usize,
        /// The scopes that are asked for.
        scopes: Vec<String>,
        /// Where tokens are asked for: always `https`.
        token_url: Url,
    },
    /// AWS Signature Version 4.
    AwsSigv4(Box<AwsSigv4>),
    /// The first of several ways whose secrets are all there. None of them is `AnyOf` itself.
    AnyOf(Vec<Self>),
    /// No credential at all.
    None,
}

/// A signature over parts of the request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hmac {
    /// The key.
    pub secret: usize,
    /// The hash.
    pub algorithm: HmacAlgorithm,
    /// How the signature is written.
    pub encoding: HmacEncoding,
    /// What is signed, in order.
    pub payload: Vec<HmacItem>,
    /// What stands between the signed parts.
    pub joined_by: String,
    /// Which path is signed.
    pub signed_path: SignedPath,
    /// What stands before the path in what is signed; without a final slash, often empty.
    pub signed_prefix: String,
    /// How the time is written.
    pub timestamp: TimestampForm,
    /// The header that carries the time.
    pub timestamp_header: HeaderName,
    /// The header that carries the signature.
    pub signature_header: HeaderName,
    /// What stands before the signature in its header.
    pub signature_prefix: String,
    /// Further headers.
    pub headers: Vec<(HeaderName, SecretText)>,
}

/// OAuth 2.0 client credentials (RFC 6749 section 4.4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientCredentials {
    /// Where tokens are asked for.
    pub token_url: Url,
    /// The client's id.
    pub client_id: usize,
    /// The client's password.
    pub client_secret: usize,
    /// The scope that is asked for.
    pub scope: Option<String>,
    /// How the token request is written.
    pub request: TokenRequest,
    /// Where it carries the client's id and password.
    pub client_auth: ClientAuth,
    /// Its further parameters.
    pub parameters: Vec<(String, String)>,
}

/// AWS Signature Version 4.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AwsSigv4 {
    /// The access key's id.
    pub access_key: usize,
    /// The secret access key.
    pub secret_key: usize,
    /// The session token, sent where it is known.
    pub session_token: Option<usize>,
    /// The region.
    pub region: SecretText,
    /// The service.
    pub service: SecretText,
}

impl Auth {
    /// The secrets that must be known for this way; of [`Auth::AnyOf`], none by itself.
    pub fn needs(&self) -> BTreeSet<usize> {
        let of_headers = |headers: &[(HeaderName, SecretText)]| -> BTreeSet<usize> {
            headers
                .iter()
                .flat_map(|(_, text)| text.secrets())
                .collect()
        };
        match self {
            Self::Bearer { secret, .. }
            | Self::Header { secret, .. }
            | Self::Query { secret, .. }
            | Self::ServiceAccount { secret, .. } => [*secret].into(),
            Self::Basic { username, password } => [*username, *password].into(),
            Self::Headers { set } => of_headers(set),
            Self::Hmac(hmac) => {
                let mut needs = of_headers(&hmac.headers);
                needs.insert(hmac.secret);
                needs
            }
            Self::ClientCredentials(client) => [client.client_id, client.client_secret].into(),
            Self::AwsSigv4(aws) => {
                let texts = aws.region.secrets().chain(aws.service.secrets());
                texts.chain([aws.access_key, aws.secret_key]).collect()
            }
            Self::AnyOf(_) | Self::None => BTreeSet::new(),
        }
    }

    /// The way that is taken: itself, or of [`Auth::AnyOf`] the first whose secrets are all known.
    pub fn chosen(&self, is_known: impl Fn(usize) -> bool) -> Option<&Self> {
        match self {
            Self::AnyOf(ways) => ways
                .iter()
                .find(|way| way.needs().into_iter().all(&is_known)),
            way => Some(way),
        }
    }

    /// Whether a secret is a key file's text, or the path of such a file.
    pub fn takes_file(&self, place: usize) -> bool {
        match self {
            Self::ServiceAccount { secret, .. } => *secret == place,
            Self::AnyOf(ways) => ways.iter().any(|way| way.takes_file(place)),
            _ => false,
        }
    }

    /// The headers that it sets.
    pub fn headers(&self) -> Vec<HeaderName> {
        use http::header::AUTHORIZATION;
        match self {
            Self::Bearer { .. }
            | Self::Basic { .. }
            | Self::ClientCredentials(_)
            | Self::ServiceAccount { .. } => vec![AUTHORIZATION],
            Self::Header { name, .. } => vec![name.clone()],
            Self::Headers { set } => set.iter().map(|(name, _)| name.clone()).collect(),
            Self::Hmac(hmac) => {
                let own = [&hmac.timestamp_header, &hmac.signature_header];
                let further = hmac.headers.iter().map(|(name, _)| name);
                own.into_iter().chain(further).cloned().collect()
            }
            Self::AwsSigv4(_) => vec![
                AUTHORIZATION,
                HeaderName::from_static("x-amz-date"),
                HeaderName::from_static("x-amz-content-sha256"),
                HeaderName::from_static("x-amz-security-token"),
            ],
            Self::AnyOf(ways) => ways.iter().flat_map(Self::headers).collect(),
            Self::Query { .. } | Self::None => Vec::new(),
        }
    }

    /// The query fields that it sets.
    pub fn query_fields(&self) -> Vec<&str> {
        match self {
            Self::Query { name, .. } => vec![name],
            Self::AnyOf(ways) => ways.iter().flat_map(Self::query_fields).collect(),
            Self::Bearer { .. }
            | Self::Header { .. }
            | Self::Basic { .. }
            | Self::Headers { .. }
            | Self::Hmac(_)
            | Self::ClientCredentials(_)
            | Self::ServiceAccount { .. }
            | Self::AwsSigv4(_)
            | Self::None => Vec::new(),
        }
    }
}
