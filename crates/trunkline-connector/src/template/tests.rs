//! Templates match what they make, and never make another path than meant.

use std::collections::BTreeMap;

use expect_test::{Expect, expect};
use proptest::prelude::*;

use super::Template;
use crate::seeded::seeded;

fn template(text: &str) -> Template {
    text.parse().unwrap()
}

/// What a template finds in a path.
#[track_caller]
fn check_captures(text: &str, path: &str, expected: Expect) {
    let template = template(text);
    let captures = template.captures(path);
    assert_eq!(template.matches(path), captures.is_some());
    expected.assert_eq(&format!("{captures:?}"));
}

#[track_caller]
fn check_prefix(text: &str, path: &str, expected: Expect) {
    let template = template(text);
    let places = template.places_in_prefix(path);
    let found = places.map(|places| -> Vec<_> {
        places
            .into_iter()
            .map(|(name, place)| (name, path.get(place).unwrap()))
            .collect()
    });
    expected.assert_eq(&format!("{found:?}"));
}

#[track_caller]
fn check_refused(text: &str, expected: Expect) {
    expected.assert_eq(&text.parse::<Template>().unwrap_err().to_string());
}

#[track_caller]
fn check_expanded(text: &str, values: &[(&str, &str)], expected: Expect) {
    let values: BTreeMap<&str, &str> = values.iter().copied().collect();
    let path = template(text).expand(|name| values.get(name).copied());
    expected.assert_eq(&path.unwrap_or_else(|error| format!("error: {error}")));
}

