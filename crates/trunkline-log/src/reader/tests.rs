//! What is listed and found, and that reading is in nobody's way.

use std::fs;

use super::*;
use crate::entry::Entry;
use crate::fixture::{NOW_MS, batch, entry, numbers};
use crate::store::Store;

fn store(folder: &Path) -> Store {
    let place = Place::new(folder);
    let identity = place.claim().expect("it can be made");
    Store::open(&place, identity).expect("it can be opened")
}

/// Calls of all kinds, numbered from 0.
fn calls() -> Vec<Entry<'static>> {
    let mut calls: Vec<_> = (0..8).map(entry).collect();
    calls[1].connector = Some("other");
    calls[2].operation = None;
    calls[3].status = Some(404);
    calls[3].class = "caller_error";
    calls[4].status = Some(429);
    calls[4].class = "rate_limited";
    calls[5].status = None;
    calls[5].class = "caller_gone";
    calls[6].took = Duration::from_secs(3);
    calls[7].started_ms = NOW_MS + 1_000;
    calls
}

/// Which of the calls are listed, the newest first.
#[track_caller]
fn check(filter: Filter, expected: &[u128]) {
    let folder = tempfile::tempdir().expect("there is room");
    let mut store = store(folder.path());
    store.write(&[batch(calls())]).expect("there is room");
    let listed = Reader::new(folder.path()).list(&filter);
    let listed = listed.expect("it can be read");
    let listed: Vec<_> = listed.iter().map(|record| record.id).collect();
    assert_eq!(listed, expected);
}

fn any() -> Filter {
    Filter::newest(100)
}

#[test]
fn the_newest_come_first_and_only_so_many() {
    check(any(), &[7, 6, 5, 4, 3, 2, 1, 0]);
    check(Filter::newest(2), &[7, 6]);
    check(Filter::newest(0), &[]);
}

#[test]
fn each_part_of_a_filter_is_heeded() {
    let connector = Some("other".to_owned());
    check(Filter { connector, ..any() }, &[1]);
    let operation = Some("things.list".to_owned());
    check(Filter { operation, ..any() }, &[7, 6, 5, 4, 3, 1, 0]);
    let status = Statuses::Only(404);
    check(Filter { status, ..any() }, &[3]);
    let status = Statuses::Class(4);
    check(Filter { status, ..any() }, &[4, 3]);
    let status = Statuses::Class(2);
    check(Filter { status, ..any() }, &[7, 6, 2, 1, 0]);
    let which = Which::Errors;
    check(Filter { which, ..any() }, &[5, 4, 3]);
    let since_ms = Some(NOW_MS + 1_000);
    check(Filter { since_ms, ..any() }, &[7]);
    let slower_than = Some(Duration::from_millis(20));
    check(
        Filter {
            slower_than,
            ..any()
        },
        &[6],
    );
}

#[test]
fn all_parts_of_a_filter_must_be_so() {
    let both = Filter {
        status: Statuses::Class(4),
        which: Which::Errors,
        connector: Some("acme".to_owned()),
        ..Filter::newest(1)
    };
    check(both.clone(), &[4]);
    let none = Filter {
        since_ms: Some(NOW_MS + 1),
        ..both
    };
    check(none, &[]);
}

#[test]
fn everything_that_was_written_is_read() {
    let folder = tempfile::tempdir().expect("there is room");
    let full = Entry {
        id: u128::MAX - 1,
        started_ms: -5,
        connector: Some("acme"),
        operation: Some("things.list"),
        connection: Some("team"),
        method: "POST",
        path: "/ä/%20",
        status: Some(599),
        class: "provider_down",
        code: Some("E_X"),
        attempts: u32::MAX,
        took: Duration::from_micros(1_234_567),
        first_byte: Some(Duration::from_micros(1)),
        waited: Duration::from_micros(2),
        bytes_in: 3,
        bytes_out: 1 << 40,
        cache: Some("hit"),
    };
    let written = [full, Entry::of("GET", "")];
    let mut store = store(folder.path());
    store.write(&[batch(written)]).expect("there is room");
    let read = Reader::new(folder.path()).list(&any());
    let read = read.expect("it can be read");
    let read: Vec<_> = read.iter().rev().map(Record::as_entry).collect();
    assert_eq!(read, written);
}

