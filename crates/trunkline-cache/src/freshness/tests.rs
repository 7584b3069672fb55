//! Lifetimes and ages, by what the answer and the settings say.

use super::*;
use crate::samples::{at, exchange, headers, looked, response, stored, try_store, word};
use crate::{NotStored, Policy};

/// The lifetime of an answer to a GET, by header fields and policy.
#[track_caller]
fn lifetime(policy: Policy, answered: &str) -> (u64, FreshBy) {
    let answer = response(answered);
    let control = Control::read(&answer.headers);
    let date = number::only_date(&answer.headers, header::DATE).unwrap_or(at(0));
    let lifetime = control.lifetime(answer.status, &answer.headers, date, policy.explicit());
    (lifetime.length.as_secs(), lifetime.by)
}

#[track_caller]
fn check(answered: &str, secs: u64, by: FreshBy) {
    assert_eq!(
        lifetime(Policy::Headers, answered),
        (secs, by),
        "{answered}"
    );
}

#[test]
fn the_first_source_decides_rfc_9111_4_2_1() {
    let all = "Cache-Control: s-maxage=1, max-age=2\nDate: {0}\nExpires: {3}\nLast-Modified: {-40}";
    check(all, 1, FreshBy::SharedMaxAge);
    check(&all.replace("s-maxage=1, ", ""), 2, FreshBy::MaxAge);
    check(
        &all.replace("s-maxage=1, max-age=2", "public"),
        3,
        FreshBy::Expires,
    );
    check("Date: {0}\nLast-Modified: {-40}", 4, FreshBy::Heuristic);
    check("Date: {0}", 0, FreshBy::Nothing);
}

#[test]
fn s_maxage_beats_max_age_whichever_is_longer_rfc_9111_5_2_2_10() {
    check(
        "Cache-Control: max-age=3600, s-maxage=1",
        1,
        FreshBy::SharedMaxAge,
    );
    check(
        "Cache-Control: s-maxage=3600\nCache-Control: max-age=1",
        3600,
        FreshBy::SharedMaxAge,
    );
    check(
        "Cache-Control: s-maxage=x, max-age=60",
        0,
        FreshBy::SharedMaxAge,
    );
}

#[test]
fn max_age_beats_expires_rfc_9111_5_3() {
    check(
        "Cache-Control: max-age=60\nDate: {0}\nExpires: {-100}",
        60,
        FreshBy::MaxAge,
    );
    check("Cache-Control: max-age=60\nExpires: 0", 60, FreshBy::MaxAge);
    check(
        "Cache-Control: max-age=0\nDate: {0}\nExpires: {100}",
        0,
        FreshBy::MaxAge,
    );
}

#[test]
fn expires_counts_from_the_answers_date_rfc_9111_4_2_1() {
    check("Date: {0}\nExpires: {30}", 30, FreshBy::Expires);
    check("Date: {0}\nExpires: {0}", 0, FreshBy::Expires);
    check("Date: {400}\nExpires: {300}", 0, FreshBy::Expires);
    check("Date: {400}\nExpires: {410}", 10, FreshBy::Expires);
    check("Date: {-400}\nExpires: {10}", 410, FreshBy::Expires);
    check("Date: foo\nExpires: {10}", 10, FreshBy::Expires);
    check("Expires: {10}", 10, FreshBy::Expires);
}

#[test]
fn an_expires_that_is_no_date_is_the_past_rfc_9111_5_3() {
    for value in [
        "0",
        "-1",
        "",
        "never",
        "Thu, 18 Aug 2050 02:01:18 UTC",
        "1700000100",
    ] {
        check(
            &format!("Date: {{0}}\nExpires: {value}"),
            0,
            FreshBy::Expires,
        );
    }
}

#[test]
fn of_several_expires_the_earliest_counts_rfc_9111_4_2_1() {
    check(
        "Date: {0}\nExpires: {30}\nExpires: {20}",
        20,
        FreshBy::Expires,
    );
    check("Date: {0}\nExpires: {30}\nExpires: 0", 0, FreshBy::Expires);
}

#[test]
fn a_guess_is_a_tenth_and_at_most_a_day_rfc_9111_4_2_2() {
    check(
        "Date: {0}\nLast-Modified: {-86400}",
        8640,
        FreshBy::Heuristic,
    );
    check(
        "Date: {0}\nLast-Modified: {-864000000}",
        86400,
        FreshBy::Heuristic,
    );
    check("Last-Modified: {-100}", 10, FreshBy::Heuristic);
    check("Date: {0}\nLast-Modified: {100}", 0, FreshBy::Nothing);
    check("Date: {0}\nLast-Modified: long ago", 0, FreshBy::Nothing);
}

#[test]
fn only_lasting_statuses_are_guessed_about_rfc_9111_4_2_2() {
    let changed = "Date: {0}\nLast-Modified: {-1000}";
    for status in [200, 203, 204, 300, 301, 308, 410] {
        check(&format!("{status}\n{changed}"), 100, FreshBy::Heuristic);
    }
    for status in [
        201, 202, 302, 307, 403, 404, 405, 414, 500, 501, 502, 503, 504, 599,
    ] {
        check(&format!("{status}\n{changed}"), 0, FreshBy::Nothing);
        let public = format!("{status}\n{changed}\nCache-Control: public");
        check(&public, 100, FreshBy::Heuristic);
    }
}

