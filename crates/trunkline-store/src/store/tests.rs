//! What is put is found, until it is replaced, taken away, or too much.

use std::sync::Arc;
use std::time::Duration;

use super::{Figures, Known, NotKept, Store};
use crate::samples::{BOUNDS, address, bodies, entry, entry_labelled, key, labels, start};
use crate::{Bounds, Entry, Labels, Selection};

fn store() -> Store {
    Store::new(BOUNDS)
}

/// Puts an answer that was asked for just now.
#[track_caller]
fn put(store: &Store, (of, whose): (u64, u64), language: &str, body: &str) -> Arc<Entry> {
    let entry = entry(of, language, body);
    let mark = store.mark(&address(of));
    let kept = store.put(key(of, whose), Arc::clone(&entry), mark);
    assert_eq!(kept, Ok(()));
    entry
}

#[test]
fn what_is_put_is_found_under_its_key_alone() {
    let store = store();
    let put = put(&store, (1, 1), "de", "Tag");
    let Known::Entries(slot) = store.known(&key(1, 1), start()) else {
        panic!("it is kept");
    };
    assert!(Arc::ptr_eq(&slot.entries()[0], &put));
    assert!(matches!(store.known(&key(1, 2), start()), Known::Nothing));
}

#[test]
fn variants_share_a_key() {
    let store = store();
    put(&store, (1, 1), "de", "Tag");
    put(&store, (1, 1), "fr", "jour");
    put(&store, (1, 1), "de", "Morgen");
    assert_eq!(bodies(&store, &key(1, 1)), ["jour", "Morgen"]);
    assert_eq!(store.figures().entries, 2);
}

#[test]
fn what_is_larger_than_allowed_is_refused() {
    let store = store();
    let mark = store.mark(&address(1));
    let body_max = store.entry_bytes_max() - entry(1, "de", "").weight();
    let largest = "x".repeat(usize::try_from(body_max).unwrap());
    let too_large = entry(1, "de", &format!("{largest}x"));
    let kept = store.put(key(1, 1), too_large, mark);
    assert_eq!(kept, Err(NotKept::TooLarge));
    assert_eq!(store.figures(), Figures::default());
    put(&store, (1, 1), "de", &largest);
    assert_eq!(store.figures().bytes, BOUNDS.entry_bytes_max);
}

#[test]
fn an_answer_must_fit_into_a_part_of_the_table() {
    let store = Store::new(Bounds {
        bytes_max: 16 << 10,
        entry_bytes_max: u64::MAX,
    });
    // Half is for what is being written.
    assert_eq!(store.entry_bytes_max(), (8 << 10) - 512);
    let store = Store::new(Bounds {
        bytes_max: 0,
        entry_bytes_max: 1 << 10,
    });
    assert_eq!(store.entry_bytes_max(), 0);
    let mark = store.mark(&address(1));
    let kept = store.put(key(1, 1), entry(1, "de", ""), mark);
    assert_eq!(kept, Err(NotKept::TooLarge));
}

#[test]
fn other_bounds_hold_at_once() {
    let store = store();
    for whose in 0..100 {
        put(&store, (1, whose), "de", &"x".repeat(9 << 10));
    }
    assert_eq!(store.figures().entries, 100);
    let less = Bounds {
        bytes_max: 100 << 10,
        entry_bytes_max: 2 << 10,
    };
    store.set_bounds(less);
    assert!(store.figures().bytes <= less.bytes_max);
    assert!(store.figures().entries < 11);
    let mark = store.mark(&address(1));
    let kept = store.put(key(1, 1), entry(1, "de", &"x".repeat(2 << 10)), mark);
    assert_eq!(kept, Err(NotKept::TooLarge));
    let (held, indexed) = store.contents();
    assert_eq!(held, indexed);
    store.set_bounds(BOUNDS);
    put(&store, (1, 1), "de", &"x".repeat(9 << 10));
}

