//! A program that was started, and what it has printed.

use std::fs;
use std::io::{Read, Write};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use crate::PATIENCE;

/// A running program. It is ended when it goes out of scope.
#[derive(Debug)]
pub struct Program {
    child: Child,
    stdout: Output,
    stderr: Output,
}

/// What a program left behind.
#[derive(Debug, Clone)]
pub struct Finished {
    /// Its exit status, if it ended by itself.
    pub status: Option<i32>,
    /// What it printed.
    pub stdout: String,
    /// What it printed to standard error.
    pub stderr: String,
}

/// What has come out of one pipe so far.
#[derive(Debug, Clone, Default)]
struct Output(Arc<(Mutex<Printed>, Condvar)>);

#[derive(Debug, Default)]
struct Printed {
    bytes: Vec<u8>,
    is_whole: bool,
}

impl Program {
    /// Starts a program without standard input.
    #[track_caller]
    pub fn start(mut command: Command) -> Self {
        command.stdin(Stdio::null());
        Self::spawn(command)
    }

    /// Starts a program and gives it a text on standard input.
    #[track_caller]
    pub fn start_with_input(mut command: Command, input: &str) -> Self {
        command.stdin(Stdio::piped());
        let mut program = Self::spawn(command);
        if let Some(mut stdin) = program.child.stdin.take() {
            // A program may end without having read everything.
            drop(stdin.write_all(input.as_bytes()));
        }
        program
    }

    #[track_caller]
    fn spawn(mut command: Command) -> Self {
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = command.spawn();
        let mut child =
            child.unwrap_or_else(|err| panic!("{}: {err}", command.get_program().display()));
        let stdout = Output::of(child.stdout.take());
        let stderr = Output::of(child.stderr.take());
        Self {
            child,
            stdout,
            stderr,
        }
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// What it has printed so far.
    pub fn stdout(&self) -> String {
        self.stdout.text()
    }

    /// What it has printed to standard error so far.
    pub fn stderr(&self) -> String {
        self.stderr.text()
    }

    /// Waits until standard output has what is looked for.
    #[track_caller]
    pub fn wait_for<T>(&self, find: impl Fn(&str) -> Option<T>) -> T {
        self.stdout.wait_for(&find, PATIENCE).unwrap_or_else(|| {
            panic!(
                "it did not come:\n{}\n--- standard error:\n{}",
                self.stdout(),
                self.stderr()
            )
        })
    }

    /// Waits until standard error has what is looked for.
    #[track_caller]
    pub fn wait_for_error<T>(&self, find: impl Fn(&str) -> Option<T>) -> T {
        self.stderr.wait_for(&find, PATIENCE).unwrap_or_else(|| {
            panic!(
                "it did not come:\n{}\n--- standard error:\n{}",
                self.stdout(),
                self.stderr()
            )
        })
    }

    /// Sends it a signal, such as `TERM`.
    #[track_caller]
    pub fn signal(&self, name: &str) {
        let mut kill = Command::new("sh");
        kill.args(["-c", r#"kill -s "$0" "$1""#, name, &self.id().to_string()]);
        let status = kill.status().expect("there is a shell");
        assert!(status.success(), "the signal {name} was not taken");
    }

    /// Waits for its end.
    #[track_caller]
    pub fn finish(self) -> Finished {
        self.finish_within(PATIENCE)
    }

    /// Waits for its end for so long.
    #[track_caller]
    pub fn finish_within(mut self, patience: Duration) -> Finished {
        for output in [&self.stdout, &self.stderr] {
            assert!(
                output.wait_for_end(patience),
                "it did not end within {patience:?}:\n{}\n--- standard error:\n{}",
                self.stdout(),
                self.stderr()
            );
        }
        let status = self.child.wait().expect("a child can be waited for").code();
        Finished {
            status,
            stdout: self.stdout(),
            stderr: self.stderr(),
        }
    }
}

/// The most memory that a running process has had in use so far, in bytes.
#[track_caller]
pub fn memory_most(id: u32) -> usize {
    let path = format!("/proc/{id}/status");
    let status = fs::read_to_string(path).expect("a running program has a status");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kibibytes = line.and_then(|line| line.trim().strip_suffix(" kB"));
    kibibytes
        .and_then(|text| text.parse::<usize>().ok())
        .expect("Linux counts memory")
        * 1024
}

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended already.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

impl Finished {
    /// Asserts the exit status, showing what was printed if it is another.
    #[track_caller]
    pub fn expect(self, status: i32) -> Self {
        assert_eq!(
            self.status,
            Some(status),
            "standard output:\n{}\nstandard error:\n{}",
            self.stdout,
            self.stderr
        );
        self
    }

    /// Asserts that standard error has each of these texts.
    #[track_caller]
    pub fn complains(self, expected: &[&str]) -> Self {
        for text in expected {
            assert!(
                self.stderr.contains(text),
                "no `{text}` in:\n{}",
                self.stderr
            );
        }
        self
    }

    /// Asserts that standard output has each of these texts.
    #[track_caller]
    pub fn prints(self, expected: &[&str]) -> Self {
        for text in expected {
            assert!(
                self.stdout.contains(text),
                "no `{text}` in:\n{}",
                self.stdout
            );
        }
        self
    }

    /// Standard output as JSON.
    #[track_caller]
    pub fn json(&self) -> serde_json::Value {
        let parsed = serde_json::from_str(&self.stdout);
        parsed.unwrap_or_else(|err| panic!("{err} in:\n{}\n{}", self.stdout, self.stderr))
    }
}

impl Output {
    fn of(pipe: Option<impl Read + Send + 'static>) -> Self {
        let output = Self::default();
        let own = output.clone();
        if let Some(pipe) = pipe {
            thread::spawn(move || own.collect(pipe));
        }
        output
    }

    fn collect(&self, mut pipe: impl Read) {
        let mut buffer = [0; 4096];
        loop {
            let read = pipe.read(&mut buffer).unwrap_or(0);
            let mut printed = self.lock();
            printed.bytes.extend_from_slice(&buffer[..read]);
            printed.is_whole = read == 0;
            drop(printed);
            self.0.1.notify_all();
            if read == 0 {
                return;
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Printed> {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn text(&self) -> String {
        self.lock().text()
    }

    fn wait_for<T>(&self, find: &impl Fn(&str) -> Option<T>, patience: Duration) -> Option<T> {
        let waiting = |printed: &mut Printed| !printed.is_whole && find(&printed.text()).is_none();
        let waited = self.0.1.wait_timeout_while(self.lock(), patience, waiting);
        let (printed, _) = waited.unwrap_or_else(PoisonError::into_inner);
        find(&printed.text())
    }

    fn wait_for_end(&self, patience: Duration) -> bool {
        let waited = self
            .0
            .1
            .wait_timeout_while(self.lock(), patience, |printed| !printed.is_whole);
        let (printed, _) = waited.unwrap_or_else(PoisonError::into_inner);
        printed.is_whole
    }
}

impl Printed {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }
}
