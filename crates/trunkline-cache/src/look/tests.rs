//! From the store or not, by what the caller and the upstream allow.

use super::*;
use crate::samples::{at, looked, request, stored, try_store, word};

/// Stores an answer at the start and asks again after some seconds.
#[track_caller]
fn check(answered: &str, asked: &str, secs: i64, expected: &str) {
    let stored = stored(answered);
    assert_eq!(
        word(looked(&[&stored], asked, secs)),
        expected,
        "{answered} / {asked}"
    );
}

#[test]
fn what_is_fresh_is_served_rfc_9111_4() {
    check("Cache-Control: max-age=10", "", 0, "serve Fresh");
    check("Cache-Control: max-age=10", "", 9, "serve Fresh");
    check("Cache-Control: max-age=10", "", 10, "ask: Stale");
    check("Date: {0}\nExpires: {10}", "", 9, "serve Fresh");
    check("Date: {0}\nExpires: {10}", "", 10, "ask: Stale");
}

#[test]
fn what_is_fresh_tells_its_age_and_what_is_left_rfc_9111_5_1() {
    let stored = stored("Cache-Control: max-age=10\nAge: 2");
    let Decision::Serve(hit) = looked(&[&stored], "", 5) else {
        panic!("it is fresh");
    };
    assert_eq!((hit.which, hit.age.as_secs(), hit.ttl), (0, 7, 3));
}

#[test]
fn fresh_answers_of_any_status_are_served_and_stale_ones_not_rfc_9111_3() {
    for status in [200, 204, 299, 301, 302, 404, 410, 499, 500, 503, 599] {
        let answered = format!("{status}\nCache-Control: max-age=10");
        check(&answered, "", 5, "serve Fresh");
        check(&answered, "", 15, "ask: Stale");
    }
}

#[test]
fn a_miss_says_of_what_kind_rfc_9211_2_2() {
    assert_eq!(word(looked(&[], "", 0)), "fetch: UriMiss");
    let negotiated = stored("Cache-Control: max-age=10\nVary: Foo");
    assert_eq!(word(looked(&[&negotiated], "Foo: 1", 0)), "fetch: VaryMiss");
}

#[test]
fn head_is_served_from_a_stored_get_rfc_9111_4() {
    check("Cache-Control: max-age=10", "HEAD", 5, "serve Fresh");
}

#[test]
fn other_methods_go_upstream_rfc_9111_4() {
    for method in ["POST", "PUT", "DELETE", "OPTIONS", "QUERY", "M-SEARCH"] {
        check("Cache-Control: max-age=10", method, 5, "fetch: Method");
    }
}

#[test]
fn a_post_that_asks_is_served_its_own_answers_only() {
    let policy = Policy::ExplicitPost(Duration::from_mins(1));
    let of_post = try_store(policy, "POST", "").expect("it is stored");
    let of_get = try_store(policy, "GET", "").expect("it is stored");
    let both = [&of_get, &of_post];
    for (method, expected) in [("POST", 1), ("GET", 0), ("HEAD", 0)] {
        let Decision::Serve(hit) = look(policy, request(method).head(), both, at(5)) else {
            panic!("it is fresh");
        };
        assert_eq!(hit.which, expected, "{method}");
    }
}

#[test]
fn nothing_is_served_where_the_cache_is_off() {
    let stored = stored("Cache-Control: max-age=10");
    let decision = look(Policy::Off, request("").head(), [&stored], at(0));
    assert_eq!(word(decision), "fetch: Off");
}

#[test]
fn preconditions_are_the_upstreams_rfc_9110_13_1() {
    for asked in ["If-Match: \"a\"", "If-Unmodified-Since: {0}"] {
        check(
            "Cache-Control: max-age=10\nETag: \"a\"",
            asked,
            0,
            "fetch: Precondition",
        );
    }
}

#[test]
fn of_several_the_most_recent_is_served_rfc_9111_4() {
    let older = stored("Cache-Control: max-age=100\nDate: {-9}");
    let newer = stored("Cache-Control: max-age=100\nDate: {-3}");
    for (candidates, expected) in [([&older, &newer], 1), ([&newer, &older], 0)] {
        let Decision::Serve(hit) = looked(&candidates, "", 1) else {
            panic!("it is fresh");
        };
        assert_eq!(hit.which, expected);
    }
}

#[test]
fn the_variant_that_fits_is_served_rfc_9111_4_1() {
    let answered = "Cache-Control: max-age=100\nVary: Foo";
    let one = try_store(Policy::Headers, "Foo: 1", answered).expect("it is stored");
    let two = try_store(Policy::Headers, "Foo: 2", answered).expect("it is stored");
    for (asked, expected) in [
        ("Foo: 1", Some(0)),
        ("Foo: 2", Some(1)),
        ("Foo: 3", None),
        ("", None),
    ] {
        let which = match looked(&[&one, &two], asked, 1) {
            Decision::Serve(hit) => Some(hit.which),
            _ => None,
        };
        assert_eq!(which, expected, "{asked}");
    }
}

