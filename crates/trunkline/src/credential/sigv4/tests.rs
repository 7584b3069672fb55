//! What is signed is what AWS signs: its published examples, and values that botocore 1.44.5 gives.

use std::time::Duration;

use http::{HeaderMap, Method};
use trunkline_egress::Head;

use super::*;

/// 2015-08-30T12:36:00Z, of AWS's test suite.
const SUITE_TIME: u64 = 1_440_938_160;

/// 2013-05-24T00:00:00Z, of the examples in S3's documentation.
const S3_TIME: u64 = 1_369_353_600;

/// A request that is to be signed.
struct Request<'a> {
    line: &'a str,
    headers: &'a [(&'a str, &'a str)],
    body: &'a [u8],
}

fn get(line: &str) -> Request<'_> {
    Request {
        line,
        headers: &[],
        body: b"",
    }
}

fn suite(service: &str) -> Sigv4 {
    Sigv4 {
        access_key: Secret::new("AKIDEXAMPLE"),
        secret_key: Secret::new("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"),
        session_token: None,
        region: "us-east-1".to_owned(),
        service: service.to_owned(),
    }
}

fn s3_examples() -> Sigv4 {
    Sigv4 {
        access_key: Secret::new("AKIAIOSFODNN7EXAMPLE"),
        secret_key: Secret::new("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
        ..suite("s3")
    }
}

fn head(request: &Request<'_>) -> Head {
    let (method, target) = request.line.split_once(' ').unwrap();
    let mut headers = HeaderMap::new();
    for (name, value) in request.headers {
        let name: HeaderName = name.parse().unwrap();
        headers.append(name, value.parse().unwrap());
    }
    Head {
        method: method.parse::<Method>().unwrap(),
        target: target.parse().unwrap(),
        headers,
    }
}

fn at(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(seconds)
}

/// The names that are signed, and the signature.
fn shown(authorization: &str) -> (String, String) {
    let (_, rest) = authorization.split_once("SignedHeaders=").unwrap();
    let (names, signature) = rest.split_once(", Signature=").unwrap();
    (names.to_owned(), signature.to_owned())
}

/// AWS's test suite signs the host, the date and what each case names, and no hash of the body.
#[track_caller]
fn check_suite(request: &Request<'_>, expected: &str) {
    let head = head(request);
    let signable = Signable {
        head: &head,
        host: "example.amazonaws.com",
        body: request.body,
        now: at(SUITE_TIME),
    };
    let time = time(signable.now);
    let mut signed = BTreeMap::from([
        ("host", signable.host.to_owned()),
        ("x-amz-date", time.clone()),
    ]);
    let mut headers: Vec<(HeaderName, String)> = Vec::new();
    for name in head.headers.keys() {
        let values = head.headers.get_all(name).iter();
        let values = values.map(|value| in_one_form(value.to_str().unwrap()));
        headers.push((name.clone(), values.collect::<Vec<_>>().join(",")));
    }
    signed.extend(
        headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.clone())),
    );
    let body = sha256_hex(request.body);
    let authorization = suite("service").authorization(&signable, &signed, (&time, &body));
    let prefix =
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, ";
    assert!(authorization.starts_with(prefix), "{authorization}");
    assert_eq!(shown(&authorization).1, expected, "{}", request.line);
}

#[test]
fn the_vanilla_cases_of_the_test_suite_hold() {
    let vanilla = "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31";
    // get-vanilla
    check_suite(&get("GET /"), vanilla);
    // get-vanilla-query-order-key-case
    check_suite(
        &get("GET /?Param2=value2&Param1=value1"),
        "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
    );
    // get-vanilla-empty-query-key
    check_suite(
        &get("GET /?Param1=value1"),
        "a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb",
    );
    // get-vanilla-utf8-query
    check_suite(
        &get("GET /?%E1%88%B4=bar"),
        "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04",
    );
    let unreserved = "-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    // get-vanilla-query-unreserved
    check_suite(
        &get(&format!("GET /?{unreserved}={unreserved}")),
        "9c3e54bfcdf0b19771a7f523ee5669cdf59bc7cc0884027167c21bb143a40197",
    );
    // get-unreserved
    check_suite(
        &get(&format!("GET /{unreserved}")),
        "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f",
    );
    // post-vanilla
    check_suite(
        &get("POST /"),
        "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b",
    );
}

