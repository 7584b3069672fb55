//! Patterns as a sentence names what they match: nobody should have to read one.

use crate::{name, units};

/// What fits a pattern, with an example.
pub(in crate::document) fn in_words(pattern: &str) -> Option<&'static str> {
    Some(match pattern {
        units::SPAN_PATTERN => units::SPAN_WORDS,
        units::SIZE_PATTERN => units::SIZE_WORDS,
        units::CACHE_PATTERN => units::CACHE_WORDS,
        name::PATTERN => "a name of lower-case letters, digits and `-`, at most 31, such as `acme`",
        r"^[A-Z][A-Z0-9_]*$" => "a name of capital letters, digits and `_`, such as `ACME_API_KEY`",
        r"^\d{4}-\d{2}-\d{2}$" => "a day such as `2026-11-22`",
        r"^[1-5](xx|[0-9][0-9])$" => "a status such as `429`, or a class of them such as `5xx`",
        r"^[a-z][A-Za-z0-9_]*(\.[a-z][A-Za-z0-9_]*)*$" => {
            "words of letters, digits and `_`, joined by dots, such as `payment_intents.create`"
        }
        r"^[a-z0-9-]+(\.[a-z0-9-]+)+$" => "a host in lower case, such as `files.example.com`",
        r"^http://" => "an address that begins with `http://`",
        r"^https://" | r"^https?://" => "an address that begins with `https://`",
        r"^/" => "a path that begins with `/`",
        _ => return None,
    })
}
