//! What becomes of entries, step by step, when all is well and when it is not.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use expect_test::{Expect, expect};
use rusqlite::Connection;
use tempfile::TempDir;

use super::*;
use crate::FILE_NAME;
use crate::batch::ENTRIES_MAX;
use crate::bell::Bell;
use crate::entry::Entry;
use crate::fixture::{self, Heard, NOW_MS, entry, now, numbers};
use crate::shard::Shard;

/// A writer with one shard, and what it has said.
struct Desk {
    folder: TempDir,
    writer: Writer,
    tally: Arc<Tally>,
    shards: Arc<Shards>,
    shard: Arc<Shard>,
    heard: Heard,
}

impl Desk {
    fn new() -> Self {
        Self::at(tempfile::tempdir().expect("there is room"), |_| {})
    }

    fn at(folder: TempDir, change: impl FnOnce(&mut Settings)) -> Self {
        let mut settings = fixture::settings(folder.path());
        change(&mut settings);
        let tally = Arc::new(Tally::default());
        let shards = Shards::new(Arc::new(Bell::default()), Arc::clone(&tally.dropped));
        let shards = Arc::new(shards);
        let heard = Heard::default();
        let tell = {
            let heard = heard.clone();
            Box::new(move |notice: Notice<'_>| heard.note(&notice))
        };
        let (all, counted) = (Arc::clone(&shards), Arc::clone(&tally));
        Self {
            folder,
            writer: Writer::new(settings, all, counted, tell),
            tally,
            shard: shards.open(),
            shards,
            heard,
        }
    }

    /// Adds calls of these numbers, and lets the writer take a step.
    fn step(&mut self, numbers: impl IntoIterator<Item = u128>) -> Pace {
        for number in numbers {
            self.shard.add(&entry(number));
        }
        self.writer.step(now())
    }

    /// The numbers of the calls in the file.
    fn numbers(&self) -> Vec<u128> {
        numbers(self.folder.path())
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join(FILE_NAME)
    }

    fn store(&self) -> &Store {
        self.writer.store.as_ref().expect("it is open")
    }

    /// What was said since the last time, and the counts so far.
    #[track_caller]
    fn check(&self, expected: Expect) {
        let Counts {
            written,
            dropped,
            problems,
        } = self.tally.counts();
        let heard = self.heard.take();
        expected.assert_eq(&format!(
            "{heard}\n{written} written, {dropped} dropped, {problems} problems\n"
        ));
    }

    /// Another process that has the file open.
    fn other(&self) -> Connection {
        Connection::open(self.file()).expect("it is there")
    }
}

#[test]
fn entries_are_written_in_the_order_in_which_they_were_added() {
    let mut desk = Desk::new();
    assert_eq!(desk.step([3, 1, 2]), Pace::Busy);
    assert_eq!(desk.step([]), Pace::Idle);
    assert_eq!(desk.step([0]), Pace::Busy);
    assert_eq!(desk.numbers(), [3, 1, 2, 0]);
    desk.check(expect![[r#"

        4 written, 0 dropped, 0 problems
    "#]]);
}

#[test]
fn without_a_call_there_is_no_file() {
    let folder = tempfile::tempdir().expect("there is room");
    let below = folder.path().join("data");
    let mut desk = Desk::at(folder, |settings| settings.folder.push("data"));
    assert_eq!(desk.step([]), Pace::Idle);
    assert!(!below.exists());
    desk.writer.finish(now());
    assert!(!below.exists());
}

#[test]
fn all_files_are_their_owner_s_only() {
    let mut desk = Desk::new();
    desk.step([1]);
    let files = fs::read_dir(desk.folder.path()).expect("it is there");
    let mut names: Vec<_> = files
        .map(|file| file.expect("it is there"))
        .map(|file| {
            let mode = file.metadata().expect("it is there").permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
            file.file_name().into_string().expect("SQLite named it")
        })
        .collect();
    names.sort();
    assert_eq!(
        names.join(" "),
        "calls.db calls.db-shm calls.db-wal calls.lock"
    );
    desk.writer.finish(now());
    assert!(!desk.folder.path().join("calls.db-wal").exists());
    assert_eq!(numbers(desk.folder.path()), [1]);
}

#[test]
fn shards_are_forgotten_when_their_thread_has_ended_but_not_before_they_are_empty() {
    let mut desk = Desk::new();
    let short = desk.shards.open();
    short.add(&entry(1));
    drop(short);
    desk.shard = desk.shards.open();
    desk.step([2]);
    desk.step([]);
    assert_eq!(desk.numbers(), [1, 2]);
    let roll = format!("{:?}", desk.shards);
    assert_eq!(roll.matches("Shard {").count(), 1);
}

#[test]
fn what_does_not_fit_is_dropped_and_counted() {
    let mut desk = Desk::new();
    let many = u128::try_from(ENTRIES_MAX).expect("it is small");
    desk.step(0..many + 5);
    assert_eq!(desk.numbers().last(), Some(&(many - 1)));
    desk.check(expect![[r#"

        32768 written, 5 dropped, 0 problems
    "#]]);
}

#[test]
fn a_full_disk_is_spoken_of_once_and_what_fits_in_memory_is_written_later() {
    let mut desk = Desk::new();
    desk.step([1]);
    fixture::fill_disk(desk.store());
    let many = u128::try_from(ENTRIES_MAX).expect("it is small");
    assert_eq!(desk.step(2..2_002), Pace::Retry(RETRY_FIRST));
    assert_eq!(
        desk.step(2_002..2_002 + many + 7),
        Pace::Retry(2 * RETRY_FIRST)
    );
    assert_eq!(desk.step([]), Pace::Retry(4 * RETRY_FIRST));
    assert_eq!(desk.numbers(), [1]);
    desk.check(expect![[r#"
        problem: DiskFull: database or disk is full
        1 written, 7 dropped, 1 problems
    "#]]);
    fixture::empty_disk(desk.store());
    assert_eq!(desk.step([]), Pace::Busy);
    assert!(desk.numbers().into_iter().eq(1..2_002 + many));
    desk.check(expect![[r#"
        recovered, 7 dropped
        34769 written, 7 dropped, 1 problems
    "#]]);
}

#[test]
fn a_file_that_another_process_holds_is_waited_for_and_then_spoken_of() {
    let mut desk = Desk::new();
    desk.step([1]);
    let own = desk.store().connection();
    own.busy_timeout(Duration::ZERO)
        .expect("SQLite takes any time");
    let other = desk.other();
    other
        .execute_batch("BEGIN IMMEDIATE")
        .expect("nobody writes");
    desk.step([2]);
    desk.step([3]);
    desk.check(expect![[r#"

        1 written, 0 dropped, 0 problems
    "#]]);
    desk.step([4]);
    desk.step([]);
    desk.check(expect![[r#"
        problem: Locked: database is locked
        1 written, 0 dropped, 1 problems
    "#]]);
    other.execute_batch("COMMIT").expect("it had begun");
    desk.step([]);
    assert_eq!(desk.numbers(), [1, 2, 3, 4]);
    desk.check(expect![[r#"
        recovered, 0 dropped
        4 written, 0 dropped, 1 problems
    "#]]);
}

#[test]
fn a_file_that_is_no_database_is_moved_aside() {
    let mut desk = Desk::new();
    fs::write(desk.file(), [b'x'; 5_000]).expect("there is room");
    assert_eq!(desk.step([1]), Pace::Retry(RETRY_FIRST));
    desk.step([2]);
    assert_eq!(desk.numbers(), [1, 2]);
    let aside = desk.folder.path().join("calls.broken.db");
    assert_eq!(fs::read(aside).expect("it is there"), [b'x'; 5_000]);
    desk.check(expect![[r#"
        moved aside: Damaged: Some("calls.broken.db")
        recovered, 0 dropped
        2 written, 0 dropped, 1 problems
    "#]]);
}

#[test]
fn a_file_that_is_damaged_under_way_is_moved_aside_and_begun_anew_once() {
    let mut desk = Desk::new();
    desk.step(0..2_000);
    // Everything is in the database itself, and nothing of it in memory.
    let carry_over = "PRAGMA wal_checkpoint(TRUNCATE)";
    let own = desk.store().connection();
    own.query_row(carry_over, [], |_| Ok(())).expect("it works");
    own.execute_batch("PRAGMA shrink_memory").expect("it works");
    let pages = fs::read(desk.file()).expect("it is there");
    let (first, rest) = pages.split_at(4_096);
    let damaged = [first, &vec![0xff; rest.len()]].concat();
    fs::write(desk.file(), damaged).expect("there is room");
    while desk.tally.counts().problems == 0 {
        desk.step([7]);
    }
    desk.step([8]);
    assert_eq!(desk.numbers().last(), Some(&8));
    desk.step([9]);
    desk.check(expect![[r#"
        moved aside: Damaged: Some("calls.broken.db")
        recovered, 0 dropped
        2003 written, 0 dropped, 1 problems
    "#]]);
}

#[test]
fn a_newer_file_is_left_alone_until_it_is_gone() {
    let mut desk = Desk::new();
    desk.step([1]);
    let other = desk.other();
    let newer = "PRAGMA user_version = 1000";
    other.execute_batch(newer).expect("nobody writes");
    desk.writer.store = None;
    desk.step([2]);
    desk.step([3]);
    desk.check(expect![[r#"
        problem: NewerVersion: 
        1 written, 0 dropped, 1 problems
    "#]]);
    drop(other);
    fs::remove_file(desk.file()).expect("it is there");
    desk.step([4]);
    assert_eq!(desk.numbers(), [2, 3, 4]);
    desk.check(expect![[r#"
        recovered, 0 dropped
        4 written, 0 dropped, 1 problems
    "#]]);
}

#[test]
fn a_folder_that_is_removed_is_made_again() {
    let folder = tempfile::tempdir().expect("there is room");
    let mut desk = Desk::at(folder, |settings| settings.folder.push("data"));
    let below = desk.folder.path().join("data");
    desk.step([1]);
    fs::remove_dir_all(&below).expect("it is there");
    desk.step([2]);
    assert_eq!(numbers(&below), [2]);
    // A file in its place is in the way.
    fs::remove_dir_all(&below).expect("it is there");
    fs::write(&below, "").expect("there is room");
    desk.step([3]);
    desk.step([4]);
    desk.check(expect![[r#"
        problem: Unusable: Not a directory (os error 20)
        2 written, 0 dropped, 1 problems
    "#]]);
    fs::remove_file(&below).expect("it is there");
    desk.step([]);
    assert_eq!(numbers(&below), [3, 4]);
    desk.check(expect![[r#"
        recovered, 0 dropped
        4 written, 0 dropped, 1 problems
    "#]]);
}

#[test]
fn a_file_that_cannot_be_written_is_opened_again() {
    let mut desk = Desk::new();
    desk.step([1]);
    let own = desk.store().connection();
    own.execute_batch("PRAGMA query_only = 1")
        .expect("it works");
    desk.step([2]);
    desk.check(expect![[r#"
        problem: Unusable: attempt to write a readonly database
        1 written, 0 dropped, 1 problems
    "#]]);
    desk.step([3]);
    assert_eq!(desk.numbers(), [1, 2, 3]);
    desk.check(expect![[r#"
        recovered, 0 dropped
        3 written, 0 dropped, 1 problems
    "#]]);
}

#[test]
fn a_file_of_somebody_else_s_costs_entries_and_is_left_alone() {
    let mut desk = Desk::new();
    let other = desk.other();
    let foreign = "CREATE TABLE calls (a); INSERT INTO calls VALUES (1)";
    other.execute_batch(foreign).expect("there is room");
    desk.step([1, 2]);
    desk.step([3]);
    let rows = other.query_row("SELECT sum(a) FROM calls", [], |row| row.get::<_, i64>(0));
    assert_eq!(rows.expect("it is there"), 1);
    desk.check(expect![[r#"
        problem: Unexpected: table calls already exists
        0 written, 3 dropped, 1 problems
    "#]]);
}

#[test]
fn a_different_problem_is_spoken_of_too() {
    let mut desk = Desk::new();
    desk.step([1]);
    fixture::fill_disk(desk.store());
    desk.step(0..2_000);
    let own = desk.store().connection();
    own.execute_batch("PRAGMA query_only = 1")
        .expect("it works");
    desk.step([]);
    desk.check(expect![[r#"
        problem: DiskFull: database or disk is full
        problem: Unusable: attempt to write a readonly database
        1 written, 0 dropped, 2 problems
    "#]]);
}

/// The files in a folder, as they are after a process was killed: nobody has closed them.
fn copy_as_killed(from: &Desk) -> TempDir {
    let folder = tempfile::tempdir().expect("there is room");
    for name in ["calls.db", "calls.db-wal", "calls.db-shm"] {
        let copied = fs::copy(from.folder.path().join(name), folder.path().join(name));
        copied.expect("it is there, and there is room");
    }
    folder
}

#[test]
fn nothing_that_was_written_is_lost_when_the_process_is_killed() {
    let mut desk = Desk::new();
    desk.step([1]);
    desk.step([2]);
    // Who only reads it leaves it as it is.
    let copy = copy_as_killed(&desk);
    let contents = || fs::read(copy.path().join(FILE_NAME)).expect("it is there");
    let before = contents();
    assert_eq!(numbers(copy.path()), [1, 2]);
    assert_eq!(contents(), before);
    let mut after = Desk::at(copy_as_killed(&desk), |_| {});
    after.step([3]);
    assert_eq!(after.numbers(), [1, 2, 3]);
    after.check(expect![[r#"

        1 written, 0 dropped, 0 problems
    "#]]);
}

#[test]
fn what_was_half_written_when_the_process_was_killed_is_not_there() {
    let mut desk = Desk::new();
    desk.step([1]);
    let journal = desk.folder.path().join("calls.db-wal");
    let before = fs::metadata(&journal).expect("it is there").len();
    desk.step([2]);
    let after = fs::metadata(&journal).expect("it is there").len();
    let killed = copy_as_killed(&desk);
    let torn = fs::OpenOptions::new()
        .write(true)
        .open(killed.path().join("calls.db-wal"));
    let torn = torn.expect("it is there");
    torn.set_len(u64::midpoint(before, after))
        .expect("it is ours");
    let mut after = Desk::at(killed, |_| {});
    assert_eq!(after.numbers(), [1]);
    after.step([3]);
    assert_eq!(after.numbers(), [1, 3]);
    after.check(expect![[r#"

        1 written, 0 dropped, 0 problems
    "#]]);
}

/// Adds a call that began so long after now, in milliseconds.
fn add_later(desk: &Desk, number: u128, later_ms: i64) {
    desk.shard.add(&Entry {
        started_ms: NOW_MS + later_ms,
        ..entry(number)
    });
}

#[test]
fn old_calls_go_after_a_minute_at_most_even_where_the_clock_is_set_back() {
    let mut desk = Desk::new();
    let day_ms = 24 * 3_600_000;
    let minute = Duration::from_mins(1);
    desk.step([]);
    add_later(&desk, 1, -day_ms - 1);
    add_later(&desk, 2, -day_ms + 1);
    desk.step([]);
    // The first look was at the beginning, when there was no file.
    desk.writer.pruned_at = Some(now());
    add_later(&desk, 3, -day_ms - 1);
    desk.writer.step(now() + minute - Duration::from_millis(1));
    assert!(desk.numbers().contains(&3));
    desk.writer.step(now() + minute);
    assert_eq!(desk.numbers(), []);
    add_later(&desk, 4, -2 * day_ms - 1);
    add_later(&desk, 5, 0);
    desk.writer.step(now() - Duration::from_hours(24));
    assert_eq!(desk.numbers(), [5]);
    // Before 1970, nothing is too old.
    desk.writer.step(SystemTime::UNIX_EPOCH - minute);
    assert_eq!(desk.numbers(), [5]);
}

#[test]
fn many_new_calls_make_old_ones_go_at_once() {
    let folder = tempfile::tempdir().expect("there is room");
    let mut desk = Desk::at(folder, |settings| settings.bytes_max = 0);
    for round in 0..20 {
        desk.step(round * 1_000..(round + 1) * 1_000);
    }
    let size = fs::metadata(desk.file()).expect("it is there").len();
    assert!(size <= 512 << 10);
    let left = desk.numbers();
    assert_eq!(left.last(), Some(&19_999));
    assert!(1_000 < left.len() && left.len() < 5_000);
    desk.check(expect![[r#"

        20000 written, 0 dropped, 0 problems
    "#]]);
}

#[test]
fn what_cannot_be_written_in_the_end_is_dropped_and_counted() {
    let mut desk = Desk::new();
    desk.step([1]);
    fixture::fill_disk(desk.store());
    desk.step(2..2_002);
    desk.shard.add(&entry(1));
    desk.writer.finish(now());
    desk.shard.add(&entry(1));
    desk.shards.open().add(&entry(1));
    let counts = desk.tally.counts();
    assert_eq!((counts.written, counts.dropped), (1, 2_003));
    assert_eq!(numbers(desk.folder.path()), [1]);
}

#[test]
fn waits_grow_up_to_a_limit() {
    let waits = [1, 2, 3, 6, 7, 40, u32::MAX].map(|failures| retry_after(failures).as_millis());
    assert_eq!(waits, [250, 500, 1_000, 8_000, 10_000, 10_000, 10_000]);
}

#[test]
fn failures_with_successes_between_them_are_no_problem() {
    let mut desk = Desk::new();
    desk.step([1]);
    let own = desk.store().connection();
    own.busy_timeout(Duration::ZERO)
        .expect("SQLite takes any time");
    let other = desk.other();
    for number in 2..10 {
        other
            .execute_batch("BEGIN IMMEDIATE")
            .expect("nobody writes");
        assert_eq!(desk.step([number]), Pace::Retry(RETRY_FIRST));
        other.execute_batch("COMMIT").expect("it had begun");
        assert_eq!(desk.step([]), Pace::Busy);
    }
    desk.check(expect![[r#"

        9 written, 0 dropped, 0 problems
    "#]]);
}
