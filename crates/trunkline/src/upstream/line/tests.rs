//! Who stands where in line.

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use super::*;

const NEVER: Nanos = Nanos::from_nanos(u64::MAX);

fn named(name: &str) -> Caller {
    Caller::Named(name.into())
}

fn join<'l>(line: &'l Line, caller: &str) -> Place<'l> {
    line.join(&named(caller), NEVER, Nanos::ZERO).unwrap()
}

fn is_head(place: &mut Place<'_>) -> bool {
    let mut head = pin!(place.head());
    head.as_mut().poll(&mut Context::from_waker(Waker::noop())) == Poll::Ready(())
}

#[test]
fn one_is_at_the_head_until_it_goes() {
    let line = Line::default();
    assert!(!line.is_busy());
    let mut first = join(&line, "a");
    let mut second = join(&line, "a");
    assert!(line.is_busy());
    assert!(is_head(&mut first));
    assert!(!is_head(&mut second));
    drop(first);
    assert!(is_head(&mut second));
    drop(second);
    assert!(!line.is_busy());
    assert_eq!(line.waiting(), 0);
}

#[test]
fn callers_take_turns() {
    let line = Line::default();
    let head = join(&line, "crowd");
    let mut crowd: Vec<_> = (0..5).map(|_| join(&line, "crowd")).collect();
    assert_eq!(line.ahead_of(&named("alone")), 1, "one turn of the crowd");
    assert_eq!(line.ahead_of(&named("crowd")), 5);
    let mut alone = join(&line, "alone");
    drop(head);
    assert!(is_head(&mut crowd[0]));
    drop(crowd.remove(0));
    assert!(is_head(&mut alone), "four of the crowd came earlier");
}

#[test]
fn whoever_leaves_is_passed_over() {
    let line = Line::default();
    let head = join(&line, "a");
    let gone = join(&line, "a");
    let mut last = join(&line, "a");
    drop(gone);
    assert_eq!(line.waiting(), 2);
    drop(head);
    assert!(is_head(&mut last));
}

#[test]
fn whoever_leaves_as_it_is_called_calls_the_next() {
    let line = Line::default();
    let head = join(&line, "a");
    let called = join(&line, "a");
    let mut last = join(&line, "a");
    // It has become the head, and does not look any more.
    drop(head);
    drop(called);
    assert!(is_head(&mut last));
}

#[test]
fn the_line_is_bounded_for_each_and_for_all() {
    let line = Line::default();
    let bounds = Bounds::default();
    let mut places = vec![join(&line, "a")];
    places.extend((0..bounds.per_caller).map(|_| join(&line, "a")));
    let refused = line.join(&named("a"), NEVER, Nanos::ZERO);
    assert!(matches!(refused, Err(Refusal::CallerFull { .. })));
    places.push(join(&line, "b"));
    drop(places);
    assert!(!line.is_busy());
}
