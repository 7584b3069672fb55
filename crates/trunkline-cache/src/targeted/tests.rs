//! Which field decides, and what becomes of one that is not a Structured Field.

use crate::samples::{headers, stored, try_store};
use crate::{FreshBy, NotStored, Policy, Stored};

use super::*;

#[track_caller]
fn verdict(answered: &str) -> Result<(u64, FreshBy), NotStored> {
    let stored = try_store(Policy::Headers, "", answered)?;
    let (length, by) = stored.lifetime();
    Ok((length.as_secs(), by))
}

#[track_caller]
fn check(answered: &str, expected: Result<u64, NotStored>) {
    let secs = verdict(answered).map(|(secs, _)| secs);
    assert_eq!(secs, expected, "{answered}");
}

#[test]
fn a_targeted_field_beats_cache_control_and_expires_rfc_9213_2_2() {
    check("CDN-Cache-Control: max-age=60", Ok(60));
    check(
        "CDN-Cache-Control: max-age=60\nCache-Control: max-age=1",
        Ok(60),
    );
    check(
        "CDN-Cache-Control: max-age=1\nCache-Control: max-age=60",
        Ok(1),
    );
    check(
        "CDN-Cache-Control: max-age=60\nCache-Control: no-store",
        Ok(60),
    );
    check(
        "CDN-Cache-Control: max-age=60\nCache-Control: private",
        Ok(60),
    );
    check(
        "CDN-Cache-Control: max-age=60\nExpires: {-100}\nDate: {0}",
        Ok(60),
    );
    check("CDN-Cache-Control: max-age=60\nExpires: 0", Ok(60));
    check(
        "CDN-Cache-Control: max-age=0\nExpires: {100}\nDate: {0}",
        Err(NotStored::NoUse),
    );
    check(
        "CDN-Cache-Control: no-store\nCache-Control: max-age=60\nExpires: {100}",
        Err(NotStored::NoStore),
    );
    check(
        "CDN-Cache-Control: private\nCache-Control: max-age=60",
        Err(NotStored::Private),
    );
    check(
        "CDN-Cache-Control: no-cache\nCache-Control: max-age=60",
        Err(NotStored::NoFreshness),
    );
}

#[test]
fn no_store_and_no_cache_beat_max_age_within_it_rfc_9213_2_2() {
    check(
        "CDN-Cache-Control: max-age=60, no-store",
        Err(NotStored::NoStore),
    );
    check(
        "CDN-Cache-Control: max-age=60, no-cache",
        Err(NotStored::NoUse),
    );
}

#[test]
fn our_own_field_comes_first_rfc_9213_2_2() {
    check(
        "CDN-Cache-Control: max-age=60\nTrunkline-Cache-Control: max-age=30\nCache-Control: max-age=9",
        Ok(30),
    );
    check(
        "CDN-Cache-Control: max-age=60\nTrunkline-Cache-Control: &&\nCache-Control: max-age=9",
        Ok(60),
    );
    check(
        "CDN-Cache-Control: \nTrunkline-Cache-Control: \nCache-Control: max-age=9",
        Ok(9),
    );
}

#[test]
fn a_field_of_other_caches_changes_nothing_rfc_9213_2_2() {
    check(
        "Surrogate-Control: no-store\nAcme-Cache-Control: no-store\nCache-Control: max-age=9",
        Ok(9),
    );
}

#[test]
fn a_field_that_does_not_parse_is_passed_over_rfc_9213_2_1() {
    for broken in [
        "max-age=10000, &&&&&",
        "max-age =100",
        "max-age= 100",
        "MaX-aGe=3600",
        "max-age=60,",
        "max-age=60;",
        "max-age=9999999999999999",
        "max-age='60'",
        "max-age=60, x=\"a",
        "max-age=60 no-store",
        "",
    ] {
        let line = format!("CDN-Cache-Control: {broken}");
        check(
            &format!("{line}\nCache-Control: no-store"),
            Err(NotStored::NoStore),
        );
        check(&format!("{line}\nCache-Control: max-age=7"), Ok(7));
    }
}

