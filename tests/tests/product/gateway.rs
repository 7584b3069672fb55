//! A call through the gateway: what the upstream gets, and what the caller gets back.

use base64::Engine;
use trunkline_tests::{Act, Heard, Product, Request, Script, Talk, Upstream, answer};

use crate::connectors;

/// What no upstream may ever see.
const CALLERS: &str = "callers-own-credential";

fn bearer(name: &str) -> String {
    format!("Bearer {}", Product::key(name))
}

/// Calls a connector with a request and gives what its upstream heard.
#[track_caller]
fn heard(connector: &str, request: &Request) -> Heard {
    let upstream = Upstream::start([answer(200).json("{}")]);
    let gateway = Product::calling(connector, &upstream).serve();
    gateway.send(request).expect(200);
    upstream.only()
}

#[track_caller]
fn assert_unseen(heard: &Heard) {
    let seen = String::from_utf8_lossy(&heard.head.raw).to_lowercase();
    assert!(!seen.contains(CALLERS), "{seen}");
    assert!(!seen.contains("trunkline-"), "{seen}");
}

#[test]
fn a_bearer_token_is_added() {
    let heard = heard("openai", &Request::get("/openai/v1/models"));
    assert_eq!(
        heard.head.header("authorization"),
        Some(bearer("OPENAI_API_KEY").as_str())
    );
}

#[test]
fn a_key_is_added_in_a_header_of_its_own() {
    let heard = heard("anthropic", &Request::get("/anthropic/v1/models"));
    assert_eq!(
        heard.head.header("x-api-key"),
        Some(Product::key("ANTHROPIC_API_KEY"))
    );
    assert_eq!(heard.head.header("authorization"), None);
}

#[test]
fn a_name_and_a_password_are_added() {
    let heard = heard("twilio", &Request::get("/twilio/2010-04-01/Accounts.json"));
    let pair = format!(
        "{}:{}",
        Product::key("TWILIO_ACCOUNT_SID"),
        Product::key("TWILIO_AUTH_TOKEN")
    );
    let encoded = base64::engine::general_purpose::STANDARD.encode(pair);
    assert_eq!(
        heard.head.header("authorization"),
        Some(format!("Basic {encoded}").as_str())
    );
}

#[test]
fn every_shape_of_the_callers_own_credential_is_removed() {
    let encoded = base64::engine::general_purpose::STANDARD.encode(format!("{CALLERS}:{CALLERS}"));
    let shapes = [
        ("authorization", format!("Bearer {CALLERS}")),
        ("authorization", format!("Basic {encoded}")),
        ("Authorization", format!("Bot {CALLERS}")),
        ("AUTHORIZATION", format!("token {CALLERS}")),
        ("proxy-authorization", format!("Basic {encoded}")),
        ("x-api-key", CALLERS.to_owned()),
        ("X-Api-Key", CALLERS.to_owned()),
        ("apikey", CALLERS.to_owned()),
        ("api-key", CALLERS.to_owned()),
        ("x-goog-api-key", CALLERS.to_owned()),
        ("cookie", format!("session={CALLERS}")),
    ];
    let upstream = Upstream::start([answer(200).json("{}")]);
    let product = Product::calling("openai", &upstream);
    let product = ["anthropic", "stripe", "slack"]
        .iter()
        .fold(product, |product, name| {
            product.set(
                &format!("connectors.{name}.base_url"),
                format!("{:?}", upstream.url()),
            )
        });
    let gateway = product.serve();
    for connector in ["openai", "anthropic", "stripe", "slack"] {
        for (name, value) in &shapes {
            gateway
                .send(&Request::get(format!("/{connector}/v1/x")).header(name, value))
                .expect(200);
        }
    }
    for heard in upstream.heard() {
        assert_unseen(&heard);
        assert!(
            !String::from_utf8_lossy(&heard.head.raw).contains(&encoded),
            "{heard:?}"
        );
        let ours = heard.head.all("authorization").len() + heard.head.all("x-api-key").len();
        assert_eq!(ours, 1, "{heard:?}");
    }
}

