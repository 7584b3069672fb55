//! What is kept of an answer, and what is not: RFC 9111 section 3.

use crate::cache::{BY_BEARER, acme, acme_by, check_twice, table, twice};

const DIRECTIVES: &str = r#"
RFC 9111 §3: explicit freshness                                                 | Cache-Control: max-age=60                            | stored; ttl=60; !detail | hit; ttl=60
RFC 9111 §3: nothing says for how long                                          |                                                      | !stored; detail=no-freshness                          | fwd=uri-miss
RFC 9111 §5.2.2.5: no-store                                                     | Cache-Control: no-store                              | !stored; detail=no-store                              | fwd=uri-miss
RFC 9111 §5.2.2.5: no-store beside freshness                                    | Cache-Control: max-age=60, no-store                  | !stored; detail=no-store                              | fwd=uri-miss
RFC 9111 §5.2.2.5: no-store on a line of its own                                | Cache-Control: max-age=60 + Cache-Control: no-store  | !stored; detail=no-store                              | fwd=uri-miss
RFC 9111 §5.2: directives have no case                                          | Cache-Control: MAX-AGE=60, No-Store                  | !stored; detail=no-store                              | fwd=uri-miss
RFC 9111 §5.2.2.7: private                                                      | Cache-Control: private, max-age=60                   | !stored; detail=private                               | fwd=uri-miss
RFC 9111 §5.2.2.7: private with an empty list is private                        | Cache-Control: private="", max-age=60                | !stored; detail=private                               | fwd=uri-miss
RFC 9111 §5.2.2.9: public alone is no freshness                                 | Cache-Control: public                                | !stored; detail=no-freshness                          | fwd=uri-miss
RFC 9111 §5.2.2.4: no-cache without a validator is of no use                    | Cache-Control: no-cache, max-age=60                  | !stored; detail=no-use                                | fwd=uri-miss
RFC 9111 §5.2.2.3: must-understand beside no-store, a status that is understood | Cache-Control: must-understand, no-store, max-age=60 | stored; ttl=60; !detail | hit; ttl=60
RFC 9111 §5.2.2.3: must-understand, a status that is not                        | 299 + Cache-Control: must-understand, max-age=60     | !stored; detail=must-understand                       | fwd=uri-miss
RFC 9111 §5.2.3: an unknown directive is passed over                            | Cache-Control: max-age=60, community="UCI"           | stored; ttl=60; !detail | hit; ttl=60
RFC 9111 §5.4: Pragma of an answer means nothing                                | Cache-Control: max-age=60 + Pragma: no-cache         | stored; ttl=60; !detail | hit; ttl=60
"#;

#[test]
fn directives_say_whether_an_answer_is_kept() {
    check_twice(DIRECTIVES);
}

#[test]
fn statuses_that_are_answers_to_the_next_caller_too_are_kept() {
    let statuses = [
        200, 201, 202, 203, 299, 300, 301, 302, 303, 307, 308, 399, 400, 402, 403, 404, 405, 406,
        409, 410, 413, 414, 415, 417, 418, 421, 422, 426, 451, 499, 500, 501, 502, 503, 504, 505,
        599,
    ];
    let row = |status: i32| {
        let rule = format!("RFC 9111 §3: {status} with explicit freshness");
        let head = format!("{status}\nCache-Control: max-age=60");
        let first = format!("fwd=uri-miss; fwd-status={status}; stored; ttl=60");
        twice(&rule, &head, &first, "hit; ttl=60")
    };
    let rows: String = statuses.into_iter().map(row).collect();
    trunkline_tests::check(&rows, acme);
}

#[test]
fn statuses_that_answer_one_caller_only_are_not_kept() {
    // The last one in a gateway of its own: it may slow down what follows.
    for statuses in [&[206, 412, 416, 428, 431, 511][..], &[429]] {
        let row = |status: &i32| {
            let rule = format!("RFC 9111 §3, RFC 6585: {status} is not kept");
            let head = format!("{status}\nCache-Control: public, max-age=60");
            twice(&rule, &head, "!stored; detail=status", "fwd=uri-miss")
        };
        let rows: String = statuses.iter().map(row).collect();
        trunkline_tests::check(&rows, acme);
    }
}

const FRAMINGS: &str = "
# RFC 9111 §3: 103 is not final
> GET
< 103
< 200
< Cache-Control: max-age=60
= 200
> GET
= !X-Interim
~ hit

# RFC 9111 §3.1: Transfer-Encoding is of the connection
> GET
< 200
< Transfer-Encoding: chunked
< Cache-Control: max-age=60
> GET
= !Transfer-Encoding
= Content-Length: 8
~ hit

