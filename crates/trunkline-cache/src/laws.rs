//! Laws that hold for all inputs, tried on random ones.

use std::time::{Duration, SystemTime};

use http::header::{HeaderMap, HeaderName, HeaderValue};
use http::{Method, StatusCode, Uri};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{RngSeed, TestRunner};

use crate::samples::at;
use crate::{
    Asked, Decision, Exchange, HitKind, Outcome, Policy, RequestHead, ResponseHead, Settled, Shape,
    Stored, Why, invalidates, look, storable,
};

/// Fields by which caches work, and one by which they do not.
const NAMES: [&str; 24] = [
    "cache-control",
    "cdn-cache-control",
    "trunkline-cache-control",
    "age",
    "date",
    "expires",
    "last-modified",
    "etag",
    "vary",
    "foo",
    "connection",
    "set-cookie",
    "authorization",
    "range",
    "if-range",
    "if-none-match",
    "if-modified-since",
    "if-match",
    "content-length",
    "content-range",
    "location",
    "content-location",
    "pragma",
    "proxy-authenticate",
];

/// Pieces of which believable values are made.
const PIECES: [&str; 44] = [
    "max-age=10",
    "max-age=0",
    "max-age=\"60\"",
    "max-age=x",
    "s-maxage=10",
    "no-store",
    "no-cache",
    "no-cache=\"foo\"",
    "private",
    "private=\"foo\"",
    "public",
    "must-revalidate",
    "proxy-revalidate",
    "must-understand",
    "immutable",
    "stale-while-revalidate=5",
    "stale-if-error=5",
    "max-stale",
    "max-stale=5",
    "min-fresh=5",
    "only-if-cached",
    ", ",
    ",",
    ";",
    "=",
    "\"",
    "\\",
    " ",
    "*",
    "foo",
    "Foo",
    "0",
    "-1",
    "5",
    "99999999999999999999",
    "Tue, 14 Nov 2023 22:13:20 GMT",
    "Tue, 14 Nov 2023 22:13:50 GMT",
    "\"a\"",
    "W/\"a\"",
    "bytes=",
    "0-1",
    "-",
    "/x",
    "\u{fc}",
];

fn value() -> impl Strategy<Value = HeaderValue> {
    let believable = prop::collection::vec(prop::sample::select(&PIECES[..]), 0..6)
        .prop_map(|pieces| pieces.concat().into_bytes());
    let listed = prop::collection::vec(prop::sample::select(&PIECES[..21]), 1..4)
        .prop_map(|pieces| pieces.join(", ").into_bytes());
    let allowed = |byte: u8| {
        if byte < b' ' || byte == 0x7f {
            b'\t'
        } else {
            byte
        }
    };
    let any = prop::collection::vec(any::<u8>().prop_map(allowed), 0..24);
    prop_oneof![2 => believable, 3 => listed, 1 => any]
        .prop_map(|bytes| HeaderValue::from_bytes(&bytes).expect("allowed bytes"))
}

fn headers() -> impl Strategy<Value = HeaderMap> {
    let control = (Just("cache-control"), value());
    let other = (prop::sample::select(&NAMES[..]), value());
    prop::collection::vec(prop_oneof![control, other], 0..8).prop_map(|fields| {
        let named = |(name, value)| (HeaderName::from_static(name), value);
        let mut headers = HeaderMap::new();
        for (name, value) in fields.into_iter().map(named) {
            headers.append(name, value);
        }
        headers
    })
}

fn method() -> impl Strategy<Value = Method> {
    let methods = [
        Method::GET,
        Method::GET,
        Method::GET,
        Method::HEAD,
        Method::POST,
        Method::PUT,
    ];
    prop::sample::select(methods.to_vec())
}

fn status() -> impl Strategy<Value = StatusCode> {
    let any = (100_u16..1000).prop_filter_map("a status", |code| StatusCode::from_u16(code).ok());
    prop_oneof![3 => Just(StatusCode::OK), 1 => Just(StatusCode::NOT_MODIFIED), 2 => any]
}

fn policy() -> impl Strategy<Value = Policy> {
    let time = (0_u64..100).prop_map(Duration::from_secs);
    prop_oneof![
        1 => Just(Policy::Off),
        4 => Just(Policy::Headers),
        2 => time.clone().prop_map(Policy::Explicit),
        1 => time.prop_map(Policy::ExplicitPost),
        1 => Just(Policy::Explicit(Duration::MAX)),
    ]
}

