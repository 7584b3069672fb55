//! Every way of proving who calls, as the upstream sees it: on each attempt, and never beside it.

use std::convert::Infallible;
use std::fmt::Write as _;
use std::time::{Duration, UNIX_EPOCH};

use bytes::Bytes;
use expect_test::{Expect, expect};
use http::Method;
use http_body_util::{BodyExt as _, Full};
use ring::hmac;
use trunkline::{Body, BodyError, Call, Changed, ErrorKind};

use crate::own::{Own, all_of, secret, shown};
use crate::stand::{Ran, Stand, by_path, get, operation, post, soon, with_header};
use crate::upstream::request::Request;
use crate::upstream::{Act, Closed, Upstream, answer, json};

/// Keys whose letters stand nowhere else.
const VARIABLES: [(&str, &str); 3] = [
    ("UP_ID", "id-canary-6b1f20"),
    ("UP_KEY", "key-canary-93cd47"),
    ("UP_TOKEN", "token-canary-a08e5d"),
];

/// A connector at `upstream` with this `[auth]` and the secrets that it names.
fn tables(upstream: &Upstream, auth: &str) -> String {
    let is_named = |name: &&&str| {
        auth.contains(&format!("\"{name}\"")) || auth.contains(&format!("{{{name}}}"))
    };
    let names = ["id", "key", "token"];
    let secrets: String = names
        .iter()
        .filter(is_named)
        .map(|name| secret(name))
        .collect();
    let address = upstream.address;
    let auth = auth.replace("UPSTREAM", &format!("http://{address}"));
    format!("base_url = \"http://{address}\"\n{secrets}[auth]\n{auth}\n")
}

fn stand(upstream: &Upstream, auth: &str) -> Stand {
    let own = Own {
        connector: &tables(upstream, auth),
        operations: "",
        settings: "",
        variables: &VARIABLES,
    };
    own.stand()
}

/// The request that arrives.
async fn arrives(auth: &str, call: Call) -> Request {
    let upstream = Upstream::start([json(200, "{}")]);
    let stand = stand(&upstream, auth);
    drop(stand.run(call).await.reply());
    upstream.requests().remove(0)
}

/// The values of a header, all of them.
fn all<'a>(request: &'a Request, name: &str) -> Vec<&'a str> {
    let headers = request.headers.iter();
    let headers = headers.filter(|(known, _)| known == name);
    headers.map(|(_, value)| value.as_str()).collect()
}

#[tokio::test]
async fn a_token_has_the_word_before_it_that_the_api_wants() {
    for (word, expected) in [
        ("", "Bearer token-canary-a08e5d"),
        ("word = \"Token\"", "Token token-canary-a08e5d"),
        ("word = \"Bot\"", "Bot token-canary-a08e5d"),
    ] {
        let auth = format!("kind = \"bearer\"\nsecret = \"token\"\n{word}");
        let call = with_header(get("up", "/things"), "authorization", "Bearer mine");
        let request = arrives(&auth, call).await;
        assert_eq!(all(&request, "authorization"), [expected]);
    }
}

#[tokio::test]
async fn several_headers_replace_the_callers() {
    let auth = "kind = \"headers\"\nset = { apikey = \"{key}\", authorization = \"Bearer {key}\", x-id = \"id={id}\" }";
    let mut call = get("up", "/things");
    for name in ["apikey", "authorization", "x-id", "x-id"] {
        call = with_header(call, name, "mine");
    }
    let request = arrives(auth, call).await;
    assert_eq!(all(&request, "apikey"), ["key-canary-93cd47"]);
    assert_eq!(all(&request, "authorization"), ["Bearer key-canary-93cd47"]);
    assert_eq!(all(&request, "x-id"), ["id=id-canary-6b1f20"]);
}

const IN_QUERY: &str = "kind = \"query\"\nname = \"api_key\"\nsecret = \"key\"";