#[test]
fn what_was_asked_for_before_an_invalidation_is_refused() {
    let store = store();
    let (mark, other) = (store.mark(&address(1)), store.mark(&address(2)));
    store.invalidate(&address(1));
    let kept = store.put(key(1, 1), entry(1, "de", "old"), mark);
    assert_eq!(kept, Err(NotKept::Outdated));
    assert_eq!(store.put(key(2, 1), entry(2, "de", "other"), other), Ok(()));
    put(&store, (1, 1), "de", "new");
}

#[test]
fn a_mark_is_good_for_its_address_only() {
    let store = store();
    let kept = store.put(key(1, 1), entry(1, "de", ""), store.mark(&address(2)));
    assert_eq!(kept, Err(NotKept::Outdated));
}

#[test]
fn invalidating_takes_all_of_an_address_whoever_s_it_is() {
    let store = store();
    put(&store, (1, 1), "de", "mine");
    put(&store, (1, 1), "fr", "mine too");
    put(&store, (1, 2), "de", "yours");
    put(&store, (2, 1), "de", "another");
    assert_eq!(store.invalidate(&address(1)), 3);
    assert!(bodies(&store, &key(1, 1)).is_empty());
    assert!(bodies(&store, &key(1, 2)).is_empty());
    assert_eq!(bodies(&store, &key(2, 1)), ["another"]);
    assert_eq!(store.invalidate(&address(1)), 0);
}

#[test]
fn a_freshened_answer_takes_the_place_of_the_old_one() {
    let store = store();
    let old = put(&store, (1, 1), "de", "Tag");
    put(&store, (1, 1), "fr", "jour");
    let mark = store.mark(&address(1));
    // Also if it varies by something else now, and has a double.
    let fresh = entry(1, "fr", "neu");
    let replaced = store.replace(key(1, 1), &old, fresh, mark);
    assert_eq!(replaced, Ok(()));
    assert_eq!(bodies(&store, &key(1, 1)), ["neu"]);
}

#[test]
fn what_is_gone_is_not_freshened() {
    let store = store();
    let old = put(&store, (1, 1), "de", "Tag");
    put(&store, (1, 1), "de", "Morgen");
    let mark = store.mark(&address(1));
    let fresh = || entry(1, "de", "Tag, again");
    assert_eq!(
        store.replace(key(1, 1), &old, fresh(), mark),
        Err(NotKept::Gone)
    );
    assert_eq!(bodies(&store, &key(1, 1)), ["Morgen"]);
    store.invalidate(&address(1));
    assert_eq!(
        store.replace(key(1, 1), &old, fresh(), mark),
        Err(NotKept::Outdated)
    );
}

#[test]
fn one_answer_can_be_removed() {
    let store = store();
    let de = put(&store, (1, 1), "de", "Tag");
    let fr = put(&store, (1, 1), "fr", "jour");
    assert!(store.remove(&key(1, 1), &de));
    assert_eq!(bodies(&store, &key(1, 1)), ["jour"]);
    assert!(!store.remove(&key(1, 1), &de));
    assert!(store.remove(&key(1, 1), &fr));
    assert_eq!(store.figures(), Figures::default());
    assert_eq!(store.contents(), Default::default());
}

/// Two connectors, two operations, two tags.
fn full() -> Store {
    let store = store();
    let answers = [
        (1, "github", Some("zen"), "wise"),
        (2, "github", Some("emojis"), "funny"),
        (3, "gitlab", Some("zen"), "funny"),
        (4, "gitlab", None, "wise"),
    ];
    for (number, connector, operation, tag) in answers {
        let labels = Labels {
            address: address(number),
            connector: connector.into(),
            operation: operation.map(Into::into),
            tags: ["common".into(), tag.into()].into(),
        };
        let entry = entry_labelled(labels, "de", &number.to_string());
        let mark = store.mark(&address(number));
        assert_eq!(store.put(key(number, 1), entry, mark), Ok(()));
    }
    store
}

