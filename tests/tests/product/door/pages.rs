//! Web pages: strangers may not call, those that settings name may.

use trunkline_tests::{Product, Request, Upstream, answer};

use crate::door::guarded;

#[test]
fn a_foreign_page_may_not_call() {
    let (upstream, gateway) = guarded();
    let own_port = gateway.address().port();
    let origins = [
        "https://evil.example",
        "http://localhost:3000",
        "null",
        "http://127.0.0.1",
        "chrome-extension://abcdef",
        "file://",
        "",
    ];
    for origin in origins {
        for request in [
            Request::get("/openai/v1/models"),
            Request::post("/openai/v1/x", "{}"),
        ] {
            let reply = gateway.send(&request.header("origin", origin));
            let body = reply.problem(403, "origin_refused");
            assert!(
                body["hint"]
                    .as_str()
                    .is_some_and(|hint| hint.contains("server.origins")),
                "{body:#}"
            );
            assert_eq!(reply.header("access-control-allow-origin"), None);
        }
    }
    let near = format!("http://127.0.0.1:{}", own_port ^ 1);
    gateway
        .send(&Request::get("/openai/v1/x").header("origin", &near))
        .problem(403, "origin_refused");
    for site in ["cross-site", "same-site"] {
        let reply = gateway.send(&Request::get("/openai/v1/models").header("sec-fetch-site", site));
        reply.problem(403, "origin_refused");
    }
    assert_eq!(upstream.count(), 0);
    for site in ["same-origin", "none"] {
        gateway
            .send(&Request::get("/openai/v1/models").header("sec-fetch-site", site))
            .expect(200);
    }
}

#[test]
fn our_own_routes_are_closed_to_foreign_pages_too() {
    let (_upstream, gateway) = guarded();
    for route in [
        "/-/health",
        "/-/metrics",
        "/-/fetch?url=https://example.com/",
    ] {
        let page = Request::get(route).header("origin", "https://evil.example");
        gateway.send(&page).problem(403, "origin_refused");
        let image = Request::get(route).header("sec-fetch-site", "cross-site");
        gateway.send(&image).problem(403, "origin_refused");
    }
}

#[test]
fn an_allowed_page_may_call() {
    let upstream = Upstream::start([answer(200).json("{}")]);
    let gateway = Product::calling("openai", &upstream)
        .set("server.origins", r#"["http://localhost:3000"]"#)
        .serve();
    let page = |method: &str| {
        Request::new(method, "/openai/v1/models")
            .header("origin", "http://localhost:3000")
            .header("sec-fetch-site", "cross-site")
    };
    let reply = gateway.send(&page("GET")).expect(200);
    assert_eq!(
        reply.header("access-control-allow-origin"),
        Some("http://localhost:3000")
    );
    let other = Request::get("/openai/v1/models").header("origin", "http://localhost:3001");
    gateway.send(&other).problem(403, "origin_refused");
    let preflight = page("OPTIONS").header("access-control-request-method", "POST");
    let reply = gateway.send(&preflight.header("access-control-request-headers", "content-type"));
    assert!(matches!(reply.status, 200 | 204), "{}", reply.status);
    assert_eq!(
        reply.header("access-control-allow-origin"),
        Some("http://localhost:3000")
    );
    assert_eq!(upstream.count(), 1, "a preflight is ours to answer");
}
