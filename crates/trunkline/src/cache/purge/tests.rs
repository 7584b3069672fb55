//! Tests of what Redis is told to forget, without Redis.

use super::*;

fn address(byte: u8) -> Address {
    [byte; 16].into()
}

#[test]
fn one_tells_of_all_changes_to_an_address() {
    let forgetting = Forgetting::default();
    assert_eq!(forgetting.begin(address(1)), Some(address(1)));
    assert_eq!(forgetting.begin(address(1)), None);
    assert_eq!(forgetting.begin(address(2)), Some(address(2)));
    assert_eq!(forgetting.changes(&address(1)), Some(2));
}

#[test]
fn an_address_that_changes_while_redis_is_told_is_told_again() {
    let forgetting = Forgetting::default();
    forgetting.begin(address(1));
    let told = forgetting.changes(&address(1)).expect("it is known");
    forgetting.begin(address(1));
    forgetting.end(&address(1), told);
    assert!(forgetting.is_about(&address(1)));
    let told = forgetting.changes(&address(1)).expect("it is known still");
    forgetting.end(&address(1), told);
    assert!(!forgetting.is_about(&address(1)));
}

#[test]
fn too_many_addresses_are_all_addresses() {
    let forgetting = Forgetting::default();
    for index in 0..FORGETTING_MAX as u64 {
        let mut bytes = [1; 16];
        bytes[..8].copy_from_slice(&index.to_le_bytes());
        assert!(forgetting.begin(bytes.into()).is_some());
    }
    assert!(!forgetting.is_about(&address(9)));
    assert_eq!(forgetting.begin(address(9)), Some(everything()));
    assert!(forgetting.is_about(&address(8)), "nobody is sure of any");
}
