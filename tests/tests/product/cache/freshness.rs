//! For how long an answer is fresh, and how old it is: RFC 9111 section 4.2.

use crate::cache::check_twice;

const SOURCES: &str = r#"
RFC 9111 §4.2.1: s-maxage before max-age                      | Cache-Control: max-age=0, s-maxage=60                     | stored; ttl=60               | hit; ttl=60
RFC 9111 §4.2.1: s-maxage before max-age, when shorter        | Cache-Control: s-maxage=0, max-age=60 + ETag: "a"         | stored; ttl=0                | fwd=stale
RFC 9111 §4.2.1: max-age before Expires                       | Cache-Control: max-age=60 + Expires: {now-60}             | stored; ttl=60               | hit; ttl=60
RFC 9111 §4.2.1: max-age before Expires, when shorter         | Cache-Control: max-age=0 + Expires: {now+60} + ETag: "a"  | stored; ttl=0                | fwd=stale
RFC 9111 §4.2.1: max-age before a guess                       | Cache-Control: max-age=0 + Last-Modified: {now-360000}    | stored; ttl=0                | fwd=stale
RFC 9111 §5.3: Expires less Date                              | Date: {now} + Expires: {now+60}                           | stored; ttl=60               | hit; ttl=60
RFC 9111 §5.3: Expires without Date counts from arrival       | Expires: {now+60}                                         | stored; ttl=60               | hit; ttl=60
RFC 9111 §5.3: of an upstream whose clock runs fast           | Date: {now+1000} + Expires: {now+1060}                    | stored; ttl=60               | hit; ttl=60
RFC 9111 §5.3: of an upstream whose clock runs slow           | Date: {now-1000} + Expires: {now-940} + ETag: "a"         | stored; ttl=-940             | fwd=stale
RFC 9111 §5.3: the earliest of several                        | Date: {now} + Expires: {now+600} + Expires: {now+60}      | stored; ttl=60               | hit; ttl=60
RFC 9111 §5.3: Expires before a guess                         | Expires: 0 + Last-Modified: {now-360000}                  | stored; ttl=0                | fwd=stale
RFC 9111 §4.2.2: a tenth of the time since the last change    | Date: {now} + Last-Modified: {now-360000}                 | stored; ttl=36000            | hit; ttl=36000
RFC 9111 §4.2.2: but no more than a day                       | Date: {now} + Last-Modified: {now-100000000}              | stored; ttl=86400            | hit; ttl=86400
RFC 9111 §4.2.2: a change in the future is none               | Last-Modified: {now+3600}                                 | stored; ttl=0                | fwd=stale
RFC 9111 §4.2.2: a status for which a time may be guessed     | 410 + Last-Modified: {now-360000}                         | stored; ttl=36000            | hit; ttl=36000
RFC 9111 §4.2.2: public lets a time be guessed for others     | 404 + Cache-Control: public + Last-Modified: {now-360000} | stored; ttl=36000            | hit; ttl=36000
RFC 9111 §4.2.2: errors come to an end that nothing foretells | 404 + Last-Modified: {now-360000}                         | stored; ttl=0                | fwd=stale
RFC 9111 §4.2.2: a status for which none may be guessed       | 500 + Last-Modified: {now-360000}                         | !stored; detail=no-freshness | fwd=uri-miss
RFC 9111 §4.2.2: a validator alone                            | ETag: "a"                                                 | stored; ttl=0                | fwd=stale
"#;

#[test]
fn the_first_source_that_names_a_time_counts() {
    check_twice(SOURCES);
}

const ARRIVAL: &str = r#"
RFC 9111 §4.2.3: Age                                        | Cache-Control: max-age=3600 + Age: 3000                           | stored; ttl=600   | hit; ttl=600
RFC 9111 §4.2: as old as its time is stale                  | Cache-Control: max-age=60 + Age: 60 + ETag: "a"                   | stored; ttl=0     | fwd=stale
RFC 9111 §4.2.3: Date                                       | Cache-Control: max-age=3600 + Date: {now-3000}                    | stored; ttl=600   | hit; ttl=600
RFC 9111 §4.2.3: Date, as old as its time                   | Cache-Control: max-age=60 + Date: {now-60} + ETag: "a"            | stored; ttl=0     | fwd=stale
RFC 9111 §4.2.3: the larger of both, Age                    | Cache-Control: max-age=3600 + Age: 3000 + Date: {now-60}          | stored; ttl=600   | hit; ttl=600
RFC 9111 §4.2.3: the larger of both, Date                   | Cache-Control: max-age=3600 + Age: 60 + Date: {now-3000}          | stored; ttl=600   | hit; ttl=600
RFC 9111 §4.2.3: s-maxage is aged too                       | Cache-Control: s-maxage=60 + Age: 61 + ETag: "a"                  | stored; ttl=-1    | fwd=stale
RFC 9111 §4.2.3: Expires is aged too                        | Date: {now} + Expires: {now+60} + Age: 60 + ETag: "a"             | stored; ttl=0     | fwd=stale
RFC 9111 §5.1: the first of a list                          | Cache-Control: max-age=60 + Age: 7200, 0 + ETag: "a"              | stored; ttl=-7140 | fwd=stale
RFC 9111 §1.2.2: an age that does not fit                   | Cache-Control: max-age=60 + Age: 99999999999999999999 + ETag: "a" | stored            | fwd=stale
RFC 9110 §6.6.1: a Date in the future makes nothing younger | Cache-Control: max-age=60 + Date: {now+3600} + Age: 20            | stored; ttl=40    | hit; ttl=40
"#;

#[test]
fn the_age_at_arrival_counts() {
    check_twice(ARRIVAL);
}

const TOLD: &str = "
# RFC 9111 §5.1: an answer from the store has its age
> GET
< 200
< Cache-Control: max-age=3600
> GET
= Age: 0
~ hit

# RFC 9111 §5.1: and that in the place of the upstream's
> GET
< 200
< Cache-Control: max-age=3600
< Age: 3000
< Date: {now-1000}
= Age: 3000
> GET
= Age: 3000
= Date: {now-1000}
~ hit

# RFC 9111 §5.1: an age that made no sense is replaced
> GET
< 200
< Cache-Control: max-age=3600
< Age: 1.5
> GET
= Age: 0
~ hit

# RFC 9110 §6.6.1: an answer without Date gets that of its arrival
> GET
< 200
< Cache-Control: max-age=3600
> GET
= Age: 0
= Date: *
~ hit
";

#[test]
fn the_age_is_told() {
    trunkline_tests::check(TOLD, crate::cache::acme);
}
