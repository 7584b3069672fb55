//! Reads the fields that speak to some caches only: RFC 9213, as Structured Fields.

use std::convert::Infallible;

use http::header::{HeaderMap, HeaderName};
use sfv::visitor::{
    DictionaryVisitor, EntryVisitor, Ignored, InnerListVisitor, ItemVisitor, ParameterVisitor,
};
use sfv::{BareItemFromInput, KeyRef, Parser};

use crate::directive::{Directive, ResponseDirectives};
use crate::number;

/// RFC 9213 §2.2: the target list, most applicable first.
pub(crate) static FIELDS: [HeaderName; 2] = [
    HeaderName::from_static("trunkline-cache-control"),
    HeaderName::from_static("cdn-cache-control"),
];

/// The directives of the first targeted field that is valid and not empty.
///
/// Where there is one, `Cache-Control` and `Expires` must be ignored (RFC 9213 §2.2), a
/// `no-store` among them; where there is none, they hold as if no such field had been sent.
pub(crate) fn read(headers: &HeaderMap) -> Option<ResponseDirectives> {
    // Hardly any answer has one, and a look at all names costs less than two look-ups.
    if !headers.keys().any(|name| FIELDS.contains(name)) {
        return None;
    }
    FIELDS.iter().find_map(|name| read_field(headers, name))
}

fn read_field(headers: &HeaderMap, name: &HeaderName) -> Option<ResponseDirectives> {
    let mut lines = headers.get_all(name).iter();
    let mut text = lines.next()?.as_bytes().to_vec();
    for line in lines {
        // RFC 9651 §4.2: several lines are one value.
        text.extend_from_slice(b", ");
        text.extend_from_slice(line.as_bytes());
    }
    let entries = Parser::new(&text)
        .parse_dictionary_with_visitor(Entries::default())
        .ok()?;
    if entries.is_empty {
        return None;
    }
    let mut read = ResponseDirectives::default();
    for (directive, value) in entries.known {
        take(&mut read, directive, value)?;
    }
    Some(read)
}

/// Notes one member; `None` if the whole field is to be passed over.
///
/// RFC 9213 §2.1 says not to consume values of the wrong type. A time of the wrong type
/// makes the field invalid, so that `Cache-Control` decides; a restriction holds whatever
/// value it was given, because to pass over `no-store=1` would be the bolder guess.
fn take(read: &mut ResponseDirectives, directive: Directive, value: Value) -> Option<()> {
    match (directive, value) {
        (_, Value::Boolean(false)) => {}
        (_, Value::Integer(number)) if directive.takes_seconds() => {
            // What is negative is no time, which leaves the answer stale.
            let secs = u64::try_from(number).ok();
            read.set_seconds(
                directive,
                secs.map(|secs| u32::try_from(secs).unwrap_or(number::SECONDS_MAX))
                    .map(|secs| secs.min(number::SECONDS_MAX)),
            );
        }
        (_, Value::Boolean(true) | Value::Integer(_) | Value::Text(_) | Value::Other)
            if directive.takes_seconds() =>
        {
            return None;
        }
        (Directive::Private | Directive::NoCache, Value::Text(list)) => {
            read.set_for_fields(directive, &list);
        }
        (Directive::Public | Directive::MustUnderstand | Directive::Immutable, value)
            if value != Value::Boolean(true) => {}
        (_, Value::Boolean(true) | Value::Integer(_) | Value::Text(_) | Value::Other) => {
            read.set(directive);
        }
    }
    Some(())
}

/// A member's value, as far as directives have such.
#[derive(Debug, PartialEq, Eq)]
enum Value {
    Boolean(bool),
    Integer(i64),
    Text(Vec<u8>),
    Other,
}

/// The members seen so far; of members with one key the last counts (RFC 9651 §4.2.2).
struct Entries {
    is_empty: bool,
    known: Vec<(Directive, Value)>,
}

impl Default for Entries {
    fn default() -> Self {
        Self {
            is_empty: true,
            known: Vec::new(),
        }
    }
}

impl<'de> DictionaryVisitor<'de> for Entries {
    type Out = Self;
    type Error = Infallible;

    fn entry(&mut self, key: &'de KeyRef) -> Result<impl EntryVisitor<'de>, Infallible> {
        self.is_empty = false;
        let Some(directive) = Directive::named(key.as_str().as_bytes()) else {
            return Ok(None);
        };
        self.known.retain(|(before, _)| *before != directive);
        self.known.push((directive, Value::Other));
        Ok(self.known.last_mut().map(|(_, value)| value))
    }

    fn finish(self) -> Result<Self, Infallible> {
        Ok(self)
    }
}

impl<'de> EntryVisitor<'de> for &mut Value {
    type Error = Infallible;

    fn item(self) -> Result<impl ItemVisitor<'de>, Infallible> {
        Ok(self)
    }

    fn inner_list(self) -> Result<impl InnerListVisitor<'de>, Infallible> {
        Ok(Ignored)
    }
}

impl<'de> ItemVisitor<'de> for &mut Value {
    type Out = ();
    type Error = Infallible;

    fn bare_item(
        self,
        bare_item: BareItemFromInput<'de>,
    ) -> Result<impl ParameterVisitor<'de, Out = ()>, Infallible> {
        *self = match bare_item {
            BareItemFromInput::Boolean(value) => Value::Boolean(value),
            BareItemFromInput::Integer(value) => Value::Integer(value.into()),
            BareItemFromInput::String(value) => Value::Text(value.as_str().as_bytes().to_vec()),
            BareItemFromInput::Token(value) => Value::Text(value.as_str().as_bytes().to_vec()),
            BareItemFromInput::Decimal(_)
            | BareItemFromInput::ByteSequence(_)
            | BareItemFromInput::Date(_)
            | BareItemFromInput::DisplayString(_) => Value::Other,
        };
        Ok(Ignored)
    }
}

#[cfg(test)]
mod tests;
