//! What the tests have in common.

use std::error::Error as _;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use crate::batch::Batch;
use crate::entry::Entry;
use crate::reader::{Filter, Reader};
use crate::store::Store;
use crate::writer::{Notice, Settings};

/// Longer than any machine needs; nothing waits for it unless it is broken.
pub(crate) const LONG: Duration = Duration::from_mins(1);

/// In the year 2026.
pub(crate) const NOW_MS: i64 = 1_795_000_000_000;

pub(crate) fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_millis(NOW_MS.unsigned_abs())
}

/// Waits until this is so.
#[track_caller]
#[expect(
    clippy::disallowed_methods,
    reason = "what never comes is to be noticed"
)]
pub(crate) fn until(is_so: impl Fn() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < LONG);
        thread::yield_now();
    }
}

/// Does what must not take long.
#[track_caller]
#[expect(
    clippy::disallowed_methods,
    reason = "only the real time tells a call from the end of the wait"
)]
pub(crate) fn at_once(act: impl FnOnce()) {
    let began = Instant::now();
    act();
    assert!(began.elapsed() < LONG);
}

pub(crate) fn settings(folder: &Path) -> Settings {
    Settings {
        folder: folder.to_owned(),
        keep: Duration::from_hours(24),
        bytes_max: 1 << 30,
    }
}

/// The call with this number, made now.
pub(crate) fn entry(number: u128) -> Entry<'static> {
    Entry {
        id: number,
        started_ms: NOW_MS,
        connector: Some("acme"),
        operation: Some("things.list"),
        status: Some(200),
        class: "ok",
        attempts: 1,
        took: Duration::from_millis(20),
        ..Entry::of("GET", "/things")
    }
}

pub(crate) fn batch(entries: impl IntoIterator<Item = Entry<'static>>) -> Batch {
    let mut batch = Batch::default();
    for entry in entries {
        batch.add(&entry).expect("there is room");
    }
    batch
}

/// The numbers of the calls in a folder, in the order in which they ended.
pub(crate) fn numbers(folder: &Path) -> Vec<u128> {
    let records = Reader::new(folder).list(&Filter::newest(u32::MAX));
    let records = records.expect("the log can be read");
    records.iter().rev().map(|record| record.id).collect()
}

/// Notices, each as a line, without the folder.
#[derive(Debug, Clone, Default)]
pub(crate) struct Heard(Arc<Mutex<Vec<String>>>);

impl Heard {
    pub(crate) fn note(&self, notice: &Notice<'_>) {
        let name = |path: &Path| path.file_name().map(|name| name.display().to_string());
        let line = match notice {
            Notice::Problem(err) => {
                let why = err.source().map(ToString::to_string);
                format!("problem: {:?}: {}", err.kind(), why.unwrap_or_default())
            }
            Notice::MovedAside { problem, to } => {
                format!("moved aside: {:?}: {:?}", problem.kind(), name(to))
            }
            Notice::Recovered { dropped } => format!("recovered, {dropped} dropped"),
        };
        self.0.lock().expect("nobody panics").push(line);
    }

    /// What was heard since the last time.
    pub(crate) fn take(&self) -> String {
        let lines = std::mem::take(&mut *self.0.lock().expect("nobody panics"));
        lines.join("\n")
    }
}

/// Leaves room for hardly anything more.
pub(crate) fn fill_disk(store: &Store) {
    limit_pages(store, "page_count + 1");
}

/// Makes room again.
pub(crate) fn empty_disk(store: &Store) {
    limit_pages(store, "1000000");
}

fn limit_pages(store: &Store, pages: &str) {
    let connection = store.connection();
    let ask = format!("SELECT {pages} FROM pragma_page_count");
    let pages = connection.query_row(&ask, [], |row| row.get::<_, i64>(0));
    let pages = pages.expect("SQLite knows it");
    connection
        .pragma_update_and_check(None, "max_page_count", pages, |_| Ok(()))
        .expect("SQLite takes any number");
}
