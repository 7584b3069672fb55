//! No reader is forgotten, none reads what was not written: any order of events, polled by hand.
//!
//! All state is behind one lock, so that threads can only order whole events, as it is done here.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use proptest::collection::vec;
use proptest::prelude::*;

use crate::samples::{
    Bell, SampleBody, SampleFills, SampleLead, SampleReader, address, fills_of, join, labels,
    polled, stored, text,
};
use crate::{Bounds, Head, Join, Piece, Writer};

/// Room for a head and some 40 bytes.
const ROOM: u64 = 1500;

#[derive(Clone, Debug)]
enum Event {
    /// By who leads, for itself.
    Own,
    Follow,
    Poll(usize),
    /// Until each waits, or is at its end.
    PollAll,
    Leave(usize),
    Begin(Option<u64>),
    Push(usize),
    End(Ending),
}

#[derive(Clone, Copy, Debug)]
enum Ending {
    Whole,
    Fails,
    HandsOver,
    Drops,
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let lengths = prop_oneof![Just(None), (0..12_u64).prop_map(Some), Just(Some(ROOM))];
    let ending = prop_oneof![
        3 => Just(Ending::Whole),
        1 => Just(Ending::Fails),
        1 => Just(Ending::HandsOver),
        1 => Just(Ending::Drops),
    ];
    let event = prop_oneof![
        2 => Just(Event::Own),
        3 => Just(Event::Follow),
        6 => (0..4_usize).prop_map(Event::Poll),
        4 => Just(Event::PollAll),
        1 => (0..4_usize).prop_map(Event::Leave),
        4 => lengths.prop_map(Event::Begin),
        4 => prop_oneof![4 => 0..4_usize, 1 => Just(1400)].prop_map(Event::Push),
        1 => ending.prop_map(Event::End),
    ];
    vec(event, 0..40)
}

type Heading = Pin<Box<dyn Future<Output = Head<&'static str, u32>>>>;

enum Stage {
    Waits(Heading),
    Reads(SampleBody),
    /// Said in a word.
    Over(&'static str),
}

struct Asker {
    stage: Stage,
    bell: Arc<Bell>,
    /// Whether it was told to wait, and waits since.
    is_pending: bool,
    read: String,
}

impl Asker {
    fn new(reader: SampleReader) -> Self {
        Self {
            stage: Stage::Waits(Box::pin(reader.head())),
            bell: Arc::default(),
            is_pending: false,
            read: String::new(),
        }
    }

    /// Polls once.
    fn poll(&mut self) {
        let waker = Waker::from(Arc::clone(&self.bell));
        self.bell.silence();
        self.is_pending = false;
        let next = match &mut self.stage {
            Stage::Waits(head) => match polled(head.as_mut(), &waker) {
                Some(Head::Begins(body)) => Some(Stage::Reads(body)),
                Some(Head::TakeOver(_)) => Some(Stage::Over("took over")),
                Some(Head::Alone) => Some(Stage::Over("alone")),
                Some(Head::Failed(_)) => Some(Stage::Over("failed")),
                Some(Head::Entry(..)) => Some(Stage::Over("served")),
                None => None,
            },
            Stage::Reads(body) => match body.poll_piece(&mut Context::from_waker(&waker)) {
                Poll::Ready(Some(Piece::Data(piece))) => {
                    assert!(!piece.is_empty());
                    self.read.push_str(&text(&piece));
                    return;
                }
                Poll::Ready(Some(Piece::TakeOver(_))) => Some(Stage::Over("took over")),
                Poll::Ready(Some(Piece::Broken(_))) => Some(Stage::Over("broken")),
                Poll::Ready(Some(Piece::Abandoned)) => Some(Stage::Over("abandoned")),
                Poll::Ready(None) => Some(Stage::Over("clean")),
                Poll::Pending => None,
            },
            Stage::Over(_) => return,
        };
        match next {
            Some(stage) => self.stage = stage,
            None => self.is_pending = true,
        }
    }

    fn poll_on(&mut self) {
        self.poll();
        while !self.is_pending && !matches!(self.stage, Stage::Over(_)) {
            self.poll();
        }
    }
}

enum Call {
    Asks(SampleLead),
    Writes(Writer<&'static str, u32>),
    Ended(Ending),
}

struct World {
    fills: Arc<SampleFills>,
    call: Call,
    askers: Vec<Asker>,
    written: String,
    is_right_length: bool,
    length: Option<u64>,
}

impl World {
    fn new() -> Self {
        let fills = fills_of(Bounds {
            bytes_max: 64 << 10,
            entry_bytes_max: ROOM,
        });
        let Join::Lead(lead) = join(&fills) else {
            panic!("nobody leads");
        };
        Self {
            fills,
            call: Call::Asks(lead),
            askers: Vec::new(),
            written: String::new(),
            is_right_length: false,
            length: None,
        }
    }