#[test]
fn the_bodies_of_the_test_suite_hold() {
    // post-x-www-form-urlencoded
    let form = Request {
        line: "POST /",
        headers: &[("Content-Type", "application/x-www-form-urlencoded")],
        body: b"Param1=value1",
    };
    check_suite(
        &form,
        "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a",
    );
    // post-x-www-form-urlencoded-parameters
    let form = Request {
        headers: &[(
            "Content-Type",
            "application/x-www-form-urlencoded; charset=utf8",
        )],
        ..form
    };
    check_suite(
        &form,
        "1a72ec8f64bd914b0e42e42607c7fbce7fb2c7465f63e3092b3b0d39fa77a6fe",
    );
}

#[test]
fn the_headers_of_the_test_suite_hold() {
    let with = |headers| Request {
        headers,
        ..get("GET /")
    };
    // get-header-value-trim
    check_suite(
        &with(&[("My-Header1", " value1"), ("My-Header2", " \"a   b   c\"")]),
        "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736",
    );
    // get-header-key-duplicate
    check_suite(
        &with(&[
            ("My-Header1", "value2"),
            ("My-Header1", "value2"),
            ("My-Header1", "value1"),
        ]),
        "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea",
    );
    // get-header-value-order
    check_suite(
        &with(&[
            ("My-Header1", "value4"),
            ("My-Header1", "value1"),
            ("My-Header1", "value3"),
            ("My-Header1", "value2"),
        ]),
        "08c7e5a9acfcfeb3ab6b2185e75ce8b1deb5e634ec47601a50643f830c755c01",
    );
}

#[test]
fn the_paths_of_the_test_suite_hold() {
    let vanilla = "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31";
    let folder = "9a624bd73a37c9a373b5312afbebe7a714a789de108f0bdfe846570885f57e84";
    let file = "ef75d96142cf21edca26f06005da7988e4f8dc83a165a80865db7089db637ec5";
    for (case, path, expected) in [
        ("get-relative", "/example/..", vanilla),
        ("get-relative-relative", "/example1/example2/../..", vanilla),
        ("get-slash", "//", vanilla),
        ("get-slash-dot-slash", "/./", vanilla),
        ("get-slashes", "//example//", folder),
        ("get-slash-pointless-dot", "/./example", file),
        ("above the root", "/../../example", file),
    ] {
        println!("{case}");
        check_suite(&get(&format!("GET {path}")), expected);
    }
}

fn sign(signer: &Sigv4, request: &Request<'_>, (host, time): (&str, u64)) -> HeaderMap {
    let head = head(request);
    let signable = Signable {
        head: &head,
        host,
        body: request.body,
        now: at(time),
    };
    signer.sign(&signable).into_iter().collect()
}

/// Which names are signed, and the signature, of what we send.
#[track_caller]
fn check(signer: &Sigv4, request: &Request<'_>, expected: (&str, &str)) {
    let headers = sign(signer, request, ("example.amazonaws.com", SUITE_TIME));
    let (names, signature) = shown(headers[header::AUTHORIZATION].to_str().unwrap());
    let line = request.line;
    assert_eq!((names.as_str(), signature.as_str()), expected, "{line}");
}

/// What is signed of a request that brings nothing of its own.
const OURS: &str = "host;x-amz-content-sha256;x-amz-date";

