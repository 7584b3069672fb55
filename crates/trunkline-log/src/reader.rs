//! Reads the log, while others write it or not.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, Row, params};

use crate::entry::{CLASS_OK, Entry};
use crate::error::{Error, ErrorKind};
use crate::place::Place;
use crate::schema::{self, Version};

/// How long to wait for a process that repairs the file after a crash.
const BUSY_MAX: Duration = Duration::from_secs(2);

/// What the log says of a call. The fields are those of [`Entry`](crate::Entry).
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "`Entry` has the same fields")]
pub struct Record {
    pub id: u128,
    pub started_ms: i64,
    pub connector: Option<String>,
    pub operation: Option<String>,
    pub connection: Option<String>,
    pub method: String,
    pub path: String,
    pub status: Option<u16>,
    pub class: String,
    pub code: Option<String>,
    pub attempts: u32,
    pub took: Duration,
    pub first_byte: Option<Duration>,
    pub waited: Duration,
    pub bytes_in: u64,
    pub bytes_out: u64,
    pub cache: Option<String>,
}

/// Which calls to list. All that is said must be so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    /// The most calls that are listed.
    pub newest: u32,
    /// Calls of this connector.
    pub connector: Option<String>,
    /// Calls of this operation.
    pub operation: Option<String>,
    /// Calls with such a status.
    pub status: Statuses,
    /// Calls that ended so.
    pub which: Which,
    /// Calls that began then or later, in milliseconds since 1970.
    pub since_ms: Option<i64>,
    /// Calls that took longer.
    pub slower_than: Option<Duration>,
}

/// Some statuses, or any and none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Statuses {
    /// Whether there is one or not.
    #[default]
    All,
    /// This one.
    Only(u16),
    /// Those that begin with this digit.
    Class(u8),
}

/// Calls by how they ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Which {
    /// However they ended.
    #[default]
    All,
    /// Those whose class is not [`CLASS_OK`].
    Errors,
}

/// What was found by a number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// There is no such call, or it is no longer kept.
    Nothing,
    /// The call.
    One(Box<Record>),
    /// More than one call has such a number.
    Several,
}

/// Reads the log in a data folder. Each answer opens and closes the file.
#[derive(Debug, Clone)]
pub struct Reader(Place);

impl Record {
    /// The same, as it was handed over.
    pub fn as_entry(&self) -> Entry<'_> {
        Entry {
            id: self.id,
            started_ms: self.started_ms,
            connector: self.connector.as_deref(),
            operation: self.operation.as_deref(),
            connection: self.connection.as_deref(),
            method: &self.method,
            path: &self.path,
            status: self.status,
            class: &self.class,
            code: self.code.as_deref(),
            attempts: self.attempts,
            took: self.took,
            first_byte: self.first_byte,
            waited: self.waited,
            bytes_in: self.bytes_in,
            bytes_out: self.bytes_out,
            cache: self.cache.as_deref(),
        }
    }
}

impl Filter {
    /// The newest calls, whatever they are.
    pub fn newest(calls: u32) -> Self {
        Self {
            newest: calls,
            connector: None,
            operation: None,
            status: Statuses::All,
            which: Which::All,
            since_ms: None,
            slower_than: None,
        }
    }
}

impl Statuses {
    /// The lowest and the highest one, where they are limited.
    fn range(self) -> Option<(u16, u16)> {
        match self {
            Self::All => None,
            Self::Only(status) => Some((status, status)),
            Self::Class(digit) => {
                let first = u16::from(digit).saturating_mul(100);
                Some((first, first + 99))
            }
        }
    }
}

impl Reader {
    /// A reader of the log in this folder, which may not be there yet.
    pub fn new(folder: &Path) -> Self {
        Self(Place::new(folder))
    }

    /// Lists calls, the one that ended last first. Where there is no log, there are none.
    ///
    /// # Errors
    /// If there is a log that cannot be read.
    pub fn list(&self, filter: &Filter) -> Result<Vec<Record>, Error> {
        self.read(|connection| list(connection, filter))
            .map(Option::unwrap_or_default)
    }

