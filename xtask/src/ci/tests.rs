//! The size of the binary is judged strictly.

use super::{BINARY_BYTES_MAX, judge_size};

#[test]
fn a_binary_of_the_largest_size_is_too_large() {
    assert!(!judge_size(BINARY_BYTES_MAX - 1).is_failure());
    assert!(judge_size(BINARY_BYTES_MAX).is_failure());
}
