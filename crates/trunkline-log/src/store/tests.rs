//! What goes into the file, and what goes out of it again.

use std::fs;
use std::path::Path;

use super::*;
use crate::fixture::{NOW_MS, batch, entry, fill_disk, numbers};

fn open(folder: &Path) -> Store {
    let place = Place::new(folder);
    let identity = place.claim().expect("it can be made");
    Store::open(&place, identity).expect("it can be opened")
}

/// A store with so many rows; each begins a millisecond after the one before.
fn filled(folder: &Path, rows: i64) -> Store {
    let mut store = open(folder);
    let entries = (0..rows).map(|number| Entry {
        started_ms: NOW_MS + number,
        ..entry(number.unsigned_abs().into())
    });
    store.write(&[batch(entries)]).expect("there is room");
    store
}

const ALL: Limits = Limits {
    oldest_ms: i64::MIN,
    bytes_max: u64::MAX,
    rows_max: 1_000,
};

fn text(store: &Store, pragma: &str) -> String {
    let ask =
        format!("SELECT CAST(value AS TEXT) FROM (SELECT {pragma} AS value FROM pragma_{pragma})");
    let answer = store.connection.query_row(&ask, [], |row| row.get(0));
    answer.expect("SQLite knows it")
}

#[test]
fn the_file_is_set_up_for_many_writers_and_little_waiting() {
    let folder = tempfile::tempdir().expect("there is room");
    let store = open(folder.path());
    assert_eq!(text(&store, "journal_mode"), "wal");
    // 1 is NORMAL.
    assert_eq!(text(&store, "synchronous"), "1");
    // 2 is INCREMENTAL.
    assert_eq!(text(&store, "auto_vacuum"), "2");
    let again = open(folder.path());
    assert_eq!(text(&again, "auto_vacuum"), "2");
}

#[test]
fn all_of_a_write_is_there_or_nothing() {
    let folder = tempfile::tempdir().expect("there is room");
    let mut store = filled(folder.path(), 3);
    fill_disk(&store);
    let err = store.write(&[batch([entry(7)]), batch((0..5_000).map(entry))]);
    assert_eq!(err.expect_err("it is full").kind(), ErrorKind::DiskFull);
    assert_eq!(numbers(folder.path()), [0, 1, 2]);
    store.write(&[batch([entry(7)])]).expect("there is room");
    assert_eq!(numbers(folder.path()), [0, 1, 2, 7]);
}

#[test]
fn numbers_that_sqlite_cannot_hold_are_kept_as_the_largest() {
    let folder = tempfile::tempdir().expect("there is room");
    let mut store = open(folder.path());
    let huge = Entry {
        took: Duration::MAX,
        bytes_out: u64::MAX,
        ..entry(u128::MAX)
    };
    store.write(&[batch([huge])]).expect("there is room");
    assert_eq!(numbers(folder.path()), [u128::MAX]);
}

#[test]
fn old_rows_go_and_young_ones_stay() {
    let folder = tempfile::tempdir().expect("there is room");
    let store = filled(folder.path(), 10);
    let limits = Limits {
        oldest_ms: NOW_MS + 4,
        ..ALL
    };
    assert_eq!(store.prune(limits).expect("it works"), Pruned::Enough);
    assert_eq!(numbers(folder.path()), [4, 5, 6, 7, 8, 9]);
    assert_eq!(store.prune(ALL).expect("it works"), Pruned::Enough);
    assert_eq!(numbers(folder.path()).len(), 6);
}

#[test]
fn nothing_is_removed_from_nothing() {
    let folder = tempfile::tempdir().expect("there is room");
    let limits = Limits {
        oldest_ms: i64::MAX,
        bytes_max: 0,
        rows_max: 1,
    };
    let pruned = open(folder.path()).prune(limits).expect("it works");
    assert_eq!(pruned, Pruned::Enough);
}

#[test]
fn one_step_removes_only_so_many() {
    let folder = tempfile::tempdir().expect("there is room");
    let store = filled(folder.path(), 10);
    let limits = Limits {
        oldest_ms: NOW_MS + 7,
        rows_max: 3,
        ..ALL
    };
    for left in [7, 4] {
        assert_eq!(store.prune(limits).expect("it works"), Pruned::ThereIsMore);
        assert_eq!(numbers(folder.path()).len(), left);
    }
    assert_eq!(store.prune(limits).expect("it works"), Pruned::Enough);
    assert_eq!(numbers(folder.path()), [7, 8, 9]);
}