#[test]
fn an_explicit_time_stands_in_for_what_is_missing() {
    let policy = Policy::Explicit(Duration::from_mins(5));
    assert_eq!(lifetime(policy, ""), (300, FreshBy::Explicit));
    assert_eq!(
        lifetime(policy, "Last-Modified: {-1000}"),
        (300, FreshBy::Explicit)
    );
    assert_eq!(
        lifetime(policy, "Cache-Control: max-age=7"),
        (7, FreshBy::MaxAge)
    );
    assert_eq!(
        lifetime(policy, "Cache-Control: max-age=x"),
        (0, FreshBy::MaxAge)
    );
    assert_eq!(lifetime(policy, "Expires: 0"), (0, FreshBy::Expires));
}

#[test]
fn an_explicit_time_is_for_results_not_errors() {
    let policy = Policy::Explicit(Duration::from_mins(5));
    for status in [200, 203, 204, 300, 301, 308] {
        assert_eq!(
            lifetime(policy, &status.to_string()),
            (300, FreshBy::Explicit)
        );
    }
    for status in [
        201, 202, 302, 307, 400, 401, 403, 404, 405, 410, 414, 500, 501, 503, 599,
    ] {
        assert_eq!(
            lifetime(policy, &status.to_string()),
            (0, FreshBy::Nothing),
            "{status}"
        );
        assert!(
            try_store(policy, "", &status.to_string()).is_err(),
            "{status}"
        );
    }
}

#[test]
fn explicit_times_saturate() {
    let (secs, _) = lifetime(Policy::Explicit(Duration::MAX), "");
    assert_eq!(secs, 1 << 31);
}

#[track_caller]
fn check_age(answered: &str, exchange: Exchange, expected: u64) {
    assert_eq!(
        initial_age(&headers(answered), exchange).as_secs(),
        expected,
        "{answered}"
    );
}

#[test]
fn the_age_is_the_larger_of_apparent_and_told_rfc_9111_4_2_3() {
    check_age("", exchange(0), 0);
    check_age("Date: {-10}", exchange(0), 10);
    check_age("Date: {10}", exchange(0), 0);
    check_age("Date: {-10}\nAge: 25", exchange(0), 25);
    check_age("Date: {-10}\nAge: 5", exchange(0), 10);
    let slow = Exchange {
        sent_at: at(-7),
        received_at: at(0),
    };
    check_age("", slow, 7);
    check_age("Date: {-10}\nAge: 5", slow, 12);
}

#[test]
fn odd_ages_are_read_as_rfc_9111_5_1_says() {
    for (value, expected) in [
        ("7200", 7200),
        ("007", 7),
        ("99999999999", 1 << 31),
        ("abc", 0),
        ("-7200", 0),
        ("7200.0", 0),
        ("", 0),
        ("7200,0", 7200),
        ("7200 , 0", 7200),
        ("0,7200", 0),
        ("\"5\"", 0),
    ] {
        check_age(&format!("Age: {value}"), exchange(0), expected);
    }
    check_age("Age: 7200\nAge: 0", exchange(0), 7200);
    check_age("Age: 0\nAge: 7200", exchange(0), 0);
}

#[test]
fn a_clock_that_stepped_back_during_the_exchange_does_no_harm() {
    let stepped = Exchange {
        sent_at: at(1000),
        received_at: at(0),
    };
    check_age("Age: 5\nDate: {0}", stepped, 5);
}

#[test]
fn a_date_has_no_fractions_to_be_held_against_it() {
    let half = Duration::from_millis(900);
    let exchange = Exchange {
        sent_at: at(0) + half,
        received_at: at(0) + half,
    };
    assert_eq!(initial_age(&headers("Date: {0}"), exchange), Duration::ZERO);
}

#[test]
fn time_in_the_store_adds_to_the_age_rfc_9111_4_2_3() {
    let stored = stored("Cache-Control: max-age=100\nAge: 30");
    assert_eq!(stored.age(at(20)).as_secs(), 50);
    assert_eq!(word(looked(&[&stored], "", 69)), "serve Fresh");
    assert_eq!(word(looked(&[&stored], "", 70)), "ask: Stale");
}

#[test]
fn expires_is_held_against_the_age_too_rfc_9111_4_2() {
    for answered in [
        "Date: {-10}\nExpires: {10}\nAge: 25",
        "Date: {10}\nExpires: {20}\nAge: 15",
        "Cache-Control: max-age=10\nAge: 15",
    ] {
        let stored = stored(answered);
        assert_eq!(word(looked(&[&stored], "", 0)), "ask: Stale", "{answered}");
    }
}

#[test]
fn nothing_to_go_by_is_not_stored_rfc_9111_3() {
    assert_eq!(
        try_store(Policy::Headers, "", "Date: {0}").err(),
        Some(NotStored::NoFreshness)
    );
}
