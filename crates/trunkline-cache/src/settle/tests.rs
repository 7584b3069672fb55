//! What becomes of a stored answer when the upstream was asked about it.

use super::*;
use crate::samples::{at, exchange, looked, request, response, stored, try_store, word};

const TAGGED: &str = "Cache-Control: max-age=10\nETag: \"a\"\nX: old";

fn settle(stored: &Stored, asked: &str, outcome: Outcome<'_>) -> Settled {
    let request = request(asked);
    let candidates = [stored];
    let asked = Asked {
        policy: Policy::Headers,
        request: request.head(),
        candidates: &candidates,
        which: 0,
        why: Why::Stale,
    };
    asked.settle(outcome)
}

/// Asks about a stored answer so many seconds after the start, and gets an answer.
fn answer(stored: &Stored, asked: &str, answered: &str, secs: i64) -> Settled {
    let answer = response(answered);
    let outcome = Outcome::Answered {
        response: answer.head(),
        exchange: exchange(secs),
    };
    settle(stored, asked, outcome)
}

fn summary(settled: &Settled) -> String {
    match settled {
        Settled::Freshened(freshened) => match freshened.dropped {
            None => format!("freshened, ttl {}", freshened.hit.ttl),
            Some(why) => format!("freshened, dropped: {why:?}"),
        },
        Settled::StaleInstead(hit) => format!("stale instead, ttl {}", hit.ttl),
        Settled::PassOn { storing, old } => match storing {
            Ok(_) => format!("pass on and store, {old:?} old"),
            Err(why) => format!("pass on ({why:?}), {old:?} old"),
        },
        Settled::AskAgain => "ask again".to_owned(),
        Settled::Failed => "failed".to_owned(),
    }
}

#[track_caller]
fn check(stored_as: &str, answered: &str, expected: &str) {
    let settled = answer(&stored(stored_as), "", answered, 20);
    assert_eq!(summary(&settled), expected, "{stored_as} -> {answered}");
}

#[track_caller]
fn freshened(stored_as: &str, answered: &str) -> Freshened {
    let settled = answer(&stored(stored_as), "", answered, 20);
    let Settled::Freshened(freshened) = settled else {
        panic!("{settled:?}");
    };
    *freshened
}

#[test]
fn a_304_makes_it_fresh_again_rfc_9111_4_3_4() {
    let freshened = freshened(TAGGED, "304\nETag: \"a\"");
    assert_eq!(
        (freshened.hit.ttl, freshened.hit.kind),
        (10, HitKind::Validated)
    );
    assert_eq!(word(looked(&[&freshened.stored], "", 29)), "serve Fresh");
    assert_eq!(word(looked(&[&freshened.stored], "", 30)), "ask: Stale");
}

#[test]
fn a_304_that_comes_aged_is_that_old_rfc_9111_4_2_3() {
    let freshened = freshened(
        "Cache-Control: max-age=10\nETag: \"a\"\nAge: 9",
        "304\nETag: \"a\"\nAge: 4",
    );
    assert_eq!(freshened.hit.age, Duration::from_secs(4));
    assert!(!freshened.stored.headers().contains_key("age"));
}

#[track_caller]
fn check_field(name: &str, before: &str, newer: &str, expected: &str) {
    let freshened = freshened(
        &format!("Cache-Control: max-age=10\nETag: \"a\"\n{name}: {before}"),
        &format!("304\nETag: \"a\"\n{name}: {newer}"),
    );
    let values: Vec<_> = freshened.stored.headers().get_all(name).iter().collect();
    assert_eq!(values, [expected], "{name}");
}

#[test]
fn a_304_updates_the_stored_fields_rfc_9111_3_2() {
    for name in [
        "Test-Header",
        "X-Content-Foo",
        "Content-Location",
        "Content-Type",
        "Content-MD5",
        "Content-Security-Policy",
        "X-Frame-Options",
        "Expires",
    ] {
        check_field(name, "before", "newer", "newer");
    }
}

#[test]
fn a_304_does_not_update_what_describes_the_body_rfc_9111_3_2() {
    for name in ["Content-Length", "Content-Encoding", "Content-Range"] {
        check_field(name, "5", "10", "5");
    }
}

