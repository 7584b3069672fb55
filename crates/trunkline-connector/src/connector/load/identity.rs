//! `[connector]`: who the API is and where it answers.

use jiff::civil::Date;
use url::{Host, Url};

use super::check::Check;
use crate::document::Path;
use crate::format::IdentitySection;
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

/// `https`, or `http` to this machine; a host, a port if need be and a path without a final slash.
pub(super) fn base_url(check: &mut Check<'_>, section: &IdentitySection) -> Option<Url> {
    let path = Path::root().key("connector").key("base_url");
    let text = &section.base_url;
    let url = match Url::parse(text) {
        Ok(url) => url,
        Err(error) => {
            check.refuse(&path, format!("`{text}` is no address: {error}"));
            return None;
        }
    };
    let refusal = if !is_safe(&url) {
        Some((
            "has no encryption",
            "allowed: `https://`; `http://` only to 127.0.0.1 and [::1]",
        ))
    } else if !url.username().is_empty() || url.password().is_some() {
        Some((
            "carries a user name or a password",
            "credentials belong into `[secrets]`",
        ))
    } else if url.query().is_some() || url.fragment().is_some() {
        Some((
            "has a query or a fragment",
            "leave out what follows `?` or `#`",
        ))
    } else if url.path() != "/" && url.path().ends_with('/') {
        Some(("ends with `/`", "leave the final `/` out"))
    } else {
        None
    };
    match refusal {
        None => Some(url),
        Some((is, hint)) => {
            // Not the text itself: it may hold a password.
            let message = format!(
                "the address of `{}` {is}",
                url.host_str().unwrap_or_default()
            );
            check.refuse_with(&path, message, hint);
            None
        }
    }
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
