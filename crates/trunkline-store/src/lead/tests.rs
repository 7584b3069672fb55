//! What readers are told at each stage of a call, however it goes.

use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::{Wake, Waker};

use bytes::Bytes;

use super::{Pushed, Writer};
use crate::samples::{
    BOUNDS, Bell, SampleBody, SampleFills, SampleLead, address, at_once, bodies, body_of, entry,
    fills, follow, hit, join, key, labels, lead, polled, read, stored, told,
};
use crate::{Figures, Head, Join, Known, NotKept, Piece, Selection};

fn begin(lead: SampleLead, length: Option<u64>) -> Writer<&'static str, u32> {
    lead.begins(stored("de"), Arc::new(labels(address(1))), length)
}

fn push(writer: &mut Writer<&'static str, u32>, piece: &'static str) {
    assert_eq!(writer.push(Bytes::from(piece)), Pushed::Kept);
}

/// One byte more than can be kept, or some that make it so.
fn too_much() -> Bytes {
    Bytes::from("x".repeat(usize::try_from(BOUNDS.entry_bytes_max).unwrap()))
}

#[track_caller]
fn check_nothing_is_left(fills: &Arc<SampleFills>) {
    assert_eq!(fills.store().figures(), Figures::default());
    assert!(fills.is_empty());
    drop(lead(fills));
}

#[test]
fn all_read_what_one_writes_while_it_is_written() {
    let fills = fills();
    let lead = lead(&fills);
    let (own, early) = (lead.reader(), follow(&fills));
    assert!(!own.is_collapsed() && early.is_collapsed());
    let mut writer = begin(lead, Some(6));
    let (mut own, mut early) = (body_of(own), body_of(early));
    assert!(!own.is_collapsed() && early.is_collapsed());
    assert_eq!(own.remaining(), Some(6));
    push(&mut writer, "abc");
    assert_eq!(read(&mut own), "abc …");
    assert_eq!(own.remaining(), Some(3));
    let mut late = body_of(follow(&fills));
    push(&mut writer, "de");
    push(&mut writer, "");
    push(&mut writer, "f");
    assert_eq!(read(&mut early), "abcdef …");
    assert_eq!(read(&mut late), "abcdef …");
    let kept = writer.end().unwrap();
    assert_eq!(read(&mut early), " end");
    assert_eq!(read(&mut late), " end");
    // The slowest gets the rest in one.
    assert_eq!(read(&mut own), "def end");
    assert_eq!(own.remaining(), Some(0));
    assert_eq!(bodies(fills.store(), &key(1, 1)), ["abcdef"]);
    assert_eq!(kept.body(), "abcdef");
    assert!(fills.is_empty());
}

#[test]
fn a_reader_that_comes_to_it_after_the_end_reads_it_all() {
    let fills = fills();
    let lead = lead(&fills);
    let (own, follower) = (lead.reader(), follow(&fills));
    let mut writer = begin(lead, None);
    push(&mut writer, "abc");
    writer.end().unwrap();
    let body = body_of(follower);
    assert_eq!(body.begun().length(), None);
    assert_eq!(body.remaining(), Some(3), "now it is known");
    drop(body);
    assert_eq!(told(own), "begins: abc end");
}

/// Notes what is kept at the moment at which it is woken.
struct Witness {
    fills: Arc<SampleFills>,
    saw: Mutex<Vec<String>>,
}

impl Wake for Witness {
    fn wake(self: Arc<Self>) {
        let seen = bodies(self.fills.store(), &key(1, 1));
        self.saw.lock().unwrap().extend(seen);
        assert!(matches!(join(&self.fills), Join::Again));
    }
}

