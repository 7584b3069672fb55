//! What is asked of an upstream about a kept answer, and what comes of it: RFC 9111 section 4.3.

use crate::cache::{acme, marked, row, table};

const ASKED_BY: &str = r#"
# RFC 9111 §4.3.1: by ETag
> GET
< 200
< Cache-Control: max-age=60
< Age: 60
< ETag: "a"
> GET
^ If-None-Match: "a"
^ !If-Modified-Since
< 304
< Cache-Control: max-age=60
= ETag: "a"
~ fwd=stale; fwd-status=304
> GET
= Age: 0
~ hit; ttl=60

# RFC 9111 §4.3.1: by Last-Modified
> GET
< 200
< Cache-Control: max-age=0
< Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT
> GET
^ If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT
^ !If-None-Match
< 304
< Cache-Control: max-age=60
~ fwd=stale; fwd-status=304
> GET
~ hit; ttl=60

# RFC 9111 §4.3.1: by both
> GET
< 200
< ETag: W/"a"
< Last-Modified: {now+60}
> GET
^ If-None-Match: W/"a"
^ If-Modified-Since: {now+60}
< 304
~ fwd=stale; fwd-status=304

# RFC 9111 §4.3.1: by nothing where nothing is
> GET
< 200
< Cache-Control: max-age=60, stale-if-error=600
< Age: 61
> GET
^ !If-None-Match
^ !If-Modified-Since
< 200
~ fwd=stale; fwd-status=200

# RFC 9110 §8.8.3: a tag without quotes is sent as it came
> GET
< 200
< Cache-Control: no-cache
< ETag: a
> GET
^ If-None-Match: a
< 304
~ fwd=stale; fwd-status=304
"#;

#[test]
fn an_upstream_is_asked_by_what_it_gave() {
    trunkline_tests::check(ASKED_BY, acme);
}

const UNCHANGED: &str = r#"
# RFC 9111 §3.2, §4.3.4: replaced, added, and kept
> GET
< 200
< Cache-Control: max-age=0
< ETag: "a"
< X-Same: 1
< X-Old: 1
> GET
< 304
< Cache-Control: max-age=60
< ETag: "a"
< X-Old: 2
< X-New: 3
= X-Same: 1
= X-Old: 2
= X-New: 3
> GET
= X-Same: 1
= X-Old: 2
= X-New: 3
~ hit; ttl=60

# RFC 9111 §3.2: but not those of the body
> GET
< 200
< Cache-Control: max-age=0
< ETag: "a"
< Content-Encoding: x-none
> GET
< 304
< Cache-Control: max-age=60
< Content-Encoding: x-other
< Content-Range: bytes 0-1/2
= Content-Encoding: x-none
= Content-Length: 8
= !Content-Range
> GET
= Content-Encoding: x-none
= Content-Length: 8
= !Content-Range
~ hit

# RFC 9111 §3.1: nor those of the connection, nor a cookie
> GET
< 200
< Cache-Control: max-age=0
< ETag: "a"
> GET
< 304
< Cache-Control: max-age=60
< Set-Cookie: session=1
< Connection: X-Hop
< X-Hop: 1
> GET
= !Set-Cookie
= !X-Hop
~ hit

# RFC 9111 §4.3.4: a weak tag is as good
> GET
< 200
< Cache-Control: max-age=0
< ETag: "a"
> GET
< 304
< ETag: W/"a"
< Cache-Control: max-age=60
> GET
~ hit

# RFC 9111 §4.3.4: an answer about something else is no answer
> GET
< 200
< Cache-Control: max-age=0
< ETag: "a"
> GET
^ If-None-Match: "a"
< 304
< ETag: "b"
^ !If-None-Match
< 200
< Cache-Control: max-age=60
< ETag: "b"
> GET
= ETag: "b"
~ hit

