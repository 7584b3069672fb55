//! Event streams of any bytes in any pieces: the same events, never a panic.

#![no_main]

use libfuzzer_sys::fuzz_target;
use trunkline::sse::{Event, Parser};

fuzz_target!(|bytes: &[u8]| {
    let (size, bytes) = bytes.split_first().map_or((1, bytes), |(size, rest)| (usize::from(*size), rest));
    assert_eq!(parse(bytes, size), parse(bytes, usize::MAX));
});

fn parse(bytes: &[u8], size: usize) -> Vec<Event> {
    let mut parser = Parser::new(1 << 20);
    bytes.chunks(size.max(1)).flat_map(|piece| parser.push(piece).unwrap_or_default()).collect()
}
