//! Reads what callgrind has counted.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

/// Fewer instructions per call than this are not worth a line.
const SHOWN_MIN: f64 = 10.0;

/// What a function's cost is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Counting {
    /// Its own instructions.
    Own,
    /// And those of everything that it calls.
    WithCalled,
}

/// Instructions by source file and function. What was inlined is counted where its source stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Costs(BTreeMap<String, i64>);

/// What was counted in one run, a file for each thread.
#[derive(Debug)]
pub(crate) struct Counted {
    /// In the order in which the threads were started.
    threads: Vec<PathBuf>,
}

impl Counted {
    /// Has what runs under callgrind count each of its threads into a file of its own.
    pub(crate) fn options(file: &Path) -> [OsString; 2] {
        let mut option = OsString::from("--callgrind-out-file=");
        option.push(file);
        ["--separate-threads=yes".into(), option]
    }

    /// What such a run has left, given the file that it was told.
    pub(crate) fn read(file: &Path) -> Self {
        let of_thread = |number: usize| {
            let mut name = file.as_os_str().to_owned();
            name.push(format!("-{number:02}"));
            PathBuf::from(name)
        };
        let threads = (1..).map(of_thread).take_while(|file| file.exists());
        Self {
            threads: threads.collect(),
        }
    }

    /// How many threads were started.
    pub(crate) fn threads(&self) -> usize {
        self.threads.len()
    }

    /// The instructions of all threads.
    pub(crate) fn total(&self) -> Result<u64> {
        ensure!(!self.threads.is_empty(), "callgrind has written nothing");
        self.threads.iter().map(|file| total(file)).sum()
    }

    /// The instructions of the thread that was started at this place, from 0.
    pub(crate) fn of_thread(&self, place: usize) -> Result<u64> {
        total(self.threads.get(place).context("there is no such thread")?)
    }

    /// The instructions of all threads by function.
    pub(crate) fn costs(&self, counting: Counting) -> Result<Costs> {
        let mut all = Costs::default();
        for file in &self.threads {
            for (name, count) in costs(file, counting)?.0 {
                *all.0.entry(name).or_default() += count;
            }
        }
        Ok(all)
    }
}

fn total(file: &Path) -> Result<u64> {
    let text = fs::read_to_string(file).context("callgrind has written nothing")?;
    let line = text.lines().rev().find_map(|line| {
        line.strip_prefix("totals: ")
            .or_else(|| line.strip_prefix("summary: "))
    });
    line.context("callgrind has counted nothing")?
        .trim()
        .parse()
        .context("a count is no number")
}

fn costs(file: &Path, counting: Counting) -> Result<Costs> {
    let mut command = Command::new("callgrind_annotate");
    command.args(["--threshold=100", "--auto=no"]);
    if counting == Counting::WithCalled {
        command.arg("--inclusive=yes");
    }
    let output = command
        .arg(file)
        .output()
        .context("`callgrind_annotate` cannot be started")?;
    ensure!(output.status.success(), "callgrind's counts cannot be read");
    Ok(Costs::parse(&String::from_utf8_lossy(&output.stdout)))
}

impl Costs {
    /// Lines such as `1,234 ( 5.67%)  src/file.rs:function [program]`, behind the last heading.
    fn parse(text: &str) -> Self {
        let mut costs = Self::default();
        let body = text
            .split_once("file:function")
            .map_or("", |(_, body)| body);
        for line in body.lines() {
            let line = line.trim_start();
            let Some((count, rest)) = line.split_once(' ') else {
                continue;
            };
            let Ok(count) = count.replace(',', "").parse::<i64>() else {
                continue;
            };
            let rest = rest.trim_start();
            let rest = match rest
                .strip_prefix('(')
                .and_then(|rest| rest.split_once("%)"))
            {
                Some((_, rest)) => rest,
                None => rest,
            };
            let name = short(rest.split(" [").next().unwrap_or(rest).trim());
            *costs.0.entry(name.to_owned()).or_default() += count;
        }
        costs
    }

    /// What these have more than others.
    pub(crate) fn less(mut self, others: &Self) -> Self {
        for (name, count) in &others.0 {
            *self.0.entry(name.clone()).or_default() -= count;
        }
        self
    }

    /// The same by function, wherever the source of what was inlined into it stands.
    pub(crate) fn by_function(&self) -> Self {
        self.by(|name| match name.split_once(':') {
            Some((_, function)) => function.to_owned(),
            None => name.to_owned(),
        })
    }

    /// The same by the crate that the source belongs to.
    pub(crate) fn by_crate(&self) -> Self {
        self.by(crate_of)
    }

    fn by(&self, key: impl Fn(&str) -> String) -> Self {
        let mut costs = Self::default();
        for (name, count) in &self.0 {
            *costs.0.entry(key(name)).or_default() += count;
        }
        costs
    }

    /// The largest first, divided among so many calls.
    #[expect(clippy::cast_precision_loss, reason = "no run has 2^53 instructions")]
    pub(crate) fn table(&self, calls: f64) -> String {
        let each = self
            .0
            .iter()
            .map(|(name, count)| (name, *count as f64 / calls));
        let mut rows: Vec<_> = each.filter(|(_, each)| SHOWN_MIN <= *each).collect();
        rows.sort_by(|one, other| other.1.total_cmp(&one.1));
        let mut text = String::new();
        for (name, each) in rows {
            // Writing to a String cannot go wrong.
            writeln!(text, "{each:>8.0}  {name}").ok();
        }
        text
    }
}

/// Sources of others' crates lie in `NAME-VERSION/…`, ours in `crates/NAME/…`, those of the standard
/// library in `library/NAME/…`.
fn crate_of(source: &str) -> String {
    let path = ["crates/", "library/"]
        .iter()
        .find_map(|folder| source.strip_prefix(folder));
    match path.unwrap_or(source).split_once('/') {
        Some((first, _)) if !source.starts_with(['.', '/', '?']) => first.to_owned(),
        _ => "other".to_owned(),
    }
}

/// Without the folders that differ from machine to machine.
fn short(name: &str) -> &str {
    if let Some((_, rest)) = name.split_once("registry/src/") {
        return rest.split_once('/').map_or(rest, |(_, rest)| rest);
    }
    let ours = ["/crates/", "/library/"]
        .iter()
        .find_map(|folder| name.find(folder));
    match ours {
        Some(place) => name.get(place + 1..).unwrap_or(name),
        None => name,
    }
}

#[cfg(test)]
mod tests;
