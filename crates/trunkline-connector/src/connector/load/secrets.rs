//! `[secrets]`, `[auth]` and `[caller]`: what must be known, and what must never go upstream.

use std::collections::{BTreeMap, BTreeSet};

use http::HeaderName;

use super::Folder;
use super::check::Check;
use crate::connector::{Auth, SecretSpec};
use crate::document::Path;
use crate::format::{AuthSection, CallerSection, ConnectorFile, SecretSection};
use crate::published;
use crate::template::{self, Template};
use crate::words;

pub(super) fn check(check: &mut Check<'_>, file: &ConnectorFile) -> Vec<SecretSpec> {
    let mut specs = Vec::new();
    let mut by_variable: BTreeMap<&str, &str> = BTreeMap::new();
    for (name, section) in &file.secrets {
        let path = Path::root().key("secrets").key(name);
        if !template::is_name(name) {
            let hint = "allowed: letters, digits and `_`, not beginning with a digit";
            check.refuse_with(&path, format!("`{name}` is no name for a secret"), hint);
        }
        if let Some(other) = by_variable.insert(&section.env, name) {
            let message = format!("`{}` is already the variable of `{other}`", section.env);
            check.refuse(&path.key("env"), message);
        }
        specs.push(spec(check, &path, name, section));
    }
    specs
}

fn spec(check: &mut Check<'_>, path: &Path, name: &str, section: &SecretSection) -> SecretSpec {
    if let Some(publisher) = published::publisher(&section.env) {
        let message = format!("`{}` cannot hold a secret", section.env);
        let hint = format!(
            "{publisher} copies variables of this name into pages that anybody can read; \
             name it otherwise"
        );
        check.refuse_with(&path.key("env"), message, hint);
    }
    let pattern = section.pattern.as_ref();
    let pattern = pattern.and_then(|text| check.pattern(&path.key("pattern"), text));
    let example = &section.example;
    if pattern
        .as_ref()
        .is_some_and(|pattern| !pattern.is_match(example))
    {
        let message = format!("`{example}` does not match the secret's own pattern");
        check.refuse(&path.key("example"), message);
    }
    if example.is_empty() || !example.bytes().all(|byte| byte.is_ascii_graphic()) {
        let hint = "allowed: visible ASCII characters, as every secret has";
        check.refuse_with(
            &path.key("example"),
            format!("`{example}` is no secret"),
            hint,
        );
    }
    SecretSpec {
        name: name.to_owned(),
        env: section.env.clone(),
        pattern,
        example: example.clone(),
        obtain: section.obtain.clone(),
    }
}

/// Refuses secrets that nothing uses, unless what could not be read may use them.
pub(super) fn unused(check: &mut Check<'_>, file: &ConnectorFile, folder: &Folder) {
    if folder.operations.has_gaps {
        return;
    }
    let paths = folder
        .operation_sections()
        .map(|operation| &operation.path)
        .chain(&file.caller.credential_paths);
    let templates: Vec<Template> = paths.filter_map(|path| path.parse().ok()).collect();
    let mut used: BTreeSet<&str> = templates.iter().flat_map(Template::names).collect();
    used.extend(named_by(&file.auth).into_iter().map(|(_, name)| name));
    for name in file
        .secrets
        .keys()
        .filter(|name| !used.contains(name.as_str()))
    {
        let path = Path::root().key("secrets").key(name);
        let hint = "name it in `[auth]` or in a path, or remove it";
        check.refuse_with(&path, format!("nothing uses the secret `{name}`"), hint);
    }
}

pub(super) fn auth(check: &mut Check<'_>, file: &ConnectorFile) -> Option<Auth> {
    let path = Path::root().key("auth");
    for (key, name) in named_by(&file.auth) {
        known(check, &path.key(key), name, file);
    }
    let place = |name: &String| file.secrets.keys().position(|other| other == name);
    match &file.auth {
        AuthSection::Bearer { secret } => Some(Auth::Bearer {
            secret: place(secret)?,
        }),
        AuthSection::Header { name, secret } => {
            let path = path.key("name");
            // Some APIs want the bare key as `Authorization`.
            let name = if name.eq_ignore_ascii_case("authorization") {
                http::header::AUTHORIZATION
            } else {
                check.request_header(&path, name)?
            };
            Some(Auth::Header {
                name,
                secret: place(secret)?,
            })
        }
        AuthSection::Basic { username, password } => Some(Auth::Basic {
            username: place(username)?,
            password: place(password)?,
        }),
        AuthSection::None {} => Some(Auth::None),
    }
}

/// The header that [`auth`] sets.
pub(super) fn header_of(auth: &AuthSection) -> Option<HeaderName> {
    match auth {
        AuthSection::Bearer { .. } | AuthSection::Basic { .. } => Some(http::header::AUTHORIZATION),
        AuthSection::Header { name, .. } => name.parse().ok(),
        AuthSection::None {} => None,
    }
}

pub(super) fn credential_headers(
    check: &mut Check<'_>,
    section: &CallerSection,
) -> Vec<HeaderName> {
    let path = Path::root().key("caller").key("credential_headers");
    let mut names: Vec<HeaderName> = Vec::new();
    for (index, text) in section.credential_headers.iter().enumerate() {
        let Some(name) = check.header_name(&path.index(index), text) else {
            continue;
        };
        if names.contains(&name) {
            check.refuse(&path.index(index), format!("`{text}` stands twice"));
        }
        names.push(name);
    }
    names
}

pub(super) fn credential_paths(check: &mut Check<'_>, file: &ConnectorFile) -> Vec<Template> {
    let path = Path::root().key("caller").key("credential_paths");
    let mut templates = Vec::new();
    for (index, text) in file.caller.credential_paths.iter().enumerate() {
        let path = path.index(index);
        let Some(template) = check.template(&path, text) else {
            continue;
        };
        if template.names().next().is_none() {
            check.refuse_with(
                &path,
                format!("`{text}` has no part"),
                "write a secret's name in braces",
            );
        }
        for name in template.names() {
            known(check, &path, name, file);
        }
        templates.push(template);
    }
    templates
}

/// The secrets that `[auth]` names, by the key that names them.
fn named_by(auth: &AuthSection) -> Vec<(&'static str, &str)> {
    match auth {
        AuthSection::Bearer { secret } | AuthSection::Header { secret, .. } => {
            vec![("secret", secret)]
        }
        AuthSection::Basic { username, password } => {
            vec![("username", username), ("password", password)]
        }
        AuthSection::None {} => Vec::new(),
    }
}

fn known(check: &mut Check<'_>, path: &Path, name: &str, file: &ConnectorFile) {
    if !file.secrets.contains_key(name) {
        let hint = words::allowed(name, file.secrets.keys().map(String::as_str));
        check.refuse_with(path, format!("`[secrets]` has no `{name}`"), hint);
    }
}
