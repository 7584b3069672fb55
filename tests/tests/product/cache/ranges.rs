//! Parts of a kept answer: RFC 9110 section 14, RFC 9111 section 3.3.

use crate::cache::{acme, row, table};

/// A rule, what is asked of ten kept digits, and which of them come: from, to; `none`; `whole`.
const RANGES: &str = r#"
RFC 9110 §14.1.2: from, to                        | > Range: bytes=2-4 | 2-4
RFC 9110 §14.1.2: one byte                        | > Range: bytes=0-0 | 0-0
RFC 9110 §14.1.2: from                            | > Range: bytes=7- | 7-9
RFC 9110 §14.1.2: the last                        | > Range: bytes=-3 | 7-9
RFC 9110 §14.1.2: more than there is              | > Range: bytes=5-100 | 5-9
RFC 9110 §14.1.2: the last, more than there is    | > Range: bytes=-100 | 0-9
RFC 9110 §14.1: units have no case                | > Range: Bytes=2-4 | 2-4
RFC 9110 §14.1.2: more than fits                  | > Range: bytes=5-99999999999999999999999 | 5-9
RFC 9110 §15.5.17: behind the end                 | > Range: bytes=10- | none
RFC 9110 §15.5.17: no byte                        | > Range: bytes=-0 | none
RFC 9110 §14.2: several ranges                    | > Range: bytes=0-1, 4-5 | whole
RFC 9110 §14.2: another unit                      | > Range: lines=0-1 | whole
RFC 9110 §14.1.1: backwards                       | > Range: bytes=4-2 | whole
RFC 9110 §14.1.1: no range                        | > Range: bytes=a-b | whole
RFC 9110 §14.1.1: nothing                         | > Range: bytes= | whole
RFC 9110 §13.1.5: of this version, by tag         | > Range: bytes=2-4 + > If-Range: "a" | 2-4
RFC 9110 §13.1.5: of this version, by date        | > Range: bytes=2-4 + > If-Range: Sun, 06 Nov 1994 08:49:37 GMT | 2-4
RFC 9110 §13.1.5: of another                      | > Range: bytes=2-4 + > If-Range: "b" | whole
RFC 9110 §13.1.5: a weak tag does not do          | > Range: bytes=2-4 + > If-Range: W/"a" | whole
RFC 9110 §13.1.5: since another date              | > Range: bytes=2-4 + > If-Range: Sun, 06 Nov 1994 08:49:38 GMT | whole
RFC 9110 §13.2.2: what is known is not sent       | > Range: bytes=2-4 + > If-None-Match: "a" | known
"#;

/// What the caller must get of the digits.
fn part(which: &str) -> String {
    const DIGITS: &str = "0123456789";
    let Some((first, last)) = which.split_once('-') else {
        return match which {
            "none" => "= 416\n= Content-Range: bytes */10\n= |\n~ hit".to_owned(),
            "known" => "= 304\n~ hit".to_owned(),
            _ => format!("= 200\n= Content-Length: 10\n= !Content-Range\n= | {DIGITS}\n~ hit"),
        };
    };
    let place = |text: &str| text.parse::<usize>().expect("a digit");
    let body = &DIGITS[place(first)..=place(last)];
    let length = body.len();
    format!(
        "= 206\n= Content-Range: bytes {which}/10\n= Content-Length: {length}\n= ETag: \"a\"\n= | {body}\n~ hit"
    )
}

#[test]
fn one_range_of_a_kept_body_is_served_from_it() {
    let first = "> GET\n< 200\n< Cache-Control: max-age=60\n< ETag: \"a\"\n< Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\n< | 0123456789\n~ stored";
    let rows = table(RANGES).map(|[rule, asked, which]| {
        row(&rule, &format!("{first}\n> GET\n{asked}\n{}", part(&which)))
    });
    trunkline_tests::check(&rows.collect::<String>(), acme);
}

const PARTS: &str = r#"
# RFC 9110 §14.2: a range is for GET
> GET
< 200
< Cache-Control: max-age=60
> HEAD
> Range: bytes=2-4
= 200
= Content-Length: 8
= !Content-Range
~ hit

# RFC 9110 §14.2: and of a success
> GET
< 404
< Cache-Control: max-age=60
> GET
> Range: bytes=2-4
= 404
= !Content-Range
~ hit

# RFC 9111 §3.3: a part that the upstream gave is handed on, not kept
> GET
> Range: bytes=2-4
^ Range: bytes=2-4
< 206
< Cache-Control: max-age=60
< Content-Range: bytes 2-4/10
< | 234
= 206
~ fwd=uri-miss; fwd-status=206; !stored; detail=status
> GET
^ !Range
< 200
~ fwd=uri-miss
= 200

# RFC 9111 §4.3.1: what is asked about is whole, what is served is the part
> GET
< 200
< Cache-Control: max-age=0
< ETag: "a"
< | 0123456789
> GET
> Range: bytes=2-4
> If-Range: "a"
^ !Range
^ !If-Range
^ If-None-Match: "a"
< 304
= 206
= Content-Range: bytes 2-4/10
= | 234

# RFC 9110 §14.2: a whole body that came although a part was asked for is kept
> GET
> Range: bytes=2-4
< 200
< Cache-Control: max-age=60
~ stored
> GET
~ hit
"#;

#[test]
fn parts_are_of_what_a_get_brought_and_are_not_kept() {
    trunkline_tests::check(PARTS, acme);
}
