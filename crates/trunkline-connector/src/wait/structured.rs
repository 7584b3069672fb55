//! The IETF `RateLimit` fields, and the combined form that early drafts had.

use std::time::Duration;

/// What a `RateLimit` or `RateLimit-Policy` field says.
#[derive(Debug, Default)]
pub(crate) struct Field {
    /// The items of the list, in order.
    pub(crate) items: Vec<Item>,
    /// `limit=100, remaining=0, reset=30`, as drafts up to 07 had it.
    pub(crate) combined: Combined,
}

/// One policy, or what is left of it.
#[derive(Debug, Default)]
pub(crate) struct Item {
    /// Its name, a quoted one with its first quotation mark.
    pub(crate) name: String,
    /// `r`: how much is left.
    pub(crate) remaining: Option<u64>,
    /// `t`: in how many seconds it comes back.
    pub(crate) refilled_in: Option<u64>,
    /// `q`: how much there can be.
    pub(crate) quota: Option<u64>,
    /// `qu`: what is counted.
    pub(crate) quota_unit: Option<String>,
}

/// The combined form.
#[derive(Debug, Default)]
pub(crate) struct Combined {
    /// How much there can be.
    pub(crate) limit: Option<u64>,
    /// How much is left.
    pub(crate) remaining: Option<u64>,
    /// In how many seconds it comes back.
    pub(crate) refilled_in: Option<u64>,
}

/// The longest time until a spent allowance is refilled.
pub(super) fn wait(field: &str) -> Option<Duration> {
    let field = parse(field)?;
    let items = field.items.iter();
    let told = items.map(|item| (item.remaining, item.refilled_in));
    let combined = (field.combined.remaining, field.combined.refilled_in);
    let spent = told
        .chain([combined])
        .filter(|(remaining, _)| *remaining == Some(0));
    spent
        .filter_map(|(_, refilled_in)| refilled_in)
        .max()
        .map(Duration::from_secs)
}

/// Reads a field: `"default";r=0;t=30` (draft-ietf-httpapi-ratelimit-headers, a list of RFC 9651)
/// and the combined form. A malformed one is ignored whole, as the draft asks.
pub(crate) fn parse(text: &str) -> Option<Field> {
    let mut field = Field::default();
    let mut reader = Reader { rest: text };
    loop {
        let member = reader.member()?;
        match member.item.name.as_str() {
            "limit" => field.combined.limit = member.value,
            "remaining" => field.combined.remaining = member.value,
            "reset" => field.combined.refilled_in = member.value,
            _ => field.items.push(member.item),
        }
        reader.skip_spaces();
        if reader.rest.is_empty() {
            return Some(field);
        }
        reader.expect(',')?;
        reader.skip_spaces();
    }
}

/// One item with its parameters, or one `name=value`.
#[derive(Default)]
struct Member {
    item: Item,
    value: Option<u64>,
}

struct Reader<'a> {
    rest: &'a str,
}

impl Reader<'_> {
    fn member(&mut self) -> Option<Member> {
        let mut member = Member::default();
        member.item.name = self.bare()?;
        if self.take('=') {
            member.value = whole(&self.bare()?);
        }
        loop {
            self.skip_spaces();
            if !self.take(';') {
                return Some(member);
            }
            self.skip_spaces();
            let key = self.bare()?;
            // A parameter without a value is `?1`.
            let value = if self.take('=') {
                Some(self.bare()?)
            } else {
                None
            };
            let number = value.as_deref().and_then(whole);
            match key.as_str() {
                "r" => member.item.remaining = number,
                "t" => member.item.refilled_in = number,
                "q" => member.item.quota = number,
                "qu" => member.item.quota_unit = value.map(unquoted),
                _ => {}
            }
        }
    }

    /// A quoted string, or the text up to the next delimiter; never empty.
    fn bare(&mut self) -> Option<String> {
        if !self.take('"') {
            let end = self
                .rest
                .find([' ', '\t', ',', ';', '=', '"'])
                .unwrap_or(self.rest.len());
            // A byte sequence, `:cGs=:`, has `=` within.
            let end = match self.rest.strip_prefix(':') {
                Some(after) => after.find(':')? + 2,
                None => end,
            };
            let (text, rest) = self.rest.split_at_checked(end)?;
            self.rest = rest;
            return Some(text.to_owned()).filter(|text| !text.is_empty());
        }
        let mut text = String::from("\"");
        let mut characters = self.rest.chars();
        loop {
            match characters.next()? {
                '"' => break,
                '\\' => text.push(characters.next()?),
                other => text.push(other),
            }
        }
        self.rest = characters.as_str();
        Some(text)
    }

    fn expect(&mut self, wanted: char) -> Option<()> {
        self.take(wanted).then_some(())
    }

    fn take(&mut self, wanted: char) -> bool {
        let rest = self.rest.strip_prefix(wanted);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn skip_spaces(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\t']);
    }
}

/// A structured integer has at most 15 digits (RFC 9651 section 3.3.1).
fn whole(text: &str) -> Option<u64> {
    let is_whole = text.len() <= 15 && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| is_whole)
}

fn unquoted(text: String) -> String {
    match text.strip_prefix('"') {
        Some(within) => within.to_owned(),
        None => text,
    }
}
