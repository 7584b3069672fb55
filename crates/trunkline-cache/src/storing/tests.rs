//! What is kept, of which answers, and why the others are not.

use std::time::Duration;

use super::*;
use crate::freshness::Reuse;
use crate::samples::{at, exchange, request, stored, try_store};

const FIVE_MINUTES: Policy = Policy::Explicit(Duration::from_mins(5));

#[track_caller]
fn check(policy: Policy, asked: &str, answered: &str, expected: Option<NotStored>) {
    let refused = try_store(policy, asked, answered).err();
    assert_eq!(refused, expected, "{asked} -> {answered}");
}

#[track_caller]
fn refused(answered: &str, why: NotStored) {
    check(Policy::Headers, "", answered, Some(why));
}

#[track_caller]
fn kept(answered: &str) {
    check(Policy::Headers, "", answered, None);
}

#[test]
fn nothing_is_kept_where_the_cache_is_off() {
    check(
        Policy::Off,
        "",
        "Cache-Control: max-age=60",
        Some(NotStored::Off),
    );
}

#[test]
fn only_get_is_kept_rfc_9111_3() {
    let fresh = "Cache-Control: public, max-age=60\nContent-Location: /";
    for method in [
        "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "QUERY", "M-SEARCH",
    ] {
        for policy in [Policy::Headers, FIVE_MINUTES] {
            check(policy, method, fresh, Some(NotStored::Method));
        }
    }
    check(Policy::Headers, "GET", fresh, None);
}

#[test]
fn a_post_that_asks_is_kept_where_the_settings_say_so() {
    let policy = Policy::ExplicitPost(Duration::from_mins(1));
    check(policy, "POST", "", None);
    check(policy, "GET", "", None);
    check(policy, "PUT", "", Some(NotStored::Method));
    check(
        policy,
        "POST",
        "Cache-Control: no-store",
        Some(NotStored::NoStore),
    );
    check(
        policy,
        "POST\nAuthorization: x",
        "Cache-Control: private",
        Some(NotStored::Private),
    );
    check(policy, "POST\nAuthorization: x", "", None);
}

#[test]
fn final_statuses_with_a_time_are_kept_whatever_they_are_rfc_9111_3() {
    for status in [
        200, 201, 203, 204, 299, 300, 301, 302, 303, 307, 308, 399, 400, 401, 403, 404, 410, 418,
        499, 500, 501, 502, 503, 504, 599, 999,
    ] {
        kept(&format!("{status}\nCache-Control: max-age=60"));
        kept(&format!("{status}\nDate: {{0}}\nExpires: {{60}}"));
    }
}

#[test]
fn without_a_time_only_some_statuses_are_kept_rfc_9110_15_1() {
    for status in [200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501] {
        kept(&format!("{status}\nETag: \"a\""));
    }
    for status in [201, 202, 302, 307, 400, 401, 403, 500, 502, 503, 504, 599] {
        refused(&format!("{status}\nETag: \"a\""), NotStored::NoFreshness);
        kept(&format!("{status}\nETag: \"a\"\nCache-Control: public"));
    }
}

#[test]
fn interim_answers_are_never_kept_rfc_9111_3() {
    for status in [100, 101, 102, 103, 199] {
        refused(
            &format!("{status}\nCache-Control: max-age=60"),
            NotStored::Status,
        );
    }
}

#[test]
fn answers_to_conditions_and_ranges_are_not_kept_rfc_9111_3() {
    for status in [206, 304, 412, 416] {
        refused(
            &format!("{status}\nCache-Control: max-age=60"),
            NotStored::Status,
        );
    }
}

#[test]
fn statuses_that_must_not_be_stored_are_not_rfc_6585() {
    for status in [428, 429, 431, 511] {
        refused(
            &format!("{status}\nCache-Control: public, max-age=60"),
            NotStored::Status,
        );
    }
}

#[test]
fn no_store_of_either_side_holds_rfc_9111_5_2() {
    refused("Cache-Control: no-store", NotStored::NoStore);
    refused(
        "Cache-Control: max-age=60, No-StOrE, public",
        NotStored::NoStore,
    );
    refused(
        "Cache-Control: max-age=60\nCache-Control: no-store",
        NotStored::NoStore,
    );
    let fresh = "Cache-Control: max-age=60";
    check(
        Policy::Headers,
        "Cache-Control: no-store",
        fresh,
        Some(NotStored::RequestNoStore),
    );
    check(
        FIVE_MINUTES,
        "Cache-Control: no-store",
        "",
        Some(NotStored::RequestNoStore),
    );
    check(
        FIVE_MINUTES,
        "",
        "Cache-Control: no-store",
        Some(NotStored::NoStore),
    );
}

