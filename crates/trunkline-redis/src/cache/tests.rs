//! Versions of values.

use super::*;

#[test]
fn only_values_of_the_same_version_are_found() {
    let found = with_version(3, b"value");
    assert_eq!(
        without_version(3, found.clone()),
        Some(Bytes::from_static(b"value"))
    );
    assert_eq!(without_version(4, found), None);
    assert_eq!(without_version(3, with_version(3, b"")), Some(Bytes::new()));
    assert_eq!(without_version(3, Vec::new()), None);
}
