//! Upstreams that speak HTTP/2: shared connections, refusals, and streams that end in every way.

use std::collections::BTreeMap;
use std::pin::pin;
use std::sync::{Arc, Mutex};

use h2::server::{Connection, SendResponse};
use h2::{Reason, RecvStream};
use http::Request;
use http_body::Body as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio_rustls::server::TlsStream;

use super::secure::{Authority, Secure};
use super::uploads::{fed, piece};
use super::*;

/// A request as the upstream has it, with the means to answer.
struct Seen {
    connection: usize,
    request: Request<RecvStream>,
    respond: SendResponse<Bytes>,
}

/// An upstream that hands its requests to the test.
struct Upstream {
    server: Secure,
    seen: mpsc::UnboundedReceiver<Seen>,
    egress: Egress,
    clock: ManualClock,
}

async fn upstream(builder: h2::server::Builder) -> Upstream {
    let authority = Authority::new();
    let (sender, seen) = mpsc::unbounded_channel();
    let config = authority.server(&["h2", "http/1.1"], |_| {});
    let server = Secure::start(config, move |connection, stream| {
        let (builder, sender) = (builder.clone(), sender.clone());
        async move {
            let mut http2: Connection<TlsStream<TcpStream>, Bytes> =
                builder.handshake(stream).await.expect("HTTP/2");
            while let Some(Ok((request, respond))) = http2.accept().await {
                if sender
                    .send(Seen {
                        connection,
                        request,
                        respond,
                    })
                    .is_err()
                {
                    return;
                }
            }
        }
    })
    .await;
    let (egress, clock) = egress_with(authority.settings());
    Upstream {
        server,
        seen,
        egress,
        clock,
    }
}

impl Seen {
    fn answer(mut self, text: &'static str) {
        let mut stream = self
            .respond
            .send_response(Response::new(()), false)
            .expect("open");
        stream
            .send_data(Bytes::from_static(text.as_bytes()), true)
            .expect("open");
    }

    fn begin(&mut self, text: &'static str) -> h2::SendStream<Bytes> {
        let mut stream = self
            .respond
            .send_response(Response::new(()), false)
            .expect("open");
        stream
            .send_data(Bytes::from_static(text.as_bytes()), false)
            .expect("open");
        stream
    }
}

#[tokio::test]
async fn a_request_is_put_into_its_form() {
    let mut upstream = upstream(h2::server::Builder::new()).await;
    let origin = upstream.server.origin();
    let mut head = head(Method::GET, &origin);
    for (name, value) in [
        ("connection", "x-hop"),
        ("x-hop", "1"),
        ("keep-alive", "1"),
        ("te", "trailers"),
    ] {
        head.headers.insert(name, value.parse().expect("a value"));
    }
    let sent = upstream.egress.send(&origin, &head, Body::Empty, &LIMITS);
    let (answer, ()) = tokio::join!(sent, async {
        let seen = upstream.seen.recv().await.expect("a request");
        let uri = seen.request.uri().to_string();
        assert_eq!(
            uri,
            format!("https://{}/path?query=1", upstream.server.address)
        );
        let names: Vec<_> = seen
            .request
            .headers()
            .keys()
            .map(http::HeaderName::as_str)
            .collect();
        assert_eq!(names, ["te"]);
        seen.answer("ok");
    });
    let answer = answer.expect("an answer");
    assert_eq!(answer.version(), http::Version::HTTP_2);
    assert_eq!(text(answer).await, "ok");
}

#[tokio::test]
async fn many_calls_share_one_connection() {
    let mut upstream = upstream(h2::server::Builder::new()).await;
    let origin = upstream.server.origin();
    let (first, ()) = tokio::join!(get_text(&upstream.egress, &origin), async {
        upstream
            .seen
            .recv()
            .await
            .expect("a request")
            .answer("first");
    });
    assert_eq!(first, "first");
    let egress = Arc::new(upstream.egress);
    let mut callers = JoinSet::new();
    for _ in 0..50 {
        let (egress, origin) = (Arc::clone(&egress), origin.clone());
        callers.spawn(async move { get_text(&egress, &origin).await });
    }
    // All of them wait at once; answered in the other order.
    let mut waiting = Vec::new();
    for _ in 0..50 {
        waiting.push(upstream.seen.recv().await.expect("a request"));
    }
    assert!(waiting.iter().all(|seen| seen.connection == 0));
    for seen in waiting.into_iter().rev() {
        seen.answer("yes");
    }
    assert!(callers.join_all().await.iter().all(|text| text == "yes"));
}

