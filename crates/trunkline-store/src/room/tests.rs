//! Nobody has more than there is, and everything comes back.

use super::*;

fn writing(bytes_max: u64) -> Arc<Writing> {
    let writing = Arc::<Writing>::default();
    writing.set_bytes_max(bytes_max);
    writing
}

#[test]
fn together_they_have_no_more_than_there_is() {
    let writing = writing(10);
    let (mut one, mut other) = (writing.room(), writing.room());
    assert!(one.grow_to(6));
    assert!(one.grow_to(4), "it has that");
    assert!(!other.grow_to(5));
    assert!(other.grow_to(4));
    assert!(!one.grow_to(7));
    assert!(!one.grow_to(u64::MAX));
    assert_eq!(writing.bytes(), 10);
    drop(other);
    assert!(one.grow_to(10));
    one.shrink_to(11);
    assert_eq!(writing.bytes(), 10);
    one.shrink_to(3);
    assert_eq!(writing.bytes(), 3);
    drop(one);
    assert_eq!(writing.bytes(), 0);
}

#[test]
fn who_has_more_than_a_new_bound_allows_gets_no_more() {
    let writing = writing(10);
    let (mut one, mut other) = (writing.room(), writing.room());
    assert!(one.grow_to(8));
    writing.set_bytes_max(4);
    assert!(!one.grow_to(9));
    assert!(!other.grow_to(1));
    drop(one);
    assert!(other.grow_to(4));
}