# RFC 9110 §6.4.1: 204 has no body
> GET
< 204
< Cache-Control: max-age=60
> GET
= 204
= !Content-Length
~ hit
";

#[test]
fn interim_answers_and_bodies_in_chunks_are_kept_as_the_final_answer() {
    trunkline_tests::check(FRAMINGS, acme);
}

const FIELDS: &str = r#"
# RFC 9111 §3.1: fields of the connection and of proxies
> GET
< 200
< Cache-Control: max-age=60
< Connection: X-Hop
< X-Hop: 1
< Keep-Alive: timeout=60
< Proxy-Authenticate: Basic
< Proxy-Authentication-Info: a
< Trailer: X-Late
< X-Kept: 1
> GET
= !X-Hop
= !Keep-Alive
= !Proxy-Authenticate
= !Proxy-Authentication-Info
= X-Kept: 1
~ hit

# RFC 9111 §5.2.2.7: private for a field
> GET
< 200
< Cache-Control: max-age=60, private="x-secret, X-Other"
< X-Secret: 1
< X-Other: 2
< X-Kept: 3
= X-Secret: 1
> GET
= !X-Secret
= !X-Other
= X-Kept: 3
~ hit

# RFC 9111 §5.2.2.4: no-cache for a field
> GET
< 200
< Cache-Control: max-age=60, no-cache="X-Secret"
< X-Secret: 1
= X-Secret: 1
> GET
= !X-Secret
~ hit

# RFC 9111 §7.3: a cookie is its caller's
> GET
< 200
< Cache-Control: max-age=60
< Set-Cookie: session=1
= Set-Cookie: session=1
~ stored
> GET
= !Set-Cookie
~ hit

# RFC 9111 §7.3: unless the answer is marked for everybody
> GET
< 200
< Cache-Control: public, max-age=60
< Set-Cookie: theme=dark
< Set-Cookie: lang=en
> GET
= Set-Cookie: theme=dark
= Set-Cookie: lang=en
~ hit

# RFC 9111 §7.3: s-maxage marks it as well
> GET
< 200
< Cache-Control: s-maxage=60
< Set-Cookie: theme=dark
> GET
= Set-Cookie: theme=dark
~ hit
"#;

#[test]
fn fields_of_one_caller_or_one_connection_are_not_kept() {
    trunkline_tests::check(FIELDS, acme);
    check_twice(
        "RFC 9111 §7.3: none is kept on a guess | Last-Modified: {now-360000} + Set-Cookie: session=1 | !stored; detail=set-cookie | fwd=uri-miss",
    );
}

const REQUESTS: &str = "
# RFC 9111 §5.2.1.5: no-store of the caller
> GET
> Cache-Control: no-store
< 200
< Cache-Control: max-age=60
~ fwd=request; fwd-status=200; !stored; detail=request-no-store
> GET
< 200
< Cache-Control: max-age=60
~ fwd=uri-miss; stored

# RFC 9110 §9.3.3: a POST is not kept
> POST
> | {}
< 200
< Cache-Control: public, max-age=60
> POST
> | {}
< 200

# RFC 9110 §9.3.3: nor for a GET that follows
> POST
> | {}
< 200
< Cache-Control: public, max-age=60
< Content-Location: {row}
> GET
< 200
~ fwd=uri-miss

# RFC 9110 §9.3.2: HEAD has no body to keep
> HEAD
< 200
< Cache-Control: max-age=60
~ fwd=uri-miss; fwd-status=200; !stored; detail=method
> GET
< 200
~ fwd=uri-miss

# RFC 9110 §9.3.7: OPTIONS is not kept
> OPTIONS
< 200
< Cache-Control: max-age=60
> GET
< 200
~ fwd=uri-miss
";

#[test]
fn requests_say_whether_their_answer_is_kept() {
    trunkline_tests::check(REQUESTS, acme);
}

const OWN_CREDENTIAL: &str = "
# RFC 9111 §3.5: ours
> GET
^ Authorization: Bearer acme-real-key-0002
< 200
< Cache-Control: max-age=60
~ stored
> GET
~ hit

# RFC 9111 §3.5: the caller's never gets there
> GET
> Authorization: Bearer callers-own-1
^ Authorization: Bearer acme-real-key-0002
< 200
< Cache-Control: max-age=60
~ stored
> GET
> Authorization: Bearer callers-own-2
~ hit

