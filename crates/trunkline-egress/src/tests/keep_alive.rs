//! Which connection a request goes over, and what becomes of it afterwards.

use std::io::Write as _;
use std::sync::mpsc;

use tokio::io::AsyncReadExt as _;

use super::upstream::{Event, Step, Upstream, answer, send, wait};
use super::*;
use crate::pool::{Bounds, IDLE_MAX, Pool};

#[tokio::test]
async fn one_connection_serves_calls_one_after_the_other() {
    let (egress, _clock) = egress();
    let mut upstream = Upstream::start([vec![
        Step::Request,
        answer("one"),
        Step::Request,
        send("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\ntwo\r\n0\r\n\r\n"),
        Step::Request,
        answer("three"),
    ]]);
    let origin = upstream.origin();
    for expected in ["one", "two", "three"] {
        assert_eq!(get_text(&egress, &origin).await, expected);
    }
    assert_eq!(
        upstream.so_far(),
        [
            "accepted 0",
            "request 0 GET /path?query=1 HTTP/1.1",
            "request 0 GET /path?query=1 HTTP/1.1",
            "request 0 GET /path?query=1 HTTP/1.1",
        ]
    );
}

#[tokio::test]
async fn answers_without_a_body_give_the_connection_back_at_once() {
    let (egress, _clock) = egress();
    let mut upstream = Upstream::start([vec![
        Step::Request,
        send("HTTP/1.1 204 No Content\r\n\r\n"),
        Step::Request,
        send("HTTP/1.1 304 Not Modified\r\ncontent-length: 5\r\n\r\n"),
        Step::Request,
        send("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"),
        Step::Request,
        send("HTTP/1.1 200 OK\r\ncontent-length: 7\r\n\r\n"),
        Step::Request,
        answer("done"),
    ]]);
    let origin = upstream.origin();
    // The answers are kept, and never read.
    let mut answers = Vec::new();
    for method in [Method::GET, Method::GET, Method::GET, Method::HEAD] {
        let head = head(method, &origin);
        answers.push(
            egress
                .send(&origin, &head, Body::Empty, &LIMITS)
                .await
                .expect("an answer"),
        );
    }
    assert_eq!(answers[3].headers()["content-length"], "7");
    assert_eq!(get_text(&egress, &origin).await, "done");
    assert_eq!(
        upstream
            .so_far()
            .iter()
            .filter(|event| event.starts_with("accepted"))
            .count(),
        1
    );
}

#[tokio::test]
async fn calls_at_the_same_time_have_a_connection_each_and_the_last_one_back_is_used_first() {
    let (egress, _clock) = egress();
    let (held, go) = wait();
    let mut upstream = Upstream::start([
        vec![
            Step::Request,
            held,
            answer("slow"),
            Step::Request,
            answer("last back"),
        ],
        vec![Step::Request, answer("fast"), Step::Closed],
    ]);
    let origin = upstream.origin();
    let slow = get(&egress, &origin);
    let fast = async {
        upstream.request().await;
        let text = get_text(&egress, &origin).await;
        go.send(()).expect("the script waits");
        text
    };
    let (slow, fast) = tokio::join!(slow, fast);
    assert_eq!(fast, "fast");
    assert_eq!(text(slow.expect("an answer")).await, "slow");
    assert_eq!(get_text(&egress, &origin).await, "last back");
}

#[tokio::test]
async fn a_body_dropped_early_closes_its_connection() {
    let (egress, _clock) = egress();
    let mut upstream = Upstream::start([
        vec![
            Step::Request,
            send("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\npart"),
            Step::Closed,
        ],
        vec![Step::Request, answer("fresh")],
    ]);
    let origin = upstream.origin();
    let mut body = get(&egress, &origin).await.expect("an answer").into_body();
    body.frame().await.expect("a frame").expect("data");
    drop(body);
    upstream.closed(0).await;
    assert_eq!(get_text(&egress, &origin).await, "fresh");
}

#[tokio::test]
async fn a_call_dropped_before_its_answer_closes_its_connection() {
    let (egress, _clock) = egress();
    let mut upstream = Upstream::start([vec![Step::Request, Step::Closed]]);
    let origin = upstream.origin();
    let mut call = Box::pin(get(&egress, &origin));
    tokio::select! {
        _ = &mut call => panic!("there is no answer"),
        _ = upstream.request() => {}
    }
    drop(call);
    upstream.closed(0).await;
}

