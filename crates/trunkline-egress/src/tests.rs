//! The whole crate against upstreams that do as their script says, over real sockets.

mod broken;
mod http2;
mod keep_alive;
mod limits;
mod refused;
mod secure;
mod tunnel;
mod upgrade;
mod uploads;
mod upstream;

use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use http::uri::PathAndQuery;
use http::{Method, Response};
use http_body_util::BodyExt as _;

use crate::address::Rules;
use crate::{
    Body, BodyError, Clock, Egress, Head, Limits, ManualClock, Origin, ReceiveErrorKind, Received,
    SendError, SendErrorKind, Settings,
};

const CONNECT: Duration = Duration::from_secs(5);
const FIRST_BYTE: Duration = Duration::from_secs(30);
const IDLE: Duration = Duration::from_mins(1);

const LIMITS: Limits = Limits {
    connect: CONNECT,
    first_byte: FIRST_BYTE,
    idle: IDLE,
    deadline: None,
};

/// Rules that let a test call its own upstreams.
fn loopback() -> Rules {
    let allow = ["127.0.0.0/8", "::1/128"].map(|net| net.parse().expect(net));
    Rules {
        allow: allow.to_vec(),
        ..Rules::default()
    }
}

/// An egress that may call loopback, on a clock that stands still.
fn egress() -> (Egress, ManualClock) {
    egress_with(Settings {
        rules: loopback(),
        ..Settings::default()
    })
}

fn egress_with(settings: Settings) -> (Egress, ManualClock) {
    let (clock, manual) = Clock::manual();
    (
        Egress::new(settings, clock).expect("usable settings"),
        manual,
    )
}

fn origin(url: &str) -> Origin {
    Origin::from_url(&url.parse().expect(url)).expect(url)
}

fn head(method: Method, origin: &Origin) -> Head {
    let mut head = Head::get(PathAndQuery::from_static("/path?query=1"));
    head.method = method;
    head.headers.insert("host", origin.host_header().clone());
    head
}

async fn get(egress: &Egress, origin: &Origin) -> Result<Response<Received>, SendError> {
    egress
        .send(origin, &head(Method::GET, origin), Body::Empty, &LIMITS)
        .await
}

/// Sends and reads the answer to its end.
async fn get_text(egress: &Egress, origin: &Origin) -> String {
    text(get(egress, origin).await.expect("an answer")).await
}

async fn text(answer: Response<Received>) -> String {
    let bytes = answer
        .into_body()
        .collect()
        .await
        .expect("a whole body")
        .to_bytes();
    String::from_utf8(bytes.to_vec()).expect("text")
}

/// Reads until the body fails: what came before, and why it failed.
async fn text_until_failure(answer: Response<Received>) -> (String, ReceiveErrorKind) {
    let mut body = answer.into_body();
    let mut text = String::new();
    loop {
        match body.frame().await.expect("an error before the end") {
            Ok(frame) => {
                let bytes: Bytes = frame.into_data().expect("data");
                text.push_str(std::str::from_utf8(&bytes).expect("text"));
            }
            Err(err) => return (text, err.kind()),
        }
    }
}

/// Whether `future` is still waiting.
async fn is_pending<F: Future>(mut future: Pin<&mut F>) -> bool {
    std::future::poll_fn(|cx| Poll::Ready(future.as_mut().poll(cx).is_pending())).await
}

/// Lets everything run that can, without the clock.
async fn settle() {
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
}

/// What matters of a failed call.
fn failure(result: Result<Response<Received>, SendError>) -> (SendErrorKind, Sent) {
    let err = result.expect_err("no answer");
    let sent = match (err.nothing_was_sent(), err.was_reused()) {
        (true, _) => Sent::Nothing,
        (false, true) => Sent::OnUsedConnection,
        (false, false) => Sent::Perhaps,
    };
    (err.kind(), sent)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sent {
    Nothing,
    Perhaps,
    OnUsedConnection,
}

#[test]
fn futures_and_bodies_can_move_between_threads() {
    fn is_send<T: Send>(_: &T) {}
    fn is_send_and_unpin<T: Send + Unpin>() {}
    let (egress, _clock) = egress();
    let origin = origin("http://127.0.0.1:1");
    let head = head(Method::GET, &origin);
    is_send(&egress.send(&origin, &head, Body::Empty, &LIMITS));
    is_send_and_unpin::<Received>();
    is_send_and_unpin::<Body>();
    is_send_and_unpin::<SendError>();
    is_send_and_unpin::<BodyError>();
}

#[test]
fn an_error_is_one_pointer_and_a_call_in_flight_is_small() {
    assert_eq!(size_of::<SendError>(), size_of::<usize>());
    let (egress, _clock) = egress();
    let origin = origin("http://127.0.0.1:1");
    let head = head(Method::GET, &origin);
    let send = egress.send(&origin, &head, Body::Empty, &LIMITS);
    assert!(size_of_val(&send) <= 2048, "{} bytes", size_of_val(&send));
}
