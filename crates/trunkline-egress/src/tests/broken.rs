//! Upstreams that misbehave: none of it may look like an answer, or like its clean end.

use std::error::Error as _;

use super::upstream::{Step, Upstream, answer, send};
use super::*;

/// The only request ends with the upstream sending `text` and closing.
async fn fails(text: &str, kind: SendErrorKind) {
    let (egress, _clock) = egress();
    let upstream = Upstream::start([vec![Step::Request, send(text)]]);
    let failed = failure(get(&egress, &upstream.origin()).await);
    assert_eq!(failed, (kind, Sent::Perhaps), "{text:.60}");
}

#[tokio::test]
async fn an_answer_that_ends_in_its_head_is_no_answer() {
    fails(
        "HTTP/1.1 200 OK\r\ncontent-le",
        SendErrorKind::ClosedBeforeAnswer,
    )
    .await;
    fails("H", SendErrorKind::ClosedBeforeAnswer).await;
    fails("", SendErrorKind::ClosedBeforeAnswer).await;
}

#[tokio::test]
async fn a_head_cut_short_is_not_blamed_on_the_connections_age() {
    let (egress, _clock) = egress();
    let upstream = Upstream::start([vec![
        Step::Request,
        answer("one"),
        Step::Request,
        send("HTTP/1.1 20"),
    ]]);
    let origin = upstream.origin();
    assert_eq!(get_text(&egress, &origin).await, "one");
    let failed = failure(get(&egress, &origin).await);
    assert_eq!(failed, (SendErrorKind::ClosedBeforeAnswer, Sent::Perhaps));
}

#[tokio::test]
async fn what_is_not_http_is_no_answer() {
    for text in [
        "SSH-2.0-OpenSSH_9.6\r\n\r\n",
        "HTTP/1.1 2000 OK\r\n\r\n",
        "HTTP/3.0 200 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nbad header: 1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nx: a\r\n b\r\n\r\n",
        "HTTP/1.1 200 OK\r\nx: a\0b\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 3\r\ncontent-length: 4\r\n\r\nabcd",
        "HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.0 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 99999999999999999999\r\n\r\n",
        "HTTP/1.1 101 Switching Protocols\r\nupgrade: chat\r\nconnection: upgrade\r\n\r\n",
    ] {
        fails(text, SendErrorKind::UpstreamMalformed).await;
    }
}

#[tokio::test]
async fn a_head_beyond_its_limits_is_no_answer() {
    let many = "x: y\r\n".repeat(101);
    fails(
        &format!("HTTP/1.1 200 OK\r\n{many}\r\n"),
        SendErrorKind::UpstreamMalformed,
    )
    .await;
    let long = "y".repeat(64 * 1024);
    fails(
        &format!("HTTP/1.1 200 OK\r\nx: {long}\r\n\r\n"),
        SendErrorKind::UpstreamMalformed,
    )
    .await;
}

#[tokio::test]
async fn a_head_within_its_limits_is_an_answer() {
    let (egress, _clock) = egress();
    let headers = format!("x: {}\r\n", "y".repeat(600)).repeat(99);
    let upstream = Upstream::start([vec![
        Step::Request,
        send(&format!(
            "HTTP/1.1 200 OK\r\n{headers}content-length: 2\r\n\r\nok"
        )),
    ]]);
    assert_eq!(get_text(&egress, &upstream.origin()).await, "ok");
}

#[tokio::test]
async fn a_reset_is_no_answer() {
    let (egress, _clock) = egress();
    let upstream = Upstream::start([vec![Step::Reset]]);
    let result = get(&egress, &upstream.origin()).await;
    let source = result
        .as_ref()
        .expect_err("no answer")
        .source()
        .map(ToString::to_string);
    assert!(source.is_some());
    assert_eq!(
        failure(result),
        (SendErrorKind::ClosedBeforeAnswer, Sent::Perhaps)
    );
}