#[tokio::test]
async fn a_connection_that_the_upstream_will_close_is_not_used_again() {
    let (egress, _clock) = egress();
    let answers = [
        "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 3\r\n\r\none",
        "HTTP/1.0 200 OK\r\ncontent-length: 3\r\n\r\none",
        "HTTP/1.1 200 OK\r\n\r\none",
    ];
    for answer_first in answers {
        let upstream = Upstream::start([
            vec![Step::Request, send(answer_first)],
            vec![Step::Request, answer("two")],
        ]);
        let origin = upstream.origin();
        assert_eq!(get_text(&egress, &origin).await, "one");
        assert_eq!(get_text(&egress, &origin).await, "two");
    }
}

#[tokio::test]
async fn an_aged_connection_is_not_used_again() {
    let (egress, clock) = egress();
    let upstream = Upstream::start([
        vec![
            Step::Request,
            answer("one"),
            Step::Request,
            answer("two"),
            Step::Closed,
        ],
        vec![Step::Request, answer("three")],
    ]);
    let origin = upstream.origin();
    assert_eq!(get_text(&egress, &origin).await, "one");
    clock.advance(IDLE_MAX);
    assert_eq!(get_text(&egress, &origin).await, "two");
    clock.advance(IDLE_MAX + Duration::from_secs(1));
    assert_eq!(get_text(&egress, &origin).await, "three");
}

#[tokio::test]
async fn an_aged_connection_is_closed_although_nobody_asks_for_it() {
    let (egress, clock) = egress();
    let mut upstream = Upstream::start([vec![Step::Request, answer("one"), Step::Closed]]);
    assert_eq!(get_text(&egress, &upstream.origin()).await, "one");
    let mut closed = Box::pin(upstream.closed(0));
    // As time goes by, somebody looks.
    for _ in 0..10 {
        clock.advance(Duration::from_secs(10));
        settle().await;
    }
    closed.as_mut().await;
}

/// Lets something happen to a pooled connection in such a way that the test's next step comes
/// before the connection's own task learns of it, though the news is there for it to read.
///
/// The runtime polls its main task before all others after it has looked for events. So both the
/// connection and a socket that the test waits for become readable while nothing can look.
async fn behind_the_back_of_the_runtime(happens: impl FnOnce() + Send + 'static) {
    let (mut signal, signalled) = tokio::net::UnixStream::pair().expect("sockets");
    let signalled = signalled.into_std().expect("a socket");
    let mut blocking = tokio::task::JoinSet::new();
    blocking.spawn(async move {
        happens();
        (&signalled).write_all(b"!").expect("an open socket");
    });
    signal.read_u8().await.expect("the signal");
}

#[tokio::test]
async fn a_request_on_a_connection_that_was_closed_goes_over_another() {
    let (egress, _clock) = egress();
    let (held, go) = wait();
    let (tell, has_closed) = mpsc::channel();
    let mut upstream = Upstream::start([
        vec![
            Step::Request,
            answer("one"),
            held,
            Step::Shut,
            Step::Tell(tell),
        ],
        vec![Step::Request, answer("two")],
    ]);
    let origin = upstream.origin();
    assert_eq!(get_text(&egress, &origin).await, "one");
    behind_the_back_of_the_runtime(move || {
        go.send(()).expect("the script waits");
        has_closed.recv().expect("closed");
    })
    .await;
    let body = Body::from(b"payload".to_vec());
    let second = egress
        .send(&origin, &head(Method::POST, &origin), body, &LIMITS)
        .await;
    assert_eq!(text(second.expect("an answer")).await, "two");
    upstream.request().await;
    assert!(upstream.request().await.ends_with("\r\n\r\npayload"));
}

#[tokio::test]
async fn a_request_lost_with_a_used_connection_is_told_from_one_that_failed() {
    let (egress, _clock) = egress();
    let upstream = Upstream::start([
        // Closes under the second request.
        vec![Step::Request, answer("one"), Step::Request],
        // Closes under its first.
        vec![Step::Request],
    ]);
    let origin = upstream.origin();
    assert_eq!(get_text(&egress, &origin).await, "one");
    assert_eq!(
        failure(get(&egress, &origin).await),
        (SendErrorKind::ClosedBeforeAnswer, Sent::OnUsedConnection)
    );
    assert_eq!(
        failure(get(&egress, &origin).await),
        (SendErrorKind::ClosedBeforeAnswer, Sent::Perhaps)
    );
}

#[tokio::test]
async fn unasked_bytes_on_an_idle_connection_are_nobodys_answer() {
    let (egress, _clock) = egress();
    let (held, go) = wait();
    let (tell, has_sent) = mpsc::channel();
    let upstream = Upstream::start([
        vec![
            Step::Request,
            answer("one"),
            held,
            answer("forged"),
            Step::Tell(tell),
            Step::Closed,
        ],
        vec![Step::Request, answer("two")],
    ]);
    let origin = upstream.origin();
    assert_eq!(get_text(&egress, &origin).await, "one");
    behind_the_back_of_the_runtime(move || {
        go.send(()).expect("the script waits");
        has_sent.recv().expect("sent");
    })
    .await;
    assert_eq!(get_text(&egress, &origin).await, "two");
}

