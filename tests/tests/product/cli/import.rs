//! `connectors import openapi`: documents of one's own, and the vendors' real ones.

use std::fs;
use std::io::Read as _;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use serde_json::{Value, json};
use trunkline_tests::{
    Finished, PATIENCE, Product, Program, is_as_shipped, is_ci, memory_most, repository,
};

/// A document with something that is carried over and something that is not.
fn document() -> Value {
    json!({
        "openapi": "3.1.0",
        "info": { "title": "Acme", "version": "1.2" },
        "servers": [{ "url": "https://api.acme.example/v1" }],
        "security": [{ "key": [] }],
        "components": {
            "securitySchemes": { "key": { "type": "http", "scheme": "bearer" } },
            "schemas": { "Thing": { "type": "object", "required": ["id"], "properties": {
                "id": { "type": "string" }, "parent": { "$ref": "#/components/schemas/Thing" } } } },
        },
        "paths": { "/things/{id}": { "put": {
            "operationId": "things/put",
            "parameters": [
                { "name": "id", "in": "path", "required": true, "schema": { "type": "integer" } },
                { "name": "notify", "in": "query", "schema": { "type": "boolean" } },
                { "name": "sid", "in": "cookie", "schema": { "type": "string" } },
            ],
            "requestBody": { "content": { "application/json": { "schema": {
                "type": "object", "required": ["name"], "properties": { "name": { "type": "string" } } } } } },
            "responses": { "200": { "description": "", "content": { "application/json": {
                "schema": { "$ref": "#/components/schemas/Thing" } } } } },
        } } },
    })
}

/// A product with the document, and this said of it.
fn import(arguments: &[&str]) -> (Product, Finished) {
    let product = Product::bare().file("acme.json", &document().to_string());
    let mut all = vec!["connectors", "import", "openapi"];
    all.extend(arguments);
    let finished = product.run(&all);
    (product, finished)
}