/// Moments near the start, and some that no clock should show.
fn moment() -> impl Strategy<Value = SystemTime> {
    prop_oneof![
        8 => (-100_i64..100).prop_map(at),
        1 => Just(SystemTime::UNIX_EPOCH),
        1 => Just(SystemTime::UNIX_EPOCH - Duration::from_secs(1 << 40)),
        1 => Just(SystemTime::UNIX_EPOCH + Duration::from_secs(1 << 60)),
    ]
}

#[derive(Debug, Clone)]
struct Scene {
    policy: Policy,
    method: Method,
    asked: HeaderMap,
    status: StatusCode,
    answered: HeaderMap,
    exchange: Exchange,
}

impl Scene {
    fn request(&self) -> RequestHead<'_> {
        RequestHead {
            method: &self.method,
            headers: &self.asked,
        }
    }

    fn response(&self) -> ResponseHead<'_> {
        ResponseHead {
            status: self.status,
            headers: &self.answered,
        }
    }

    fn stored(&self) -> Option<Stored> {
        storable(self.policy, self.request(), self.response(), || {
            self.exchange
        })
        .ok()
    }
}

fn scene() -> impl Strategy<Value = Scene> {
    let exchange = (moment(), moment()).prop_map(|(sent_at, received_at)| Exchange {
        sent_at,
        received_at,
    });
    (policy(), method(), headers(), status(), headers(), exchange).prop_map(
        |(policy, method, asked, status, answered, exchange)| Scene {
            policy,
            method,
            asked,
            status,
            answered,
            exchange,
        },
    )
}

/// Whether any line has the word outside of quotes and on its own, read in the plainest way.
fn says(headers: &HeaderMap, name: &str, word: &str) -> bool {
    headers.get_all(name).iter().any(|line| {
        let text = String::from_utf8_lossy(line.as_bytes()).to_ascii_lowercase();
        !text.contains('"') && text.split(',').any(|part| part.trim() == word)
    })
}

/// Whether a word stands anywhere in a field, which exempts an answer from a law.
fn hints(headers: &HeaderMap, name: &str, word: &str) -> bool {
    headers
        .get_all(name)
        .iter()
        .any(|line| String::from_utf8_lossy(line.as_bytes()).contains(word))
}

fn is_targeted(headers: &HeaderMap) -> bool {
    headers.contains_key("cdn-cache-control") || headers.contains_key("trunkline-cache-control")
}