#[tokio::test]
async fn a_credential_in_the_query_takes_the_callers_place() {
    let ours = "api_key=key-canary-93cd47";
    for (sent, expected) in [
        ("/things", format!("/things?{ours}")),
        (
            "/things?a=1&b=%2f&&c",
            format!("/things?a=1&b=%2f&&c&{ours}"),
        ),
        ("/things?api_key=mine&a=1", format!("/things?a=1&{ours}")),
        ("/things?%61pi_key=mine", format!("/things?{ours}")),
        (
            "/things?api%5fkey=mine&api_key=2",
            format!("/things?{ours}"),
        ),
        ("/things?API_KEY=1", format!("/things?API_KEY=1&{ours}")),
    ] {
        let request = arrives(IN_QUERY, get("up", sent)).await;
        assert_eq!(request.line, format!("GET {expected} HTTP/1.1"));
    }
    let inputs = serde_json::json!({"api_key": "mine", "limit": 2});
    let request = arrives(IN_QUERY, operation("up", "things.list", inputs)).await;
    assert_eq!(request.line, format!("GET /things?limit=2&{ours} HTTP/1.1"));
}

#[track_caller]
fn check_hidden(text: &str) {
    for (_, value) in VARIABLES {
        let encoded = value.replace('-', "%2D");
        let (_, last) = value.rsplit_once('-').unwrap();
        for part in [value, encoded.as_str(), last] {
            assert!(!text.contains(part), "`{part}` stands in:\n{text}");
        }
    }
}

#[tokio::test]
async fn no_kind_shows_its_secret_in_a_plan_an_error_or_a_look_inside() {
    let sigv4 = "kind = \"aws_sigv4\"\naccess_key = \"id\"\nsecret_key = \"key\"\nsession_token = \"token\"\nregion = \"eu-central-1\"\nservice = \"s3\"";
    for auth in [
        IN_QUERY,
        "kind = \"bearer\"\nsecret = \"token\"",
        "kind = \"headers\"\nset = { x-a = \"{key}\", authorization = \"{token}\" }",
        "kind = \"basic\"\nusername = \"id\"\npassword = \"key\"",
        "kind = \"hmac\"\nsecret = \"key\"\nheaders = { x-id = \"{id}\" }",
        "kind = \"client_credentials\"\ntoken_url = \"UPSTREAM/token\"\nclient_id = \"id\"\nclient_secret = \"key\"",
        sigv4,
    ] {
        let upstream = Upstream::start([Act::Cut(Vec::new()), Act::Cut(Vec::new())]);
        let stand = stand(&upstream, auth);
        // The caller may repeat what it should not know.
        let repeats = if auth.contains("\"key\"") || auth.contains("{key}") {
            "key-canary-93cd47"
        } else {
            "token-canary-a08e5d"
        };
        let encoded = repeats.replace('-', "%2D");
        let repeating = format!("/things?a={repeats}&b={encoded}&api_key=mine");
        let call = || post("up", &repeating, &format!("{{\"mine\": \"{repeats}\"}}"));
        let plan = stand.engine.plan(call()).unwrap();
        let body = plan.body.clone().unwrap_or_default();
        let body = String::from_utf8_lossy(&body).into_owned();
        check_hidden(&format!("{plan:?} {} {body}", plan.url));
        check_hidden(&all_of(&run(&stand, call()).await.error()));
        check_hidden(&format!("{:?} {:?}", stand.engine, stand.engine.config()));
        check_hidden(&stand.engine.metrics().render());
        assert!(!upstream.requests().is_empty());
    }
}

#[tokio::test]
async fn an_upstream_that_is_not_there_is_reported_without_the_query() {
    let address = Closed::new().address();
    let own = Own {
        connector: &format!(
            "base_url = \"http://{address}\"\n{}[auth]\n{IN_QUERY}\n",
            secret("key")
        ),
        operations: "",
        settings: "retry = { attempts = 1 }",
        variables: &VARIABLES,
    };
    let error = own.stand().run(get("up", "/things?a=1")).await.error();
    check_hidden(&all_of(&error));
    assert_eq!(error.kind().code(), "connect_failed");
}

/// What a request of the API guides is signed over: `['POST', '/api/v1/endpoint', timestamp,
/// body].join('\n')`, in lower-case hexadecimal digits.
fn signature_of(timestamp: &str, body: &[u8]) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, b"key-canary-93cd47");
    let payload = [
        b"POST\n/api/v1/endpoint\n",
        timestamp.as_bytes(),
        b"\n",
        body,
    ]
    .concat();
    let tag = hmac::sign(&key, &payload);
    let mut digits = String::new();
    for byte in tag.as_ref() {
        write!(digits, "{byte:02x}").unwrap();
    }
    digits
}

