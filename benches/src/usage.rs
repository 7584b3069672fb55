//! What a running program has used of the machine, as Linux counts it.

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result};

/// Processor time is shown in hundredths of a second, on every architecture that matters here.
const TICK: Duration = Duration::from_millis(10);

/// Processor time of a process and of all its children that are alive, in user space and kernel.
pub(crate) fn processor_time(root: u32) -> Result<Duration> {
    let mut ticks = 0;
    let mut tree = vec![root];
    let everybody = everybody()?;
    let mut place = 0;
    while let Some(&parent) = tree.get(place) {
        place += 1;
        for process in &everybody {
            if process.id == parent {
                ticks += process.ticks;
            }
            if process.parent == parent {
                tree.push(process.id);
            }
        }
    }
    Ok(TICK * ticks)
}

struct Process {
    id: u32,
    parent: u32,
    ticks: u32,
}

fn everybody() -> Result<Vec<Process>> {
    let entries = fs::read_dir("/proc").context("this is not Linux")?;
    let names = entries
        .flatten()
        .filter_map(|entry| entry.file_name().into_string().ok());
    let ids = names.filter_map(|name| name.parse::<u32>().ok());
    // Some end while we look.
    let stats =
        ids.filter_map(|id| Some((id, fs::read_to_string(format!("/proc/{id}/stat")).ok()?)));
    Ok(stats.filter_map(|(id, stat)| parse(id, &stat)).collect())
}

/// `proc_pid_stat(5)`: the name may hold anything, so fields are counted from behind it.
fn parse(id: u32, stat: &str) -> Option<Process> {
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let number = |place: usize| {
        fields
            .get(place)
            .and_then(|field| field.parse::<u32>().ok())
    };
    Some(Process {
        id,
        parent: number(1)?,
        ticks: number(11)? + number(12)?,
    })
}

/// The memory that a process has in use now, in bytes.
pub(crate) fn memory(id: u32) -> Result<u64> {
    status(id, "VmRSS:")
}

/// The most memory that a process has had in use, in bytes.
pub(crate) fn memory_most(id: u32) -> Result<u64> {
    status(id, "VmHWM:")
}

/// How many files a process has open, connections among them.
pub(crate) fn files(id: u32) -> Result<usize> {
    count(id, "fd")
}

/// How many threads a process has.
pub(crate) fn threads(id: u32) -> Result<usize> {
    count(id, "task")
}

/// Which of a process's threads has this name, counted from 0 in the order of their start.
pub(crate) fn thread_named(id: u32, name: &str) -> Result<Option<usize>> {
    let tasks = fs::read_dir(format!("/proc/{id}/task"));
    let tasks = tasks.context("the measured program has ended")?.flatten();
    let numbers = tasks.filter_map(|task| task.file_name().to_str()?.parse::<u32>().ok());
    let mut numbers: Vec<u32> = numbers.collect();
    numbers.sort_unstable();
    Ok(numbers.into_iter().position(|number| {
        let named = fs::read_to_string(format!("/proc/{id}/task/{number}/comm"));
        named.is_ok_and(|named| named.trim() == name)
    }))
}

fn count(id: u32, folder: &str) -> Result<usize> {
    let entries = fs::read_dir(format!("/proc/{id}/{folder}"));
    Ok(entries.context("the measured program has ended")?.count())
}

fn status(id: u32, name: &str) -> Result<u64> {
    let status = fs::read_to_string(format!("/proc/{id}/status"));
    let status = status.context("the measured program has ended")?;
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    let kibibytes = line.and_then(|line| line.trim().strip_suffix(" kB"));
    let kibibytes = kibibytes.and_then(|text| text.parse::<u64>().ok());
    Ok(kibibytes.context("the measured program's memory cannot be read")? * 1024)
}

#[cfg(test)]
mod tests;
