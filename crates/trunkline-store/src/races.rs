//! Threads at the same store: each with a runtime of its own, as in the gateway.

use std::cell::Cell;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};
use std::thread;

use bytes::Bytes;
use tokio::runtime;

use crate::samples::{
    BOUNDS, SampleFills, SampleReader, address, bodies, entry, fills, fills_of, join, key, labels,
    start, stored, text,
};
use crate::{Bounds, Figures, Fills, Head, Join, Known, Lead, Piece, Reader, Selection, Store};

const THREADS: usize = 4;

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let runtime = runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(future)
}

/// Reads to the clean end.
async fn read(reader: SampleReader) -> String {
    let mut body = match reader.head().await {
        Head::Begins(body) => body,
        other => panic!("an answer comes: {other:?}"),
    };
    let mut read = String::new();
    while let Some(piece) = body.next().await {
        let Piece::Data(piece) = piece else {
            panic!("it broke off: {piece:?}");
        };
        read.push_str(&text(&piece));
    }
    read
}

/// Asks as the gateway does: says what was read, and counts calls to the upstream.
async fn ask(fills: &Arc<SampleFills>, number: u64, calls: &AtomicUsize) -> String {
    loop {
        let key = key(number, 0);
        let known = fills.store().known(&key, start());
        if let Known::Entries(slot) = &known {
            return text(slot.entries()[0].body());
        }
        let reader = match fills.join(key, address(number), &known) {
            Join::Again => continue,
            Join::Follow(reader) => reader,
            Join::Lead(lead) => {
                calls.fetch_add(1, Ordering::SeqCst);
                let reader = lead.reader();
                let mut writer =
                    lead.begins(stored("de"), Arc::new(labels(address(number))), Some(6));
                let _pushed = writer.push(Bytes::from("abc"));
                let _pushed = writer.push(Bytes::from("def"));
                writer.end().unwrap();
                reader
            }
        };
        return read(reader).await;
    }
}

#[test]
fn tasks_of_any_thread_may_hold_them() {
    fn is_shared<S: Send + Sync>() {}
    // What is handed over may be a body, which no two threads can use at once.
    is_shared::<Fills<String, Cell<u32>>>();
    is_shared::<Lead<String, Cell<u32>>>();
    is_shared::<Reader<String, Cell<u32>>>();
    is_shared::<Store>();
}

#[test]
fn there_is_one_call_however_threads_meet() {
    const ROUNDS: u64 = 300;
    let (fills, calls) = (fills(), AtomicUsize::new(0));
    let barrier = Barrier::new(THREADS);
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                for round in 0..ROUNDS {
                    barrier.wait();
                    assert_eq!(block_on(ask(&fills, round, &calls)), "abcdef");
                }
            });
        }
    });
    assert_eq!(calls.load(Ordering::SeqCst), 300);
    assert!(fills.is_empty());
}

#[test]
fn a_body_is_read_on_other_threads_while_it_is_written() {
    const PIECES: usize = 2000;
    let fills = fills_of(Bounds {
        bytes_max: 16 << 20,
        entry_bytes_max: 1 << 20,
    });
    let written: Vec<String> = (0..PIECES).map(|number| format!("{number},")).collect();
    let whole = written.concat();
    for length in [Some(whole.len() as u64), None] {
        fills.store().purge(&Selection::All);
        let Join::Lead(lead) = join(&fills) else {
            panic!("nobody leads");
        };
        let mut readers = vec![lead.reader()];
        readers.extend((0..THREADS).map(|_| match join(&fills) {
            Join::Follow(reader) => reader,
            other => panic!("somebody leads: {other:?}"),
        }));
        thread::scope(|scope| {
            for reader in readers {
                scope.spawn(|| assert_eq!(block_on(read(reader)), whole));
            }
            let mut writer = lead.begins(stored("de"), Arc::new(labels(address(1))), length);
            for piece in &written {
                let _pushed = writer.push(Bytes::copy_from_slice(piece.as_bytes()));
            }
            writer.end().unwrap();
        });
        assert_eq!(bodies(fills.store(), &key(1, 1)), [whole.as_str()]);
    }
}

#[test]
fn the_task_hears_from_another_thread_that_everyone_left() {
    for _ in 0..200 {
        let fills = fills();
        let Join::Lead(lead) = join(&fills) else {
            panic!("nobody leads");
        };
        let reader = lead.reader();
        thread::scope(|scope| {
            scope.spawn(|| drop(reader));
            block_on(lead.everyone_left());
        });
    }
}

/// The upstream has versions; what was invalidated must not come back.
fn check_nothing_old_comes_back(invalidate: impl Fn(&Store)) {
    const VERSIONS: u64 = 300;
    let store = Store::new(BOUNDS);
    let version = AtomicU64::new(0);
    thread::scope(|scope| {
        for _ in 1..THREADS {
            scope.spawn(|| {
                while version.load(Ordering::SeqCst) < VERSIONS {
                    let mark = store.mark(&address(1));
                    let asked = version.load(Ordering::SeqCst);
                    let _kept = store.put(key(1, 1), entry(1, "de", &asked.to_string()), mark);
                }
            });
        }
        for _ in 0..VERSIONS {
            let newest = version.fetch_add(1, Ordering::SeqCst) + 1;
            invalidate(&store);
            for _ in 0..20 {
                for body in bodies(&store, &key(1, 1)) {
                    let kept: u64 = body.parse().unwrap();
                    assert!(newest <= kept, "{kept} after {newest}");
                }
            }
        }
    });
    assert_eq!(store.contents().0, store.contents().1);
}

#[test]
fn what_was_invalidated_does_not_come_back() {
    check_nothing_old_comes_back(|store| {
        store.invalidate(&address(1));
    });
}

#[test]
fn what_was_purged_does_not_come_back() {
    for selection in [
        Selection::Key(key(1, 1)),
        Selection::Tag("wise".to_owned()),
        Selection::All,
    ] {
        check_nothing_old_comes_back(|store| {
            store.purge(&selection);
        });
    }
}

#[test]
fn the_index_is_exact_after_threads_have_changed_everything_at_once() {
    let store = Store::new(Bounds {
        bytes_max: 24 << 10,
        entry_bytes_max: 2 << 10,
    });
    thread::scope(|scope| {
        for thread in 0..THREADS as u64 {
            let store = &store;
            scope.spawn(move || change_everything(store, thread));
        }
    });
    let (held, indexed) = store.contents();
    assert_eq!(held, indexed);
    store.purge(&Selection::All);
    assert_eq!(store.figures(), Figures::default());
    assert_eq!(store.contents(), Default::default());
}

fn change_everything(store: &Store, thread: u64) {
    // A sequence that differs from thread to thread, and is the same in each run.
    let mut state = thread * 7919 + 1;
    let mut next = |below: u64| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 33) % below
    };
    for _ in 0..3000 {
        let (of, whose) = (next(5), next(12));
        let key = key(of, whose);
        match next(20) {
            0 => drop(store.invalidate(&address(of))),
            1 => drop(store.purge(&Selection::Key(key))),
            2 => store.remember_passing(key, address(of), start()),
            3 => {
                if let Known::Entries(slot) = store.known(&key, start()) {
                    store.remove(&key, &slot.entries()[0]);
                }
            }
            _ => {
                let body = "x".repeat(usize::try_from(next(700)).unwrap());
                let mark = store.mark(&address(of));
                let _kept = store.put(key, entry(of, "de", &body), mark);
            }
        }
    }
}
