//! What settings say of limits and of answers that are kept.

use std::num::NonZeroU32;
use std::time::Duration;

use http::HeaderName;
use trunkline_connector::document::Problem;
use trunkline_connector::units::Span;
use trunkline_limit::Rate;

use super::Reader;
use super::file::{CacheSetting, LimitSection, LimitSetting};

/// How long a call waits for its turn where nobody says otherwise.
const WAIT_MAX: Duration = Duration::from_secs(30);

/// So many in so long.
#[derive(Debug, Clone)]
pub struct Limit {
    /// Its name in answers: `10/1s`.
    pub name: String,
    /// How fast.
    pub rate: Rate,
    /// The longest that a call waits for its turn.
    pub wait_max: Duration,
    /// How many come back in how long.
    pub(crate) refill: (NonZeroU32, Duration),
}

impl Limit {
    /// How many it holds, and how many come back in how long.
    pub(crate) fn parts(&self) -> (NonZeroU32, NonZeroU32, Duration) {
        let capacity = NonZeroU32::new(self.rate.capacity()).unwrap_or(NonZeroU32::MIN);
        let (refill, period) = self.refill;
        (capacity, refill, period)
    }
}

/// Whether answers are kept, and what tells them apart.
#[derive(Debug, Clone)]
pub struct Caching {
    /// How long.
    pub time: Keep,
    /// The query fields that tell them apart, sorted; `None`: the whole query does.
    pub query: Option<Vec<String>>,
    /// The request headers that do besides, sorted; `None`: with a time, every one that may choose what
    /// is answered.
    pub headers: Option<Vec<HeaderName>>,
    /// Words by which they are purged.
    pub tags: Vec<String>,
    /// A problem at the setting, without words.
    pub(crate) setting: Problem,
}

/// How long answers are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// Not at all.
    Off,
    /// As long as the upstream's headers allow.
    Headers,
    /// As long as they allow; where they say nothing, this long.
    For(Duration),
}

impl Keep {
    /// What a text that matches `CACHE_PATTERN` says; `None` for other texts.
    pub(crate) fn read(text: &str) -> Option<Self> {
        match text {
            "off" => Some(Self::Off),
            "headers" => Some(Self::Headers),
            _ => {
                let Span(time) = text.parse().ok()?;
                (!time.is_zero()).then_some(Self::For(time))
            }
        }
    }
}

impl Reader<'_> {
    /// The windows of a `limit`; none where there is none.
    pub(super) fn limits(&mut self, path: &[&str], setting: Option<&LimitSetting>) -> Vec<Limit> {
        let sections = match setting {
            None => return Vec::new(),
            Some(LimitSetting::One(section)) => std::slice::from_ref(section),
            Some(LimitSetting::Several(sections)) => sections,
        };
        let limits = sections.iter().map(|section| self.limit(path, section));
        limits.collect::<Vec<_>>().into_iter().flatten().collect()
    }

    fn limit(&mut self, path: &[&str], section: &LimitSection) -> Option<Limit> {
        let refill = NonZeroU32::new(section.rate)?;
        let burst = NonZeroU32::new(section.burst.unwrap_or(section.rate))?;
        let name = format!("{refill}/{}", section.per);
        match Rate::new(burst, refill, section.per.0) {
            Ok(rate) => Some(Limit {
                name,
                rate,
                wait_max: section.wait_max.map_or(WAIT_MAX, |wait| wait.0),
                refill: (refill, section.per.0),
            }),
            Err(err) => {
                let what = format!("allows `{name}`, which cannot be");
                self.wrong(path, what, &err.to_string());
                None
            }
        }
    }

    /// What a `cache` says.
    pub(super) fn caching(
        &mut self,
        path: &[&str],
        setting: Option<&CacheSetting>,
    ) -> Option<Caching> {
        let mut meant = Caching {
            time: Keep::Off,
            query: None,
            headers: None,
            tags: Vec::new(),
            setting: self.problem(path, "", ""),
        };
        let text = match setting? {
            CacheSetting::Time(text) => text,
            CacheSetting::Table(rule) => {
                let headers = rule.headers.as_ref();
                meant.headers = headers.map(|names| self.header_names(path, names));
                meant.query.clone_from(&rule.query);
                meant.tags.clone_from(&rule.tags);
                &rule.time
            }
        };
        if let Some(query) = &mut meant.query {
            query.sort();
            query.dedup();
        }
        if let Some(headers) = &mut meant.headers {
            headers.sort_by(|one, other| one.as_str().cmp(other.as_str()));
            headers.dedup();
        }
        self.check_tags(path, &meant.tags);
        match Keep::read(text) {
            Some(time) => meant.time = time,
            None => self.wrong(
                path,
                "keeps answers for no time",
                "give it at least `1ms`, or say `off`",
            ),
        }
        Some(meant)
    }

    fn header_names(&mut self, path: &[&str], names: &[String]) -> Vec<HeaderName> {
        let mut known = Vec::new();
        for name in names {
            match HeaderName::from_bytes(name.as_bytes()) {
                Ok(name) => known.push(name),
                Err(_) => self.wrong(
                    path,
                    format!("names a header `{name}`, which cannot be one"),
                    "names are ASCII letters, digits and `-`",
                ),
            }
        }
        known
    }

    /// A tag is a word, as upstreams send them.
    fn check_tags(&mut self, path: &[&str], tags: &[String]) {
        const TAG_CHARS_MAX: usize = 128;
        for tag in tags {
            let is_word = !tag.is_empty()
                && tag.len() <= TAG_CHARS_MAX
                && tag
                    .bytes()
                    .all(|byte| byte.is_ascii_graphic() && byte != b',');
            if !is_word {
                let what = format!("has the tag `{tag}`, which cannot be one");
                let hint = "a tag is 1 to 128 printable ASCII characters without space and comma";
                self.wrong(path, what, hint);
            }
        }
    }
}
