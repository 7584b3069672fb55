//! Names are stable, readable, and never the same for different fields.

use proptest::collection::vec;
use proptest::prelude::*;

use super::{Address, Key, KeyMaker, Naming, NotADigest};

const OWN: Naming = Naming::Own([1, 2]);

fn key(naming: Naming, fields: &[Option<Vec<u8>>]) -> Key {
    let mut maker = KeyMaker::new(naming);
    for field in fields {
        maker.add_optional(field.as_deref());
    }
    maker.key()
}

/// Short fields of few different bytes, lengths as they are written among them.
fn fields() -> impl Strategy<Value = Vec<Option<Vec<u8>>>> {
    let byte = prop_oneof![Just(0), Just(1), Just(8), Just(u8::MAX)];
    vec(proptest::option::of(vec(byte, 0..20)), 0..4)
}

proptest! {
    #[test]
    fn different_fields_make_different_keys(one in fields(), other in fields()) {
        for naming in [OWN, Naming::Shared] {
            prop_assert_eq!(key(naming, &one) == key(naming, &other), one == other);
        }
    }

    #[test]
    fn fields_cut_elsewhere_make_different_keys(text in vec(any::<u8>(), 1..40), cut in 0..40_usize) {
        let (first, second) = text.split_at(cut.min(text.len()));
        let cut = key(OWN, &[Some(first.to_vec()), Some(second.to_vec())]);
        prop_assert_ne!(key(OWN, &[Some(text)]), cut);
    }

    #[test]
    fn a_name_can_be_read_back(field in vec(any::<u8>(), 0..9)) {
        let mut maker = KeyMaker::new(OWN);
        maker.add(&field);
        prop_assert_eq!(maker.key().to_string().parse(), Ok(maker.key()));
        let upper = maker.address().to_string().to_uppercase();
        prop_assert_eq!(upper.parse::<Address>(), Ok(maker.address()));
    }
}

#[test]
fn a_shared_name_stays_the_same_from_version_to_version() {
    let mut maker = KeyMaker::new(Naming::Shared);
    maker.add(b"github").add_optional(None).add(b"");
    assert_eq!(maker.key().to_string(), "058a97bfc8cabc142d0f86938f97f4c8");
}

#[test]
fn nobody_else_makes_the_names_of_a_process() {
    let names = [
        OWN,
        Naming::Own([1, 3]),
        Naming::Own([2, 2]),
        Naming::Shared,
    ];
    let keys = names.map(|naming| key(naming, &[None]));
    for (place, one) in keys.iter().enumerate() {
        let same = keys.iter().filter(|other| *other == one);
        assert_eq!(same.count(), 1, "{place}");
    }
}

#[test]
fn an_address_counts_the_fields_of_the_resource_only() {
    let mut maker = KeyMaker::new(OWN);
    let address = maker.add(b"github").end_resource().address();
    let key = maker.add(b"somebody").key();
    assert_eq!(maker.key(), key);
    assert_ne!(address.to_string(), key.to_string());
    assert_ne!(maker.add(b"").key(), key);
    assert_eq!(maker.address(), address);
}

#[test]
fn what_is_no_name_is_not_read_as_one() {
    let name = KeyMaker::new(Naming::Shared).key().to_string();
    let (short, long) = (name.split_at(31).0, format!("{name}0"));
    let signed = format!("+{short}");
    let foreign = format!("{short}é");
    for text in ["", short, &long, &signed, &foreign, &name.replace('b', "g")] {
        assert_eq!(text.parse::<Key>(), Err(NotADigest), "{text}");
    }
    assert_eq!(NotADigest.to_string(), "not 32 hexadecimal digits");
}

#[test]
fn debug_shows_names_and_not_what_they_are_made_of() {
    let mut maker = KeyMaker::new(OWN);
    maker.add(b"hunter2");
    assert_eq!(format!("{maker:?}"), "KeyMaker { .. }");
    assert!(format!("{:?}", maker.key()).starts_with("Key("));
    assert!(format!("{:?}", maker.address()).starts_with("Address("));
}

#[test]
fn debug_keeps_the_secret() {
    assert_eq!(format!("{OWN:?}"), "Own(…)");
}
