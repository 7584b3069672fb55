//! What settings say of a Redis that several processes share.

use std::fmt;
use std::num::NonZeroU32;

use trunkline_connector::document::Problem;

use super::Reader;
use super::file::RedisSection;

/// What stands before the name of a variable.
const VARIABLE: &str = "env:";

/// A Redis that several processes share.
#[derive(Debug, Clone)]
pub struct Redis {
    /// Where it is.
    pub url: RedisUrl,
    /// How many processes share the limits, for while it does not tell.
    pub processes: Option<NonZeroU32>,
    /// A problem at the setting, without words.
    setting: Problem,
}

/// Where a Redis is. Its address may hold a password, so nothing shows it.
#[derive(Clone, PartialEq, Eq)]
pub enum RedisUrl {
    /// At this address.
    Address(String),
    /// At the address that this variable holds.
    Variable(String),
}

impl fmt::Debug for RedisUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(_) => f.write_str("Address(…)"),
            Self::Variable(name) => f.debug_tuple("Variable").field(name).finish(),
        }
    }
}

impl Redis {
    /// A problem with the setting; `what` continues a sentence that begins with its name.
    pub fn problem(&self, what: impl fmt::Display) -> Problem {
        let mut problem = self.setting.clone();
        problem.message = format!("{}{what}", problem.message);
        problem.hint = None;
        problem
    }
}

impl Reader<'_> {
    pub(super) fn redis(&mut self, section: &RedisSection) -> Option<Redis> {
        let path = ["redis", "url"];
        let text = section.url.as_deref()?;
        let url = match text.strip_prefix(VARIABLE) {
            None => RedisUrl::Address(text.to_owned()),
            Some(name) if is_variable(name) => RedisUrl::Variable(name.to_owned()),
            Some(name) => {
                let what = format!("names the variable `{name}`, which cannot be one");
                self.wrong(&path, what, "write it as `env:REDIS_URL`");
                return None;
            }
        };
        Some(Redis {
            url,
            processes: section.processes.and_then(NonZeroU32::new),
            setting: self.problem(&path, "", ""),
        })
    }
}

fn is_variable(name: &str) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    !name.is_empty()
        && name.bytes().all(is_letter)
        && !name.starts_with(|c: char| c.is_ascii_digit())
}