#[test]
fn a_304_keeps_fields_that_it_leaves_out_and_adds_new_ones_rfc_9111_3_2() {
    let freshened = freshened(
        TAGGED,
        "304\nY: 1\nY: 2\nConnection: z\nZ: 3\nKeep-Alive: 5",
    );
    let headers = freshened.stored.headers();
    assert_eq!(headers["x"], "old");
    assert_eq!(headers.get_all("y").iter().count(), 2);
    assert!(!headers.contains_key("z") && !headers.contains_key("keep-alive"));
}

#[test]
fn a_304_sets_new_rules_rfc_9111_4_3_4() {
    let freshened = freshened(TAGGED, "304\nCache-Control: max-age=100, must-revalidate");
    assert_eq!(freshened.hit.ttl, 100);
    assert_eq!(freshened.stored.reuse(), Reuse::FreshOnly);
}

#[test]
fn a_304_without_a_date_dates_from_its_arrival_rfc_9110_6_6_1() {
    let stored_as = "Date: {0}\nExpires: {10}\nETag: \"a\"";
    let undated = freshened(stored_as, "304\nETag: \"a\"");
    assert_eq!(undated.stored.date(), at(20));
    assert_eq!(undated.hit.ttl, 0);
    let dated = freshened(stored_as, "304\nETag: \"a\"\nDate: {18}\nExpires: {30}");
    assert_eq!((dated.stored.date(), dated.hit.ttl), (at(18), 10));
}

#[test]
fn a_304_that_forbids_to_keep_is_the_last_to_serve_rfc_9111_4_3_4() {
    check(
        TAGGED,
        "304\nCache-Control: no-store",
        "freshened, dropped: NoStore",
    );
    check(
        TAGGED,
        "304\nCache-Control: private",
        "freshened, dropped: Private",
    );
    check(TAGGED, "304\nVary: *", "freshened, dropped: Vary");
}

#[test]
fn a_304_brings_no_cookie_into_the_store() {
    let freshened = freshened(TAGGED, "304\nETag: \"a\"\nSet-Cookie: a=b");
    assert!(!freshened.stored.headers().contains_key("set-cookie"));
    check(
        TAGGED,
        "304\nCache-Control: max-age=5, no-cache=\"x\"\nX: new",
        "freshened, ttl 5",
    );
}

#[test]
fn fields_withheld_by_a_304_leave_the_store() {
    let freshened = freshened(TAGGED, "304\nCache-Control: max-age=10, private=\"x\"");
    assert!(!freshened.stored.headers().contains_key("x"));
}

#[test]
fn a_304_must_be_about_what_is_stored_rfc_9111_4_3_4() {
    for about_it in ["", "ETag: \"a\"", "ETag: W/\"a\"", "Last-Modified: {-5}"] {
        check(TAGGED, &format!("304\n{about_it}"), "freshened, ttl 10");
    }
    check(TAGGED, "304\nETag: \"b\"", "ask again");
    let dated = "Cache-Control: max-age=10\nLast-Modified: {-50}";
    check(dated, "304\nLast-Modified: {-50}", "freshened, ttl 10");
    check(dated, "304", "freshened, ttl 10");
    check(dated, "304\nLast-Modified: {-40}", "ask again");
    check(dated, "304\nETag: \"b\"", "ask again");
}

#[test]
fn a_304_to_the_callers_own_condition_is_the_callers() {
    let settled = answer(
        &stored("Cache-Control: max-age=10"),
        "If-None-Match: \"x\"",
        "304\nETag: \"x\"",
        20,
    );
    assert_eq!(summary(&settled), "pass on (Status), Keep old");
}