#[tokio::test]
async fn an_answer_followed_by_an_end_is_whole_and_the_connection_is_not_used_again() {
    let (egress, _clock) = egress();
    let mut upstream = Upstream::start([
        vec![Step::Request, answer("one"), Step::Finish, Step::Closed],
        vec![Step::Request, answer("two")],
    ]);
    let origin = upstream.origin();
    assert_eq!(get_text(&egress, &origin).await, "one");
    // Our side is closed as soon as theirs is.
    upstream.closed(0).await;
    assert_eq!(get_text(&egress, &origin).await, "two");
}

#[tokio::test]
async fn pools_of_their_own_do_not_share_connections() {
    let (egress, _clock) = egress();
    let other = egress.with_own_pool();
    let mut upstream = Upstream::start([
        vec![Step::Request, answer("one"), Step::Closed],
        vec![Step::Request, answer("two"), Step::Closed],
    ]);
    let origin = upstream.origin();
    assert_eq!(get_text(&egress, &origin).await, "one");
    assert_eq!(get_text(&other, &origin).await, "two");
    drop(other);
    upstream.closed(1).await;
    drop(egress);
    upstream.closed(0).await;
}

#[tokio::test]
async fn origins_do_not_share_connections() {
    let (egress, _clock) = egress();
    let mut one = Upstream::start([vec![Step::Request, answer("one")]]);
    let two = Upstream::start([vec![Step::Request, answer("two")]]);
    assert_eq!(get_text(&egress, &one.origin()).await, "one");
    assert_eq!(get_text(&egress, &two.origin()).await, "two");
    assert_eq!(one.next().await, Event::Accepted(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pool_shared_by_threads_loses_no_connection_and_mixes_no_answer() {
    let egress = std::sync::Arc::new(
        Egress::new(
            Settings {
                rules: loopback(),
                ..Settings::default()
            },
            Clock::system(),
        )
        .expect("usable settings"),
    );
    let script = || {
        (0..400)
            .flat_map(|_| [Step::Request, answer("yes")])
            .collect::<Vec<_>>()
    };
    let upstream = Upstream::start([script(), script(), script(), script()]);
    let origin = upstream.origin();
    let mut callers = tokio::task::JoinSet::new();
    for _ in 0..4 {
        let (egress, origin) = (std::sync::Arc::clone(&egress), origin.clone());
        callers.spawn(async move {
            for _ in 0..100 {
                assert_eq!(get_text(&egress, &origin).await, "yes");
            }
        });
    }
    callers.join_all().await;
}

#[test]
fn connections_of_a_runtime_that_is_gone_are_not_used() {
    let runtime = || {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime")
    };
    let (egress, clock) = egress();
    let mut upstream = Upstream::start([
        vec![Step::Request, answer("one"), Step::Closed],
        vec![Step::Request, answer("two"), Step::Closed],
    ]);
    let origin = upstream.origin();
    assert_eq!(runtime().block_on(get_text(&egress, &origin)), "one");
    let second = runtime();
    assert_eq!(second.block_on(get_text(&egress, &origin)), "two");
    // Somebody looks after aged connections there, too.
    second.block_on(async {
        upstream.closed(0).await;
        let mut closed = std::pin::pin!(upstream.closed(1));
        for _ in 0..10 {
            clock.advance(Duration::from_secs(10));
            settle().await;
        }
        closed.as_mut().await;
    });
}

#[tokio::test]
async fn only_so_many_unused_connections_are_kept() {
    let (mut egress, _clock) = egress();
    let bounds = Bounds {
        idle_per_origin_max: 2,
        idle_max: 3,
    };
    egress.pool = Pool::bounded(egress.clock.clone(), bounds);
    let script = || vec![Step::Request, answer("x"), Step::Closed];
    let mut upstreams = [
        Upstream::start([script(), script(), script()]),
        Upstream::start([script(), script(), script()]),
    ];
    // All at once, then all back: two of the first are kept, one of the second.
    for (upstream, kept) in upstreams.iter_mut().zip([2, 1]) {
        let origin = upstream.origin();
        let (one, two, three) = tokio::join!(
            get_text(&egress, &origin),
            get_text(&egress, &origin),
            get_text(&egress, &origin),
        );
        assert_eq!((one + &two + &three).as_str(), "xxx");
        for _ in kept..3 {
            while !matches!(upstream.next().await, Event::Closed(_)) {}
        }
        settle().await;
        assert!(
            !upstream
                .so_far()
                .iter()
                .any(|event| event.starts_with("closed"))
        );
    }
}
