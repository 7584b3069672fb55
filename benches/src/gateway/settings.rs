//! What a measured gateway is told: the one place that knows the names of settings.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;

/// What stands in its settings file.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    /// The threads that carry calls.
    pub(crate) threads: Threads,
    /// What a call goes through.
    pub(crate) features: Features,
    /// Where the connector's calls go.
    pub(crate) base_url: String,
    /// A file with an authority that upstreams may show certificates of.
    pub(crate) extra_ca: Option<PathBuf>,
}

/// The threads that carry calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Threads {
    /// One, to compare with others that have one.
    One,
    /// As many as users get who set nothing.
    Default,
}

/// What a call goes through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Features {
    /// What users get who set nothing.
    Default,
    /// The credential is added, and nothing is written down.
    Plain,
    /// The same, and the cache is asked.
    Cache,
    /// Limits on callers and upstream, cache, deadline, and a log of calls on disk.
    Everything,
}

impl Settings {
    /// With one thread, to compare with others that have one.
    pub(crate) fn one_thread(features: Features, upstream: SocketAddr) -> Self {
        Self {
            threads: Threads::One,
            ..Self::default_threads(features, upstream)
        }
    }

    /// With as many threads as users get who set nothing.
    pub(crate) fn default_threads(features: Features, upstream: SocketAddr) -> Self {
        Self {
            threads: Threads::Default,
            features,
            base_url: format!("http://{upstream}"),
            extra_ca: None,
        }
    }

    /// The file's text.
    pub(super) fn text(&self) -> String {
        let threads = match self.threads {
            Threads::One => "[server]\nthreads = 1\n\n",
            Threads::Default => "",
        };
        let mut text = format!("{threads}[egress]\nallow = [\"127.0.0.1/32\"]\n");
        if let Some(path) = &self.extra_ca {
            // Writing to a String cannot go wrong.
            writeln!(text, "extra_ca = \"{}\"", path.display()).ok();
        }
        text.push_str(self.features.sections());
        let base_url = &self.base_url;
        writeln!(text, "\n[connectors.openai]\nbase_url = \"{base_url}\"").ok();
        text.push_str(self.features.of_connector());
        text
    }
}

impl Features {
    fn sections(self) -> &'static str {
        match self {
            Self::Default => "",
            Self::Plain | Self::Cache => "\n[calls]\nkeep = \"0s\"\n",
            Self::Everything => {
                r#"
[calls]
keep = "7d"

[callers]
limit = { rate = 1000000, per = "1s", burst = 1000000 }
"#
            }
        }
    }

    fn of_connector(self) -> &'static str {
        match self {
            Self::Default | Self::Plain => "",
            Self::Cache => "cache = \"headers\"\n",
            Self::Everything => {
                r#"limit = { rate = 1000000, per = "1s", burst = 1000000 }
concurrency = 10000
timeout = "60s"
cache = "headers"
"#
            }
        }
    }
}

#[cfg(test)]
mod tests;
