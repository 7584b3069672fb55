//! What is asked of the engine, and what it gives back.

use std::collections::BTreeMap;
use std::fmt;
use std::num::{NonZeroU32, NonZeroU64};
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use trunkline_connector::format::Class;
use trunkline_connector::units::Span;
use trunkline_connector::{ConnectorName, Inputs};
use trunkline_egress::Body;
use trunkline_store::Key;

use crate::config::Keep;
use crate::error::{Error, ErrorKind};
use crate::explain::Explanation;
pub use crate::reply::ReplyBody;

/// One request for an operation, retries included.
#[derive(Debug)]
pub struct Call {
    /// Which API.
    pub connector: ConnectorName,
    /// What of it.
    pub target: Target,
    /// Headers to send on. Credentials among them are dropped, whatever their shape.
    pub headers: HeaderMap,
    /// The body, for calls by path.
    pub body: Body,
    /// The files that inputs name, for calls by operation.
    pub files: Files,
    /// How to make it.
    pub options: Options,
}

/// Where the files are that a call brings, by the names that its inputs have for them. An input is
/// data, perhaps a stranger's, and can name no other file.
pub type Files = BTreeMap<String, PathBuf>;

/// What is called.
#[derive(Debug, Clone)]
pub enum Target {
    /// An operation by its name.
    Operation {
        /// The name, such as `chat.completions.create`.
        name: String,
        /// Its inputs.
        inputs: Inputs,
    },
    /// A path below the connector's base address, passed on byte for byte.
    Path {
        /// The method.
        method: Method,
        /// Path and query.
        path_and_query: PathAndQuery,
    },
}

impl Call {
    /// A call of an operation by its name.
    pub fn operation(connector: ConnectorName, name: impl Into<String>, inputs: Inputs) -> Self {
        Self::new(
            connector,
            Target::Operation {
                name: name.into(),
                inputs,
            },
        )
    }

    /// A call of a path below the connector's base address.
    pub fn path(connector: ConnectorName, method: Method, path_and_query: PathAndQuery) -> Self {
        Self::new(
            connector,
            Target::Path {
                method,
                path_and_query,
            },
        )
    }

    fn new(connector: ConnectorName, target: Target) -> Self {
        Self {
            connector,
            target,
            headers: HeaderMap::new(),
            body: Body::Empty,
            files: Files::new(),
            options: Options::default(),
        }
    }
}

/// Who asks, as far as callers are told apart: each has limits, a place in line and kept answers of
/// its own.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub enum Caller {
    /// Whoever reaches the engine, or the gateway's main listener.
    #[default]
    Anyone,
    /// Whoever reaches the listener of this connector.
    Listener(ConnectorName),
    /// Somebody whom an app tells apart from others.
    Named(Arc<str>),
}

impl fmt::Display for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Anyone => f.write_str("anyone"),
            Self::Listener(connector) => write!(f, "listener {connector}"),
            Self::Named(name) => write!(f, "named {name}"),
        }
    }
}

/// How to make a call. The default is what the connector and the settings say.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Who asks.
    pub caller: Caller,
    /// Whose credentials to use.
    pub connection: Option<String>,
    /// Whether its answer is kept, in place of what the settings say.
    pub cache: Option<Keep>,
    /// How long the whole call may take, retries and body included.
    pub timeout: Option<Duration>,
    /// HTTP exchanges in all.
    pub attempts_max: Option<NonZeroU32>,
    /// What to do with a reply that is not what the operation promises.
    pub validate: Validate,
    /// How much of a reply is held back for the connector's rules.
    pub judge_by: JudgeBy,
    /// What the sandbox is to do wrong.
    pub fault: Option<Fault>,
    /// How many pages the caller wants to have read. It is for whoever chooses between
    /// [`Trunkline::pages`](crate::Trunkline::pages) and one call.
    pub paginate: Option<Paginate>,
}

/// How much of a reply's JSON is held back, so that the connector's rules see whether it is an error
/// in a 200. Rules that look at the status alone need none of it, and most connectors have no others.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum JudgeBy {
    /// Bodies of up to 64 KiB; a longer one passes unseen, and at once.
    #[default]
    Beginning,
    /// Bodies of up to 32 MiB, for callers who want the whole of it anyway.
    Whole,
}

/// How many pages are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Paginate {
    /// As many as there are.
    All,
    /// No more than this.
    UpTo(NonZeroU64),
}

impl Paginate {
    /// The most pages that are read.
    pub fn pages_max(self) -> Option<NonZeroU64> {
        match self {
            Self::All => None,
            Self::UpTo(pages) => Some(pages),
        }
    }
}

/// What to do with a reply that is not what the operation promises.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Validate {
    /// Do not look.
    Off,
    /// Say so beside the reply.
    #[default]
    Report,
    /// Answer with an error instead.
    Enforce,
}

