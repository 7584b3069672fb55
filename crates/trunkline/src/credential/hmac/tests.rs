//! What is signed, and how the signature is written. Expectations come from Python's `hmac` and
//! `openssl dgst`.

use std::time::Duration;

use http::{HeaderMap, Method};
use trunkline_egress::Head;

use super::*;

/// 2026-05-28T20:26:40.123Z.
const NOW: Duration = Duration::from_millis(1_780_000_000_123);

const SECRET: &str = "acme-secret-0123456789";

const BODY: &[u8] = br#"{"data":"example"}"#;

/// What a connector says that says nothing but the kind.
fn spec() -> Hmac {
    Hmac {
        secret: 0,
        algorithm: HmacAlgorithm::Sha256,
        encoding: HmacEncoding::Hex,
        payload: vec![
            HmacItem::Method,
            HmacItem::Path,
            HmacItem::Timestamp,
            HmacItem::Body,
        ],
        joined_by: "\n".to_owned(),
        signed_path: SignedPath::Path,
        signed_prefix: String::new(),
        timestamp: TimestampForm::UnixS,
        timestamp_header: HeaderName::from_static("x-timestamp"),
        signature_header: HeaderName::from_static("x-signature"),
        signature_prefix: String::new(),
        headers: Vec::new(),
    }
}

fn sign(spec: &Hmac, secret: &str, (target, body): (&str, &[u8])) -> HeaderMap {
    let head = Head {
        method: Method::POST,
        target: target.parse().unwrap(),
        headers: HeaderMap::new(),
    };
    let signable = Signable {
        head: &head,
        host: "api.acme.example:8443",
        body,
        now: UNIX_EPOCH + NOW,
    };
    let further = HeaderValue::from_static("further");
    let further = vec![(HeaderName::from_static("x-further"), further)];
    Signer::new(spec, secret, further)
        .sign(&signable)
        .into_iter()
        .collect()
}

/// The signature of the same request under a changed description.
#[track_caller]
fn check(change: impl FnOnce(&mut Hmac), expected: &str) {
    check_at("/v1/endpoint", change, expected);
}

#[track_caller]
fn check_at(target: &str, change: impl FnOnce(&mut Hmac), expected: &str) {
    let mut spec = spec();
    change(&mut spec);
    let headers = sign(&spec, SECRET, (target, BODY));
    assert_eq!(headers["x-signature"], expected);
}

/// The signature of a request as it is described where nothing is said.
const PLAIN: &str = "f4e6b1e68f713ca4d683dbf8b3bbb88d6005344fcb4d7a925a579498a0d9b112";

#[test]
fn method_path_time_and_body_are_signed_line_by_line() {
    let headers = sign(&spec(), SECRET, ("/v1/endpoint", BODY));
    assert_eq!(headers["x-timestamp"], "1780000000");
    assert_eq!(headers["x-signature"], PLAIN);
    assert_eq!(headers["x-further"], "further");
    assert_eq!(headers.len(), 3);
}

/// `['POST', '/api/v1/endpoint', timestamp, body].join('\n')`, for a call of `/v1/endpoint`.
#[test]
fn a_path_that_only_the_api_sees_can_be_signed() {
    let of_seed = "2d6761e7e20e4879f9ce30e76933dd9bebaaec4ed48dc134f24aaef061935812";
    check(|spec| "/api".clone_into(&mut spec.signed_prefix), of_seed);
    check_at("/api/v1/endpoint", |_| {}, of_seed);
}

#[test]
fn every_algorithm_is_written_in_every_encoding() {
    use HmacAlgorithm::{Sha1, Sha256, Sha512};
    use HmacEncoding::{Base64, Hex};
    for (algorithm, encoding, expected) in [
        (Sha256, Hex, PLAIN),
        (
            Sha256,
            Base64,
            "9Oax5o9xPKTWg9v4s7u4jWAFNE/LTXqSWleUmKDZsRI=",
        ),
        (
            Sha512,
            Hex,
            "6bdcfcccc48709009077d614eda35dd649a909c73cd9c5b7098e715a834b52494069fe1d296ce2db7b77763b8b81e91467ff08a42bc02e2ba889f3b7103b4204",
        ),
        (
            Sha512,
            Base64,
            "a9z8zMSHCQCQd9YU7aNd1kmpCcc82cW3CY5xWoNLUklAaf4dKWzi23t3djuLgekUZ/8IpCvALiuoifO3EDtCBA==",
        ),
        (Sha1, Hex, "557020305919350b66204142827c840c9d1fe6cf"),
        (Sha1, Base64, "VXAgMFkZNQtmIEFCgnyEDJ0f5s8="),
    ] {
        check(
            |spec| {
                spec.algorithm = algorithm;
                spec.encoding = encoding;
            },
            expected,
        );
    }
}

#[test]
fn a_prefix_stands_before_the_signature() {
    let expected = format!("sha256={PLAIN}");
    check(
        |spec| "sha256=".clone_into(&mut spec.signature_prefix),
        &expected,
    );
}

