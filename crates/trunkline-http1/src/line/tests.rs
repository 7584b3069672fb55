//! What lines look like.

use super::*;

proptest::proptest! {
    #[test]
    fn numbers_are_written_as_the_formatter_would(number: u64) {
        let mut out = Vec::new();
        push_number(&mut out, number, 10);
        out.push(b' ');
        push_number(&mut out, number, 16);
        proptest::prop_assert_eq!(out, format!("{number} {number:x}").into_bytes());
    }
}
