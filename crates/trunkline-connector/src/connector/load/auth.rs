//! `[auth]`: how a request proves who calls.

use std::collections::{BTreeMap, BTreeSet};

use http::{HeaderName, HeaderValue};
use url::Url;

use super::check::Check;
use super::{identity, secrets};
use crate::connector::{Auth, AwsSigv4, ClientCredentials, Hmac};
use crate::document::{Document, Path, Problem};
use crate::format::{AuthSection, ConnectorFile};
use crate::secret_text::{self, SecretText, SecretTextError};
use crate::words;

/// What a token request has already, so that `parameters` may not set it.
const TOKEN_PARAMETERS: [&str; 4] = ["grant_type", "client_id", "client_secret", "scope"];

pub(super) fn check(check: &mut Check<'_>, file: &ConnectorFile) -> Option<Auth> {
    let mut reader = Reader { check, file };
    reader.any(&Path::root().key("auth"), &file.auth)
}

/// What is allowed and unwise.
pub(super) fn warnings(document: &Document, file: &ConnectorFile) -> Vec<Problem> {
    let mut warnings = Vec::new();
    let root = Path::root().key("auth");
    let ways = match &file.auth {
        AuthSection::AnyOf { of } => {
            let path = |(index, way)| (root.key("of").index(index), way);
            of.iter().enumerate().map(path).collect()
        }
        way => vec![(root, way)],
    };
    for (path, way) in ways {
        if let AuthSection::Query { name, .. } = way {
            let message = format!(
                "the credential goes into the query as `{name}`, and addresses end up in logs"
            );
            let hint = "use another kind if the API knows one";
            let problem = document.problem(&path.key("kind"), message);
            warnings.push(problem.with_hint(hint));
        }
    }
    warnings
}

/// The secrets that `[auth]` names.
pub(super) fn named_by(section: &AuthSection) -> Vec<String> {
    let owned = |names: &[&String]| names.iter().map(|name| (*name).clone()).collect();
    let in_texts = |texts: &BTreeMap<String, String>| -> Vec<String> {
        let names = texts.values().flat_map(|text| names_in(text));
        names.map(str::to_owned).collect()
    };
    match section {
        AuthSection::Bearer { secret, .. }
        | AuthSection::Header { secret, .. }
        | AuthSection::Query { secret, .. }
        | AuthSection::ServiceAccount { secret, .. } => owned(&[secret]),
        AuthSection::Basic { username, password } => owned(&[username, password]),
        AuthSection::Headers { set } => in_texts(set),
        AuthSection::Hmac {
            secret, headers, ..
        } => [owned(&[secret]), in_texts(headers)].concat(),
        AuthSection::ClientCredentials {
            client_id,
            client_secret,
            ..
        } => owned(&[client_id, client_secret]),
        AuthSection::AwsSigv4 {
            access_key,
            secret_key,
            session_token,
            region,
            service,
        } => {
            let texts = [region, service]
                .into_iter()
                .flat_map(|text| names_in(text));
            let texts = texts.map(str::to_owned);
            let keys = [access_key, secret_key].into_iter().chain(session_token);
            keys.cloned().chain(texts).collect()
        }
        AuthSection::AnyOf { of } => of.iter().flat_map(named_by).collect(),
        AuthSection::None {} => Vec::new(),
    }
}

/// The secrets in a text with `{secret}` parts.
fn names_in(text: &str) -> impl Iterator<Item = &str> {
    let parts = text.split('{').skip(1);
    parts.filter_map(|part| Some(secret_text::split_group(part.split_once('}')?.0).0))
}

/// Whether a secret is a key file's text, which has spaces and lines.
pub(super) fn is_key_file(section: &AuthSection, name: &str) -> bool {
    match section {
        AuthSection::ServiceAccount { secret, .. } => secret == name,
        AuthSection::AnyOf { of } => of.iter().any(|way| is_key_file(way, name)),
        AuthSection::Bearer { .. }
        | AuthSection::Header { .. }
        | AuthSection::Basic { .. }
        | AuthSection::Headers { .. }
        | AuthSection::Query { .. }
        | AuthSection::Hmac { .. }
        | AuthSection::ClientCredentials { .. }
        | AuthSection::AwsSigv4 { .. }
        | AuthSection::None {} => false,
    }
}

