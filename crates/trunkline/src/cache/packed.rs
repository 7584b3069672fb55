//! A kept answer as bytes, for other processes. What cannot be read is as if it were not there.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::{Buf as _, BufMut as _, Bytes, BytesMut};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use trunkline_cache::{Parts, Stored, Varied};
use trunkline_store::{Entry, Labels};

/// Tells values of this layout from others. Raise it with every change here.
pub(crate) const VERSION: u8 = 2;

/// The most fields, tags and variations of an answer that are read.
const COUNT_MAX: u32 = 4096;

/// An answer as bytes.
pub(crate) fn pack(entry: &Entry) -> Bytes {
    let mut packed = BytesMut::with_capacity(entry.body().len() + 1024);
    let Parts {
        method,
        status,
        headers,
        vary,
        received_at,
        initial_age,
        explicit,
    } = entry.stored().parts();
    put(&mut packed, method.as_str().as_bytes());
    packed.put_u16(status.as_u16());
    packed.put_u64(millis(
        received_at
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap_or_default(),
    ));
    packed.put_u64(millis(*initial_age));
    packed.put_u64(explicit.map_or(u64::MAX, millis));
    packed.put_u32(count(headers.len()));
    for (name, value) in headers {
        put(&mut packed, name.as_str().as_bytes());
        put(&mut packed, value.as_bytes());
    }
    packed.put_u32(count(vary.len()));
    for field in vary {
        put(&mut packed, field.name.as_str().as_bytes());
        put_optional(&mut packed, field.value.as_deref());
    }
    let labels = entry.labels();
    packed.put_slice(labels.address.as_bytes());
    put(&mut packed, labels.connector.as_bytes());
    put_optional(&mut packed, labels.operation.as_deref().map(str::as_bytes));
    packed.put_u32(count(labels.tags.len()));
    for tag in &labels.tags {
        put(&mut packed, tag.as_bytes());
    }
    put(&mut packed, entry.body());
    packed.freeze()
}

/// An answer out of bytes; `None` if they are none.
pub(crate) fn unpack(packed: Bytes) -> Option<Entry> {
    let mut rest = Reader(packed);
    let method = Method::from_bytes(&rest.bytes()?).ok()?;
    let status = StatusCode::from_u16(rest.u16()?).ok()?;
    if !trunkline_cache::may_keep_status(status) {
        return None;
    }
    let received_at = SystemTime::UNIX_EPOCH.checked_add(Duration::from_millis(rest.u64()?))?;
    let initial_age = Duration::from_millis(rest.u64()?);
    let explicit = match rest.u64()? {
        u64::MAX => None,
        millis => Some(Duration::from_millis(millis)),
    };
    let headers = rest.headers()?;
    let vary = rest.vary()?;
    let labels = rest.labels()?;
    let body = rest.bytes()?;
    let stored = Stored::new(Parts {
        method,
        status,
        headers,
        vary,
        received_at,
        initial_age,
        explicit,
    });
    rest.0
        .is_empty()
        .then(|| Entry::new(stored, Bytes::copy_from_slice(&body), Arc::new(labels)))
}

/// Reads what [`pack`] wrote, and never beyond the end.
struct Reader(Bytes);

impl Reader {
    fn take(&mut self, length: usize) -> Option<Bytes> {
        (length <= self.0.len()).then(|| self.0.split_to(length))
    }

    fn u16(&mut self) -> Option<u16> {
        self.0.try_get_u16().ok()
    }

    fn u64(&mut self) -> Option<u64> {
        self.0.try_get_u64().ok()
    }

    fn count(&mut self) -> Option<u32> {
        let count = self.0.try_get_u32().ok()?;
        (count <= COUNT_MAX).then_some(count)
    }

    fn bytes(&mut self) -> Option<Bytes> {
        let length = self.0.try_get_u32().ok()?;
        self.take(usize::try_from(length).ok()?)
    }

    /// What may be absent, as none or one.
    fn optional(&mut self) -> Option<Vec<Bytes>> {
        match self.0.try_get_u8().ok()? {
            0 => Some(Vec::new()),
            1 => Some(vec![self.bytes()?]),
            _ => None,
        }
    }

    fn name(&mut self) -> Option<HeaderName> {
        HeaderName::from_bytes(&self.bytes()?).ok()
    }

    fn headers(&mut self) -> Option<HeaderMap> {
        let mut headers = HeaderMap::new();
        for _ in 0..self.count()? {
            let name = self.name()?;
            headers.append(name, HeaderValue::from_maybe_shared(self.bytes()?).ok()?);
        }
        Some(headers)
    }

    fn vary(&mut self) -> Option<Box<[Varied]>> {
        let count = self.count()?;
        let fields = (0..count).map(|_| {
            Some(Varied {
                name: self.name()?,
                value: self.optional()?.pop().map(|value| value.to_vec().into()),
            })
        });
        fields.collect()
    }

    fn labels(&mut self) -> Option<Labels> {
        let address: [u8; 16] = self.take(16)?.as_ref().try_into().ok()?;
        let connector = self.text()?;
        let operation = match self.optional()?.pop() {
            Some(name) => Some(Arc::from(std::str::from_utf8(&name).ok()?)),
            None => None,
        };
        let count = self.count()?;
        let tags = (0..count).map(|_| Some(Box::from(&*self.text()?)));
        Some(Labels {
            address: address.into(),
            connector,
            operation,
            tags: tags.collect::<Option<_>>()?,
        })
    }

    fn text(&mut self) -> Option<Arc<str>> {
        Some(Arc::from(std::str::from_utf8(&self.bytes()?).ok()?))
    }
}

fn put(packed: &mut BytesMut, bytes: &[u8]) {
    packed.put_u32(count(bytes.len()));
    packed.put_slice(bytes);
}

fn put_optional(packed: &mut BytesMut, bytes: Option<&[u8]>) {
    match bytes {
        None => packed.put_u8(0),
        Some(bytes) => {
            packed.put_u8(1);
            put(packed, bytes);
        }
    }
}

/// Nothing here is that long: answers are bounded.
fn count(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX - 1)
}

#[cfg(test)]
mod tests;
