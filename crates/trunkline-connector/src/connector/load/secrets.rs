//! `[secrets]` and `[caller]`: what must be known, and what must never go upstream.

use std::collections::{BTreeMap, BTreeSet};

use http::HeaderName;
use regex_lite::Regex;

use super::Folder;
use super::auth;
use super::check::Check;
use crate::connector::{OwnToken, SecretSpec};
use crate::document::Path;
use crate::format::{CallerSection, ConnectorFile, SecretSection};
use crate::template::{self, Template};
use crate::{published, secret_text, words};

pub(super) fn check(check: &mut Check<'_>, file: &ConnectorFile) -> Vec<SecretSpec> {
    let mut specs = Vec::new();
    let mut variables = Variables::default();
    for (name, section) in &file.secrets {
        let path = Path::root().key("secrets").key(name);
        if !template::is_name(name) {
            let hint = "allowed: letters, digits and `_`, not beginning with a digit";
            check.refuse_with(&path, format!("`{name}` is no name for a secret"), hint);
        }
        variables.claim(check, &path.key("env"), (&section.env, name));
        for (key, names) in [("also", &section.also), ("published", &section.published)] {
            for (index, variable) in names.iter().enumerate() {
                variables.claim(check, &path.key(key).index(index), (variable, name));
            }
        }
        specs.push(spec(check, &path, (name, section), file));
    }
    if let Some(section) = &file.connector.base_url_from {
        let path = Path::root().key("connector").key("base_url_from");
        variables.claim(check, &path.key("env"), (&section.env, "base_url_from"));
        for (index, variable) in section.also.iter().enumerate() {
            let path = path.key("also").index(index);
            variables.claim(check, &path, (variable, "base_url_from"));
        }
    }
    specs
}

/// Which variable holds what, so that none holds two things.
#[derive(Default)]
struct Variables<'f>(BTreeMap<&'f str, &'f str>);

impl<'f> Variables<'f> {
    fn claim(&mut self, check: &mut Check<'_>, path: &Path, (variable, owner): (&'f str, &'f str)) {
        if let Some(other) = self.0.insert(variable, owner) {
            let message = format!("`{variable}` is already the variable of `{other}`");
            check.refuse(path, message);
        }
    }
}

