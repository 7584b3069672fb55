//! `[connector]`: who the API is and where it answers.

use jiff::civil::Date;
use url::{Host, Url};

use super::check::Check;
use crate::connector::{BaseUrl, FoundUrl, FurtherHost};
use crate::document::Path;
use crate::format::{BaseUrlSection, HostSection, IdentitySection};
use crate::name::ConnectorName;

pub(super) fn name(
    check: &mut Check<'_>,
    section: &IdentitySection,
    folder: &str,
) -> Option<ConnectorName> {
    let path = Path::root().key("connector").key("name");
    if section.name != folder {
        let message = format!(
            "the connector is called `{}` and its folder `{folder}`",
            section.name
        );
        check.refuse_with(&path, message, "give both the same name");
    }
    section
        .name
        .parse()
        .map_err(|error| check.refuse(&path, format!("{error}")))
        .ok()
}

/// One address for everybody, or where each user's own is found: one of the two.
pub(super) fn base_url(check: &mut Check<'_>, section: &IdentitySection) -> Option<BaseUrl> {
    let path = Path::root().key("connector");
    match (&section.base_url, &section.base_url_from) {
        (Some(text), None) => base_address(check, &path.key("base_url"), text).map(BaseUrl::Fixed),
        (None, Some(found)) => {
            let path = path.key("base_url_from");
            found_url(check, &path, found).map(BaseUrl::Found)
        }
        (Some(_), Some(_)) => {
            let path = path.key("base_url_from");
            let message = "`base_url` says already where the API answers";
            check.refuse_with(&path, message, "keep one of the two");
            None
        }
        (None, None) => {
            let hint = "write `base_url = \"https://…\"`, or `[connector.base_url_from]` where \
                        each user has an address";
            check.refuse_with(&path, "`connector.base_url` is missing", hint);
            None
        }
    }
}

fn found_url(check: &mut Check<'_>, path: &Path, section: &BaseUrlSection) -> Option<FoundUrl> {
    Some(FoundUrl {
        env: section.env.clone(),
        also: section.also.clone(),
        example: base_address(check, &path.key("example"), &section.example)?,
        obtain: section.obtain.clone(),
    })
}

pub(super) fn hosts(check: &mut Check<'_>, sections: &[HostSection]) -> Vec<FurtherHost> {
    let mut hosts: Vec<FurtherHost> = Vec::new();
    for (index, section) in sections.iter().enumerate() {
        let path = Path::root().key("connector").key("hosts").index(index);
        let prefix = &section.path;
        let at = path.key("path");
        if let Some(template) = check.template(&at, prefix) {
            if template.names().next().is_some() {
                check.refuse(
                    &at,
                    format!("`{prefix}` has a part; hosts belong to fixed paths"),
                );
            } else if prefix.ends_with('/') {
                check.refuse_with(
                    &at,
                    format!("`{prefix}` ends with `/`"),
                    "leave the final `/` out",
                );
            }
        }
        if hosts.iter().any(|other| other.prefix == *prefix) {
            check.refuse(&at, format!("`{prefix}` has a host already"));
        }
        let base_url = base_address(check, &path.key("base_url"), &section.base_url);
        hosts.extend(base_url.map(|base_url| FurtherHost {
            prefix: prefix.clone(),
            base_url,
            credential: section.credential,
        }));
    }
    hosts
}

/// An address that paths are put after: no query and no final slash.
fn base_address(check: &mut Check<'_>, path: &Path, text: &str) -> Option<Url> {
    let url = address(check, path, text)?;
    let refusal = if url.query().is_some() {
        ("has a query", "leave out what follows `?`")
    } else if url.path() != "/" && url.path().ends_with('/') {
        ("ends with `/`", "leave the final `/` out")
    } else {
        return Some(url);
    };
    refuse_address(check, path, &url, refusal);
    None
}

/// `https`, or `http` to this machine, without a user name or a password.
pub(super) fn address(check: &mut Check<'_>, path: &Path, text: &str) -> Option<Url> {
    let url = match Url::parse(text) {
        Ok(url) => url,
        Err(error) => {
            check.refuse(path, format!("`{text}` is no address: {error}"));
            return None;
        }
    };
    let refusal = if !is_safe(&url) {
        (
            "has no encryption",
            "allowed: `https://`; `http://` only to 127.0.0.1 and [::1]",
        )
    } else if !url.username().is_empty() || url.password().is_some() {
        (
            "carries a user name or a password",
            "credentials belong into `[secrets]`",
        )
    } else if url.fragment().is_some() {
        ("has a fragment", "leave out what follows `#`")
    } else {
        return Some(url);
    };
    refuse_address(check, path, &url, refusal);
    None
}

/// Not the text itself: it may hold a password.
fn refuse_address(check: &mut Check<'_>, path: &Path, url: &Url, (is, hint): (&str, &str)) {
    let host = url.host_str().unwrap_or_default();
    check.refuse_with(path, format!("the address of `{host}` {is}"), hint);
}

pub(super) fn checked(check: &mut Check<'_>, section: &IdentitySection) {
    if section.checked.parse::<Date>().is_err() {
        let path = Path::root().key("connector").key("checked");
        check.refuse(&path, format!("`{}` is no day", section.checked));
    }
}

fn is_safe(url: &Url) -> bool {
    let is_loopback = match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(_)) | None => false,
    };
    url.scheme() == "https" || (url.scheme() == "http" && is_loopback)
}
