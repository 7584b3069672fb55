//! The IETF `RateLimit` field, and the combined form that its early drafts had.

use std::time::Duration;

/// The longest time until a spent allowance is refilled.
///
/// `"default";r=0;t=30` (draft-ietf-httpapi-ratelimit-headers, a list of RFC 9651) and
/// `limit=100, remaining=0, reset=30` (its drafts up to 08) are read; a malformed field is ignored
/// whole, as the draft asks.
pub(super) fn wait(field: &str) -> Option<Duration> {
    let mut items = Vec::new();
    let mut triple = Member::default();
    let mut reader = Reader { rest: field };
    loop {
        let member = reader.member()?;
        match member.name.as_str() {
            "remaining" => triple.remaining = member.value,
            "reset" => triple.refilled_in = member.value,
            _ => items.push(member),
        }
        reader.skip_spaces();
        if reader.rest.is_empty() {
            break;
        }
        reader.expect(',')?;
        reader.skip_spaces();
    }
    items.push(triple);
    let spent = items.into_iter().filter(|item| item.remaining == Some(0));
    spent
        .filter_map(|item| item.refilled_in)
        .max()
        .map(Duration::from_secs)
}

/// One item with its parameters, or one `name=value`.
#[derive(Default)]
struct Member {
    name: String,
    value: Option<u64>,
    remaining: Option<u64>,
    refilled_in: Option<u64>,
}

struct Reader<'a> {
    rest: &'a str,
}

impl Reader<'_> {
    fn member(&mut self) -> Option<Member> {
        let mut member = Member {
            name: self.bare()?,
            ..Member::default()
        };
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
                whole(&self.bare()?)
            } else {
                None
            };
            match key.as_str() {
                "r" => member.remaining = value,
                "t" => member.refilled_in = value,
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
