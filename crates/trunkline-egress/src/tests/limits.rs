//! Every limit, on a clock that only moves when told.

use std::pin::pin;
use std::sync::Mutex;

use super::uploads::{fed, piece};
use super::upstream::{Step, Upstream, answer, send, wait};
use super::*;
use crate::resolve::{Lookup, LookupError, Resolver};
use crate::{SettingsError, Step as At};

const SECOND: Duration = Duration::from_secs(1);

/// Runs a call next to `test`, which must bring it to an end.
async fn while_calling<T>(call: impl Future<Output = T>, test: impl Future<Output = ()>) -> T {
    tokio::join!(call, test).0
}

#[tokio::test]
async fn an_answer_must_begin_within_the_first_byte_limit() {
    let (egress, clock) = egress();
    let mut upstream = Upstream::start([vec![Step::Request, Step::Closed]]);
    let origin = upstream.origin();
    let result = while_calling(get(&egress, &origin), async {
        upstream.request().await;
        assert_eq!(clock.sleeping().await, FIRST_BYTE);
        clock.advance(FIRST_BYTE);
        upstream.closed(0).await;
    })
    .await;
    assert_eq!(
        failure(result),
        (SendErrorKind::FirstByteTimeout, Sent::Perhaps)
    );
}

#[tokio::test]
async fn the_first_byte_limit_of_a_pooled_connection_begins_with_its_request() {
    let (egress, clock) = egress();
    let mut upstream = Upstream::start([vec![
        Step::Request,
        answer("one"),
        Step::Request,
        Step::Closed,
    ]]);
    let origin = upstream.origin();
    assert_eq!(get_text(&egress, &origin).await, "one");
    clock.advance(SECOND * 20);
    upstream.request().await;
    let result = while_calling(get(&egress, &origin), async {
        upstream.request().await;
        assert_eq!(clock.sleeping().await, FIRST_BYTE);
        clock.advance(FIRST_BYTE);
    })
    .await;
    assert_eq!(
        failure(result),
        (SendErrorKind::FirstByteTimeout, Sent::Perhaps)
    );
}

#[tokio::test]
async fn the_first_byte_limit_waits_for_the_end_of_an_upload() {
    let (egress, clock) = egress();
    let mut upstream = Upstream::start([vec![Step::Head, Step::Closed]]);
    let origin = upstream.origin();
    let (feed, body) = fed();
    let head = head(Method::POST, &origin);
    let result = while_calling(egress.send(&origin, &head, body, &LIMITS), async {
        upstream.request().await;
        // Whoever uploads keeps the upstream waiting, not the other way around.
        for _ in 0..3 {
            assert_eq!(clock.sleeping().await, FIRST_BYTE);
            clock.advance(FIRST_BYTE);
            settle().await;
            feed.send(piece("more")).expect("a reader");
            settle().await;
        }
        clock.advance(SECOND * 20);
        drop(feed);
        settle().await;
        // The limit that was renewed last comes too early.
        clock.advance(SECOND * 10);
        assert_eq!(clock.sleeping().await, SECOND * 20);
        clock.advance(SECOND * 20);
        upstream.closed(0).await;
    })
    .await;
    assert_eq!(
        failure(result),
        (SendErrorKind::FirstByteTimeout, Sent::Perhaps)
    );
}

#[tokio::test]
async fn the_idle_limit_waits_for_an_upload_that_goes_on_beside_the_answer() {
    let (egress, clock) = egress();
    let mut upstream = Upstream::start([vec![
        Step::Head,
        send("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\none\r\n"),
        Step::Closed,
    ]]);
    let origin = upstream.origin();
    let (feed, body) = fed();
    let head = head(Method::POST, &origin);
    let answer = egress.send(&origin, &head, body, &LIMITS).await;
    let answer = text_until_failure(answer.expect("an answer"));
    let (text, kind) = while_calling(answer, async {
        for _ in 0..3 {
            assert_eq!(clock.sleeping().await, IDLE);
            clock.advance(IDLE);
            settle().await;
            feed.send(piece("more")).expect("a reader");
            settle().await;
        }
        drop(feed);
        settle().await;
        clock.advance(IDLE);
        upstream.closed(0).await;
    })
    .await;
    assert_eq!(
        (text.as_str(), kind),
        ("one", ReceiveErrorKind::IdleTimeout)
    );
}

