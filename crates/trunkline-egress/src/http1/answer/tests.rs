//! Which heads are answers, where their bodies end, and which heads are refused.

use expect_test::{Expect, expect};

use super::*;

fn read(text: &str, asked: Asked) -> Result<Option<Answer>, Malformed> {
    take(&mut BytesMut::from(text), asked)
}

/// How the body of an answer with the head `lines` ends.
fn check(lines: &str, asked: Asked, expected: &Expect) {
    let text = format!("{lines}\r\n\r\nrest");
    let mut buffer = BytesMut::from(text.as_str());
    let said = match take(&mut buffer, asked) {
        Ok(Some(answer)) => {
            assert_eq!(buffer, "rest", "{lines}");
            let body = match answer.body {
                Decoder::Chunked(_) => "chunked".to_owned(),
                body => format!("{body:?}"),
            };
            let after = if answer.keeps_alive {
                "stays"
            } else {
                "closes"
            };
            format!("{body}, {after}")
        }
        Ok(None) => "incomplete".to_owned(),
        Err(err) => err.0.to_owned(),
    };
    expected.assert_eq(&said);
}

#[test]
fn a_body_ends_where_the_head_says() {
    let any = |lines: &str, expected: &Expect| check(lines, Asked::Any, expected);
    any(
        "HTTP/1.1 200 OK\r\ncontent-length: 5",
        &expect!["Length(5), stays"],
    );
    any(
        "HTTP/1.1 200 OK\r\ncontent-length: 0",
        &expect!["Ended, stays"],
    );
    any(
        "HTTP/1.1 200\r\ncontent-length: 5, 5",
        &expect!["Length(5), stays"],
    );
    any(
        "HTTP/1.1 200 OK\r\ntransfer-encoding: Chunked",
        &expect!["chunked, stays"],
    );
    any(
        "HTTP/1.1 200 OK\r\ntransfer-encoding: identity",
        &expect!["UntilClose, closes"],
    );
    any("HTTP/1.1 200 OK\r\nx: y", &expect!["UntilClose, closes"]);
    any(
        "HTTP/1.0 200 OK\r\ncontent-length: 5",
        &expect!["Length(5), closes"],
    );
    any(
        "HTTP/1.0 200 OK\r\nconnection: Keep-Alive\r\ncontent-length: 5",
        &expect!["Length(5), stays"],
    );
    any(
        "HTTP/1.1 200 OK\r\nconnection: x, close\r\nconnection: keep-alive\r\ncontent-length: 5",
        &expect!["Length(5), closes"],
    );
    any(
        "HTTP/1.1 101 Switching\r\nupgrade: x",
        &expect!["Ended, stays"],
    );
}

#[test]
fn some_answers_have_no_body_whatever_they_say() {
    for head in ["HTTP/1.1 204 No Content", "HTTP/1.1 304 Not Modified"] {
        let lines = format!("{head}\r\ncontent-length: 5");
        check(&lines, Asked::Any, &expect!["Ended, stays"]);
        check(head, Asked::Any, &expect!["Ended, stays"]);
    }
    let chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked";
    check(chunked, Asked::Head, &expect!["Ended, stays"]);
    check("HTTP/1.1 200 OK", Asked::Head, &expect!["Ended, stays"]);
    check("HTTP/1.1 200 OK", Asked::Tunnel, &expect!["Ended, closes"]);
}

