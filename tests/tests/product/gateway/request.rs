//! What the upstream gets: everything else as the caller sent it, byte for byte.

use trunkline_tests::{Product, Request, Script, Talk, Upstream, answer};

use crate::gateway::heard;

#[test]
fn path_and_query_pass_byte_for_byte() {
    let targets = [
        "/v1/users/%40me",
        "/v4/spreadsheets/1/values/A1%3AB2",
        "/rest/v1/t?select=id%2Cname&order=a.desc",
        "/v1/customers?metadata[k]=v&expand[]=data",
        "//v1/customers",
        "/v1//customers///x/",
        "/v1/models?",
        "/v1/models?a&b=&=c&a=1&a=2",
        "/v1/a%2Fb%2e%2E/c;d=1,2!$'()*+~",
        "/v1/models?url=https://example.com/?a=b%26c&x=%7Bfoo%7D|^`",
        "/v1/caf%C3%A9?q=%E2%82%AC",
        "/-/health",
        "/",
    ];
    let upstream = Upstream::start([answer(200).json("{}")]);
    let gateway = Product::calling("openai", &upstream).serve();
    for target in targets {
        gateway.get(&format!("/openai{target}")).expect(200);
    }
    let heard: Vec<String> = upstream
        .heard()
        .iter()
        .map(|heard| heard.head.word(1).to_owned())
        .collect();
    assert_eq!(heard, targets);
}

#[test]
fn a_connectors_name_alone_is_a_call() {
    for (asked, expected) in [
        ("/openai", "/"),
        ("/openai?a=b", "/?a=b"),
        ("/openai/", "/"),
    ] {
        assert_eq!(heard("openai", &Request::get(asked)).head.word(1), expected);
    }
}

#[test]
fn the_base_path_is_prefixed() {
    let upstream = Upstream::start([answer(200).json("{}")]);
    let product = Product::calling("openai", &upstream);
    for base in ["/base/v2", "/base/v2/"] {
        let base_url = format!("{:?}", upstream.url() + base);
        let gateway = product
            .clone()
            .set("connectors.openai.base_url", base_url)
            .serve();
        gateway.get("/openai/v1/models?a=%20").expect(200);
    }
    for heard in upstream.heard() {
        assert_eq!(heard.head.word(1), "/base/v2/v1/models?a=%20");
    }
}

#[test]
fn the_host_is_the_upstreams() {
    let upstream = Upstream::start([answer(200).json("{}")]);
    let gateway = Product::calling("openai", &upstream).serve();
    gateway.get("/openai/v1/models").expect(200);
    assert_eq!(
        upstream.only().head.header("host"),
        Some(upstream.address().to_string().as_str())
    );
}

#[test]
fn bodies_pass_byte_for_byte() {
    let every_byte: Vec<u8> = (0..=255).cycle().take(70_000).collect();
    let request = Request::new("POST", "/openai/v1/files").body(every_byte.clone());
    let heard = heard(
        "openai",
        &request.header("content-type", "application/octet-stream"),
    );
    assert_eq!(heard.body, every_byte);
    assert_eq!(heard.head.header("content-length"), Some("70000"));
    assert_eq!(
        heard.head.header("content-type"),
        Some("application/octet-stream")
    );
}

#[test]
fn chunked_bodies_pass() {
    let request = Request::new("POST", "/openai/v1/files")
        .header("transfer-encoding", "chunked")
        .body("5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n");
    let heard = heard("openai", &request);
    assert_eq!(heard.body, b"hello world");
}

#[test]
fn every_method_passes() {
    let methods = [
        "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "QUERY",
    ];
    let upstream = Upstream::start([answer(200)]);
    let gateway = Product::calling("openai", &upstream).serve();
    for method in methods {
        gateway
            .send(&Request::new(method, "/openai/v1/x"))
            .expect(200);
    }
    let heard: Vec<String> = upstream
        .heard()
        .iter()
        .map(|heard| heard.head.word(0).to_owned())
        .collect();
    assert_eq!(heard, methods);
}

#[test]
fn the_callers_other_headers_pass() {
    let request = Request::get("/openai/v1/models")
        .header("user-agent", "OpenAI/JS 6.49.0")
        .header("x-stainless-lang", "js")
        .header("accept", "application/json")
        .header("openai-organization", "org-1");
    let heard = heard("openai", &request);
    assert_eq!(heard.head.header("user-agent"), Some("OpenAI/JS 6.49.0"));
    assert_eq!(heard.head.header("x-stainless-lang"), Some("js"));
    assert_eq!(heard.head.header("accept"), Some("application/json"));
    assert_eq!(heard.head.header("openai-organization"), Some("org-1"));
}

#[test]
fn header_values_that_are_no_ascii_pass_both_ways() {
    let upstream = Upstream::start([Script::reading()
        .say(b"HTTP/1.1 200 OK\r\nx-name: caf\xe9 \xe2\x82\xac\r\ncontent-length: 0\r\n\r\n")]);
    let gateway = Product::calling("openai", &upstream).serve();
    let mut talk = Talk::with(gateway.address());
    let mut request = Request::get("/openai/v1/x").bytes(&talk.host());
    request.truncate(request.len() - 2);
    request.extend_from_slice(b"x-name: caf\xe9 \xe2\x82\xac\r\n\r\n");
    talk.say(request);
    let reply = talk.answer_to("GET").finish();
    let value = b": caf\xe9 \xe2\x82\xac\r\n";
    let has = |raw: &[u8]| raw.windows(value.len()).any(|window| window == value);
    assert!(has(&reply.head.raw), "{:?}", reply.head);
    assert!(has(&upstream.only().head.raw), "{:?}", upstream.only());
}