/// The headers that `[auth]` sets, as far as their names are right.
pub(super) fn headers_of(section: &AuthSection) -> Vec<HeaderName> {
    let authorization = || vec![http::header::AUTHORIZATION];
    match section {
        AuthSection::Bearer { .. }
        | AuthSection::Basic { .. }
        | AuthSection::ClientCredentials { .. }
        | AuthSection::ServiceAccount { .. }
        | AuthSection::AwsSigv4 { .. } => authorization(),
        AuthSection::Header { name, .. } => name.parse().into_iter().collect(),
        AuthSection::Headers { set } => set.keys().filter_map(|name| name.parse().ok()).collect(),
        AuthSection::Hmac {
            timestamp_header,
            signature_header,
            headers,
            ..
        } => {
            let names = [timestamp_header, signature_header].into_iter();
            let names = names.chain(headers.keys());
            names.filter_map(|name| name.parse().ok()).collect()
        }
        AuthSection::AnyOf { of } => of.iter().flat_map(headers_of).collect(),
        AuthSection::Query { .. } | AuthSection::None {} => Vec::new(),
    }
}

/// The query fields that `[auth]` sets.
pub(super) fn query_fields_of(section: &AuthSection) -> Vec<&str> {
    match section {
        AuthSection::Query { name, .. } => vec![name],
        AuthSection::AnyOf { of } => of.iter().flat_map(query_fields_of).collect(),
        AuthSection::Bearer { .. }
        | AuthSection::Header { .. }
        | AuthSection::Basic { .. }
        | AuthSection::Headers { .. }
        | AuthSection::Hmac { .. }
        | AuthSection::ClientCredentials { .. }
        | AuthSection::ServiceAccount { .. }
        | AuthSection::AwsSigv4 { .. }
        | AuthSection::None {} => Vec::new(),
    }
}

/// Reads `[auth]`. Every part is looked at before the first that is wrong ends it.
struct Reader<'r, 'c> {
    check: &'r mut Check<'c>,
    file: &'r ConnectorFile,
}

impl Reader<'_, '_> {
    /// A single way, or several of which the first possible one is taken.
    fn any(&mut self, path: &Path, section: &AuthSection) -> Option<Auth> {
        let AuthSection::AnyOf { of } = section else {
            return self.one(path, section);
        };
        let path = path.key("of");
        if of.len() < 2 {
            let message = "`any_of` chooses among two ways or more";
            self.check.refuse(&path, message);
        }
        let mut ways: Vec<Auth> = Vec::new();
        for (index, section) in of.iter().enumerate() {
            let path = path.index(index);
            let Some(way) = self.one(&path, section) else {
                continue;
            };
            let is_hidden = |earlier: &Auth| earlier.needs().is_subset(&way.needs());
            if ways.iter().any(is_hidden) {
                let message = "this way is never taken: one before it needs no more secrets";
                let hint = "put the way that needs more secrets first";
                self.check.refuse_with(&path, message, hint);
            }
            ways.push(way);
        }
        Some(Auth::AnyOf(ways))
    }

    fn one(&mut self, path: &Path, section: &AuthSection) -> Option<Auth> {
        match section {
            AuthSection::Bearer { secret, word } => {
                let secret = self.secret(&path.key("secret"), secret);
                self.word(&path.key("word"), word);
                Some(Auth::Bearer {
                    secret: secret?,
                    word: word.clone(),
                })
            }
            AuthSection::Header { name, secret } => {
                let secret = self.secret(&path.key("secret"), secret);
                let name = self.check.credential_header(&path.key("name"), name);
                Some(Auth::Header {
                    name: name?,
                    secret: secret?,
                })
            }
            AuthSection::Basic { username, password } => {
                let username = self.secret(&path.key("username"), username);
                let password = self.secret(&path.key("password"), password);
                Some(Auth::Basic {
                    username: username?,
                    password: password?,
                })
            }
            AuthSection::Headers { set } => Some(self.several(&path.key("set"), set)),
            AuthSection::Query { name, secret } => {
                let secret = self.secret(&path.key("secret"), secret);
                if name.is_empty() {
                    self.check
                        .refuse(&path.key("name"), "an empty text is no query field");
                }
                Some(Auth::Query {
                    name: name.clone(),
                    secret: secret?,
                })
            }
            AuthSection::Hmac { .. } => self.hmac(path, section),
            AuthSection::ClientCredentials { .. } => self.client_credentials(path, section),
            AuthSection::ServiceAccount { .. } => self.service_account(path, section),
            AuthSection::AwsSigv4 { .. } => self.aws(path, section),
            AuthSection::AnyOf { .. } => {
                let hint = "put its ways into the outer list";
                self.check
                    .refuse_with(path, "`any_of` stands in another one", hint);
                None
            }
            AuthSection::None {} => Some(Auth::None),
        }
    }

