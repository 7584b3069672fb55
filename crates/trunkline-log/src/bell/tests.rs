//! Who sleeps is woken, and who has something to do does not fall asleep.

use std::sync::atomic::AtomicU64;
use std::thread;

use super::*;
use crate::fixture::{LONG, at_once, until};

#[test]
fn no_call_is_missed() {
    const ROUNDS: u64 = 20_000;
    let bell = Bell::default();
    // As with a shard: a lock around what is added.
    let added = Mutex::new(0_u64);
    let taken = AtomicU64::new(0);
    let added_now = || *added.lock().expect("nobody panics");
    thread::scope(|scope| {
        scope.spawn(|| {
            for number in 0..ROUNDS {
                until(|| number <= taken.load(Ordering::Acquire));
                *added.lock().expect("nobody panics") += 1;
                bell.wake();
            }
        });
        while taken.load(Ordering::Relaxed) < ROUNDS {
            let before = taken.load(Ordering::Relaxed);
            at_once(|| bell.sleep(bell.turn(), LONG, || added_now() == before));
            // A call of an earlier round may wake it once more, for nothing.
            let now = added_now();
            taken.store(now, Ordering::Release);
        }
    });
    assert_eq!(added_now(), ROUNDS);
}

#[test]
fn who_is_asked_for_something_does_not_wait() {
    let bell = Bell::default();
    let turn = bell.turn();
    assert!(!bell.ask(Duration::ZERO));
    at_once(|| bell.pause(turn, LONG));
    at_once(|| bell.sleep(turn, LONG, || true));
    at_once(|| bell.sleep(bell.turn(), LONG, || false));
    let turn = bell.turn();
    bell.answer(turn);
    assert_eq!(bell.state().answered, 1);
    assert!(!bell.close(Duration::ZERO));
    at_once(|| bell.pause(turn, LONG));
    assert!(bell.turn().is_closing);
}

#[test]
fn who_asks_is_answered_or_told_that_nobody_is_there() {
    let bell = Bell::default();
    thread::scope(|scope| {
        let asking = scope.spawn(|| bell.ask(LONG));
        until(|| bell.turn().asked == 1);
        bell.answer(bell.turn());
        assert!(asking.join().expect("nobody panics"));
        let asking = scope.spawn(|| bell.ask(LONG));
        until(|| bell.turn().asked == 2);
        drop(AtEnd(&bell));
        assert!(!asking.join().expect("nobody panics"));
    });
    assert!(!bell.ask(LONG));
    assert!(bell.close(LONG));
}