    /// Finds the call whose number is in `first..=last`: one number, or all that begin alike.
    ///
    /// There is no index, since that would make each call dearer: a million rows take 0.1 s.
    ///
    /// # Errors
    /// If there is a log that cannot be read.
    pub fn find(&self, first: u128, last: u128) -> Result<Found, Error> {
        let found = self.read(|connection| find(connection, first, last))?;
        let mut records = found.unwrap_or_default().into_iter();
        Ok(match (records.next(), records.next()) {
            (None, _) => Found::Nothing,
            (Some(record), None) => Found::One(Box::new(record)),
            (Some(_), Some(_)) => Found::Several,
        })
    }

    /// Asks the file; `None` where there is none, or nothing in it.
    fn read<T>(
        &self,
        ask: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<Option<T>, Error> {
        let file = self.0.file();
        let sqlite = |err| Error::sqlite(err, file);
        let identity = self.0.identity().map_err(|err| Error::io(err, file))?;
        if identity.is_none() {
            return Ok(None);
        }
        // Nothing is made here, not even where the file goes away at this moment.
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(file, flags).map_err(sqlite)?;
        connection.busy_timeout(BUSY_MAX).map_err(sqlite)?;
        match schema::version(&connection, schema::STEPS).map_err(sqlite)? {
            Version::Empty => Ok(None),
            Version::Known => ask(&connection).map(Some).map_err(sqlite),
            Version::Newer => Err(Error::new(ErrorKind::NewerVersion, file)),
        }
    }
}

fn list(connection: &Connection, filter: &Filter) -> rusqlite::Result<Vec<Record>> {
    let mut statement = connection.prepare(
        "SELECT * FROM calls WHERE (?1 IS NULL OR connector = ?1) \
         AND (?2 IS NULL OR operation = ?2) AND (?3 IS NULL OR status BETWEEN ?3 AND ?4) \
         AND (?5 IS NULL OR class <> ?5) AND (?6 IS NULL OR started_ms >= ?6) \
         AND (?7 IS NULL OR took_us > ?7) ORDER BY row DESC LIMIT ?8",
    )?;
    let (lowest, highest) = filter.status.range().unzip();
    let fine = match filter.which {
        Which::All => None,
        Which::Errors => Some(CLASS_OK),
    };
    let slower_than_us = filter.slower_than.map(crate::store::micros);
    let rows = statement.query_map(
        params![
            filter.connector,
            filter.operation,
            lowest,
            highest,
            fine,
            filter.since_ms,
            slower_than_us,
            filter.newest,
        ],
        record,
    )?;
    rows.collect()
}

fn find(connection: &Connection, first: u128, last: u128) -> rusqlite::Result<Vec<Record>> {
    let mut statement = connection
        .prepare("SELECT * FROM calls WHERE id BETWEEN ? AND ? ORDER BY row DESC LIMIT ?")?;
    // A whole number is one call's, so there is no need to look for another.
    let enough = if first == last { 1 } else { 2 };
    let rows = statement.query_map(
        params![first.to_be_bytes(), last.to_be_bytes(), enough],
        record,
    )?;
    rows.collect()
}

fn record(row: &Row<'_>) -> rusqlite::Result<Record> {
    Ok(Record {
        id: u128::from_be_bytes(row.get("id")?),
        started_ms: row.get("started_ms")?,
        connector: row.get("connector")?,
        operation: row.get("operation")?,
        connection: row.get("connection")?,
        method: row.get("method")?,
        path: row.get("path")?,
        status: row.get("status")?,
        class: row.get("class")?,
        code: row.get("code")?,
        attempts: row.get("attempts")?,
        took: micros(row.get("took_us")?),
        first_byte: row.get::<_, Option<i64>>("first_byte_us")?.map(micros),
        waited: micros(row.get("waited_us")?),
        bytes_in: row.get::<_, i64>("bytes_in")?.unsigned_abs(),
        bytes_out: row.get::<_, i64>("bytes_out")?.unsigned_abs(),
        cache: row.get("cache")?,
    })
}

fn micros(number: i64) -> Duration {
    Duration::from_micros(number.unsigned_abs())
}

#[cfg(test)]
mod tests;
