//! Items of any text: what was read and printed is read again as the same.

#![no_main]
#![allow(dead_code, unreachable_pub, reason = "a module of the command, seen from outside")]

use libfuzzer_sys::fuzz_target;

#[path = "../../crates/trunkline-cli/src/item.rs"]
mod item;

fuzz_target!(|text: &str| {
    if let Ok(read) = text.parse::<item::Item>() {
        let again = read.to_string().parse::<item::Item>();
        assert_eq!(again.as_ref(), Ok(&read));
    }
});
