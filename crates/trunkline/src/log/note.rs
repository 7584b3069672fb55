//! What the log is told of a call under way, besides what everyone is told of it.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http::{Method, StatusCode};
use http_body::{Body as _, Frame, SizeHint};
use trunkline_egress::{Body, BodyError};
use trunkline_log::{Entry, Shard};

use super::DEFAULT_CONNECTION;
use crate::error::ErrorKind;
use crate::observe::{CallEnded, Ended};

/// What the log is told of a call, collected while it goes on.
#[derive(Debug)]
pub(crate) struct Note {
    shard: Arc<Shard>,
    method: Option<Method>,
    /// As the log may have it; empty where nobody knows.
    path: String,
    status: Option<StatusCode>,
    first_byte: Option<Duration>,
    bytes_in: BytesIn,
    bytes_out: u64,
    cache: Option<&'static str>,
}

/// The bytes of the caller's body.
#[derive(Debug)]
enum BytesIn {
    /// They are known before they come.
    Known(u64),
    /// They are counted as they come.
    Counted(Arc<AtomicU64>),
}

impl Note {
    pub(crate) fn new(shard: &Arc<Shard>) -> Self {
        Self {
            shard: Arc::clone(shard),
            method: None,
            path: String::new(),
            status: None,
            first_byte: None,
            bytes_in: BytesIn::Known(0),
            bytes_out: 0,
            cache: None,
        }
    }

    pub(crate) fn method(&mut self, method: &Method) {
        self.method = Some(method.clone());
    }

    pub(crate) fn path(&mut self, path: String) {
        self.path = path;
    }

    /// Notes how much the caller sends; where it does not say, it is counted from now on.
    pub(crate) fn body(&mut self, body: &mut Body) {
        self.bytes_in = if let Some(bytes) = body.size_hint().exact() {
            BytesIn::Known(bytes)
        } else {
            let bytes = Arc::new(AtomicU64::new(0));
            *body = Body::stream(Counted {
                body: std::mem::take(body),
                bytes: Arc::clone(&bytes),
            });
            BytesIn::Counted(bytes)
        };
    }

    pub(crate) fn cache(&mut self, word: &'static str) {
        self.cache = Some(word);
    }

    pub(crate) fn answer(&mut self, status: StatusCode, so_far: Duration) {
        self.status = Some(status);
        self.first_byte = Some(so_far);
    }

    pub(crate) fn passes(&mut self, bytes: usize) {
        self.bytes_out += bytes as u64;
    }

    /// Hands the call over to be written, now that it has ended.
    pub(crate) fn hand_over(&self, event: &CallEnded<'_>) {
        let failed = match event.ended {
            Ended::Failed(kind) => Some(kind),
            Ended::Answered(_) | Ended::CallerGone => None,
        };
        let has_connection =
            event.connector.is_some() && failed != Some(ErrorKind::UnknownConnection);
        // An answer that broke off had begun with its own status.
        let status = self.status.or(failed.map(ErrorKind::status));
        self.shard.add(&Entry {
            id: event.call_id.number(),
            started_ms: i64::try_from(event.call_id.millis()).unwrap_or(i64::MAX),
            connector: event.connector.map(|name| &**name),
            operation: event.operation.map(|name| &**name),
            connection: has_connection.then_some(DEFAULT_CONNECTION),
            method: self.method.as_ref().map_or("", Method::as_str),
            path: &self.path,
            status: status.map(|status| status.as_u16()),
            class: event.ended.as_str(),
            code: failed.map(ErrorKind::code),
            attempts: event.attempts,
            took: event.took,
            first_byte: self.first_byte,
            waited: event.waited,
            bytes_in: self.bytes_in.so_far(),
            bytes_out: self.bytes_out,
            cache: self.cache,
        });
    }
}

impl BytesIn {
    fn so_far(&self) -> u64 {
        match self {
            Self::Known(bytes) => *bytes,
            Self::Counted(bytes) => bytes.load(Ordering::Relaxed),
        }
    }
}

/// A body of unknown length, counted as it passes.
#[derive(Debug)]
struct Counted {
    body: Body,
    bytes: Arc<AtomicU64>,
}

impl http_body::Body for Counted {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        if let Some(data) = frame
            .as_ref()
            .and_then(|frame| frame.as_ref().ok()?.data_ref())
        {
            self.bytes.fetch_add(data.len() as u64, Ordering::Relaxed);
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
