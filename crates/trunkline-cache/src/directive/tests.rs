//! `Cache-Control` as it is written in the field: quoted, doubled, split, misspelled.

use super::*;
use crate::samples;

#[track_caller]
fn check(lines: &str, expected: &str) {
    let read = ResponseDirectives::read(&samples::headers(lines));
    assert_eq!(words(&read), expected, "{lines}");
}

fn words(read: &ResponseDirectives) -> String {
    let mut words = Vec::new();
    for (name, directive) in Directive::ALL {
        let secs = match directive {
            Directive::MaxAge => read.max_age,
            Directive::SMaxAge => read.s_maxage,
            Directive::StaleWhileRevalidate => read.stale_while_revalidate,
            Directive::StaleIfError => read.stale_if_error,
            _ => None,
        };
        words.extend(secs.map(|secs| format!("{name}={secs}")));
        if read.has(directive) {
            words.push(name.to_owned());
        }
    }
    words.extend(read.withheld.iter().map(|name| format!("-{name}")));
    words.join(" ")
}

#[test]
fn names_have_no_case_rfc_9111_5_2() {
    check("Cache-Control: MaX-aGe=60, nO-StOrE", "max-age=60 no-store");
}

#[test]
fn every_directive_of_an_answer_is_known_rfc_9111_5_2_2() {
    check(
        "Cache-Control: max-age=1, s-maxage=2, stale-while-revalidate=3, stale-if-error=4, no-store, \
         private, no-cache, public, must-revalidate, proxy-revalidate, must-understand, immutable",
        "max-age=1 s-maxage=2 stale-while-revalidate=3 stale-if-error=4 no-store private no-cache \
         public must-revalidate proxy-revalidate must-understand immutable",
    );
}

#[test]
fn extensions_are_passed_over_rfc_9111_5_2_3() {
    check(
        "Cache-Control: foobar, max-age=60, x=y, no-transform",
        "max-age=60",
    );
}

#[test]
fn lines_and_empty_members_are_one_list_rfc_9110_5_6_1() {
    check(
        "Cache-Control: , max-age=60,,\nCache-Control:\nCache-Control: public ,",
        "max-age=60 public",
    );
}

#[test]
fn values_may_be_quoted_rfc_9111_5_2() {
    check("Cache-Control: max-age=\"60\"", "max-age=60");
    check("Cache-Control: max-age=\"\\6\\0\"", "max-age=60");
    check("Cache-Control: max-age=\" 60\"", "max-age=0");
}

#[test]
fn what_stands_within_quotes_is_no_directive_rfc_9111_5_2() {
    check("Cache-Control: x=\"max-age=3600\", max-age=1", "max-age=1");
    check(
        "Cache-Control: max-age=1, x=\"a, max-age=9, no-store\"",
        "max-age=1",
    );
    check(
        "Cache-Control: x=\"\\\", no-store\", max-age=1",
        "max-age=1",
    );
}

#[test]
fn of_two_times_the_shorter_counts_rfc_9111_4_2_1() {
    check("Cache-Control: max-age=1800, max-age=1", "max-age=1");
    check(
        "Cache-Control: max-age=1\nCache-Control: max-age=1800",
        "max-age=1",
    );
    check("Cache-Control: s-maxage=9, s-maxage=x", "s-maxage=0");
}

#[test]
fn a_time_that_is_none_is_stale_rfc_9111_4_2_1() {
    for value in ["a3600", "3600a", "-1", "3600.0", "'3600'", "1e3", "0x10"] {
        check(&format!("Cache-Control: max-age={value}"), "max-age=0");
    }
    check("Cache-Control: max-age", "max-age=0");
    check("Cache-Control: max-age=\"\"", "max-age=0");
}

#[test]
fn white_space_around_the_sign_voids_the_time() {
    check("Cache-Control: max-age =3600", "max-age=0");
    check("Cache-Control: max-age= 3600", "max-age=0");
    check("Cache-Control: max-age=", "max-age=0");
}

#[test]
fn large_times_saturate_rfc_9111_1_2_2() {
    check("Cache-Control: max-age=99999999999", "max-age=2147483648");
}

#[test]
fn fields_named_by_a_directive_are_withheld_rfc_9111_5_2_2_4() {
    check(
        "Cache-Control: no-cache=\"a, B\", max-age=1",
        "max-age=1 -a -b",
    );
    check("Cache-Control: private=\"set-cookie\"", "-set-cookie");
    check("Cache-Control: private=x-user", "-x-user");
}

#[test]
fn a_list_of_fields_that_cannot_be_kept_to_restricts_the_whole() {
    check("Cache-Control: private=\"\"", "private");
    check("Cache-Control: no-cache=\"a b\"", "no-cache");
    check("Cache-Control: private=\"Cache-Control\"", "private");
    check("Cache-Control: no-cache=\"vary, a\"", "no-cache");
}

#[test]
fn a_broken_member_restricts_by_every_name_in_it() {
    check("Cache-Control: private; max-age=60", "max-age=0 private");
    check("Cache-Control: max-age=60; no-store", "max-age=0 no-store");
    check("Cache-Control: \"no-store\"", "no-store");
    check(
        "Cache-Control: x=\"a, no-store, max-age=60",
        "max-age=0 no-store",
    );
    check("Cache-Control: private=\"a", "private");
    check("Cache-Control: public; immutable; must-understand", "");
}

#[test]
fn a_restriction_with_a_needless_value_holds() {
    check(
        "Cache-Control: no-store=1, must-revalidate=x",
        "no-store must-revalidate",
    );
}