# RFC 9111 §4.1: Vary on what is always ours
> GET
> Authorization: Bearer callers-own-1
< 200
< Cache-Control: max-age=60
< Vary: Authorization, Cookie
> GET
> Authorization: Bearer callers-own-2
> Cookie: a=b
~ hit
";

#[test]
fn our_own_credential_in_authorization_is_no_bar_and_the_callers_does_not_count() {
    trunkline_tests::check(OWN_CREDENTIAL, |upstream| {
        acme_by(BY_BEARER, r#""headers""#, upstream)
    });
}

/// Values of `Cache-Control` under which nothing is kept.
const SENSELESS: &str = r#"
max-age=abc
max-age=-5
max-age=1.5
max-age=
max-age
max-age="60
max-age=6 0
max-age==60
max-age = 60
max-age=60;
;max-age=60
max-age=+60
max-age=0x3c
max-age="abc"
max-age=60, max-age=0
max-age=0, max-age=60
max-age=60, no-store=1
max-age=60, no-store="x"
max-age=60, "no-store
max-age=60, (no-store)
max-age=60, private=,
max-age=60, private="a b"
max-age=60, private="cache-control"
s-maxage=abc, max-age=60
max-age=60, s-maxage=-1
,,,,
=
=60
"
\
"#;

const SENSELESS_OTHERS: &str = "
RFC 9111 §5.3: Expires is no date            | Expires: 0
RFC 9111 §5.3: Expires is negative           | Expires: -1
RFC 9111 §5.3: Expires is a word             | Expires: tomorrow
RFC 9111 §5.3: one of several is no date     | Expires: {now+60} + Expires: 0
RFC 9111 §5.3: Expires has passed            | Date: {now} + Expires: {now-60}
RFC 9111 §4.1: Vary is no list of names      | Cache-Control: max-age=60 + Vary: a b
RFC 9111 §4.1: Vary has a stray character    | Cache-Control: max-age=60 + Vary: accept, @
RFC 9111 §4.2.2: Last-Modified is no date    | Last-Modified: yesterday
";

#[test]
fn headers_that_make_no_sense_keep_nothing_and_break_nothing() {
    let barred = |rule: &str, head: &str| twice(rule, head, "!stored", "fwd=uri-miss");
    let values = SENSELESS.trim().lines().map(|value| {
        let rule = format!("RFC 9111 §4.2.1, §5.2: {value}");
        barred(&rule, &format!("Cache-Control: {value}"))
    });
    let others = table::<2>(SENSELESS_OTHERS).map(|[rule, head]| barred(&rule, &head));
    let rows: String = values.chain(others).collect();
    trunkline_tests::check(&rows, acme);
}

const ODD: &str = r#"
RFC 9111 §5.2: the quoted form                | Cache-Control: max-age="60"                 | stored; ttl=60; !detail | hit; ttl=60
RFC 9111 §5.2: a backslash in the quoted form | Cache-Control: max-age="6\0"                | stored; ttl=60; !detail | hit; ttl=60
RFC 9111 §5.2: empty members                  | Cache-Control: , ,max-age=60,,              | stored; ttl=60; !detail | hit; ttl=60
RFC 9111 §5.2: a comma within quotes          | Cache-Control: x="a, no-store", max-age=60  | stored; ttl=60; !detail | hit; ttl=60
RFC 9111 §1.2.2: leading zeros                | Cache-Control: max-age=0060                 | stored; ttl=60; !detail | hit; ttl=60
RFC 9111 §1.2.2: more than fits               | Cache-Control: max-age=99999999999999999999 | stored; ttl=2147483648                                | hit; ttl=2147483648
RFC 9111 §4.2.1: the shorter of two           | Cache-Control: max-age=120, max-age=60      | stored; ttl=60; !detail | hit; ttl=60
RFC 9110 §6.6.1: Date is no date              | Cache-Control: max-age=60 + Date: today     | stored; ttl=60; !detail | hit; ttl=60
RFC 9111 §5.1: Age is negative                | Cache-Control: max-age=60 + Age: -5         | stored; ttl=60; !detail | hit; ttl=60
RFC 9111 §5.1: Age is a fraction              | Cache-Control: max-age=60 + Age: 7200.0     | stored; ttl=60; !detail | hit; ttl=60
RFC 9111 §5.1: Age is a word                  | Cache-Control: max-age=60 + Age: old        | stored; ttl=60; !detail | hit; ttl=60
RFC 9111 §5.1: the first of a list            | Cache-Control: max-age=60 + Age: 0, 7200    | stored; ttl=60; !detail | hit; ttl=60
"#;

#[test]
fn headers_that_only_look_odd_are_read() {
    check_twice(ODD);
}
