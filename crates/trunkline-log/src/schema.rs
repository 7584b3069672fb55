//! What the tables are, and how those of older versions become them.

use rusqlite::{Connection, TransactionBehavior};

/// What each version added, the first one first. Their number is the version of the file.
pub(crate) const STEPS: &[&str] = &["
    CREATE TABLE calls (
        row INTEGER PRIMARY KEY,
        id BLOB NOT NULL,
        started_ms INTEGER NOT NULL,
        connector TEXT,
        operation TEXT,
        connection TEXT,
        method TEXT NOT NULL,
        path TEXT NOT NULL,
        status INTEGER,
        class TEXT NOT NULL,
        code TEXT,
        attempts INTEGER NOT NULL,
        took_us INTEGER NOT NULL,
        first_byte_us INTEGER,
        waited_us INTEGER NOT NULL,
        bytes_in INTEGER NOT NULL,
        bytes_out INTEGER NOT NULL,
        cache TEXT
    ) STRICT;
"];

/// How the version of a file compares with ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Version {
    /// There are no tables yet.
    Empty,
    /// It can be read.
    Known,
    /// A newer version of Trunkline wrote it.
    Newer,
}

/// The version of a file.
pub(crate) fn version(connection: &Connection, steps: &[&str]) -> rusqlite::Result<Version> {
    Ok(match done(connection)? {
        0 => Version::Empty,
        done if done <= steps.len() => Version::Known,
        _ => Version::Newer,
    })
}

/// Brings a file to the newest version. A file that is newer yet stays as it is.
pub(crate) fn migrate(connection: &mut Connection, steps: &[&str]) -> rusqlite::Result<Version> {
    if done(connection)? < steps.len() {
        // Another process may be doing the same, so look again behind the lock.
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let done = done(&transaction)?;
        for (number, step) in (1_i64..).zip(steps).skip(done) {
            transaction.execute_batch(step)?;
            transaction.pragma_update(None, "user_version", number)?;
        }
        transaction.commit()?;
    }
    version(connection, steps)
}

/// How many steps were taken.
fn done(connection: &Connection) -> rusqlite::Result<usize> {
    let version =
        connection.pragma_query_value(None, "user_version", |row| row.get::<_, i64>(0))?;
    // Nobody writes a negative one; it is then none of ours.
    Ok(usize::try_from(version).unwrap_or(usize::MAX))
}

#[cfg(test)]
mod tests;