#[test]
fn a_head_that_two_readers_could_read_differently_is_refused() {
    let refused = |lines: &str, expected: &Expect| {
        check(&format!("HTTP/1.1 200 OK\r\n{lines}"), Asked::Any, expected);
    };
    let no_length = &expect!["its `content-length` is not a length"];
    for value in [
        "-1",
        "+1",
        "",
        "1 2",
        "0x5",
        "5,",
        "5;",
        "\"5\"",
        "１",
        "18446744073709551616",
    ] {
        refused(&format!("content-length: {value}"), no_length);
    }
    let two = &expect!["it has two lengths"];
    refused("content-length: 3\r\ncontent-length: 4", two);
    refused("content-length: 3, 4", two);
    let both = &expect!["it has a length and a transfer coding"];
    refused("content-length: 3\r\ntransfer-encoding: chunked", both);
    refused("transfer-encoding: chunked\r\ncontent-length: 3", both);
    refused("transfer-encoding: identity\r\ncontent-length: 3", both);
    let coding = &expect!["its transfer coding is not `chunked`, and was not asked for"];
    for value in ["gzip", "gzip, chunked", "chunked, chunked", "xchunked", ""] {
        refused(&format!("transfer-encoding: {value}"), coding);
    }
    let twice = "transfer-encoding: chunked\r\ntransfer-encoding: chunked";
    refused(twice, &expect!["it has two transfer codings"]);
    check(
        "HTTP/1.0 200 OK\r\ntransfer-encoding: chunked",
        Asked::Any,
        &expect!["it has a transfer coding, which HTTP/1.0 has not"],
    );
}

#[test]
fn what_is_not_the_head_of_an_answer_is_refused() {
    for text in [
        "GET / HTTP/1.1\r\n\r\n",
        "SSH-2.0-OpenSSH_9.6\r\n\r\n",
        "HTTP/2 200 OK\r\n\r\n",
        "HTTP/1.2 200 OK\r\n\r\n",
        "HTTP/1.1 20 OK\r\n\r\n",
        "HTTP/1.1 2000 OK\r\n\r\n",
        "HTTP/1.1 099 Low\r\n\r\n",
        "HTTP/1.1 -20 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\n x: y\r\n\r\n",
        "HTTP/1.1 200 OK\r\nx : y\r\n\r\n",
        "HTTP/1.1 200 OK\r\n: y\r\n\r\n",
        "HTTP/1.1 200 OK\r\nx\r\n\r\n",
        "HTTP/1.1 200 OK\r\nx: a\r\n b\r\n\r\n",
        "HTTP/1.1 200 OK\r\nx: a\rb\r\n\r\n",
        "HTTP/1.1 200 OK\r\nx: a\0b\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length\t: 5\r\n\r\n",
        "HTTP/1.1 200 OK\rx: y\r\n\r\n",
    ] {
        assert!(read(text, Asked::Any).is_err(), "{text:?}");
    }
}

#[test]
fn a_head_has_its_limits() {
    let lines = |count| format!("HTTP/1.1 200 OK\r\n{}\r\n", "x: y\r\n".repeat(count));
    let hundred = read(&lines(100), Asked::Any)
        .expect("a head")
        .expect("whole");
    assert_eq!(hundred.head.headers().len(), 100);
    let err = read(&lines(101), Asked::Any).expect_err("too many");
    assert_eq!(err.0, "it has more than 100 headers");
    let around = "HTTP/1.1 200 OK\r\nx: \r\n\r\n".len();
    let long = |length: usize| {
        let value = "y".repeat(length - around);
        read(
            &format!("HTTP/1.1 200 OK\r\nx: {value}\r\n\r\n"),
            Asked::Any,
        )
    };
    assert!(long(HEAD_BYTES_MAX).is_ok_and(|answer| answer.is_some()));
    let err = long(HEAD_BYTES_MAX + 1).expect_err("too large");
    assert_eq!(err.0, "its head is larger than 64 KiB");
    let endless = format!("HTTP/1.1 200 OK\r\nx: {}", "y".repeat(HEAD_BYTES_MAX));
    assert!(read(&endless, Asked::Any).is_err());
}

#[test]
fn interim_answers_are_taken_off_even_if_nothing_follows() {
    let mut buffer =
        BytesMut::from("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\na: b\r\n\r\n");
    assert!(take(&mut buffer, Asked::Any).expect("valid").is_none());
    assert!(buffer.is_empty());
}

