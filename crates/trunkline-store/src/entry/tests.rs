//! Variants stand side by side, within bounds.

use super::{Slot, VARIANTS_MAX};
use crate::samples::{entry, text};

fn bodies(slot: &Slot) -> Vec<String> {
    let entries = slot.entries().iter();
    entries.map(|entry| text(entry.body())).collect()
}

#[test]
fn an_entry_weighs_its_body_and_more() {
    let empty = entry(1, "de", "").weight();
    assert_eq!(entry(1, "de", "12345").weight(), empty + 5);
    assert!(400 < empty, "{empty}");
}

#[test]
fn a_variant_takes_the_place_of_its_like_and_stands_beside_others() {
    let slot = Slot::of(entry(1, "de", "Tag"))
        .with(entry(1, "fr", "jour"), u64::MAX)
        .with(entry(1, "de", "Morgen"), u64::MAX);
    assert_eq!(bodies(&slot), ["jour", "Morgen"]);
    let weights = slot.entries().iter().map(|entry| entry.weight());
    assert_eq!(slot.weight(), weights.sum::<u64>());
}

#[test]
fn the_longest_kept_makes_room_beyond_a_number() {
    let mut slot = Slot::of(entry(1, "v0", "0"));
    for number in 1..=VARIANTS_MAX {
        slot = slot.with(
            entry(1, &format!("v{number}"), &number.to_string()),
            u64::MAX,
        );
    }
    assert_eq!(slot.entries().len(), VARIANTS_MAX);
    assert_eq!(bodies(&slot)[0], "1");
}

#[test]
fn the_longest_kept_make_room_beyond_a_weight_but_the_newest_stays() {
    let slot = Slot::of(entry(1, "a", "a")).with(entry(1, "b", "b"), u64::MAX);
    let weight_of_two = slot.weight();
    assert_eq!(
        bodies(&slot.with(entry(1, "c", "c"), weight_of_two)),
        ["b", "c"]
    );
    assert_eq!(bodies(&slot.with(entry(1, "c", "c"), 1)), ["c"]);
}

#[test]
fn what_is_retained_is_a_slot_or_nothing() {
    let slot = Slot::of(entry(1, "a", "a")).with(entry(1, "b", "b"), u64::MAX);
    let rest = slot.retaining(|entry| entry.body() != "a").unwrap();
    assert_eq!(bodies(&rest), ["b"]);
    assert_eq!(rest.address(), slot.address());
    assert!(slot.retaining(|_| false).is_none());
    assert_eq!(bodies(&slot), ["a", "b"], "who looks sees no change");
}

#[test]
fn debug_shows_no_body() {
    let shown = format!("{:?}", entry(1, "de", "hunter2"));
    assert!(
        shown.contains("github") && !shown.contains("hunter2"),
        "{shown}"
    );
}
