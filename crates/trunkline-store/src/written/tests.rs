//! Wherever one reads on, it is the same body, and takes little more than its length.

use std::sync::Arc;

use bytes::Bytes;
use proptest::collection::vec;
use proptest::prelude::*;

use super::{MERGED_MAX, Written, joined};
use crate::reader::Begun;
use crate::room::Writing;
use crate::samples::{address, labels, stored};

fn written() -> Written {
    let labels = Arc::new(labels(address(1)));
    let head = Arc::new(Begun::new(stored("de"), labels, None));
    Written::new(head, (Arc::<Writing>::default().room(), 0))
}

#[test]
fn what_all_have_read_goes_and_the_rest_is_where_it_was() {
    let writing = Arc::<Writing>::default();
    writing.set_bytes_max(1 << 20);
    let mut written = written();
    let mut room = writing.room();
    assert!(room.grow_to(10));
    written = Written::new(Arc::clone(&written.head), (room, 10));
    let long = Bytes::from(vec![b'x'; MERGED_MAX]);
    for _ in 0..3 {
        assert!(written.has_room_for(long.len()));
        written.push(long.clone());
    }
    let all = 3 * MERGED_MAX;
    assert_eq!(writing.bytes(), all as u64 + 10);
    drop(written.let_go(MERGED_MAX - 1));
    assert_eq!(writing.bytes(), all as u64);
    drop(written.let_go(MERGED_MAX + 1));
    assert_eq!(writing.bytes(), 2 * MERGED_MAX as u64);
    let rest = written.after(MERGED_MAX + 1).unwrap();
    assert_eq!(rest.len(), MERGED_MAX - 1);
    drop(written.let_go(all));
    assert_eq!(writing.bytes(), 0);
    written.push(Bytes::from("end"));
    assert_eq!(written.end(), all + 3);
    assert_eq!(written.after(all).unwrap(), "end");
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
