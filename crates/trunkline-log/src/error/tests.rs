//! What is said of each thing that can be in the way.

use std::error::Error as _;

use expect_test::{Expect, expect};
use rusqlite::ffi;

use super::*;

#[track_caller]
fn check(errors: impl IntoIterator<Item = Error>, expected: Expect) {
    let lines = errors.into_iter().map(|err| {
        let source = err.source().map(ToString::to_string);
        format!("{:?}: {err}: {}\n", err.kind(), source.unwrap_or_default())
    });
    expected.assert_eq(&lines.collect::<String>());
}

fn file() -> &'static Path {
    Path::new("d/calls.db")
}

#[test]
fn what_sqlite_says_is_sorted_by_what_can_be_done() {
    let codes = [
        ffi::SQLITE_FULL,
        ffi::SQLITE_BUSY,
        ffi::SQLITE_BUSY_RECOVERY,
        ffi::SQLITE_READONLY,
        ffi::SQLITE_IOERR_FSYNC,
        ffi::SQLITE_CANTOPEN,
        ffi::SQLITE_CORRUPT,
        ffi::SQLITE_NOTADB,
        ffi::SQLITE_MISMATCH,
    ];
    let errors = codes.map(|code| {
        let err = rusqlite::Error::SqliteFailure(ffi::Error::new(code), None);
        Error::sqlite(err, file())
    });
    check(
        errors,
        expect![[r#"
        DiskFull: the log of calls `d/calls.db` has no room left on its disk: Error code 13: database or disk is full
        Locked: the log of calls `d/calls.db` is held by another process: Error code 5: database is locked
        Locked: the log of calls `d/calls.db` is held by another process: Error code 261: database is locked
        Unusable: the log of calls `d/calls.db` cannot be opened, read or written: Error code 8: attempt to write a readonly database
        Unusable: the log of calls `d/calls.db` cannot be opened, read or written: Error code 1034: disk I/O error
        Unusable: the log of calls `d/calls.db` cannot be opened, read or written: Error code 14: unable to open database file
        Damaged: the log of calls `d/calls.db` is damaged: Error code 11: database disk image is malformed
        Damaged: the log of calls `d/calls.db` is damaged: Error code 26: file is not a database
        Unexpected: the log of calls `d/calls.db` holds something else than a log of calls: Error code 20: datatype mismatch
    "#]],
    );
}

#[test]
fn what_the_system_says_is_kept() {
    let kinds = [io::ErrorKind::StorageFull, io::ErrorKind::PermissionDenied];
    check(
        kinds.map(|kind| Error::io(kind.into(), file())),
        expect![[r#"
        DiskFull: the log of calls `d/calls.db` has no room left on its disk: no storage space
        Unusable: the log of calls `d/calls.db` cannot be opened, read or written: permission denied
    "#]],
    );
    let newer = Error::new(ErrorKind::NewerVersion, file());
    check(
        [newer],
        expect![[r#"
        NewerVersion: the log of calls `d/calls.db` was written by a newer version of Trunkline: 
    "#]],
    );
}
