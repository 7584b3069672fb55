//! When a kept answer is served: RFC 9111 section 4, and what callers ask for in section 5.2.1.

use crate::cache::{acme, marked, row, table};

/// Keeps an answer that was 100 seconds old when it came, then asks again in some way.
fn kept(rule: &str, cache_control: &str, rest: &str) -> String {
    let first = format!("< 200\n< Cache-Control: {cache_control}\n< Age: 100\n< ETag: \"a\"\n");
    row(rule, &format!("> GET\n{first}~ stored\n> GET\n{rest}"))
}

/// A table of a rule, the answer's `Cache-Control`, that of a second request, and what becomes of
/// that.
#[track_caller]
fn check(rows: &str) {
    let rows = table(rows).map(|[rule, answered, asked, expected]: [String; 4]| {
        let forwarded = if expected.starts_with("hit") {
            ""
        } else {
            "^ If-None-Match: \"a\"\n< 304\n"
        };
        let rest = format!("> Cache-Control: {asked}\n{forwarded}~ {expected}");
        kept(&format!("{rule} ({asked})"), &answered, &rest)
    });
    trunkline_tests::check(&rows.collect::<String>(), acme);
}

const HOW_FRESH: &str = "
RFC 9111 §5.2.1.1: young enough                   | max-age=3600 | max-age=200 | hit; ttl=3500
RFC 9111 §5.2.1.1: too old                        | max-age=3600 | max-age=50 | fwd=request; fwd-status=304; detail=request-max-age
RFC 9111 §5.2.1.1: none is young enough           | max-age=3600 | max-age=0 | fwd=request; detail=request-max-age
RFC 9111 §5.2.1.1: no number                      | max-age=3600 | max-age=abc | fwd=request; detail=request-max-age
RFC 9111 §5.2.1.1: the stricter of two            | max-age=3600 | max-age=3600, max-age=50 | fwd=request; detail=request-max-age
RFC 9111 §5.2.1.3: fresh for long enough          | max-age=3600 | min-fresh=3000 | hit; ttl=3500
RFC 9111 §5.2.1.3: not for long enough            | max-age=3600 | min-fresh=3550 | fwd=request; detail=request-min-fresh
RFC 9111 §5.2.1.3: no number                      | max-age=3600 | min-fresh=abc | fwd=request; detail=request-min-fresh
RFC 9111 §5.2.1.4: no-cache                       | max-age=3600 | no-cache | fwd=request; fwd-status=304; detail=request-no-cache
RFC 9111 §5.2.1.4: no-cache in another case       | max-age=3600 | No-Cache | fwd=request; detail=request-no-cache
RFC 9111 §5.2.1.4: no-cache against the grammar   | max-age=3600 | no-cache=( | fwd=request; detail=request-no-cache
RFC 9111 §5.2.1.7: only what is there, and it is  | max-age=3600 | only-if-cached | hit; ttl=3500
RFC 9111 §5.2.3: an unknown directive             | max-age=3600 | fast=1 | hit; ttl=3500
RFC 8246 §2: a reload of what is immutable        | max-age=3600, immutable | max-age=0 | hit; ttl=3500
RFC 8246 §2: no-cache counts all the same         | max-age=3600, immutable | no-cache | fwd=request
RFC 8246 §2: immutable while it is fresh          | max-age=60, immutable | max-age=0 | fwd=stale
";

#[test]
fn callers_say_how_fresh_an_answer_must_be() {
    check(HOW_FRESH);
}

const HOW_STALE: &str = "
RFC 9111 §5.2.1.2: any staleness                  | max-age=60 | max-stale | hit; ttl=-40; detail=max-stale
RFC 9111 §5.2.1.2: within the bound               | max-age=60 | max-stale=60 | hit; ttl=-40; detail=max-stale
RFC 9111 §5.2.1.2: beyond the bound               | max-age=60 | max-stale=30 | fwd=stale; fwd-status=304
RFC 9111 §5.2.1.2: no number                      | max-age=60 | max-stale=abc | fwd=stale
RFC 9111 §5.2.2.2: must-revalidate                | max-age=60, must-revalidate | max-stale | fwd=stale
RFC 9111 §5.2.2.8: proxy-revalidate               | max-age=60, proxy-revalidate | max-stale | fwd=stale
RFC 9111 §5.2.2.10: s-maxage                      | s-maxage=60 | max-stale | fwd=stale
RFC 9111 §5.2.2.4: no-cache                       | max-age=60, no-cache | max-stale | fwd=stale; detail=no-cache
RFC 9111 §5.2.2.4: no-cache while it is fresh     | max-age=3600, no-cache | max-stale | fwd=stale; detail=no-cache
";

#[test]
fn callers_say_how_stale_an_answer_may_be_where_the_upstream_lets_them() {
    check(HOW_STALE);
}

/// A rule, the answer's `Cache-Control`, and what follows the second `> GET`.
const SECOND: &str = r#"
RFC 9111 §4.2.4: stale                            | max-age=60 | ^ If-None-Match: "a" + < 304 + ~ fwd=stale; fwd-status=304
RFC 9111 §4: fresh                                | max-age=3600 | = Age: 100 + ~ hit; ttl=3500
RFC 9111 §5.2.2.2: must-revalidate while fresh    | max-age=3600, must-revalidate | ~ hit; ttl=3500
RFC 9111 §5.2.2.4: no-cache                       | max-age=3600, no-cache | ^ If-None-Match: "a" + < 304 + ~ fwd=stale; detail=no-cache
RFC 9111 §5.2.2.4: no-cache each time             | no-cache | < 304 + ~ fwd=stale + > GET + < 304 + ~ fwd=stale
RFC 9111 §5.4: Pragma of a caller means nothing   | max-age=3600 | > Pragma: no-cache + ~ hit
RFC 9111 §5.2.1.5: no-store goes past the store   | max-age=3600 | > Cache-Control: no-store + ^ !If-None-Match + < 200 + ~ fwd=request; fwd-status=200; !stored; detail=request-no-store
RFC 9110 §13.1.1: If-Match is the upstream's      | max-age=3600 | > If-Match: "a" + ^ If-Match: "a" + < 412 + ~ fwd=bypass; fwd-status=412; !stored; detail=precondition
RFC 9110 §13.1.4: If-Unmodified-Since as well     | max-age=3600 | > If-Unmodified-Since: {now} + ^ If-Unmodified-Since: {now} + < 412 + ~ fwd=bypass; detail=precondition
RFC 9111 §2: another query is another answer      | max-age=3600 | ~ hit + > GET ?a=b + < 200 + ~ fwd=uri-miss
RFC 9111 §5.2.1.1: what has just been checked     | max-age=0 | < 304 + < Cache-Control: max-age=60 + < Age: 0 + > GET + > Cache-Control: max-age=0 + < 304 + ~ fwd=request
RFC 9111 §2: another path is another answer       | max-age=3600 | ~ hit + > GET / + < 200 + ~ fwd=uri-miss
"#;

#[test]
fn what_is_stale_is_asked_about_and_what_is_fresh_is_not() {
    let rows = table(SECOND).map(|[rule, answered, rest]| kept(&rule, &answered, &rest));
    trunkline_tests::check(&rows.collect::<String>(), acme);
}

const ONLY_IF_CACHED: &str = "
RFC 9111 §5.2.1.7: it is stale                    | max-age=60 | only-if-cached
RFC 9111 §5.2.1.7: it must be asked about         | no-cache | only-if-cached
RFC 9111 §5.2.1.7: it is too old                  | max-age=3600 | only-if-cached, max-age=50
RFC 9111 §5.2.1.7: it is too stale                | max-age=60 | only-if-cached, max-stale=30
";

const ONLY_IF_CACHED_OTHERS: &str = "
# RFC 9111 §5.2.1.7: nothing is kept
> GET
> Cache-Control: only-if-cached
= 504
= Content-Type: application/problem+json
= Cache-Status: trunkline; detail=only-if-cached
= * not_cached

# RFC 9111 §5.2.1.7: nor for a HEAD
> HEAD
> Cache-Control: only-if-cached
= 504

# RFC 9111 §5.2.1.7: what is kept fits another request
> GET
< 200
< Cache-Control: max-age=60
< Vary: Accept
> GET
> Accept: text/a
> Cache-Control: only-if-cached
= 504
= * not_cached

# RFC 9111 §5.2.1.7: stale will do
> GET
< 200
< Cache-Control: max-age=60
< Age: 100
> GET
> Cache-Control: only-if-cached, max-stale
~ hit; detail=max-stale
";

#[test]
fn who_wants_only_what_is_there_is_told_when_it_is_not() {
    let refused = "= 504\n= Content-Type: application/problem+json\n= * not_cached\n= Cache-Status: trunkline; detail=only-if-cached\n";
    let rows = table(ONLY_IF_CACHED).map(|[rule, answered, asked]| {
        let asked = marked("> Cache-Control:", &asked);
        kept(&rule, &answered, &format!("{asked}{refused}"))
    });
    let rows = rows.collect::<String>() + ONLY_IF_CACHED_OTHERS;
    trunkline_tests::check(&rows, acme);
}