#[test]
fn what_has_ended_is_kept_before_anybody_can_miss_it() {
    let fills = fills();
    let lead = lead(&fills);
    let own = lead.reader();
    let mut writer = begin(lead, Some(3));
    let mut own = body_of(own);
    push(&mut writer, "abc");
    assert_eq!(read(&mut own), "abc …");
    let witness = Arc::new(Witness {
        fills,
        saw: Mutex::default(),
    });
    let waker = Waker::from(Arc::clone(&witness));
    assert!(polled(pin!(own.next()), &waker).is_none());
    writer.end().unwrap();
    assert_eq!(*witness.saw.lock().unwrap(), ["abc"]);
}

#[test]
fn pieces_are_shared_and_what_is_kept_is_a_copy() {
    let fills = fills();
    let lead = lead(&fills);
    let (own, follower) = (lead.reader(), follow(&fills));
    let mut writer = begin(lead, Some(3));
    let piece = Bytes::from("abc");
    let _pushed = writer.push(piece.clone());
    for reader in [own, follower] {
        let Some(Some(Piece::Data(got))) = at_once(body_of(reader).next()) else {
            panic!("it is there");
        };
        assert_eq!(got.as_ptr(), piece.as_ptr());
    }
    // It may be a slice of a large buffer.
    assert_ne!(writer.end().unwrap().body().as_ptr(), piece.as_ptr());
}

#[test]
fn followers_read_while_it_is_written_also_if_no_length_is_known() {
    let fills = fills();
    let lead = lead(&fills);
    let (own, early) = (lead.reader(), follow(&fills));
    let bell = Arc::new(Bell::default());
    let waker = Waker::from(Arc::clone(&bell));
    let mut early = pin!(early.head());
    assert!(polled(early.as_mut(), &waker).is_none());
    let mut writer = begin(lead, None);
    assert!(bell.has_rung());
    push(&mut writer, "abc");
    assert_eq!(told(own), "begins: abc …");
    let Some(Head::Begins(mut early)) = polled(early, &waker) else {
        panic!("it has begun");
    };
    assert_eq!(read(&mut early), "abc …");
    let mut late = body_of(follow(&fills));
    push(&mut writer, "def");
    assert_eq!(read(&mut early), "def …");
    assert_eq!(read(&mut late), "abcdef …");
    writer.end().unwrap();
    assert_eq!(read(&mut early), " end");
    assert_eq!(read(&mut late), " end");
}

/// Both have begun what has then become too much.
fn shared_and_too_much(
    fills: &Arc<SampleFills>,
) -> (Writer<&'static str, u32>, SampleBody, SampleBody) {
    let lead = lead(fills);
    let (own, follower) = (lead.reader(), follow(fills));
    let mut writer = begin(lead, None);
    let (own, follower) = (body_of(own), body_of(follower));
    push(&mut writer, "abc");
    assert_eq!(writer.push(too_much()), Pushed::Overflow);
    assert!(writer.is_shared());
    (writer, own, follower)
}

#[test]
fn who_reads_what_becomes_too_much_reads_it_to_the_end() {
    let fills = fills();
    let (mut writer, mut own, mut follower) = shared_and_too_much(&fills);
    assert!(fills.is_empty(), "newcomers need not wait for nothing");
    read(&mut own);
    read(&mut follower);
    for _ in 0..100 {
        assert!(at_once(writer.readers_near()).is_some());
        let _pushed = writer.push(Bytes::from("on"));
        assert_eq!(read(&mut own), "on …");
        assert_eq!(read(&mut follower), "on …");
    }
    assert_eq!(writer.end().unwrap_err(), NotKept::TooLarge);
    assert_eq!(read(&mut own), " end");
    assert_eq!(read(&mut follower), " end");
    drop((own, follower));
    check_nothing_is_left(&fills);
}

#[test]
fn the_slowest_sets_the_pace_of_what_becomes_too_much() {
    let fills = fills();
    let (writer, mut own, mut follower) = shared_and_too_much(&fills);
    let bell = Arc::new(Bell::default());
    let waker = Waker::from(Arc::clone(&bell));
    assert!(polled(pin!(writer.readers_near()), &waker).is_none());
    assert!(read(&mut own).ends_with("x …"));
    assert!(!bell.has_rung());
    assert!(read(&mut follower).ends_with("x …"));
    assert!(bell.has_rung());
    assert!(at_once(writer.readers_near()).is_some());
}