#[tokio::test]
async fn another_connection_is_opened_when_all_are_full_and_by_one_call_for_many() {
    let mut builder = h2::server::Builder::new();
    builder.max_concurrent_streams(5);
    let mut upstream = upstream(builder).await;
    let origin = upstream.server.origin();
    let (first, ()) = tokio::join!(get_text(&upstream.egress, &origin), async {
        upstream
            .seen
            .recv()
            .await
            .expect("a request")
            .answer("first");
    });
    assert_eq!(first, "first");
    let egress = Arc::new(upstream.egress);
    let mut callers = JoinSet::new();
    for _ in 0..10 {
        let (egress, origin) = (Arc::clone(&egress), origin.clone());
        callers.spawn(async move { get_text(&egress, &origin).await });
    }
    let mut waiting = Vec::new();
    let mut by_connection = BTreeMap::new();
    for _ in 0..10 {
        let seen = upstream.seen.recv().await.expect("a request");
        *by_connection.entry(seen.connection).or_insert(0) += 1;
        waiting.push(seen);
    }
    assert_eq!(by_connection, BTreeMap::from([(0, 5), (1, 5)]));
    for seen in waiting {
        seen.answer("yes");
    }
    callers.join_all().await;
}

#[tokio::test]
async fn trailers_arrive() {
    let mut upstream = upstream(h2::server::Builder::new()).await;
    let origin = upstream.server.origin();
    let (answer, ()) = tokio::join!(get(&upstream.egress, &origin), async {
        let mut seen = upstream.seen.recv().await.expect("a request");
        let mut stream = seen.begin("body");
        let mut trailers = http::HeaderMap::new();
        trailers.insert("grpc-status", "0".parse().expect("a value"));
        stream.send_trailers(trailers).expect("open");
    });
    let collected = answer
        .expect("an answer")
        .into_body()
        .collect()
        .await
        .expect("a body");
    assert_eq!(collected.trailers().expect("trailers")["grpc-status"], "0");
    assert_eq!(collected.to_bytes(), "body");
}

#[tokio::test]
async fn trailers_of_a_request_stay_here() {
    let mut upstream = upstream(h2::server::Builder::new()).await;
    let origin = upstream.server.origin();
    let head = head(Method::POST, &origin);
    let (feed, body) = fed();
    feed.send(piece("one")).expect("a reader");
    let mut trailers = http::HeaderMap::new();
    trailers.insert("authorization", "Bearer callers".parse().expect("a value"));
    feed.send(Ok(http_body::Frame::trailers(trailers)))
        .expect("a reader");
    drop(feed);
    let call = upstream.egress.send(&origin, &head, body, &LIMITS);
    let (answer, trailers) = tokio::join!(call, async {
        let mut seen = upstream.seen.recv().await.expect("a request");
        let body = seen.request.body_mut();
        let mut all = Vec::new();
        while let Some(data) = body.data().await {
            all.extend_from_slice(&data.expect("data"));
        }
        assert_eq!(all, b"one");
        let trailers = body.trailers().await.expect("an end");
        seen.answer("ok");
        trailers
    });
    assert_eq!(text(answer.expect("an answer")).await, "ok");
    assert_eq!(trailers, None);
}

async fn reset_with(reason: Reason) -> Result<Response<Received>, SendError> {
    let mut upstream = upstream(h2::server::Builder::new()).await;
    let origin = upstream.server.origin();
    tokio::join!(get(&upstream.egress, &origin), async {
        upstream
            .seen
            .recv()
            .await
            .expect("a request")
            .respond
            .send_reset(reason);
    })
    .0
}

#[tokio::test]
async fn a_refused_stream_was_not_processed() {
    let failed = failure(reset_with(Reason::REFUSED_STREAM).await);
    assert_eq!(failed, (SendErrorKind::RefusedByProtocol, Sent::Nothing));
}

