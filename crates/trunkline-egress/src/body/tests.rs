//! Sizes that connections frame by, and bodies that are sent again.

use std::sync::Arc;
use std::task::{Wake, Waker};

use futures_util::stream;
use http::{HeaderMap, HeaderValue};
use http_body::Body as _;
use http_body_util::{BodyExt as _, StreamBody};
use proptest::prelude::*;

use super::*;
use crate::clock::Clock;

type Piece = Result<Frame<Bytes>, BodyError>;

#[expect(clippy::unnecessary_wraps, reason = "a piece is a frame or an error")]
fn data(text: &str) -> Piece {
    Ok(Frame::data(Bytes::copy_from_slice(text.as_bytes())))
}

#[expect(clippy::unnecessary_wraps, reason = "a piece is a frame or an error")]
fn trailers() -> Piece {
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-status", HeaderValue::from_static("0"));
    Ok(Frame::trailers(trailers))
}

fn broken() -> Piece {
    Err(BodyError::Source("the disk is gone".into()))
}

fn source(pieces: Vec<Piece>) -> Body {
    Body::stream(StreamBody::new(stream::iter(pieces)))
}

/// Reads to the end: the bytes, `+trailers` if there were any, `!` and the error if it failed.
async fn read(body: &mut Body) -> String {
    let mut text = String::new();
    while let Some(frame) = body.frame().await {
        match frame {
            Ok(frame) => match frame.into_data() {
                Ok(bytes) => text.push_str(std::str::from_utf8(&bytes).expect("text")),
                Err(_) => text.push_str("+trailers"),
            },
            Err(err) => {
                text.push('!');
                text.push_str(&err.to_string());
                break;
            }
        }
    }
    text
}

async fn next(body: &mut Body) -> String {
    let frame = body.frame().await.expect("a frame").expect("no error");
    String::from_utf8(frame.into_data().expect("data").to_vec()).expect("text")
}

#[test]
fn nothing_to_send_is_an_empty_body() {
    for body in [
        Body::default(),
        Body::from(Vec::new()),
        Body::from(Bytes::new()),
    ] {
        assert!(matches!(body, Body::Empty));
        assert!(body.is_end_stream());
        assert_eq!(body.size_hint().exact(), Some(0));
    }
}

#[tokio::test]
async fn bytes_know_their_length_and_are_one_frame() {
    let mut body = Body::from(b"hello".to_vec());
    assert_eq!(body.size_hint().exact(), Some(5));
    assert!(!body.is_end_stream());
    assert_eq!(next(&mut body).await, "hello");
    assert!(body.is_end_stream());
    assert!(body.frame().await.is_none());
}

#[test]
fn debug_never_shows_the_bytes() {
    let body = Body::from(b"secret".to_vec());
    assert_eq!(format!("{body:?}"), "Full(6 bytes)");
    let replayable = Replayable::new(source(vec![data("secret")]), 100);
    assert!(!format!("{replayable:?}").contains("secret"));
}

#[tokio::test]
async fn bodies_that_are_all_there_replay_without_end() {
    for (body, text) in [(Body::Empty, ""), (Body::from(b"hello".to_vec()), "hello")] {
        let mut replayable = Replayable::new(body, 0);
        for _ in 0..3 {
            let mut attempt = replayable.attempt().expect("an attempt");
            assert!(!matches!(attempt, Body::Replay(_)));
            assert_eq!(read(&mut attempt).await, text);
        }
    }
}

#[tokio::test]
async fn a_stream_is_sent_again_from_its_beginning() {
    let pieces = vec![data("one "), data("two "), data("three"), trailers()];
    let mut replayable = Replayable::new(source(pieces), 100);
    for _ in 0..3 {
        let mut attempt = replayable.attempt().expect("an attempt");
        assert_eq!(read(&mut attempt).await, "one two three+trailers");
        assert!(attempt.is_end_stream());
        assert!(attempt.frame().await.is_none());
    }
}

#[tokio::test]
async fn a_later_attempt_goes_on_where_the_source_was_left() {
    let mut replayable =
        Replayable::new(source(vec![data("one "), data("two "), data("three")]), 100);
    let mut first = replayable.attempt().expect("an attempt");
    assert_eq!(next(&mut first).await, "one ");
    drop(first);
    let mut second = replayable.attempt().expect("an attempt");
    assert_eq!(next(&mut second).await, "one ");
    assert_eq!(next(&mut second).await, "two ");
    drop(second);
    let mut third = replayable.attempt().expect("an attempt");
    assert_eq!(read(&mut third).await, "one two three");
}