#[track_caller]
fn check_purge(selection: Selection, expected: &[&str]) {
    let store = full();
    let mark = store.mark(&address(1));
    let removed = store.purge(&selection);
    let left: Vec<_> = (1..=4)
        .flat_map(|number| bodies(&store, &key(number, 1)))
        .collect();
    assert_eq!(left, expected, "{selection:?}");
    assert_eq!(removed, 4 - left.len());
    assert_eq!(store.figures().entries, left.len());
    let (held, indexed) = store.contents();
    assert_eq!(held, indexed);
    // The first address may have been meant by each of them.
    let late = store.put(key(1, 1), entry(1, "de", "late"), mark);
    assert_eq!(late, Err(NotKept::Outdated));
}

#[test]
fn a_purge_takes_what_it_names() {
    let operation = |connector: &str, operation: &str| Selection::Operation {
        connector: connector.to_owned(),
        operation: operation.to_owned(),
    };
    let tag = |tag: &str| Selection::Tag(tag.to_owned());
    check_purge(Selection::Key(key(1, 1)), &["2", "3", "4"]);
    check_purge(Selection::Key(key(1, 2)), &["1", "2", "3", "4"]);
    check_purge(Selection::Address(address(1)), &["2", "3", "4"]);
    check_purge(operation("github", "zen"), &["2", "3", "4"]);
    check_purge(operation("gitlab", "emojis"), &["1", "2", "3", "4"]);
    check_purge(Selection::Connector("github".to_owned()), &["3", "4"]);
    check_purge(tag("funny"), &["1", "4"]);
    check_purge(tag("common"), &[]);
    check_purge(Selection::All, &[]);
}

#[test]
fn a_purge_by_tag_leaves_the_other_variants() {
    let store = store();
    put(&store, (1, 1), "de", "wise");
    let plain = Labels {
        tags: [].into(),
        ..labels(address(1))
    };
    let plain = entry_labelled(plain, "fr", "plain");
    assert_eq!(store.put(key(1, 1), plain, store.mark(&address(1))), Ok(()));
    assert_eq!(store.purge(&Selection::Tag("wise".to_owned())), 1);
    assert_eq!(bodies(&store, &key(1, 1)), ["plain"]);
}

#[test]
fn what_is_not_worth_waiting_for_is_remembered_for_a_time() {
    let store = store();
    let (now, later) = (start(), start() + Duration::from_mins(2));
    store.remember_passing(key(1, 1), address(1), later);
    assert!(matches!(store.known(&key(1, 1), now), Known::Passing));
    assert!(matches!(store.known(&key(1, 1), later), Known::Nothing));
    assert_eq!(store.figures().passing, 1);
    put(&store, (1, 1), "de", "Tag");
    assert_eq!(store.figures().passing, 0);
    store.remember_passing(key(1, 1), address(1), later);
    assert_eq!(bodies(&store, &key(1, 1)), ["Tag"], "that is worth more");
}

#[test]
fn what_is_not_worth_waiting_for_is_invalidated_too() {
    let later = start() + Duration::from_mins(2);
    for selection in [
        Selection::Key(key(1, 1)),
        Selection::Address(address(1)),
        Selection::All,
    ] {
        let store = store();
        store.remember_passing(key(1, 1), address(1), later);
        assert_eq!(store.purge(&selection), 0, "it is no answer");
        assert_eq!(store.figures(), Figures::default());
        assert_eq!(store.contents(), Default::default());
    }
}

#[test]
fn what_is_not_worth_waiting_for_is_bounded_too() {
    let store = Store::new(Bounds {
        bytes_max: 20 << 10,
        entry_bytes_max: 1 << 10,
    });
    for whose in 0..1000 {
        store.remember_passing(key(1, whose), address(1), start());
    }
    assert!(store.figures().passing < 60);
    assert!(store.figures().bytes <= 20 << 10);
    let (held, indexed) = store.contents();
    assert_eq!(held, indexed);
}

#[test]
fn reasons_can_be_read() {
    for why in [
        NotKept::TooLarge,
        NotKept::Outdated,
        NotKept::Gone,
        NotKept::Incomplete,
    ] {
        assert!(why.to_string().contains("answer"));
    }
}