#[test]
fn the_examples_of_s3s_documentation_hold() {
    // https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
    for (line, expected) in [
        (
            "GET /?lifecycle",
            "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543",
        ),
        (
            "GET /?max-keys=2&prefix=J",
            "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
        ),
    ] {
        let at = ("examplebucket.s3.amazonaws.com", S3_TIME);
        let headers = sign(&s3_examples(), &get(line), at);
        let expected = format!(
            "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, \
             SignedHeaders={OURS}, Signature={expected}"
        );
        assert_eq!(headers[header::AUTHORIZATION], expected, "{line}");
        assert_eq!(headers["x-amz-date"], "20130524T000000Z");
        assert_eq!(headers["x-amz-content-sha256"], sha256_hex(b""));
        assert_eq!(headers.len(), 3);
    }
}

#[test]
fn queries_are_written_in_one_way() {
    let service = suite("service");
    for (line, expected) in [
        (
            "GET /",
            "726c5c4879a6b4ccbbd3b24edbd6b8826d34f87450fbbf4e85546fc7ba9c1642",
        ),
        (
            "GET /?b=2&a=1&b=1&A=0&empty&x=%20y&z=%E1%88%B4&e=a%2Fb%3D%26",
            "3ea5f35ade818e751964dee77d5da1442a9005e99caf7a2a6005f038ddfc9d26",
        ),
        (
            "GET /?q=a%2Bb",
            "3b9db0dabfbc7ec10d0265f6438ffae6ffbff11c19944e1293a8bd7a2905a76d",
        ),
        // A space, as `%20` is.
        (
            "GET /?q=a+b",
            "dd37e8ffaadb6adceabbe7dbde287d858696e9d7d3d2cf909983c27dd05e010b",
        ),
        (
            "GET /?q=a%20b",
            "dd37e8ffaadb6adceabbe7dbde287d858696e9d7d3d2cf909983c27dd05e010b",
        ),
        // The same digits in capitals, a slash that is not encoded, and fields that are none.
        (
            "GET /?q=a%2fb",
            "9ec4a2d58d0f500a711789b4c7106b78ed3e67dfe77d962e283aa054aa675e80",
        ),
        (
            "GET /?&q=a/b&&",
            "9ec4a2d58d0f500a711789b4c7106b78ed3e67dfe77d962e283aa054aa675e80",
        ),
    ] {
        check(&service, &get(line), (OURS, expected));
    }
}

#[test]
fn paths_are_encoded_again_except_for_s3() {
    let (service, s3) = (suite("service"), suite("s3"));
    for (signer, line, expected) in [
        (
            &service,
            "GET /a%20b/c%2Fd/%E1%88%B4",
            "2515b3d66ed907bd3ffd23b9a4454a935fdaac5652441575357d39cf53ae8c05",
        ),
        (
            &service,
            "GET /a:b@c!$&'()*+,;=~-._",
            "52c0228ab02bc01674eff01f5033d286258960fadd8517eb63e55401e58c762e",
        ),
        (
            &service,
            "GET /a/./b/../c//d/",
            "cbabb51d9aef54bf2a4545e8eca12e7afd6ce6725162230dad78bb8b648d4837",
        ),
        // An object's name is no path: nothing is resolved in it.
        (
            &s3,
            "GET /a/./b/../c//d/",
            "861713bd6298e0a401b8ac201cca9d51eb45f26c0765130d1fa23ce29bbf1e48",
        ),
        (
            &s3,
            "GET /%FF%FE",
            "412360ccbe86ecc55dc4ead50cc49cf5d30ce61b45361ee1554de6e4cab23445",
        ),
        // S3 encodes the name of the object itself, whatever was sent for it.
        (
            &s3,
            "GET /a%20b/c%2Fd/%E1%88%B4",
            "45e7f9f0a2f5f38cf53c6bd7b240c86cb04036a117106e954c71b3a02c73f933",
        ),
        (
            &s3,
            "GET /a%20b/c/d/%e1%88%b4",
            "45e7f9f0a2f5f38cf53c6bd7b240c86cb04036a117106e954c71b3a02c73f933",
        ),
        (
            &s3,
            "GET /a:b@c!$&'()*,;=~-._",
            "ae691133649fb21ec6fe7bec5e475800cb6f1035fe3a046b48f77aaab3ee7858",
        ),
    ] {
        check(signer, &get(line), (OURS, expected));
    }
}

