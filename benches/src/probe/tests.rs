//! Answers are read, and caches believed by what they say.

use super::Reply;

fn reply(headers: &str) -> Reply {
    Reply::parse(&format!("HTTP/1.1 200 OK\r\n{headers}\r\n\r\nbody")).unwrap()
}

#[test]
fn an_answer_has_a_status_headers_and_a_body() {
    let reply = reply("Content-Length: 4\r\nX-Time: 10:30");
    assert_eq!((reply.status, reply.body.as_str()), (200, "body"));
    assert_eq!(reply.header("x-time"), Some("10:30"));
    assert_eq!(reply.header("x-other"), None);
    assert_eq!(Reply::parse("HTTP/1.1 200 OK\r\nX-Time: 10:30"), None);
}

#[test]
fn a_hit_is_what_says_so() {
    for hit in [
        "X-Cache: HIT",
        "Cache-Status: trunkline; hit; ttl=40",
        "cache-status: trunkline;hit",
    ] {
        assert!(reply(hit).is_hit(), "{hit}");
    }
    for miss in [
        "X-Cache: MISS",
        "Cache-Status: trunkline; fwd=uri-miss; key=hit",
        "Age: 1",
    ] {
        assert!(!reply(miss).is_hit(), "{miss}");
    }
}
