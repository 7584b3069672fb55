//! Kept answers there and back, and bytes that are none.

use http::header;
use proptest::prelude::*;

use super::*;

fn entry(body: &[u8], explicit: Option<Duration>, value: Option<&[u8]>) -> Entry {
    let mut headers = HeaderMap::new();
    headers.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static("max-age=60"),
    );
    headers.append(header::VIA, HeaderValue::from_static("one"));
    headers.append(header::VIA, HeaderValue::from_static("two"));
    let stored = Stored::new(Parts {
        method: Method::GET,
        status: StatusCode::OK,
        headers,
        vary: [Varied {
            name: header::ACCEPT_LANGUAGE,
            value: value.map(Into::into),
        }]
        .into(),
        received_at: SystemTime::UNIX_EPOCH + Duration::from_millis(1_700_000_000_123),
        initial_age: Duration::from_secs(7),
        explicit,
    });
    let labels = Labels {
        address: [7; 16].into(),
        connector: "acme".into(),
        operation: Some("things.list".into()),
        tags: ["one".into(), "two".into()].into(),
    };
    Entry::new(stored, Bytes::copy_from_slice(body), Arc::new(labels))
}

proptest! {
    #[test]
    fn what_is_packed_comes_back(
        body in proptest::collection::vec(any::<u8>(), 0..200),
        explicit in proptest::option::of(0_u64..1_000_000),
        value in proptest::option::of("[ -~]{0,20}"),
    ) {
        let explicit = explicit.map(Duration::from_millis);
        let before = entry(&body, explicit, value.as_deref().map(str::as_bytes));
        let after = unpack(pack(&before)).expect("it was packed");
        prop_assert_eq!(after.body(), before.body());
        prop_assert_eq!(after.labels(), before.labels());
        let (after, before) = (after.stored().parts(), before.stored().parts());
        prop_assert_eq!(&after.headers, &before.headers);
        prop_assert_eq!(&after.method, &before.method);
        prop_assert_eq!(after.status, before.status);
        prop_assert!(after.vary == before.vary);
        prop_assert_eq!(after.received_at, before.received_at);
        prop_assert_eq!(after.initial_age, before.initial_age);
        prop_assert_eq!(after.explicit, before.explicit);
    }

    #[test]
    fn bytes_that_are_none_do_no_harm(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        drop(unpack(bytes.into()));
    }

    #[test]
    fn what_is_cut_or_too_long_is_none(cut in 0_usize..1000, more in any::<bool>()) {
        let packed = pack(&entry(b"body", None, None));
        let changed = if more {
            [&packed[..], b"x"].concat()
        } else {
            packed[..cut % packed.len()].to_vec()
        };
        prop_assert!(unpack(changed.into()).is_none());
    }

    #[test]
    fn a_changed_byte_does_no_harm(place in any::<usize>(), byte in any::<u8>()) {
        let mut packed = pack(&entry(b"body", Some(Duration::ZERO), Some(b"de"))).to_vec();
        let place = place % packed.len();
        packed[place] = byte;
        drop(unpack(packed.into()));
    }
}
