//! The thread itself: it wakes, writes, ends, and stands others beside it.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc;

use rusqlite::Connection;

use super::*;
use crate::FILE_NAME;
use crate::fixture::{Heard, LONG, entry, now, numbers, settings, until};
use crate::reader::{Filter, Reader};

fn start(folder: &std::path::Path) -> CallLog {
    CallLog::start(settings(folder), now, |_| {}).expect("there are threads")
}

#[test]
fn entries_are_written_without_being_asked_for() {
    let folder = tempfile::tempdir().expect("there is room");
    let log = start(folder.path());
    let shard = log.shard();
    for number in 1..=3_u8 {
        until(|| log.bell.is_asleep());
        shard.add(&entry(number.into()));
        until(|| log.counts().written == number.into());
    }
    assert_eq!(numbers(folder.path()), [1, 2, 3]);
}

#[test]
fn flushing_is_not_done_before_it_has_worked() {
    let folder = tempfile::tempdir().expect("there is room");
    let below = folder.path().join("data");
    std::fs::write(&below, "in the way").expect("there is room");
    let steps = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&steps);
    let clock = move || {
        counted.fetch_add(1, Ordering::Relaxed);
        now()
    };
    let log = CallLog::start(settings(&below), clock, |_| {}).expect("there are threads");
    log.shard().add(&entry(1));
    thread::scope(|scope| {
        let flushing = scope.spawn(|| log.flush(LONG).then(|| log.counts().written));
        // The first one may be over before it is asked.
        until(|| 3 <= steps.load(Ordering::Relaxed));
        std::fs::remove_file(&below).expect("it is there");
        assert_eq!(flushing.join().expect("nobody panics"), Some(1));
    });
}

#[test]
fn all_that_was_added_is_there_when_it_has_been_flushed_or_closed_or_dropped() {
    let folder = tempfile::tempdir().expect("there is room");
    let log = start(folder.path());
    let shard = log.shard();
    assert!(log.flush(LONG));
    shard.add(&entry(1));
    assert!(log.flush(LONG));
    assert_eq!(numbers(folder.path()), [1]);
    shard.add(&entry(2));
    assert!(log.close(LONG));
    assert_eq!(numbers(folder.path()), [1, 2]);
    shard.add(&entry(3));
    assert!(!log.flush(LONG));
    assert!(log.close(LONG));
    assert_eq!(log.counts().dropped, 1);
    drop(log);
    let log = start(folder.path());
    log.shard().add(&entry(4));
    drop(log);
    assert_eq!(numbers(folder.path()), [1, 2, 4]);
}

#[test]
fn closing_takes_no_longer_than_allowed() {
    let folder = tempfile::tempdir().expect("there is room");
    let log = start(folder.path());
    let shard = log.shard();
    shard.add(&entry(1));
    assert!(log.flush(LONG));
    let other = Connection::open(folder.path().join(FILE_NAME)).expect("it is there");
    other
        .execute_batch("BEGIN IMMEDIATE")
        .expect("nobody writes");
    shard.add(&entry(2));
    assert!(!log.flush(Duration::ZERO));
    assert!(!log.close(Duration::ZERO));
    other.execute_batch("COMMIT").expect("it had begun");
    assert!(log.close(LONG));
    assert_eq!(numbers(folder.path()), [1, 2]);
}

#[test]
fn a_thread_that_has_ended_too_early_is_not_waited_for() {
    let folder = tempfile::tempdir().expect("there is room");
    let file = folder.path().join(FILE_NAME);
    std::fs::write(file, "no database").expect("there is room");
    let tell = |_: Notice<'_>| panic!("a bug");
    let log = CallLog::start(settings(folder.path()), now, tell).expect("there are threads");
    let shard = log.shard();
    shard.add(&entry(1));
    assert!(!log.flush(LONG));
    assert!(log.close(LONG));
    // Nobody comes for it any more, which does nobody harm.
    shard.add(&entry(2));
}

#[test]
fn problems_are_told_from_the_log_s_own_thread() {
    let folder = tempfile::tempdir().expect("there is room");
    std::fs::write(folder.path().join(FILE_NAME), [b'x'; 200]).expect("there is room");
    let (heard, (sender, told)) = (Heard::default(), mpsc::channel());
    let tell = {
        let heard = heard.clone();
        move |notice: Notice<'_>| {
            heard.note(&notice);
            // Nobody may be listening any more.
            sender
                .send(thread::current().name().map(ToOwned::to_owned))
                .ok();
        }
    };
    let log = CallLog::start(settings(folder.path()), now, tell).expect("there are threads");
    log.shard().add(&entry(1));
    assert_eq!(told.recv(), Ok(Some("call-log".to_owned())));
    assert!(log.flush(LONG));
    assert!(log.close(LONG));
    assert_eq!(numbers(folder.path()), [1]);
    assert_eq!(
        heard.take(),
        "moved aside: Damaged: Some(\"calls.broken.db\")\nrecovered, 0 dropped"
    );
}

/// What each of several threads adds.
const OF_EACH: u32 = 4_000;

fn add_all(shard: &Shard, source: u128) {
    for number in 0..OF_EACH {
        shard.add(&entry(u128::from(number) << 8 | source));
    }
}

#[test]
fn many_threads_of_many_writers_lose_nothing_while_others_read() {
    let folder = tempfile::tempdir().expect("there is room");
    let logs = [(); 3].map(|()| start(folder.path()));
    let reader = Reader::new(folder.path());
    let sources = || (0_u8..6).zip(logs.iter().cycle());
    thread::scope(|scope| {
        for (source, log) in sources() {
            let shard = log.shard();
            scope.spawn(move || add_all(&shard, source.into()));
        }
        for _ in 0..50 {
            let listed = reader.list(&Filter::newest(10));
            listed.expect("it can be read");
        }
    });
    for log in &logs {
        assert!(log.close(LONG));
        let counts = log.counts();
        assert_eq!((counts.dropped, counts.problems), (0, 0));
    }
    let all = numbers(folder.path());
    for (source, _) in sources() {
        let of_it = all.iter().filter(|id| *id & 0xff == source.into());
        assert!(of_it.map(|id| id >> 8).eq(0..OF_EACH.into()));
    }
}

#[test]
fn a_hundred_thousand_entries_arrive_while_they_are_added() {
    const ENTRIES: u128 = 100_000;
    let folder = tempfile::tempdir().expect("there is room");
    let log = start(folder.path());
    let shard = log.shard();
    for number in 0..ENTRIES {
        shard.add(&entry(number));
        // Slower than the shard fills.
        if number % 8_000 == 7_999 {
            assert!(log.flush(LONG));
        }
    }
    assert!(log.close(LONG));
    assert_eq!(log.counts().dropped, 0);
    assert!(numbers(folder.path()).into_iter().eq(0..ENTRIES));
}
