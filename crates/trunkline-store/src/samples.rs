//! Short ways for tests to write answers down, and to poll by hand.

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use http::header::{self, HeaderMap, HeaderValue};
use http::{Method, StatusCode};
use trunkline_cache::{
    Exchange, Hit, HitKind, Policy, RequestHead, ResponseHead, Stored, storable,
};

use crate::{
    Address, Body, Bounds, Entry, Fills, Head, Join, Key, KeyMaker, Known, Labels, Lead, Naming,
    Piece, Reader, Store,
};

pub(crate) const BOUNDS: Bounds = Bounds {
    bytes_max: 4 << 20,
    entry_bytes_max: 64 << 10,
};

/// Failures are words, and what is handed over is a number.
pub(crate) type SampleFills = Fills<&'static str, u32>;
pub(crate) type SampleLead = Lead<&'static str, u32>;
pub(crate) type SampleReader = Reader<&'static str, u32>;
pub(crate) type SampleBody = Body<&'static str, u32>;

#[expect(clippy::disallowed_methods, reason = "an `Instant` cannot be made up")]
pub(crate) fn start() -> Instant {
    Instant::now()
}

pub(crate) fn address(number: u64) -> Address {
    KeyMaker::new(Naming::Shared)
        .add(&number.to_le_bytes())
        .address()
}

/// Keys of the same address differ by whose they are.
pub(crate) fn key(address: u64, whose: u64) -> Key {
    KeyMaker::new(Naming::Shared)
        .add(&address.to_le_bytes())
        .add(&whose.to_le_bytes())
        .key()
}

/// An answer for requests with this language; each is another variant.
pub(crate) fn stored(language: &str) -> Stored {
    let mut asked = HeaderMap::new();
    asked.insert(
        header::ACCEPT_LANGUAGE,
        HeaderValue::from_str(language).unwrap(),
    );
    let mut answered = HeaderMap::new();
    answered.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static("max-age=60"),
    );
    answered.insert(header::VARY, HeaderValue::from_static("accept-language"));
    let request = RequestHead {
        method: &Method::GET,
        headers: &asked,
    };
    let response = ResponseHead {
        status: StatusCode::OK,
        headers: &answered,
    };
    let noon = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    let exchange = Exchange {
        sent_at: noon,
        received_at: noon,
    };
    storable(Policy::Headers, request, response, || exchange).unwrap()
}

pub(crate) fn labels(address: Address) -> Labels {
    Labels {
        address,
        connector: "github".into(),
        operation: Some("zen".into()),
        tags: ["wise".into()].into(),
    }
}

pub(crate) fn entry(address_number: u64, language: &str, body: &str) -> Arc<Entry> {
    entry_labelled(labels(address(address_number)), language, body)
}

pub(crate) fn entry_labelled(labels: Labels, language: &str, body: &str) -> Arc<Entry> {
    let body = Bytes::copy_from_slice(body.as_bytes());
    Arc::new(Entry::new(stored(language), body, Arc::new(labels)))
}

pub(crate) fn hit() -> Hit {
    Hit {
        which: 0,
        age: Duration::ZERO,
        ttl: 60,
        kind: HitKind::Validated,
    }
}

/// The bodies at a key, the longest kept first.
pub(crate) fn bodies(store: &Store, key: &Key) -> Vec<String> {
    match store.known(key, start()) {
        Known::Entries(slot) => {
            let bodies = slot.entries().iter().map(|entry| text(entry.body()));
            bodies.collect()
        }
        Known::Nothing | Known::Passing => Vec::new(),
    }
}

pub(crate) fn text(bytes: &Bytes) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

pub(crate) fn fills() -> Arc<SampleFills> {
    fills_of(BOUNDS)
}

pub(crate) fn fills_of(bounds: Bounds) -> Arc<SampleFills> {
    Arc::new(Fills::new(Arc::new(Store::new(bounds))))
}

/// Joins for the first key of the first address, having seen nothing.
pub(crate) fn join(fills: &Arc<SampleFills>) -> Join<&'static str, u32> {
    fills.join(key(1, 1), address(1), &Known::Nothing)
}

#[track_caller]
pub(crate) fn lead(fills: &Arc<SampleFills>) -> SampleLead {
    match join(fills) {
        Join::Lead(lead) => lead,
        other => panic!("somebody leads already: {other:?}"),
    }
}

#[track_caller]
pub(crate) fn follow(fills: &Arc<SampleFills>) -> SampleReader {
    match join(fills) {
        Join::Follow(reader) => reader,
        other => panic!("nobody leads: {other:?}"),
    }
}

/// Notes whether it was woken.
#[derive(Debug, Default)]
pub(crate) struct Bell(AtomicBool);

impl Bell {
    pub(crate) fn has_rung(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }

    pub(crate) fn silence(&self) {
        self.0.store(false, Ordering::SeqCst);
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// What a future has to say at once.
pub(crate) fn at_once<T>(future: impl Future<Output = T>) -> Option<T> {
    polled(pin!(future), Waker::noop())
}

pub(crate) fn polled<T>(
    future: Pin<&mut (impl Future<Output = T> + ?Sized)>,
    waker: &Waker,
) -> Option<T> {
    match future.poll(&mut Context::from_waker(waker)) {
        Poll::Ready(value) => Some(value),
        Poll::Pending => None,
    }
}

#[track_caller]
pub(crate) fn body_of(reader: SampleReader) -> SampleBody {
    match at_once(reader.head()) {
        Some(Head::Begins(body)) => body,
        other => panic!("no answer begins: {other:?}"),
    }
}

/// Reads what is there, and says in words how it goes on.
pub(crate) fn read(body: &mut SampleBody) -> String {
    let mut read = String::new();
    loop {
        match at_once(body.next()) {
            Some(Some(Piece::Data(piece))) => read.push_str(&text(&piece)),
            Some(Some(other)) => return format!("{read} {other:?}"),
            Some(None) => return format!("{read} end"),
            None => return format!("{read} …"),
        }
    }
}

/// What a reader gets at once, in words.
pub(crate) fn told(reader: SampleReader) -> String {
    match at_once(reader.head()) {
        Some(Head::Begins(mut body)) => format!("begins: {}", read(&mut body)),
        Some(Head::Entry(entry, hit)) => format!("{:?}: {}", hit.kind, text(entry.body())),
        Some(Head::TakeOver(answer)) => format!("takes over {answer}"),
        Some(Head::Alone) => "alone".to_owned(),
        Some(Head::Failed(failure)) => format!("failed: {failure}"),
        None => "waits".to_owned(),
    }
}
