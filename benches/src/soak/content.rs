//! What is asked for and what must come back: known to upstream and caller, and to nobody between.

use std::fmt::Write as _;
use std::time::Duration;

/// How long a kept answer is the newest.
pub(super) const VERSION: Duration = Duration::from_secs(4);

/// How long a stream waits between two events.
pub(super) const EVENT: Duration = Duration::from_millis(100);

/// Events of a stream.
pub(super) const EVENTS: u32 = 20;

/// The longest that an upstream which is well thinks about an answer, in milliseconds.
const DELAY_MAX: u64 = 60;

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Route {
    /// What may be kept, for a time that the upstream names, one for each language.
    Kept,
    /// The same, nearly as large as may be kept.
    KeptLarge,
    /// What may be kept for as long as the settings say.
    Timed,
    /// What may not be kept.
    Plain,
    /// A megabyte that may not be kept.
    Large,
    /// The operation with a small limit.
    Limited,
    /// A stream of events.
    Stream,
    /// What changes something, and may happen only once.
    Changed,
    /// A question with a body, whose answer may be kept.
    Asked,
}

impl Route {
    const ALL: [Self; 9] = [
        Self::Kept,
        Self::KeptLarge,
        Self::Timed,
        Self::Plain,
        Self::Large,
        Self::Limited,
        Self::Stream,
        Self::Changed,
        Self::Asked,
    ];

    /// The first word of its path.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Kept => "kept",
            Self::KeptLarge => "kept-large",
            Self::Timed => "timed",
            Self::Plain => "plain",
            Self::Large => "large",
            Self::Limited => "limited",
            Self::Stream => "stream",
            Self::Changed => "changed",
            Self::Asked => "asked",
        }
    }

    /// That of a path.
    pub(super) fn of(path: &str) -> Option<Self> {
        let word = path.trim_start_matches('/').split(['/', '?']).next()?;
        Self::ALL.into_iter().find(|route| route.word() == word)
    }

    /// Its method.
    pub(super) fn method(self) -> &'static str {
        match self {
            Self::Stream | Self::Changed | Self::Asked => "POST",
            _ => "GET",
        }
    }

    /// Whether an answer may serve more than one call.
    pub(super) fn is_kept(self) -> bool {
        matches!(
            self,
            Self::Kept | Self::KeptLarge | Self::Timed | Self::Asked
        )
    }

    /// What its upstream says about keeping it.
    pub(super) fn caching(self) -> Option<&'static str> {
        match self {
            Self::Kept => Some(
                "public, max-age=2, stale-while-revalidate=2, stale-if-error=20\r\nVary: Accept-Language",
            ),
            Self::KeptLarge => Some("public, max-age=3"),
            Self::Timed | Self::Asked => None,
            Self::Plain | Self::Large | Self::Limited | Self::Stream | Self::Changed => {
                Some("no-store")
            }
        }
    }

    /// The longest that an answer may serve after it was the newest.
    pub(super) fn stale_max(self) -> Duration {
        // Ages are counted in whole seconds, and an answer takes its time.
        let slack = Duration::from_secs(2);
        slack
            + match self {
                Self::Kept => Duration::from_secs(2 + 2),
                Self::KeptLarge => Duration::from_secs(3),
                // The settings name 3 to 5 seconds.
                Self::Timed | Self::Asked => Duration::from_secs(5),
                _ => Duration::ZERO,
            }
    }

    /// How much longer it may serve while its upstream is out of order.
    pub(super) fn outage_max(self) -> Duration {
        match self {
            Self::Kept => Duration::from_secs(20),
            _ => Duration::ZERO,
        }
    }

    fn bytes(self, digest: u64) -> usize {
        match self {
            Self::KeptLarge | Self::Large => 1_000_000,
            Self::Stream => 64,
            _ => match digest % 4 {
                0 => 10,
                1 => 300,
                2 => 4_000,
                _ => 30_000,
            },
        }
    }
}

/// The version of everything at a time since the beginning.
pub(super) fn version(now: Duration) -> u64 {
    now.as_secs() / VERSION.as_secs()
}

/// When a version is no longer the newest.
pub(super) fn outdated(version: u64) -> Duration {
    Duration::from_secs((version + 1) * VERSION.as_secs())
}

/// The body of an answer. `what` says everything that it depends on.
pub(super) fn body(route: Route, what: &str, version: u64) -> Vec<u8> {
    let digest = digest(what, version);
    if route == Route::Stream {
        let events = (0..EVENTS).map(|number| event(what, number));
        return [events.collect::<String>(), LAST_EVENT.to_owned()]
            .concat()
            .into_bytes();
    }
    let mut body = format!(r#"{{"version":{version},"what":"{what}","fill":""#);
    let word = format!("{digest:016x}");
    body.push_str(&word.repeat(route.bytes(digest) / word.len() + 1));
    body.push_str("\"}");
    body.into_bytes()
}

/// One event of a stream.
pub(super) fn event(what: &str, number: u32) -> String {
    let fill = format!("{:016x}", digest(what, number.into())).repeat(8);
    format!("data: {{\"what\":\"{what}\",\"number\":{number},\"fill\":\"{fill}\"}}\n\n")
}

/// How a stream ends.
pub(super) const LAST_EVENT: &str = "data: [DONE]\n\n";

/// How long an answer takes: most none, so that connections are used again, some long enough for
/// others to ask the same meanwhile.
pub(super) fn delay(what: &str) -> Duration {
    let digest = digest(what, 0);
    if digest.is_multiple_of(2) {
        return Duration::ZERO;
    }
    Duration::from_millis(digest / 2 % DELAY_MAX)
}

/// The version that a body says it is.
pub(super) fn version_of(body: &[u8]) -> Option<u64> {
    let rest = body.strip_prefix(br#"{"version":"#)?;
    let end = rest.iter().position(|byte| *byte == b',')?;
    std::str::from_utf8(rest.get(..end)?).ok()?.parse().ok()
}

/// The tag of a version, as a header has it.
pub(super) fn tag(what: &str, version: u64) -> String {
    let mut tag = String::from('"');
    // Writing to a String cannot go wrong.
    write!(tag, "{version}-{:x}\"", digest(what, version)).ok();
    tag
}

/// FNV-1a, which is all that telling texts apart needs.
pub(super) fn digest(text: &str, version: u64) -> u64 {
    let bytes = text.bytes().chain(version.to_le_bytes());
    bytes.fold(0xcbf2_9ce4_8422_2325, |digest, byte| {
        (digest ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests;
