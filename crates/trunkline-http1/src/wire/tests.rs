//! Reads grow with what arrives, and shrink again.

use super::*;

const READ_BYTES_MIN: usize = 8 * 1024;

/// The room after reads that gave so many bytes each, of the room they had.
fn after(reads: &[usize]) -> usize {
    let mut room = Room::new(READ_BYTES_MIN);
    for count in reads {
        let spare = room.bytes;
        room.adapt((*count).min(spare), spare);
    }
    room.bytes
}

#[tokio::test]
async fn what_has_grown_is_given_back() {
    let text = vec![b'a'; 100_000];
    let mut wire = Wire::new(text.as_slice(), 16);
    while wire.buffer.len() < text.len() {
        let read = std::future::poll_fn(|cx| wire.poll_read(cx)).await;
        assert!(read.is_ok_and(|count| count > 0));
    }
    wire.rest();
    assert_eq!(wire.buffer.len(), text.len(), "it is not used yet");
    wire.buffer.clear();
    wire.rest();
    assert_eq!((wire.buffer.capacity(), wire.room.bytes), (0, 16));
}

#[test]
fn room_follows_what_arrives() {
    assert_eq!(after(&[]), READ_BYTES_MIN);
    assert_eq!(after(&[100, 100, 100]), READ_BYTES_MIN);
    assert_eq!(after(&[usize::MAX]), 2 * READ_BYTES_MIN);
    assert_eq!(after(&[usize::MAX; 20]), READ_BYTES_MAX);
    // One small read may be the end of a large body.
    let grown = [usize::MAX, usize::MAX];
    assert_eq!(after(&[&grown[..], &[100]].concat()), 4 * READ_BYTES_MIN);
    assert_eq!(
        after(&[&grown[..], &[100, 100]].concat()),
        2 * READ_BYTES_MIN
    );
    let between = [&grown[..], &[100, 3 * READ_BYTES_MIN, 100]].concat();
    assert_eq!(after(&between), 4 * READ_BYTES_MIN);
}
