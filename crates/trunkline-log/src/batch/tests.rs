//! Entries come back as they went in, except for what is too long or must not be kept.

use proptest::prelude::*;

use super::*;
use crate::fixture::entry;

/// The path that is kept of this one.
fn kept(path: &str) -> String {
    let mut batch = Batch::default();
    let added = batch.add(&Entry::of("GET", path));
    added.expect("there is room");
    let kept = batch.entries().next().expect("it was added");
    kept.path.to_owned()
}

fn fill(batch: &mut Batch, entry: &Entry<'_>) -> usize {
    (0..2 * ENTRIES_MAX)
        .take_while(|_| batch.add(entry).is_ok())
        .count()
}

#[test]
fn no_query_is_kept() {
    assert_eq!(kept("/a/b?key=secret"), "/a/b");
    assert_eq!(kept("/a/b#secret"), "/a/b");
    assert_eq!(kept("/a?b?c#d"), "/a");
    assert_eq!(kept("?key=secret"), "");
}

#[test]
fn what_is_too_long_is_cut_between_characters() {
    let long = format!("/{}", "ä".repeat(PATH_BYTES_MAX));
    let path = kept(&long);
    assert_eq!(path.len(), PATH_BYTES_MAX - 1);
    assert!(long.starts_with(&path));
    let name = "n".repeat(NAME_BYTES_MAX + 1);
    let batch = {
        let mut batch = Batch::default();
        let entry = Entry {
            code: Some(&name),
            ..entry(1)
        };
        batch.add(&entry).map(|()| batch).expect("there is room")
    };
    let code = batch.entries().next().and_then(|entry| entry.code);
    assert_eq!(code, name.get(..NAME_BYTES_MAX));
}

#[test]
fn only_so_many_entries_fit() {
    let mut batch = Batch::default();
    assert_eq!(fill(&mut batch, &entry(1)), ENTRIES_MAX);
    assert_eq!(batch.entries().count(), ENTRIES_MAX);
}

#[test]
fn only_so_much_text_fits() {
    let mut batch = Batch::default();
    let path = "p".repeat(PATH_BYTES_MAX);
    let fit = fill(&mut batch, &Entry::of("", &path));
    assert!(batch.text.len() <= TEXT_BYTES_MAX);
    assert!(TEXT_BYTES_MAX - ENTRY_TEXT_BYTES_MAX < batch.text.len());
    assert_eq!(batch.entries().count(), fit);
    assert!(batch.entries().all(|entry| entry.path == path));
}

#[test]
fn memory_is_used_again_until_it_is_given_back() {
    let mut batch = Batch::default();
    fill(&mut batch, &entry(1));
    let room = (batch.rows.capacity(), batch.text.capacity());
    for _ in 0..3 {
        batch.clear();
        assert!(batch.is_empty());
        assert_eq!(fill(&mut batch, &entry(2)), ENTRIES_MAX);
        assert_eq!(room, (batch.rows.capacity(), batch.text.capacity()));
    }
    batch.clear();
    batch.shrink();
    assert!(batch.rows.capacity() < 2 * ENTRIES_KEPT);
    assert!(batch.text.capacity() < 2 * TEXT_BYTES_KEPT);
}

/// Everything an entry can say, in texts that fit.
#[derive(Debug, Clone)]
struct Said {
    texts: [Option<String>; TEXTS],
    numbers: (u128, i64, u32, u64, u64, Option<u16>),
    times: (Duration, Option<Duration>, Duration),
}

impl Said {
    fn entry(&self) -> Entry<'_> {
        let [
            connector,
            operation,
            connection,
            method,
            path,
            class,
            code,
            cache,
        ] = self.texts.each_ref().map(Option::as_deref);
        let (id, started_ms, attempts, bytes_in, bytes_out, status) = self.numbers;
        let (took, first_byte, waited) = self.times;
        Entry {
            id,
            started_ms,
            connector,
            operation,
            connection,
            method: method.unwrap_or_default(),
            path: path.unwrap_or_default(),
            status,
            class: class.unwrap_or_default(),
            code,
            attempts,
            took,
            first_byte,
            waited,
            bytes_in,
            bytes_out,
            cache,
        }
    }
}

fn said() -> impl Strategy<Value = Said> {
    let text = proptest::option::of("[a-zä/€]{0,20}");
    let texts = proptest::array::uniform8(text);
    let times = (
        any::<Duration>(),
        any::<Option<Duration>>(),
        any::<Duration>(),
    );
    (
        texts,
        any::<(u128, i64, u32, u64, u64, Option<u16>)>(),
        times,
    )
        .prop_map(|(texts, numbers, times)| Said {
            texts,
            numbers,
            times,
        })
}

proptest! {
    #[test]
    fn entries_come_back_as_they_went_in(all in proptest::collection::vec(said(), 0..20)) {
        let mut batch = Batch::default();
        for said in &all {
            prop_assert_eq!(batch.add(&said.entry()), Ok(()));
        }
        let expected: Vec<_> = all.iter().map(Said::entry).collect();
        prop_assert_eq!(batch.len(), expected.len());
        prop_assert_eq!(batch.entries().collect::<Vec<_>>(), expected);
    }
}
