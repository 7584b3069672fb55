//! Addresses in an answer's headers that callers follow: they are led back to where the call came in.

#[cfg(test)]
mod tests;

use http::{HeaderMap, HeaderValue};
use trunkline_connector::Connector;
use url::Url;

use crate::installed::Installed;
use crate::pages::place::{self, Base};

/// Has each address of the API in these headers lead to `base` instead, an address without a final
/// slash under which the API's paths are taken.
///
/// What is no address of the API stays as it is, and so do all headers of a connector that declares
/// none.
pub(crate) fn lead_back(installed: &Installed, headers: &mut HeaderMap, base: &str) {
    let connector = &installed.connector;
    let Ok(bases) = place::bases(installed) else {
        return;
    };
    for name in &connector.followed_headers {
        let led = |value: &HeaderValue| {
            let text = value.to_str().ok()?;
            HeaderValue::try_from(led_back(connector, &bases, (text, base))).ok()
        };
        let values = headers.get_all(name).iter();
        let values: Option<Vec<HeaderValue>> = values.map(led).collect();
        for (place, value) in values.unwrap_or_default().into_iter().enumerate() {
            if place == 0 {
                headers.insert(name, value);
            } else {
                headers.append(name, value);
            }
        }
    }
}

/// A value as `Link` (RFC 8288 section 3) has it, each address in angle brackets.
fn led_back(connector: &Connector, bases: &[Base], (text, base): (&str, &str)) -> String {
    let mut led = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, opened)) = rest.split_once('<') {
        let Some((address, after)) = opened.split_once('>') else {
            break;
        };
        led.push_str(before);
        led.push('<');
        let url = Url::parse(address).ok();
        match url.and_then(|url| place::below(connector, bases, &url)) {
            Some(path) => {
                led.push_str(base);
                led.push_str(&path);
            }
            None => led.push_str(address),
        }
        led.push('>');
        rest = after;
    }
    led.push_str(rest);
    led
}