#[test]
fn a_call_is_found_by_its_number_or_what_begins_alike() {
    let folder = tempfile::tempdir().expect("there is room");
    let reader = Reader::new(folder.path());
    let mut store = store(folder.path());
    let high = 0xabcd << 112;
    let entries = [entry(5), entry(high | 1), entry(high | 2)];
    store.write(&[batch(entries)]).expect("there is room");
    let find = |first, last| match reader.find(first, last).expect("it can be read") {
        Found::Nothing => "nothing".to_owned(),
        Found::One(record) => format!("{:x}", record.id),
        Found::Several => "several".to_owned(),
    };
    assert_eq!(find(5, 5), "5");
    assert_eq!(find(6, 6), "nothing");
    assert_eq!(find(high | 2, high | 2), format!("{:x}", high | 2));
    assert_eq!(find(high, high | (u128::MAX >> 16)), "several");
    assert_eq!(find(0, u128::MAX >> 16), "5");
    assert_eq!(find(0, u128::MAX), "several");
    assert_eq!(find(7, 6), "nothing");
}

#[test]
fn where_there_is_no_log_there_is_nothing_and_nothing_is_made() {
    let folder = tempfile::tempdir().expect("there is room");
    let absent = folder.path().join("absent");
    for place in [folder.path(), &absent] {
        let reader = Reader::new(place);
        assert_eq!(reader.list(&any()).expect("nothing is wrong"), []);
        let found = reader.find(0, u128::MAX).expect("nothing is wrong");
        assert_eq!(found, Found::Nothing);
    }
    let mut entries = fs::read_dir(folder.path()).expect("it is there");
    assert!(entries.next().is_none());
}

#[test]
fn a_log_that_has_just_been_made_is_empty() {
    let folder = tempfile::tempdir().expect("there is room");
    Place::new(folder.path()).claim().expect("it can be made");
    assert_eq!(numbers(folder.path()), []);
}

#[test]
fn who_reads_waits_for_nobody_and_nobody_for_them() {
    let folder = tempfile::tempdir().expect("there is room");
    let mut store = store(folder.path());
    store.write(&[batch([entry(1)])]).expect("there is room");
    let other = Connection::open(folder.path().join(crate::FILE_NAME)).expect("it is there");
    other
        .execute_batch("BEGIN IMMEDIATE")
        .expect("nobody writes");
    assert_eq!(numbers(folder.path()), [1]);
    other.execute_batch("ROLLBACK").expect("it had begun");
    let reading = "BEGIN; SELECT count(*) FROM calls";
    other.execute_batch(reading).expect("it can be read");
    store
        .write(&[batch([entry(2)])])
        .expect("nobody is in the way");
    assert_eq!(numbers(folder.path()), [1, 2]);
}

/// What is wrong with a file that holds this.
fn wrong(contents: &[u8]) -> ErrorKind {
    let folder = tempfile::tempdir().expect("there is room");
    let file = folder.path().join(crate::FILE_NAME);
    fs::write(&file, contents).expect("there is room");
    let err = Reader::new(folder.path()).list(&any());
    // It is left for the writer to deal with.
    assert_eq!(fs::read(&file).expect("it is there"), contents);
    err.expect_err("it is none of ours").kind()
}

#[test]
fn what_is_no_log_is_an_error() {
    assert_eq!(wrong(&[b'x'; 8_192]), ErrorKind::Damaged);
    let folder = tempfile::tempdir().expect("there is room");
    let file = folder.path().join("other");
    let other = Connection::open(&file).expect("it can be made");
    other
        .execute_batch("CREATE TABLE calls (a); PRAGMA user_version = 1")
        .expect("there is room");
    let contents = fs::read(&file).expect("it is there");
    assert_eq!(wrong(&contents), ErrorKind::Unexpected);
    other
        .execute_batch("PRAGMA user_version = 1000")
        .expect("there is room");
    let contents = fs::read(&file).expect("it is there");
    assert_eq!(wrong(&contents), ErrorKind::NewerVersion);
}
