//! Entries in memory: numbers in one buffer, texts in another, so that none has an allocation.

use std::time::Duration;

use crate::entry::Entry;

/// The most entries that wait in one place to be written.
pub(crate) const ENTRIES_MAX: usize = 32_768;

/// The most bytes of text that wait with them.
const TEXT_BYTES_MAX: usize = 4 << 20;

/// Longer paths are cut.
const PATH_BYTES_MAX: usize = 1_024;

/// Longer names are cut.
const NAME_BYTES_MAX: usize = 256;

/// The most bytes of text that one entry has.
const ENTRY_TEXT_BYTES_MAX: usize = PATH_BYTES_MAX + (TEXTS - 1) * NAME_BYTES_MAX;

/// What a quiet batch keeps room for.
const ENTRIES_KEPT: usize = 64;

/// The bytes of text that a quiet batch keeps room for.
const TEXT_BYTES_KEPT: usize = 8 << 10;

/// The texts of an entry.
const TEXTS: usize = 8;

/// Stands for a text that is not there; no text is as long.
const ABSENT: u16 = u16::MAX;

/// Entries in the order in which they were added. Its memory is used again.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    rows: Vec<Row>,
    text: String,
}

#[derive(Debug)]
struct Row {
    id: u128,
    started_ms: i64,
    took: Duration,
    first_byte: Option<Duration>,
    waited: Duration,
    bytes_in: u64,
    bytes_out: u64,
    attempts: u32,
    status: Option<u16>,
    /// How long its texts are, which stand one behind another.
    lengths: [u16; TEXTS],
}

/// There is no room for another entry.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Full;

impl Batch {
    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    pub(crate) fn add(&mut self, entry: &Entry<'_>) -> Result<(), Full> {
        let is_room = self.text.len() + ENTRY_TEXT_BYTES_MAX <= TEXT_BYTES_MAX;
        if !is_room || ENTRIES_MAX <= self.rows.len() {
            return Err(Full);
        }
        let lengths = texts(entry).map(|text| {
            let Some(text) = text else {
                return ABSENT;
            };
            self.text.push_str(text);
            u16::try_from(text.len()).unwrap_or_default()
        });
        self.rows.push(Row {
            id: entry.id,
            started_ms: entry.started_ms,
            took: entry.took,
            first_byte: entry.first_byte,
            waited: entry.waited,
            bytes_in: entry.bytes_in,
            bytes_out: entry.bytes_out,
            attempts: entry.attempts,
            status: entry.status,
            lengths,
        });
        Ok(())
    }

    /// Everything that was added.
    pub(crate) fn entries(&self) -> impl Iterator<Item = Entry<'_>> {
        let mut rest = self.text.as_str();
        self.rows.iter().map(move |row| row.entry(&mut rest))
    }

    /// Forgets the entries, and keeps the memory.
    pub(crate) fn clear(&mut self) {
        self.rows.clear();
        self.text.clear();
    }

    /// Gives back the memory of busier times.
    pub(crate) fn shrink(&mut self) {
        self.rows.shrink_to(ENTRIES_KEPT);
        self.text.shrink_to(TEXT_BYTES_KEPT);
    }
}

impl Row {
    /// The entry again, its texts taken from the beginning of `rest`.
    fn entry<'a>(&self, rest: &mut &'a str) -> Entry<'a> {
        let texts = self.lengths.map(|length| take(rest, length));
        let [
            connector,
            operation,
            connection,
            method,
            path,
            class,
            code,
            cache,
        ] = texts;
        Entry {
            id: self.id,
            started_ms: self.started_ms,
            connector,
            operation,
            connection,
            method: method.unwrap_or_default(),
            path: path.unwrap_or_default(),
            status: self.status,
            class: class.unwrap_or_default(),
            code,
            attempts: self.attempts,
            took: self.took,
            first_byte: self.first_byte,
            waited: self.waited,
            bytes_in: self.bytes_in,
            bytes_out: self.bytes_out,
            cache,
        }
    }
}

/// What is kept of an entry's texts, in the order in which they stand.
fn texts<'a>(entry: &Entry<'a>) -> [Option<&'a str>; TEXTS] {
    let name = |text| cut(text, NAME_BYTES_MAX);
    [
        entry.connector.map(name),
        entry.operation.map(name),
        entry.connection.map(name),
        Some(name(entry.method)),
        Some(cut(without_query(entry.path), PATH_BYTES_MAX)),
        Some(name(entry.class)),
        entry.code.map(name),
        entry.cache.map(name),
    ]
}

/// Queries hold secrets, so whoever forgets to cut one off does no harm.
fn without_query(path: &str) -> &str {
    let end = path.bytes().position(|byte| matches!(byte, b'?' | b'#'));
    end.and_then(|end| path.get(..end)).unwrap_or(path)
}

fn cut(text: &str, bytes_max: usize) -> &str {
    if text.len() <= bytes_max {
        return text;
    }
    text.get(..text.floor_char_boundary(bytes_max))
        .unwrap_or_default()
}

fn take<'a>(rest: &mut &'a str, length: u16) -> Option<&'a str> {
    if length == ABSENT {
        return None;
    }
    let (text, after) = rest.split_at_checked(usize::from(length))?;
    *rest = after;
    Some(text)
}

#[cfg(test)]
mod tests;