#[tokio::test]
async fn frames_must_follow_within_the_idle_limit() {
    let (egress, clock) = egress();
    let mut upstream = Upstream::start([vec![
        Step::Request,
        send("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\none\r\n"),
        Step::Closed,
    ]]);
    let answer = get(&egress, &upstream.origin()).await.expect("an answer");
    let (text, kind) = while_calling(text_until_failure(answer), async {
        assert_eq!(clock.sleeping().await, IDLE);
        clock.advance(IDLE);
        upstream.closed(0).await;
    })
    .await;
    assert_eq!(
        (text.as_str(), kind),
        ("one", ReceiveErrorKind::IdleTimeout)
    );
}

#[tokio::test]
async fn the_idle_limit_begins_anew_with_every_frame() {
    let (egress, clock) = egress();
    let (held, go) = wait();
    let upstream = Upstream::start([vec![
        Step::Request,
        send("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\none\r\n"),
        held,
        send("3\r\ntwo\r\n"),
        Step::Closed,
    ]]);
    let mut body = get(&egress, &upstream.origin())
        .await
        .expect("an answer")
        .into_body();
    body.frame().await.expect("a frame").expect("data");
    // Waits for 50 seconds of the 60, then something arrives.
    {
        let mut second = pin!(body.frame());
        assert!(is_pending(second.as_mut()).await);
        clock.advance(SECOND * 50);
        assert!(is_pending(second.as_mut()).await);
        go.send(()).expect("the script waits");
        second.await.expect("a frame").expect("data");
    }
    let (last, ()) = tokio::join!(body.frame(), async {
        assert_eq!(clock.sleeping().await, IDLE);
        clock.advance(IDLE);
    });
    let err = last.expect("an end with an error").expect_err("silence");
    assert_eq!(err.kind(), ReceiveErrorKind::IdleTimeout);
    assert_eq!(
        err.to_string(),
        "the upstream fell silent in the middle of its answer"
    );
    assert!(body.frame().await.is_none());
}

fn with_deadline(clock: &ManualClock, egress: &Egress, after: Duration) -> Limits {
    assert!(!format!("{clock:?}").is_empty());
    Limits {
        deadline: Some(egress.clock.after(after)),
        ..LIMITS
    }
}

#[tokio::test]
async fn the_deadline_ends_the_wait_for_an_answer() {
    let (egress, clock) = egress();
    let mut upstream = Upstream::start([vec![Step::Request, Step::Closed]]);
    let origin = upstream.origin();
    let limits = with_deadline(&clock, &egress, SECOND * 10);
    let head = head(Method::GET, &origin);
    let call = egress.send(&origin, &head, Body::Empty, &limits);
    let result = while_calling(call, async {
        upstream.request().await;
        assert_eq!(clock.sleeping().await, SECOND * 10);
        clock.advance(SECOND * 10);
        upstream.closed(0).await;
    })
    .await;
    assert_eq!(
        failure(result),
        (SendErrorKind::DeadlineExceeded, Sent::Perhaps)
    );
}

#[tokio::test]
async fn the_deadline_ends_the_answers_body() {
    let (egress, clock) = egress();
    let mut upstream = Upstream::start([vec![
        Step::Request,
        send("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\none"),
        Step::Closed,
    ]]);
    let origin = upstream.origin();
    let limits = with_deadline(&clock, &egress, SECOND * 10);
    let head = head(Method::GET, &origin);
    let call = egress.send(&origin, &head, Body::Empty, &limits);
    let answer = call.await.expect("an answer");
    let (_, kind) = while_calling(text_until_failure(answer), async {
        assert_eq!(clock.sleeping().await, SECOND * 10);
        clock.advance(SECOND * 10);
        upstream.closed(0).await;
    })
    .await;
    assert_eq!(kind, ReceiveErrorKind::DeadlineExceeded);
}

#[tokio::test]
async fn the_deadline_ends_a_body_that_never_pauses() {
    let (egress, clock) = egress();
    let mut upstream = Upstream::start([vec![
        Step::Request,
        send("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\none\r\n3\r\ntwo\r\n"),
        Step::Closed,
    ]]);
    let origin = upstream.origin();
    let limits = with_deadline(&clock, &egress, SECOND * 10);
    let head = head(Method::GET, &origin);
    let call = egress.send(&origin, &head, Body::Empty, &limits);
    let mut body = call.await.expect("an answer").into_body();
    body.frame().await.expect("a frame").expect("data");
    // The next frame is there before anyone has waited for it.
    settle().await;
    clock.advance(SECOND * 10);
    let err = body.frame().await.expect("a frame").expect_err("too late");
    assert_eq!(err.kind(), ReceiveErrorKind::DeadlineExceeded);
    upstream.closed(0).await;
}