#[test]
fn a_session_token_is_sent_and_signed() {
    let token = "AQoDYXdzEPT//////////wEXAMPLE==";
    let signer = Sigv4 {
        session_token: Some(Secret::new(token)),
        ..suite("service")
    };
    let names = "host;x-amz-content-sha256;x-amz-date;x-amz-security-token";
    let signature = "630c136bb2e51629f589536d7873ea0f9803c1ac333d510518b6b5fc932c6ddd";
    check(&signer, &get("GET /"), (names, signature));
    let headers = sign(
        &signer,
        &get("GET /"),
        ("example.amazonaws.com", SUITE_TIME),
    );
    assert_eq!(headers["x-amz-security-token"], token);
}

#[test]
fn headers_that_services_want_signed_are() {
    let request = Request {
        line: "POST /",
        headers: &[
            ("content-type", "application/x-amz-json-1.0"),
            ("x-amz-target", "DynamoDB_20120810.ListTables"),
            ("x-mine", "not signed"),
        ],
        body: br#"{"a":1}"#,
    };
    check(
        &suite("service"),
        &request,
        (
            "content-type;host;x-amz-content-sha256;x-amz-date;x-amz-target",
            "605ff73f859f56597de7fd47649af5d32626d03915ba30812799ff86ca4f0b67",
        ),
    );
    let request = Request {
        line: "PUT /key",
        headers: &[
            ("content-type", "text/plain"),
            ("content-md5", "XUFAKrxLKna5cZ2REBfFkg=="),
            ("x-amz-acl", "private"),
            ("x-amz-meta-note", "  two   spaces "),
        ],
        body: b"hello",
    };
    check(
        &suite("s3"),
        &request,
        (
            "content-md5;content-type;host;x-amz-acl;x-amz-content-sha256;x-amz-date;x-amz-meta-note",
            "4f1cec2184765d4a4d67994ec1a4e179d9dd75a1b821cd2feaa9db3fc085c74d",
        ),
    );
}

#[test]
fn headers_of_an_attempt_before_do_not_count() {
    let request = Request {
        headers: &[
            ("x-amz-date", "20150830T123500Z"),
            ("x-amz-content-sha256", "old"),
        ],
        ..get("GET /")
    };
    let signature = "726c5c4879a6b4ccbbd3b24edbd6b8826d34f87450fbbf4e85546fc7ba9c1642";
    check(&suite("service"), &request, (OURS, signature));
}

#[test]
fn the_whole_body_is_signed() {
    let body = vec![b'x'; 100_000];
    let request = Request {
        line: "POST /",
        headers: &[("content-type", "text/plain")],
        body: &body,
    };
    let names = "content-type;host;x-amz-content-sha256;x-amz-date";
    let signature = "9637a777e8fcc92cf677a90a8102d5dda1ee0b2ad7ec9b9b6b8ce27ed4bbe8ff";
    check(&suite("service"), &request, (names, signature));
    let shorter = Request {
        body: &body[1..],
        ..request
    };
    let headers = sign(
        &suite("service"),
        &shorter,
        ("example.amazonaws.com", SUITE_TIME),
    );
    let authorization = headers[header::AUTHORIZATION].to_str().unwrap();
    assert!(!authorization.contains(signature), "{authorization}");
}

#[test]
fn nothing_of_it_shows() {
    let signer = Sigv4 {
        session_token: Some(Secret::new("session-token-0123456789")),
        ..suite("service")
    };
    let headers = sign(
        &signer,
        &get("GET /"),
        ("example.amazonaws.com", SUITE_TIME),
    );
    let shown = format!("{signer:?} {headers:?}");
    for secret in ["AKIDEXAMPLE", "wJalrXUtn", "session-token", "Signature="] {
        assert!(!shown.contains(secret), "{shown}");
    }
}