#[test]
fn rows_of_a_clock_that_was_wrong_do_no_harm_to_others() {
    let folder = tempfile::tempdir().expect("there is room");
    let mut store = open(folder.path());
    let starts = [NOW_MS, NOW_MS + 1_000_000, 0, NOW_MS - 5, NOW_MS];
    let entries = (0..).zip(starts).map(|(number, started_ms)| Entry {
        started_ms,
        ..entry(number)
    });
    store.write(&[batch(entries)]).expect("there is room");
    let limits = Limits {
        oldest_ms: NOW_MS - 10,
        ..ALL
    };
    store.prune(limits).expect("it works");
    assert_eq!(numbers(folder.path()), [0, 1, 3, 4]);
}

/// Prunes until there is no more to do, and says how often it took.
fn prune_all(store: &Store, limits: Limits) -> usize {
    let steps = (1..10_000).find(|_| store.prune(limits).expect("it works") == Pruned::Enough);
    steps.expect("it comes to an end")
}

#[test]
fn a_file_that_is_too_large_becomes_smaller() {
    let folder = tempfile::tempdir().expect("there is room");
    let mut store = filled(folder.path(), 8_000);
    store
        .write(&[batch((8_000..16_000).map(entry))])
        .expect("there is room");
    let limits = Limits {
        bytes_max: 1 << 20,
        ..ALL
    };
    let pages = store.pages().expect("it can be read");
    assert!(limits.bytes_max < pages.all * pages.size);
    let steps = prune_all(&store, limits);
    assert!(3 < steps && steps < 20, "{steps}");
    let size = fs::metadata(store.place.file()).expect("it is there").len();
    assert!(size <= limits.bytes_max);
    let left = numbers(folder.path());
    // As many as fit, and the newest ones.
    assert!(6_000 < left.len() && left.len() < 16_000);
    assert_eq!(left.last(), Some(&15_999));
    assert!(left.windows(2).all(|two| two[0] + 1 == two[1]));
}

#[test]
fn a_file_at_its_limit_stays_there_without_being_moved_about() {
    let folder = tempfile::tempdir().expect("there is room");
    let mut store = filled(folder.path(), 8_000);
    let limits = Limits {
        bytes_max: 512 << 10,
        ..ALL
    };
    prune_all(&store, limits);
    let mut number = 8_000;
    for _ in 0..100 {
        let entries = (number..number + 100).map(entry);
        store.write(&[batch(entries)]).expect("there is room");
        number += 100;
        assert_eq!(store.prune(limits).expect("it works"), Pruned::Enough);
        let pages = store.pages().expect("it can be read");
        assert!(pages.all * pages.size <= limits.bytes_max);
    }
}

#[test]
fn many_free_pages_are_given_back_though_the_file_is_not_too_large() {
    let folder = tempfile::tempdir().expect("there is room");
    let store = filled(folder.path(), 8_000);
    let rows: Vec<_> = (0..5).map(|row| row * 8_000).collect();
    for from in &rows[1..] {
        let copy = "INSERT INTO calls SELECT row + ?, id, started_ms, connector, operation, connection, method, path, status, class, code, attempts, took_us, first_byte_us, waited_us, bytes_in, bytes_out, cache FROM calls WHERE row <= 8000";
        store
            .connection
            .execute(copy, [from])
            .expect("there is room");
    }
    let before = store.pages().expect("it can be read").all;
    let limits = Limits {
        oldest_ms: i64::MAX,
        rows_max: 39_000,
        ..ALL
    };
    prune_all(&store, limits);
    let after = store.pages().expect("it can be read");
    assert!(after.all < before / 2);
    // Some are kept for what comes.
    assert!(0 < after.free);
    let size = fs::metadata(store.place.file()).expect("it is there").len();
    assert_eq!(size, after.all * after.size);
}

#[test]
fn a_file_that_was_moved_is_noticed_and_closed_without_touching_the_new_one() {
    let folder = tempfile::tempdir().expect("there is room");
    let old = filled(folder.path(), 3);
    assert!(old.is_in_place());
    fs::remove_file(old.place.file()).expect("it is there");
    assert!(!old.is_in_place());
    let mut new = open(folder.path());
    assert!(new.is_in_place() && !old.is_in_place());
    new.write(&[batch([entry(7)])]).expect("there is room");
    drop(old);
    assert_eq!(numbers(folder.path()), [7]);
    new.write(&[batch([entry(8)])]).expect("there is room");
    assert_eq!(numbers(folder.path()), [7, 8]);
}

#[test]
fn a_newer_file_is_not_touched() {
    let folder = tempfile::tempdir().expect("there is room");
    let store = filled(folder.path(), 1);
    store
        .connection
        .pragma_update(None, "user_version", 1_000)
        .expect("SQLite takes any number");
    drop(store);
    let place = Place::new(folder.path());
    let before = fs::read(place.file()).expect("it is there");
    let identity = place.claim().expect("it is there");
    let err = Store::open(&place, identity).expect_err("it is newer");
    assert_eq!(err.kind(), ErrorKind::NewerVersion);
    assert_eq!(fs::read(place.file()).expect("it is there"), before);
}