    fn several(&mut self, path: &Path, set: &BTreeMap<String, String>) -> Auth {
        if set.is_empty() {
            self.check.refuse(path, "no header is set");
        }
        let headers = self.headers(path, set);
        let has_secret = headers
            .iter()
            .any(|(_, text)| text.secrets().next().is_some());
        if !headers.is_empty() && !has_secret {
            let hint = "write a secret's name in braces; fixed headers stand in `[headers]`";
            self.check.refuse_with(path, "no header has a secret", hint);
        }
        Auth::Headers { set: headers }
    }

    fn service_account(&mut self, path: &Path, section: &AuthSection) -> Option<Auth> {
        let AuthSection::ServiceAccount {
            secret,
            scopes,
            token_url,
        } = section
        else {
            return None;
        };
        let secret = self.secret(&path.key("secret"), secret);
        self.check.distinct(&path.key("scopes"), scopes, "scope");
        let token_url = self.token_url(path, token_url);
        Some(Auth::ServiceAccount {
            secret: secret?,
            scopes: scopes.clone(),
            token_url: token_url?,
        })
    }

    fn hmac(&mut self, path: &Path, section: &AuthSection) -> Option<Auth> {
        let AuthSection::Hmac {
            secret,
            algorithm,
            encoding,
            payload,
            joined_by,
            signed_path,
            signed_prefix,
            timestamp,
            timestamp_header,
            signature_header,
            signature_prefix,
            headers,
        } = section
        else {
            return None;
        };
        let secret = self.secret(&path.key("secret"), secret);
        if payload.is_empty() {
            self.check.refuse(&path.key("payload"), "nothing is signed");
        }
        if !signed_prefix.is_empty()
            && (!signed_prefix.starts_with('/') || signed_prefix.ends_with('/'))
        {
            let message = format!("`{signed_prefix}` is no beginning of a path");
            let hint = "write it as `/api`: a slash before it and none behind";
            let path = path.key("signed_prefix");
            self.check.refuse_with(&path, message, hint);
        }
        let at = path.key("timestamp_header");
        let timestamp_header = self.check.credential_header(&at, timestamp_header);
        let at = path.key("signature_header");
        let signature_header = self.check.credential_header(&at, signature_header);
        if timestamp_header.is_some() && timestamp_header == signature_header {
            let message = "time and signature stand in the same header";
            self.check.refuse(&path.key("signature_header"), message);
        }
        let prefix = path.key("signature_prefix");
        self.check.header_value(&prefix, signature_prefix);
        let headers = self.headers(&path.key("headers"), headers);
        Some(Auth::Hmac(Box::new(Hmac {
            secret: secret?,
            algorithm: *algorithm,
            encoding: *encoding,
            payload: payload.clone(),
            joined_by: joined_by.clone(),
            signed_path: *signed_path,
            signed_prefix: signed_prefix.clone(),
            timestamp: *timestamp,
            timestamp_header: timestamp_header?,
            signature_header: signature_header?,
            signature_prefix: signature_prefix.clone(),
            headers,
        })))
    }