#[test]
fn a_304_freshens_all_variants_with_the_strong_tag_rfc_9111_4_3_4() {
    let variant = |foo: &str, tag: &str| {
        let answered = format!("Cache-Control: max-age=10\nVary: Foo\nETag: {tag}");
        try_store(Policy::Headers, &format!("Foo: {foo}"), &answered).expect("it is stored")
    };
    let variants = [
        variant("1", "\"a\""),
        variant("2", "\"a\""),
        variant("3", "\"b\""),
        variant("4", "W/\"a\""),
    ];
    let candidates: Vec<_> = variants.iter().collect();
    for (shown, expected) in [
        ("ETag: \"a\"", vec![1]),
        ("ETag: W/\"a\"", vec![]),
        ("", vec![]),
        ("ETag: \"a\"\nVary: Foo, Bar", vec![]),
        ("ETag: \"a\"\nCache-Control: no-store", vec![]),
    ] {
        let (request, answer) = (
            request("Foo: 1"),
            response(&format!("304\nX: new\n{shown}")),
        );
        let asked = Asked {
            policy: Policy::Headers,
            request: request.head(),
            candidates: &candidates,
            which: 0,
            why: Why::Stale,
        };
        let settled = asked.settle(Outcome::Answered {
            response: answer.head(),
            exchange: exchange(20),
        });
        let Settled::Freshened(freshened) = settled else {
            panic!("{settled:?}");
        };
        let places: Vec<_> = freshened.others.iter().map(|(place, _)| *place).collect();
        assert_eq!(places, expected, "{shown}");
        for (place, other) in &freshened.others {
            assert_eq!(other.headers()["x"], "new");
            assert_eq!(other.parts().vary, variants[*place].parts().vary);
        }
    }
}

#[test]
fn a_304_may_name_further_fields_to_vary_by() {
    let request_headers = "Foo: 1\nBar: 2";
    let kept = try_store(
        Policy::Headers,
        request_headers,
        &format!("{TAGGED}\nVary: Foo"),
    );
    let settled = answer(
        &kept.expect("it is stored"),
        request_headers,
        "304\nVary: Foo, Bar",
        20,
    );
    let Settled::Freshened(freshened) = settled else {
        panic!("{settled:?}");
    };
    assert_eq!(
        word(looked(&[&freshened.stored], "Foo: 1\nBar: 3", 21)),
        "fetch: VaryMiss"
    );
}

#[test]
fn another_answer_takes_the_place_of_the_old_rfc_9111_4_3_3() {
    check(
        TAGGED,
        "200\nCache-Control: max-age=5",
        "pass on and store, Drop old",
    );
    check(
        TAGGED,
        "200\nCache-Control: no-store",
        "pass on (NoStore), Drop old",
    );
    check(TAGGED, "404", "pass on (NoFreshness), Drop old");
    check(
        TAGGED,
        "410\nCache-Control: max-age=5",
        "pass on and store, Drop old",
    );
}

#[test]
fn a_passing_status_says_nothing_about_the_old() {
    for status in [408, 425, 429] {
        let settled = answer(&stored(TAGGED), "", &status.to_string(), 20);
        assert!(summary(&settled).ends_with("Keep old"), "{status}");
    }
}

#[test]
fn an_error_is_passed_on_where_nothing_allows_stale_rfc_9111_4_3_3() {
    for status in [500, 501, 502, 503, 504] {
        let settled = answer(&stored(TAGGED), "", &status.to_string(), 20);
        assert!(
            summary(&settled).ends_with("Keep old"),
            "{status}: {}",
            summary(&settled)
        );
    }
}

const WINDOW: &str = "Cache-Control: max-age=10, stale-if-error=30";

#[test]
fn stale_if_error_stands_in_for_errors_rfc_5861_4() {
    for status in [500, 502, 503, 504] {
        check(WINDOW, &status.to_string(), "stale instead, ttl -10");
    }
    for status in [400, 404, 429, 501, 505] {
        let settled = answer(&stored(WINDOW), "", &status.to_string(), 20);
        assert!(summary(&settled).starts_with("pass on"), "{status}");
    }
}

fn unreachable(stored: &Stored, asked: &str, secs: i64) -> String {
    summary(&settle(
        stored,
        asked,
        Outcome::Unreachable { now: at(secs) },
    ))
}

#[test]
fn stale_if_error_stands_in_for_no_answer_at_all_rfc_5861_4() {
    let stored = stored(WINDOW);
    assert_eq!(unreachable(&stored, "", 11), "stale instead, ttl -1");
    assert_eq!(unreachable(&stored, "", 40), "stale instead, ttl -30");
    assert_eq!(unreachable(&stored, "", 41), "failed");
}

