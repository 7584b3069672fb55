//! A real browser without a window, and pages for it that report to a server of their own.

use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::product::Program;
use crate::upstream::Upstream;
use crate::upstream::script::answer;

/// Chromium as the package of the same name installs it.
const CHROMIUM: &str = "/usr/bin/chromium";

/// A page that is shown in a browser. Both end when it goes out of scope.
#[derive(Debug)]
pub struct Browser {
    site: Upstream,
    /// Ended before its profile is deleted, and so named before it.
    _program: Program,
    _profile: TempDir,
}

/// The browser's path, if it is installed.
pub fn chromium() -> Option<PathBuf> {
    Path::new(CHROMIUM).exists().then(|| CHROMIUM.into())
}

impl Browser {
    /// A server that answers every path with a page. Its scripts fetch `/done?…` when they have
    /// finished.
    pub fn site(page: &str) -> Upstream {
        Upstream::start([answer(200).header("content-type", "text/html").body(page)])
    }

    /// Opens a page; `query` is for the page's own scripts.
    #[track_caller]
    pub fn visit(chromium: &Path, site: Upstream, query: &str) -> Self {
        let profile = TempDir::new().expect("a folder can be made");
        let mut command = Command::new(chromium);
        command
            .args([
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-quic",
            ])
            .args([
                "--no-first-run",
                "--disable-background-networking",
                "--disable-component-update",
            ])
            .args(["--disable-sync", "--disable-dev-shm-usage"])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            // Keeps it running until it is ended.
            .arg("--remote-debugging-port=0")
            .arg(format!("{}/?{query}", site.url()));
        Self {
            site,
            _program: Program::start(command),
            _profile: profile,
        }
    }

    /// Waits until a script of the page has fetched `/done?…`; gives what stands after the `?`.
    #[track_caller]
    pub fn report(&self) -> String {
        self.site.wait_for_target("/done?")
    }
}