#[test]
fn who_leaves_sets_no_pace() {
    for leaves in [0, 1] {
        let fills = fills();
        let (writer, own, follower) = shared_and_too_much(&fills);
        let mut bodies = vec![own, follower];
        let bell = Arc::new(Bell::default());
        let waker = Waker::from(Arc::clone(&bell));
        let gone = bodies.remove(leaves);
        let mut stays = bodies.remove(0);
        read(&mut stays);
        assert!(polled(pin!(writer.readers_near()), &waker).is_none());
        drop(gone);
        assert!(bell.has_rung());
        assert!(at_once(writer.readers_near()).is_some());
        assert_eq!(writer.is_shared(), leaves == 0);
    }
}

#[test]
fn what_all_have_read_of_too_much_takes_no_memory() {
    let fills = fills();
    let lead = lead(&fills);
    let (own, follower) = (lead.reader(), follow(&fills));
    let mut writer = begin(lead, None);
    let (mut own, mut follower) = (body_of(own), body_of(follower));
    let half = too_much().slice(too_much().len() / 2..);
    assert_eq!(writer.push(half.clone()), Pushed::Kept);
    let writing = || fills.store().figures().writing;
    assert!(half.len() as u64 <= writing());
    assert_eq!(writer.push(too_much()), Pushed::Overflow);
    read(&mut own);
    let whole = half.len() + too_much().len();
    assert_eq!(writing(), whole as u64, "one has read nothing yet");
    read(&mut follower);
    assert_eq!(writing(), 0);
    drop((own, follower, writer));
    check_nothing_is_left(&fills);
}

#[test]
fn who_keeps_others_waiting_is_left_behind() {
    for is_own in [true, false] {
        let fills = fills();
        let lead = lead(&fills);
        let readers = [lead.reader(), follow(&fills)];
        let mut writer = begin(lead, None);
        let [mut fast, mut slow] = readers.map(body_of);
        if is_own {
            (fast, slow) = (slow, fast);
        }
        push(&mut writer, "abc");
        let _pushed = writer.push(too_much());
        // Both are slow, so neither keeps the other waiting.
        writer.leave_behind();
        assert!(read(&mut fast).ends_with("x …"));
        assert!(at_once(writer.readers_near()).is_none());
        writer.leave_behind();
        assert!(at_once(writer.readers_near()).is_some());
        assert_eq!(read(&mut slow), " Abandoned", "never a clean end");
        let _pushed = writer.push(Bytes::from("def"));
        assert_eq!(writer.is_shared(), is_own, "whoever is left leads, or not");
        if is_own {
            assert!(writer.end().is_err());
            assert_eq!(read(&mut fast), "def end");
        } else {
            writer.hand_over(7);
            assert_eq!(read(&mut fast), "def TakeOver(7)");
        }
        drop((fast, slow));
        check_nothing_is_left(&fills);
    }
}