const SIGNED: &str = "kind = \"hmac\"\nsecret = \"key\"\nsigned_prefix = \"/api\"";

#[tokio::test]
async fn a_signature_is_made_anew_for_every_attempt() {
    let body = r#"{"data":"example"}"#;
    let upstream = Upstream::start([json(503, "{}"), json(503, "{}"), json(200, "{}")]);
    let stand = stand(&upstream, SIGNED);
    let mut call = post("up", "/v1/endpoint", body);
    // The signature says nothing of repeating; this makes it harmless.
    call = with_header(call, "idempotency-key", "k1");
    for name in ["x-timestamp", "X-Signature"] {
        call = with_header(call, name, "mine");
    }
    let started = stand.engine.clock().wall();
    let ran = stand.run(call).await;
    let waits = ran.waits.clone();
    assert_eq!(ran.summary(), "200 in 3");
    let mut at = started;
    for (request, wait) in upstream
        .requests()
        .iter()
        .zip([Duration::ZERO, waits[0], waits[1]])
    {
        at += wait;
        let seconds = at.duration_since(UNIX_EPOCH).unwrap().as_secs().to_string();
        assert_eq!(all(request, "x-timestamp"), [seconds.as_str()]);
        let expected = signature_of(&seconds, body.as_bytes());
        assert_eq!(all(request, "x-signature"), [expected.as_str()]);
        assert_eq!(request.body, body.as_bytes());
    }
}

/// A body that the engine cannot keep as it is.
fn streamed(bytes: Vec<u8>) -> Body {
    let all = Full::new(Bytes::from(bytes));
    Body::stream(all.map_err(|never: Infallible| -> BodyError { match never {} }))
}

fn endpoint(body: Body) -> Call {
    let mut call = by_path("up", Method::POST, "/v1/endpoint");
    call.body = body;
    call
}

#[tokio::test]
async fn a_body_that_streams_is_signed_as_a_whole() {
    for size in [0, 1, 300_000, 8 * 1024 * 1024] {
        let body: Vec<u8> = (b'a'..=b'z').cycle().take(size).collect();
        let request = arrives(SIGNED, endpoint(streamed(body.clone()))).await;
        let timestamp = request.header("x-timestamp").unwrap();
        let expected = signature_of(timestamp, &body);
        assert_eq!(
            request.header("x-signature"),
            Some(expected.as_str()),
            "{size}"
        );
        let length = size.to_string();
        assert_eq!(request.header("content-length"), Some(length.as_str()));
        assert!(request.body == body, "{size}");
    }
}