#[test]
fn no_cache_of_the_upstream_asks_each_time_rfc_9111_5_2_2_4() {
    check(
        "Cache-Control: no-cache, max-age=10\nETag: \"a\"",
        "",
        0,
        "ask: NoCache",
    );
    check(
        "Cache-Control: no-cache\nETag: \"a\"",
        "Cache-Control: max-stale",
        0,
        "ask: NoCache",
    );
    check(
        "Cache-Control: no-cache=\"x\", max-age=10\nX: 1",
        "",
        0,
        "serve Fresh",
    );
}

#[test]
fn no_cache_of_the_caller_asks_rfc_9111_5_2_1_4() {
    check(
        "Cache-Control: max-age=10",
        "Cache-Control: no-cache",
        0,
        "ask: RequestNoCache",
    );
    check(
        "Cache-Control: max-age=10",
        "Cache-Control: x=\"no-cache\"",
        0,
        "serve Fresh",
    );
}

#[test]
fn pragma_asks_nothing_rfc_9111_5_4() {
    check(
        "Cache-Control: max-age=10\nPragma: no-cache",
        "Pragma: no-cache",
        0,
        "serve Fresh",
    );
}

#[test]
fn no_store_of_the_caller_goes_past_the_cache_rfc_9111_5_2_1_5() {
    check(
        "Cache-Control: max-age=10",
        "Cache-Control: no-store",
        0,
        "fetch: RequestNoStore",
    );
}

#[test]
fn max_age_of_the_caller_bounds_the_age_rfc_9111_5_2_1_1() {
    let aged = "Cache-Control: max-age=3600\nAge: 1800";
    check(aged, "Cache-Control: max-age=600", 0, "ask: RequestMaxAge");
    check(aged, "Cache-Control: max-age=1800", 0, "serve Fresh");
    check(aged, "Cache-Control: max-age=1800", 1, "ask: RequestMaxAge");
    check(
        "Cache-Control: max-age=10",
        "Cache-Control: max-age=0",
        0,
        "ask: RequestMaxAge",
    );
    check(
        "Cache-Control: max-age=10",
        "Cache-Control: max-age=100",
        11,
        "ask: Stale",
    );
}

#[test]
fn min_fresh_of_the_caller_wants_some_left_rfc_9111_5_2_1_3() {
    let aged = "Cache-Control: max-age=1500\nAge: 1000";
    check(
        aged,
        "Cache-Control: min-fresh=501",
        0,
        "ask: RequestMinFresh",
    );
    check(aged, "Cache-Control: min-fresh=500", 0, "serve Fresh");
    check(
        aged,
        "Cache-Control: min-fresh=500",
        1,
        "ask: RequestMinFresh",
    );
    check(
        aged,
        "Cache-Control: min-fresh=x",
        0,
        "ask: RequestMinFresh",
    );
}

#[test]
fn max_stale_of_the_caller_takes_stale_answers_rfc_9111_5_2_1_2() {
    let one = "Cache-Control: max-age=1";
    check(one, "Cache-Control: max-stale=1000", 3, "serve MaxStale");
    check(one, "Cache-Control: max-stale=2", 3, "serve MaxStale");
    check(one, "Cache-Control: max-stale=2", 4, "ask: Stale");
    check(one, "Cache-Control: max-stale", 1_000_000, "serve MaxStale");
    check(one, "Cache-Control: max-stale=0", 1, "ask: Stale");
    check(one, "Cache-Control: max-stale=x", 3, "ask: Stale");
    check(
        "Cache-Control: max-age=1500\nAge: 2000",
        "Cache-Control: max-stale=1000",
        0,
        "serve MaxStale",
    );
}

#[test]
fn max_stale_does_not_defeat_the_upstream_rfc_9111_4_2_4() {
    for control in [
        "max-age=1, must-revalidate",
        "max-age=1, proxy-revalidate",
        "s-maxage=1",
        "s-maxage=1, max-age=100",
        "s-maxage=x, max-age=100",
    ] {
        let answered = format!("ETag: \"a\"\nCache-Control: {control}");
        check(&answered, "Cache-Control: max-stale", 5, "ask: Stale");
    }
}

#[test]
fn must_revalidate_does_not_keep_fresh_answers_from_serving_rfc_9111_5_2_2_2() {
    check(
        "Cache-Control: max-age=10, must-revalidate",
        "",
        9,
        "serve Fresh",
    );
    check(
        "Cache-Control: max-age=10, must-revalidate",
        "",
        10,
        "ask: Stale",
    );
}

