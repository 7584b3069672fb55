//! The file, as the writer has it open: rows go in, old ones go out.

use std::time::Duration;

use rusqlite::{Connection, OpenFlags, Statement, ToSql, TransactionBehavior};

use crate::batch::Batch;
use crate::entry::Entry;
use crate::error::{Error, ErrorKind};
use crate::place::{Identity, Place};
use crate::schema::{self, Version};

/// How long another process may hold the file before we say so.
const BUSY_MAX: Duration = Duration::from_millis(500);

/// The journal is cut back to this many bytes once it has been carried over.
const JOURNAL_BYTES: i64 = 4 << 20;

/// Pages that are given back to the system in one step, at 4 KiB each.
const VACUUM_PAGES: i64 = 256;

/// The smallest limit of bytes that can be kept: below, the tables themselves weigh too much.
const BYTES_MIN: u64 = 256 << 10;

const INSERT: &str = "INSERT INTO calls (id, started_ms, connector, operation, connection, method, \
    path, status, class, code, attempts, took_us, first_byte_us, waited_us, bytes_in, bytes_out, \
    cache) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";

/// The log's file, open for writing.
#[derive(Debug)]
pub(crate) struct Store {
    connection: Connection,
    place: Place,
    identity: Identity,
}

/// What may stay.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// What began before is too old, in milliseconds since 1970.
    pub(crate) oldest_ms: i64,
    /// The most bytes that the file may have, its journal not counted.
    pub(crate) bytes_max: u64,
    /// The most rows that are removed in one step.
    pub(crate) rows_max: i64,
}

/// Whether there is more to remove than one step takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pruned {
    Enough,
    ThereIsMore,
}

/// How the file's pages are used.
struct Pages {
    size: u64,
    all: u64,
    free: u64,
}

impl Store {
    pub(crate) fn open(place: &Place, identity: Identity) -> Result<Self, Error> {
        let sqlite = |err| Error::sqlite(err, place.file());
        // It is there already, with a mode that SQLite would not give it.
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut connection = Connection::open_with_flags(place.file(), flags).map_err(sqlite)?;
        let version = prepare(&mut connection).map_err(sqlite)?;
        if version == Version::Newer {
            return Err(Error::new(ErrorKind::NewerVersion, place.file()));
        }
        Ok(Self {
            connection,
            place: place.clone(),
            identity,
        })
    }

    /// Whether the file is still where it was: others may move or remove it. SQLite sees to it that
    /// closing the old one then leaves the journal of a new one alone.
    pub(crate) fn is_in_place(&self) -> bool {
        matches!(self.place.identity(), Ok(Some(identity)) if identity == self.identity)
    }

    /// Writes all of it, or nothing.
    pub(crate) fn write(&mut self, batches: &[Batch]) -> Result<(), Error> {
        insert(&mut self.connection, batches).map_err(|err| Error::sqlite(err, self.place.file()))
    }

    /// Removes a few of the rows that may not stay.
    pub(crate) fn prune(&self, limits: Limits) -> Result<Pruned, Error> {
        let pruned = self.remove(limits).and_then(|removed| {
            let is_vacuumed = self.vacuum(limits)?;
            Ok(if removed < limits.rows_max && !is_vacuumed {
                Pruned::Enough
            } else {
                Pruned::ThereIsMore
            })
        });
        pruned.map_err(|err| Error::sqlite(err, self.place.file()))
    }

    #[cfg(test)]
    pub(crate) fn connection(&self) -> &Connection {
        &self.connection
    }

    /// Removes the oldest rows by their order, which no clock can change.
    fn remove(&self, limits: Limits) -> rusqlite::Result<i64> {
        let Some((first, last)) = self.ends()? else {
            return Ok(0);
        };
        let rows = u64::try_from(last - first + 1).unwrap_or(1);
        let surplus = self.pages()?.surplus(rows, limits.bytes_max);
        let surplus = surplus.min(limits.rows_max);
        let mut removed = 0;
        if 0 < surplus {
            let delete = "DELETE FROM calls WHERE row < ?";
            self.connection.execute(delete, [first + surplus])?;
            removed = surplus;
        }
        // Rows of a clock that ran ahead stay until their time has come, or until there are too many.
        let delete = "DELETE FROM calls WHERE row < ? AND started_ms < ?";
        let until = first.saturating_add(limits.rows_max);
        let outdated = self.connection.execute(delete, [until, limits.oldest_ms])?;
        Ok(removed.max(i64::try_from(outdated).unwrap_or(i64::MAX)))
    }

    /// The rows at both ends.
    fn ends(&self) -> rusqlite::Result<Option<(i64, i64)>> {
        // Asked in one breath, SQLite would look at every row.
        let ask = "SELECT (SELECT min(row) FROM calls), (SELECT max(row) FROM calls)";
        self.connection.query_row(ask, [], |row| {
            let ends = (row.get::<_, Option<i64>>(0)?, row.get::<_, Option<i64>>(1)?);
            Ok(ends.0.zip(ends.1))
        })
    }