/// What the sandbox is to do wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Refuse the credential.
    Unauthorized,
    /// Say that there were too many calls.
    RateLimited,
    /// Be out of order.
    Unavailable,
    /// Take its time.
    Slow,
    /// Break off in the middle of the answer.
    Cut,
}

impl Fault {
    /// As it stands in the header `Trunkline-Sandbox`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unauthorized => "401",
            Self::RateLimited => "429",
            Self::Unavailable => "503",
            Self::Slow => "slow",
            Self::Cut => "cut",
        }
    }
}

impl Options {
    /// Reads our own request headers, all of which begin with `Trunkline-`.
    ///
    /// # Errors
    /// [`ErrorKind::BadHeader`], naming the header, its value and what is allowed.
    pub fn from_headers(headers: &HeaderMap) -> Result<Self, Error> {
        let mut options = Self::default();
        for (name, value) in headers {
            if is_ours(name.as_str()) {
                if headers.get_all(name).iter().nth(1).is_some() {
                    let message = format!("`{name}` is there more than once");
                    return Err(Error::new(ErrorKind::BadHeader, message).with_hint("say it once"));
                }
                options.read(name.as_str(), text(name, value)?)?;
            }
        }
        Ok(options)
    }

    fn read(&mut self, name: &str, value: &str) -> Result<(), Error> {
        match name {
            "trunkline-connection" => self.connection = Some(value.to_owned()),
            "trunkline-timeout" => {
                let span = value
                    .parse::<Span>()
                    .ok()
                    .filter(|span| !span.0.is_zero())
                    .ok_or_else(|| wrong(name, value, "a time such as `500ms`, `10s` or `2m`"))?;
                self.timeout = Some(span.0);
            }
            "trunkline-retry" => self.attempts_max = Some(attempts(name, value)?),
            "trunkline-validate" => self.validate = value.parse()?,
            "trunkline-sandbox" => self.fault = Some(value.parse()?),
            "trunkline-cache" => self.cache = Some(keep(name, value)?),
            "trunkline-paginate" => self.paginate = Some(value.parse()?),
            "trunkline-key" => {
                let message = format!("this version of Trunkline cannot do what `{name}` asks for");
                return Err(Error::new(ErrorKind::BadHeader, message)
                    .with_hint("leave the header out, or use a version that has it"));
            }
            _ => {
                let message = format!("there is no header `{name}`");
                return Err(Error::new(ErrorKind::BadHeader, message).with_hint(
                    "known are Trunkline-Connection, -Timeout, -Retry, -Cache, -Paginate, -Validate and -Sandbox",
                ));
            }
        }
        Ok(())
    }
}

/// Whether a header is one of ours, addressed to us and to nobody else.
pub(crate) fn is_ours(name: &str) -> bool {
    name.starts_with("trunkline-")
}

fn text<'a>(name: &HeaderName, value: &'a HeaderValue) -> Result<&'a str, Error> {
    value
        .to_str()
        .map(str::trim)
        .map_err(|_| wrong(name.as_str(), "…", "plain ASCII text"))
}

fn attempts(name: &str, value: &str) -> Result<NonZeroU32, Error> {
    if value == "off" {
        return Ok(NonZeroU32::MIN);
    }
    value
        .parse()
        .ok()
        .filter(|attempts: &NonZeroU32| attempts.get() <= 10)
        .ok_or_else(|| wrong(name, value, "`off` or a number of attempts from 1 to 10"))
}

/// A caller may have answers kept or not, for a time; that the upstream's headers decide is the
/// settings' to say.
fn keep(name: &str, value: &str) -> Result<Keep, Error> {
    let keep = Keep::read(value).filter(|keep| *keep != Keep::Headers);
    keep.ok_or_else(|| wrong(name, value, "`off` or a time such as `60s` or `5m`"))
}

fn wrong(name: &str, value: &str, allowed: &str) -> Error {
    Error::new(
        ErrorKind::BadHeader,
        format!("`{name}` is `{value}`, which it cannot be"),
    )
    .with_hint(format!("allowed is {allowed}"))
}

impl FromStr for Validate {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        match text {
            "off" => Ok(Self::Off),
            "report" => Ok(Self::Report),
            "enforce" => Ok(Self::Enforce),
            _ => Err(wrong(
                "trunkline-validate",
                text,
                "`off`, `report` or `enforce`",
            )),
        }
    }
}

impl FromStr for Paginate {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        if text == "all" {
            return Ok(Self::All);
        }
        let pages = text.parse().map(Self::UpTo);
        pages.map_err(|_| {
            wrong(
                "trunkline-paginate",
                text,
                "`all` or a number of pages from 1",
            )
        })
    }
}

