//! Which heads are taken and which refused, and that the cuts between reads make no difference.

use bytes::{Buf as _, BytesMut};
use expect_test::{Expect, expect};
use proptest::prelude::*;
use trunkline_http1::body::{Decoded, Decoder};

use super::*;

/// What is read of the given bytes if they come in pieces of these sizes, the last repeated: heads
/// one after the other, with their bodies, as a connection would.
fn read(bytes: &[u8], sizes: &[usize]) -> String {
    let mut scan = Scan::new();
    let mut body = Decoder::length(0);
    let mut buffer = BytesMut::new();
    let mut heads = 0;
    let mut rest = bytes;
    let mut sizes = sizes.iter().copied();
    let mut size = usize::MAX;
    while !rest.is_empty() {
        size = sizes.next().unwrap_or(size).max(1);
        let (piece, after) = rest.split_at(size.min(rest.len()));
        buffer.extend_from_slice(piece);
        rest = after;
        loop {
            match body.decode(&mut buffer) {
                Ok(Decoded::Data(_) | Decoded::Trailers(_)) => continue,
                Ok(Decoded::More) => break,
                Ok(Decoded::End) => {}
                Err(Malformed(what)) => return format!("{heads} heads, then a body: {what}"),
            }
            match scan.find_end(&buffer) {
                Ok(None) => break,
                Ok(Some(found)) => {
                    heads += 1;
                    body = found.body;
                    buffer.advance(found.bytes);
                }
                Err(Malformed(what)) => return format!("{heads} heads, then a head: {what}"),
            }
        }
    }
    let place = match (body.has_ended(), scan.has_begun()) {
        (false, _) => "in a body",
        (true, true) => "in a head",
        (true, false) => "between",
    };
    format!("{heads} heads, {place}")
}

#[track_caller]
fn check(text: &str, expected: Expect) {
    let whole = read(text.as_bytes(), &[]);
    assert_eq!(whole, read(text.as_bytes(), &[1]), "byte by byte");
    expected.assert_eq(&whole);
}

#[test]
fn honest_requests_pass() {
    check(
        "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
        expect!["1 heads, between"],
    );
    check(
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3 \r\n\r\nabcGET / HTTP/1.1\r\n\r\n",
        expect!["2 heads, between"],
    );
    check(
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n00A\r\n0123456789\r\n0\r\n\r\nG",
        expect!["1 heads, in a head"],
    );
    check(
        "POST / HTTP/1.1\r\ntransfer-encoding:chunked\r\n\r\n1\r\na\r\n0\r\nx: y\r\nz:\tw\r\n\r\n",
        expect!["1 heads, between"],
    );
    check(
        "\r\n\r\nGET / HTTP/1.1\r\nX:\r\nY: \t a\r\n\r\n\r\n",
        expect!["1 heads, between"],
    );
    check(
        "POST / HTTP/1.1\r\nContent-Length: 0\r\n\r\n",
        expect!["1 heads, between"],
    );
    check(
        "POST / HTTP/1.1\r\nX-Content-Length: 7\r\nContent-Lengths: 9\r\n\r\n",
        expect!["1 heads, between"],
    );
}

#[test]
fn unfinished_requests_are_known_as_such() {
    check("", expect!["0 heads, between"]);
    check("\r\n", expect!["0 heads, between"]);
    check("GET / HT", expect!["0 heads, in a head"]);
    check(
        "GET / HTTP/1.1\r\nHost: a\r\n\r",
        expect!["0 heads, in a head"],
    );
    check(
        "POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nabc",
        expect!["1 heads, in a body"],
    );
    check(
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n",
        expect!["1 heads, in a body"],
    );
}

#[test]
fn two_lengths_are_found_in_either_order() {
    check(
        "POST / HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
        expect!["0 heads, then a head: it has a `Content-Length` beside a `Transfer-Encoding`"],
    );
    check(
        "POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\ncontent-length: 5\r\n\r\n",
        expect!["0 heads, then a head: it has a `Content-Length` beside a `Transfer-Encoding`"],
    );
    check(
        "POST / HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\n",
        expect!["0 heads, then a head: it has more than one `Content-Length`"],
    );
}

#[test]
fn lengths_that_are_no_numbers_are_found() {
    for length in ["", "+3", "-1", "3, 3", "3 3", "0x3", "99999999999999999999"] {
        let text = format!("POST / HTTP/1.1\r\nContent-Length: {length}\r\n\r\n");
        check(
            &text,
            expect!["0 heads, then a head: its `Content-Length` is no number"],
        );
    }
}

