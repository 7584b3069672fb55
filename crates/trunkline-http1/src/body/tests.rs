//! Bodies as wholes and in pieces: the same bytes mean the same, however they arrive.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

/// What came of a body.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) data: Vec<u8>,
    pub(crate) trailers: Option<HeaderMap>,
    pub(crate) end: Result<bool, Malformed>,
    /// What was left behind.
    pub(crate) rest: Vec<u8>,
}

/// Decodes `pieces`, as they would be read one by one, and then the close.
pub(crate) fn decode(mut decoder: Decoder, pieces: &[&[u8]]) -> Outcome {
    let mut outcome = Outcome {
        data: Vec::new(),
        trailers: None,
        end: Ok(false),
        rest: Vec::new(),
    };
    let mut buffer = BytesMut::new();
    for piece in pieces {
        buffer.extend_from_slice(piece);
        loop {
            match decoder.decode(&mut buffer) {
                Ok(Decoded::Data(data)) => {
                    assert!(!data.is_empty());
                    outcome.data.extend_from_slice(&data);
                }
                Ok(Decoded::Trailers(trailers)) => outcome.trailers = Some(trailers),
                Ok(Decoded::More) => break,
                Ok(Decoded::End) => {
                    assert!(decoder.has_ended());
                    break;
                }
                Err(err) => {
                    outcome.end = Err(err);
                    return outcome;
                }
            }
        }
    }
    outcome.end = Ok(decoder.close());
    outcome.rest = buffer.to_vec();
    outcome
}

/// `bytes`, cut at each of `cuts`.
pub(crate) fn pieces<'a>(bytes: &'a [u8], cuts: &[usize]) -> Vec<&'a [u8]> {
    let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut % (bytes.len() + 1)).collect();
    cuts.sort_unstable();
    let mut pieces = Vec::new();
    let mut from = 0;
    for cut in cuts.into_iter().chain([bytes.len()]) {
        pieces.push(&bytes[from..cut]);
        from = cut;
    }
    pieces
}

#[test]
fn a_length_is_kept_to_the_byte() {
    let whole = decode(Decoder::length(5), &[b"he", b"llo, world"]);
    assert_eq!(whole.data, b"hello");
    assert_eq!(whole.end, Ok(true));
    assert_eq!(whole.rest, b", world");
    let cut = decode(Decoder::length(5), &[b"hell"]);
    assert_eq!((cut.data.as_slice(), cut.end), (&b"hell"[..], Ok(false)));
}

#[test]
fn only_a_body_without_a_framing_ends_with_the_connection() {
    let whole = decode(Decoder::UntilClose, &[b"one", b"two"]);
    assert_eq!(
        (whole.data.as_slice(), whole.end),
        (&b"onetwo"[..], Ok(true))
    );
    assert_eq!(
        decode(Decoder::chunked(Extensions::PassedOver), &[]).end,
        Ok(false)
    );
    assert_eq!(decode(Decoder::length(1), &[]).end, Ok(false));
    assert_eq!(decode(Decoder::length(0), &[]).end, Ok(true));
}

#[test]
fn the_size_that_is_left_is_known_for_a_length_only() {
    let mut decoder = Decoder::length(5);
    assert_eq!(decoder.size_hint().exact(), Some(5));
    let data = decoder.decode(&mut BytesMut::from("abc"));
    assert_eq!(data, Ok(Decoded::Data(Bytes::from_static(b"abc"))));
    assert_eq!(decoder.size_hint().exact(), Some(2));
    assert_eq!(Decoder::length(0).size_hint().exact(), Some(0));
    assert_eq!(
        Decoder::chunked(Extensions::PassedOver).size_hint().exact(),
        None
    );
    assert_eq!(Decoder::UntilClose.size_hint().exact(), None);
}

#[test]
fn frames_are_parts_of_what_was_read_and_no_copies() {
    let mut buffer = BytesMut::from("hello, world");
    let start = buffer.as_ptr();
    let Ok(Decoded::Data(data)) = Decoder::length(5).decode(&mut buffer) else {
        panic!("there is data");
    };
    assert_eq!(data.as_ptr(), start);
}

proptest! {
    #[test]
    fn a_length_means_the_same_in_any_pieces(
        bytes in vec(any::<u8>(), 0..100),
        length in 0..120_u64,
        cuts in vec(any::<usize>(), 0..8),
    ) {
        let whole = decode(Decoder::length(length), &[&bytes]);
        let cut = decode(Decoder::length(length), &pieces(&bytes, &cuts));
        prop_assert_eq!(&cut, &whole);
        let taken = bytes.len().min(usize::try_from(length).expect("small"));
        prop_assert_eq!(&cut.data[..], &bytes[..taken]);
        prop_assert_eq!(&cut.rest[..], &bytes[taken..]);
    }
}