impl FromStr for Fault {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        match text {
            "401" => Ok(Self::Unauthorized),
            "429" => Ok(Self::RateLimited),
            "503" => Ok(Self::Unavailable),
            "slow" => Ok(Self::Slow),
            "cut" => Ok(Self::Cut),
            _ => Err(wrong(
                "trunkline-sandbox",
                text,
                "`401`, `429`, `503`, `slow` or `cut`",
            )),
        }
    }
}

/// What a call gives back: the upstream's answer as it came, and what we know of it.
#[derive(Debug)]
pub struct Reply {
    /// The call's own number.
    pub call_id: CallId,
    /// How many HTTP exchanges it took.
    pub attempts: u32,
    /// The upstream's status.
    pub status: StatusCode,
    /// The upstream's headers, without those that concern one connection only.
    pub headers: HeaderMap,
    /// The upstream's body.
    pub body: ReplyBody,
    /// What the answer means.
    pub class: Class,
    /// The operation that it answers, where one is known.
    pub operation: Option<Arc<str>>,
    /// For an answer that is an error: what happened, whose move it is, what to do.
    pub explanation: Option<Box<Explanation>>,
    /// For an answer that is an error: the vendor's own words.
    pub vendor: Option<Box<VendorError>>,
    /// How the reply differs from what the operation promises.
    pub schema_problem: Option<String>,
    /// What it is kept under, if it is: see [`Purge::Key`](crate::Purge::Key). `None` where nothing
    /// is kept of such calls.
    pub cache_key: Option<CacheKey>,
}

/// What an answer is kept under: 32 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CacheKey(Key);

impl CacheKey {
    pub(crate) fn new(key: Key) -> Self {
        Self(key)
    }
}

impl fmt::Display for CacheKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl From<CacheKey> for HeaderValue {
    fn from(key: CacheKey) -> Self {
        // Digits are what a value may have.
        HeaderValue::from_bytes(&key.0.digits()).unwrap_or(HeaderValue::from_static(""))
    }
}

/// A vendor's own words about an error.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct VendorError {
    /// The message.
    pub message: Option<String>,
    /// The code.
    pub code: Option<String>,
}

/// The number of a call: 48 bits of time, then 80 bits of chance, so that later calls sort later.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CallId(u128);

/// `call_` and 26 characters.
const CALL_ID_BYTES: usize = 5 + CALL_ID_DIGITS;

const CALL_ID_DIGITS: usize = 26;

const DIGITS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

impl CallId {
    /// A number for a call made at `time`; `chance` is any random value.
    pub fn new(time: SystemTime, chance: u128) -> Self {
        let millis = time
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap_or_default()
            .as_millis();
        Self((millis << 80) | (chance & ((1 << 80) - 1)))
    }

    pub(crate) fn of_number(number: u128) -> Self {
        Self(number)
    }

    pub(crate) fn number(self) -> u128 {
        self.0
    }

    /// When the call began, in milliseconds since 1970.
    pub(crate) fn millis(self) -> u64 {
        u64::try_from(self.0 >> 80).unwrap_or_default()
    }

    /// The first and the last number that is written with this beginning, `call_` before it or not.
    pub(crate) fn beginning_with(text: &str) -> Option<(u128, u128)> {
        let text = text.strip_prefix("call_").unwrap_or(text);
        if text.is_empty() || CALL_ID_DIGITS < text.len() {
            return None;
        }
        let mut number = 0_u128;
        for (place, character) in text.bytes().enumerate() {
            let digit = DIGITS
                .iter()
                .position(|known| *known == character.to_ascii_lowercase())?;
            // 26 digits of 5 bits would be 130 bits.
            if place == 0 && 7 < digit {
                return None;
            }
            number = number << 5 | digit as u128;
        }
        let rest_bits = 5 * (CALL_ID_DIGITS - text.len());
        let first = number << rest_bits;
        Some((first, first | ((1 << rest_bits) - 1)))
    }

    /// As it is written: `call_` and its digits, in ASCII.
    pub fn text(self) -> [u8; CALL_ID_BYTES] {
        let mut text = *b"call_00000000000000000000000000";
        // Twelve digits fit into a machine's word, and shifting that costs a third.
        let mut rest = self.0;
        let (_, digits) = text.split_at_mut(CALL_ID_BYTES - CALL_ID_DIGITS);
        for digits in digits.rchunks_mut(12) {
            let mut word = (rest & ((1 << 60) - 1)) as u64;
            rest >>= 60;
            for place in digits.iter_mut().rev() {
                *place = DIGITS.get((word & 31) as usize).copied().unwrap_or(b'0');
                word >>= 5;
            }
        }
        text
    }
}

impl From<CallId> for HeaderValue {
    fn from(id: CallId) -> Self {
        Self::from_bytes(&id.text()).unwrap_or(Self::from_static("call_"))
    }
}

impl fmt::Display for CallId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(str::from_utf8(&self.text()).unwrap_or_default())
    }
}

impl fmt::Debug for CallId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests;
