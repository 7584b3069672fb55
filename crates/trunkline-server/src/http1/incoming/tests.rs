//! That a body passes its pipe piece by piece, and that every end shows on the other side.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Wake;

use http_body_util::BodyExt as _;

use super::*;

fn cx() -> Context<'static> {
    Context::from_waker(Waker::noop())
}

fn next(incoming: &mut Incoming) -> Poll<Option<Result<Bytes, String>>> {
    let polled = Pin::new(incoming).poll_frame(&mut cx());
    polled.map(|frame| {
        frame.map(|frame| match frame {
            Ok(frame) => Ok(frame.into_data().unwrap_or_default()),
            Err(BodyError::Caller(err)) => Err(err.to_string()),
            Err(other) => panic!("not of the caller: {other}"),
        })
    })
}

fn piece(text: &'static str) -> Bytes {
    Bytes::from_static(text.as_bytes())
}

#[test]
fn nothing_is_read_before_it_is_wanted() {
    let (giver, mut incoming) = pipe(None);
    assert!(giver.poll_wish(&cx()).is_pending());
    assert!(next(&mut incoming).is_pending());
    assert_eq!(giver.poll_wish(&cx()), Poll::Ready(Wish::More));
    giver.give(piece("one"));
    assert!(giver.poll_wish(&cx()).is_pending(), "one at a time");
    assert_eq!(next(&mut incoming), Poll::Ready(Some(Ok(piece("one")))));
    assert!(giver.poll_wish(&cx()).is_pending(), "it may be enough");
    assert!(next(&mut incoming).is_pending());
    giver.give(piece("two"));
    giver.end();
    assert!(!incoming.is_end_stream());
    assert_eq!(next(&mut incoming), Poll::Ready(Some(Ok(piece("two")))));
    assert!(incoming.is_end_stream());
    assert_eq!(next(&mut incoming), Poll::Ready(None));
}

#[test]
fn a_known_length_is_counted_down() {
    let (giver, mut incoming) = pipe(Some(5));
    assert_eq!(incoming.size_hint().exact(), Some(5));
    giver.give(piece("one"));
    assert!(matches!(next(&mut incoming), Poll::Ready(Some(Ok(_)))));
    assert_eq!(incoming.size_hint().exact(), Some(2));
    assert!(!incoming.is_end_stream());
    giver.give(piece("tw"));
    assert!(matches!(next(&mut incoming), Poll::Ready(Some(Ok(_)))));
    assert!(incoming.is_end_stream(), "without another look");
}

#[test]
fn a_caller_that_leaves_is_no_end() {
    let (giver, mut incoming) = pipe(None);
    giver.give(piece("one"));
    drop(giver);
    assert_eq!(next(&mut incoming), Poll::Ready(Some(Ok(piece("one")))));
    assert!(!incoming.is_end_stream());
    let left = "the caller left in the middle of the body".to_owned();
    assert_eq!(next(&mut incoming), Poll::Ready(Some(Err(left))));
    let (giver, mut incoming) = pipe(None);
    giver.break_off(Malformed("it is odd"));
    let odd = "the body is malformed: it is odd".to_owned();
    assert_eq!(next(&mut incoming), Poll::Ready(Some(Err(odd))));
}

#[test]
fn a_body_that_nobody_takes_is_not_wanted() {
    let (giver, incoming) = pipe(None);
    assert!(!giver.is_untaken());
    drop(incoming);
    assert!(giver.is_untaken());
    assert_eq!(giver.poll_wish(&cx()), Poll::Ready(Wish::Nothing));
}

#[test]
fn a_wish_that_ends_is_told() {
    let (giver, mut incoming) = pipe(None);
    assert!(next(&mut incoming).is_pending());
    let woken = Arc::new(Woken::default());
    let waker = Waker::from(Arc::clone(&woken));
    let cx = Context::from_waker(&waker);
    assert_eq!(giver.poll_wish(&cx), Poll::Ready(Wish::More));
    drop(incoming);
    assert_eq!(woken.0.load(Ordering::Relaxed), 1);
    assert_eq!(giver.poll_wish(&cx), Poll::Ready(Wish::Nothing));
}

#[test]
fn a_wish_is_told_once() {
    let (giver, mut incoming) = pipe(None);
    let woken = Arc::new(Woken::default());
    let waker = Waker::from(Arc::clone(&woken));
    let cx = Context::from_waker(&waker);
    assert!(giver.poll_wish(&cx).is_pending());
    for _ in 0..5 {
        // As where the same task gives and takes.
        assert!(next(&mut incoming).is_pending());
        assert_eq!(giver.poll_wish(&cx), Poll::Ready(Wish::More));
    }
    assert_eq!(woken.0.load(Ordering::Relaxed), 1);
    giver.give(piece("one"));
    assert_eq!(next(&mut incoming), Poll::Ready(Some(Ok(piece("one")))));
    assert!(giver.poll_wish(&cx).is_pending());
    assert!(next(&mut incoming).is_pending());
    assert_eq!(woken.0.load(Ordering::Relaxed), 2, "another wish");
}

/// How often it was woken.
#[derive(Default)]
struct Woken(AtomicUsize);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[tokio::test]
async fn each_side_wakes_the_other() {
    let (giver, incoming) = pipe(None);
    let giving = async move {
        for text in ["a", "b", "c"] {
            let wish = std::future::poll_fn(|cx| giver.poll_wish(cx)).await;
            assert_eq!(wish, Wish::More);
            giver.give(piece(text));
        }
        giver.end();
    };
    let (all, ()) = futures_util::future::join(incoming.collect(), giving).await;
    assert_eq!(all.expect("a body").to_bytes(), "abc");
}

#[test]
fn a_whole_body_is_taken_whole() {
    let mut whole = Incoming::whole(piece("all"));
    assert_eq!(whole.size_hint().exact(), Some(3));
    assert_eq!(next(&mut whole), Poll::Ready(Some(Ok(piece("all")))));
    assert!(whole.is_end_stream());
    assert_eq!(next(&mut whole), Poll::Ready(None));
    assert_eq!(
        Incoming::whole(piece("all")).into_whole().ok(),
        Some(piece("all"))
    );
    assert!(pipe(Some(1)).1.into_whole().is_err());
}
