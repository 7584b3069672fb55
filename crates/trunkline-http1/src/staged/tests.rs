//! Whatever the stream takes at a time, it gets every byte once and in order.

use std::task::Waker;

use proptest::prelude::*;

use super::*;

/// Takes at most so many bytes at a time, from all slices if `is_vectored`.
struct Slow {
    at_once: usize,
    is_vectored: bool,
    taken: Vec<u8>,
    writes: usize,
}

impl AsyncWrite for Slow {
    fn poll_write(
        mut self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let count = bytes.len().min(self.at_once);
        self.taken.extend_from_slice(&bytes[..count]);
        self.writes += 1;
        Poll::Ready(Ok(count))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let bytes: Vec<u8> = if self.is_vectored {
            slices.iter().flat_map(|slice| slice.to_vec()).collect()
        } else {
            let first = slices.iter().find(|slice| !slice.is_empty());
            first.map(|slice| slice.to_vec()).unwrap_or_default()
        };
        self.poll_write(cx, &bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

fn slow(at_once: usize) -> Slow {
    Slow {
        at_once,
        is_vectored: true,
        taken: Vec::new(),
        writes: 0,
    }
}

fn write(staged: &mut Staged, mut slow: Slow) -> Slow {
    let mut cx = Context::from_waker(Waker::noop());
    while !staged.is_empty() {
        let written = staged.poll_write(&mut cx, &mut slow);
        assert!(matches!(written, Poll::Ready(Ok(()))));
    }
    slow
}

fn staged(head: &str, data: Bytes) -> Staged {
    let mut staged = Staged::default();
    staged.gathered().extend_from_slice(head.as_bytes());
    staged.push(data, b"\r\n");
    staged
}

#[test]
fn a_head_and_its_body_go_out_together() {
    for length in [1, COPY_BYTES_MAX, COPY_BYTES_MAX + 1, 1 << 20] {
        let data = Bytes::from(vec![b'x'; length]);
        let slow = write(&mut staged("head", data), slow(usize::MAX));
        assert_eq!((slow.writes, slow.taken.len()), (1, 4 + length + 2));
    }
}

#[test]
fn large_data_must_be_gone_before_more_is_added() {
    let mut staged = staged("head", Bytes::from(vec![b'x'; COPY_BYTES_MAX + 1]));
    assert!(!staged.has_room());
    write(&mut staged, slow(100));
    assert!(staged.has_room());
    staged
        .gathered()
        .extend_from_slice(&[b'x'; GATHERED_BYTES_MAX]);
    assert!(!staged.has_room());
    staged.clear();
    assert!(staged.has_room() && staged.is_empty());
}

#[test]
fn a_stream_that_takes_nothing_is_an_error() {
    let mut slow = slow(0);
    let mut cx = Context::from_waker(Waker::noop());
    let written = staged("head", Bytes::new()).poll_write(&mut cx, &mut slow);
    let Poll::Ready(Err(err)) = written else {
        panic!("nothing was taken");
    };
    assert_eq!(err.kind(), io::ErrorKind::WriteZero);
}

proptest! {
    #[test]
    fn every_byte_arrives_once_and_in_order(
        head in "[a-z]{0,20}",
        length in 0..3 * COPY_BYTES_MAX,
        at_once in 1..2 * COPY_BYTES_MAX,
        is_vectored: bool,
    ) {
        let data: Vec<u8> = (0..=u8::MAX).cycle().take(length).collect();
        let expected = [head.as_bytes(), &data, b"\r\n"].concat();
        let slow = Slow { is_vectored, ..slow(at_once) };
        let slow = write(&mut staged(&head, Bytes::from(data)), slow);
        prop_assert_eq!(slow.taken, expected);
    }
}