#[test]
fn odd_line_ends_are_found() {
    check(
        "GET / HTTP/1.1\nHost: a\n\n",
        expect!["0 heads, then a head: one of its lines ends in LF without CR"],
    );
    check(
        "GET / HTTP/1.1\r\nHost: a\n\r\n",
        expect!["0 heads, then a head: one of its lines ends in LF without CR"],
    );
    check(
        "GET / HTTP/1.1\r\nHost: a\r\n\n",
        expect!["0 heads, then a head: one of its lines ends in LF without CR"],
    );
    check(
        "\nGET / HTTP/1.1\r\n\r\n",
        expect!["0 heads, then a head: one of its lines ends in LF without CR"],
    );
    check(
        "POST / HTTP/1.1\r\nContent-Length: 3\n\r\nabc",
        expect!["0 heads, then a head: one of its lines ends in LF without CR"],
    );
    check(
        "GET / HTTP/1.1\r\nA: b\rc\r\n\r\n",
        expect!["0 heads, then a head: it has a CR without LF"],
    );
    check(
        "GET / HTTP/1.1\rHost: a\r\n\r\n",
        expect!["0 heads, then a head: it has a CR without LF"],
    );
}

#[test]
fn odd_header_lines_are_found() {
    check(
        "GET / HTTP/1.1\r\nA: b\r\n c\r\n\r\n",
        expect!["0 heads, then a head: one of its headers is continued on the next line"],
    );
    check(
        "GET / HTTP/1.1\r\nContent-Length : 3\r\n\r\n",
        expect!["0 heads, then a head: it has white space before a header's colon"],
    );
    check(
        "GET / HTTP/1.1\r\nTransfer-Encoding\t: chunked\r\n\r\n",
        expect!["0 heads, then a head: it has white space before a header's colon"],
    );
    check(
        "GET / HTTP/1.1\r\nNothing\r\n\r\n",
        expect!["0 heads, then a head: one of its header lines has no colon"],
    );
    check(
        "GET / HTTP/1.1\r\nA: b\0c\r\n\r\n",
        expect!["0 heads, then a head: its head has a control character"],
    );
    check(
        "GET /\0 HTTP/1.1\r\n\r\n",
        expect!["0 heads, then a head: its head has a control character"],
    );
    check(
        "GET /a#b HTTP/1.1\r\n\r\n",
        expect!["0 heads, then a head: its target has a fragment (`#`)"],
    );
}

#[test]
fn odd_chunks_are_found() {
    let head = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";
    let first = "GET / HTTP/1.1\r\n\r\n";
    check(
        &format!("{first}{head}3;a=b\r\nabc\r\n0\r\n\r\n"),
        expect!["2 heads, then a body: its body has chunk extensions"],
    );
    check(
        &format!("{head}3 \r\nabc"),
        expect!["1 heads, then a body: its body has chunk extensions"],
    );
    check(
        &format!("{head}\r\n"),
        expect!["1 heads, then a body: a chunk has no size"],
    );
    check(
        &format!("{head}g\r\n"),
        expect!["1 heads, then a body: a chunk has no size"],
    );
    check(
        &format!("{head}3\r\nabcd\r\n"),
        expect!["1 heads, then a body: a chunk is not as long as it says"],
    );
    check(
        &format!("{head}3\nabc"),
        expect!["1 heads, then a body: the size of a chunk cannot be read"],
    );
    check(
        &format!("{head}ffffffffffffffff\r\n"),
        expect!["1 heads, in a body"],
    );
    check(
        &format!("{head}0\r\nA: b\nC: d\r\n\r\n"),
        expect!["1 heads, then a body: a trailer's line does not end as it must"],
    );
    check(
        &format!("{head}0\r\nA: b\r\n c\r\n\r\n"),
        expect!["1 heads, then a body: it has a header with an impossible name"],
    );
}

/// Pieces that requests are made of, good and bad, so that random texts get far.
fn piece() -> impl Strategy<Value = Vec<u8>> {
    let known = prop::sample::select(vec![
        "GET / HTTP/1.1\r\n",
        "POST /a?b HTTP/1.1\r\n",
        "Host: a\r\n",
        "Content-Length: 3\r\n",
        "Content-Length: 12\r\n",
        "Transfer-Encoding: chunked\r\n",
        "\r\n",
        "\n",
        "\r",
        "abc",
        "3\r\n",
        "a\r\n",
        "0\r\n",
        ";x",
        " ",
        "\t",
        ":",
        "#",
        "\0",
        "X-Long-Header-Name-Indeed: value\r\n",
    ]);
    prop_oneof![
        8 => known.prop_map(|text| text.as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 0..4),
    ]
}

proptest! {
    #[test]
    fn cuts_between_reads_make_no_difference(
        pieces in prop::collection::vec(piece(), 0..24),
        sizes in prop::collection::vec(1_usize..20, 1..8),
    ) {
        let bytes = pieces.concat();
        let whole = read(&bytes, &[]);
        prop_assert_eq!(&whole, &read(&bytes, &sizes));
        prop_assert_eq!(&whole, &read(&bytes, &[1]));
    }

    #[test]
    fn bodies_are_counted_exactly(length in 0_usize..2000, size in 1_usize..700) {
        let mut bytes = format!("POST / HTTP/1.1\r\nContent-Length: {length}\r\n\r\n").into_bytes();
        bytes.extend(std::iter::repeat_n(b'#', length));
        prop_assert_eq!(read(&bytes, &[size]), "1 heads, between");
        bytes.push(b'G');
        prop_assert_eq!(read(&bytes, &[size]), "1 heads, in a head");
    }
}
