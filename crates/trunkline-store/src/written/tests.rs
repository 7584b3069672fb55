//! Wherever one reads on, it is the same body, and takes little more than its length.

use std::sync::Arc;

use bytes::Bytes;
use proptest::collection::vec;
use proptest::prelude::*;

use super::{MERGED_MAX, Written, joined};
use crate::reader::Begun;
use crate::samples::{address, labels, stored};

fn written() -> Written {
    let labels = Arc::new(labels(address(1)));
    Written::new(Arc::new(Begun::new(stored("de"), labels, None)))
}

proptest! {
    #[test]
    fn readers_read_what_is_written_whenever_they_do(
        lengths in vec(prop_oneof![1..9_usize, 1..6000_usize], 0..20),
        reads in vec(0..20_usize, 0..9),
    ) {
        let mut written = written();
        let (mut whole, mut read) = (Vec::new(), Vec::new());
        for (number, length) in lengths.into_iter().enumerate() {
            let piece: Vec<u8> = (0_u8..=u8::MAX).cycle().skip(number).take(length).collect();
            whole.extend_from_slice(&piece);
            written.push(Bytes::from(piece));
            if reads.contains(&number) {
                while let Some(piece) = written.after(read.len()) {
                    prop_assert!(!piece.is_empty());
                    read.extend_from_slice(&piece);
                }
                prop_assert_eq!(&read, &whole);
            }
        }
        prop_assert_eq!(&joined(&written.pieces()), &whole);
        prop_assert!(written.pieces().len() <= 1 + 2 * whole.len() / MERGED_MAX);
    }
}

#[test]
fn long_pieces_are_not_copied() {
    let mut written = written();
    let long = Bytes::from(vec![b'x'; MERGED_MAX]);
    written.push(Bytes::from("short"));
    written.push(long.clone());
    written.push(Bytes::from("short"));
    assert_eq!(written.after(5).unwrap().as_ptr(), long.as_ptr());
    assert_eq!(written.after(5 + MERGED_MAX).unwrap(), "short");
    assert_eq!(written.after(10 + MERGED_MAX), None);
}
