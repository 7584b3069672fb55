//! A request goes from one protocol's form to the other's and back.

use http::Method;

use super::*;
use crate::body::Body;

#[test]
fn a_request_that_http2_handed_back_is_put_into_its_form_for_http1() {
    let (clock, _) = Clock::manual();
    let origin = Origin::from_url(&"https://api.example.com:8443".parse().expect("a URL"));
    let origin = origin.expect("an origin");
    for (path, expected) in [("/v1/models?limit=1", "/v1/models?limit=1"), ("/", "/")] {
        let mut request = Request::builder()
            .method(Method::POST)
            .uri(path)
            .header(HOST, origin.host_header())
            .version(Version::HTTP_10)
            .body(Outgoing::new(Body::Empty, &clock))
            .expect("a request");
        assert!(to_http2(&mut request, &origin).is_ok());
        let absolute = format!("https://api.example.com:8443{expected}");
        assert_eq!(request.uri().to_string(), absolute);
        assert_eq!(request.version(), Version::HTTP_2);
        assert!(!request.headers().contains_key(HOST));
        to_http1(&mut request, &origin);
        assert_eq!(request.uri(), expected);
        assert_eq!(request.version(), Version::HTTP_11);
        assert_eq!(request.headers()[HOST], "api.example.com:8443");
    }
}