#[tokio::test]
async fn beyond_its_limit_a_stream_is_sent_once_only() {
    let mut replayable = Replayable::new(source(vec![data("12345"), data("6"), data("78")]), 5);
    let mut first = replayable.attempt().expect("an attempt");
    assert_eq!(next(&mut first).await, "12345");
    assert!(replayable.can_attempt());
    assert_eq!(next(&mut first).await, "6");
    assert!(!replayable.can_attempt());
    assert!(replayable.attempt().is_none());
    // The attempt that went beyond it is not disturbed.
    assert_eq!(read(&mut first).await, "78");
    assert!(first.is_end_stream());
    assert!(replayable.attempt().is_none());
}

#[tokio::test]
async fn a_long_body_may_be_tried_again_as_long_as_nothing_was_taken() {
    let mut replayable = Replayable::new(source(vec![data("123456")]), 5);
    drop(replayable.attempt().expect("an attempt"));
    let mut second = replayable.attempt().expect("an attempt");
    assert_eq!(read(&mut second).await, "123456");
    assert!(replayable.attempt().is_none());
}

#[tokio::test]
async fn a_source_that_breaks_cannot_be_sent_again() {
    let mut replayable = Replayable::new(source(vec![data("one "), broken()]), 100);
    let mut first = replayable.attempt().expect("an attempt");
    assert_eq!(read(&mut first).await, "one !the disk is gone");
    assert!(replayable.attempt().is_none());
}

#[tokio::test]
async fn an_attempt_that_was_overtaken_is_cut_off() {
    let mut replayable = Replayable::new(source(vec![data("one "), data("two")]), 100);
    let mut first = replayable.attempt().expect("an attempt");
    assert_eq!(next(&mut first).await, "one ");
    let mut second = replayable.attempt().expect("an attempt");
    assert!(matches!(first.frame().await, Some(Err(BodyError::CutOff))));
    assert_eq!(read(&mut second).await, "one two");
}

#[derive(Default)]
struct Flag(std::sync::atomic::AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, std::sync::atomic::Ordering::Relaxed);
    }
}

impl Flag {
    fn poll(self: &Arc<Self>, body: &mut (impl http_body::Body + Unpin)) -> bool {
        let waker = Waker::from(Arc::clone(self));
        Pin::new(body)
            .poll_frame(&mut Context::from_waker(&waker))
            .is_ready()
    }

    fn is_woken(&self) -> bool {
        self.0.load(std::sync::atomic::Ordering::Relaxed)
    }
}

/// What a body is as a whole, gathered where it must be; it is read twice.
async fn gathered(body: Body, bytes_max: usize) -> String {
    let mut replayable = Replayable::new(body, 0);
    if let Err(err) = replayable.gather(bytes_max).await {
        let is_too_large = matches!(err, GatherError::TooLarge(_));
        assert_eq!(replayable.can_attempt(), is_too_large);
        if is_too_large {
            let mut attempt = replayable.attempt().expect("it can be sent");
            let read = read(&mut attempt).await;
            return format!("!{err}, and {read} goes");
        }
        return format!("!{err}");
    }
    let whole = replayable.whole().expect("it is all there").to_vec();
    let whole = String::from_utf8(whole).expect("text");
    for _ in 0..2 {
        let mut attempt = replayable.attempt().expect("it can be sent");
        assert_eq!(attempt.size_hint().exact(), Some(whole.len() as u64));
        assert_eq!(read(&mut attempt).await, whole);
    }
    whole
}

#[tokio::test]
async fn a_stream_can_be_had_as_a_whole_up_to_a_limit() {
    let pieces = || source(vec![data("ab"), data(""), data("cd"), trailers()]);
    assert!(Replayable::new(pieces(), 100).whole().is_none());
    assert_eq!(gathered(pieces(), 4).await, "abcd");
    let too_large = "!the body is larger than 3 bytes, and abcd+trailers goes";
    assert_eq!(gathered(pieces(), 3).await, too_large);
    assert_eq!(gathered(source(vec![]), 0).await, "");
    assert_eq!(gathered(source(vec![trailers()]), 0).await, "");
    // What is there already has no limit.
    assert_eq!(gathered(Body::from(b"abcd".to_vec()), 3).await, "abcd");
    assert_eq!(gathered(Body::Empty, 0).await, "");
    let broken = gathered(source(vec![data("ab"), broken()]), 100).await;
    assert_eq!(broken, "!the disk is gone");
}