# RFC 9111 §5.2.2.5: no-store that comes later counts from then on
> GET
< 200
< Cache-Control: max-age=0
< ETag: "a"
> GET
< 304
< Cache-Control: no-store
~ fwd=stale; fwd-status=304
> GET
^ !If-None-Match
< 200
~ fwd=uri-miss

# RFC 9111 §4.3.4: all that has the strong tag is fresh again
> GET
> Accept: text/a
< 200
< Cache-Control: max-age=0
< Vary: Accept
< ETag: "a"
> GET
> Accept: text/b
< 200
< Cache-Control: max-age=0
< Vary: Accept
< ETag: "a"
> GET
> Accept: text/b
< 304
< Cache-Control: max-age=60
< ETag: "a"
> GET
> Accept: text/a
= | answer 1
~ hit
"#;

#[test]
fn an_unchanged_answer_gets_the_newer_headers() {
    trunkline_tests::check(UNCHANGED, acme);
}

/// A rule, and what follows when the upstream was asked by a tag.
const REPLACED: &str = r#"
RFC 9111 §4.3.3: a newer one                      | < 200 + < Cache-Control: max-age=60 + ~ fwd=stale; fwd-status=200; stored; ttl=60 + > GET + ~ hit
RFC 9111 §4.3.3: one that is not kept             | < 200 + < Cache-Control: no-store + ~ fwd=stale; fwd-status=200; !stored; detail=no-store + > GET + ^ !If-None-Match + < 200 + ~ fwd=uri-miss
RFC 9111 §4.3.3: it has gone                      | < 404 + ~ fwd=stale; fwd-status=404 + > GET + ^ !If-None-Match + < 200 + ~ fwd=uri-miss
RFC 9111 §4.3.3: an error says nothing of it      | < 503 + ~ fwd=stale; fwd-status=503 + > GET + ^ If-None-Match: "a" + < 304 + = 200 + = * answer 1 + ~ fwd=stale; fwd-status=304
RFC 9111 §4.3.3: nor does no answer               | < cut + = 502 + = Content-Type: application/problem+json + = * code + > GET + ^ If-None-Match: "a" + < 304 + = * answer 1
"#;

#[test]
fn another_answer_takes_the_place_of_the_kept_one() {
    let kept =
        "> GET\n< 200\n< Cache-Control: max-age=0\n< ETag: \"a\"\n> GET\n^ If-None-Match: \"a\"";
    let rows = table(REPLACED).map(|[rule, rest]| row(&rule, &format!("{kept}\n{rest}")));
    trunkline_tests::check(&rows.collect::<String>(), acme);
}

/// A rule, the conditions of a caller, and whether they say that it has the answer already.
const CONDITIONS: &str = r#"
RFC 9111 §4.3.2: the tag                          | If-None-Match: "a" | known
RFC 9110 §13.1.2: by weak comparison              | If-None-Match: W/"a" | known
RFC 9110 §13.1.2: one of a list                   | If-None-Match: "x", "a" | known
RFC 9110 §13.1.2: a comma in a tag ends nothing   | If-None-Match: "x,", "a" | known
RFC 9110 §13.1.2: one of several lines            | If-None-Match: "x" + If-None-Match: "a" | known
RFC 9110 §13.1.2: any                             | If-None-Match: * | known
RFC 9110 §13.1.2: another                         | If-None-Match: "b" | unknown
RFC 9110 §13.1.2: what is no tag                  | If-None-Match: " | unknown
RFC 9110 §13.1.3: since then                      | If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT | known
RFC 9110 §13.1.3: since later                     | If-Modified-Since: {now} | known
RFC 9110 §13.1.3: since before                    | If-Modified-Since: Sun, 06 Nov 1994 08:49:36 GMT | unknown
RFC 9110 §13.1.3: since no date                   | If-Modified-Since: yesterday | unknown
RFC 9110 §13.2.2: the tag beats the date, same    | If-None-Match: "a" + If-Modified-Since: Sun, 06 Nov 1994 08:49:36 GMT | known
RFC 9110 §13.2.2: the tag beats the date, another | If-None-Match: "b" + If-Modified-Since: {now} | unknown
"#;