#[test]
fn a_credential_sent_twice_is_removed_twice() {
    let request = Request::get("/openai/v1/models")
        .header("authorization", &format!("Bearer {CALLERS}"))
        .header("authorization", &format!("Basic {CALLERS}"));
    let heard = heard("openai", &request);
    assert_unseen(&heard);
    assert_eq!(heard.head.all("authorization"), [bearer("OPENAI_API_KEY")]);
}

#[test]
fn our_own_headers_stay_with_us() {
    let request = Request::get("/openai/v1/models")
        .header("trunkline-timeout", "10s")
        .header("Trunkline-Retry", "off")
        .header("TRUNKLINE-VALIDATE", "off");
    assert_unseen(&heard("openai", &request));
}

#[test]
fn a_connection_header_cannot_remove_what_we_add() {
    let request = Request::get("/openai/v1/models")
        .header("connection", "authorization, x-hop, keep-alive")
        .header("x-hop", "1")
        .header("te", "trailers, gzip")
        .header("keep-alive", "timeout=5")
        .header("proxy-connection", "keep-alive");
    let heard = heard("openai", &request);
    assert_eq!(
        heard.head.header("authorization"),
        Some(bearer("OPENAI_API_KEY").as_str())
    );
    for hop in ["x-hop", "keep-alive", "proxy-connection"] {
        assert_eq!(heard.head.header(hop), None, "{hop}");
    }
}

#[test]
fn the_account_in_a_path_is_ours_and_not_the_callers() {
    let other = "AC00000000000000000000000000000000";
    let request = Request::post_form(
        format!("/twilio/2010-04-01/Accounts/{other}/Messages.json"),
        "To=%2B15550001111&From=%2B15550002222&Body=hi",
    );
    let expected = format!(
        "/2010-04-01/Accounts/{}/Messages.json",
        Product::key("TWILIO_ACCOUNT_SID")
    );
    assert_eq!(heard("twilio", &request).head.word(1), expected);
}

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
fn a_version_header_is_added_only_where_there_is_none() {
    let version = "anthropic-version";
    let without = heard("anthropic", &Request::get("/anthropic/v1/models"));
    assert!(
        without
            .head
            .header(version)
            .is_some_and(|value| !value.is_empty())
    );
    let with = heard(
        "anthropic",
        &Request::get("/anthropic/v1/models").header(version, "2026-10-21"),
    );
    assert_eq!(with.head.header(version), Some("2026-10-21"));
}

#[test]
fn the_answer_passes_untouched() {
    let upstream = Upstream::start([answer(418)
        .header("x-request-id", "req_1")
        .header("set-cookie", "a=1; Path=/")
        .header("set-cookie", "b=2")
        .header("content-encoding", "gzip")
        .header("connection", "x-inner, keep-alive")
        .header("x-inner", "1")
        .header("keep-alive", "timeout=5")
        .json("\u{1f}not really gzip")]);
    let gateway = Product::calling("openai", &upstream).serve();
    let reply = gateway.get("/openai/v1/models").expect(418);
    assert_eq!(reply.text(), "\u{1f}not really gzip");
    assert_eq!(reply.header("x-request-id"), Some("req_1"));
    assert_eq!(reply.head.all("set-cookie"), ["a=1; Path=/", "b=2"]);
    assert_eq!(reply.header("content-encoding"), Some("gzip"));
    assert_eq!(reply.header("content-type"), Some("application/json"));
    assert_eq!(reply.header("x-inner"), None);
    assert_eq!(reply.header("keep-alive"), None);
}

#[test]
fn redirects_are_passed_on_and_not_followed() {
    let upstream = Upstream::start([answer(302).header("location", "/elsewhere")]);
    let gateway = Product::calling("openai", &upstream).serve();
    let reply = gateway.get("/openai/v1/models").expect(302);
    assert_eq!(reply.header("location"), Some("/elsewhere"));
    assert_eq!(upstream.count(), 1);
}

