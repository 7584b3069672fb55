//! The drift report: what it counts, how much it keeps, and what becomes of it on disk.

use std::borrow::Cow;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use expect_test::{Expect, expect};
use trunkline_connector::document::Source;
use trunkline_connector::{Connector, SchemaFile, SchemaRef};
use trunkline_egress::Clock;

use super::look::{Kind, Passed};
use super::report::{PLACES_MAX, Report, merge};
use super::watcher::{Sample, Watcher};
use super::*;
use crate::call::CallId;
use crate::config::Override;
use crate::held::Encoding;
use crate::metrics::Metrics;
use crate::schema::{Check, Checks, Difference};
use crate::secret::Secret;

fn source(name: &str, text: &str) -> Source {
    Source {
        name: name.to_owned(),
        text: text.to_owned(),
    }
}

/// A connector with one operation, whose example is `{"id": 1, "tags": ["x"]}`.
fn connector() -> Connector {
    let connector = "schema = 1\n[connector]\nname = \"acme\"\ntitle = \"Acme\"\nbase_url = \"https://acme.example\"\ndocs = \"https://acme.example/docs\"\nchecked = \"2026-11-22\"\n[secrets.key]\nenv = \"ACME_API_KEY\"\nexample = \"made-up\"\nobtain = \"https://acme.example/keys\"\n[auth]\nkind = \"bearer\"\nsecret = \"key\"\n[verify]\noperation = \"things.list\"\n";
    let operations = "[[operations]]\nname = \"things.list\"\ntitle = \"List things\"\nmethod = \"GET\"\npath = \"/things\"\ndocs = \"https://acme.example/docs\"\n";
    let example = "operation = \"things.list\"\ntitle = \"all\"\n[request]\nmethod = \"GET\"\npath = \"/things\"\nheaders = { authorization = \"Bearer made-up\" }\n[answer]\nstatus = 200\nheaders = { content-type = \"application/json\" }\nbody = { json = '{\"id\": 1, \"tags\": [\"x\"]}' }\n[reply]\nclass = \"ok\"\n";
    let files = vec![
        source("acme/connector.toml", connector),
        source("acme/operations/things.toml", operations),
        source("acme/examples/list.toml", example),
    ];
    Connector::load(files).expect("the connector is right")
}

