//! How a request proves who calls.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

/// How a request proves who calls. Values name entries of `[secrets]`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum AuthSection {
    /// `Authorization: Bearer SECRET` (RFC 6750 section 2.1), or another word before the token.
    Bearer {
        /// The secret that is the token.
        secret: String,
        /// What stands before the token, such as `Token` or `Bot`; left out: `Bearer`.
        #[serde(default = "bearer")]
        word: String,
    },
    /// The secret alone in a header of its own, such as `x-api-key`.
    Header {
        /// The header's name.
        name: String,
        /// The secret that is its value.
        secret: String,
    },
    /// `Authorization: Basic base64(USERNAME:PASSWORD)` (RFC 7617).
    Basic {
        /// The secret that is the user name.
        username: String,
        /// The secret that is the password.
        password: String,
    },
    /// Several headers at once.
    Headers {
        /// Header names and their values, texts with `{secret}` parts.
        set: BTreeMap<String, String>,
    },
    /// The secret in the query. Addresses end up in logs: only where the API has no other way.
    Query {
        /// The query field's name. The caller's own field of that name is removed.
        name: String,
        /// The secret that is its value.
        secret: String,
    },
    /// A signature over parts of the request, made anew for each attempt (RFC 2104).
    Hmac {
        /// The secret that is the key of the signature.
        secret: String,
        /// The hash; left out: `sha256`.
        #[serde(default)]
        algorithm: HmacAlgorithm,
        /// How the signature is written; left out: `hex`.
        #[serde(default)]
        encoding: HmacEncoding,
        /// What is signed, in order; left out: `method`, `path`, `timestamp`, `body`.
        #[serde(default = "hmac_payload")]
        payload: Vec<HmacItem>,
        /// What stands between the signed parts; left out: a line feed.
        #[serde(default = "line_feed")]
        joined_by: String,
        /// Which path is signed; left out: `path`.
        #[serde(default)]
        signed_path: SignedPath,
        /// What stands before the path in what is signed, such as `/api`, for APIs that sign another
        /// path than the one they are called at.
        #[serde(default)]
        signed_prefix: String,
        /// How the time is written, in the payload and in its header; left out: `unix_s`.
        #[serde(default)]
        timestamp: TimestampForm,
        /// The header that carries the time; left out: `x-timestamp`.
        #[serde(default = "timestamp_header")]
        timestamp_header: String,
        /// The header that carries the signature; left out: `x-signature`.
        #[serde(default = "signature_header")]
        signature_header: String,
        /// What stands before the signature in its header, such as `sha256=`.
        #[serde(default)]
        signature_prefix: String,
        /// Further headers, texts with `{secret}` parts.
        #[serde(default)]
        headers: BTreeMap<String, String>,
    },
    /// OAuth 2.0 client credentials (RFC 6749 section 4.4): a token is asked for and kept.
    ClientCredentials {
        /// Where tokens are asked for.
        token_url: String,
        /// The secret that is the client's id.
        client_id: String,
        /// The secret that is the client's password.
        client_secret: String,
        /// The scope that is asked for.
        scope: Option<String>,
        /// How the token request is written; left out: `form`.
        #[serde(default)]
        request: TokenRequest,
        /// Where the token request carries the client's id and password; left out: `basic`.
        #[serde(default)]
        client_auth: ClientAuth,
        /// Further parameters of the token request, such as `audience`.
        #[serde(default)]
        parameters: BTreeMap<String, String>,
    },
    /// A Google service account: a token is asked for with an RS256 JWT (RFC 7523) and kept.
    ServiceAccount {
        /// The secret that is the JSON key file's text, or the path of such a file.
        secret: String,
        /// The scopes that are asked for.
        scopes: Vec<String>,
        /// Where tokens are asked for, whatever the key file says.
        token_url: String,
    },
    /// AWS Signature Version 4, made anew for each attempt.
    AwsSigv4 {
        /// The secret that is the access key's id.
        access_key: String,
        /// The secret that is the secret access key.
        secret_key: String,
        /// The secret that is the session token, sent where it is known.
        session_token: Option<String>,
        /// The region, a text with `{secret}` parts.
        region: String,
        /// The service, a text with `{secret}` parts.
        service: String,
    },
    /// The first of several ways whose secrets are all there.
    AnyOf {
        /// The ways, in order. None of them is `any_of` itself.
        of: Vec<AuthSection>,
    },
    /// The API asks for no credential.
    None {},
}

/// The hash of a signature.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum HmacAlgorithm {
    /// SHA-256
    #[default]
    Sha256,
    /// SHA-512
    Sha512,
    /// SHA-1
    Sha1,
}

/// How a signature is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum HmacEncoding {
    /// Lower-case hexadecimal digits.
    #[default]
    Hex,
    /// Base64 with padding.
    Base64,
}

/// One part of what is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum HmacItem {
    /// The method, in capitals.
    Method,
    /// The path, as `signed_path` says.
    Path,
    /// The time, as in its header.
    Timestamp,
    /// The body's bytes.
    Body,
    /// The body's SHA-256 in hexadecimal digits.
    BodySha256,
    /// The host, with its port where that is not the usual one.
    Host,
}

/// Which path is signed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SignedPath {
    /// The path as sent, without the query.
    #[default]
    Path,
    /// Path and query as sent.
    PathAndQuery,
}

/// How a time is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TimestampForm {
    /// Unix time in seconds.
    #[default]
    UnixS,
    /// Unix time in milliseconds.
    UnixMs,
    /// RFC 3339, to the second, in UTC.
    Rfc3339,
}

/// How a token request is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TokenRequest {
    /// As a form, as the standard says.
    #[default]
    Form,
    /// As a JSON object.
    Json,
}

/// Where a token request carries the client's id and password.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ClientAuth {
    /// In `Authorization: Basic`.
    #[default]
    Basic,
    /// In the body.
    Body,
}

fn bearer() -> String {
    "Bearer".to_owned()
}

fn hmac_payload() -> Vec<HmacItem> {
    vec![
        HmacItem::Method,
        HmacItem::Path,
        HmacItem::Timestamp,
        HmacItem::Body,
    ]
}

fn line_feed() -> String {
    "\n".to_owned()
}

fn timestamp_header() -> String {
    "x-timestamp".to_owned()
}

fn signature_header() -> String {
    "x-signature".to_owned()
}
