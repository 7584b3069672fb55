//! What processes tell each other to forget: a stream in Redis that each reads to its end.
//!
//! A process writes a mark of its own into the stream when it begins, and remembers the entry that it
//! read last. As long as that one still stands, nothing behind it can have been missed. Where it is
//! gone, because the stream was cut or Redis lost it, anything may have been.

use redis::aio::MultiplexedConnection;
use redis::{Cmd, RedisResult, Value};

use crate::cache::Forget;
use crate::names::Names;

/// About how many entries stand in the stream.
const ENTRIES_MAX: usize = 1_000;

/// How many entries are read at once.
const PAGE: usize = 128;

/// How many pages are read before other things have their turn.
const PAGES_MAX: usize = 16;

/// What another process has forgotten, and this one is to forget as well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Forgotten {
    /// This.
    Only(Forget),
    /// Perhaps anything: something may have been missed.
    Everything,
}

/// A process among those that write into the stream.
#[derive(Debug)]
pub(crate) struct Stream {
    key: String,
    id: String,
}

/// The entry that was read last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Last(String);

/// What stands in the stream from an entry on.
#[derive(Debug, PartialEq, Eq)]
enum Page {
    /// That entry is there no more.
    Gap,
    Read {
        last: Last,
        heard: Vec<Forgotten>,
        entries: usize,
    },
}

impl Stream {
    pub(crate) fn new(names: &Names, id: &str) -> Self {
        Self {
            key: names.forgotten(),
            id: id.to_owned(),
        }
    }

    /// Tells the others.
    pub(crate) async fn tell(
        &self,
        connection: &mut MultiplexedConnection,
        what: &Forget,
    ) -> RedisResult<()> {
        let [kind, one, other] = written(what);
        let mut entry = self.entry();
        entry.arg("what").arg(kind).arg("one").arg(one);
        entry.arg("other").arg(other);
        entry.query_async(connection).await
    }

    /// What others told since the entry that was read last.
    pub(crate) async fn read(
        &self,
        connection: &mut MultiplexedConnection,
        last: Option<Last>,
    ) -> RedisResult<(Last, Vec<Forgotten>)> {
        let Some(mut last) = last else {
            return self.begin(connection).await;
        };
        let mut all = Vec::new();
        for _ in 0..PAGES_MAX {
            let mut range = redis::cmd("XRANGE");
            range.arg(&self.key).arg(&last.0).arg("+");
            range.arg("COUNT").arg(PAGE);
            let Page::Read {
                last: read,
                heard,
                entries,
            } = page(range.query_async(connection).await?, &last, &self.id)
            else {
                return self.begin(connection).await;
            };
            last = read;
            all.extend(heard);
            if entries < PAGE {
                break;
            }
        }
        Ok((last, all))
    }

    /// Leaves a mark; whatever was told before it is not known.
    async fn begin(
        &self,
        connection: &mut MultiplexedConnection,
    ) -> RedisResult<(Last, Vec<Forgotten>)> {
        let id = self.entry().query_async(connection).await?;
        Ok((Last(id), vec![Forgotten::Everything]))
    }

    fn entry(&self) -> Cmd {
        let mut add = redis::cmd("XADD");
        add.arg(&self.key).arg("MAXLEN").arg("~").arg(ENTRIES_MAX);
        add.arg("*").arg("by").arg(&self.id);
        add
    }
}

/// What an entry says: a word, and what goes with it.
fn written(what: &Forget) -> [&[u8]; 3] {
    match what {
        Forget::Key(key) => [b"key", key, b""],
        Forget::Address(address) => [b"address", address, b""],
        Forget::Operation {
            connector,
            operation,
        } => [b"operation", connector.as_bytes(), operation.as_bytes()],
        Forget::Connector(connector) => [b"connector", connector.as_bytes(), b""],
        Forget::Tag(tag) => [b"tag", tag.as_bytes(), b""],
        Forget::All => [b"all", b"", b""],
    }
}

/// What entries say, the first of which is to be the last that was read before.
fn page(reply: Value, last: &Last, own: &str) -> Page {
    let Value::Array(entries) = reply else {
        return Page::Gap;
    };
    let count = entries.len();
    let mut entries = entries.into_iter().map(entry);
    let Some(Some((id, _))) = entries.next() else {
        return Page::Gap;
    };
    if id != last.0 {
        return Page::Gap;
    }
    let mut read = last.0.clone();
    let mut heard = Vec::new();
    for entry in entries {
        let Some((id, fields)) = entry else {
            return Page::Gap;
        };
        read = id;
        heard.extend(said(&fields, own));
    }
    Page::Read {
        last: Last(read),
        heard,
        entries: count,
    }
}

/// An entry's name, and its fields and values in turn.
fn entry(value: Value) -> Option<(String, Vec<Vec<u8>>)> {
    let Value::Array(parts) = value else {
        return None;
    };
    let Ok([id, fields]) = <[Value; 2]>::try_from(parts) else {
        return None;
    };
    let id = redis::from_redis_value(id).ok()?;
    let fields = redis::from_redis_value(fields).ok()?;
    Some((id, fields))
}

/// What an entry tells us; nothing, if it is our own or a mark.
fn said(fields: &[Vec<u8>], own: &str) -> Option<Forgotten> {
    let field = |name: &str| {
        let (pairs, _) = fields.as_chunks::<2>();
        let found = pairs.iter().find(|[field, _]| field == name.as_bytes());
        found.map(|[_, value]| value.as_slice())
    };
    if field("by") == Some(own.as_bytes()) {
        return None;
    }
    let kind = field("what")?;
    let (one, other) = (
        field("one").unwrap_or_default(),
        field("other").unwrap_or_default(),
    );
    // What a newer version says that this one does not know may be anything.
    Some(what(kind, one, other).map_or(Forgotten::Everything, Forgotten::Only))
}

fn what(kind: &[u8], one: &[u8], other: &[u8]) -> Option<Forget> {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_owned()).ok();
    Some(match kind {
        b"key" => Forget::Key(one.try_into().ok()?),
        b"address" => Forget::Address(one.try_into().ok()?),
        b"operation" => Forget::Operation {
            connector: text(one)?,
            operation: text(other)?,
        },
        b"connector" => Forget::Connector(text(one)?),
        b"tag" => Forget::Tag(text(one)?),
        b"all" => Forget::All,
        _ => return None,
    })
}

#[cfg(test)]
mod tests;
