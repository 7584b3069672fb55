//! How many instructions a call takes in user space, and where.
//!
//! The count hardly varies, on any machine, which makes it the gate against growing slower. Two runs
//! differ only in the number of calls, so that their difference knows nothing of start and end.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use tokio::runtime::Builder;

use crate::binary::Binary;
use crate::callgrind::{self, Costs, Counting};
use crate::client;
use crate::effort::Effort;
use crate::figure::{Bound, Figure, Unit};
use crate::gateway::{Gateway, Threads};
use crate::say;
use crate::upstream::{Pace, Upstream};

/// The most instructions that a call may take.
const INSTRUCTIONS_MAX: f64 = 29_000.0;

/// Connections that share the calls.
const CONNECTIONS: usize = 16;

/// Functions that are shown; the report has more.
const SHOWN: usize = 25;

const AT_ONCE: Pace = Pace {
    answer: Duration::ZERO,
    event: Duration::from_secs(1),
};

/// Counts, and writes down beside the binary which functions the instructions are in.
pub(crate) fn measure(binary: &Binary, effort: &Effort) -> Result<Vec<Figure>> {
    let folder = tempfile::tempdir().context("no folder can be made for counts")?;
    let upstream = Upstream::start(AT_ONCE)?;
    let (few, many) = effort.calls;
    let (few_file, many_file) = (folder.path().join("few"), folder.path().join("many"));
    for (calls, file) in [(few, &few_file), (many, &many_file)] {
        run(binary, &upstream, calls, file)?;
    }
    let calls = f64::from(many - few);
    let [before, after] = [&few_file, &many_file].map(|file| callgrind::total(file));
    let (before, after) = (before?, after?);
    ensure!(before < after, "more calls took fewer instructions");
    #[expect(clippy::cast_precision_loss, reason = "no run has 2^53 instructions")]
    let each = (after - before) as f64 / calls;
    let report = report(&few_file, &many_file, calls)?;
    for line in report.lines().take(SHOWN + 3) {
        say::line(line);
    }
    let file = binary.report("instructions.txt");
    fs::write(&file, report).with_context(|| format!("`{}` cannot be written", file.display()))?;
    say::line(&format!("… the rest is in `{}`", file.display()));
    Ok(vec![Figure {
        what: format!("instructions per call, from {few} and {many} calls"),
        value: each,
        unit: Unit::Count,
        bound: Bound::Gate(INSTRUCTIONS_MAX),
    }])
}

fn run(binary: &Binary, upstream: &Upstream, calls: u32, file: &Path) -> Result<()> {
    let mut command = Command::new("valgrind");
    let mut option = std::ffi::OsString::from("--callgrind-out-file=");
    option.push(file);
    command
        .args(["--quiet", "--tool=callgrind"])
        .arg(option)
        .arg(&binary.path);
    let gateway = Gateway::start(command, Threads::One, upstream.address())?;
    let runtime = Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(client::call(gateway.address(), CONNECTIONS, calls))?;
    // Callgrind writes when the program ends by itself.
    gateway.stop()
}

/// Instructions per call: by function, by crate, and by function with everything it calls.
fn report(few: &Path, many: &Path, calls: f64) -> Result<String> {
    let own = difference(few, many, Counting::Own)?;
    let called = difference(few, many, Counting::WithCalled)?;
    let mut text = String::new();
    let tables = [
        ("by function", own.by_function()),
        ("by crate", own.by_crate()),
        ("by source file and function", own),
        ("by source file and function, with what it calls", called),
    ];
    for (title, costs) in tables {
        // Writing to a String cannot go wrong.
        writeln!(
            text,
            "instructions per call, {title}\n\n{}",
            costs.table(calls)
        )
        .ok();
    }
    Ok(text)
}

fn difference(few: &Path, many: &Path, counting: Counting) -> Result<Costs> {
    Ok(callgrind::costs(many, counting)?.less(&callgrind::costs(few, counting)?))
}