#[tokio::test]
async fn an_upstream_that_ends_its_direction_unanswered_gives_no_answer() {
    let (egress, _clock) = egress();
    let mut upstream = Upstream::start([vec![Step::Request, Step::Finish, Step::Closed]]);
    let failed = failure(get(&egress, &upstream.origin()).await);
    assert_eq!(failed, (SendErrorKind::ClosedBeforeAnswer, Sent::Perhaps));
    upstream.closed(0).await;
}

#[tokio::test]
async fn interim_answers_are_skipped() {
    let (egress, _clock) = egress();
    let upstream = Upstream::start([vec![
        Step::Request,
        send("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n"),
        send("HTTP/1.1 103 Early Hints\r\nlink: </a>; rel=preload\r\n\r\n"),
        answer("final"),
    ]]);
    let answer = get(&egress, &upstream.origin()).await.expect("an answer");
    assert_eq!(answer.status(), 200);
    assert!(!answer.headers().contains_key("link"));
    assert_eq!(text(answer).await, "final");
}

async fn cut(text: &str, expected: &str, kind: ReceiveErrorKind) {
    let (egress, _clock) = egress();
    let upstream = Upstream::start([vec![Step::Request, send(text)]]);
    let answer = get(&egress, &upstream.origin()).await.expect("an answer");
    assert_eq!(
        text_until_failure(answer).await,
        (expected.to_owned(), kind),
        "{text}"
    );
}

#[tokio::test]
async fn a_body_shorter_than_its_length_is_an_error() {
    let head = "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n";
    cut(&format!("{head}part"), "part", ReceiveErrorKind::Cut).await;
    cut(head, "", ReceiveErrorKind::Cut).await;
}

#[tokio::test]
async fn a_chunked_body_without_its_last_chunk_is_an_error() {
    let head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
    for rest in ["", "4\r\npart", "4\r\npart\r\n", "4\r\npart\r\n0\r\n"] {
        let expected = if rest.is_empty() { "" } else { "part" };
        cut(&format!("{head}{rest}"), expected, ReceiveErrorKind::Cut).await;
    }
}

#[tokio::test]
async fn a_broken_chunk_is_an_error() {
    let head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
    cut(
        &format!("{head}4\r\npart\r\nnonsense\r\n"),
        "part",
        ReceiveErrorKind::Malformed,
    )
    .await;
    cut(
        &format!("{head}4\r\npartXX"),
        "part",
        ReceiveErrorKind::Malformed,
    )
    .await;
}

#[tokio::test]
async fn a_body_longer_than_its_length_does_not_reach_the_next_answer() {
    let (egress, _clock) = egress();
    let upstream = Upstream::start([
        vec![
            Step::Request,
            send(
                "HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\noneHTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nforged",
            ),
        ],
        vec![Step::Request, answer("two")],
    ]);
    let origin = upstream.origin();
    assert_eq!(get_text(&egress, &origin).await, "one");
    assert_eq!(get_text(&egress, &origin).await, "two");
}

#[tokio::test]
async fn trailers_arrive() {
    let (egress, _clock) = egress();
    let upstream = Upstream::start([vec![
        Step::Request,
        send("HTTP/1.1 200 OK\r\ntrailer: x-sum\r\ntransfer-encoding: chunked\r\n\r\n"),
        send("3\r\none\r\n0\r\nx-sum: 7\r\n\r\n"),
    ]]);
    let answer = get(&egress, &upstream.origin()).await.expect("an answer");
    let collected = answer.into_body().collect().await.expect("a whole body");
    assert_eq!(collected.trailers().expect("trailers")["x-sum"], "7");
}

#[tokio::test]
async fn nobody_listening_is_told_from_a_failed_request() {
    let (egress, _clock) = egress();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("bound");
    drop(listener);
    let result = get(&egress, &origin(&format!("http://{address}"))).await;
    let err = result.as_ref().expect_err("nobody listens");
    assert_eq!(
        err.to_string(),
        "there is no connection to the upstream (while connecting)"
    );
    assert_eq!(
        err.source().expect("a reason").to_string(),
        "the connection was refused"
    );
    assert_eq!(
        failure(result),
        (SendErrorKind::ConnectFailed, Sent::Nothing)
    );
}
