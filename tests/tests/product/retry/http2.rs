//! What HTTP/2 says of a stream that was refused or broken, over TLS.

use trunkline_tests::{Gateway, Http2Upstream, Product, Stream};

use crate::retry::{get, unsafe_post};

/// A gateway whose openai speaks HTTP/2, by this list.
fn over_http2(list: &[Stream]) -> (Http2Upstream, Gateway) {
    let upstream = Http2Upstream::start(list);
    let gateway = Product::new()
        .with_keys()
        .file("ca.pem", upstream.certificate())
        .set("egress.extra_ca", r#""ca.pem""#)
        .set(
            "connectors.openai.base_url",
            format!("{:?}", upstream.url()),
        )
        .set("connectors.openai.retry.wait_first", r#""1ms""#)
        .serve();
    (upstream, gateway)
}

#[test]
fn a_refused_http2_stream_is_repeated_whatever_its_method() {
    for refusal in [Stream::Refuse, Stream::GoAway] {
        let (upstream, gateway) = over_http2(&[refusal, Stream::Answer]);
        gateway.send(&unsafe_post()).expect(200);
        assert_eq!(upstream.count(), 2, "{refusal:?}");
    }
}

#[test]
fn a_broken_http2_stream_is_repeated_only_for_safe_methods() {
    let (upstream, gateway) = over_http2(&[Stream::Break, Stream::Answer]);
    gateway.send(&unsafe_post()).expect(502);
    assert_eq!(upstream.count(), 1);
    let (upstream, gateway) = over_http2(&[Stream::Break, Stream::Answer]);
    gateway.send(&get()).expect(200);
    assert_eq!(upstream.count(), 2);
}

#[test]
fn a_certificate_that_nobody_vouches_for_is_refused() {
    let upstream = Http2Upstream::start([Stream::Answer]);
    let product = Product::new()
        .with_keys()
        .set(
            "connectors.openai.base_url",
            format!("{:?}", upstream.url()),
        )
        .set("connectors.openai.retry.wait_first", r#""1ms""#);
    product.serve().send(&get()).problem(502, "tls_failed");
    assert_eq!(upstream.count(), 0);
}