#[tokio::test]
async fn a_stream_reset_for_another_reason_may_have_been_processed() {
    for reason in [
        Reason::INTERNAL_ERROR,
        Reason::CANCEL,
        Reason::ENHANCE_YOUR_CALM,
    ] {
        let failed = failure(reset_with(reason).await);
        assert_eq!(
            failed,
            (SendErrorKind::ClosedBeforeAnswer, Sent::Perhaps),
            "{reason:?}"
        );
    }
}

#[tokio::test]
async fn after_a_refusal_the_connection_serves_on() {
    let mut upstream = upstream(h2::server::Builder::new()).await;
    let origin = upstream.server.origin();
    let (refused, ()) = tokio::join!(get(&upstream.egress, &origin), async {
        let mut seen = upstream.seen.recv().await.expect("a request");
        seen.respond.send_reset(Reason::REFUSED_STREAM);
    });
    assert_eq!(failure(refused).0, SendErrorKind::RefusedByProtocol);
    let (text, ()) = tokio::join!(get_text(&upstream.egress, &origin), async {
        let seen = upstream.seen.recv().await.expect("a request");
        assert_eq!(seen.connection, 0);
        seen.answer("again");
    });
    assert_eq!(text, "again");
}

/// HTTP/2 in single frames, for what no library would do.
mod frames {
    use super::*;

    pub(super) const SETTINGS: &[u8] = &[0, 0, 0, 4, 0, 0, 0, 0, 0];
    pub(super) const SETTINGS_ACK: &[u8] = &[0, 0, 0, 4, 1, 0, 0, 0, 0];
    /// HEADERS of a stream with `:status: 200` (HPACK's entry 8), its end not said.
    pub(super) const HEADERS_1: &[u8] = &[0, 0, 1, 1, 4, 0, 0, 0, 1, 0x88];

    /// GOAWAY with `NO_ERROR`: of our streams, those up to `last` are still processed.
    pub(super) fn goaway(last: u8) -> Vec<u8> {
        vec![0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, last, 0, 0, 0, 0]
    }

    /// Reads until a request has begun: the number of its stream.
    pub(super) async fn request(stream: &mut TlsStream<TcpStream>) -> u8 {
        loop {
            let mut head = [0; 9];
            stream.read_exact(&mut head).await.expect("a frame");
            let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
            let mut payload = vec![0; length as usize];
            stream.read_exact(&mut payload).await.expect("a frame");
            if head[3] == 1 {
                return head[8];
            }
        }
    }

