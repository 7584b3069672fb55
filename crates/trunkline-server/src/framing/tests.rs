//! Which shapes are found, and that the cuts between reads make no difference.

use expect_test::{Expect, expect};
use proptest::prelude::*;

use super::{Framing, Place};

/// What is known after the given bytes came in pieces of these sizes, the last repeated.
fn observe(bytes: &[u8], sizes: &[usize]) -> String {
    let mut framing = Framing::new();
    let mut rest = bytes;
    let mut sizes = sizes.iter().copied();
    let mut size = usize::MAX;
    while !rest.is_empty() {
        size = sizes.next().unwrap_or(size).max(1);
        let (piece, after) = rest.split_at(size.min(rest.len()));
        framing.observe(piece);
        rest = after;
    }
    let found = match framing.finding() {
        Some(finding) => format!("request {}: {:?}", finding.request, finding.shape),
        None => "nothing".to_owned(),
    };
    format!("{found}, {} heads, {:?}", framing.heads(), framing.place())
}

#[track_caller]
fn check(text: &str, expected: Expect) {
    let whole = observe(text.as_bytes(), &[]);
    assert_eq!(whole, observe(text.as_bytes(), &[1]), "byte by byte");
    expected.assert_eq(&whole);
}

#[test]
fn honest_requests_pass() {
    check(
        "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
        expect!["nothing, 1 heads, Between"],
    );
    check(
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3 \r\n\r\nabcGET / HTTP/1.1\r\n\r\n",
        expect!["nothing, 2 heads, Between"],
    );
    check(
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n00A\r\n0123456789\r\n0\r\n\r\nG",
        expect!["nothing, 1 heads, Head"],
    );
    check(
        "POST / HTTP/1.1\r\ntransfer-encoding:chunked\r\n\r\n1\r\na\r\n0\r\nx: y\r\nz:\tw\r\n\r\n",
        expect!["nothing, 1 heads, Between"],
    );
    check(
        "\r\n\r\nGET / HTTP/1.1\r\nX:\r\nY: \t a\r\n\r\n\r\n",
        expect!["nothing, 1 heads, Between"],
    );
    check(
        "POST / HTTP/1.1\r\nContent-Length: 0\r\n\r\n",
        expect!["nothing, 1 heads, Between"],
    );
    check(
        "POST / HTTP/1.1\r\nX-Content-Length: 7\r\nContent-Lengths: 9\r\n\r\n",
        expect!["nothing, 1 heads, Between"],
    );
}

#[test]
fn unfinished_requests_are_known_as_such() {
    check("", expect!["nothing, 0 heads, Between"]);
    check("\r\n", expect!["nothing, 0 heads, Between"]);
    check("GET / HT", expect!["nothing, 0 heads, Head"]);
    check(
        "GET / HTTP/1.1\r\nHost: a\r\n\r",
        expect!["nothing, 0 heads, Head"],
    );
    check(
        "POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nabc",
        expect!["nothing, 1 heads, Body"],
    );
    check(
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n",
        expect!["nothing, 1 heads, Body"],
    );
}

#[test]
fn two_lengths_are_found_in_either_order() {
    check(
        "POST / HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
        expect!["request 0: LengthBesideEncoding, 0 heads, Head"],
    );
    check(
        "POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\ncontent-length: 5\r\n\r\n",
        expect!["request 0: LengthBesideEncoding, 0 heads, Head"],
    );
    check(
        "POST / HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\n",
        expect!["request 0: RepeatedLength, 0 heads, Head"],
    );
}

#[test]
fn lengths_that_are_no_numbers_are_found() {
    for length in ["", "+3", "-1", "3, 3", "3 3", "0x3", "99999999999999999999"] {
        let text = format!("POST / HTTP/1.1\r\nContent-Length: {length}\r\n\r\n");
        check(&text, expect!["request 0: LengthNoNumber, 0 heads, Head"]);
    }
}

