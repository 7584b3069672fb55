//! Reads the parameters of a query, each of which may stand there once.

use trunkline::{Error, ErrorKind};
use url::form_urlencoded;

/// That there are no parameters.
pub(super) fn none(query: &str) -> Result<(), Error> {
    read(query, &[], |_, _| Ok(()))
}

/// Reads every parameter, of those that are `allowed`.
pub(super) fn read(
    query: &str,
    allowed: &[&str],
    mut read: impl FnMut(&str, String) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut seen = Vec::new();
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        if !allowed.contains(&&*name) {
            let shown: String = name.chars().take(80).collect();
            let message = format!("there is no parameter `{shown}` here");
            let hint = match allowed {
                [] => "leave the query out".to_owned(),
                _ => format!("allowed are {}", allowed.join(", ")),
            };
            return Err(Error::new(ErrorKind::BadInput, message).with_hint(hint));
        }
        if seen.contains(&name) {
            let message = format!("`{name}` stands twice");
            return Err(Error::new(ErrorKind::BadInput, message).with_hint("say it once"));
        }
        read(&name, value.into_owned())?;
        seen.push(name);
    }
    Ok(())
}

/// That a parameter has a value that it cannot have.
pub(super) fn wrong(name: &str, value: &str, allowed: &str) -> Error {
    let shown: String = value.chars().take(80).collect();
    let message = format!("`{name}` is `{shown}`, which it cannot be");
    Error::new(ErrorKind::BadInput, message).with_hint(format!("allowed is {allowed}"))
}
