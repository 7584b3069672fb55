//! Which fields of a query go, and that nothing else of it changes.

use crate::secret::Secret;

use super::*;

/// What becomes of a target where `key` and `api key` are credentials; `-` where it stays.
#[track_caller]
fn check_without_ours(target: &str, expected: &str) {
    let credentials = ["key", "api key"].map(str::to_owned);
    let target: PathAndQuery = target.parse().unwrap();
    let changed = with_ours(&target, &credentials, None);
    assert_eq!(changed.as_deref().unwrap_or("-"), expected, "{target}");
}

#[test]
fn the_callers_field_goes_however_it_is_written() {
    for (target, expected) in [
        ("/x?key=mine", "/x"),
        ("/x?key", "/x"),
        ("/x?key=", "/x"),
        ("/x?%6bey=mine", "/x"),
        ("/x?k%65%79=mine&a=1", "/x?a=1"),
        ("/x?%6Bey=mine", "/x"),
        ("/x?a=1&key=mine&b=2&key=again", "/x?a=1&b=2"),
        ("/x?api+key=mine", "/x"),
        ("/x?api%20key=mine", "/x"),
        ("/x?key=a=b", "/x"),
    ] {
        check_without_ours(target, expected);
    }
}

#[test]
fn everything_else_stays_byte_for_byte() {
    for target in [
        "/x",
        "/x?",
        "/x?a=1&&b=2&",
        "/x?%61=%2f&b=a+b;c",
        "/x?keys=1&mykey=2&Key=3&key%20=4",
        "/x?a=key&b=key=1",
        "/x?%256bey=mine",
        "/x?api%2Bkey=mine",
    ] {
        check_without_ours(target, "-");
    }
    let changed = "/x?%61=%2f&&b=a+b;c&";
    check_without_ours("/x?%61=%2f&&key=mine&b=a+b;c&", changed);
    // A path is no query.
    check_without_ours("/key=mine/x?key=mine", "/key=mine/x");
}

#[test]
fn ours_is_added_encoded() {
    let credentials = ["api_key".to_owned()];
    for (sent, expected) in [
        ("/x", "/x?api_key=o%26u-r%20s%2B"),
        ("/x?", "/x?api_key=o%26u-r%20s%2B"),
        ("/x?api_key=mine", "/x?api_key=o%26u-r%20s%2B"),
        ("/x?a=%2f&api_%6bey=mine", "/x?a=%2f&api_key=o%26u-r%20s%2B"),
    ] {
        let proof = Proof::Query {
            name: "api_key".to_owned(),
            value: Secret::new("o&u-r s+"),
        };
        let changed = with_ours(&sent.parse().unwrap(), &credentials, Some(&proof));
        assert_eq!(changed.as_deref(), Some(expected), "{sent}");
    }
}

#[test]
fn where_nothing_is_a_credential_nothing_changes() {
    let target = "/x?key=mine&apikey=mine".parse().unwrap();
    assert_eq!(with_ours(&target, &[], None), None);
    let headers = Proof::Headers(Vec::new());
    assert_eq!(with_ours(&target, &[], Some(&headers)), None);
    // A credential in a header takes a field of the query too, where the connector declares one.
    let changed = with_ours(&target, &["key".to_owned()], Some(&headers));
    assert_eq!(changed.as_deref(), Some("/x?apikey=mine"));
}
