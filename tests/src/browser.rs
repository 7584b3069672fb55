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
    _program: Program,
    _profile: TempDir,
}

/// The browser's path, if it is installed.
pub fn chromium() -> Option<PathBuf> {
    Path::new(CHROMIUM).exists().then(|| CHROMIUM.into())
}

impl Browser {
    /// Shows a page from an origin of its own. Its scripts fetch `/done?…` when they have finished.
    #[track_caller]
    pub fn show(chromium: &Path, page: &str) -> Self {
        let html = answer(200).header("content-type", "text/html").body(page);
        let site = Upstream::start([html]);
        let profile = TempDir::new().expect("a folder can be made");
        let mut command = Command::new(chromium);
        command
            .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic"])
            .args(["--no-first-run", "--disable-background-networking", "--disable-component-update"])
            .args(["--disable-sync", "--disable-dev-shm-usage"])
            // Without this the process leaves helpers behind that outlive it.
            .args(["--single-process", "--no-zygote"])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .arg("--remote-debugging-port=0")
            .arg(site.url());
        Self { site, _program: Program::start(command), _profile: profile }
    }

    /// Waits until a script of the page has fetched `/done?…`; gives what stands after the `?`.
    #[track_caller]
    pub fn report(&self) -> String {
        self.site.wait_for_target("/done?")
    }
}
