//! How many instructions a call takes in user space, and where.
//!
//! The count hardly varies, on any machine, which makes it the gate against growing slower. Two runs
//! differ only in the number of calls, so that their difference knows nothing of start and end.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use tokio::runtime::Builder;

use crate::binary::Binary;
use crate::callgrind::{Costs, Counted, Counting};
use crate::effort::Effort;
use crate::figure::{Aim, Bound, Figure, Unit};
use crate::gateway::Gateway;
use crate::gateway::settings::{Features, Settings};
use crate::rounds::Measured as _;
use crate::upstream::{Caching, Manner, Upstream};
use crate::{client, probe, say, usage};

/// The most instructions that a call may take.
const INSTRUCTIONS_MAX: f64 = 28_000.0;

/// What it is to take with everything on. It does by so little that a gate would fail by chance: see
/// the reference page.
const FULL_AIM: Aim = Aim {
    now: 33_000.0,
    later: None,
};

/// Connections that share the calls.
const CONNECTIONS: usize = 16;

/// Functions that are shown; the report has more.
const SHOWN: usize = 25;

/// A kind of call.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Kind {
    features: Features,
    caching: Caching,
    /// Added to the figure's name.
    name: &'static str,
    bound: Bound,
    /// What the report is called.
    file: &'static str,
}

/// The credential is added, and nothing else is done.
pub(crate) const PLAIN: Kind = Kind {
    features: Features::Plain,
    caching: Caching::Unsaid,
    name: "",
    bound: Bound::Gate(INSTRUCTIONS_MAX),
    file: "instructions.txt",
};

/// Everything is on; the cache is asked, and may keep no answer.
pub(crate) const FULL: Kind = Kind {
    features: Features::Everything,
    caching: Caching::Never,
    name: ", everything on",
    bound: Bound::Aim(FULL_AIM),
    file: "instructions-full.txt",
};

/// The same, and the cache has the answer.
pub(crate) const HITS: Kind = Kind {
    caching: Caching::Long,
    name: ", cache hits, everything on",
    bound: Bound::None,
    file: "instructions-hits.txt",
    ..FULL
};

/// What one run has counted.
struct Run {
    counted: Counted,
    /// The thread that writes the log of calls, if one does.
    log: Option<usize>,
}

/// Counts, and writes down beside the binary which functions the instructions are in.
pub(crate) fn measure(binary: &Binary, effort: &Effort, kind: Kind) -> Result<Vec<Figure>> {
    let folder = tempfile::tempdir().context("no folder can be made for counts")?;
    let (few, many) = effort.calls;
    let [before, after] = [(few, "few"), (many, "many")]
        .map(|(calls, name)| run(binary, kind, calls, &folder.path().join(name)));
    let (before, after) = (before?, after?);
    let calls = f64::from(many - few);
    let report = report(&before.counted, &after.counted, calls)?;
    for line in report.lines().take(SHOWN + 3) {
        say::line(line);
    }
    let file = binary.report(kind.file);
    fs::write(&file, report).with_context(|| format!("`{}` cannot be written", file.display()))?;
    say::line(&format!("… the rest is in `{}`", file.display()));
    let figure = |what, value, bound| Figure {
        what: format!(
            "instructions per call{}{what}, from {few} and {many} calls",
            kind.name
        ),
        value,
        unit: Unit::Count,
        bound,
    };
    let each = each(before.counted.total()?, after.counted.total()?, calls)?;
    let (Some(log_before), Some(log_after)) = (before.log, after.log) else {
        return Ok(vec![figure("", each, kind.bound)]);
    };
    let of_log = (
        before.counted.of_thread(log_before)?,
        after.counted.of_thread(log_after)?,
    );
    let of_log = self::each(of_log.0, of_log.1, calls)?;
    Ok(vec![
        figure("", each, Bound::None),
        // It has its own thread, and all day for it: no call waits for it.
        figure(", the log's writer aside", each - of_log, kind.bound),
    ])
}

fn each(before: u64, after: u64, calls: f64) -> Result<f64> {
    ensure!(before < after, "more calls took fewer instructions");
    #[expect(clippy::cast_precision_loss, reason = "no run has 2^53 instructions")]
    let more = (after - before) as f64;
    Ok(more / calls)
}

fn run(binary: &Binary, kind: Kind, calls: u32, file: &Path) -> Result<Run> {
    let upstream = Upstream::start(Manner {
        caching: kind.caching,
        ..Manner::AT_ONCE
    })?;
    let mut command = Command::new("valgrind");
    command
        .args(["--quiet", "--tool=callgrind"])
        .args(Counted::options(file))
        .arg(&binary.path);
    let settings = Settings::one_thread(kind.features, upstream.address());
    let gateway = Gateway::start(command, &settings)?;
    let look = || {
        let is_hit = probe::measured(gateway.address())?.is_hit();
        let should = kind.caching == Caching::Long;
        ensure!(is_hit == should, "an answer was a hit: {is_hit}");
        anyhow::Ok(())
    };
    // Whoever comes first finds an empty cache.
    probe::measured(gateway.address())?;
    look()?;
    let runtime = Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(client::call(gateway.address(), CONNECTIONS, calls))?;
    look()?;
    gateway.check()?;
    let id = gateway.id();
    let (log, threads) = (usage::thread_named(id, "call-log")?, usage::threads(id)?);
    // Callgrind writes when the program ends by itself.
    gateway.stop()?;
    let counted = Counted::read(file);
    // Else callgrind may have numbered them otherwise. One more ends the program.
    let written = counted.threads();
    ensure!(
        written == threads || written == threads + 1,
        "{threads} threads ran, and callgrind has counted {written}"
    );
    Ok(Run { counted, log })
}

/// Instructions per call: by function, by crate, and by function with everything it calls.
fn report(few: &Counted, many: &Counted, calls: f64) -> Result<String> {
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

fn difference(few: &Counted, many: &Counted, counting: Counting) -> Result<Costs> {
    Ok(many.costs(counting)?.less(&few.costs(counting)?))
}