#[test]
fn answers_being_written_are_bounded_together() {
    // An eighth is for them, which is 512 KiB: eight of the largest.
    let fills = fills();
    let large = BOUNDS.entry_bytes_max - 4096;
    let begin = |number: u64, length| {
        let Join::Lead(lead) = fills.join(key(number, 1), address(number), &Known::Nothing) else {
            panic!("nobody leads");
        };
        let reader = lead.reader();
        let labels = Arc::new(labels(address(number)));
        (reader, lead.begins(stored("de"), labels, length))
    };
    let mut under_way: Vec<_> = (0..8).map(|number| begin(number, Some(large))).collect();
    for (_, writer) in &under_way {
        assert_eq!(writer.pushed(), Pushed::Kept);
    }
    assert!(fills.store().figures().writing <= BOUNDS.bytes_max / 8);
    // What is known to be too much with the others overflows at once.
    let (reader, writer) = begin(9, Some(large));
    assert_eq!(writer.pushed(), Pushed::Overflow);
    writer.hand_over(7);
    assert_eq!(told(reader), "begins:  TakeOver(7)");
    // What is not overflows when it is; who reads it reads on.
    let (reader, mut writer) = begin(10, None);
    let follower = fills.join(key(10, 1), address(10), &Known::Nothing);
    let Join::Follow(follower) = follower else {
        panic!("somebody leads");
    };
    let (mut own, mut follower) = (body_of(reader), body_of(follower));
    let piece = Bytes::from(vec![b'x'; 4 << 10]);
    let pushed = (0..6).filter(|_| writer.push(piece.clone()) == Pushed::Kept);
    let kept = pushed.count();
    assert!((1..6).contains(&kept), "{kept}");
    assert_eq!(writer.end().unwrap_err(), NotKept::TooLarge);
    assert_eq!(read(&mut own), read(&mut follower));
    drop((own, follower));
    // When one has ended there is room again.
    let (_, writer) = under_way.remove(0);
    drop(writer);
    let (_reader, writer) = begin(11, Some(large));
    assert_eq!(writer.pushed(), Pushed::Kept);
    drop((writer, under_way));
    assert_eq!(fills.store().figures(), Figures::default());
}

#[test]
fn what_becomes_too_much_is_taken_over_by_who_led() {
    let fills = fills();
    let lead = lead(&fills);
    let (own, follower) = (lead.reader(), follow(&fills));
    let mut writer = begin(lead, None);
    let mut own = body_of(own);
    push(&mut writer, "abc");
    assert_eq!(writer.push(too_much()), Pushed::Overflow);
    assert_eq!(writer.pushed(), Pushed::Overflow);
    assert!(fills.is_empty(), "newcomers need not wait for nothing");
    assert_eq!(told(follower), "alone");
    assert_eq!(read(&mut own).len(), 3 + too_much().len() + " …".len());
    writer.hand_over(7);
    assert_eq!(read(&mut own), " TakeOver(7)");
    assert_eq!(read(&mut own), " end", "nothing comes twice");
    check_nothing_is_left(&fills);
}

#[test]
fn what_is_known_to_be_too_much_overflows_at_once() {
    let fills = fills();
    let lead = lead(&fills);
    let (own, second, follower) = (lead.reader(), lead.reader(), follow(&fills));
    let writer = begin(lead, Some(BOUNDS.entry_bytes_max));
    assert_eq!(writer.pushed(), Pushed::Overflow);
    writer.hand_over(7);
    assert_eq!(told(own), "begins:  TakeOver(7)");
    assert_eq!(told(second), "begins:  Abandoned", "there is one rest");
    assert_eq!(told(follower), "alone");
    check_nothing_is_left(&fills);
}

#[test]
fn what_is_too_much_may_have_been_all() {
    let fills = fills();
    let lead = lead(&fills);
    let (own, follower) = (lead.reader(), follow(&fills));
    let mut writer = begin(lead, None);
    let _pushed = writer.push(too_much());
    assert_eq!(writer.end().unwrap_err(), NotKept::TooLarge);
    assert!(told(own).ends_with("x end"));
    assert_eq!(told(follower), "alone");
    check_nothing_is_left(&fills);
}

#[test]
fn a_body_that_outgrows_its_length_is_no_clean_one_for_followers() {
    let fills = fills();
    let lead = lead(&fills);
    let (own, follower) = (lead.reader(), follow(&fills));
    let mut writer = begin(lead, Some(3));
    let (mut own, mut follower) = (body_of(own), body_of(follower));
    assert_eq!(writer.push(too_much()), Pushed::Overflow);
    writer.hand_over(7);
    assert!(read(&mut own).ends_with("x TakeOver(7)"));
    assert!(read(&mut follower).ends_with("x Abandoned"));
    check_nothing_is_left(&fills);
}