    fn client_credentials(&mut self, path: &Path, section: &AuthSection) -> Option<Auth> {
        let AuthSection::ClientCredentials {
            token_url,
            client_id,
            client_secret,
            scope,
            request,
            client_auth,
            parameters,
        } = section
        else {
            return None;
        };
        let token_url = identity::address(self.check, &path.key("token_url"), token_url);
        let client_id = self.secret(&path.key("client_id"), client_id);
        let client_secret = self.secret(&path.key("client_secret"), client_secret);
        for name in parameters.keys() {
            if TOKEN_PARAMETERS.contains(&name.as_str()) {
                let message = format!("`{name}` is set already");
                let path = path.key("parameters").key(name);
                self.check.refuse(&path, message);
            }
        }
        Some(Auth::ClientCredentials(Box::new(ClientCredentials {
            token_url: token_url?,
            client_id: client_id?,
            client_secret: client_secret?,
            scope: scope.clone(),
            request: *request,
            client_auth: *client_auth,
            parameters: parameters.clone().into_iter().collect(),
        })))
    }

    fn aws(&mut self, path: &Path, section: &AuthSection) -> Option<Auth> {
        let AuthSection::AwsSigv4 {
            access_key,
            secret_key,
            session_token,
            region,
            service,
        } = section
        else {
            return None;
        };
        let access_key = self.secret(&path.key("access_key"), access_key);
        let secret_key = self.secret(&path.key("secret_key"), secret_key);
        let token = session_token.as_ref();
        let token = token.map(|name| self.secret(&path.key("session_token"), name));
        let region = self.text(&path.key("region"), region);
        let service = self.text(&path.key("service"), service);
        Some(Auth::AwsSigv4(Box::new(AwsSigv4 {
            access_key: access_key?,
            secret_key: secret_key?,
            session_token: token.flatten(),
            region: region?,
            service: service?,
        })))
    }

    /// Where a service account's token is asked for: never without encryption, since the request
    /// is worth a token to whoever reads it.
    fn token_url(&mut self, path: &Path, text: &str) -> Option<Url> {
        let path = path.key("token_url");
        let url = identity::address(self.check, &path, text)?;
        if url.scheme() == "https" {
            return Some(url);
        }
        let message = "tokens of service accounts are asked for with encryption alone";
        self.check
            .refuse_with(&path, message, "allowed: `https://`");
        None
    }

    fn secret(&mut self, path: &Path, name: &str) -> Option<usize> {
        let secrets = &self.file.secrets;
        let place = secrets.keys().position(|other| other == name);
        if place.is_none() {
            let hint = words::allowed(name, secrets.keys().map(String::as_str));
            let message = format!("`[secrets]` has no `{name}`");
            self.check.refuse_with(path, message, hint);
        }
        place
    }

    fn text(&mut self, path: &Path, text: &str) -> Option<SecretText> {
        let file = self.file;
        let read = SecretText::parse(text, |name| {
            let (place, group) = secrets::find(file, name)?;
            Some((place, group.map(str::to_owned)))
        });
        match read {
            Ok(text) if HeaderValue::from_str(&text.shown()).is_ok() => Some(text),
            Ok(_) => {
                let message = format!("`{}` cannot stand in a header", text.escape_debug());
                self.check.refuse(path, message);
                None
            }
            Err(SecretTextError::Unknown(name)) => {
                secrets::known(self.check, path, &name, file);
                None
            }
            Err(error @ SecretTextError::Brace(_)) => {
                self.check.refuse(path, error.to_string());
                None
            }
        }
    }

    fn headers(
        &mut self,
        path: &Path,
        section: &BTreeMap<String, String>,
    ) -> Vec<(HeaderName, SecretText)> {
        let mut seen = BTreeSet::new();
        let mut headers = Vec::new();
        for (text, value) in section {
            let path = path.key(text);
            let value = self.text(&path, value);
            let Some(name) = self.check.credential_header(&path, text) else {
                continue;
            };
            if !seen.insert(name.as_str().to_owned()) {
                let message = format!("`{text}` stands twice; case does not tell headers apart");
                self.check.refuse(&path, message);
            }
            headers.extend(value.map(|value| (name, value)));
        }
        headers
    }

    /// What stands before a token: one word (RFC 9110 section 11.1).
    fn word(&mut self, path: &Path, word: &str) {
        let is_word = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~+!#$%&'*^`|".contains(&byte);
        if word.is_empty() || !word.bytes().all(is_word) {
            let message = format!("{word:?} is no word before a token");
            let hint = "allowed: one word, such as `Bearer`, `Token` or `Bot`";
            self.check.refuse_with(path, message, hint);
        }
    }
}