#[tokio::test]
async fn nobody_sleeps_after_a_call() {
    let (egress, clock) = egress();
    let upstream = Upstream::start([vec![Step::Request, answer("one"), Step::Closed]]);
    assert_eq!(get_text(&egress, &upstream.origin()).await, "one");
    assert!(is_pending(pin!(clock.sleeping())).await);
}

/// An egress whose look-ups end as a test wants.
fn egress_that_looks_up<F, A>(answer: F) -> (Egress, ManualClock)
where
    F: Fn(&str) -> A + Send + Sync + 'static,
    A: Future<Output = Result<Vec<std::net::IpAddr>, LookupError>> + Send + 'static,
{
    let (mut egress, manual) = egress();
    let clock = egress.clock.clone();
    egress.dialer.resolver = Resolver::with_lookup(loopback(), clock, Lookup::scripted(answer));
    (egress, manual)
}

async fn connect_times_out(egress: &Egress, clock: &ManualClock, origin: &Origin, step: At) {
    let result = while_calling(get(egress, origin), async {
        assert_eq!(clock.sleeping().await, CONNECT);
        // The step is reached without the clock.
        settle().await;
        clock.advance(CONNECT);
    })
    .await;
    let err = result.as_ref().expect_err("no connection");
    assert_eq!(err.step(), Some(step), "{err}");
    assert_eq!(
        failure(result),
        (SendErrorKind::ConnectTimeout, Sent::Nothing)
    );
}

#[tokio::test]
async fn a_look_up_must_end_within_the_connect_limit() {
    let (egress, clock) = egress_that_looks_up(|_| std::future::pending());
    let origin = origin("http://slow.example.com");
    connect_times_out(&egress, &clock, &origin, At::LookUp).await;
}

#[tokio::test]
async fn a_handshake_must_end_within_the_connect_limit() {
    let (egress, clock) = egress();
    let upstream = Upstream::start([vec![Step::Closed]]);
    let origin = origin(&format!("https://{}", upstream.address));
    connect_times_out(&egress, &clock, &origin, At::Tls).await;
}

#[tokio::test]
async fn a_proxy_must_answer_within_the_connect_limit() {
    let proxy = Upstream::start([vec![Step::Head, Step::Closed]]);
    let proxy = format!("http://{}", proxy.address).parse().expect("a URL");
    let settings = Settings {
        rules: loopback(),
        proxy: Some(proxy),
        ..Settings::default()
    };
    let (egress, clock) = egress_with(settings);
    connect_times_out(&egress, &clock, &origin("https://127.0.0.1:9"), At::Proxy).await;
}

/// A port whose queue of waiting connections is full: the kernel lets nobody in, and says nothing.
struct Full {
    _listener: tokio::net::TcpListener,
    _waiting: Vec<std::net::TcpStream>,
    port: u16,
}

#[expect(
    clippy::disallowed_methods,
    reason = "the connections fill the queue of a test's port"
)]
fn full() -> Full {
    let socket = tokio::net::TcpSocket::new_v4().expect("a socket");
    socket
        .bind("127.0.0.1:0".parse().expect("an address"))
        .expect("a port");
    let listener = socket.listen(0).expect("a listener");
    let address = listener.local_addr().expect("bound");
    // A queue for none still takes one.
    let waiting = vec![std::net::TcpStream::connect(address).expect("the one place")];
    Full {
        _listener: listener,
        _waiting: waiting,
        port: address.port(),
    }
}

#[tokio::test]
async fn a_connection_must_be_made_within_the_connect_limit() {
    let full = full();
    let (egress, clock) = egress();
    let origin = origin(&format!("http://127.0.0.1:{}", full.port));
    connect_times_out(&egress, &clock, &origin, At::Connect).await;
}

