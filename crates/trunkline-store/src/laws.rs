//! What holds after any sequence of changes.

use std::sync::Arc;

use proptest::collection::vec;
use proptest::prelude::*;

use crate::samples::{address, entry, key, start};
use crate::{Bounds, Entry, Known, Selection, Store};

const ADDRESSES: u64 = 4;
const WHOSE: u64 = 6;

#[derive(Clone, Debug)]
enum Change {
    Put {
        of: u64,
        whose: u64,
        variant: u8,
        body: usize,
    },
    /// Under a key that is used with another address too.
    PutAstray {
        of: u64,
    },
    Freshen {
        of: u64,
        whose: u64,
        body: usize,
    },
    Remove {
        of: u64,
        whose: u64,
    },
    Pass {
        of: u64,
        whose: u64,
    },
    /// Makes it hot.
    Look {
        of: u64,
        whose: u64,
    },
    Invalidate {
        of: u64,
    },
    Purge(Selection),
    Bound {
        bytes_max: u64,
    },
}

fn changes() -> impl Strategy<Value = Vec<Change>> {
    let (of, whose) = (0..ADDRESSES, 0..WHOSE);
    let place = (of.clone(), whose);
    let body = prop_oneof![0..40_usize, 0..2500_usize];
    let put = (place.clone(), 0..20_u8, body.clone()).prop_map(|((of, whose), variant, body)| {
        Change::Put {
            of,
            whose,
            variant,
            body,
        }
    });
    let freshen =
        (place.clone(), body).prop_map(|((of, whose), body)| Change::Freshen { of, whose, body });
    let selection = prop_oneof![
        place
            .clone()
            .prop_map(|(of, whose)| Selection::Key(key(of, whose))),
        of.clone().prop_map(|of| Selection::Address(address(of))),
        Just(Selection::Tag("wise".to_owned())),
        Just(Selection::All),
    ];
    let change = prop_oneof![
        12 => put,
        1 => of.clone().prop_map(|of| Change::PutAstray { of }),
        2 => freshen,
        2 => place.clone().prop_map(|(of, whose)| Change::Remove { of, whose }),
        2 => place.clone().prop_map(|(of, whose)| Change::Pass { of, whose }),
        4 => place.prop_map(|(of, whose)| Change::Look { of, whose }),
        1 => of.prop_map(|of| Change::Invalidate { of }),
        1 => selection.prop_map(Change::Purge),
        1 => (0..30_000_u64).prop_map(|bytes_max| Change::Bound { bytes_max }),
    ];
    vec(change, 0..60)
}

fn first_entry(store: &Store, of: u64, whose: u64) -> Option<Arc<Entry>> {
    match store.known(&key(of, whose), start()) {
        Known::Entries(slot) => slot.entries().first().cloned(),
        Known::Nothing | Known::Passing => None,
    }
}

fn apply(store: &Store, change: Change) {
    let put = |key, of, variant: u8, body| {
        let entry = entry(of, &format!("v{variant}"), &"x".repeat(body));
        let _kept = store.put(key, entry, store.mark(&address(of)));
    };
    match change {
        Change::Put {
            of,
            whose,
            variant,
            body,
        } => put(key(of, whose), of, variant, body),
        Change::PutAstray { of } => put(key(0, 0), of, 0, 9),
        Change::Freshen { of, whose, body } => {
            if let Some(old) = first_entry(store, of, whose) {
                let mark = store.mark(&old.labels().address);
                let _kept = store.replace(
                    key(of, whose),
                    &old,
                    entry(of, "v0", &"y".repeat(body)),
                    mark,
                );
            }
        }
        Change::Remove { of, whose } => {
            if let Some(old) = first_entry(store, of, whose) {
                assert!(store.remove(&key(of, whose), &old));
            }
        }
        Change::Pass { of, whose } => {
            store.remember_passing(key(of, whose), address(of), start());
        }
        Change::Look { of, whose } => drop(store.known(&key(of, whose), start())),
        Change::Invalidate { of } => {
            store.invalidate(&address(of));
            let (held, _) = store.contents();
            assert!(held.iter().all(|(held, _)| *held != address(of)));
        }
        Change::Purge(selection) => {
            store.purge(&selection);
            assert_eq!(store.purge(&selection), 0, "all was taken");
        }
        Change::Bound { bytes_max } => store.set_bounds(Bounds {
            bytes_max,
            entry_bytes_max: 2000,
        }),
    }
}

/// Says what is kept by looking at each key, not by the counts.
fn recounted(store: &Store) -> (usize, u64) {
    let mut found = (0, 0);
    for place in 0..ADDRESSES * WHOSE {
        if let Known::Entries(slot) = store.known(&key(place / WHOSE, place % WHOSE), start()) {
            assert!(slot.entries().len() <= 16);
            found.0 += slot.entries().len();
            found.1 += slot
                .entries()
                .iter()
                .map(|entry| entry.weight())
                .sum::<u64>();
        }
    }
    found
}

proptest! {
    #[test]
    fn bounds_hold_and_the_index_is_exact(bytes_max in 0..30_000_u64, changes in changes()) {
        let mut bytes_max = bytes_max;
        let store = Store::new(Bounds { bytes_max, entry_bytes_max: 2000 });
        for change in changes {
            if let Change::Bound { bytes_max: changed } = change {
                bytes_max = changed;
            }
            apply(&store, change);
            let figures = store.figures();
            prop_assert!(figures.bytes <= bytes_max);
            let (held, indexed) = store.contents();
            prop_assert_eq!(&held, &indexed);
            let (entries, bytes) = recounted(&store);
            prop_assert_eq!(figures.entries, entries);
            prop_assert_eq!(figures.bytes, bytes + 384 * figures.passing as u64);
        }
    }
}