    fn happens(&mut self, event: Event) {
        let call = std::mem::replace(&mut self.call, Call::Ended(Ending::Drops));
        self.call = match (event, call) {
            (Event::Own, Call::Asks(lead)) => {
                self.askers.push(Asker::new(lead.reader()));
                Call::Asks(lead)
            }
            (Event::Follow, call) => {
                if let (Join::Follow(reader), false) = (join(&self.fills), is_ended(&call)) {
                    self.askers.push(Asker::new(reader));
                }
                call
            }
            (Event::Poll(which), call) => {
                if let Some(asker) = self.askers.get_mut(which) {
                    asker.poll();
                }
                call
            }
            (Event::PollAll, call) => {
                self.askers.iter_mut().for_each(Asker::poll_on);
                call
            }
            (Event::Leave(which), call) => {
                if which < self.askers.len() {
                    self.askers.remove(which);
                }
                call
            }
            (Event::Begin(length), Call::Asks(lead)) => {
                self.length = length;
                Call::Writes(lead.begins(stored("de"), Arc::new(labels(address(1))), length))
            }
            (Event::Push(count), Call::Writes(mut writer)) => {
                let piece: String = ('a'..='z').cycle().take(count).collect();
                self.written.push_str(&piece);
                let _pushed = writer.push(Bytes::from(piece));
                Call::Writes(writer)
            }
            (Event::End(ending), call) => {
                let written = self.written.len() as u64;
                self.is_right_length = self.length.is_none_or(|length| length == written);
                end(call, ending)
            }
            (Event::Own | Event::Begin(_) | Event::Push(_), call) => call,
        };
    }

    fn check(&mut self) {
        for asker in &mut self.askers {
            assert!(self.written.starts_with(&asker.read));
            if asker.is_pending && !asker.bell.has_rung() {
                asker.poll();
                assert!(asker.is_pending, "somebody has to say so");
            }
            if let Stage::Over("clean") = asker.stage {
                assert_eq!(asker.read, self.written);
                assert!(matches!(self.call, Call::Ended(Ending::Whole)));
                assert!(self.is_right_length);
            }
        }
        assert!(self.fills.len() <= 1);
    }
}

fn is_ended(call: &Call) -> bool {
    matches!(call, Call::Ended(_))
}

fn end(call: Call, ending: Ending) -> Call {
    match (call, ending) {
        (Call::Asks(lead), Ending::Fails) => lead.fails("refused"),
        (Call::Asks(lead), Ending::HandsOver) => lead.hand_over(7),
        (Call::Asks(lead), Ending::Whole | Ending::Drops) => {
            drop(lead);
            return Call::Ended(Ending::Drops);
        }
        (Call::Writes(writer), Ending::Fails) => writer.fails("reset"),
        (Call::Writes(writer), Ending::HandsOver) => writer.hand_over(7),
        (Call::Writes(writer), Ending::Whole) => drop(writer.end()),
        (Call::Writes(writer), Ending::Drops) => drop(writer),
        (Call::Ended(before), _) => return Call::Ended(before),
    }
    Call::Ended(ending)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    /// To look is to wait anew, which would hide that somebody was forgotten before: so it is
    /// done after each event, or only at the end.
    #[test]
    fn who_waits_is_woken_and_who_reads_reads_what_was_written(
        events in events(),
        is_watched in any::<bool>(),
    ) {
        let mut world = World::new();
        for event in events {
            world.happens(event);
            if is_watched {
                world.check();
            }
        }
        world.check();
    }

    #[test]
    fn nobody_waits_for_a_call_that_has_ended(events in events()) {
        let mut world = World::new();
        for event in events {
            world.happens(event);
        }
        world.happens(Event::End(Ending::Drops));
        for asker in &mut world.askers {
            asker.poll_on();
            prop_assert!(matches!(asker.stage, Stage::Over(_)));
        }
        world.check();
        prop_assert!(world.fills.is_empty());
        world.askers.clear();
        world.call = Call::Ended(Ending::Drops);
        prop_assert_eq!(world.fills.store().figures().writing, 0);
    }
}