#[test]
fn the_time_is_the_same_in_the_payload_and_in_its_header() {
    use TimestampForm::{Rfc3339, UnixMs, UnixS};
    for (form, time, expected) in [
        (UnixS, "1780000000", PLAIN),
        (
            UnixMs,
            "1780000000123",
            "5f85aa1a82ee9f40a6490ac88e5cc8765f95b826f7eab60933ec015a59124d77",
        ),
        (
            Rfc3339,
            "2026-05-28T20:26:40Z",
            "bfb6cf8b05e35c4469b38b4cd8cbab085cf3551f909ccdad58ae22018ee2254f",
        ),
    ] {
        let spec = Hmac {
            timestamp: form,
            timestamp_header: HeaderName::from_static("x-when"),
            ..spec()
        };
        let headers = sign(&spec, SECRET, ("/v1/endpoint", BODY));
        assert_eq!(headers["x-when"], time);
        assert_eq!(headers["x-signature"], expected, "{form:?}");
    }
}

#[test]
fn the_query_is_signed_only_where_that_is_said() {
    let target = "/v1/endpoint?a=1&b=%20";
    check_at(target, |_| {}, PLAIN);
    check_at(
        target,
        |spec| spec.signed_path = SignedPath::PathAndQuery,
        "685f0cff208a3ae5199aadb9a8be90da54be9e64b8f0d975493dad7eeecb6df3",
    );
    check(|spec| spec.signed_path = SignedPath::PathAndQuery, PLAIN);
}

#[test]
fn what_is_signed_is_joined_in_its_order() {
    check(
        |spec| {
            spec.payload = vec![HmacItem::Timestamp, HmacItem::Host, HmacItem::BodySha256];
            ".".clone_into(&mut spec.joined_by);
        },
        "6b9c766eee6c846fe555dad9c332a2ffbb41f4d6519a00d8ff5a12f565d83c8f",
    );
    check(
        |spec| {
            spec.payload = vec![HmacItem::Method, HmacItem::Method, HmacItem::Timestamp];
            spec.joined_by.clear();
        },
        "1111b1bf2410dacaa5fb8f80b8792f1f89aa938c750c39ac66fee36ed209f2b3",
    );
}

#[test]
fn bodies_of_every_size_are_signed() {
    for (size, expected) in [
        (
            0,
            "e21f1876ef93fcf07a841d90cf28141ff7c1a3d89eb443d54822bb8cdfa88706",
        ),
        (
            1,
            "8a4645b6e67ba4a9a1ddabe1f4d7db23cbf3db6a50b8f43e3184e33e22a8fdf3",
        ),
        (
            63,
            "ab9ad5177fa790afb6e9f19cc065c4e41c3ae2e89bf472463af78ee59ec7e7da",
        ),
        (
            64,
            "0c49343182acbff80471eafa9707b4f69d8ac7dcafeb2aa93f0cfa33d7dd7260",
        ),
        (
            65,
            "dcb8f797f6e1a23353935cfe4e83ce0af1fad32cc7b88e2a0f36c3c37d3a9270",
        ),
        (
            1000,
            "0f3d35d5b5546fda23b4f22f4eb3c348286630eb6a691770b526d88b4cdc512c",
        ),
        (
            1 << 20,
            "36068cf5c1c7b9e4550587a50e15676b7380b1e4576f5a965545d62f034d6942",
        ),
    ] {
        let headers = sign(&spec(), SECRET, ("/v1/endpoint", &vec![b'x'; size]));
        assert_eq!(headers["x-signature"], expected, "{size} bytes");
    }
    let bytes: Vec<u8> = (0..=255).collect();
    let headers = sign(&spec(), SECRET, ("/v1/endpoint", &bytes));
    assert_eq!(
        headers["x-signature"],
        "584a360f9fdba2f83b1434947642ea11df2dc8ec64b9440eca2417da5ecd31c7"
    );
}

#[test]
fn a_key_longer_than_a_block_is_one() {
    let headers = sign(&spec(), &"k".repeat(200), ("/v1/endpoint", BODY));
    assert_eq!(
        headers["x-signature"],
        "e981b37ec7985718fcbf5109bf72e19ed14ce8c72b4faf9d29a6f6acb70cb594"
    );
}

#[test]
fn it_is_known_whether_the_body_is_signed() {
    let covers = |payload: &[HmacItem]| {
        let spec = Hmac {
            payload: payload.to_vec(),
            ..spec()
        };
        Signer::new(&spec, SECRET, Vec::new()).covers_body()
    };
    assert!(covers(&[HmacItem::Timestamp, HmacItem::Body]));
    assert!(covers(&[HmacItem::BodySha256]));
    assert!(!covers(&[
        HmacItem::Method,
        HmacItem::Path,
        HmacItem::Timestamp,
        HmacItem::Host
    ]));
}

#[test]
fn neither_key_nor_signature_show() {
    let shown = format!(
        "{:?} {:?}",
        Signer::new(&spec(), SECRET, Vec::new()),
        sign(&spec(), SECRET, ("/v1/endpoint", BODY))
    );
    assert!(!shown.contains(SECRET) && !shown.contains(PLAIN), "{shown}");
}
