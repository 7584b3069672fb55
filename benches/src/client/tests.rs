//! Streams are heard to their end, in whatever pieces they come.

use super::hear;

const STREAM: &[u8] = b"5\r\n~one\n\r\n5\r\n~two\n\r\n0\r\n\r\n";

#[test]
fn events_count_once_in_whatever_pieces_they_come() {
    for size in 1..=STREAM.len() {
        let (mut ahead, mut heard, mut ends) = (Vec::new(), 0, 0);
        for piece in STREAM.chunks(size) {
            ahead.extend_from_slice(piece);
            let (more, is_over) = hear(&mut ahead);
            heard += more;
            ends += u32::from(is_over);
        }
        assert_eq!((heard, ends), (2, 1), "in pieces of {size}");
        assert!(ahead.is_empty());
    }
}

#[test]
fn a_stream_that_is_cut_off_has_no_end() {
    let mut ahead = STREAM[..STREAM.len() - 1].to_vec();
    assert!(!hear(&mut ahead).1);
}