#[tokio::test]
async fn the_deadline_ends_the_connecting() {
    let (egress, clock) = egress_that_looks_up(|_| std::future::pending());
    let origin = origin("http://slow.example.com");
    let limits = with_deadline(&clock, &egress, SECOND);
    let head = head(Method::GET, &origin);
    let call = egress.send(&origin, &head, Body::Empty, &limits);
    let result = while_calling(call, async {
        assert_eq!(clock.sleeping().await, SECOND);
        clock.advance(SECOND);
    })
    .await;
    assert_eq!(
        failure(result),
        (SendErrorKind::DeadlineExceeded, Sent::Nothing)
    );
}

#[tokio::test]
async fn an_address_that_does_not_answer_is_not_waited_for() {
    let full = full();
    let listener = std::net::TcpListener::bind(("127.0.0.2", full.port)).expect("a free port");
    let upstream = Upstream::on(listener, vec![vec![Step::Request, answer("second")]]);
    let (egress, clock) = egress_that_looks_up(|_| {
        std::future::ready(Ok(vec![[127, 0, 0, 1].into(), [127, 0, 0, 2].into()]))
    });
    let origin = origin(&format!(
        "http://two.example.com:{}",
        upstream.address.port()
    ));
    let text = while_calling(get_text(&egress, &origin), async {
        let stagger = Duration::from_millis(250);
        assert_eq!(clock.sleeping_within(SECOND).await, stagger);
        clock.advance(stagger);
    })
    .await;
    assert_eq!(text, "second");
}

#[tokio::test]
async fn an_address_that_refuses_is_followed_by_the_next_at_once() {
    let upstream = Upstream::start([vec![Step::Request, answer("second")]]);
    let (egress, _clock) = egress_that_looks_up(|_| {
        std::future::ready(Ok(vec![[127, 0, 0, 2].into(), [127, 0, 0, 1].into()]))
    });
    let origin = origin(&format!(
        "http://two.example.com:{}",
        upstream.address.port()
    ));
    assert_eq!(get_text(&egress, &origin).await, "second");
}

#[tokio::test]
async fn a_name_that_moves_to_a_bad_address_is_refused_at_the_next_connection() {
    let upstream = Upstream::start([vec![Step::Request, answer("one"), Step::Closed]]);
    let answers = Mutex::new(vec![[10, 0, 0, 1], [127, 0, 0, 1]]);
    let (egress, clock) = egress_that_looks_up(move |_| {
        let ip = answers
            .lock()
            .expect("no panic")
            .pop()
            .expect("two look-ups");
        std::future::ready(Ok(vec![ip.into()]))
    });
    let origin = origin(&format!(
        "http://rebind.example.com:{}",
        upstream.address.port()
    ));
    assert_eq!(get_text(&egress, &origin).await, "one");
    // Until neither the connection nor the answer is kept any more.
    clock.advance(SECOND * 60);
    let result = get(&egress, &origin).await;
    let blocked = result
        .as_ref()
        .expect_err("refused")
        .blocked()
        .expect("an address");
    assert_eq!(blocked.to_string(), "10.0.0.1 is a private address");
    assert_eq!(
        failure(result),
        (SendErrorKind::AddressRefused, Sent::Nothing)
    );
}

#[test]
fn settings_that_cannot_be_used_say_why() {
    let (clock, _) = Clock::manual();
    let with = |settings| Egress::new(settings, clock.clone()).expect_err("unusable");
    for url in [
        "https://proxy:3128",
        "socks5://proxy:1080",
        "http://user:pw@proxy:1",
        "http://p/x",
    ] {
        let proxy = Some(url.parse().expect(url));
        let err = with(Settings {
            proxy,
            ..Settings::default()
        });
        assert!(matches!(err, SettingsError::Proxy(_)), "{url}");
        assert!(
            err.to_string().ends_with("give `http://host:port`"),
            "{err}"
        );
        assert!(!err.to_string().contains("pw"), "{err}");
    }
    for (pem, message) in [
        ("nonsense", "no certificate in the PEM file"),
        (
            "-----BEGIN CERTIFICATE-----\nAAAA",
            "not a PEM file of certificates",
        ),
        (
            "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
            "certificate 1 in the PEM file cannot be used as an authority",
        ),
    ] {
        let extra_ca_pem = Some(pem.as_bytes().to_vec());
        let err = with(Settings {
            extra_ca_pem,
            ..Settings::default()
        });
        assert_eq!(err.to_string(), message);
    }
}