#[test]
fn must_understand_lifts_no_store_of_known_statuses_rfc_9111_5_2_2_3() {
    kept("200\nCache-Control: max-age=60, no-store, must-understand");
    kept("404\nCache-Control: max-age=60, must-understand");
    for status in [299, 418, 599] {
        refused(
            &format!("{status}\nCache-Control: max-age=60, no-store, must-understand"),
            NotStored::NotUnderstood,
        );
        refused(
            &format!("{status}\nCache-Control: max-age=60, must-understand"),
            NotStored::NotUnderstood,
        );
    }
    refused(
        "Cache-Control: private, max-age=60, no-store, must-understand",
        NotStored::Private,
    );
}

#[test]
fn private_is_not_for_a_shared_cache_rfc_9111_5_2_2_7() {
    refused("Cache-Control: private, max-age=60", NotStored::Private);
    refused(
        "Cache-Control: private, public, s-maxage=60",
        NotStored::Private,
    );
    check(
        FIVE_MINUTES,
        "",
        "Cache-Control: private",
        Some(NotStored::Private),
    );
}

#[test]
fn an_unbounded_vary_is_not_kept_rfc_9111_4_1() {
    refused("Cache-Control: max-age=60\nVary: *", NotStored::Vary);
    refused(
        "Cache-Control: max-age=60\nVary: Foo\nVary: *",
        NotStored::Vary,
    );
    check(FIVE_MINUTES, "", "Vary: *", Some(NotStored::Vary));
}

#[test]
fn authorization_needs_leave_rfc_9111_3_5() {
    let asked = "Authorization: Bearer x";
    let refused = Some(NotStored::Authorization);
    check(Policy::Headers, asked, "Cache-Control: max-age=60", refused);
    check(Policy::Headers, asked, "Date: {0}\nExpires: {60}", refused);
    check(
        Policy::Headers,
        asked,
        "Cache-Control: max-age=60, proxy-revalidate",
        refused,
    );
    check(
        Policy::Headers,
        asked,
        "CDN-Cache-Control: max-age=60",
        refused,
    );
    for leave in [
        "public, max-age=60",
        "s-maxage=60",
        "must-revalidate, max-age=60",
    ] {
        check(
            Policy::Headers,
            asked,
            &format!("Cache-Control: {leave}"),
            None,
        );
        check(
            Policy::Headers,
            asked,
            &format!("CDN-Cache-Control: {leave}"),
            None,
        );
    }
    check(FIVE_MINUTES, asked, "", None);
    check(FIVE_MINUTES, asked, "Cache-Control: max-age=60", None);
}

#[test]
fn what_can_never_serve_is_not_kept() {
    refused("Cache-Control: max-age=0", NotStored::NoUse);
    refused("Cache-Control: no-cache, max-age=60", NotStored::NoUse);
    refused(
        "Cache-Control: max-age=0, must-revalidate, stale-if-error=60",
        NotStored::NoUse,
    );
    kept("Cache-Control: max-age=0\nETag: \"a\"");
    kept("Cache-Control: no-cache\nETag: \"a\"");
    kept("Cache-Control: no-cache\nLast-Modified: {-5}");
    kept("Cache-Control: max-age=0, stale-if-error=60");
    kept("Cache-Control: max-age=0, stale-while-revalidate=60");
    kept("Cache-Control: max-age=5\nAge: 9");
}

#[track_caller]
fn check_fields(answered: &str, expected: &[&str]) {
    let stored = stored(answered);
    let mut names: Vec<_> = stored.headers().keys().map(HeaderName::as_str).collect();
    names.retain(|name| !["cache-control", "date"].contains(name));
    names.sort_unstable();
    assert_eq!(names, expected, "{answered}");
}

#[test]
fn fields_of_the_connection_are_not_kept_rfc_9111_3_1() {
    check_fields(
        "Cache-Control: max-age=60\nConnection: a, B\nConnection: c\nA: 1\nB: 2\nC: 3\nD: 4",
        &["d"],
    );
    check_fields(
        "Cache-Control: max-age=60\nKeep-Alive: x\nProxy-Connection: x\nProxy-Authenticate: x\n\
         Proxy-Authentication-Info: x\nProxy-Authorization: x\nTE: x\nTrailer: x\n\
         Transfer-Encoding: chunked\nUpgrade: x\nAge: 1\nX-Kept: 1",
        &["x-kept"],
    );
}

#[test]
fn all_other_fields_are_kept_in_order_rfc_9111_3_1() {
    let stored = stored(
        "Cache-Control: max-age=60\nX-A: 1\nX-A: 2\nContent-Length: 5\nContent-Encoding: br\n\
         CDN-Cache-Control: max-age=60\nCache-Status: origin; hit\nProxy-Status: origin\nTest: x",
    );
    assert_eq!(
        stored.headers().get_all("x-a").iter().collect::<Vec<_>>(),
        ["1", "2"]
    );
    for name in [
        "content-length",
        "content-encoding",
        "cdn-cache-control",
        "cache-status",
        "proxy-status",
        "test",
    ] {
        assert!(stored.headers().contains_key(name), "{name}");
    }
}

