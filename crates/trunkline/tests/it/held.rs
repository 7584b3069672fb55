//! Bodies that are held back so that rules can look into them, and those that never are.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use http::Method;
use http_body_util::BodyExt as _;
use tokio::sync::mpsc;
use trunkline::Reply;
use trunkline::connector::format::Class;

use crate::stand::{Stand, by_path, get, soon};
use crate::upstream::{Act, Upstream, answer, head};

/// Up to this size rules look into a body.
const HELD_MAX: usize = 64 * 1024;

const JSON: (&str, &str) = ("content-type", "application/json");

fn gzipped(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

async fn reply_to(connector: &str, bytes: Vec<u8>) -> Reply {
    let upstream = Upstream::start([Act::Answer(bytes)]);
    let stand = Stand::new(connector, upstream.address, "retry = { attempts = 1 }");
    stand.run(get(connector, "/api/users.list")).await.reply()
}

#[tokio::test]
async fn an_error_in_a_200_is_found_also_when_it_is_compressed() {
    let text = r#"{"ok":false,"error":"channel_not_found"}"#;
    let plain = answer(200, &[JSON], text);
    let packed = gzipped(text.as_bytes());
    let encoded = answer(200, &[JSON, ("content-encoding", "gzip")], &packed);
    for (bytes, expected) in [(plain, text.as_bytes()), (encoded, packed.as_slice())] {
        let reply = reply_to("slack", bytes).await;
        assert_eq!(reply.status, 200);
        assert_eq!(reply.class, Class::CallerError);
        let what = reply.explanation.as_ref().map(|it| it.what.as_str());
        assert_eq!(
            what,
            Some("Slack knows no such channel, or the bot cannot see it")
        );
        let code = reply.vendor.as_ref().and_then(|it| it.code.as_deref());
        assert_eq!(code, Some("channel_not_found"));
        // The caller gets what was sent, byte for byte.
        assert_eq!(reply.body.collect(1_000).await.unwrap(), expected);
    }
}

#[tokio::test]
async fn an_encoding_that_cannot_be_read_passes_unread() {
    let bytes = answer(
        200,
        &[JSON, ("content-encoding", "br")],
        b"\x0b\x02\x80ok\x03",
    );
    let reply = reply_to("slack", bytes).await;
    assert_eq!(reply.class, Class::Ok);
    assert_eq!(reply.headers["content-encoding"], "br");
    let body = reply.body.collect(1_000).await.unwrap();
    assert_eq!(body, &b"\x0b\x02\x80ok\x03"[..]);
}

#[tokio::test]
async fn what_unfolds_into_too_much_is_not_unfolded() {
    let bomb = gzipped(&vec![b' '; 40 * 1024 * 1024]);
    assert!(bomb.len() > HELD_MAX / 2, "{}", bomb.len());
    let bytes = answer(429, &[JSON, ("content-encoding", "gzip")], &bomb);
    let reply = reply_to("slack", bytes).await;
    assert_eq!(reply.class, Class::RateLimited);
    assert_eq!(reply.body.collect(1 << 20).await.unwrap(), bomb);
}

/// A 200 of Slack's that is an error, of exactly so many bytes.
fn error_of(length: usize) -> String {
    let text = r#"{"ok":false,"error":"no_text","pad":""}"#;
    let pad = "x".repeat(length - text.len());
    text.replace("\"pad\":\"", &format!("\"pad\":\"{pad}"))
}

#[tokio::test]
async fn large_bodies_pass_unread_and_whole() {
    for (length, class) in [
        (HELD_MAX, Class::CallerError),
        (HELD_MAX + 1, Class::Ok),
        (5 * HELD_MAX, Class::Ok),
    ] {
        let text = error_of(length);
        let reply = reply_to("slack", answer(200, &[JSON], &text)).await;
        assert_eq!(reply.class, class, "{length} bytes");
        assert_eq!(reply.body.collect(1 << 20).await.unwrap(), text);
    }
}

#[tokio::test]
async fn error_bodies_pass_byte_for_byte() {
    for body in [
        &b""[..],
        b"{\"error\": {\"message\":  \"spaces  stay\"}}\r\n",
        b"\xff\xfe\x00 no text at all",
        b"{\"unfinished",
    ] {
        for status in [400, 403, 429, 500] {
            let reply = reply_to("openai", answer(status, &[JSON], body)).await;
            assert_eq!(reply.status.as_u16(), status);
            assert_eq!(reply.body.collect(1_000).await.unwrap(), body);
        }
    }
}

#[tokio::test]
async fn trailers_of_a_held_body_are_passed_on() {
    let mut bytes = head(
        400,
        &[JSON, ("transfer-encoding", "chunked"), ("trailer", "x-sum")],
    );
    bytes.extend_from_slice(b"2\r\n{}\r\n0\r\nx-sum: 7\r\n\r\n");
    let mut reply = reply_to("openai", bytes).await;
    let data = reply.body.frame().await.unwrap().unwrap();
    assert_eq!(data.into_data().unwrap(), "{}");
    let trailers = reply.body.frame().await.unwrap().unwrap();
    assert_eq!(trailers.into_trailers().unwrap()["x-sum"], "7");
    assert!(reply.body.frame().await.is_none());
}

#[tokio::test]
async fn streams_are_never_held() {
    for kind in [
        "text/event-stream",
        "Text/Event-Stream; charset=utf-8",
        "application/x-ndjson",
        "application/jsonl",
    ] {
        for (connector, status) in [("openai", 200), ("openai", 400), ("slack", 200)] {
            let (pieces, act) = mpsc::unbounded_channel();
            let upstream = Upstream::start([Act::Pieces(act)]);
            let stand = Stand::new(connector, upstream.address, "");
            pieces
                .send(head(status, &[("content-type", kind)]))
                .unwrap();
            // The head comes while there is no body at all, each piece while there is no next.
            let call = stand.engine.call(get(connector, "/v1/x"));
            let mut reply = soon(call).await.unwrap();
            for event in ["data: 1\n\n", "data: 2\n\n"] {
                pieces.send(event.as_bytes().to_vec()).unwrap();
                let frame = soon(reply.body.frame()).await.unwrap().unwrap();
                assert_eq!(frame.into_data().unwrap(), event);
            }
        }
    }
}

#[tokio::test]
async fn good_bodies_that_no_rule_looks_into_are_not_held() {
    let (pieces, act) = mpsc::unbounded_channel();
    let upstream = Upstream::start([Act::Pieces(act)]);
    let stand = Stand::new("openai", upstream.address, "");
    pieces
        .send(head(200, &[JSON, ("content-length", "2")]))
        .unwrap();
    let reply = soon(stand.engine.call(get("openai", "/v1/models")))
        .await
        .unwrap();
    pieces.send(b"{}".to_vec()).unwrap();
    assert_eq!(soon(reply.body.collect(10)).await.unwrap(), "{}");
}

#[tokio::test]
async fn a_callers_own_limit_on_the_reply_is_kept() {
    let reply = reply_to("openai", answer(200, &[JSON], "0123456789")).await;
    assert_eq!(reply.body.collect(10).await.unwrap(), "0123456789");
    let reply = reply_to("openai", answer(200, &[JSON], "0123456789")).await;
    let error = reply.body.collect(9).await.unwrap_err();
    assert_eq!(error.kind().code(), "reply_too_large");
}

#[tokio::test]
async fn answers_without_a_body_are_not_waited_for() {
    for (method, status, headers) in [
        (Method::HEAD, 200, &[("content-length", "5"), JSON][..]),
        (Method::HEAD, 404, &[("content-length", "5"), JSON]),
        (Method::GET, 204, &[]),
        (Method::GET, 304, &[("etag", "x")]),
    ] {
        let upstream = Upstream::start([Act::Hang(head(status, headers))]);
        let stand = Stand::new("slack", upstream.address, "");
        let call = by_path("slack", method, "/api/users.list");
        let reply = stand.run(call).await.reply();
        assert_eq!(reply.status.as_u16(), status);
        for (name, value) in headers {
            assert_eq!(reply.headers[*name], value);
        }
        assert_eq!(soon(reply.body.collect(10)).await.unwrap(), "");
    }
}
