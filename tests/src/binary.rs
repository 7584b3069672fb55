//! Finds the program under test, and builds it where nobody has.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::SystemTime;

/// The built program: `TRUNKLINE_BIN`, or the one beside the test, built anew when it is older
/// than what it is made of.
pub(crate) fn path() -> &'static Path {
    static PATH: OnceLock<PathBuf> = OnceLock::new();
    PATH.get_or_init(|| match variable("TRUNKLINE_BIN") {
        Some(path) => path.into(),
        None => build_if_stale(),
    })
}

/// The folder of the workspace.
pub fn repository() -> PathBuf {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.parent()
        .expect("this crate lies in the workspace")
        .to_owned()
}

/// Whether nothing may be left out.
pub fn is_ci() -> bool {
    variable("CI").is_some_and(|value| value == "true")
}

/// Whether the program under test is built as it ships, so that its speed says something.
pub fn is_as_shipped() -> bool {
    let folder = path().parent();
    folder.is_some_and(|folder| folder.ends_with("release"))
}

#[expect(
    clippy::disallowed_methods,
    reason = "how tests are run is said by variables"
)]
pub(crate) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

fn build_if_stale() -> PathBuf {
    let test = std::env::current_exe().expect("a test knows where it is");
    let profile_folder = test
        .ancestors()
        .nth(2)
        .expect("tests lie in target/PROFILE/deps");
    let binary = profile_folder.join("trunkline");
    let repository = repository();
    let newest = ["crates", "connectors"].map(|folder| newest_in(&repository.join(folder)));
    let is_fresh =
        modified(&binary).is_some_and(|built| newest.iter().flatten().all(|time| *time <= built));
    if !is_fresh {
        let mut build = Command::new(env!("CARGO"));
        build
            .args(["build", "--quiet", "--package", "trunkline-cli"])
            .current_dir(repository);
        if profile_folder.ends_with("release") {
            build.arg("--release");
        }
        let status = build.status().expect("cargo can be started");
        assert!(status.success(), "the program under test does not build");
    }
    binary
}

/// The time of the youngest file that the program is made of. Unit tests are no part of it.
fn newest_in(folder: &Path) -> Option<SystemTime> {
    let entries = fs::read_dir(folder)
        .ok()?
        .flatten()
        .map(|entry| entry.path());
    let times = entries.filter(|path| !path.ends_with("tests.rs") && !path.ends_with("tests"));
    times
        .filter_map(|path| {
            if path.is_dir() {
                newest_in(&path)
            } else {
                modified(&path)
            }
        })
        .max()
}

fn modified(path: &Path) -> Option<SystemTime> {
    fs::metadata(path).ok()?.modified().ok()
}