#[test]
fn connection_cannot_hide_what_the_cache_works_by_rfc_9110_7_6_1() {
    let stored = stored(
        "Cache-Control: max-age=60, must-revalidate\nConnection: cache-control, vary, x\nVary: foo\nX: 1",
    );
    assert_eq!(stored.reuse(), Reuse::FreshOnly);
    assert_eq!(stored.parts().vary.len(), 1);
    assert!(!stored.headers().contains_key("x"));
}

#[test]
fn fields_named_by_private_and_no_cache_are_left_out_rfc_9111_5_2_2() {
    check_fields(
        "Cache-Control: no-cache=\"a, b\", max-age=60\nA: 1\nB: 2\nC: 3",
        &["c"],
    );
    check_fields(
        "Cache-Control: private=\"a\", max-age=60\nA: 1\nB: 2",
        &["b"],
    );
}

#[test]
fn a_cookie_is_left_out_unless_it_is_for_everybody() {
    let cookie = "Set-Cookie: a=b\nSet-Cookie: c=d\nSet-Cookie2: e=f";
    check_fields(&format!("Cache-Control: max-age=60\n{cookie}"), &[]);
    check_fields(
        &format!("CDN-Cache-Control: max-age=60\n{cookie}"),
        &["cdn-cache-control"],
    );
    for leave in ["public, max-age=60", "s-maxage=60"] {
        check_fields(
            &format!("Cache-Control: {leave}\n{cookie}"),
            &["set-cookie", "set-cookie2"],
        );
    }
}

#[test]
fn an_answer_with_a_cookie_is_not_kept_on_a_guess() {
    let guessed = "Set-Cookie: a=b\nDate: {0}\nLast-Modified: {-1000}";
    refused(guessed, NotStored::SetCookie);
    refused("Set-Cookie: a=b\nETag: \"a\"", NotStored::SetCookie);
    kept(&format!("Cache-Control: public\n{guessed}"));
    check(FIVE_MINUTES, "", guessed, None);
}

#[test]
fn an_answer_without_a_date_gets_one_rfc_9110_6_6_1() {
    for answered in ["", "\nDate: foo", "\nDate: {5}\nDate: {6}"] {
        let stored = stored(&format!("Cache-Control: max-age=60{answered}"));
        let dates: Vec<_> = stored.headers().get_all("date").iter().collect();
        assert_eq!(dates.len(), 1, "{answered}");
        assert_eq!(number::date(dates[0]), Some(at(0)));
    }
    let dated = stored("Cache-Control: max-age=60\nDate: {-7}");
    assert_eq!(dated.date(), at(-7));
}

#[test]
fn values_do_not_hold_on_to_the_buffer_they_were_read_into() {
    let buffer = bytes_of_a_buffer();
    let value = HeaderValue::from_maybe_shared(buffer.slice(8..12)).expect("a value");
    let answer = [
        (
            header::CACHE_CONTROL,
            HeaderValue::from_static("max-age=60"),
        ),
        (header::SERVER, value),
    ];
    let headers = HeaderMap::from_iter(answer);
    let response = ResponseHead {
        status: StatusCode::OK,
        headers: &headers,
    };
    let stored = storable(Policy::Headers, request("").head(), response, || {
        exchange(0)
    });
    let kept = stored.expect("it is fresh").headers()[header::SERVER].clone();
    assert_eq!(kept, "oooo");
    let span = buffer.as_ptr_range();
    assert!(!span.contains(&kept.as_bytes().as_ptr()));
}

fn bytes_of_a_buffer() -> bytes::Bytes {
    bytes::Bytes::from("o".repeat(64))
}

#[test]
fn what_comes_of_one_request_is_not_held_against_the_next() {
    for why in [
        NotStored::Off,
        NotStored::Method,
        NotStored::Status,
        NotStored::RequestNoStore,
    ] {
        assert!(!why.is_lasting(), "{why:?}");
    }
    for why in [
        NotStored::NoStore,
        NotStored::NotUnderstood,
        NotStored::Private,
        NotStored::Vary,
        NotStored::Authorization,
        NotStored::SetCookie,
        NotStored::NoFreshness,
        NotStored::NoUse,
    ] {
        assert!(why.is_lasting(), "{why:?}");
    }
}

#[test]
fn a_whole_answer_to_a_range_is_kept_rfc_9111_3() {
    let asked = "Range: bytes=0-1\nIf-None-Match: \"x\"";
    check(Policy::Headers, asked, "Cache-Control: max-age=60", None);
}
