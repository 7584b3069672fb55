//! Items of any text: what was read and printed is read again as the same.

#![no_main]
#![allow(dead_code, unused_imports, unreachable_pub, reason = "a module of the command, seen from outside")]

use libfuzzer_sys::fuzz_target;

#[path = "../../crates/trunkline-cli/src"]
mod cli {
    pub(crate) mod item;
}

// The module calls itself by this name.
use cli::item;

fuzz_target!(|text: &str| {
    if let Ok(read) = text.parse::<item::Item>() {
        let again = read.to_string().parse::<item::Item>();
        assert_eq!(again.as_ref(), Ok(&read));
    }
});
