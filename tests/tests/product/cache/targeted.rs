//! Fields that speak to some caches only: RFC 9213.

use crate::cache::{acme, check_twice, twice};

const TARGETED: &str = r#"
RFC 9213 §2.2: before no-store                                  | CDN-Cache-Control: max-age=60 + Cache-Control: no-store                 | stored; ttl=60               | hit; ttl=60
RFC 9213 §2.2: before private                                   | CDN-Cache-Control: max-age=60 + Cache-Control: private                  | stored; ttl=60               | hit; ttl=60
RFC 9213 §2.2: before a shorter time                            | CDN-Cache-Control: max-age=60 + Cache-Control: max-age=1, s-maxage=1    | stored; ttl=60               | hit; ttl=60
RFC 9213 §2.2: before Expires                                   | CDN-Cache-Control: max-age=60 + Expires: 0                              | stored; ttl=60               | hit; ttl=60
RFC 9213 §2.2: alone                                            | CDN-Cache-Control: max-age=60                                           | stored; ttl=60               | hit; ttl=60
RFC 9213 §2.2: no-store before freshness                        | CDN-Cache-Control: no-store + Cache-Control: max-age=60                 | !stored; detail=no-store     | fwd=uri-miss
RFC 9213 §2.2: private before freshness                         | CDN-Cache-Control: private + Cache-Control: max-age=60                  | !stored; detail=private      | fwd=uri-miss
RFC 9213 §2.2: no-cache before freshness                        | CDN-Cache-Control: no-cache + Cache-Control: max-age=60 + ETag: "a"     | stored                       | fwd=stale; detail=no-cache
RFC 9213 §2.2: what it does not say is not taken from elsewhere | CDN-Cache-Control: public + Cache-Control: max-age=60        | !stored; detail=no-freshness | fwd=uri-miss
RFC 9213 §2.2: nor from Expires                                 | CDN-Cache-Control: public + Expires: {now+60}                | !stored; detail=no-freshness | fwd=uri-miss
RFC 9213 §2.1: Age counts                                       | CDN-Cache-Control: max-age=60 + Age: 60 + ETag: "a"                     | stored; ttl=0                | fwd=stale
RFC 9213 §2.1: Age counts, still fresh                          | CDN-Cache-Control: max-age=3600 + Age: 3000                             | stored; ttl=600              | hit; ttl=600
RFC 9213 §2.1: several lines                                    | CDN-Cache-Control: max-age=60 + CDN-Cache-Control: no-cache + ETag: "a" | stored                       | fwd=stale; detail=no-cache
RFC 9651 §4.2.2: the last of one name                           | CDN-Cache-Control: max-age=1, max-age=60                                | stored; ttl=60               | hit; ttl=60
RFC 9651 §3.3.6: false is not said                              | CDN-Cache-Control: max-age=60, no-store=?0                              | stored; ttl=60               | hit; ttl=60
RFC 9213 §2.1: parameters are passed over                       | CDN-Cache-Control: max-age=60;a=b, x;no-store                           | stored; ttl=60               | hit; ttl=60
"#;

#[test]
fn the_targeted_field_counts_and_the_general_one_does_not() {
    check_twice(TARGETED);
}

const NEAREST: &str = "
RFC 9213 §2.2: ours before the general           | Trunkline-Cache-Control: max-age=60 + Cache-Control: no-store                      | stored; ttl=60           | hit; ttl=60
RFC 9213 §2.2: ours before that of all           | Trunkline-Cache-Control: max-age=60 + CDN-Cache-Control: no-store                  | stored; ttl=60           | hit; ttl=60
RFC 9213 §2.2: ours before that of all, stricter | Trunkline-Cache-Control: no-store + CDN-Cache-Control: max-age=60                  | !stored; detail=no-store | fwd=uri-miss
RFC 9213 §2.2: ours is empty                     | Trunkline-Cache-Control: + CDN-Cache-Control: max-age=60 + Cache-Control: no-store | stored; ttl=60           | hit; ttl=60
";

#[test]
fn the_nearest_target_counts_first() {
    check_twice(NEAREST);
}

/// What is no valid `CDN-Cache-Control`, each on a line; the first is empty.
const NO_FIELDS: &str = r#"

max-age=60, ,
,
max-age=6 0
max-age="60"
max-age=abc
max-age=60.0
max-age
max-age=(60)
max-age=:NjA=:
max-age=1111111111111111
max-age=60,
MAX-AGE=60
&&&
=60"#;

#[test]
fn a_targeted_field_that_is_none_is_as_if_it_were_not_there() {
    let rows = NO_FIELDS.lines().skip(1).map(|value| {
        let head = |beside: &str| format!("CDN-Cache-Control: {value}\nCache-Control: {beside}");
        let rule = |beside: &str| format!("RFC 9213 §2.2: `{value}` beside {beside}");
        let barred = twice(
            &rule("no-store"),
            &head("no-store"),
            "!stored; detail=no-store",
            "fwd=uri-miss",
        );
        barred
            + &twice(
                &rule("freshness"),
                &head("max-age=60"),
                "stored; ttl=60",
                "hit; ttl=60",
            )
    });
    trunkline_tests::check(&rows.collect::<String>(), acme);
}

const RESTRICTIONS: &str = r#"
RFC 9213 §2.1: a number                | CDN-Cache-Control: max-age=60, no-store=1                  | !stored; detail=no-store | fwd=uri-miss
RFC 9213 §2.1: a text                  | CDN-Cache-Control: max-age=60, no-store="x"                | !stored; detail=no-store | fwd=uri-miss
RFC 9213 §2.1: a list                  | CDN-Cache-Control: max-age=60, private=(a b)               | !stored; detail=private  | fwd=uri-miss
RFC 9213 §2.1: a negative time is none | CDN-Cache-Control: max-age=-60 + Cache-Control: max-age=60 | !stored; detail=no-use   | fwd=uri-miss
"#;

#[test]
fn a_restriction_holds_whatever_value_it_was_given() {
    check_twice(RESTRICTIONS);
}