    pub(super) async fn begin(stream: &mut TlsStream<TcpStream>) {
        let mut preface = [0; 24];
        stream.read_exact(&mut preface).await.expect("a preface");
        assert_eq!(&preface, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
        write(stream, &[SETTINGS, SETTINGS_ACK].concat()).await;
    }

    pub(super) async fn write(stream: &mut TlsStream<TcpStream>, bytes: &[u8]) {
        stream.write_all(bytes).await.expect("a reader");
        stream.flush().await.expect("a reader");
    }
}

/// Runs one call against a server that writes `after` its request has come.
async fn raw(after: Vec<u8>) -> (Result<Response<Received>, SendError>, Secure) {
    let authority = Authority::new();
    let server = Secure::start(authority.server(&["h2"], |_| {}), move |_, mut stream| {
        let after = after.clone();
        async move {
            frames::begin(&mut stream).await;
            assert_eq!(frames::request(&mut stream).await, 1);
            frames::write(&mut stream, &after).await;
            stream.shutdown().await.expect("a reader");
            // Until the other side has closed, too.
            drop(stream.read_to_end(&mut Vec::new()).await);
        }
    })
    .await;
    let (egress, _clock) = egress_with(authority.settings());
    let result = get(&egress, &server.origin()).await;
    (result, server)
}

#[tokio::test]
async fn a_stream_above_the_last_of_a_goaway_was_not_processed() {
    let (result, _server) = raw(frames::goaway(0)).await;
    assert_eq!(
        failure(result),
        (SendErrorKind::RefusedByProtocol, Sent::Nothing)
    );
}

#[tokio::test]
async fn a_stream_up_to_the_last_of_a_goaway_may_have_been_processed() {
    let (result, _server) = raw(frames::goaway(1)).await;
    assert_eq!(
        failure(result),
        (SendErrorKind::ClosedBeforeAnswer, Sent::Perhaps)
    );
}

#[tokio::test]
async fn a_connection_that_ends_is_no_answer() {
    let (result, _server) = raw(Vec::new()).await;
    assert_eq!(
        failure(result),
        (SendErrorKind::ClosedBeforeAnswer, Sent::Perhaps)
    );
}

#[tokio::test]
async fn what_is_not_http2_is_no_answer() {
    // A DATA frame on stream 0.
    let (result, _server) = raw(vec![0, 0, 0, 0, 0, 0, 0, 0, 0]).await;
    assert_eq!(
        failure(result),
        (SendErrorKind::UpstreamMalformed, Sent::Perhaps)
    );
}

#[tokio::test]
async fn a_connection_that_ends_within_a_body_is_no_end_of_it() {
    let (result, _server) = raw(frames::HEADERS_1.to_vec()).await;
    let failed = text_until_failure(result.expect("an answer")).await;
    assert_eq!(failed, (String::new(), ReceiveErrorKind::Cut));
}

#[tokio::test]
async fn after_a_goaway_calls_go_over_another_connection() {
    let authority = Authority::new();
    let server = Secure::start(
        authority.server(&["h2"], |_| {}),
        |_, mut stream| async move {
            frames::begin(&mut stream).await;
            // The first stream of each connection is answered, and is its last.
            assert_eq!(frames::request(&mut stream).await, 1);
            let end = [0, 0, 0, 0, 1, 0, 0, 0, 1];
            let frames = [frames::HEADERS_1, &end, &frames::goaway(1)].concat();
            frames::write(&mut stream, &frames).await;
            drop(stream.read_to_end(&mut Vec::new()).await);
        },
    )
    .await;
    let (egress, _clock) = egress_with(authority.settings());
    for _ in 0..3 {
        assert_eq!(get_text(&egress, &server.origin()).await, "");
        settle().await;
    }
}

async fn begun_body_ends(end: impl FnOnce(&mut h2::SendStream<Bytes>)) -> Result<String, String> {
    let mut upstream = upstream(h2::server::Builder::new()).await;
    let origin = upstream.server.origin();
    let (answer, mut stream) = tokio::join!(get(&upstream.egress, &origin), async {
        upstream.seen.recv().await.expect("a request").begin("part")
    });
    let mut body = answer.expect("an answer").into_body();
    body.frame().await.expect("a frame").expect("data");
    end(&mut stream);
    match body.collect().await {
        Ok(rest) => Ok(format!("{:?}", rest.to_bytes())),
        Err(err) => Err(format!("{:?}", err.kind())),
    }
}

#[tokio::test]
async fn a_reset_within_a_body_is_no_end_of_it_whatever_its_reason() {
    for reason in [Reason::INTERNAL_ERROR, Reason::CANCEL, Reason::NO_ERROR] {
        let ended = begun_body_ends(|stream| stream.send_reset(reason)).await;
        assert_eq!(ended, Err("Cut".to_owned()), "{reason:?}");
    }
    let ended = begun_body_ends(|stream| stream.send_data(Bytes::new(), true).expect("open")).await;
    assert_eq!(ended, Ok("b\"\"".to_owned()));
}

#[tokio::test]
async fn a_call_dropped_before_its_answer_resets_its_stream_only() {
    let mut upstream = upstream(h2::server::Builder::new()).await;
    let origin = upstream.server.origin();
    let mut call = Box::pin(get(&upstream.egress, &origin));
    let mut seen = tokio::select! {
        _ = &mut call => panic!("there is no answer"),
        seen = upstream.seen.recv() => seen.expect("a request"),
    };
    drop(call);
    let reset = std::future::poll_fn(|cx| seen.respond.poll_reset(cx)).await;
    assert_eq!(reset.expect("a reset"), Reason::CANCEL);
    let (text, ()) = tokio::join!(get_text(&upstream.egress, &origin), async {
        let seen = upstream.seen.recv().await.expect("a request");
        assert_eq!(seen.connection, 0);
        seen.answer("ok");
    });
    assert_eq!(text, "ok");
}

#[tokio::test]
async fn a_body_dropped_early_resets_its_stream_only() {
    let mut upstream = upstream(h2::server::Builder::new()).await;
    let origin = upstream.server.origin();
    let (answer, mut stream) = tokio::join!(get(&upstream.egress, &origin), async {
        upstream.seen.recv().await.expect("a request").begin("part")
    });
    drop(answer.expect("an answer"));
    let reset = std::future::poll_fn(|cx| stream.poll_reset(cx)).await;
    assert_eq!(reset.expect("a reset"), Reason::CANCEL);
    let (text, ()) = tokio::join!(get_text(&upstream.egress, &origin), async {
        let seen = upstream.seen.recv().await.expect("a request");
        assert_eq!(seen.connection, 0);
        seen.answer("ok");
    });
    assert_eq!(text, "ok");
}

#[tokio::test]
async fn an_upload_ends_with_the_interest_in_its_answer_and_other_streams_go_on() {
    let mut upstream = upstream(h2::server::Builder::new()).await;
    let origin = upstream.server.origin();
    let (other, mut others) = tokio::join!(get(&upstream.egress, &origin), async {
        upstream.seen.recv().await.expect("a request").begin("one ")
    });
    let (feed, body) = fed();
    feed.send(piece("one")).expect("a reader");
    let head = head(Method::POST, &origin);
    let call = upstream.egress.send(&origin, &head, body, &LIMITS);
    let (answer, (seen, _stream)) = tokio::join!(call, async {
        let mut seen = upstream.seen.recv().await.expect("a request");
        let stream = seen.begin("part");
        (seen, stream)
    });
    assert_eq!(seen.connection, 0);
    let mut upload = seen.request.into_body();
    assert_eq!(upload.data().await.expect("data").expect("data"), "one");
    drop(answer.expect("an answer"));
    feed.closed().await;
    assert!(upload.data().await.expect("an end").is_err());
    others
        .send_data(Bytes::from_static(b"two"), true)
        .expect("open");
    assert_eq!(text(other.expect("an answer")).await, "one two");
    // What the upload may still hold of the connection is given up with it.
    let (text, ()) = tokio::join!(get_text(&upstream.egress, &origin), async {
        let seen = upstream.seen.recv().await.expect("a request");
        assert_eq!(seen.connection, 1);
        seen.answer("next");
    });
    assert_eq!(text, "next");
}

#[tokio::test]
async fn an_upload_that_breaks_off_is_told_from_an_upstream_that_does() {
    let mut upstream = upstream(h2::server::Builder::new()).await;
    let origin = upstream.server.origin();
    let (feed, body) = fed();
    feed.send(piece("one")).expect("a reader");
    let head = head(Method::POST, &origin);
    let call = upstream.egress.send(&origin, &head, body, &LIMITS);
    let (result, seen) = tokio::join!(call, async {
        let seen = upstream.seen.recv().await.expect("a request");
        feed.send(Err(BodyError::Caller("the line is dead".into())))
            .expect("a reader");
        seen
    });
    assert_eq!(
        failure(result),
        (SendErrorKind::RequestBodyFailed, Sent::Perhaps)
    );
    let mut upload = seen.request.into_body();
    assert_eq!(upload.data().await.expect("data").expect("data"), "one");
    assert!(upload.data().await.expect("an end").is_err());
}

#[tokio::test]
async fn the_limits_hold_here_too() {
    let mut upstream = upstream(h2::server::Builder::new()).await;
    let origin = upstream.server.origin();
    let clock = upstream.clock.clone();
    let (result, mut seen) = tokio::join!(get(&upstream.egress, &origin), async {
        let seen = upstream.seen.recv().await.expect("a request");
        assert_eq!(clock.sleeping().await, FIRST_BYTE);
        clock.advance(FIRST_BYTE);
        seen
    });
    assert_eq!(
        failure(result),
        (SendErrorKind::FirstByteTimeout, Sent::Perhaps)
    );
    let reset = std::future::poll_fn(|cx| seen.respond.poll_reset(cx)).await;
    assert_eq!(reset.expect("a reset"), Reason::CANCEL);
    let (answer, mut stream) = tokio::join!(get(&upstream.egress, &origin), async {
        upstream.seen.recv().await.expect("a request").begin("part")
    });
    let (failed, ()) = tokio::join!(text_until_failure(answer.expect("an answer")), async {
        assert_eq!(clock.sleeping().await, IDLE);
        clock.advance(IDLE);
    });
    assert_eq!(failed, ("part".to_owned(), ReceiveErrorKind::IdleTimeout));
    let reset = std::future::poll_fn(|cx| stream.poll_reset(cx)).await;
    assert_eq!(reset.expect("a reset"), Reason::CANCEL);
    assert!(is_pending(pin!(clock.sleeping())).await);
}

#[tokio::test]
async fn an_answer_with_too_many_headers_is_no_answer() {
    let mut upstream = upstream(h2::server::Builder::new()).await;
    let origin = upstream.server.origin();
    let (result, ()) = tokio::join!(get(&upstream.egress, &origin), async {
        let mut seen = upstream.seen.recv().await.expect("a request");
        let mut answer = Response::new(());
        for _ in 0..101 {
            answer
                .headers_mut()
                .append("x", "y".parse().expect("a value"));
        }
        drop(seen.respond.send_response(answer, true).expect("open"));
    });
    assert_eq!(
        failure(result),
        (SendErrorKind::UpstreamMalformed, Sent::Perhaps)
    );
}

#[tokio::test]
async fn an_answer_without_a_body_has_none() {
    let mut upstream = upstream(h2::server::Builder::new()).await;
    let origin = upstream.server.origin();
    let (answer, ()) = tokio::join!(get(&upstream.egress, &origin), async {
        let mut seen = upstream.seen.recv().await.expect("a request");
        drop(
            seen.respond
                .send_response(Response::new(()), true)
                .expect("open"),
        );
    });
    let body = answer.expect("an answer").into_body();
    assert!(body.is_end_stream());
    assert_eq!(body.size_hint().exact(), Some(0));
}

/// A connection that silently died is asked, does not answer, and its call does not wait for the
/// first-byte limit.
#[tokio::test]
async fn a_connection_that_does_not_answer_pings_is_given_up() {
    let authority = Authority::new();
    let (has_begun, begun) = oneshot::channel();
    let has_begun = Mutex::new(Some(has_begun));
    let server = Secure::start(authority.server(&["h2"], |_| {}), move |_, mut stream| {
        let has_begun = has_begun.lock().expect("no panic").take();
        async move {
            frames::begin(&mut stream).await;
            frames::request(&mut stream).await;
            if let Some(sender) = has_begun {
                sender.send(()).expect("the test waits");
            }
            // Reads the pings, and says nothing.
            drop(stream.read_to_end(&mut Vec::new()).await);
        }
    })
    .await;
    let (egress, clock) = egress_with(authority.settings());
    let limits = Limits {
        first_byte: Duration::from_mins(10),
        ..LIMITS
    };
    let origin = server.origin();
    let head = head(Method::GET, &origin);
    let call = egress.send(&origin, &head, Body::Empty, &limits);
    let (result, ()) = tokio::join!(call, async {
        begun.await.expect("a request");
        settle().await;
        clock.advance(Duration::from_secs(30));
        settle().await;
        clock.advance(Duration::from_secs(15));
    });
    assert_eq!(
        failure(result),
        (SendErrorKind::ClosedBeforeAnswer, Sent::Perhaps)
    );
}

#[test]
fn connections_of_a_runtime_that_is_gone_are_not_used() {
    let runtime = || {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime")
    };
    let servers = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime");
    let mut upstream = servers.block_on(upstream(h2::server::Builder::new()));
    let origin = upstream.server.origin();
    for connection in 0..2 {
        let (text, ()) = runtime().block_on(async {
            tokio::join!(get_text(&upstream.egress, &origin), async {
                let seen = upstream.seen.recv().await.expect("a request");
                assert_eq!(seen.connection, connection);
                seen.answer("ok");
            })
        });
        assert_eq!(text, "ok");
    }
}
