//! Answers of one address that were negotiated: RFC 9111 section 4.1.

use crate::cache::{acme, marked, row, table};

/// Keeps an answer that varies, then asks again with other headers; `said` are lines of headers.
fn varied([rule, vary, first, second, expected]: [String; 5]) -> String {
    let rest = if expected.starts_with("hit") {
        ""
    } else {
        "^ !If-None-Match\n< 200\n< Cache-Control: no-store\n"
    };
    let (vary, first, second) = (
        marked("<", &vary),
        marked(">", &first),
        marked(">", &second),
    );
    row(
        &format!("RFC 9111 §4.1: {rule}"),
        &format!(
            "> GET\n{first}< 200\n< Cache-Control: max-age=60\n< ETag: \"a\"\n{vary}~ fwd=uri-miss\n> GET\n{second}{rest}~ {expected}"
        ),
    )
}

const DIFFERENT: &str = r#"
the same                               | Vary: Accept                | Accept: text/a                  | Accept: text/a                  | hit
another                                | Vary: Accept                | Accept: text/a                  | Accept: text/b                  | fwd=vary-miss
none where there was one               | Vary: Accept                | Accept: text/a                  |                                 | fwd=vary-miss
one where there was none               | Vary: Accept                |                                 | Accept: text/a                  | fwd=vary-miss
absent is not empty                    | Vary: Accept-Kind                |                                 | Accept-Kind:                         | fwd=vary-miss
empty is not absent                    | Vary: Accept-Kind                | Accept-Kind:                         |                                 | fwd=vary-miss
absent is absent                       | Vary: Accept-Kind                |                                 | Accept-Other: a                      | hit
empty is empty                         | Vary: Accept-Kind                | Accept-Kind:                         | Accept-Kind:                         | hit
names have no case                     | Vary: ACCEPT                | Accept: text/a                  | accept: text/b                  | fwd=vary-miss
names have no case, the same           | Vary: aCCEPT                | Accept: text/a                  | accept: text/a                  | hit
two names, the second differs          | Vary: Accept, Accept-Kind        | Accept: text/a + Accept-Kind: a      | Accept: text/a + Accept-Kind: b      | fwd=vary-miss
two names, both the same               | Vary: Accept, Accept-Kind        | Accept: text/a + Accept-Kind: a      | Accept-Kind: a + Accept: text/a      | hit
two lines, the second differs          | Vary: Accept + Vary: Accept-Kind | Accept: text/a + Accept-Kind: a      | Accept: text/a + Accept-Kind: b      | fwd=vary-miss
two lines, the first differs           | Vary: Accept + Vary: Accept-Kind | Accept: text/a + Accept-Kind: a      | Accept: text/b + Accept-Kind: a      | fwd=vary-miss
an empty line before another           | Vary: + Vary: Accept-Kind        | Accept-Kind: a                       | Accept-Kind: b                       | fwd=vary-miss
an empty line alone                    | Vary:                       | Accept: text/a                  | Accept: text/b                  | hit
empty members                          | Vary: ,, Accept-Kind ,           | Accept-Kind: a                       | Accept-Kind: b                       | fwd=vary-miss
white space after commas               | Vary: Accept                | Accept: text/a,  text/b         | Accept: text/a,text/b           | hit
white space within quotes counts       | Vary: Accept                | Accept: text/a;x="1,  2"        | Accept: text/a;x="1,2"          | fwd=vary-miss
order counts                           | Vary: Accept                | Accept: text/a, text/b          | Accept: text/b, text/a          | fwd=vary-miss
several lines of a request are one     | Vary: Accept                | Accept: text/a + Accept: text/b | Accept: text/a, text/b          | hit
a second line of a request counts      | Vary: Accept                | Accept: text/a                  | Accept: text/a + Accept: text/b | fwd=vary-miss
languages have no case                 | Vary: Accept-Language       | Accept-Language: de-AT          | Accept-Language: de-at          | hit
other values have                      | Vary: Accept-Kind                | Accept-Kind: a                       | Accept-Kind: A                       | fwd=vary-miss
codings                                | Vary: Accept-Encoding       | Accept-Encoding: gzip           | Accept-Encoding: br             | fwd=vary-miss
where it does not vary, nothing counts | X-Other: 1                  | Accept: text/a                  | Accept: text/b                  | hit
a star                                 | Vary: *                     |                                 |                                 | fwd=uri-miss
a star in a list                       | Vary: Accept, *             |                                 |                                 | fwd=uri-miss
a star on a line of its own            | Vary: Accept + Vary: *      |                                 |                                 | fwd=uri-miss
a star after an empty line             | Vary: + Vary: *             |                                 |                                 | fwd=uri-miss
"#;

#[test]
fn requests_that_differ_where_the_answer_varies_get_their_own() {
    let rows: String = table(DIFFERENT).map(varied).collect();
    trunkline_tests::check(&rows, acme);
}

const VARIANTS: &str = r#"
# RFC 9111 §4.1: each is served to whom it fits
> GET
> Accept: text/a
< 200
< Cache-Control: max-age=60
< Vary: Accept
> GET
> Accept: text/b
< 200
< Cache-Control: max-age=60
< Vary: Accept
~ fwd=vary-miss; fwd-status=200; stored
> GET
> Accept: text/a
= | answer 1
~ hit
> GET
> Accept: text/b
= | answer 2
~ hit

# RFC 9111 §4.1: of two that fit, the later one
> GET
> Accept: text/a
< 200
< Cache-Control: max-age=3600
< Date: {now-100}
< Vary: Accept
> GET
> Accept: text/b
< 200
< Cache-Control: max-age=3600
< Date: {now-50}
> GET
> Accept: text/a
= | answer 2
~ hit

# RFC 9111 §4.3.4: the one that fits is asked about
> GET
> Accept: text/a
< 200
< Cache-Control: max-age=0
< Vary: Accept
< ETag: "a"
> GET
> Accept: text/b
^ !If-None-Match
< 200
< Cache-Control: max-age=0
< Vary: Accept
< ETag: "b"
> GET
> Accept: text/a
^ If-None-Match: "a"
< 304
= | answer 1
= ETag: "a"
"#;

#[test]
fn variants_are_kept_beside_each_other() {
    trunkline_tests::check(VARIANTS, acme);
}
