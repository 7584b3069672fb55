//! Every command in the documentation is run, and prints what the documentation says it prints.
//!
//! A block of kind `console` is a session: lines that begin with `$ ` are commands for the shell,
//! the lines below each are what it prints. `...` stands for anything, over several lines where it
//! stands alone on one. A command ends with 0, unless it is said to print an `error:`. A gateway
//! with the sandbox runs beside each file; its port is written as 4000.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use regex::Regex;
use trunkline_tests::{Gateway, Product, Program, repository};

/// One command and what it is said to print.
#[derive(Debug)]
struct Step {
    line: usize,
    command: String,
    expected: Vec<String>,
}

impl Step {
    /// Whether it is said to end with an error, which the command does not handle itself.
    fn is_refused(&self) -> bool {
        let shows_error = self.expected.iter().any(|line| line.starts_with("error:"));
        shows_error && !self.command.contains("||")
    }
}

fn documents() -> Vec<PathBuf> {
    let root = repository();
    let mut documents = vec![root.join("README.md")];
    let guide = fs::read_dir(root.join("docs/guide"))
        .into_iter()
        .flatten()
        .flatten();
    documents.extend(
        guide
            .map(|entry| entry.path())
            .filter(|path| path.extension().is_some_and(|end| end == "md")),
    );
    documents.sort();
    documents
}

/// The sessions of a document, each a list of steps.
fn sessions(text: &str) -> Vec<Vec<Step>> {
    let mut sessions = Vec::new();
    let mut session: Option<Vec<Step>> = None;
    for (place, line) in text.lines().enumerate() {
        match (&mut session, line.trim_end()) {
            (None, "```console") => session = Some(Vec::new()),
            (None, _) => {}
            (Some(_), "```") => sessions.extend(session.take()),
            (Some(steps), line) => add(steps, place + 1, line),
        }
    }
    sessions
}

fn add(steps: &mut Vec<Step>, place: usize, line: &str) {
    if let Some(command) = line.strip_prefix("$ ") {
        steps.push(Step {
            line: place,
            command: command.to_owned(),
            expected: Vec::new(),
        });
        return;
    }
    let Some(step) = steps.last_mut() else { return };
    // A backslash at its end continues a command.
    if step.expected.is_empty() && step.command.ends_with('\\') {
        step.command = format!("{}\n{line}", step.command);
    } else {
        step.expected.push(line.to_owned());
    }
}

/// What the documentation says, as a pattern.
fn pattern(expected: &[String]) -> Regex {
    let line = |line: &String| {
        if line.trim() == "..." {
            return r"(?s:.*)".to_owned();
        }
        let parts: Vec<String> = line.trim_end().split("...").map(regex::escape).collect();
        parts.join(".*") + r"\s*\n"
    };
    let lines: String = expected.iter().map(line).collect();
    Regex::new(&format!(r"\A{lines}\s*\z")).expect("an escaped text is a pattern")
}

/// Runs one step in the product's folder. What starts a gateway is not run: one runs already.
#[track_caller]
fn run(document: &Path, step: &Step, product: &Product, gateway: &Gateway) {
    let is_start = step.command.contains("trunkline serve") || step.command.contains("cargo run");
    let is_build = step.command.starts_with("cargo ") || step.command.starts_with("git ");
    if is_start || is_build {
        return;
    }
    let port = gateway.address().port().to_string();
    let command = step.command.replace(":4000", &format!(":{port}"));
    let folder = Path::new(product.command(&[]).get_program())
        .parent()
        .expect("a file lies in a folder")
        .to_owned();
    let mut shell = Command::new("bash");
    shell
        .args(["-euc", &command])
        .current_dir(product.path())
        .env_clear()
        .env(
            "PATH",
            format!("{}:/usr/local/bin:/usr/bin:/bin", folder.display()),
        );
    let finished = Program::start(shell).finish();
    let place = format!("{}:{}", document.display(), step.line);
    let printed = (finished.stdout + &finished.stderr).replace(&format!(":{port}"), ":4000");
    assert_eq!(
        finished.status == Some(0),
        !step.is_refused(),
        "{place}: {}\nended with {:?} and printed:\n{printed}",
        step.command,
        finished.status
    );
    if !step.expected.is_empty() {
        let pattern = pattern(&step.expected);
        assert!(
            pattern.is_match(&(printed.clone() + "\n")),
            "{place}: {}\nprinted:\n{printed}\nand not:\n{}",
            step.command,
            step.expected.join("\n")
        );
    }
}

#[test]
fn every_command_in_the_documentation_does_what_it_says() {
    let mut steps_run = 0;
    for document in documents() {
        let text = fs::read_to_string(&document).expect("a document can be read");
        let sessions = sessions(&text);
        if sessions.is_empty() {
            continue;
        }
        // As a newcomer has it: no settings, no keys.
        let product = Product::bare();
        let gateway = product.serve_with(&["--sandbox", "--listen", "127.0.0.1:0"]);
        for step in sessions.iter().flatten() {
            run(&document, step, &product, &gateway);
            steps_run += 1;
        }
    }
    assert!(steps_run > 0, "no document has a ```console block");
}

#[test]
fn the_readers_of_sessions_read_them() {
    let text = "text\n```console\n$ a \\\n  b\nout 1\n...\n$ c\n```\n```sh\n$ not this\n```\n";
    let sessions = sessions(text);
    assert_eq!(sessions.len(), 1);
    let steps = &sessions[0];
    assert_eq!((steps[0].command.as_str(), steps[0].line), ("a \\\n  b", 3));
    let pattern = pattern(&steps[0].expected);
    assert!(pattern.is_match("out 1\nanything\nat all\n"));
    assert!(!pattern.is_match("out 2\nanything\n"));
    assert_eq!(steps[1].command, "c");
}