    /// Gives unused pages back to the system where they are many. Whether there were any.
    fn vacuum(&self, limits: Limits) -> rusqlite::Result<bool> {
        let before = self.pages()?;
        if !before.are_too_many(limits.bytes_max) {
            return Ok(false);
        }
        let vacuum = format!("PRAGMA incremental_vacuum({VACUUM_PAGES})");
        let mut vacuum = self.connection.prepare(&vacuum)?;
        // Each step gives back one page.
        let mut pages = vacuum.query([])?;
        while pages.next()?.is_some() {}
        drop(pages);
        // Only then does the file become smaller. Whoever reads meanwhile delays it.
        let checkpoint = "PRAGMA wal_checkpoint(PASSIVE)";
        self.connection.query_row(checkpoint, [], |_| Ok(()))?;
        Ok(self.pages()?.free < before.free)
    }

    fn pages(&self) -> rusqlite::Result<Pages> {
        let number = |name| {
            let number = self
                .connection
                .pragma_query_value(None, name, |row| row.get::<_, i64>(0));
            number.map(i64::unsigned_abs)
        };
        Ok(Pages {
            size: number("page_size")?,
            all: number("page_count")?,
            free: number("freelist_count")?,
        })
    }
}

impl Pages {
    /// How many of the rows are too many, so that what comes next finds room in the pages they leave.
    fn surplus(&self, rows: u64, bytes_max: u64) -> i64 {
        let bytes_max = bytes_max.max(BYTES_MIN);
        let used = (self.all.saturating_sub(self.free)) * self.size;
        let wanted = bytes_max - bytes_max / 16;
        if used <= wanted {
            return 0;
        }
        let surplus = u128::from(used - wanted) * u128::from(rows) / u128::from(used);
        i64::try_from(surplus).unwrap_or(i64::MAX).saturating_add(1)
    }

    /// Whether so many pages are free that the next rows do not need them.
    fn are_too_many(&self, bytes_max: u64) -> bool {
        let is_too_large = bytes_max.max(BYTES_MIN) < self.all * self.size;
        let are_many_free = self.all / 8 + VACUUM_PAGES.unsigned_abs() < self.free;
        0 < self.free && (is_too_large || are_many_free)
    }
}

/// Makes a new connection ready; one to a newer file stays as it is.
fn prepare(connection: &mut Connection) -> rusqlite::Result<Version> {
    connection.busy_timeout(BUSY_MAX)?;
    match schema::version(connection, schema::STEPS)? {
        Version::Newer => return Ok(Version::Newer),
        // It can only be chosen before there is anything.
        Version::Empty => connection.pragma_update(None, "auto_vacuum", "INCREMENTAL")?,
        Version::Known => {}
    }
    // Where the file system cannot do it, SQLite keeps to its own way, which is slower.
    connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
    // A power cut may cost the last rows, never the file.
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    connection.pragma_update_and_check(None, "journal_size_limit", JOURNAL_BYTES, |_| Ok(()))?;
    schema::migrate(connection, schema::STEPS)
}

fn insert(connection: &mut Connection, batches: &[Batch]) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut statement = transaction.prepare(INSERT)?;
    let mut before = None;
    for entry in batches.iter().flat_map(Batch::entries) {
        bind(&mut statement, &entry, before.as_ref())?;
        statement.raw_execute()?;
        before = Some(entry);
    }
    drop(statement);
    transaction.commit()
}

/// Binds the values of a row one after another. What the row before has too is bound still: most of
/// a row is, and a text that is bound is copied.
struct Binder<'s, 'c, 'e> {
    statement: &'s mut Statement<'c>,
    place: usize,
    entry: &'s Entry<'e>,
    before: Option<&'s Entry<'e>>,
}

impl<'e> Binder<'_, '_, 'e> {
    /// Generic, so that what kind of value it is costs nothing to find out.
    fn next<T: ToSql + PartialEq>(
        &mut self,
        value: impl Fn(&Entry<'e>) -> T,
    ) -> rusqlite::Result<()> {
        self.place += 1;
        let before = self.before.map(&value);
        let value = value(self.entry);
        if before.is_some_and(|before| before == value) {
            return Ok(());
        }
        self.statement.raw_bind_parameter(self.place, value)
    }
}

fn bind<'e>(
    statement: &mut Statement<'_>,
    entry: &Entry<'e>,
    before: Option<&Entry<'e>>,
) -> rusqlite::Result<()> {
    let mut values = Binder {
        statement,
        place: 0,
        entry,
        before,
    };
    values.next(|entry| entry.id.to_be_bytes())?;
    values.next(|entry| entry.started_ms)?;
    values.next(|entry| entry.connector)?;
    values.next(|entry| entry.operation)?;
    values.next(|entry| entry.connection)?;
    values.next(|entry| entry.method)?;
    values.next(|entry| entry.path)?;
    values.next(|entry| entry.status)?;
    values.next(|entry| entry.class)?;
    values.next(|entry| entry.code)?;
    values.next(|entry| entry.attempts)?;
    values.next(|entry| micros(entry.took))?;
    values.next(|entry| entry.first_byte.map(micros))?;
    values.next(|entry| micros(entry.waited))?;
    values.next(|entry| integer(entry.bytes_in))?;
    values.next(|entry| integer(entry.bytes_out))?;
    values.next(|entry| entry.cache)
}

pub(crate) fn micros(time: Duration) -> i64 {
    i64::try_from(time.as_micros()).unwrap_or(i64::MAX)
}

fn integer(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;