#[test]
fn stale_if_error_of_the_caller_counts_too_rfc_5861_4() {
    let plain = stored(TAGGED);
    assert_eq!(unreachable(&plain, "", 20), "failed");
    let asked = "Cache-Control: stale-if-error=10";
    assert_eq!(unreachable(&plain, asked, 20), "stale instead, ttl -10");
    assert_eq!(unreachable(&plain, asked, 21), "failed");
    let windowed = stored(WINDOW);
    assert_eq!(
        unreachable(&windowed, "Cache-Control: stale-if-error=1", 40),
        "stale instead, ttl -30"
    );
}

#[test]
fn stale_if_error_bows_to_stricter_words_rfc_9111_4_2_4() {
    for stricter in [
        "must-revalidate",
        "proxy-revalidate",
        "no-cache",
        "s-maxage=2",
    ] {
        let stored = stored(&format!(
            "ETag: \"a\"\nCache-Control: max-age=2, stale-if-error=60, {stricter}"
        ));
        let asked = "Cache-Control: stale-if-error=60, max-stale";
        assert_eq!(unreachable(&stored, asked, 5), "failed", "{stricter}");
        let settled = answer(&stored, asked, "503", 5);
        assert!(summary(&settled).starts_with("pass on"), "{stricter}");
    }
}

#[test]
fn a_caller_that_wanted_the_upstream_gets_its_failure() {
    for why in [
        Why::RequestNoCache,
        Why::RequestMaxAge,
        Why::RequestMinFresh,
        Why::NoCache,
        Why::Clock,
    ] {
        let (stored, request) = (stored(WINDOW), request(""));
        let asked = Asked {
            policy: Policy::Headers,
            request: request.head(),
            candidates: &[&stored],
            which: 0,
            why,
        };
        let settled = asked.settle(Outcome::Unreachable { now: at(20) });
        assert_eq!(summary(&settled), "failed", "{why:?}");
    }
}

#[test]
fn an_answer_without_validators_stands_in_too() {
    assert!(stored(WINDOW).conditions().is_empty());
    check(WINDOW, "503", "stale instead, ttl -10");
}

#[track_caller]
fn check_head(stored_as: &str, answered: &str, expected: &str) {
    let settled = answer(&stored(stored_as), "HEAD", answered, 20);
    assert_eq!(summary(&settled), expected, "{stored_as} -> {answered}");
}

#[test]
fn a_head_with_the_same_validators_freshens_rfc_9111_4_3_5() {
    let sized = format!("{TAGGED}\nContent-Length: 5");
    check_head(
        &sized,
        "200\nETag: \"a\"\nContent-Length: 5",
        "freshened, ttl 10",
    );
    check_head(&sized, "200\nETag: \"a\"", "freshened, ttl 10");
    check_head(TAGGED, "304\nETag: \"a\"", "freshened, ttl 10");
    check_head(
        TAGGED,
        "200\nETag: \"a\"\nCache-Control: max-age=90",
        "freshened, ttl 90",
    );
}

#[test]
fn a_head_with_other_validators_disproves_rfc_9111_4_3_5() {
    let sized = format!("{TAGGED}\nContent-Length: 5");
    for other in [
        "200\nETag: \"b\"",
        "200",
        "200\nETag: \"a\"\nContent-Length: 6",
        "200\nETag: \"a\"\nLast-Modified: {0}",
        "410\nETag: \"a\"",
    ] {
        check_head(&sized, other, "pass on (Method), Drop old");
    }
}

#[test]
fn a_head_without_validators_proves_nothing() {
    check_head(
        "Cache-Control: max-age=10",
        "200\nCache-Control: max-age=90",
        "pass on (Method), Keep old",
    );
}

#[test]
fn a_place_that_is_gone_is_a_plain_fetch() {
    let (request, answer) = (request(""), response("Cache-Control: max-age=5"));
    let asked = Asked {
        policy: Policy::Headers,
        request: request.head(),
        candidates: &[],
        which: 3,
        why: Why::Stale,
    };
    let answered = Outcome::Answered {
        response: answer.head(),
        exchange: exchange(0),
    };
    assert_eq!(
        summary(&asked.settle(answered)),
        "pass on and store, Keep old"
    );
    let failed = asked.settle(Outcome::Unreachable { now: at(0) });
    assert_eq!(summary(&failed), "failed");
}
