//! Tells what is wrong with a whole body: at once where it is small, and otherwise on a thread of
//! its own.

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use trunkline_egress::clock::Elapsed;

use super::BYTES_MAX;
use crate::client::Trunkline;
use crate::held::{self, Encoding};
use crate::schema::{self, Effort, Findings, Schema, TooMuch, Unread};

/// Bodies are judged up to this size while other calls wait.
const AT_ONCE_BYTES_MAX: usize = 128 * 1024;

/// The most values of a body that is judged: so many take about 300 MB, and 8 MiB of JSON as APIs
/// write it have a third of them.
const VALUES_MAX: usize = 3_000_000;

/// Knows what a body should be.
pub(super) struct Judge {
    /// JSON Pointers to values that must be there.
    pub(super) required: Vec<String>,
    pub(super) schema: Option<Arc<Schema>>,
}

/// A whole body.
#[derive(Debug, Clone)]
pub(super) struct Packed {
    pub(super) encoding: Encoding,
    pub(super) bytes: Bytes,
}

/// Why there is nothing to find.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unjudged {
    /// It is no JSON.
    NotJson,
    /// It is larger than allowed, or packed in a way that cannot be read.
    Unreadable,
    /// It has too many values, or is too much work.
    TooMuch,
    /// It is JSON that values cannot hold.
    TooStrange,
    /// Others were judged before it for too long.
    TooSlow,
}

impl Judge {
    /// What is wrong with a body, if anything is, where that can be told while others wait.
    pub(super) fn at_once(&self, body: &Packed) -> Result<Option<Findings>, Unjudged> {
        self.findings(body, AT_ONCE_BYTES_MAX, Effort::Short)
    }

    /// What is wrong with a body, if anything is.
    pub(super) async fn judge(
        self,
        body: Packed,
        engine: &Trunkline,
        until: Option<Instant>,
    ) -> Result<Option<Findings>, Unjudged> {
        // What is small may be so only as long as it is packed.
        match self.at_once(&body) {
            Err(Unjudged::Unreadable | Unjudged::TooMuch) => {}
            at_once => return at_once,
        }
        let work = move || self.findings(&body, BYTES_MAX, Effort::Long);
        let aside = engine.watcher().aside().run(work);
        match engine.clock().limit(until, aside).await {
            Ok(Some(judged)) => judged,
            Ok(None) => Err(Unjudged::TooMuch),
            Err(Elapsed) => Err(Unjudged::TooSlow),
        }
    }

    fn findings(
        &self,
        body: &Packed,
        bytes_max: usize,
        effort: Effort,
    ) -> Result<Option<Findings>, Unjudged> {
        let text = held::unfold(body.encoding, &body.bytes, bytes_max);
        let text = text.ok_or(Unjudged::Unreadable)?;
        let body = schema::read(&text, VALUES_MAX).map_err(|unread| match unread {
            Unread::NotJson => Unjudged::NotJson,
            Unread::TooMany => Unjudged::TooMuch,
            Unread::TooStrange => Unjudged::TooStrange,
        })?;
        let mut findings = Findings::default();
        for pointer in &self.required {
            if body.pointer(pointer).is_none() {
                findings.add(Findings::one(pointer, "a value", "nothing"));
            }
        }
        if let Some(schema) = &self.schema {
            let found = schema.findings(&body, effort);
            let found = found.map_err(|TooMuch| Unjudged::TooMuch)?;
            findings.add(found.unwrap_or_default());
        }
        Ok((findings.total > 0).then_some(findings))
    }
}