#[test]
fn only_if_cached_never_asks_rfc_9111_5_2_1_7() {
    let only = "Cache-Control: only-if-cached";
    assert_eq!(word(looked(&[], only, 0)), "504");
    check("Cache-Control: max-age=10", only, 5, "serve Fresh");
    check("Cache-Control: max-age=10", only, 15, "504");
    check(
        "Cache-Control: max-age=10\nVary: Foo",
        "Foo: 1\nCache-Control: only-if-cached",
        5,
        "504",
    );
    check(
        "Cache-Control: max-age=10",
        "Cache-Control: only-if-cached, max-stale=9",
        15,
        "serve MaxStale",
    );
    check(
        "Cache-Control: max-age=10",
        "Cache-Control: only-if-cached, no-cache",
        5,
        "504",
    );
    check(
        "Cache-Control: max-age=10",
        "Cache-Control: only-if-cached, no-store",
        5,
        "504",
    );
}

#[test]
fn stale_while_revalidate_serves_within_its_window_rfc_5861_3() {
    let stored = "Cache-Control: max-age=10, stale-while-revalidate=5";
    check(stored, "", 9, "serve Fresh");
    check(stored, "", 10, "serve stale, ask meanwhile");
    check(stored, "", 15, "serve stale, ask meanwhile");
    check(stored, "", 16, "ask: Stale");
    check(
        "Cache-Control: max-age=10, stale-while-revalidate=0",
        "",
        10,
        "ask: Stale",
    );
    check(
        "Cache-Control: max-age=10, stale-while-revalidate=x",
        "",
        10,
        "ask: Stale",
    );
}

#[test]
fn stale_while_revalidate_bows_to_stricter_words_rfc_9111_4_2_4() {
    let window = "ETag: \"a\"\nCache-Control: max-age=10, stale-while-revalidate=5";
    for stricter in ["must-revalidate", "proxy-revalidate", "s-maxage=10"] {
        check(&format!("{window}, {stricter}"), "", 12, "ask: Stale");
    }
    check(&format!("{window}, no-cache"), "", 12, "ask: NoCache");
    check(window, "Cache-Control: no-cache", 12, "ask: RequestNoCache");
    check(window, "Cache-Control: max-age=100", 12, "ask: Stale");
    check(window, "Cache-Control: min-fresh=1", 12, "ask: Stale");
    check(
        window,
        "Cache-Control: max-stale=9",
        12,
        "serve stale, ask meanwhile",
    );
    check(window, "Cache-Control: max-stale=9", 17, "serve MaxStale");
}

#[test]
fn immutable_and_fresh_survives_a_reload_rfc_8246_2() {
    let immutable = "ETag: \"a\"\nCache-Control: max-age=10, immutable";
    check(immutable, "Cache-Control: max-age=0", 5, "serve Fresh");
    check(
        immutable,
        "Cache-Control: no-cache",
        5,
        "ask: RequestNoCache",
    );
    check(immutable, "Cache-Control: max-age=0", 15, "ask: Stale");
    check(immutable, "", 15, "ask: Stale");
}

#[test]
fn an_explicit_time_binds_those_who_set_it() {
    let secs = |secs| Policy::Explicit(Duration::from_secs(secs));
    let kept = try_store(secs(60), "", "").expect("it is stored");
    for (policy, at_secs, expected) in [
        (secs(60), 59, "serve Fresh"),
        (secs(60), 60, "ask: Stale"),
        (secs(300), 60, "ask: Stale"),
        (secs(10), 9, "serve Fresh"),
        (secs(10), 10, "ask: Stale"),
        (Policy::Headers, 0, "ask: Stale"),
    ] {
        let decision = look(policy, request("").head(), [&kept], at(at_secs));
        assert_eq!(word(decision), expected, "{policy:?} {at_secs}");
    }
    let told = stored("Cache-Control: max-age=100");
    let decision = look(secs(10), request("").head(), [&told], at(50));
    assert_eq!(word(decision), "serve Fresh");
}

#[test]
fn an_explicit_time_counts_from_the_arrival() {
    let minute = Policy::Explicit(Duration::from_mins(1));
    let kept = try_store(minute, "", "Age: 7200\nDate: {-9000}").expect("it is stored");
    for (at_secs, expected) in [(59, "serve Fresh"), (60, "ask: Stale")] {
        let decision = look(minute, request("").head(), [&kept], at(at_secs));
        assert_eq!(word(decision), expected, "{at_secs}");
    }
}

#[test]
fn what_was_stored_in_the_future_is_asked_about() {
    check("Cache-Control: max-age=10", "", -5, "serve Fresh");
    check("Cache-Control: max-age=10", "", -6, "ask: Clock");
    check(
        "Cache-Control: max-age=10",
        "Cache-Control: max-stale",
        -3600,
        "ask: Clock",
    );
}

#[test]
fn conditions_and_ranges_of_the_caller_do_not_matter_here() {
    for asked in [
        "If-None-Match: \"x\"",
        "If-Modified-Since: {0}",
        "Range: bytes=0-1",
        "Cookie: a=b",
    ] {
        check(
            "Cache-Control: max-age=10\nETag: \"a\"",
            asked,
            5,
            "serve Fresh",
        );
        check(
            "Cache-Control: max-age=10\nETag: \"a\"",
            asked,
            15,
            "ask: Stale",
        );
    }
}