/// The same cases each time, so that a failure is there for everybody.
fn seeded() -> ProptestConfig {
    ProptestConfig {
        cases: 2000,
        rng_seed: RngSeed::Fixed(2026),
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

#[test]
fn the_random_inputs_reach_what_the_laws_are_about() {
    let mut runner = TestRunner::new(seeded());
    let mut fresh = 0;
    for _ in 0..1000 {
        let scene = scene().new_tree(&mut runner).expect("a scene").current();
        let Some(stored) = scene.stored() else {
            continue;
        };
        let (plain, method) = (HeaderMap::new(), stored.parts().method.clone());
        let request = RequestHead {
            method: &method,
            headers: &plain,
        };
        let now = stored.parts().received_at;
        fresh += usize::from(matches!(
            look(scene.policy, request, [&stored], now),
            Decision::Serve(_)
        ));
    }
    assert!(60 < fresh, "{fresh} of 1000");
}

proptest! {
    #![proptest_config(seeded())]

    /// Whatever the bytes and the clocks, each function answers.
    #[test]
    fn nothing_panics(first in scene(), second in scene(), now in moment(), length in any::<Option<u64>>()) {
        let stored: Vec<_> = [first.stored(), second.stored()].into_iter().flatten().collect();
        let candidates: Vec<_> = stored.iter().collect();
        let decision = look(second.policy, second.request(), candidates.iter().copied(), now);
        match decision {
            Decision::Serve(hit) | Decision::ServeStale(hit) => {
                let served = candidates[hit.which];
                let shape = Shape::of(second.request(), served, length);
                served.replay(shape, &hit, length);
                hit.cache_status();
            }
            Decision::Revalidate { .. } | Decision::Fetch(_) | Decision::OnlyIfCached => {}
        }
        let target = Uri::from_static("https://api.example/x");
        invalidates(second.policy, &second.method, &target, second.response());
        for which in 0..=candidates.len() {
            let asked = Asked {
                policy: second.policy,
                request: second.request(),
                candidates: &candidates,
                which,
                why: Why::Stale,
            };
            asked.settle(Outcome::Unreachable { now });
            asked.settle(Outcome::Answered { response: first.response(), exchange: second.exchange });
        }
    }

    /// RFC 9111 §5.2: what says `no-store` or `private` is not kept, nor is what asks for it.
    #[test]
    fn no_store_is_never_kept(scene in scene()) {
        let exempt = is_targeted(&scene.answered) || hints(&scene.answered, "cache-control", "must-understand");
        if !exempt && says(&scene.answered, "cache-control", "no-store") {
            prop_assert!(scene.stored().is_none());
        }
        if !is_targeted(&scene.answered) && says(&scene.answered, "cache-control", "private") {
            prop_assert!(scene.stored().is_none());
        }
        if says(&scene.asked, "cache-control", "no-store") {
            prop_assert!(scene.stored().is_none());
        }
    }

    /// RFC 9111 §4.2.3: an age never shrinks below that at arrival, whatever the clock does.
    #[test]
    fn ages_are_never_negative(scene in scene(), now in moment()) {
        if let Some(stored) = scene.stored() {
            prop_assert!(stored.parts().initial_age <= stored.age(now));
            let later = stored.parts().received_at + Duration::from_secs(7);
            prop_assert_eq!(stored.age(later), stored.parts().initial_age + Duration::from_secs(7));
        }
    }

    /// RFC 9111 §4.2: what is served as fresh is younger than its lifetime.
    #[test]
    fn what_is_fresh_is_within_its_lifetime(scene in scene(), asked in headers(), now in moment()) {
        let Some(stored) = scene.stored() else { return Ok(()) };
        let request = RequestHead { method: &Method::GET, headers: &asked };
        if let Decision::Serve(hit) = look(scene.policy, request, [&stored], now)
            && hit.kind == HitKind::Fresh
        {
            let (lifetime, _) = stored.lifetime();
            prop_assert!(hit.age < lifetime);
            prop_assert!(hit.ttl >= 0);
        }
    }

    /// RFC 9111 §4.2.4: no caller and no error gets at what must be validated.
    #[test]
    fn nobody_defeats_what_must_be_validated(
        strict in prop::sample::select(vec!["must-revalidate", "proxy-revalidate", "s-maxage=5", "no-cache"]),
        others in prop::collection::vec(prop::sample::select(&PIECES[..21]), 0..3),
        asked in headers(),
        secs in 0_i64..200,
    ) {
        let control = format!("max-age=10, {strict}, {}", others.join(", "));
        let mut answered = HeaderMap::new();
        answered.insert("cache-control", HeaderValue::try_from(control).expect("a value"));
        answered.insert("etag", HeaderValue::from_static("\"a\""));
        let exchange = Exchange { sent_at: at(0), received_at: at(0) };
        let plain = HeaderMap::new();
        let got = RequestHead { method: &Method::GET, headers: &plain };
        let response = ResponseHead { status: StatusCode::OK, headers: &answered };
        let Ok(stored) = storable(Policy::Headers, got, response, || exchange) else { return Ok(()) };
        let request = RequestHead { method: &Method::GET, headers: &asked };
        match look(Policy::Headers, request, [&stored], at(secs)) {
            Decision::Serve(hit) => {
                prop_assert_eq!(hit.kind, HitKind::Fresh);
                prop_assert!(strict != "no-cache");
            }
            Decision::ServeStale(_) => prop_assert!(false, "served stale"),
            Decision::Revalidate { .. } | Decision::Fetch(_) | Decision::OnlyIfCached => {}
        }
        let about = Asked {
            policy: Policy::Headers,
            request,
            candidates: &[&stored],
            which: 0,
            why: Why::Stale,
        };
        let settled = about.settle(Outcome::Unreachable { now: at(secs) });
        prop_assert!(matches!(settled, Settled::Failed));
    }

    /// A part lies within the body, and is none too many.
    #[test]
    fn parts_lie_within_the_body(range in "bytes=[0-9]{0,3}-[0-9]{0,3}", length in 0_u64..300) {
        let stored = crate::samples::stored("Cache-Control: max-age=60");
        let mut asked = HeaderMap::new();
        asked.insert("range", HeaderValue::try_from(range).expect("a value"));
        let request = RequestHead { method: &Method::GET, headers: &asked };
        if let Shape::Part { first, last, length: whole } = Shape::of(request, &stored, Some(length)) {
            prop_assert!(first <= last && last < length && whole == length);
        }
    }
}
