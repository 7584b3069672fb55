//! What callers read of it.

use std::time::SystemTime;

use trunkline::CallId;

use super::Tag;

#[test]
fn exchanges_are_told_where_there_were_any() {
    let call_id = CallId::new(SystemTime::UNIX_EPOCH, 7);
    for (attempts, expected) in [
        (0, ""),
        (1, "trunkline-attempts: 1\r\n"),
        (12, "trunkline-attempts: 12\r\n"),
    ] {
        let mut out = Vec::new();
        Tag { call_id, attempts }.write(&mut out);
        let expected = format!("trunkline-call-id: call_00000000000000000000000007\r\n{expected}");
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }
}
