//! How much is read ahead, and that it comes out as it went in.

use std::rc::Rc;
use std::task::{Context, Waker};

use tokio::io::{AsyncRead, ReadBuf};

use super::{Ahead, Allowance, BYTES_MAX, Found, SHARE};

fn fill(ahead: &mut Ahead, from: &mut (impl AsyncRead + Unpin)) -> Found {
    ahead.fill(from, &mut Context::from_waker(Waker::noop()))
}

/// One that goes on sending for ever.
fn flood(ahead: &mut Ahead) {
    assert_eq!(fill(ahead, &mut tokio::io::repeat(b'x')), Found::NoEnd);
}

fn some(length: u32) -> Vec<u8> {
    (0..length).flat_map(u32::to_be_bytes).collect()
}

#[test]
fn bytes_come_out_as_they_went_in() {
    let mut ahead = Ahead::new(Rc::default());
    let all = some(10_000);
    assert_eq!(fill(&mut ahead, &mut all.as_slice()), Found::End);
    let mut got = Vec::new();
    while got.len() < 30_000 {
        let mut space = [0; 7_001];
        let mut buffer = ReadBuf::new(&mut space);
        ahead.hand_out(&mut buffer);
        got.extend_from_slice(buffer.filled());
    }
    got.extend_from_slice(&ahead.take());
    assert_eq!(got, all);
    assert!(ahead.is_empty());
}

#[test]
fn a_connection_holds_so_much_and_no_more() {
    let mut ahead = Ahead::new(Rc::default());
    flood(&mut ahead);
    flood(&mut ahead);
    assert_eq!(ahead.take().len(), BYTES_MAX / SHARE);
}

#[test]
fn what_a_flood_leaves_is_enough_to_come_upon_the_end_of_another() {
    let allowance: Rc<Allowance> = Rc::default();
    let mut floods: Vec<Ahead> = (0..16).map(|_| Ahead::new(Rc::clone(&allowance))).collect();
    floods.iter_mut().for_each(flood);
    let mut last = Ahead::new(Rc::clone(&allowance));
    let body = vec![0; 150_000];
    assert_eq!(fill(&mut last, &mut body.as_slice()), Found::End);
}

#[test]
fn what_is_given_or_dropped_may_be_held_again() {
    let allowance: Rc<Allowance> = Rc::default();
    let mut given = Ahead::new(Rc::clone(&allowance));
    let mut taken = Ahead::new(Rc::clone(&allowance));
    let mut dropped = Ahead::new(Rc::clone(&allowance));
    for ahead in [&mut given, &mut taken, &mut dropped] {
        fill(ahead, &mut some(10_000).as_slice());
    }
    assert_eq!(allowance.0.get(), BYTES_MAX - 120_000);
    given.hand_out(&mut ReadBuf::new(&mut vec![0; 40_000]));
    assert_eq!(allowance.0.get(), BYTES_MAX - 80_000);
    taken.take();
    drop((taken, dropped));
    assert_eq!(allowance.0.get(), BYTES_MAX);
}
