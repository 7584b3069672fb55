//! What is done while a body passes: its pieces are remembered, or held until they are judged.

use std::mem;
use std::sync::Arc;

use bytes::Bytes;

use super::Gate;
use crate::drift::look::Kind;
use crate::drift::watcher::{Sample, Watcher};

/// The most bytes that are remembered of a body. A larger one is not looked at.
const BYTES_MAX: usize = 1024 * 1024;

/// The most that is remembered of a stream, which may stay open for hours: its beginning.
const STREAM_BYTES_MAX: usize = 64 * 1024;

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

/// Remembers what passes.
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
        let is_stream = matches!(passed.kind, Kind::Events | Kind::Lines);
        let bytes_max = if is_stream {
            STREAM_BYTES_MAX
        } else {
            BYTES_MAX
        };
        let bytes = self.bytes + data.len();
        let is_room = bytes <= bytes_max
            && passed.pieces.len() < PIECES_MAX
            && self.watcher.has_room_for(data.len());
        if is_room {
            passed.pieces.push(if is_stream {
                // A reference would keep alive what was received with it.
                Bytes::copy_from_slice(data)
            } else {
                data.clone()
            });
            self.bytes = bytes;
        } else if is_stream {
            // The events that came so far are as good as any.
            self.ended();
        } else {
            self.sample = None;
            self.forget();
        }
    }

    /// Everything has passed.
    pub(crate) fn ended(&mut self) {
        if let Some(sample) = self.sample.take() {
            self.watcher.take(sample);
        }
        self.forget();
    }

    fn forget(&mut self) {
        self.watcher.forget(mem::take(&mut self.bytes));
    }
}

impl Drop for Tap {
    fn drop(&mut self) {
        self.forget();
    }
}
