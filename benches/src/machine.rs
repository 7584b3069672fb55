//! What this machine is and has: figures mean nothing without it.

use std::path::PathBuf;
use std::process::Command;
use std::{fs, thread};

use anyhow::{Context, Result, anyhow, ensure};

use crate::binary::Binary;

/// Debian keeps servers where ordinary users do not look for programs.
const MORE_FOLDERS: &str = "/usr/sbin:/usr/local/sbin";

/// A variable of the environment.
#[expect(
    clippy::disallowed_methods,
    reason = "how benches run is said by variables"
)]
pub(crate) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Whether nothing may be left out.
pub(crate) fn is_ci() -> bool {
    matches!(variable("CI").as_deref(), Some("true" | "1"))
}

/// Where an installed program lies.
pub(crate) fn installed(name: &str) -> Option<PathBuf> {
    let folders = format!("{}:{MORE_FOLDERS}", variable("PATH").unwrap_or_default());
    std::env::split_paths(&folders)
        .map(|folder| folder.join(name))
        .find(|path| path.is_file())
}

/// The first of these programs that is not installed.
pub(crate) fn missing<'a>(programs: &[&'a str]) -> Option<&'a str> {
    programs
        .iter()
        .copied()
        .find(|name| installed(name).is_none())
}

/// The numbers of the cores that the measured program and its load are pinned to, if there are two.
pub(crate) fn cores() -> Option<(usize, usize)> {
    let count = thread::available_parallelism().map_or(1, usize::from);
    (1 < count).then_some((0, 1))
}

/// Does `work` on a thread that has one core, if a core is named, and so has whatever it starts.
pub(crate) fn on_core<T: Send>(
    core: Option<usize>,
    work: impl FnOnce() -> Result<T> + Send,
) -> Result<T> {
    let Some(core) = core else { return work() };
    let pinned = || {
        pin_thread(core)?;
        work()
    };
    let done = thread::scope(|scope| scope.spawn(pinned).join());
    done.map_err(|_| anyhow!("a measurement panicked"))?
}

/// Pins the thread that this is called on.
fn pin_thread(core: usize) -> Result<()> {
    let thread = fs::read_link("/proc/thread-self").context("this is not Linux")?;
    let id = thread.file_name().context("this thread has no id")?;
    let output = Command::new("taskset")
        .args(["--cpu-list", "--pid", &core.to_string()])
        .arg(id)
        .output()
        .context("`taskset` cannot be started")?;
    ensure!(
        output.status.success(),
        "a thread cannot be pinned to core {core}"
    );
    Ok(())
}

/// Machine, programs and the measured binary, in three lines.
pub(crate) fn describe(binary: &Binary) -> String {
    let model = line_of("/proc/cpuinfo", "model name").unwrap_or_else(|| "unknown".to_owned());
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let memory = line_of("/proc/meminfo", "MemTotal").unwrap_or_default();
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let programs = [
        ("nginx", "-v"),
        ("wrk", "-v"),
        ("valgrind", "--version"),
        ("openssl", "version"),
        ("rustc", "--version"),
    ];
    let programs: Vec<String> = programs
        .iter()
        .filter_map(|(name, option)| version(name, option))
        .collect();
    let own = Command::new(&binary.path).arg("--version").output();
    let own = own.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    let profile = if binary.is_as_shipped() {
        "as it ships"
    } else {
        "not optimized"
    };
    format!(
        "machine: {model}, {cores} cores, {memory} of memory, Linux {}\nprograms: {}\nmeasured: {}, {profile}, on {}",
        kernel.trim(),
        programs.join(", "),
        own.unwrap_or_default(),
        today(),
    )
}

fn today() -> String {
    let date = Command::new("date").args(["-u", "+%F"]).output();
    date.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned())
        .unwrap_or_default()
}

fn line_of(path: &str, name: &str) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    let line = text.lines().find(|line| line.starts_with(name))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

fn version(name: &str, option: &str) -> Option<String> {
    let output = Command::new(installed(name)?).arg(option).output().ok()?;
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text);
    let line = text.lines().next()?;
    let word = line.split([' ', '/', '-']).find(|word| {
        let word = word.trim_start_matches("debian");
        word.starts_with(|first: char| first.is_ascii_digit())
    });
    Some(format!("{name} {}", word.unwrap_or(line)))
}

/// How many files a process may have open, after the limit was raised as far as it goes. Programs
/// started from here on have the same.
pub(crate) fn raise_open_files() -> Result<usize> {
    let limits = fs::read_to_string("/proc/self/limits").context("this is not Linux")?;
    let line = limits
        .lines()
        .find(|line| line.starts_with("Max open files"));
    let mut numbers = line.into_iter().flat_map(str::split_whitespace).skip(3);
    let (soft, hard) = (numbers.next(), numbers.next());
    let (soft, hard) = soft
        .zip(hard)
        .context("the limit on open files cannot be read")?;
    if soft != hard {
        let status = Command::new("prlimit")
            .args(["--pid", &std::process::id().to_string()])
            .arg(format!("--nofile={hard}:{hard}"))
            .status()
            .context("`prlimit` cannot be started")?;
        ensure!(
            status.success(),
            "the limit on open files cannot be raised to {hard}"
        );
    }
    hard.parse().context("the limit on open files is no number")
}

#[cfg(test)]
mod tests;