/// What a folder holds, hidden entries too.
fn entries(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

#[test]
fn a_document_becomes_a_connector_that_can_be_called() {
    let (product, finished) = import(&["acme.json"]);
    finished.expect(0).prints(&[
        "connectors/acme: 1 operation in 4 files",
        "1 x cookie, not sent",
    ]);
    product
        .run(&["connectors", "check", "connectors/acme"])
        .expect(0);
    product.run(&["operations", "acme"]).expect(0).prints(&[
        "things.put",
        "PUT /things/{id}",
        "name",
    ]);
    product
        .clone()
        .variable("ACME_TOKEN", "a-token-of-acme")
        .run(&[
            "call",
            "acme",
            "things.put",
            "id=7",
            "name=x",
            "notify:=true",
            "--dry-run",
        ])
        .expect(0)
        .prints(&[
            "PUT https://api.acme.example/v1/things/7?notify=true",
            r#"{"name":"x"}"#,
        ]);
    product
        .run(&["call", "acme", "things.put", "id=7", "--dry-run"])
        .expect(2)
        .complains(&["`name`"]);
    assert_eq!(entries(&product.path().join("connectors")), ["acme"]);
}

#[test]
fn what_is_there_is_replaced_only_where_that_is_asked_for() {
    let (product, finished) = import(&["acme.json", "--name", "own"]);
    finished.expect(0);
    let mine = product.path().join("connectors/own/mine.txt");
    fs::write(&mine, "mine").expect("a file can be written");
    let again = [
        "connectors",
        "import",
        "openapi",
        "acme.json",
        "--name",
        "own",
    ];
    product
        .run(&again)
        .expect(2)
        .complains(&["`connectors/own` is there already", "--force"]);
    assert!(mine.exists());
    product.run(&[&again[..], &["--force"]].concat()).expect(0);
    assert!(!mine.exists());
    assert_eq!(entries(&product.path().join("connectors")), ["own"]);
}

#[test]
fn what_cannot_be_read_is_placed_and_nothing_is_written() {
    let product = Product::bare()
        .file("bad.json", "{\n  \"openapi\": \"3.0.0\",,\n}")
        .file("bad.yaml", "openapi: 3.0.0\npaths: [\n")
        .file("old.json", r#"{ "openapi": "1.0" }"#)
        .file("empty.json", r#"{ "openapi": "3.0.0", "paths": {} }"#);
    for (file, expected) in [
        ("bad.json", "bad.json:2:22: the file is no JSON"),
        ("bad.yaml", "bad.yaml:3:1: the file is no YAML"),
        ("old.json", "`1.0` is no version that can be read"),
        ("empty.json", "no operation that can be called"),
        ("none.json", "none.json"),
    ] {
        let finished = product.run(&["connectors", "import", "openapi", file]);
        finished.expect(2).complains(&[expected]);
    }
    assert!(!product.path().join("connectors").exists());
}

#[test]
fn options_say_what_the_document_does_not() {
    let arguments = [
        "acme.json",
        "--base-url",
        "https://eu.acme.example",
        "--auth",
        "header:X-Key",
    ];
    let (product, finished) = import(&arguments);
    finished.expect(0);
    let written = product.path().join("connectors/acme/connector.toml");
    let text = fs::read_to_string(written).expect("it was written");
    assert!(
        text.contains("base_url = \"https://eu.acme.example\""),
        "{text}"
    );
    assert!(text.contains("name = \"x-key\""), "{text}");
    for (option, value, expected) in [
        ("--base-url", "http://acme.example", "https://"),
        ("--auth", "cookie", "header:NAME"),
        ("--only", "(", "--only"),
        ("--name", "Acme", "lower-case"),
    ] {
        let (_, finished) = import(&["acme.json", option, value]);
        finished.expect(2).complains(&[expected]);
    }
    import(&["acme.json", "--only", "nothing"])
        .1
        .expect(2)
        .complains(&["asked for"]);
    import(&["acme.json", "--tag", "pets"])
        .1
        .expect(2)
        .complains(&["asked for"]);
}

#[test]
fn a_folder_of_documents_becomes_a_folder_of_connectors() {
    let product = Product::bare()
        .file("in/acme.com/things.json", &document().to_string())
        .file(
            "in/acme.com/more.yaml",
            "openapi: 3.0.0\ninfo: { title: More }\npaths: { /a: { get: {} } }\n",
        )
        .file("in/acme/things.json", &document().to_string())
        .file("in/bad.json", "{")
        .file("in/notes.txt", "no document");
    let finished = product.run(&["connectors", "import", "openapi", "--dir", "in"]);
    let finished = finished.expect(2).prints(&[
        "connectors/acme-more: 1 operation",
        "connectors/acme-things: 1 operation",
        "connectors/acme-things-2: 1 operation",
    ]);
    finished.complains(&[
        "in/bad.json:1:",
        "3 connectors written, 1 document not imported",
    ]);
    product
        .run(&["connectors", "check", "connectors"])
        .expect(0);
    let finished = product.run(&[
        "connectors",
        "import",
        "openapi",
        "--dir",
        "in",
        "--force",
        "--json",
    ]);
    let report = finished.expect(2).json();
    assert_eq!(report.as_array().map(Vec::len), Some(4));
    assert_eq!(report[0]["name"], "acme-things");
    let losses = report[0]["losses"].as_array().expect("a list");
    assert!(
        losses.iter().any(|loss| loss["kind"] == "cookie"),
        "{losses:?}"
    );
    assert_eq!(report[1]["name"], "acme-more");
    assert!(
        report[3]["error"]
            .as_str()
            .is_some_and(|error| error.contains("in/bad.json:1:"))
    );
    product
        .run(&["connectors", "import", "openapi", "--dir", "none"])
        .expect(2)
        .complains(&["`none` is no folder"]);
}

/// The vendors' documents that `npm ci` in `tests/sdks` brings, the largest first.
fn real_documents() -> Vec<PathBuf> {
    let mut folders = vec![repository().join("tests/sdks/.documents/openapi")];
    let mut documents = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            match entry.path() {
                path if path.is_dir() => folders.push(path),
                path => documents.push((entry.metadata().map_or(0, |data| data.len()), path)),
            }
        }
    }
    documents.sort();
    documents.into_iter().rev().map(|(_, path)| path).collect()
}

/// Imports documents into a folder of its own and checks every connector; gives how many.
fn import_and_check(documents: &[&PathBuf]) -> usize {
    let product = Product::bare();
    let root = repository().join("tests/sdks/.documents/openapi");
    for document in documents {
        let below = document.strip_prefix(&root).expect("it lies below");
        let link = product.path().join("in").join(below);
        fs::create_dir_all(link.parent().expect("it lies in a folder"))
            .expect("a folder can be made");
        symlink(document, link).expect("a link can be made");
    }
    let finished = product.run(&["connectors", "import", "openapi", "--dir", "in", "--json"]);
    let report = finished.expect(0).json();
    let report = report.as_array().expect("a list").clone();
    for one in &report {
        assert!(
            one["operations"].as_u64().is_some_and(|count| 0 < count),
            "{one}"
        );
    }
    product
        .run(&["connectors", "check", "connectors"])
        .expect(0);
    report.len()
}

#[test]
fn the_vendors_real_documents_are_imported_and_pass_every_check() {
    let documents = real_documents();
    if documents.is_empty() {
        assert!(
            !is_ci(),
            "the documents are not there: run `npm ci` in tests/sdks"
        );
        eprintln!("skipped: the documents are not there: run `npm ci` in tests/sdks");
        return;
    }
    let is_there = |name: &str| documents.iter().any(|path| path.ends_with(name));
    for required in [
        "stripe.com.json",
        "twilio.com/api.json",
        "sendgrid.com.json",
        "slack.com.json",
        "api.github.com.json",
    ] {
        assert!(is_there(required), "no {required}");
    }
    assert!(250 <= documents.len(), "{}", documents.len());
    // So many that no single run takes long, whatever else the machine does.
    let shares = 1 + documents.len() / 12;
    let next = AtomicUsize::new(0);
    let work = || {
        let mut count = 0;
        loop {
            let share = next.fetch_add(1, Ordering::Relaxed);
            if shares <= share {
                return count;
            }
            let share: Vec<&PathBuf> = documents.iter().skip(share).step_by(shares).collect();
            count += import_and_check(&share);
        }
    };
    let workers = thread::available_parallelism().map_or(2, usize::from);
    let count: usize = thread::scope(|scope| {
        let handles: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        let counts = handles
            .into_iter()
            .map(|handle| handle.join().expect("no worker panics"));
        counts.sum()
    });
    assert_eq!(count, documents.len());
}

/// The most memory that an import may take.
const MEMORY_MAX: usize = 1_000_000_000;
/// What a pipe of Linux holds.
const PIPE: usize = 64 << 10;
/// How much of a processor's time an import may take, in hundredths of a second. Time by the clock
/// would depend on what else the machine does.
const TICKS_MAX: u32 = 10 * 100;

#[test]
fn the_largest_document_is_imported_in_little_time_and_memory() {
    let largest = repository().join("tests/sdks/.documents/largest.json");
    let Ok(data) = fs::metadata(&largest) else {
        assert!(
            !is_ci(),
            "the document is not there: run `npm ci` in tests/sdks"
        );
        eprintln!("skipped: the document is not there: run `npm ci` in tests/sdks");
        return;
    };
    assert!(40_000_000 < data.len(), "{} bytes", data.len());
    let product = Product::bare();
    symlink(&largest, product.path().join("graph.json")).expect("a link can be made");
    let mut import = product
        .command(&["connectors", "import", "openapi", "graph.json", "--json"])
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut stdout = import.stdout.take().expect("it was piped");
    // It reports when its work is done, and more than a pipe holds, so it cannot end before its
    // memory has been looked at.
    let mut report = vec![0];
    stdout.read_exact(&mut report).expect("it reports");
    let (memory, ticks) = (memory_most(import.id()), ticks(import.id()));
    stdout.read_to_end(&mut report).expect("it reports");
    let status = import.wait().expect("a child can be waited for");
    assert!(status.success(), "{status}");
    assert!(PIPE < report.len(), "{} bytes of report", report.len());
    assert!(memory < MEMORY_MAX, "{memory} bytes");
    assert!(!is_as_shipped() || ticks < TICKS_MAX, "{ticks} ticks");
    let report: Value = serde_json::from_slice(&report).expect("the report is JSON");
    assert!(
        report["operations"]
            .as_u64()
            .is_some_and(|count| 20_000 < count),
        "{}",
        report["operations"]
    );
    let check = product.command(&["connectors", "check", "connectors"]);
    // Without optimizations it takes a while.
    let finished = Program::start(check).finish_within(6 * PATIENCE);
    finished.expect(0);
}

/// How much of a processor's time a running process has taken, in Linux's hundredths of a second:
/// `proc_pid_stat(5)`.
fn ticks(id: u32) -> u32 {
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).expect("it runs");
    let (_, fields) = stat.rsplit_once(')').expect("the name stands in brackets");
    let fields: Vec<&str> = fields.split_whitespace().collect();
    let ticks = |place: usize| fields[place].parse::<u32>().expect("ticks are counted");
    ticks(11) + ticks(12)
}
