//! Fields are found however they are spelled, and those beside them stay as they are.

use super::{get, set, without};

#[test]
fn a_field_is_found_however_it_is_spelled() {
    assert_eq!(get("a=1&after=x%20y+z", "after").as_deref(), Some("x y z"));
    assert_eq!(get("a%66ter=x&after=y", "after").as_deref(), Some("x"));
    assert_eq!(get("after", "after").as_deref(), Some(""));
    assert_eq!(get("before=1", "after"), None);
    assert_eq!(get("", ""), None);
}

#[test]
fn a_field_takes_the_place_of_those_of_its_name() {
    assert_eq!(set("", "page", "2"), "page=2");
    assert_eq!(
        set("a=%2F&page=1&b=c+d&page=7", "page", "2"),
        "a=%2F&b=c+d&page=2"
    );
    assert_eq!(
        set("q=1", "page[after]", "a b&c="),
        "q=1&page%5Bafter%5D=a%20b%26c%3D"
    );
}

#[test]
fn refused_fields_go_and_others_stay_as_they_are() {
    let refused = |name: &str| name == "key";
    assert_eq!(
        without("key=s&a=%41&&k%65y=t&keys=1", refused),
        "a=%41&keys=1"
    );
}
