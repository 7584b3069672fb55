//! A connection while an exchange is under way on it, and where it goes afterwards.

use std::sync::Arc;
use std::time::Instant;

use http_body::SizeHint;

use crate::body::Upload;
use crate::clock::Sleep;
use crate::connection::{Http1, Stream};
use crate::origin::Origin;
use crate::pool::Pool;

/// A connection in use, and where it goes back to.
pub(crate) struct Lease {
    pub(crate) place: Place,
    pub(crate) pool: Arc<Pool>,
    pub(crate) origin: Origin,
    pub(crate) upload: Option<Arc<Upload>>,
}

pub(crate) enum Place {
    Http1(Box<Http1>),
    Http2(Stream),
}

impl Place {
    /// Whether an HTTP/1.1 connection has the last of its answer. HTTP/2's body knows itself.
    pub(crate) fn has_answer_ended(&self) -> bool {
        match self {
            Place::Http1(connection) => connection.exchange.has_answer_ended(),
            Place::Http2(_) => false,
        }
    }

    /// How much of an HTTP/1.1 answer is still to come.
    pub(crate) fn size_hint(&self) -> SizeHint {
        match self {
            Place::Http1(connection) => connection.exchange.size_hint(),
            Place::Http2(_) => SizeHint::default(),
        }
    }
}

impl Lease {
    /// The exchange is over: the connection can serve the next one.
    pub(crate) fn give_back(self) {
        let is_upload_over = self.upload.as_ref().is_none_or(|upload| upload.is_over());
        if !is_upload_over {
            // Answered before the upload was through, and nobody waits for anything more.
            self.abandon();
            return;
        }
        match self.place {
            Place::Http1(connection) if connection.exchange.is_reusable() => {
                self.pool.put(&self.origin, connection);
            }
            Place::Http1(connection) => drop(connection),
            Place::Http2(stream) => drop(stream),
        }
    }

    /// The exchange is broken off.
    pub(crate) fn abandon(self) {
        match self.place {
            // Closes it, and with it whatever is still under way.
            Place::Http1(connection) => drop(connection),
            Place::Http2(stream) => {
                if let Some(upload) = self.upload.filter(|upload| !upload.is_over()) {
                    upload.cut();
                    // An upload that waits for the peer to take something does not see the cut,
                    // and cannot be stopped but with its connection: nothing new goes on it.
                    self.pool.retire(&self.origin, stream.connection());
                }
                drop(stream);
            }
        }
    }

    pub(crate) fn note_alive(&mut self, now: Instant) {
        match &mut self.place {
            Place::Http1(connection) => connection.last_seen = now,
            Place::Http2(_) => {}
        }
    }

    pub(crate) fn timer(&mut self) -> &mut Sleep {
        match &mut self.place {
            Place::Http1(connection) => &mut connection.timer,
            Place::Http2(stream) => stream.timer(),
        }
    }
}
