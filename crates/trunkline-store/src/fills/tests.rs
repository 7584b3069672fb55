//! Who leads, who follows, and who looks again.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use crate::samples::{
    address, bodies, entry, fills, fills_of, follow, join, key, labels, lead, start, stored, told,
};
use crate::{Bounds, Join, Known};

#[test]
fn one_of_a_hundred_leads() {
    let fills = fills();
    let lead = lead(&fills);
    let followers: Vec<_> = (1..100).map(|_| follow(&fills)).collect();
    assert_eq!(fills.len(), 1);
    let mut writer = lead.begins(stored("de"), Arc::new(labels(address(1))), Some(3));
    let _pushed = writer.push(Bytes::from("Tag"));
    writer.end().unwrap();
    for follower in followers {
        assert_eq!(told(follower), "begins: Tag end");
    }
}

#[test]
fn other_keys_have_other_calls() {
    let fills = fills();
    let lead = lead(&fills);
    let other = fills.join(key(1, 2), address(1), &Known::Nothing);
    assert!(matches!(other, Join::Lead(_)));
    assert_eq!(fills.len(), 2);
    drop((lead, other));
    assert!(fills.is_empty());
}

#[test]
fn who_has_not_seen_what_is_kept_now_looks_again() {
    let fills = fills();
    let store = fills.store();
    let before = store.known(&key(1, 1), start());
    let mark = store.mark(&address(1));
    assert_eq!(store.put(key(1, 1), entry(1, "de", "Tag"), mark), Ok(()));
    let join = |seen| fills.join(key(1, 1), address(1), seen);
    assert!(matches!(join(&before), Join::Again));
    let seen = store.known(&key(1, 1), start());
    assert!(matches!(join(&seen), Join::Lead(_)), "it was not enough");
    assert_eq!(store.put(key(1, 1), entry(1, "fr", "jour"), mark), Ok(()));
    assert!(matches!(join(&seen), Join::Again));
}

#[test]
fn who_has_seen_what_is_gone_leads() {
    let fills = fills();
    let store = fills.store();
    let mark = store.mark(&address(1));
    assert_eq!(store.put(key(1, 1), entry(1, "de", "Tag"), mark), Ok(()));
    let seen = store.known(&key(1, 1), start());
    store.invalidate(&address(1));
    let joined = fills.join(key(1, 1), address(1), &seen);
    assert!(matches!(joined, Join::Lead(_)));
}

#[test]
fn what_is_not_worth_waiting_for_is_no_news() {
    let fills = fills();
    let later = start() + Duration::from_secs(9);
    fills.store().remember_passing(key(1, 1), address(1), later);
    assert!(matches!(join(&fills), Join::Lead(_)));
}

#[test]
fn a_store_without_room_coalesces_nothing_it_can_not_keep() {
    let fills = fills_of(Bounds {
        bytes_max: 0,
        entry_bytes_max: 0,
    });
    let lead = lead(&fills);
    let (own, follower) = (lead.reader(), follow(&fills));
    let writer = lead.begins(stored("de"), Arc::new(labels(address(1))), Some(0));
    writer.hand_over(7);
    assert_eq!(told(own), "begins:  TakeOver(7)");
    assert_eq!(told(follower), "alone");
    assert!(bodies(fills.store(), &key(1, 1)).is_empty());
}
