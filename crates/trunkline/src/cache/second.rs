//! What several processes keep together.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use http::header;
use trunkline_redis::{Labels, Put};
use trunkline_store::{Entry, Key};

use super::{Cache, Question, key, packed};

/// What can be asked about whether it is still good is worth keeping for longer than it is.
const ASKABLE_FOR: Duration = Duration::from_mins(10);

impl Cache {
    /// What other processes keep for a key, if they can be asked.
    pub(crate) async fn second_look(&self, question: &Question) -> Option<Arc<Entry>> {
        let redis = self.redis.as_ref()?;
        if self.is_forgetting(&question.address()) {
            return None;
        }
        let key = &question.key;
        let packed = redis.get(key.as_bytes()).await.ok()??;
        packed::unpack(packed).map(Arc::new)
    }

    /// Keeps an answer for other processes too. `began` is when the call began that brought it.
    pub(crate) fn share(&self, key: &Key, entry: &Entry, (began, now): (SystemTime, SystemTime)) {
        let Some(redis) = &self.redis else {
            return;
        };
        let stored = entry.stored();
        // What the caller sent there would stand in Redis. Of other headers than those of HTTP's own
        // negotiation, nobody knows whether that is a secret.
        let mut varied = stored.parts().vary.iter();
        if !varied.all(|field| key::is_of_http(&field.name) || field.name == header::ORIGIN) {
            return;
        }
        let useful = stored.useful_until_age().saturating_sub(stored.age(now));
        let keep = if stored.conditions().is_empty() {
            useful
        } else {
            useful.saturating_add(ASKABLE_FOR)
        };
        if keep.is_zero() {
            return;
        }
        let labels = entry.labels();
        let tags: Vec<String> = labels.tags.iter().map(ToString::to_string).collect();
        redis.put(
            key.as_bytes(),
            Put {
                value: packed::pack(entry),
                keep,
                age: now.duration_since(began).unwrap_or_default(),
                labels: Labels {
                    address: *labels.address.as_bytes(),
                    connector: &labels.connector,
                    operation: labels.operation.as_deref(),
                    tags: &tags,
                },
            },
        );
    }
}