#[test]
fn odd_line_ends_are_found() {
    check(
        "GET / HTTP/1.1\nHost: a\n\n",
        expect!["request 0: BareLineFeed, 0 heads, Head"],
    );
    check(
        "GET / HTTP/1.1\r\nHost: a\n\r\n",
        expect!["request 0: BareLineFeed, 0 heads, Head"],
    );
    check(
        "GET / HTTP/1.1\r\nHost: a\r\n\n",
        expect!["request 0: BareLineFeed, 0 heads, Head"],
    );
    check(
        "\nGET / HTTP/1.1\r\n\r\n",
        expect!["request 0: BareLineFeed, 0 heads, Head"],
    );
    check(
        "POST / HTTP/1.1\r\nContent-Length: 3\n\r\nabc",
        expect!["request 0: BareLineFeed, 0 heads, Head"],
    );
    check(
        "GET / HTTP/1.1\r\nA: b\rc\r\n\r\n",
        expect!["request 0: BareCarriageReturn, 0 heads, Head"],
    );
    check(
        "GET / HTTP/1.1\rHost: a\r\n\r\n",
        expect!["request 0: BareCarriageReturn, 0 heads, Head"],
    );
}

#[test]
fn odd_header_lines_are_found() {
    check(
        "GET / HTTP/1.1\r\nA: b\r\n c\r\n\r\n",
        expect!["request 0: FoldedLine, 0 heads, Head"],
    );
    check(
        "GET / HTTP/1.1\r\nContent-Length : 3\r\n\r\n",
        expect!["request 0: SpaceBeforeColon, 0 heads, Head"],
    );
    check(
        "GET / HTTP/1.1\r\nTransfer-Encoding\t: chunked\r\n\r\n",
        expect!["request 0: SpaceBeforeColon, 0 heads, Head"],
    );
    check(
        "GET / HTTP/1.1\r\nNothing\r\n\r\n",
        expect!["request 0: NoColon, 0 heads, Head"],
    );
    check(
        "GET / HTTP/1.1\r\nA: b\0c\r\n\r\n",
        expect!["request 0: ControlCharacter, 0 heads, Head"],
    );
    check(
        "GET /\0 HTTP/1.1\r\n\r\n",
        expect!["request 0: ControlCharacter, 0 heads, Head"],
    );
    check(
        "GET /a#b HTTP/1.1\r\n\r\n",
        expect!["request 0: Fragment, 0 heads, Head"],
    );
}

#[test]
fn odd_chunks_are_found_in_the_request_they_belong_to() {
    let head = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";
    let first = "GET / HTTP/1.1\r\n\r\n";
    check(
        &format!("{first}{head}3;a=b\r\nabc\r\n0\r\n\r\n"),
        expect!["request 1: ChunkExtension, 2 heads, Body"],
    );
    check(
        &format!("{head}3 \r\nabc"),
        expect!["request 0: ChunkExtension, 1 heads, Body"],
    );
    check(
        &format!("{head}\r\n"),
        expect!["request 0: BrokenChunk, 1 heads, Body"],
    );
    check(
        &format!("{head}g\r\n"),
        expect!["request 0: BrokenChunk, 1 heads, Body"],
    );
    check(
        &format!("{head}3\r\nabcd\r\n"),
        expect!["request 0: BrokenChunk, 1 heads, Body"],
    );
    check(
        &format!("{head}3\nabc"),
        expect!["request 0: BareLineFeed, 1 heads, Body"],
    );
    check(
        &format!("{head}ffffffffffffffff\r\n"),
        expect!["request 0: BrokenChunk, 1 heads, Body"],
    );
    check(
        &format!("{head}0\r\nA: b\nC: d\r\n\r\n"),
        expect!["request 0: BareLineFeed, 1 heads, Body"],
    );
    check(
        &format!("{head}0\r\nA: b\r\n c\r\n\r\n"),
        expect!["request 0: FoldedLine, 1 heads, Body"],
    );
}

#[test]
fn what_comes_after_a_finding_is_not_looked_at() {
    check(
        "GET /#a HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\n\r\n",
        expect!["request 0: Fragment, 0 heads, Head"],
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
        let whole = observe(&bytes, &[]);
        prop_assert_eq!(&whole, &observe(&bytes, &sizes));
        prop_assert_eq!(&whole, &observe(&bytes, &[1]));
    }

    #[test]
    fn bodies_are_counted_exactly(length in 0_usize..2000, size in 1_usize..700) {
        let mut bytes = format!("POST / HTTP/1.1\r\nContent-Length: {length}\r\n\r\n").into_bytes();
        bytes.extend(std::iter::repeat_n(b'#', length));
        let mut framing = Framing::new();
        for piece in bytes.chunks(size) {
            framing.observe(piece);
        }
        prop_assert_eq!(framing.place(), Place::Between);
        framing.observe(b"G");
        prop_assert_eq!(framing.place(), Place::Head);
        prop_assert_eq!(framing.finding(), None);
    }
}
