//! Whether this machine has what a gateway needs: a right clock, a folder, free ports.

use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::time::{Duration, SystemTime};

use trunkline::{Clock, Config, Listen};

use crate::commands::doctor::findings::Findings;
use crate::failure::{Complaint, reason};

/// 2026-01-01T00:00:00Z: this program is younger.
const YOUNGER_THAN: Duration = Duration::from_hours(490_896);

/// Certificates and signatures fail with a clock that is further ahead than anybody could use this.
const YEARS_AHEAD: Duration = Duration::from_hours(50 * 365 * 24);

pub(super) fn examine(config: &Config, clock: &Clock, findings: &mut Findings) {
    examine_clock(clock.wall(), findings);
    examine_data_dir(&config.data_dir, findings);
    examine_listener("server.listen", &config.server.listen, findings);
    for (name, listen) in &config.listeners {
        examine_listener(&format!("listeners.{name}"), listen, findings);
    }
}

pub(super) fn examine_clock(now: SystemTime, findings: &mut Findings) {
    let since_epoch = now
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    let hint = "set it, or let the machine do so (NTP): certificates and signatures depend on it";
    if since_epoch < YOUNGER_THAN {
        findings.bad(
            "clock",
            Complaint::new("this machine's clock is behind").note("hint", hint),
        );
    } else if YOUNGER_THAN + YEARS_AHEAD < since_epoch {
        findings.bad(
            "clock",
            Complaint::new("this machine's clock is ahead").note("hint", hint),
        );
    } else {
        findings.good("clock", "the clock is plausible".to_owned());
    }
}

/// Writes a file and removes it: permissions alone do not say it on every file system.
pub(super) fn examine_data_dir(dir: &Path, findings: &mut Findings) {
    let existing = dir.ancestors().find(|ancestor| ancestor.is_dir());
    let existing = existing.filter(|ancestor| !ancestor.as_os_str().is_empty());
    let existing = existing.unwrap_or(Path::new("."));
    let probe = existing.join(format!(".trunkline-probe-{}", std::process::id()));
    let written = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(&probe);
    match written.and_then(|file| {
        drop(file);
        fs::remove_file(&probe)
    }) {
        Ok(()) => findings.good("data", format!("`{}` can be written", dir.display())),
        Err(err) => {
            let complaint = Complaint::new(format!("`{}` cannot be written", dir.display()))
                .note("caused by", reason(&err))
                .note(
                    "hint",
                    "make it writable, or name another folder with `data.dir`",
                );
            findings.bad("data", complaint);
        }
    }
}

pub(super) fn examine_listener(key: &str, listen: &Listen, findings: &mut Findings) {
    let address = match listen {
        Listen::Tcp(address) => address,
        Listen::Unix(path) => {
            let folder = path
                .parent()
                .filter(|folder| !folder.as_os_str().is_empty());
            if folder.is_none_or(Path::is_dir) {
                findings.good("ports", format!("`{key}` is {listen}"));
            } else {
                let complaint = Complaint::new(format!(
                    "`{key}` is {listen}, in a folder that does not exist"
                ));
                findings.bad(
                    "ports",
                    complaint.note("hint", "make the folder, or name another socket"),
                );
            }
            return;
        }
    };
    match TcpListener::bind(address) {
        Ok(_) => findings.good("ports", format!("`{key}` is {listen}, which is free")),
        Err(err) => {
            let complaint = Complaint::new(format!(
                "`{key}` is {listen}, which cannot be listened on now"
            ))
            .note("caused by", reason(&err))
            .note(
                "hint",
                "if Trunkline is running there, all is well; else choose another",
            );
            findings.doubtful("ports", complaint);
        }
    }
}
