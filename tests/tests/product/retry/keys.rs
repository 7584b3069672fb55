//! A key by which the API knows a request again makes it safe to repeat.

use trunkline_tests::{Product, Request, Script, Upstream, answer};

use crate::retry::{fine, unsafe_post};

#[test]
fn a_key_of_the_callers_makes_an_unsafe_method_safe() {
    let upstream = Upstream::start([Script::cut(), answer(503).into(), fine()]);
    let gateway = Product::calling("stripe", &upstream).serve();
    let request = Request::post_form("/stripe/v1/customers", "email=a%40b.c");
    gateway
        .send(&request.header("idempotency-key", "order-17"))
        .expect(200);
    let heard = upstream.heard();
    let keys: Vec<_> = heard
        .iter()
        .map(|heard| heard.head.header("idempotency-key"))
        .collect();
    assert_eq!(keys, [Some("order-17"); 3]);
}

#[test]
fn where_the_connector_has_keys_we_add_one_and_keep_it_over_the_attempts() {
    let upstream = Upstream::start([Script::cut(), answer(503).into(), fine(), fine()]);
    let gateway = Product::calling("stripe", &upstream).serve();
    let request = Request::post_form("/stripe/v1/customers", "email=a%40b.c");
    gateway.send(&request).expect(200);
    gateway.send(&request).expect(200);
    let heard = upstream.heard();
    let keys: Vec<&str> = heard
        .iter()
        .map(|heard| {
            heard
                .head
                .header("idempotency-key")
                .expect("each attempt has a key")
        })
        .collect();
    assert_eq!(keys.len(), 4);
    assert!(keys[0].len() >= 16, "{keys:?}");
    assert!(keys[0] == keys[1] && keys[1] == keys[2], "{keys:?}");
    assert_ne!(keys[2], keys[3], "two calls had the same key");
}

#[test]
fn no_key_is_added_where_it_does_nothing() {
    let upstream = Upstream::start([answer(200).json("{}")]);
    let product = Product::calling("openai", &upstream).set(
        "connectors.stripe.base_url",
        format!("{:?}", upstream.url()),
    );
    let gateway = product.serve();
    gateway.send(&unsafe_post()).expect(200);
    gateway
        .send(&Request::get("/stripe/v1/customers"))
        .expect(200);
    for heard in upstream.heard() {
        assert_eq!(heard.head.header("idempotency-key"), None);
    }
}