fn spec(
    check: &mut Check<'_>,
    path: &Path,
    (name, section): (&str, &SecretSection),
    file: &ConnectorFile,
) -> SecretSpec {
    refuse_exposed(check, &path.key("env"), &section.env);
    for (index, variable) in section.also.iter().enumerate() {
        refuse_exposed(check, &path.key("also").index(index), variable);
    }
    for (index, variable) in section.published.iter().enumerate() {
        if published::publisher(variable).is_none() {
            let hint =
                "bundlers publish `NEXT_PUBLIC_…`, `VITE_…` and the like; put others under `also`";
            let message = format!("`{variable}` is no name that bundlers publish");
            check.refuse_with(&path.key("published").index(index), message, hint);
        }
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
    let is_visible = example.bytes().all(|byte| byte.is_ascii_graphic());
    if example.is_empty() || !(is_visible || auth::is_key_file(&file.auth, name)) {
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
        also: section.also.clone(),
        published: section.published.clone(),
        need: section.need,
        pattern,
        example: example.clone(),
        obtain: section.obtain.clone(),
    }
}

fn refuse_exposed(check: &mut Check<'_>, path: &Path, variable: &str) {
    if let Some(publisher) = published::publisher(variable) {
        let message = format!("`{variable}` cannot hold a secret");
        let hint = format!(
            "{publisher} copies variables of this name into pages that anybody can read; name it \
             otherwise, or put it under `published` if the vendor declares the value public"
        );
        check.refuse_with(path, message, hint);
    }
}

/// Refuses secrets that nothing uses, unless what could not be read may use them.
pub(super) fn unused(check: &mut Check<'_>, file: &ConnectorFile, folder: &Folder) {
    if folder.operations.has_gaps {
        return;
    }
    let paths = folder
        .operation_sections()
        .filter_map(|operation| operation.path.as_ref())
        .chain(&file.caller.credential_paths);
    let templates: Vec<Template> = paths.filter_map(|path| path.parse().ok()).collect();
    let names = templates.iter().flat_map(Template::names);
    let mut used: BTreeSet<&str> = names.map(|name| secret_text::split_group(name).0).collect();
    let in_auth = auth::named_by(&file.auth);
    used.extend(in_auth.iter().map(String::as_str));
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

pub(super) fn credential_query(check: &mut Check<'_>, section: &CallerSection) -> Vec<String> {
    let fields = &section.credential_query;
    if !fields.is_empty() {
        let path = Path::root().key("caller").key("credential_query");
        check.distinct(&path, fields, "query field");
    }
    fields.clone()
}

pub(super) fn own_tokens(check: &mut Check<'_>, section: &CallerSection) -> Vec<OwnToken> {
    let path = Path::root().key("caller").key("own_tokens");
    let mut tokens = Vec::new();
    for (index, token) in section.own_tokens.iter().enumerate() {
        let path = path.index(index);
        let header = check.header_name(&path.key("header"), &token.header);
        let unless_in = check.header_name(&path.key("unless_in"), &token.unless_in);
        let at = path.key("pattern");
        if !(token.pattern.starts_with('^') && token.pattern.ends_with('$')) {
            let hint = "begin it with `^` and end it with `$`";
            check.refuse_with(&at, "the pattern must be one of the whole value", hint);
        }
        check.pattern(&at, &token.pattern);
        if let (Some(header), Some(unless_in)) = (header, unless_in) {
            tokens.extend(OwnToken::new(header, &token.pattern, unless_in));
        }
    }
    tokens
}

pub(super) fn followed_headers(check: &mut Check<'_>, section: &CallerSection) -> Vec<HeaderName> {
    let path = Path::root().key("caller").key("followed_headers");
    let headers = section.followed_headers.iter().enumerate();
    let headers = headers.filter_map(|(index, text)| check.header_name(&path.index(index), text));
    headers.collect()
}

/// The secret that `secret` or `secret.group` names, as its place, and the group.
pub(super) fn find<'n>(file: &ConnectorFile, name: &'n str) -> Option<(usize, Option<&'n str>)> {
    let (secret, group) = secret_text::split_group(name);
    let place = file.secrets.keys().position(|other| other == secret)?;
    let section = file.secrets.get(secret)?;
    let has = |group| groups_of(section).iter().any(|other| other == group);
    group.is_none_or(has).then_some((place, group))
}

/// Refuses `secret` and `secret.group` that name nothing.
pub(super) fn known(check: &mut Check<'_>, path: &Path, name: &str, file: &ConnectorFile) {
    if find(file, name).is_some() {
        return;
    }
    let (secret, group) = secret_text::split_group(name);
    let Some((section, group)) = file.secrets.get(secret).zip(group) else {
        let hint = words::allowed(secret, file.secrets.keys().map(String::as_str));
        check.refuse_with(path, format!("`[secrets]` has no `{secret}`"), hint);
        return;
    };
    let groups = groups_of(section);
    let hint = match groups.as_slice() {
        [] => "write `(?<name>…)` around the part, in the secret's `pattern`".to_owned(),
        groups => words::allowed(group, groups.iter().map(String::as_str)),
    };
    let message = format!("the pattern of `{secret}` has no group `{group}`");
    check.refuse_with(path, message, hint);
}

/// The named groups of a secret's pattern.
fn groups_of(section: &SecretSection) -> Vec<String> {
    let pattern = section.pattern.as_ref();
    let pattern = pattern.and_then(|text| Regex::new(text).ok());
    let names = pattern.iter().flat_map(Regex::capture_names);
    names.flatten().map(str::to_owned).collect()
}

/// The made-up values of secrets and of their groups, by the names that templates use.
pub(super) struct MadeUp(Option<BTreeMap<String, String>>);

impl MadeUp {
    pub(super) fn of(connector: Option<&ConnectorFile>) -> Self {
        Self(connector.map(|file| {
            let mut values = BTreeMap::new();
            for (name, section) in &file.secrets {
                values.extend(parts_of(name, section));
                values.insert(name.clone(), section.example.clone());
            }
            values
        }))
    }

    /// Any text where the file that says what is secret is not known.
    pub(super) fn value(&self, name: &str) -> Option<String> {
        match &self.0 {
            None => Some("secret".to_owned()),
            Some(values) => values.get(name).cloned(),
        }
    }
}

/// The groups of a secret's made-up value, as `secret.group`.
fn parts_of(name: &str, section: &SecretSection) -> Vec<(String, String)> {
    let pattern = section.pattern.as_ref();
    let Some(pattern) = pattern.and_then(|text| Regex::new(text).ok()) else {
        return Vec::new();
    };
    let Some(found) = pattern.captures(&section.example) else {
        return Vec::new();
    };
    let groups = pattern.capture_names().flatten();
    let parts = groups.filter_map(|group| Some((group, found.name(group)?.as_str())));
    parts
        .map(|(group, part)| (format!("{name}.{group}"), part.to_owned()))
        .collect()
}
