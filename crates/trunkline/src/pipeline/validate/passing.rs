//! What is done while a body passes: its pieces are remembered, or held until they are judged.

use std::sync::Arc;

use bytes::Bytes;

use super::Gate;
use crate::drift::look::Kind;
use crate::drift::watcher::{Sample, Watcher};

/// The most bytes that are remembered of a body. A larger one is not looked at, except that of a
/// stream its beginning is.
const BYTES_MAX: usize = 1024 * 1024;

/// The most pieces that are remembered: each may keep a whole buffer alive.
const PIECES_MAX: usize = 4096;

/// What is done while a body passes.
#[derive(Debug)]
pub(crate) enum Passing {
    /// It is remembered, to be looked at when it has passed.
    Tapped(Tap),
    /// It is held until each event of it was judged.
    Gated(Box<Gate>),
}

/// Remembers what passes, as references to the same bytes.
#[derive(Debug)]
pub(crate) struct Tap {
    watcher: Arc<Watcher>,
    /// `None` once there is nothing more to remember.
    sample: Option<Sample>,
    bytes: usize,
}

impl Tap {
    pub(super) fn new(watcher: Arc<Watcher>, sample: Sample) -> Self {
        Self {
            watcher,
            sample: Some(sample),
            bytes: 0,
        }
    }

    /// These bytes pass.
    pub(crate) fn saw(&mut self, data: &Bytes) {
        let Some(sample) = &mut self.sample else {
            return;
        };
        let passed = &mut sample.passed;
        let bytes = self.bytes + data.len();
        if bytes <= BYTES_MAX && passed.pieces.len() < PIECES_MAX {
            passed.pieces.push(data.clone());
            self.bytes = bytes;
            return;
        }
        match passed.kind {
            // The events that came so far are as good as any.
            Kind::Events | Kind::Lines => self.ended(),
            Kind::Json | Kind::Other(_) | Kind::Event => self.sample = None,
        }
    }

    /// Everything has passed.
    pub(crate) fn ended(&mut self) {
        if let Some(sample) = self.sample.take() {
            self.watcher.take(sample);
        }
    }
}