#[test]
fn a_body_of_another_length_than_announced_is_not_kept() {
    for text in ["abc", "abcde"] {
        let fills = fills();
        let lead = lead(&fills);
        let (own, idle) = (lead.reader(), follow(&fills));
        let mut writer = begin(lead, Some(4));
        let mut own = body_of(own);
        push(&mut writer, text);
        assert_eq!(writer.end().unwrap_err(), NotKept::Incomplete);
        assert_eq!(read(&mut own), format!("{text} Abandoned"));
        assert_eq!(told(idle), "alone", "it has begun nothing");
        check_nothing_is_left(&fills);
    }
}

#[test]
fn what_was_kept_may_serve_all() {
    let fills = fills();
    let lead = lead(&fills);
    let (own, follower) = (lead.reader(), follow(&fills));
    lead.serves(entry(1, "de", "Tag"), hit());
    assert_eq!(told(own), "Validated: Tag");
    assert_eq!(told(follower), "Validated: Tag");
    check_nothing_is_left(&fills);
}

#[test]
fn an_answer_that_is_not_for_others_goes_to_who_led() {
    let fills = fills();
    let lead = lead(&fills);
    let (own, second, follower) = (lead.reader(), lead.reader(), follow(&fills));
    lead.hand_over(7);
    assert_eq!(told(follower), "alone");
    assert_eq!(told(own), "takes over 7");
    assert_eq!(told(second), "alone");
    check_nothing_is_left(&fills);
}

#[test]
fn nothing_may_come_of_it_for_anybody() {
    let fills = fills();
    let lead = lead(&fills);
    let (own, follower) = (lead.reader(), follow(&fills));
    lead.alone();
    assert_eq!(told(own), "alone");
    assert_eq!(told(follower), "alone");
    check_nothing_is_left(&fills);
}

#[test]
fn a_failure_is_shared() {
    let fills = fills();
    let lead = lead(&fills);
    let (own, follower) = (lead.reader(), follow(&fills));
    lead.fails("refused");
    assert_eq!(told(own), "failed: refused");
    assert_eq!(told(follower), "failed: refused");
    check_nothing_is_left(&fills);
}

