//! What settings and single calls say about keeping answers.

use trunkline_tests::{Product, Upstream};

use crate::cache::{BY_BEARER, BY_HEADER, acme, acme_by, all_twice};

fn for_an_hour(upstream: &Upstream) -> Product {
    acme_by(BY_HEADER, r#""1h""#, upstream)
}

const FOR_AN_HOUR: &str = r#"
nothing                            |                                      | stored; ttl=3600             | hit; ttl=3600
its age is its own matter          | Age: 5000                            | stored; ttl=3600             | hit; ttl=3600
a guess is worse                   | Last-Modified: {now-36}              | stored; ttl=3600             | hit; ttl=3600
a shorter time is said             | Cache-Control: max-age=60            | stored; ttl=60               | hit; ttl=60
no time is said                    | Cache-Control: max-age=0 + ETag: "a" | stored; ttl=0                | fwd=stale
Expires is said                    | Expires: 0 + ETag: "a"               | stored; ttl=0                | fwd=stale
no-store                           | Cache-Control: no-store              | !stored; detail=no-store     | fwd=uri-miss
private                            | Cache-Control: private               | !stored; detail=private      | fwd=uri-miss
no-cache                           | Cache-Control: no-cache + ETag: "a"  | stored                       | fwd=stale; detail=no-cache
Vary: *                            | Vary: *                              | !stored; detail=vary         | fwd=uri-miss
an error is not what was asked for | 404                                  | !stored; detail=no-freshness | fwd=uri-miss
an error with a time of its own    | 404 + Cache-Control: max-age=60      | stored; ttl=60               | hit; ttl=60
a server's error                   | 500                                  | !stored; detail=no-freshness | fwd=uri-miss
a cookie is left out               | Set-Cookie: session=1                | stored; ttl=3600             | hit; ttl=3600
"#;

const FOR_AN_HOUR_POST: &str = "
# cache = 1h: a POST is not meant
> POST
> | {}
< 200
< Cache-Control: max-age=60
> POST
> | {}
< 200
";

const FOR_AN_HOUR_BEARER: &str = "
# RFC 9111 §3.5: cache = 1h with Authorization
> GET
< 200
~ stored; ttl=3600
> GET
~ hit
";

#[test]
fn a_time_stands_in_where_the_upstream_says_nothing_of_time() {
    trunkline_tests::check(&all_twice(FOR_AN_HOUR), for_an_hour);
    trunkline_tests::check(FOR_AN_HOUR_BEARER, |upstream| {
        acme_by(BY_BEARER, r#""1h""#, upstream)
    });
    trunkline_tests::check(FOR_AN_HOUR_POST, for_an_hour);
}

const ONE_CALL: &str = "
# Trunkline-Cache: off keeps nothing and finds nothing
> GET
> Trunkline-Cache: off
^ !Trunkline-Cache
< 200
< Cache-Control: max-age=60
~ none
> GET
< 200
< Cache-Control: max-age=60
~ fwd=uri-miss; stored
> GET
> Trunkline-Cache: off
< 200
< Cache-Control: max-age=60
= | answer 3
~ none
> GET
= | answer 2
~ hit

# Trunkline-Cache: 60s stands in for what the upstream does not say
> GET
> Trunkline-Cache: 60s
^ !Trunkline-Cache
< 200
~ fwd=uri-miss; stored; ttl=60
> GET
> Trunkline-Cache: 60s
~ hit; ttl=60

# Trunkline-Cache: 60s is for those who say it
> GET
> Trunkline-Cache: 60s
< 200
~ stored
> GET
< 200
< Cache-Control: no-store
~ fwd=stale

# Trunkline-Cache: 60s overrides no no-store
> GET
> Trunkline-Cache: 60s
< 200
< Cache-Control: no-store
~ !stored; detail=no-store
> GET
> Trunkline-Cache: 60s
< 200
~ fwd=uri-miss

# Trunkline-Cache: 60s is not for POST
> POST
> Trunkline-Cache: 60s
> | {}
< 200
> POST
> Trunkline-Cache: 60s
> | {}
< 200

# Trunkline-Cache: what is no time is refused
> GET
> Trunkline-Cache: soon
= 400
= Content-Type: application/problem+json
= * bad_header

# Trunkline-Cache: no time is refused
> GET
> Trunkline-Cache: 0s
= 400
= * bad_header
";

const ONE_CALL_ALONE: &str = "
# Trunkline-Cache: 60s where the settings say nothing
> GET
> Trunkline-Cache: 60s
< 200
~ stored; ttl=60
> GET
> Trunkline-Cache: 60s
~ hit; ttl=60
> GET
< 200
~ none
";

#[test]
fn one_call_can_go_past_the_cache_or_ask_for_it() {
    trunkline_tests::check(ONE_CALL, acme);
    trunkline_tests::check(ONE_CALL_ALONE, |upstream| {
        acme_by(BY_HEADER, r#""off""#, upstream)
    });
}

fn with_operations(upstream: &Upstream) -> Product {
    let cache = |operation: &str| format!("connectors.acme.operations.\"{operation}\".cache");
    let list = r#"{ time = "1h", query = ["q"], headers = ["accept-language"], tags = ["items"] }"#;
    acme(upstream)
        .set(&cache("items.list"), list)
        .set(&cache("items.quiet"), r#""off""#)
        .set(
            &cache("items.prompt"),
            r#"{ time = "headers", query = [] }"#,
        )
        .set(&cache("items.search"), r#""1h""#)
}

const OPERATIONS: &str = r#"
# only some query fields and headers count
@ /items
> GET ?q=1&page=1
> Accept-Language: en
< 200
< Content-Type: application/json
< | "answer 1"
~ fwd=uri-miss; stored; ttl=3600
> GET ?page=2&q=1&utm=x
> Accept-Language: en
= | "answer 1"
~ hit; ttl=3600
> GET ?q=2
> Accept-Language: en
< 200
< Content-Type: application/json
< | "answer 2"
~ fwd=uri-miss
> GET ?q=1
> Accept-Language: de
< 200
< Content-Type: application/json
< | "answer 3"
= | "answer 3"
> GET ?q=1
< 200
< Content-Type: application/json
< | "answer 4"
= | "answer 4"
> GET
> Accept-Language: en
< 200
< Content-Type: application/json
< | "answer 5"
= | "answer 5"
> GET ?q=
> Accept-Language: en
< 200
< Content-Type: application/json
< | "answer 6"
= | "answer 6"
> GET ?q=1&q=2
> Accept-Language: en
< 200
< Content-Type: application/json
< | "answer 7"
= | "answer 7"
> GET ?Q=1
> Accept-Language: en
= | "answer 5"
~ hit
> GET ?q=1
> Accept-Language: en
= | "answer 1"
~ hit

# no query field counts, the upstream says for how long
@ /prompt
> GET ?a=1
< 200
< Content-Type: application/json
< | "answer 1"
< Cache-Control: max-age=60
~ stored; ttl=60
> GET ?b=2
= | "answer 1"
~ hit

# an operation that is off where the connector is not
@ /quiet
> GET
< 200
< Content-Type: application/json
< | "answer 1"
< Cache-Control: max-age=60
~ none
> GET
< 200
< Content-Type: application/json
< | "answer 2"
~ none

# a POST that only asks, told apart by its body
@ /search
> POST
> Content-Type: application/json
> | {"q":1}
< 200
< Content-Type: application/json
< | "answer 1"
~ fwd=uri-miss; fwd-status=200; stored; ttl=3600
> POST
> Content-Type: application/json
> | {"q":1}
= | "answer 1"
~ hit; ttl=3600
> POST
> Content-Type: application/json
> | {"q":2}
< 200
< Content-Type: application/json
< | "answer 2"
~ fwd=uri-miss; stored
> POST ?x=1
> Content-Type: application/json
> | {"q":1}
< 200
< Content-Type: application/json
< | "answer 3"
~ fwd=uri-miss
> POST
> Content-Type: application/json
> | {"q":1}
= | "answer 1"
~ hit
"#;

#[test]
fn an_operation_says_what_tells_its_answers_apart() {
    trunkline_tests::check(OPERATIONS, with_operations);
}

const ASKING_POST: &str = r#"
# a POST is kept as headers allow
@ /search
> POST ?a
> | {"q":1}
< 200
< Content-Type: application/json
< | "answer 1"
< Cache-Control: no-store
~ !stored; detail=no-store
> POST ?b
> | {"q":1}
< 500
< Content-Type: application/json
< | "answer 2"
~ !stored
> POST ?c
> | {"q":1}
< 200
< Content-Type: application/json
< | "answer 3"
< ETag: "a"
< Cache-Control: max-age=0, stale-if-error=60
> POST ?c
> | {"q":1}
^ !If-None-Match
< 200
< Content-Type: application/json
< | "answer 4"
< Cache-Control: max-age=60
~ stored; ttl=60
> POST ?c
> | {"q":1}
~ hit
> GET ?c
< 200
< Content-Type: application/json
< | "answer 5"
= | "answer 5"
"#;

#[test]
fn a_post_that_only_asks_keeps_to_the_upstreams_word() {
    trunkline_tests::check(ASKING_POST, with_operations);
}

#[test]
fn settings_that_cannot_be_are_refused_at_the_start() {
    for (key, value) in [
        ("connectors.openai.cache", r#""soon""#),
        ("connectors.openai.cache", r#""0s""#),
        ("connectors.openai.cache", "5"),
        (
            "connectors.openai.cache",
            r#"{ time = "1h", header = ["a"] }"#,
        ),
        (
            "connectors.openai.cache",
            r#"{ time = "1h", headers = ["a b"] }"#,
        ),
        (
            "connectors.openai.cache",
            r#"{ time = "1h", tags = ["a b"] }"#,
        ),
        ("cache.memory_max", r#""lots""#),
        ("cache.disk_max", r#""1MiB""#),
        ("connectors.openai.cache", r#"{ query = ["q"] }"#),
    ] {
        let product = Product::new().with_keys().set(key, value);
        let last = key.rsplit('.').next().expect("a key has a name");
        product.run(&["serve"]).expect(2).complains(&[last]);
    }
}
