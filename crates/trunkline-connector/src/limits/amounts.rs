//! What calls take of limits: guessed before they are sent, told by their replies.

use std::num::NonZeroU32;

use serde_json::Value;

use super::pick::{self, Picked};
use super::{Limits, told};
use crate::format::Counts;

/// What a call is thought to take, before it is sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Estimate {
    /// How many bytes of a JSON body are about one token; `None` where none are counted.
    pub bytes_per_token: Option<NonZeroU32>,
    /// JSON Pointers to how many tokens the request lets be generated.
    pub tokens_out: Vec<String>,
    /// How much is taken of what is counted as `other`.
    pub other: u32,
}

/// What a call takes of everything that is counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Amounts {
    /// Requests.
    pub requests: u32,
    /// Tokens, in and out.
    pub tokens: u32,
    /// Tokens that are sent.
    pub tokens_in: u32,
    /// Tokens that are generated.
    pub tokens_out: u32,
    /// What is counted as `other`.
    pub other: u32,
}

impl Limits {
    /// What a call probably takes: one request, what `[limits.estimate]` says, and at least one of
    /// everything that answers tell of, so that nothing goes where nothing is left.
    ///
    /// `json_bytes` is the length of a JSON body and 0 for any other; `body` is that body where it is
    /// at hand. A body that is no JSON object has no tokens.
    pub fn estimate(&self, body: Option<&[u8]>, json_bytes: u64) -> Amounts {
        let estimate = &self.estimate;
        let mut amounts = Amounts {
            requests: 1,
            other: estimate.other,
            ..Amounts::default()
        };
        if body.is_none_or(pick::is_object) {
            amounts.tokens_in = estimate.tokens_in(json_bytes);
            amounts.tokens_out = body.map_or(0, |body| estimate.tokens_out(body));
            amounts.tokens = amounts.tokens_in.saturating_add(amounts.tokens_out);
        }
        for rule in &self.told {
            let amount = amounts.get_mut(rule.counts);
            *amount = (*amount).max(1);
        }
        amounts
    }

    /// Whether replies say what their calls took, so that it is worth to look.
    pub fn tells_used(&self) -> bool {
        let used = &self.used;
        [&used.tokens, &used.tokens_in, &used.tokens_out, &used.other]
            .iter()
            .any(|pointers| !pointers.is_empty())
    }

    /// What a reply, or an event of a stream, says that the call took until then; what it does not
    /// say is 0. `None` where it says nothing.
    pub fn used(&self, body: &Value) -> Option<Amounts> {
        let find = |pointers: &[String]| {
            let mut values = pointers.iter().filter_map(|pointer| body.pointer(pointer));
            values.find_map(told::whole_of_value).map(clamped)
        };
        let tokens_in = find(&self.used.tokens_in);
        let tokens_out = find(&self.used.tokens_out);
        let sum = || Some(tokens_in?.saturating_add(tokens_out?));
        let tokens = find(&self.used.tokens).or_else(sum);
        let other = find(&self.used.other);
        let is_silent = [tokens, tokens_in, tokens_out, other]
            .iter()
            .all(Option::is_none);
        (!is_silent).then(|| Amounts {
            requests: 0,
            tokens: tokens.unwrap_or_default(),
            tokens_in: tokens_in.unwrap_or_default(),
            tokens_out: tokens_out.unwrap_or_default(),
            other: other.unwrap_or_default(),
        })
    }
}

impl Estimate {
    fn tokens_in(&self, json_bytes: u64) -> u32 {
        let per_token = self.bytes_per_token;
        per_token.map_or(0, |bytes| clamped(json_bytes.div_ceil(bytes.get().into())))
    }

    fn tokens_out(&self, body: &[u8]) -> u32 {
        if self.tokens_out.is_empty() {
            return 0;
        }
        let pointers: Vec<&str> = self.tokens_out.iter().map(String::as_str).collect();
        let found = pick::scalars(body, &pointers).into_iter().flatten();
        let mut numbers = found.filter_map(Picked::number);
        numbers.next().map_or(0, clamped)
    }
}

impl Amounts {
    fn get_mut(&mut self, counts: Counts) -> &mut u32 {
        match counts {
            Counts::Requests => &mut self.requests,
            Counts::Tokens => &mut self.tokens,
            Counts::TokensIn => &mut self.tokens_in,
            Counts::TokensOut => &mut self.tokens_out,
            Counts::Other => &mut self.other,
        }
    }
}

fn clamped(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