#[test]
fn a_body_that_breaks_off_has_no_clean_end() {
    let fills = fills();
    let lead = lead(&fills);
    let (own, follower, idle) = (lead.reader(), follow(&fills), follow(&fills));
    let mut writer = begin(lead, Some(6));
    let (mut own, mut follower) = (body_of(own), body_of(follower));
    push(&mut writer, "abc");
    writer.fails("reset");
    assert_eq!(read(&mut own), r#"abc Broken("reset")"#);
    assert_eq!(read(&mut follower), r#"abc Broken("reset")"#);
    assert_eq!(told(idle), "failed: reset", "it can still say so");
    check_nothing_is_left(&fills);
}

#[test]
fn a_lead_dropped_before_the_head_sends_all_away() {
    let fills = fills();
    let lead = lead(&fills);
    let (own, follower) = (lead.reader(), follow(&fills));
    drop(lead);
    assert_eq!(told(own), "alone");
    assert_eq!(told(follower), "alone");
    check_nothing_is_left(&fills);
}

#[test]
fn a_writer_dropped_in_the_body_abandons_who_reads() {
    for length in [Some(6), None] {
        let fills = fills();
        let lead = lead(&fills);
        let (own, idle) = (lead.reader(), follow(&fills));
        let mut writer = begin(lead, length);
        let mut own = body_of(own);
        push(&mut writer, "abc");
        drop(writer);
        assert_eq!(read(&mut own), "abc Abandoned");
        assert_eq!(told(idle), "alone");
        check_nothing_is_left(&fills);
    }
}

#[test]
fn a_writer_dropped_after_an_overflow_abandons_who_reads() {
    let fills = fills();
    let lead = lead(&fills);
    let (own, follower) = (lead.reader(), follow(&fills));
    let mut writer = begin(lead, None);
    let _pushed = writer.push(too_much());
    drop(writer);
    assert_eq!(told(own), "alone", "it has begun nothing");
    assert_eq!(told(follower), "alone");
    check_nothing_is_left(&fills);
}

#[test]
fn others_read_on_when_who_led_is_gone() {
    let fills = fills();
    let lead = lead(&fills);
    let (own, follower) = (lead.reader(), follow(&fills));
    let mut writer = begin(lead, Some(6));
    drop(body_of(own));
    let mut follower = body_of(follower);
    push(&mut writer, "abcdef");
    assert!(at_once(writer.everyone_left()).is_none());
    writer.end().unwrap();
    assert_eq!(read(&mut follower), "abcdef end");
}

#[test]
fn the_task_learns_that_everyone_left() {
    let fills = fills();
    let lead = lead(&fills);
    assert!(at_once(lead.everyone_left()).is_some(), "nobody came");
    let (own, follower) = (lead.reader(), follow(&fills));
    let bell = Arc::new(Bell::default());
    let waker = Waker::from(Arc::clone(&bell));
    {
        let mut left = pin!(lead.everyone_left());
        assert!(polled(left.as_mut(), &waker).is_none());
        drop(own);
        assert!(!bell.has_rung());
        drop(follower.head());
        assert!(
            bell.has_rung(),
            "a future that is dropped is a reader that left"
        );
    }
    let writer = begin(lead, None);
    {
        let mut left = pin!(writer.everyone_left());
        assert!(polled(left.as_mut(), &waker).is_some());
    }
    let newcomer = follow(&fills);
    let mut left = pin!(writer.everyone_left());
    assert!(polled(left.as_mut(), &waker).is_none());
    bell.silence();
    drop(newcomer);
    assert!(bell.has_rung());
    assert!(polled(left.as_mut(), &waker).is_some());
}

#[test]
fn an_outdated_answer_is_read_by_those_there_and_not_kept() {
    let fills = fills();
    let lead = lead(&fills);
    let own = lead.reader();
    let mut writer = begin(lead, Some(3));
    push(&mut writer, "old");
    fills.store().invalidate(&address(1));
    assert_eq!(writer.end().unwrap_err(), NotKept::Outdated);
    assert_eq!(told(own), "begins: old end");
    check_nothing_is_left(&fills);
}

#[test]
fn newcomers_do_not_join_what_is_outdated() {
    for selection in [
        Selection::Address(address(1)),
        Selection::Key(key(1, 1)),
        Selection::Connector("github".to_owned()),
        Selection::All,
    ] {
        check_newcomers_do_not_join_after(&selection);
    }
}

#[track_caller]
fn check_newcomers_do_not_join_after(selection: &Selection) {
    let fills = fills();
    let old = lead(&fills);
    let waiting = follow(&fills);
    fills.store().purge(selection);
    let new = lead(&fills);
    assert_eq!(fills.len(), 1);
    let newcomer = follow(&fills);
    // The old one ends, which does not end the new one.
    old.fails("late");
    assert_eq!(told(waiting), "failed: late");
    assert_eq!(fills.len(), 1);
    let newest = follow(&fills);
    let mut writer = begin(new, Some(3));
    push(&mut writer, "new");
    writer.end().unwrap();
    assert_eq!(told(newcomer), "begins: new end");
    assert_eq!(told(newest), "begins: new end");
}

#[test]
fn debug_shows_neither_pieces_nor_failures() {
    let fills = fills();
    let Join::Lead(lead) = join(&fills) else {
        panic!("nobody leads");
    };
    let own = lead.reader();
    assert!(format!("{lead:?} {own:?} {fills:?}").contains("Lead"));
    let mut writer = begin(lead, None);
    push(&mut writer, "hunter2");
    let body = body_of(own);
    let shown = format!("{writer:?} {body:?}");
    assert!(!shown.contains("hunter2"), "{shown}");
}