#[test]
fn a_time_of_the_wrong_type_is_not_consumed_rfc_9213_2_1() {
    for wrong in [
        "\"10000\"",
        "10000.5",
        "?1",
        "abc",
        "(10000)",
        ":AAAA:",
        "@10000",
        "%\"1\"",
    ] {
        let line = format!("CDN-Cache-Control: max-age={wrong}");
        check(
            &format!("{line}\nCache-Control: no-store"),
            Err(NotStored::NoStore),
        );
        check(&format!("{line}\nCache-Control: max-age=7"), Ok(7));
    }
    check(
        "CDN-Cache-Control: max-age\nCache-Control: max-age=7",
        Ok(7),
    );
}

#[test]
fn a_negative_time_is_stale() {
    check(
        "CDN-Cache-Control: max-age=-1\nCache-Control: max-age=7\nETag: \"a\"",
        Ok(0),
    );
}

#[test]
fn a_restriction_of_the_wrong_type_holds() {
    for wrong in [
        "no-store=1",
        "no-store=\"x\"",
        "no-store=(a b)",
        "no-store=x;y=1",
        "no-store=1.5",
    ] {
        check(
            &format!("CDN-Cache-Control: {wrong}, max-age=9\nCache-Control: max-age=7"),
            Err(NotStored::NoStore),
        );
    }
    check(
        "CDN-Cache-Control: private=(a), max-age=9",
        Err(NotStored::Private),
    );
}

#[test]
fn false_is_the_same_as_nothing() {
    check("CDN-Cache-Control: no-store=?0, max-age=9", Ok(9));
}

#[test]
fn a_grant_of_the_wrong_type_does_not_hold() {
    let read = read(&headers(
        "CDN-Cache-Control: public=1, immutable=x, max-age=9",
    ));
    let read = read.expect("the field is valid");
    assert!(!read.has(Directive::Public) && !read.has(Directive::Immutable));
}

#[test]
fn of_doubled_members_the_last_counts_rfc_9651_4_2_2() {
    check("CDN-Cache-Control: max-age=1, max-age=60", Ok(60));
    check(
        "CDN-Cache-Control: max-age=\"x\"\nCDN-Cache-Control: max-age=60",
        Ok(60),
    );
}

#[test]
fn parameters_and_unknown_members_are_passed_over_rfc_9213_2_1() {
    check(
        "CDN-Cache-Control: foobar, x=(1 2);q, max-age=60;a=b",
        Ok(60),
    );
}

#[test]
fn large_times_saturate() {
    check("CDN-Cache-Control: max-age=99999999999", Ok(1 << 31));
}

#[test]
fn a_field_without_a_time_still_shuts_expires_out_rfc_9213_2_2() {
    check(
        "CDN-Cache-Control: foo\nCache-Control: max-age=60",
        Err(NotStored::NoFreshness),
    );
    check(
        "CDN-Cache-Control: foo\nExpires: {60}\nDate: {0}",
        Err(NotStored::NoFreshness),
    );
}

#[test]
fn the_age_counts_against_it_rfc_9213_2_3() {
    let aged: Stored = stored("CDN-Cache-Control: max-age=3600\nAge: 7200\nDate: {0}");
    let decision = crate::samples::looked(&[&aged], "", 3);
    assert_eq!(crate::samples::word(decision), "ask: Stale");
}

#[test]
fn every_directive_works_in_it_rfc_9213_2_2() {
    let read = read(&headers(
        "CDN-Cache-Control: s-maxage=2, stale-while-revalidate=3, stale-if-error=4, must-revalidate, \
         proxy-revalidate, public, no-cache=\"x-user\", must-understand",
    ));
    let read = read.expect("the field is valid");
    assert_eq!(read.s_maxage, Some(2));
    assert_eq!(read.stale_while_revalidate, Some(3));
    assert_eq!(read.stale_if_error, Some(4));
    assert_eq!(read.withheld, ["x-user"]);
    for directive in [
        Directive::MustRevalidate,
        Directive::ProxyRevalidate,
        Directive::Public,
        Directive::MustUnderstand,
    ] {
        assert!(read.has(directive), "{directive:?}");
    }
}