#[tokio::test]
async fn a_body_too_long_to_be_signed_is_not_sent() {
    let upstream = Upstream::start([]);
    let stand = stand(&upstream, SIGNED);
    let body = streamed(vec![b'a'; 8 * 1024 * 1024 + 1]);
    let error = stand.run(endpoint(body)).await.error();
    expect![[r#"
        body_too_large: the signature covers the body, and the body is larger than 8388608 bytes
        send less at once; this API's requests are signed as a whole"#]]
    .assert_eq(&shown(&error));
    assert_eq!((upstream.connections(), error.attempts()), (0, 0));
    // Where the signature does not cover it, it passes.
    let auth = "kind = \"hmac\"\nsecret = \"key\"\npayload = [\"method\", \"path\", \"timestamp\"]";
    let body = streamed(vec![b'a'; 8 * 1024 * 1024 + 1]);
    let request = arrives(auth, endpoint(body)).await;
    assert_eq!(request.body.len(), 8 * 1024 * 1024 + 1);
}

#[tokio::test]
async fn a_plan_waits_for_no_body() {
    let upstream = Upstream::start([]);
    let plan = stand(&upstream, SIGNED)
        .engine
        .plan(endpoint(half(None)))
        .unwrap();
    let signature = plan.headers.iter().find(|(name, _)| name == "x-signature");
    assert_eq!(signature.unwrap().1, "…");
}

/// A body whose caller sends one piece, and then breaks off or nothing more.
fn half(end: Option<BodyError>) -> Body {
    let first = Ok(http_body::Frame::data(Bytes::from("first ")));
    let mut frames = vec![first];
    let hangs = end.is_none();
    frames.extend(end.map(Err));
    Body::stream(Half {
        frames: frames.into(),
        hangs,
    })
}

struct Half {
    frames: std::collections::VecDeque<Result<http_body::Frame<Bytes>, BodyError>>,
    hangs: bool,
}

impl http_body::Body for Half {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<http_body::Frame<Bytes>, BodyError>>> {
        match self.frames.pop_front() {
            None if self.hangs => std::task::Poll::Pending,
            frame => std::task::Poll::Ready(frame),
        }
    }
}

#[tokio::test]
async fn a_body_that_does_not_come_is_not_signed() {
    let upstream = Upstream::start([]);
    let stand = stand(&upstream, SIGNED);
    let gone = BodyError::Caller("the connection is closed".into());
    let error = stand.run(endpoint(half(Some(gone)))).await.error();
    expect![[r#"
        caller_gone: the request's body ended too early
        keep the connection open until the answer is there"#]]
    .assert_eq(&shown(&error));
    let mut call = endpoint(half(None));
    call.options.timeout = Some(Duration::from_secs(9));
    let mut call = std::pin::pin!(stand.engine.call(call));
    let wait = stand.until_it_waits(&mut call).await;
    assert_eq!(wait, Duration::from_secs(9));
    stand.time.advance(wait);
    let error = soon(call).await.unwrap_err();
    expect![[r#"
        call_timeout: the time that the caller allows ended before the request's body was there
        allow more time with `Trunkline-Timeout` or `--timeout`"#]]
    .assert_eq(&shown(&error));
    assert_eq!(upstream.connections(), 0);
}

#[tokio::test]
async fn aws_gets_a_new_signature_for_every_attempt() {
    let auth = "kind = \"aws_sigv4\"\naccess_key = \"id\"\nsecret_key = \"key\"\nsession_token = \"token\"\nregion = \"eu-central-1\"\nservice = \"dynamodb\"";
    // Long enough for another second, in which signatures count.
    let later = Act::Answer(answer(503, &[("retry-after", "5")], "{}"));
    let upstream = Upstream::start([later, json(200, "{}")]);
    let own = Own {
        connector: &tables(&upstream, auth),
        operations: "",
        settings: "",
        variables: &VARIABLES,
    };
    let stand = own.stand();
    let mut call = by_path("up", Method::PUT, "/things?b=2&a=1");
    call.body = streamed(b"{}".to_vec());
    for (name, value) in [
        ("x-amz-target", "DynamoDB_20120810.ListTables"),
        ("x-amz-date", "20000101T000000Z"),
        ("x-amz-security-token", "mine"),
        ("x-amz-content-sha256", "mine"),
    ] {
        call = with_header(call, name, value);
    }
    assert_eq!(stand.run(call).await.summary(), "200 in 2");
    let requests = upstream.requests();
    let mut signatures = Vec::new();
    for request in &requests {
        assert_eq!(
            all(request, "x-amz-security-token"),
            ["token-canary-a08e5d"]
        );
        // The SHA-256 of `{}`.
        let hash = "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";
        assert_eq!(all(request, "x-amz-content-sha256"), [hash]);
        let [date] = all(request, "x-amz-date")[..] else {
            panic!("{request:?}");
        };
        let [authorization] = all(request, "authorization")[..] else {
            panic!("{request:?}");
        };
        let (scope, signature) = authorization.split_once(", Signature=").unwrap();
        let (day, _) = date.split_once('T').unwrap();
        assert_eq!(
            scope,
            format!(
                "AWS4-HMAC-SHA256 Credential=id-canary-6b1f20/{day}/eu-central-1/dynamodb/aws4_request, \
                 SignedHeaders=host;x-amz-content-sha256;x-amz-date;x-amz-security-token;x-amz-target"
            )
        );
        signatures.push((date.to_owned(), signature.to_owned()));
    }
    assert_ne!(signatures[0], signatures[1]);
}

const CLIENT: &str = "kind = \"client_credentials\"\ntoken_url = \"UPSTREAM/oauth/token\"\n\
                      client_id = \"id\"\nclient_secret = \"key\"\nscope = \"read write\"\n\
                      request = \"json\"\nclient_auth = \"body\"";

fn token(name: &str) -> Act {
    json(
        200,
        &format!(r#"{{"access_token": "{name}", "token_type": "Bearer", "expires_in": 3600}}"#),
    )
}

/// Makes a call. That asking for a token takes half a minute at most stands by besides.
async fn run(stand: &Stand, call: Call) -> Ran {
    let longest = Duration::from_secs(29);
    stand.run_with_waits_below(longest, call).await
}

/// What arrived: each request's line without the version, and its credential.
fn story(upstream: &Upstream) -> Vec<String> {
    let requests = upstream.requests();
    let lines = requests.iter().map(|request| {
        let line = request.line.trim_end_matches(" HTTP/1.1");
        format!("{line} {}", request.header("authorization").unwrap_or("-"))
    });
    lines.collect()
}

#[tokio::test]
async fn a_token_is_asked_for_once() {
    let upstream = Upstream::start([token("first"), json(200, "{}"), json(200, "{}")]);
    let stand = stand(&upstream, CLIENT);
    for _ in 0..2 {
        let call = with_header(get("up", "/things"), "authorization", "Bearer mine");
        let ran = run(&stand, call).await;
        assert_eq!(ran.summary(), "200 in 1");
    }
    assert_eq!(
        story(&upstream),
        [
            "POST /oauth/token -",
            "GET /things Bearer first",
            "GET /things Bearer first"
        ]
    );
    // As API guides show it.
    let asked = &upstream.requests()[0];
    let body: serde_json::Value = serde_json::from_slice(&asked.body).unwrap();
    let expected = serde_json::json!({
        "grant_type": "client_credentials",
        "client_id": "id-canary-6b1f20",
        "client_secret": "key-canary-93cd47",
        "scope": "read write",
    });
    assert_eq!(body, expected);
    assert_eq!(asked.header("content-type"), Some("application/json"));
}

#[tokio::test]
async fn a_token_lives_until_a_minute_before_its_end() {
    let upstream = Upstream::start([
        token("first"),
        json(200, "{}"),
        json(200, "{}"),
        token("second"),
        json(200, "{}"),
    ]);
    let stand = stand(&upstream, CLIENT);
    for seconds in [3539, 1, 0] {
        // A limit stands by while a token is renewed; time is not to be moved for it.
        drop(soon(stand.engine.call(get("up", "/things"))).await.unwrap());
        stand.time.advance(Duration::from_secs(seconds));
    }
    assert_eq!(
        story(&upstream),
        [
            "POST /oauth/token -",
            "GET /things Bearer first",
            "GET /things Bearer first",
            "POST /oauth/token -",
            "GET /things Bearer second"
        ]
    );
}

#[tokio::test]
async fn a_refused_token_is_replaced_once_whatever_the_method() {
    for method in [Method::GET, Method::POST, Method::DELETE] {
        let script = [token("old"), json(401, "{}"), token("new"), json(200, "{}")];
        let upstream = Upstream::start(script);
        let stand = stand(&upstream, CLIENT);
        let mut call = by_path("up", method.clone(), "/things");
        if method == Method::POST {
            call.body = streamed(b"body".to_vec());
        }
        // Not for the upstream's sake: it is no retry of those that this forbids.
        call.options.attempts_max = Some(std::num::NonZeroU32::MIN);
        let ran = run(&stand, call).await;
        assert!(ran.waits.is_empty());
        assert_eq!(ran.summary(), "200 in 2");
        assert_eq!(
            story(&upstream),
            [
                "POST /oauth/token -".to_owned(),
                format!("{method} /things Bearer old"),
                "POST /oauth/token -".to_owned(),
                format!("{method} /things Bearer new"),
            ]
        );
        if method == Method::POST {
            let requests = upstream.requests();
            assert_eq!(
                (&requests[1].body, &requests[3].body),
                (&b"body".to_vec(), &b"body".to_vec())
            );
        }
    }
}

#[tokio::test]
async fn a_second_refusal_is_the_callers() {
    let refusal = || json(401, r#"{"error": "not you"}"#);
    let upstream = Upstream::start([token("a"), refusal(), token("b"), refusal()]);
    let stand = stand(&upstream, CLIENT);
    assert_eq!(
        run(&stand, get("up", "/things")).await.summary(),
        "401 in 2"
    );
    assert_eq!(upstream.requests().len(), 4);
}

#[tokio::test]
async fn a_refused_token_is_not_used_again_though_its_call_cannot_be() {
    let upstream = Upstream::start([token("old"), json(401, "{}"), token("new"), json(200, "{}")]);
    let stand = stand(&upstream, CLIENT);
    // Too long to be kept for another attempt.
    let ran = run(&stand, endpoint(streamed(vec![b'a'; 300_000]))).await;
    assert_eq!(ran.summary(), "401 in 1");
    assert_eq!(
        run(&stand, get("up", "/things")).await.summary(),
        "200 in 1"
    );
    assert_eq!(
        story(&upstream),
        [
            "POST /oauth/token -",
            "POST /v1/endpoint Bearer old",
            "POST /oauth/token -",
            "GET /things Bearer new"
        ]
    );
}

const LIVE: &str = r#"
[[operations]]
name = "live"
title = "Listen"
method = "GET"
path = "/live"
docs = "https://up.example/docs"
upgrade = "websocket"
"#;

/// A connector that has an operation which changes to WebSocket.
fn live(upstream: &Upstream) -> Stand {
    let own = Own {
        connector: &tables(upstream, CLIENT),
        operations: LIVE,
        settings: "",
        variables: &VARIABLES,
    };
    own.stand()
}

#[tokio::test]
async fn a_refused_token_is_replaced_once_for_a_websocket_too() {
    let answer =
        "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n";
    let tunnel = Act::Answer(answer.as_bytes().to_vec());
    let upstream = Upstream::start([token("old"), json(401, "{}"), token("new"), tunnel]);
    let stand = live(&upstream);
    let changed = soon(stand.engine.upgrade(get("up", "/live")))
        .await
        .unwrap();
    assert!(matches!(changed, Changed::Tunnel(_)), "{changed:?}");
    assert_eq!(
        story(&upstream),
        [
            "POST /oauth/token -",
            "GET /live Bearer old",
            "POST /oauth/token -",
            "GET /live Bearer new"
        ]
    );
    let refusal = || json(401, "{}");
    let upstream = Upstream::start([token("a"), refusal(), token("b"), refusal()]);
    let stand = live(&upstream);
    let changed = soon(stand.engine.upgrade(get("up", "/live")))
        .await
        .unwrap();
    let Changed::Answered(reply) = changed else {
        panic!("{changed:?}");
    };
    assert_eq!((reply.status.as_u16(), reply.attempts), (401, 2));
    assert_eq!(upstream.requests().len(), 4);
}

#[tokio::test]
async fn what_is_not_the_protocol_that_was_asked_for_is_no_tunnel() {
    for said in ["", "upgrade: h2c\r\n"] {
        let answer = format!("HTTP/1.1 101 x\r\n{said}connection: upgrade\r\n\r\n");
        let tunnel = Act::Answer(answer.into_bytes());
        let upstream = Upstream::start([token("a"), tunnel]);
        let stand = live(&upstream);
        let changed = soon(stand.engine.upgrade(get("up", "/live"))).await;
        assert_eq!(changed.unwrap_err().kind(), ErrorKind::UpstreamMalformed);
    }
}

#[tokio::test]
async fn a_403_asks_for_no_token() {
    let upstream = Upstream::start([token("a"), json(403, "{}"), json(200, "{}")]);
    let stand = stand(&upstream, CLIENT);
    assert_eq!(
        run(&stand, get("up", "/things")).await.summary(),
        "403 in 1"
    );
    assert_eq!(
        run(&stand, get("up", "/things")).await.summary(),
        "200 in 1"
    );
}

#[tokio::test]
async fn a_refused_client_is_told_in_words_and_sends_nothing() {
    let said = r#"{"error": "invalid_client", "error_description": "no key-canary-93cd47 here"}"#;
    let upstream = Upstream::start([json(401, said)]);
    let stand = stand(&upstream, CLIENT);
    for _ in 0..2 {
        let error = run(&stand, get("up", "/things")).await.error();
        expect![[r#"
            token_refused: Up cannot be called: the token server answered 401 Unauthorized: invalid_client, no … here
            check what tokens are asked for with, id and password or key file, and that it may have this scope"#]]
        .assert_eq(&shown(&error));
        assert_eq!(error.attempts(), 0);
        check_hidden(&all_of(&error));
    }
    assert_eq!(story(&upstream), ["POST /oauth/token -"]);
}

#[tokio::test]
async fn a_token_server_that_has_moved_is_named_in_the_settings() {
    let (upstream, tokens) = (
        Upstream::start([json(200, "{}")]),
        Upstream::start([token("t")]),
    );
    let own = Own {
        connector: &tables(&upstream, CLIENT),
        operations: "",
        settings: &format!("token_url = \"http://{}/t\"", tokens.address),
        variables: &VARIABLES,
    };
    run(&own.stand(), get("up", "/things")).await.reply();
    assert_eq!(story(&tokens), ["POST /t -"]);
    assert_eq!(story(&upstream), ["GET /things Bearer t"]);
}

#[tokio::test]
async fn a_plan_asks_for_no_token() {
    let upstream = Upstream::start([]);
    let plan = stand(&upstream, CLIENT)
        .engine
        .plan(get("up", "/things"))
        .unwrap();
    let authorization = plan
        .headers
        .iter()
        .find(|(name, _)| name == "authorization");
    assert_eq!(authorization.unwrap().1, "Bearer …");
    assert_eq!(upstream.connections(), 0);
}

#[track_caller]
fn check_missing(auth: &str, variables: &[(&str, &str)], expected: Expect) {
    let upstream = "127.0.0.1:9";
    let all = ["id", "key", "token"].into_iter();
    let named = all.filter(|name| auth.contains(&format!("\"{name}\"")));
    let secrets: String = named.map(secret).collect();
    let own = Own {
        connector: &format!("base_url = \"http://{upstream}\"\n{secrets}[auth]\n{auth}\n"),
        operations: "",
        settings: "",
        variables,
    };
    let planned = own.stand().engine.plan(get("up", "/things"));
    let text = match planned {
        Ok(plan) => {
            let headers = plan.headers.iter();
            let headers = headers.map(|(name, value)| format!("{name}: {value}"));
            headers.collect::<Vec<_>>().join("\n")
        }
        Err(error) => shown(&error),
    };
    expected.assert_eq(&text);
}

const WAYS: &str = "kind = \"any_of\"\n[[auth.of]]\nkind = \"basic\"\nusername = \"id\"\n\
                    password = \"key\"\n[[auth.of]]\nkind = \"bearer\"\nsecret = \"token\"";

#[test]
fn of_several_ways_the_first_possible_one_is_taken() {
    check_missing(
        WAYS,
        &VARIABLES,
        expect![[r#"
            authorization: Basic …
            host: 127.0.0.1:9"#]],
    );
    check_missing(
        WAYS,
        &VARIABLES[1..],
        expect![[r#"
            authorization: Bearer …
            host: 127.0.0.1:9"#]],
    );
    check_missing(
        WAYS,
        &[],
        expect![[r#"
            secret_missing: Up cannot be called: `UP_ID` is not set
            put `UP_ID=…` into `.env` or the environment; get one at https://up.example/keys"#]],
    );
}

#[test]
fn a_secret_that_may_be_left_out_is_asked_for_where_it_is_needed() {
    check_missing(
        "kind = \"bearer\"\nsecret = \"token\"",
        &[],
        expect![[r#"
            secret_missing: Up cannot be called: `UP_TOKEN` is not set
            put `UP_TOKEN=…` into `.env` or the environment; get one at https://up.example/keys"#]],
    );
    check_missing(
        "kind = \"bearer\"\nsecret = \"token\"",
        &[("VITE_UP_TOKEN", "seen by all")],
        expect![[r#"
            secret_exposed: Up cannot be called: `UP_TOKEN` is not set, and `VITE_UP_TOKEN` in the environment is a name that front-end bundlers publish to every visitor
            rename `VITE_UP_TOKEN` to `UP_TOKEN`; if it was ever published, replace the key at https://up.example/keys"#]],
    );
}

const ACCOUNT: &str = "kind = \"service_account\"\nsecret = \"key\"\nscopes = [\"a\"]\n\
                       token_url = \"https://oauth2.googleapis.com/token\"";

fn key_file() -> String {
    let key = include_str!("../../src/credential/grant/tests/rsa-2048.pem");
    serde_json::json!({"client_email": "robot@up.example", "private_key": key}).to_string()
}

#[tokio::test]
async fn a_service_account_is_a_text_or_the_path_of_a_file() {
    let folder = tempfile::TempDir::new().unwrap();
    let path = folder.path().join("key.json");
    std::fs::write(&path, key_file()).unwrap();
    for found in [key_file(), path.to_str().unwrap().to_owned()] {
        let (upstream, tokens) = (
            Upstream::start([json(200, "{}")]),
            Upstream::start([token("t")]),
        );
        let own = Own {
            connector: &tables(&upstream, ACCOUNT),
            operations: "",
            settings: &format!("token_url = \"http://{}/t\"", tokens.address),
            variables: &[("UP_KEY", &found)],
        };
        run(&own.stand(), get("up", "/things")).await.reply();
        assert_eq!(story(&upstream), ["GET /things Bearer t"]);
        let body = String::from_utf8(tokens.requests()[0].body.clone()).unwrap();
        assert!(
            body.contains("grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer"),
            "{body}"
        );
        assert!(body.contains("assertion=eyJ"), "{body}");
    }
}

#[test]
fn a_key_file_that_cannot_be_used_is_told_without_a_word_of_it() {
    check_missing(
        ACCOUNT,
        &[("UP_KEY", "/no/such/file-canary.json")],
        expect![[r#"
            secret_missing: Up cannot be called: `UP_KEY` names a file that cannot be read
            put the file there, or its text into the variable"#]],
    );
    check_missing(
        ACCOUNT,
        &[("UP_KEY", "{\"client_email\": \"a@b.example\"}")],
        expect![[r#"
            secret_missing: Up cannot be called: the key file in `UP_KEY` cannot be used: it is no JSON with `client_email` and `private_key`
            make a new key as JSON, and download it whole, at https://up.example/keys"#]],
    );
}

#[tokio::test]
async fn an_answer_that_only_a_rule_calls_a_refusal_of_the_token_is_one() {
    let rule = "[[outcomes]]\nstatuses = [\"400\"]\nbody = { pointer = \"/error\", is = { equals = \"token_expired\" } }\n\
                class = \"refresh_auth\"\nmessage = \"the token has run out\"\nhint = \"ask again\"\n";
    let refusal = answer(
        400,
        &[("content-type", "application/json")],
        r#"{"error": "token_expired"}"#,
    );
    let upstream = Upstream::start([
        token("old"),
        Act::Answer(refusal),
        token("new"),
        json(200, "{}"),
    ]);
    let own = Own {
        connector: &format!("{}{rule}", tables(&upstream, CLIENT)),
        operations: "",
        settings: "",
        variables: &VARIABLES,
    };
    assert_eq!(
        run(&own.stand(), get("up", "/things")).await.summary(),
        "200 in 2"
    );
}

/// An API whose users sign in: its own key in one header, theirs in another.
const SIGNED_IN: &str = r#"
[auth]
kind = "headers"
set = { apikey = "{key}", authorization = "Bearer {key}" }

[[caller.own_tokens]]
header = "authorization"
pattern = '^Bearer [a-z]+\.[a-z]+\.[a-z]+$'
unless_in = "apikey"
"#;

#[tokio::test]
async fn whoever_has_signed_in_at_the_api_is_known_there_by_a_token_of_their_own() {
    for (callers, apps, sent) in [
        ("Bearer user.own.token", "unused", "Bearer user.own.token"),
        // The app's key, in the form that a user's token has too.
        ("Bearer app.own.key", "app.own.key", "Bearer key-canary"),
        ("Bearer unused", "unused", "Bearer key-canary"),
        ("Basic dXNlcg==", "unused", "Bearer key-canary"),
        ("Bearer user.own.token extra", "unused", "Bearer key-canary"),
    ] {
        let upstream = Upstream::start([json(200, "{}")]);
        let base_url = format!("base_url = \"http://{}\"\n", upstream.address);
        let own = Own {
            connector: &format!("{base_url}{}{SIGNED_IN}", secret("key")),
            operations: "",
            settings: "",
            variables: &[("UP_KEY", "key-canary")],
        };
        let call = with_header(get("up", "/things"), "authorization", callers);
        let call = with_header(call, "apikey", apps);
        run(&own.stand(), call).await.reply();
        let requests = upstream.requests();
        assert_eq!(requests[0].header("authorization"), Some(sent), "{callers}");
        assert_eq!(requests[0].header("apikey"), Some("key-canary"));
    }
}
