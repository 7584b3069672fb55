//! Load from wrk, and what it says about it.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use crate::gateway::{CALLERS_KEY, PATH};
use crate::machine;
use crate::program::pinned;
use crate::rounds::Load;

/// Connections that wrk keeps busy unless something else is said.
pub(crate) const CONNECTIONS: u32 = 64;

/// Asks over so many connections that stay open, as fast as answers come.
pub(crate) fn load(
    address: SocketAddr,
    connections: u32,
    seconds: u32,
    core: Option<usize>,
) -> Result<Load> {
    let wrk = machine::installed("wrk").context("wrk is not installed")?;
    let output = pinned(core, &wrk)
        .args(["--threads", "1", "--latency"])
        .args(["--connections", &connections.to_string()])
        .args(["--duration", &format!("{seconds}s")])
        .args(["--header", &format!("Authorization: Bearer {CALLERS_KEY}")])
        .arg(format!("http://{address}{PATH}"))
        .output()
        .context("wrk cannot be started")?;
    let text = String::from_utf8_lossy(&output.stdout);
    ensure!(
        output.status.success(),
        "wrk ended with {}: {text}",
        output.status
    );
    read(&text)
}

/// Anything but good answers alone is an error.
fn read(text: &str) -> Result<Load> {
    let complaint = text
        .lines()
        .find(|line| line.contains("Non-2xx") || line.contains("Socket errors"));
    if let Some(complaint) = complaint {
        anyhow::bail!("not every answer was good: {}", complaint.trim());
    }
    let after = |name: &str| {
        let line = text.lines().find_map(|line| line.trim().strip_prefix(name));
        line.map(str::trim)
            .with_context(|| format!("wrk did not say `{name}`"))
    };
    let requests = text
        .lines()
        .find_map(|line| line.trim().split_once(" requests in "));
    let (requests, _) = requests.context("wrk did not say how many requests it made")?;
    Ok(Load {
        count: requests.parse()?,
        per_second: after("Requests/sec:")?.parse()?,
        p50: duration(after("50%")?)?,
        p99: duration(after("99%")?)?,
    })
}

/// Such as `812.00us`, `1.09ms`, `2.00s`.
fn duration(text: &str) -> Result<Duration> {
    let units = [("us", 1e-6), ("ms", 1e-3), ("s", 1.0)];
    let parsed = units.iter().find_map(|(unit, secs)| {
        let number: f64 = text.strip_suffix(unit)?.parse().ok()?;
        Duration::try_from_secs_f64(number * secs).ok()
    });
    parsed.with_context(|| format!("`{text}` is no time as wrk prints it"))
}

#[cfg(test)]
mod tests;