#[tokio::test]
async fn of_a_body_that_says_it_is_too_long_nothing_is_read() {
    let announced = http_body_util::Full::new(Bytes::from_static(b"abcd"));
    let announced = announced.map_err(|never| -> BodyError { match never {} });
    let mut replayable = Replayable::new(Body::stream(announced), 0);
    let refused = replayable.gather(3).await;
    assert!(matches!(refused, Err(GatherError::TooLarge(3))));
}

#[test]
fn what_was_not_gathered_to_its_end_is_not_sent_as_if_it_were() {
    let mut replayable = Replayable::new(endless(), 100);
    {
        let mut gathering = std::pin::pin!(replayable.gather(100));
        let polled = gathering
            .as_mut()
            .poll(&mut Context::from_waker(Waker::noop()));
        assert!(polled.is_pending());
    }
    assert!(replayable.whole().is_none());
    assert!(replayable.attempt().is_none());
}

fn endless() -> Body {
    Body::stream(StreamBody::new(stream::pending::<Piece>()))
}

#[test]
fn an_attempt_that_waits_for_the_source_is_woken_when_it_is_overtaken() {
    let mut replayable = Replayable::new(endless(), 100);
    let mut first = replayable.attempt().expect("an attempt");
    let flag = Arc::new(Flag::default());
    assert!(!flag.poll(&mut first));
    drop(replayable.attempt());
    assert!(flag.is_woken());
    assert!(flag.poll(&mut first));
}

#[test]
fn an_upload_that_waits_for_its_source_is_woken_when_it_is_cut() {
    let (clock, manual) = Clock::manual();
    let mut outgoing = Outgoing::new(endless(), &clock);
    let upload = outgoing.upload().expect("a stream has one");
    let flag = Arc::new(Flag::default());
    assert!(!flag.poll(&mut outgoing));
    let later = clock.now() + std::time::Duration::from_mins(1);
    assert_eq!(upload.waits_for_upstream_since(later), later);
    upload.cut();
    assert!(flag.is_woken());
    assert!(flag.poll(&mut outgoing));
    assert!(!upload.is_over());
    drop(outgoing);
    assert!(upload.is_over());
    drop(manual);
}

#[tokio::test]
async fn an_upload_notes_when_each_frame_was_taken() {
    let (clock, manual) = Clock::manual();
    let start = clock.now();
    let mut outgoing = Outgoing::new(source(vec![data("one"), data("two"), broken()]), &clock);
    let upload = outgoing.upload().expect("a stream has one");
    let later = start + std::time::Duration::from_mins(1);
    assert_eq!(upload.waits_for_upstream_since(later), start);
    for seconds in [7, 5] {
        manual.advance(std::time::Duration::from_secs(seconds));
        outgoing.frame().await.expect("a frame").expect("no error");
        assert_eq!(upload.waits_for_upstream_since(later), clock.now());
    }
    assert!(!upload.has_failed());
    assert!(outgoing.frame().await.expect("a frame").is_err());
    assert!(upload.has_failed());
    assert!(
        Outgoing::new(Body::from(b"x".to_vec()), &clock)
            .upload()
            .is_none()
    );
    assert!(Outgoing::new(Body::Empty, &clock).upload().is_none());
}

/// Gives `left` bytes, one at a time, and knows how many are left.
struct Known {
    left: u64,
}

impl http_body::Body for Known {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(mut self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<Option<Piece>> {
        if self.left == 0 {
            return Poll::Ready(None);
        }
        self.left -= 1;
        Poll::Ready(Some(data("x")))
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}

proptest! {
    /// `Content-Length` is written from the hint: it must be right at every moment of every
    /// attempt, wherever the attempts before were broken off.
    #[test]
    fn the_size_hint_of_each_attempt_is_exact(
        length in 0_u64..20,
        stops in proptest::collection::vec(0_usize..25, 1..5),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        runtime.block_on(async {
            let mut replayable = Replayable::new(Body::stream(Known { left: length }), 1000);
            for stop in stops {
                let mut attempt = replayable.attempt().expect("an attempt");
                let mut left = length;
                for _ in 0..stop {
                    assert_eq!(attempt.size_hint().exact(), Some(left));
                    assert_eq!(attempt.is_end_stream(), left == 0);
                    if attempt.frame().await.is_none() {
                        break;
                    }
                    left -= 1;
                }
            }
        });
    }
}