#[test]
fn one_length_is_passed_on_where_several_arrived() {
    let text = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 5, 5\r\n\r\n";
    let answer = read(text, Asked::Any).expect("a head").expect("whole");
    let lengths: Vec<_> = answer
        .head
        .headers()
        .get_all("content-length")
        .iter()
        .collect();
    assert_eq!(lengths, ["5"]);
}

const WHOLE: &str = "HTTP/1.1 103 Early\r\na: b\r\n\r\nHTTP/1.1 404 Gone Fishing\r\n\
    content-length: 12\r\nX-Odd:  two words \r\nset-cookie: a=1\r\nset-cookie: b=2\r\n\r\n";

#[test]
fn a_head_in_pieces_is_the_head_as_a_whole() {
    let show = |answer: &Answer| format!("{:?} {:?}", answer.head, answer.body);
    let whole = read(WHOLE, Asked::Any).expect("a head").expect("whole");
    assert_eq!(whole.head.status(), 404);
    assert_eq!(whole.head.headers()["x-odd"], "two words");
    let mut buffer = BytesMut::new();
    for (at, byte) in WHOLE.bytes().enumerate() {
        buffer.extend_from_slice(&[byte]);
        let is_last = at + 1 == WHOLE.len();
        match take(&mut buffer, Asked::Any).expect("valid") {
            Some(answer) => {
                assert!(is_last);
                assert_eq!(show(&answer), show(&whole));
            }
            None => assert!(!is_last),
        }
    }
}

#[test]
fn a_head_in_pieces_is_looked_at_again_when_it_may_have_ended() {
    for (text, from, expected) in [
        ("a\r\n\r\n", 1, true),
        ("a\r\n\r\n", 4, true),
        ("a\n\n", 2, true),
        ("a\r\n\n", 3, true),
        ("a\r\nb\r\n", 3, false),
        ("a\r\n\r", 3, false),
        // Before `from` there is none, or it would have been seen.
        ("a\r\n\r\nbcdef", 8, false),
    ] {
        assert_eq!(may_end(text.as_bytes(), from), expected, "{text:?}");
    }
    assert!(may_end(&vec![b'y'; HEAD_BYTES_MAX], HEAD_BYTES_MAX - 1));
}

proptest::proptest! {
    /// Whatever is cut off, changed or sent instead: an answer, an error or patience.
    #[test]
    fn foreign_bytes_are_never_more_than_an_error(
        at in 0..WHOLE.len(),
        instead in proptest::collection::vec(proptest::num::u8::ANY, 0..40),
    ) {
        let mut bytes = WHOLE.as_bytes()[..at].to_vec();
        bytes.extend_from_slice(&instead);
        bytes.extend_from_slice(&WHOLE.as_bytes()[at..]);
        if let Ok(Some(answer)) = take(&mut BytesMut::from(&bytes[..]), Asked::Any) {
            proptest::prop_assert!(answer.head.headers().len() <= FIELDS_MAX);
            proptest::prop_assert!(100 <= answer.head.status().as_u16());
        }
    }
}

#[test]
fn what_is_for_everybody_is_kept_though_a_connection_lists_it_rfc_9110_7_6_1() {
    let head = "HTTP/1.1 200 OK\r\nconnection: Cache-Control, vary,x-hop, content-length\r\n\
                cache-control: no-store\r\nvary: *\r\nx-hop: 1\r\ncontent-length: 0\r\n\
                connection: Trunkline-Cache-Control, set-cookie, expires\r\n\
                trunkline-cache-control: no-store\r\nset-cookie: a=b\r\nexpires: 0\r\n\r\n";
    let answer = read(head, Asked::Any).unwrap().unwrap();
    let headers = answer.head.headers();
    for name in [
        "cache-control",
        "vary",
        "content-length",
        "trunkline-cache-control",
        "set-cookie",
        "expires",
    ] {
        assert!(headers.contains_key(name), "{name}");
    }
    assert!(!headers.contains_key("x-hop"));
}