#[test]
fn answers_without_a_body_leave_the_connection_in_order() {
    let length = ["content-length: 5", "content-length: 0"];
    let upstream = Upstream::start([
        Script::reading().say(format!(
            "HTTP/1.1 200 OK\r\n{}\r\nx-a: 1\r\n\r\n",
            length[0]
        )),
        answer(204).into(),
        answer(304).header("etag", "\"1\"").into(),
        answer(200).json("{}").into(),
    ]);
    let gateway = Product::calling("openai", &upstream)
        .set("server.threads", 1)
        .serve();
    let mut talk = Talk::with(gateway.address());
    for (method, status) in [("HEAD", 200), ("DELETE", 204), ("GET", 304), ("GET", 200)] {
        let incoming = Request::new(method, "/openai/v1/x").start_on(talk);
        assert_eq!(incoming.status, status);
        if method == "HEAD" {
            assert_eq!(incoming.header("content-length"), Some("5"));
        }
        talk = incoming.finish_on().1;
    }
    let connections: Vec<usize> = upstream
        .heard()
        .iter()
        .map(|heard| heard.connection)
        .collect();
    assert_eq!(
        connections,
        [0, 0, 0, 0],
        "the pooled connection was not used again"
    );
}

#[test]
fn interim_answers_are_not_taken_for_the_answer() {
    let upstream = Upstream::start([Script::reading()
        .say("HTTP/1.1 100 Continue\r\n\r\n")
        .say("HTTP/1.1 103 Early Hints\r\nlink: </a.css>\r\n\r\n")
        .say(answer(200).json(r#"{"a":1}"#).bytes())]);
    let gateway = Product::calling("openai", &upstream).serve();
    let reply = gateway.get("/openai/v1/models").expect(200);
    assert_eq!(reply.text(), r#"{"a":1}"#);
    assert_eq!(reply.header("link"), None);
}

#[test]
fn every_call_has_a_number_of_its_own_and_says_how_often_it_was_tried() {
    let upstream = Upstream::start([answer(200).json("{}"), answer(404).json("{}")]);
    let gateway = Product::calling("openai", &upstream).serve();
    let mut ids = Vec::new();
    for (target, attempts) in [
        ("/openai/v1/a", Some("1")),
        ("/openai/v1/b", Some("1")),
        ("/nope", None),
    ] {
        let reply = gateway.get(target);
        if attempts.is_some() {
            assert_eq!(reply.header("trunkline-attempts"), attempts);
        }
        let id = reply
            .header("trunkline-call-id")
            .expect("every answer has a call id")
            .to_owned();
        assert!(id.starts_with("call_") && id.len() == 31, "{id}");
        ids.push(id);
    }
    ids.dedup();
    assert_eq!(ids.len(), 3);
}

#[test]
fn an_upstreams_error_comes_with_a_hint_and_success_with_none() {
    let error = r#"{"error":{"message":"Incorrect API key provided","type":"invalid_request_error","code":"invalid_api_key"}}"#;
    let upstream = Upstream::start([answer(401).json(error), answer(200).json("{}")]);
    let gateway = Product::calling("openai", &upstream).serve();
    let refused = gateway.get("/openai/v1/models").expect(401);
    assert_eq!(refused.text(), error);
    let hint = refused
        .header("trunkline-hint")
        .expect("an error has a hint");
    assert!(hint.len() > 20 && hint.is_ascii(), "{hint}");
    assert!(
        hint.contains("OPENAI_API_KEY"),
        "it does not say which key: {hint}"
    );
    assert_eq!(
        gateway
            .get("/openai/v1/models")
            .expect(200)
            .header("trunkline-hint"),
        None
    );
}

#[test]
fn an_error_that_calls_itself_ok_passes_untouched_with_a_hint() {
    let body = r#"{"ok":false,"error":"channel_not_found"}"#;
    let upstream = Upstream::start([answer(200).json(body)]);
    let gateway = Product::calling("slack", &upstream).serve();
    let reply = gateway
        .send(&Request::post("/slack/api/chat.postMessage", "{}"))
        .expect(200);
    assert_eq!(reply.text(), body);
    assert_eq!(upstream.count(), 1);
    let hint = reply.header("trunkline-hint").expect("an error has a hint");
    assert!(hint.contains("channel"), "{hint}");
}

#[test]
fn a_dedicated_listener_serves_its_connector_alone() {
    let upstream = Upstream::start([answer(200).json("{}")]);
    let product = Product::calling("stripe", &upstream).set("listeners.stripe", r#""127.0.0.1:0""#);
    let gateway = product.serve();
    for target in [
        "/v1/customers?limit=3",
        "/-/health",
        "/openai/v1/models",
        "/stripe/v1/customers",
    ] {
        Request::get(target).send(gateway.dedicated()).expect(200);
    }
    let heard = upstream.heard();
    let targets: Vec<&str> = heard.iter().map(|heard| heard.head.word(1)).collect();
    let expected = [
        "/v1/customers?limit=3",
        "/-/health",
        "/openai/v1/models",
        "/stripe/v1/customers",
    ];
    assert_eq!(targets, expected);
    for heard in &heard {
        assert_eq!(
            heard.head.header("authorization"),
            Some(bearer("STRIPE_SECRET_KEY").as_str())
        );
    }
    gateway.get("/-/health").expect(200);
}

#[test]
fn a_connector_of_ones_own_is_served() {
    let upstream = Upstream::start([answer(200).json("[]")]);
    let gateway = connectors::plain_calling(&upstream, "").serve();
    gateway.get("/plain/things").expect(200);
    assert_eq!(
        upstream.only().head.header("authorization"),
        Some("Bearer plain-real-token-0002")
    );
}

#[test]
fn a_secret_in_a_dotenv_file_is_found_and_the_environment_wins() {
    let upstream = Upstream::start([answer(200).json("{}")]);
    let product = Product::new()
        .set(
            "connectors.openai.base_url",
            format!("{:?}", upstream.url()),
        )
        .file(".env", "export OPENAI_API_KEY=\"sk-from-env-file\"\n")
        .file(
            ".env.local",
            "# mine\nOPENAI_API_KEY='sk-from-env-local' # not for others\n",
        );
    product.serve().get("/openai/v1/models").expect(200);
    let product = product.variable("OPENAI_API_KEY", "sk-from-environment");
    product.serve().get("/openai/v1/models").expect(200);
    let heard = upstream.heard();
    let seen: Vec<_> = heard
        .iter()
        .map(|heard| heard.head.header("authorization"))
        .collect();
    assert_eq!(
        seen,
        [
            Some("Bearer sk-from-env-local"),
            Some("Bearer sk-from-environment")
        ]
    );
}

#[test]
fn connections_are_kept_for_the_next_call_on_both_sides() {
    let upstream = Upstream::start([answer(200).json("{}")]);
    let gateway = Product::calling("openai", &upstream)
        .set("server.threads", 1)
        .serve();
    let talk = Talk::with(gateway.address());
    let (first, talk) = Request::get("/openai/v1/a").start_on(talk).finish_on();
    let (second, _) = Request::get("/openai/v1/b").start_on(talk).finish_on();
    assert_eq!((first.status, second.status), (200, 200));
    assert_eq!(upstream.heard()[1].connection, 0);
}

#[test]
fn an_upstream_that_closes_after_its_answer_is_not_asked_on_the_same_connection() {
    for last in [Act::Close, Act::CloseHalf] {
        let upstream = Upstream::start([answer(200).json("{}").script().then(last)]);
        let gateway = Product::calling("openai", &upstream)
            .set("server.threads", 1)
            .serve();
        for closed in 1..=5 {
            gateway
                .send(&Request::post("/openai/v1/chat/completions", "{}"))
                .expect(200);
            upstream.wait_until_closed(closed);
        }
        assert_eq!(upstream.count(), 5);
    }
}
