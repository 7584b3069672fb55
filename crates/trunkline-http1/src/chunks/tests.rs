//! Chunked bodies: what they mean in any pieces, what is refused, and what is too much.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::body::Decoder;
use crate::body::tests::{Outcome, decode, pieces};

fn whole(text: &[u8]) -> Outcome {
    decode(Decoder::chunked(Extensions::PassedOver), &[text])
}

#[test]
fn chunks_become_data() {
    for text in [
        "3\r\none\r\n5\r\nthree\r\n0\r\n\r\n",
        "03\r\none\r\n5  \r\nthree\r\n0\r\n\r\n",
        "3;name=value\r\none\r\n5 ;x\r\nthree\r\n000;last\r\n\r\n",
        "8\r\nonethree\r\n0\r\n\r\n",
    ] {
        let outcome = whole(text.as_bytes());
        assert_eq!(outcome.data, b"onethree", "{text}");
        assert_eq!((outcome.end, outcome.trailers), (Ok(true), None), "{text}");
    }
    assert_eq!(whole(b"A\r\n0123456789\r\n0\r\n\r\n").data.len(), 10);
}

#[test]
fn nothing_stands_behind_a_size_where_it_is_refused() {
    let strict = |text: &str| decode(Decoder::chunked(Extensions::Refused), &[text.as_bytes()]);
    let plain = strict("3\r\none\r\n0\r\n\r\n");
    assert_eq!((plain.data.as_slice(), plain.end), (&b"one"[..], Ok(true)));
    for size in ["3 ", "3\t", "3;", "3;a=b", "3 ;a"] {
        let outcome = strict(&format!("{size}\r\none\r\n0\r\n\r\n"));
        let refused = Err(Malformed("its body has chunk extensions"));
        assert_eq!(outcome.end, refused, "{size:?}");
    }
}

#[test]
fn what_follows_the_end_is_left_behind() {
    let outcome = whole(b"1\r\na\r\n0\r\n\r\nHTTP/1.1 200 OK");
    assert_eq!(outcome.rest, b"HTTP/1.1 200 OK");
    assert_eq!(outcome.end, Ok(true));
}

#[test]
fn trailers_are_passed_on() {
    let outcome = whole(b"1\r\na\r\n0\r\nX-Sum: 7\r\nx-sum: 8\r\n\r\nrest");
    let trailers = outcome.trailers.expect("trailers");
    let sums: Vec<_> = trailers.get_all("x-sum").iter().collect();
    assert_eq!(sums, ["7", "8"]);
    assert_eq!((outcome.end, outcome.rest), (Ok(true), b"rest".to_vec()));
}

#[test]
fn a_broken_framing_is_refused() {
    for text in [
        "\r\n",
        "x\r\n",
        "-1\r\n",
        "+1\r\na",
        " 1\r\na",
        "0x1\r\na",
        "1\na\n0\n\n",
        "1\r\na\n0\r\n\r\n",
        "1\r\nab\r\n",
        "1;a\nb\r\na",
        "1 1\r\na",
        "1\rx",
        "1\r\na\rx",
        "00000000000000001\r\na",
        "10000000000000000\r\na",
        "0\r\nx: y\n\r\n",
        "0\r\nx: y\rz\r\n\r\n",
        "0\r\n\n",
        "0\r\nno colon\r\n\r\n",
        "0\r\nx: a\r\n b\r\n\r\n",
    ] {
        assert!(whole(text.as_bytes()).end.is_err(), "{text:?}");
    }
}

#[test]
fn the_largest_size_is_one_that_can_be_counted() {
    let outcome = whole(b"ffffffffffffffff\r\nabc");
    assert_eq!(
        (outcome.data.as_slice(), outcome.end),
        (&b"abc"[..], Ok(false))
    );
}

#[test]
fn what_nobody_reads_has_its_limits() {
    let extension = |length: usize| format!("1;{}\r\na\r\n", "x".repeat(length));
    let half = extension(EXTENSION_BYTES_MAX / 2);
    assert_eq!(whole((half.clone() + &half).as_bytes()).end, Ok(false));
    let more = half.clone() + &half + &extension(1);
    let err = whole(more.as_bytes()).end.expect_err("too much");
    assert_eq!(err.0, "its chunk extensions are larger than 16 KiB");
    let padding = |count: usize| format!("1{}\r\na\r\n0\r\n\r\n", " ".repeat(count));
    assert_eq!(whole(padding(PADDING_BYTES_MAX).as_bytes()).end, Ok(true));
    assert!(
        whole(padding(PADDING_BYTES_MAX + 1).as_bytes())
            .end
            .is_err()
    );
    let large = format!("0\r\nx: {}", "y".repeat(TRAILER_BYTES_MAX));
    let err = whole(large.as_bytes()).end.expect_err("too much");
    assert_eq!(err.0, "its trailers are larger than 16 KiB");
    let many = format!("0\r\n{}\r\n", "x: y\r\n".repeat(FIELDS_MAX + 1));
    assert!(whole(many.as_bytes()).end.is_err());
}

/// A chunked body with `data`, and bytes of it changed.
fn body() -> impl Strategy<Value = Vec<u8>> {
    let chunk = (vec(any::<u8>(), 1..20), ".{0,5}", 0..3_usize);
    let changes = vec((any::<usize>(), any::<u8>()), 0..3);
    let trailers = prop_oneof![Just(""), Just("x-sum: 7\r\n"), Just("a: b\r\nc: d\r\n")];
    (vec(chunk, 0..6), trailers, changes).prop_map(|(chunks, trailers, changes)| {
        let mut bytes = Vec::new();
        for (data, extension, padding) in chunks {
            let size = format!("{:x}{}", data.len(), " ".repeat(padding));
            bytes.extend_from_slice(size.as_bytes());
            if !extension.is_empty() {
                bytes.extend_from_slice(format!(";{extension}").as_bytes());
            }
            bytes.extend_from_slice(b"\r\n");
            bytes.extend_from_slice(&data);
            bytes.extend_from_slice(b"\r\n");
        }
        bytes.extend_from_slice(format!("0\r\n{trailers}\r\nrest").as_bytes());
        for (at, byte) in changes {
            let at = at % bytes.len();
            bytes[at] = byte;
        }
        bytes
    })
}

proptest! {
    #[test]
    fn the_same_bytes_mean_the_same_in_any_pieces(
        bytes in body(),
        cuts in vec(any::<usize>(), 0..12),
    ) {
        let expected = whole(&bytes);
        prop_assert_eq!(&decode(Decoder::chunked(Extensions::PassedOver), &pieces(&bytes, &cuts)), &expected);
        let single: Vec<&[u8]> = bytes.chunks(1).collect();
        prop_assert_eq!(&decode(Decoder::chunked(Extensions::PassedOver), &single), &expected);
    }

    #[test]
    fn data_comes_out_as_it_went_in(chunks in vec(vec(any::<u8>(), 1..40), 0..8)) {
        let mut bytes = Vec::new();
        for chunk in &chunks {
            bytes.extend_from_slice(format!("{:X}\r\n", chunk.len()).as_bytes());
            bytes.extend_from_slice(chunk);
            bytes.extend_from_slice(b"\r\n");
        }
        bytes.extend_from_slice(b"0\r\n\r\n");
        let outcome = whole(&bytes);
        prop_assert_eq!(outcome.data, chunks.concat());
        prop_assert_eq!(outcome.end, Ok(true));
    }
}
