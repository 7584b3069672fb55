//! A program that runs while something is measured, and ends with it.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::clock;

/// How long a program may take to start, and to end. Callgrind is slow.
const PATIENCE: Duration = Duration::from_mins(2);

/// How long a program may take to end of which nothing is wanted any more.
const LAST_PATIENCE: Duration = Duration::from_secs(5);

/// A running program. It is ended when it goes out of scope.
#[derive(Debug)]
pub(crate) struct Program {
    child: Child,
    lines: Receiver<String>,
    complaints: PathBuf,
}

impl Program {
    /// Starts it. What it complains about is kept in `folder`.
    pub(crate) fn start(mut command: Command, folder: &Path) -> Result<Self> {
        let complaints = folder.join("complaints.txt");
        let log = fs::File::create(&complaints).context("no file can be made for complaints")?;
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log);
        let name = command.get_program().to_string_lossy().into_owned();
        let mut child = command
            .spawn()
            .with_context(|| format!("`{name}` cannot be started"))?;
        let (said, lines) = mpsc::channel();
        if let Some(output) = child.stdout.take() {
            // The thread ends with the program's output, or when nobody listens any more.
            thread::spawn(move || {
                let lines = BufReader::new(output).lines();
                lines
                    .map_while(Result::ok)
                    .try_for_each(|line| said.send(line))
            });
        }
        Ok(Self {
            child,
            lines,
            complaints,
        })
    }

    /// Its process id.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits for the next line that it prints.
    pub(crate) fn line(&self) -> Result<String> {
        self.lines.recv_timeout(PATIENCE).ok().with_context(|| {
            format!(
                "the program said nothing more; it complained: {}",
                self.complaints().trim()
            )
        })
    }

    /// What it has complained about so far.
    pub(crate) fn complaints(&self) -> String {
        fs::read_to_string(&self.complaints).unwrap_or_default()
    }

    /// Sends it a signal, such as `HUP`.
    pub(crate) fn signal(&self, name: &str) -> Result<()> {
        let kill = Command::new("sh")
            .args(["-c", r#"kill -s "$0" "$1""#, name, &self.id().to_string()])
            .status();
        kill.context("there is no shell")?;
        Ok(())
    }

    /// Asks it to end, and waits until it has.
    pub(crate) fn stop(mut self) -> Result<()> {
        if self.ends_within(PATIENCE)? {
            return Ok(());
        }
        bail!("the program did not end within {PATIENCE:?}")
    }

    fn ends_within(&mut self, patience: Duration) -> Result<bool> {
        // What has ended may have left its number to somebody else.
        if self.has_ended()? {
            return Ok(true);
        }
        self.signal("TERM")?;
        let asked = clock::Began::now();
        while asked.elapsed() < patience {
            if self.has_ended()? {
                return Ok(true);
            }
            clock::pause(Duration::from_millis(5));
        }
        Ok(false)
    }

    fn has_ended(&mut self) -> Result<bool> {
        let ended = self.child.try_wait();
        Ok(ended.context("a child cannot be waited for")?.is_some())
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // Asked first, because nginx's own children outlive a master that is killed.
        if !self.ends_within(LAST_PATIENCE).unwrap_or(false) {
            drop(self.child.kill());
            drop(self.child.wait());
        }
    }
}

/// A command that runs on one core alone, if a core is named.
pub(crate) fn pinned(core: Option<usize>, program: &Path) -> Command {
    let Some(core) = core else {
        return Command::new(program);
    };
    let mut command = Command::new("taskset");
    command.args(["--cpu-list", &core.to_string()]).arg(program);
    command
}
