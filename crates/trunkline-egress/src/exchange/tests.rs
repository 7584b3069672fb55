//! A request is put into the form of HTTP/2.

use http::Method;
use http::uri::PathAndQuery;

use super::*;
use crate::body::Body;

#[test]
fn a_request_is_put_into_the_form_of_http2() {
    let (clock, _) = Clock::manual();
    let origin = Origin::from_url(&"https://api.example.com:8443".parse().expect("a URL"));
    let origin = origin.expect("an origin");
    for target in ["/v1/models?limit=1", "/"] {
        let mut head = Head::get(PathAndQuery::from_static(target));
        head.method = Method::POST;
        head.headers.insert(HOST, origin.host_header().clone());
        let body = Outgoing::new(Body::Empty, &clock);
        let Ok(request) = to_http2(&head, body, &origin) else {
            panic!("{target} cannot be put into it");
        };
        assert_eq!(request.method(), Method::POST);
        let absolute = format!("https://api.example.com:8443{target}");
        assert_eq!(request.uri().to_string(), absolute);
        assert_eq!(request.version(), Version::HTTP_2);
        assert!(!request.headers().contains_key(HOST));
    }
}