/// The same, where events have a schema.
fn connector_with_events() -> Connector {
    let mut connector = connector();
    connector.schemas.push(SchemaFile {
        name: "event.json".to_owned(),
        text: Cow::Borrowed(r#"{"required": ["n"], "properties": {"n": {"type": "integer"}}}"#),
    });
    for operation in &mut connector.operations {
        operation.event_schema = Some(SchemaRef {
            file: 0,
            pointer: String::new(),
        });
    }
    connector
}

fn check_of(connector: Connector) -> Arc<Check> {
    let checks = Checks::new(&Arc::new(connector), &Override::default());
    let checks = checks.expect("there are no schemas of one's own");
    Arc::clone(checks.get(0).expect("there is an example"))
}

fn passed(kind: Kind, pieces: &[&'static str]) -> Passed {
    Passed {
        kind,
        encoding: Encoding::Plain,
        pieces: pieces
            .iter()
            .map(|piece| Bytes::from_static(piece.as_bytes()))
            .collect(),
    }
}

fn sample(check: &Arc<Check>, passed: Passed) -> Sample {
    Sample {
        check: Arc::clone(check),
        call_id: CallId::new(Clock::system().wall(), 0),
        secrets: Arc::from([Secret::new("topsecret")]),
        passed,
    }
}

/// What differs in these bodies, one row a line, and how many were looked at and broken.
#[track_caller]
fn check(connector: Connector, bodies: Vec<Passed>, expected: Expect) {
    let metrics = Metrics::default();
    let (clock, _time) = Clock::manual();
    let watcher = Watcher::new(Arc::clone(metrics.looks()), clock);
    let check = check_of(connector);
    for body in bodies {
        watcher.take(sample(&check, body));
    }
    let mut lines: Vec<String> = watcher.report().iter().map(line).collect();
    let counts = metrics.render();
    let counts = counts
        .lines()
        .filter(|line| line.starts_with("trunkline_replies"));
    lines.extend(counts.map(ToOwned::to_owned));
    expected.assert_eq(&lines.join("\n"));
}

fn line(row: &Drifted) -> String {
    let Drifted {
        part,
        path,
        change,
        expected,
        found,
        count,
        ..
    } = row;
    let (part, change) = (part.as_str(), change.as_str());
    format!("{part} {path:?} {change}: {expected} -> {found}, {count}")
}

#[test]
fn replies_are_compared_with_recorded_ones() {
    check(
        connector(),
        vec![
            passed(Kind::Json, &["{\"id\": 1, \"ta", "gs\": []}"]),
            passed(Kind::Json, &["{\"id\": \"x\", \"new\": {\"a\": 1}}"]),
            passed(Kind::Json, &["{\"id\": \"y\", \"tags\": [\"a\", 4, 5]}"]),
        ],
        expect![[r#"
            reply "/id" changed: a number or null -> a text, 2
            reply "/new" appeared: no such field -> an object, 1
            reply "/tags" vanished: a value -> nothing, 1
            reply "/tags/*" changed: a text or null -> a whole number, 1
            trunkline_replies_checked_total{connector="acme",operation="things.list"} 3
            trunkline_replies_broken_total{connector="acme",operation="things.list"} 0"#]],
    );
}

#[test]
fn what_is_no_json_has_changed_as_a_whole() {
    check(
        connector(),
        vec![
            passed(Kind::Other("text/html".to_owned()), &[]),
            passed(Kind::Json, &["<p>"]),
        ],
        expect![[r#"
            reply "" changed: JSON -> something else, 2
            trunkline_replies_checked_total{connector="acme",operation="things.list"} 2
            trunkline_replies_broken_total{connector="acme",operation="things.list"} 2"#]],
    );
}

#[test]
fn events_are_compared_one_by_one() {
    check(
        connector_with_events(),
        vec![
            passed(
                Kind::Events,
                &[
                    "data: {\"n\": 1}\n\nda",
                    "ta: {\"n\": \"a\", \"m\": 1}\n\ndata: {\"cut",
                ],
            ),
            passed(Kind::Events, &["data: {\"n\": 1}\n\ndata: [DONE]\n\n"]),
            passed(Kind::Lines, &["{\"n\": 1}\n{}\n{\"cut"]),
            passed(Kind::Event, &["{\"n\": null}"]),
        ],
        expect![[r#"
            event "/m" appeared: no such field -> a whole number, 1
            event "/n" vanished: a value -> nothing, 1
            event "/n" changed: a whole number -> null, 2
            trunkline_replies_checked_total{connector="acme",operation="things.list"} 4
            trunkline_replies_broken_total{connector="acme",operation="things.list"} 3"#]],
    );
}

fn difference(path: &str) -> Difference {
    Difference {
        path: path.to_owned(),
        change: Change::Appeared,
        expected: "no such field".to_owned(),
        found: "a text".to_owned(),
    }
}

#[test]
fn of_too_many_the_oldest_go() {
    let mut report = Report::default();
    let operation: Arc<str> = "things.list".into();
    let key = ("acme".parse().unwrap(), &operation);
    for number in 0..PLACES_MAX + 50 {
        let now = format!("2026-01-01T00:{:02}:{:02}Z", number / 60, number % 60);
        report.add(
            key,
            Part::Reply,
            vec![difference(&format!("/f{number}"))],
            &now,
        );
    }
    let rows = report.all();
    assert_eq!(rows.len(), PLACES_MAX);
    assert!(
        rows.iter()
            .all(|row| row.path != "/f0" && row.path != "/f49")
    );
    assert!(rows.iter().any(|row| row.path == "/f50"));
    let more = rows.iter().map(|row| Drifted {
        path: format!("{}x", row.path),
        last_seen: "2027-01-01T00:00:00Z".to_owned(),
        ..row.clone()
    });
    let merged = merge(rows.clone(), &more.collect::<Vec<_>>());
    assert_eq!(merged.len(), PLACES_MAX);
    assert!(merged.iter().all(|row| row.path.ends_with('x')));
}

fn row(path: &str, count: u64, day: u32) -> Drifted {
    Drifted {
        connector: "acme".to_owned(),
        operation: "things.list".to_owned(),
        part: Part::Reply,
        path: path.to_owned(),
        change: Change::Changed,
        expected: "a text".to_owned(),
        found: format!("found on day {day}"),
        count,
        first_seen: format!("2026-01-{day:02}T00:00:00Z"),
        last_seen: format!("2026-01-{day:02}T00:00:00Z"),
    }
}

#[test]
fn what_is_there_is_added_to() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("deep/.trunkline");
    assert_eq!(read(&folder).unwrap(), []);
    file::add(&folder, &[row("/a", 2, 3), row("/b", 1, 3)], Duration::ZERO).unwrap();
    file::add(&folder, &[row("/a", 3, 2), row("/c", 1, 4)], Duration::ZERO).unwrap();
    let rows = read(&folder).unwrap();
    let [a, b, c] = rows.as_slice() else {
        panic!("{rows:?}");
    };
    assert_eq!((a.count, &*a.found), (5, "found on day 3"));
    assert_eq!(
        (&*a.first_seen, &*a.last_seen),
        ("2026-01-02T00:00:00Z", "2026-01-03T00:00:00Z")
    );
    assert_eq!((b.count, c.count), (1, 1));
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&folder.join(FILE_NAME)), 0o600);
    assert_eq!(mode(&folder), 0o700);
    assert_eq!(
        fs::read_to_string(folder.join(".gitignore")).unwrap(),
        "*\n"
    );
    let mut names: Vec<_> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, [".gitignore", "drift.json", "drift.lock"]);
}

#[test]
fn a_lock_that_another_process_keeps_is_not_waited_for_for_ever() {
    let root = tempfile::tempdir().unwrap();
    let lock = fs::File::create(root.path().join("drift.lock")).unwrap();
    lock.lock().unwrap();
    let wait = Duration::from_millis(30);
    let error = file::add(root.path(), &[row("/a", 1, 1)], wait).unwrap_err();
    assert_eq!(
        error.to_string(),
        "another process holds the lock `drift.lock`"
    );
    assert_eq!(read(root.path()).unwrap(), []);
    drop(lock);
    file::add(root.path(), &[row("/a", 1, 1)], Duration::ZERO).unwrap();
    assert_eq!(read(root.path()).unwrap(), [row("/a", 1, 1)]);
}

#[test]
fn a_watcher_ends_although_the_report_is_locked() {
    let root = tempfile::tempdir().unwrap();
    let lock = fs::File::create(root.path().join("drift.lock")).unwrap();
    lock.lock().unwrap();
    let check = check_of(connector());
    let (clock, _time) = Clock::manual();
    let watcher = Watcher::new(Arc::clone(Metrics::default().looks()), clock);
    watcher.keep_in(root.path().to_owned());
    watcher.take(sample(&check, passed(Kind::Json, &["{\"new\": 1}"])));
    drop(watcher);
    assert_eq!(read(root.path()).unwrap(), []);
}

#[test]
fn keys_that_are_secrets_are_data() {
    check(
        connector(),
        vec![passed(
            Kind::Json,
            &[
                r#"{"id": 1, "tags": [], "sk_live_abc": 1, "ghp_abcdef": 1, "AKIAIOSFODNNEXAMPLE": 1,"#,
                r#" "my-topsecret-key": 1, "kJhGfDsAqWeRtYuIoPzXcVbNm": 1, "line\nfeed": 1,"#,
                r#" "default_payment_method_of_customer": 1, "isAutomaticTaxCalculationEnabled": 1}"#,
            ],
        )],
        expect![[r#"
            reply "/*" appeared: no such field -> a whole number, 1
            reply "/default_payment_method_of_customer" appeared: no such field -> a whole number, 1
            reply "/isAutomaticTaxCalculationEnabled" appeared: no such field -> a whole number, 1
            trunkline_replies_checked_total{connector="acme",operation="things.list"} 1
            trunkline_replies_broken_total{connector="acme",operation="things.list"} 0"#]],
    );
}

#[test]
fn json_that_no_value_holds_has_not_changed() {
    let deep = format!("{}1{}", "[".repeat(200), "]".repeat(200)).leak();
    let many = format!("[{}1]", "1,".repeat(300_000)).leak();
    check(
        connector(),
        vec![
            passed(Kind::Json, &[deep]),
            passed(Kind::Json, &[many]),
            passed(Kind::Json, &["{\"id\": 1e999}"]),
            passed(Kind::Json, &["{\"id\": \"\\ud800\"}"]),
        ],
        expect![""],
    );
}

#[test]
fn what_passes_takes_no_more_room_than_there_is() {
    let (clock, _time) = Clock::manual();
    let watcher = Watcher::new(Arc::clone(Metrics::default().looks()), clock);
    assert!(watcher.has_room_for(8 << 20));
    assert!(!watcher.has_room_for(1));
    watcher.forget(1 << 20);
    assert!(watcher.has_room_for(1 << 20));
    assert!(!watcher.has_room_for(1));
}

#[test]
fn lines_that_say_something_else_are_passed_over() {
    let root = tempfile::tempdir().unwrap();
    let good = serde_json::to_string(&row("/a", 1, 1)).unwrap();
    fs::write(
        root.path().join(FILE_NAME),
        format!("hello\n{good}\n{{\"x\": 1}}\n\n"),
    )
    .unwrap();
    assert_eq!(read(root.path()).unwrap(), [row("/a", 1, 1)]);
}

#[test]
fn the_report_is_written_when_the_watcher_ends() {
    let root = tempfile::tempdir().unwrap();
    let check = check_of(connector());
    let watch = |bodies: usize| {
        let (clock, _time) = Clock::manual();
        let watcher = Watcher::new(Arc::clone(Metrics::default().looks()), clock);
        watcher.keep_in(root.path().to_owned());
        for _ in 0..bodies {
            watcher.take(sample(
                &check,
                passed(Kind::Json, &["{\"id\": 1, \"tags\": [], \"new\": 1}"]),
            ));
        }
    };
    watch(2);
    watch(0);
    watch(3);
    let rows = read(root.path()).unwrap();
    assert_eq!(rows.len(), 1);
    assert_eq!(
        line(&rows[0]),
        "reply \"/new\" appeared: no such field -> a whole number, 5"
    );
}

#[test]
fn where_nothing_can_be_written_everything_goes_on() {
    let check = check_of(connector());
    let (clock, _time) = Clock::manual();
    let watcher = Watcher::new(Arc::clone(Metrics::default().looks()), clock);
    watcher.keep_in("/proc/nowhere".into());
    for _ in 0..3 {
        watcher.take(sample(
            &check,
            passed(Kind::Json, &["{\"id\": 1, \"tags\": [], \"new\": 1}"]),
        ));
        assert_eq!(watcher.report().len(), 1);
    }
    drop(watcher);
}

#[test]
fn what_is_too_large_to_wait_passes_unseen() {
    let check = check_of(connector());
    let (clock, _time) = Clock::manual();
    let metrics = Metrics::default();
    let watcher = Watcher::new(Arc::clone(metrics.looks()), clock);
    let large = Bytes::from(vec![b' '; 5 << 20]);
    let body = Passed {
        kind: Kind::Json,
        encoding: Encoding::Plain,
        pieces: vec![large.clone(), large],
    };
    watcher.take(sample(&check, body));
    assert_eq!(watcher.report(), []);
    assert!(!metrics.render().contains("trunkline_replies_checked_total"));
    // What it would have taken is free again.
    watcher.take(sample(
        &check,
        passed(Kind::Json, &["{\"id\": 1, \"tags\": [], \"new\": 1}"]),
    ));
    assert_eq!(watcher.report().len(), 1);
}