#[test]
fn a_part_is_one_run_within_a_segment() {
    check_captures(
        "/v1/customers/{id}",
        "/v1/customers/cus_1",
        expect![[r#"Some([("id", "cus_1")])"#]],
    );
    check_captures("/v1/customers/{id}", "/v1/customers/", expect!["None"]);
    check_captures("/v1/customers/{id}", "/v1/customers", expect!["None"]);
    check_captures("/v1/customers/{id}", "/v1/customers/a/b", expect!["None"]);
    check_captures("/v1/customers/{id}", "v1/customers/a", expect!["None"]);
    check_captures(
        "/v1/customers/{id}",
        "/v1/customers/a%2Fb",
        expect![[r#"Some([("id", "a%2Fb")])"#]],
    );
    check_captures("/", "/", expect!["Some([])"]);
    check_captures("/", "", expect!["None"]);
    check_captures("/v1/", "/v1", expect!["None"]);
}

#[test]
fn text_around_a_part_must_be_there() {
    check_captures(
        "/Messages/{sid}.json",
        "/Messages/SM1.json",
        expect![[r#"Some([("sid", "SM1")])"#]],
    );
    check_captures("/Messages/{sid}.json", "/Messages/SM1", expect!["None"]);
    check_captures("/Messages/{sid}.json", "/Messages/.json", expect!["None"]);
    check_captures(
        "/Messages/{sid}.json",
        "/Messages/a.json.json",
        expect![[r#"Some([("sid", "a.json")])"#]],
    );
    check_captures(
        "/{owner}-{repo}x/z",
        "/a-b-cx/z",
        expect![[r#"Some([("owner", "a"), ("repo", "b-c")])"#]],
    );
    check_captures(
        "/{a}:{b}:{c}",
        "/1:2:3:4",
        expect![[r#"Some([("a", "1"), ("b", "2"), ("c", "3:4")])"#]],
    );
    check_captures("/{a}b", "/bb", expect![[r#"Some([("a", "b")])"#]]);
    check_captures("/{a}b{c}", "/bb", expect!["None"]);
    check_captures("/x{a}", "/xé", expect![[r#"Some([("a", "é")])"#]]);
}

#[test]
fn segments_that_are_resolved_away_are_no_values() {
    check_captures("/{a}.", "/..", expect!["None"]);
    check_captures("/v1/{id}", "/v1/..", expect!["None"]);
    check_captures("/v1/{id}", "/v1/%2e%2E", expect!["None"]);
    check_captures("/v1/{id}", "/v1/.", expect!["None"]);
    check_captures("/v1/{id}", "/v1/...", expect![[r#"Some([("id", "...")])"#]]);
}

#[test]
fn a_prefix_finds_parts_in_longer_paths() {
    let accounts = "/2010-04-01/Accounts/{sid}";
    check_prefix(
        accounts,
        "/2010-04-01/Accounts/AC1/Messages.json",
        expect![[r#"Some([("sid", "AC1")])"#]],
    );
    check_prefix(
        accounts,
        "/2010-04-01/Accounts/AC1",
        expect![[r#"Some([("sid", "AC1")])"#]],
    );
    check_prefix(
        accounts,
        "/2010-04-01/Accounts/AC1.json",
        expect![[r#"Some([("sid", "AC1.json")])"#]],
    );
    check_prefix(
        "/Accounts/{sid}.json",
        "/Accounts/AC1.json",
        expect![[r#"Some([("sid", "AC1")])"#]],
    );
    check_prefix(accounts, "/2010-04-01/Accounts", expect!["None"]);
    check_prefix(
        "/webhooks/{id}/{token}",
        "/webhooks/1/t/x",
        expect![[r#"Some([("id", "1"), ("token", "t")])"#]],
    );
}

#[test]
fn what_is_no_template_is_refused() {
    check_refused("v1", expect!["`v1` does not begin with `/`"]);
    check_refused("", expect!["`` does not begin with `/`"]);
    check_refused("/{id", expect!["`{id` has a brace without its other half"]);
    check_refused("/id}", expect!["`id}` has a brace without its other half"]);
    check_refused(
        "/{a{b}}",
        expect!["`{a{b}` is no part: letters, digits and `_`, not beginning with a digit"],
    );
    check_refused(
        "/{}",
        expect!["`{}` is no part: letters, digits and `_`, not beginning with a digit"],
    );
    check_refused(
        "/{1a}",
        expect!["`{1a}` is no part: letters, digits and `_`, not beginning with a digit"],
    );
    check_refused("/{a}/{a}", expect!["`{a}` stands twice"]);
    check_refused(
        "/{a}{b}",
        expect!["nothing stands between `{b}` and the part before it"],
    );
    check_refused(
        "/a?b=c",
        expect!["'?' cannot stand in a path; write it percent-encoded"],
    );
    check_refused(
        "/a b",
        expect!["' ' cannot stand in a path; write it percent-encoded"],
    );
    check_refused(
        "/a/../b",
        expect!["`..` is a segment that addresses resolve away"],
    );
}

#[test]
fn values_are_encoded_and_stay_within_their_segment() {
    check_expanded("/v1/{id}", &[("id", "cus_1")], expect!["/v1/cus_1"]);
    check_expanded(
        "/v1/{id}.json",
        &[("id", "a/b c?d=é~")],
        expect!["/v1/a%2Fb%20c%3Fd%3D%C3%A9~.json"],
    );
    check_expanded("/v1/{id}", &[], expect!["error: `id` has no value"]);
    check_expanded("/v1/{id}", &[("id", "")], expect!["error: `id` is empty"]);
    check_expanded(
        "/v1/{id}",
        &[("id", "..")],
        expect!["error: `id` would make a `.` or `..` segment"],
    );
    check_expanded(
        "/v1/.{id}",
        &[("id", ".")],
        expect!["error: `id` would make a `.` or `..` segment"],
    );
    check_expanded("/v1/{id}", &[("id", "%2e%2e")], expect!["/v1/%252e%252e"]);
}

#[test]
fn a_fixed_segment_is_more_exact_than_a_part() {
    let exactness = |text: &str| template(text).exactness();
    assert!(exactness("/v1/customers/search") > exactness("/v1/customers/{id}"));
    assert!(exactness("/v1/customers/{id}.json") > exactness("/v1/customers/{id}"));
    assert!(exactness("/a/{b}") > exactness("/{a}/long-and-fixed"));
    assert_eq!(exactness("/a/{b}"), exactness("/c/{d}"));
}

#[test]
fn shapes_are_compared_without_names() {
    let shape = |text| template(text).shape();
    assert_eq!(shape("/a/{b}.json"), shape("/a/{c}.json"));
    assert_ne!(shape("/a/{b}"), shape("/a/{b}/"));
    assert_ne!(shape("/a/{b}"), shape("/a/b"));
}

/// Templates with up to five segments.
fn templates() -> impl Strategy<Value = String> {
    let segment = prop_oneof!["[a-z.]{1,3}x", "[a-z]{0,2}\\{[a-z]{4}\\}[.a-z]{0,2}"];
    proptest::collection::vec(segment, 1..5).prop_map(|segments| format!("/{}", segments.join("/")))
}

proptest! {
    #![proptest_config(seeded(512))]

    #[test]
    fn what_a_template_makes_it_matches(text in templates(), value in "\\PC{1,8}") {
        let Ok(template) = text.parse::<Template>() else { return Ok(()) };
        prop_assert_eq!(template.to_string(), text);
        if let Ok(path) = template.expand(|_| Some(&value)) {
            prop_assert!(template.matches(&path), "{} of {:?}", path, template);
            let names: Vec<&str> = template.names().collect();
            let captured = template.captures(&path).unwrap();
            prop_assert_eq!(captured.iter().map(|(name, _)| *name).collect::<Vec<_>>(), names);
            let longer = format!("{path}/more");
            prop_assert!(template.places_in_prefix(&longer).is_some());
            prop_assert_eq!(template.beginning_of(&longer), Some(path.as_str()));
            prop_assert_eq!(template.beginning_of(&path), Some(path.as_str()));
        }
    }

    #[test]
    fn no_text_makes_it_panic(text in any::<String>(), path in any::<String>()) {
        if let Ok(template) = text.parse::<Template>() {
            drop(template.captures(&path));
        }
        drop(template("/a/{b}.c/{d}e{f}").captures(&path));
        drop(template("/a/{b}").expand(|_| Some(&path)));
        drop(template("/a/{b}").beginning_of(&path).map(str::to_owned));
    }
}