#[test]
fn callers_conditions_are_answered_from_the_store() {
    let kept = "> GET\n< 200\n< Cache-Control: max-age=3600\n< Content-Type: text/plain\n< ETag: \"a\"\n< Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\n> GET\n";
    let known =
        "= 304\n= ETag: \"a\"\n= Cache-Control: max-age=3600\n= Age: 0\n= !Content-Type\n~ hit";
    let unknown = "= 200\n= Content-Type: text/plain\n~ hit";
    let rows = table(CONDITIONS).map(|[rule, asked, which]| {
        let expected = if which == "known" { known } else { unknown };
        row(&rule, &format!("{kept}{}{expected}", marked(">", &asked)))
    });
    trunkline_tests::check(&rows.collect::<String>(), acme);
}

const MIXED: &str = r#"
# RFC 9110 §13.1.2: where nothing is kept, the upstream answers
> GET
> If-None-Match: "x"
^ If-None-Match: "x"
< 304
= 304
~ fwd=uri-miss; fwd-status=304; !stored; detail=status
> GET
^ !If-None-Match
< 200

# RFC 9111 §4.3.2: ours goes up, the caller's is answered after it: the same
> GET
< 200
< Cache-Control: max-age=0
< ETag: "a"
> GET
> If-None-Match: "a"
^ If-None-Match: "a"
< 304
= 304

# RFC 9111 §4.3.2: ours goes up, the caller's is answered after it: another
> GET
< 200
< Cache-Control: max-age=0
< ETag: "a"
> GET
> If-None-Match: "x"
^ If-None-Match: "a"
< 304
= 200
= | answer 1

# RFC 9110 §8.8.3: a comma is a part of a tag
> GET
< 200
< Cache-Control: max-age=60
< ETag: "x,y"
> GET
> If-None-Match: "z", "x,y"
= 304
~ hit

# RFC 9110 §13.2.1: conditions are for what would have succeeded
> GET
< 404
< Cache-Control: max-age=60
< ETag: "a"
> GET
> If-None-Match: "a"
= 404
~ hit
"#;

#[test]
fn callers_conditions_and_ours_do_not_mix() {
    trunkline_tests::check(MIXED, acme);
}

const HEADS: &str = r#"
# RFC 9111 §4: HEAD from a kept GET
> GET
< 200
< Cache-Control: max-age=60
< ETag: "a"
> HEAD
= 200
= Content-Length: 8
= ETag: "a"
= Age: 0
~ hit; ttl=60
> HEAD
> If-None-Match: "a"
= 304
~ hit

# RFC 9111 §4.3.5: 304 to a HEAD freshens
> GET
< 200
< Cache-Control: max-age=0
< ETag: "a"
> HEAD
^ If-None-Match: "a"
< 304
< Cache-Control: max-age=60
= 200
> GET
= | answer 1
~ hit

# RFC 9111 §4.3.5: the same validators freshen
> GET
< 200
< Cache-Control: max-age=0
< ETag: "a"
> HEAD
< 200
< Cache-Control: max-age=60
< ETag: "a"
< X-New: 1
> GET
= | answer 1
= X-New: 1
~ hit

# RFC 9111 §4.3.5: others disprove
> GET
< 200
< Cache-Control: max-age=0
< ETag: "a"
> HEAD
< 200
< Cache-Control: max-age=60
< ETag: "b"
> GET
^ !If-None-Match
< 200
~ fwd=uri-miss

# RFC 9111 §4.3.5: another length disproves
> GET
< 200
< Cache-Control: max-age=0
< ETag: "a"
> HEAD
< 200
< Cache-Control: max-age=60
< ETag: "a"
< Content-Length: 9
> GET
^ !If-None-Match
< 200
~ fwd=uri-miss
"#;

#[test]
fn heads_are_answered_by_what_a_get_left_and_tell_about_it() {
    trunkline_tests::check(HEADS, acme);
}
