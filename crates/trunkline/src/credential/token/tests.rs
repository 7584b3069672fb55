//! Tokens are asked for once, renewed in time, and refused to all alike. Time stands still until a
//! test moves it.

use std::collections::VecDeque;
use std::future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::task::Poll;

use expect_test::{Expect, expect};
use http::StatusCode;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use trunkline_connector::ClientCredentials;
use trunkline_connector::format::{ClientAuth, TokenRequest};
use trunkline_egress::address::Rules;
use trunkline_egress::{ManualClock, Settings};

use super::super::grant;
use super::*;

const HOUR: Duration = Duration::from_hours(1);

const fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// What the token server does with one request, once it has read it.
enum Act {
    /// Answers.
    Answer(u16, String),
    /// Gives a token for so many seconds once the test lets it.
    Wait(Arc<Semaphore>, u64),
    /// Never answers.
    Hang,
    /// Begins an answer that it never ends, and lets the test know.
    Drip(Arc<Semaphore>),
    /// Hangs up.
    HangUp,
}

/// A token server on loopback. Where its script has ended, it gives `token-1`, `token-2` and so
/// on, by the number of the request, each for ten minutes.
struct Server {
    address: SocketAddr,
    requests: watch::Sender<usize>,
    _tasks: JoinSet<()>,
}

const LIFETIME: Duration = secs(600);

impl Server {
    async fn start(script: impl IntoIterator<Item = Act>) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let requests = watch::Sender::new(0);
        let script: VecDeque<Act> = script.into_iter().collect();
        let script = Arc::new(Mutex::new(script));
        let mut tasks = JoinSet::new();
        let counted = requests.clone();
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                connections.spawn(serve(stream, Arc::clone(&script), counted.clone()));
            }
        });
        Self {
            address,
            requests,
            _tasks: tasks,
        }
    }

    fn requests(&self) -> usize {
        *self.requests.borrow()
    }

    /// Waits until it has read so many requests.
    async fn saw(&self, count: usize) {
        let mut requests = self.requests.subscribe();
        let seen = requests.wait_for(|requests| count <= *requests).await;
        drop(seen.unwrap());
    }
}

async fn serve(
    mut stream: TcpStream,
    script: Arc<Mutex<VecDeque<Act>>>,
    requests: watch::Sender<usize>,
) {
    while read_request(&mut stream).await {
        let mut number = 0;
        requests.send_modify(|requests| {
            *requests += 1;
            number = *requests;
        });
        let token = format!(r#"{{"access_token": "token-{number}", "expires_in": 600}}"#);
        let act = script.lock().unwrap().pop_front();
        let (status, body) = match act {
            None => (200, token),
            Some(Act::Answer(status, body)) => (status, body),
            Some(Act::Wait(gate, seconds)) => {
                drop(gate.acquire().await.unwrap());
                (200, token.replace("600", &seconds.to_string()))
            }
            Some(Act::Hang) => {
                // Until the other side hangs up.
                drop(stream.read(&mut [0]).await);
                return;
            }
            Some(Act::Drip(begun)) => {
                let answer = b"HTTP/1.1 200 x\r\ncontent-length: 900\r\n\r\n {";
                stream.write_all(answer).await.unwrap();
                begun.add_permits(1);
                drop(stream.read(&mut [0]).await);
                return;
            }
            Some(Act::HangUp) => return,
        };
        let length = body.len();
        let answer = format!("HTTP/1.1 {status} x\r\ncontent-length: {length}\r\n\r\n{body}");
        if stream.write_all(answer.as_bytes()).await.is_err() {
            return;
        }
    }
}

/// Reads a request with a body; false at the end of the connection.
async fn read_request(stream: &mut TcpStream) -> bool {
    let mut request = Vec::new();
    loop {
        let mut buffer = [0; 4096];
        let Ok(count @ 1..) = stream.read(&mut buffer).await else {
            return false;
        };
        request.extend_from_slice(&buffer[..count]);
        let text = String::from_utf8_lossy(&request).to_ascii_lowercase();
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let (_, length) = head.split_once("content-length: ").unwrap();
        let length = length.lines().next().unwrap().parse::<usize>().unwrap();
        if length <= body.len() {
            return true;
        }
    }
}

/// The tokens of one connection, and who needs them.
#[derive(Clone)]
struct Stand {
    tokens: Arc<Tokens>,
    egress: Arc<Egress>,
    clock: Clock,
    time: ManualClock,
    retry: RetryPolicy,
}

/// Asked once, and not again.
const ONCE: RetryPolicy = RetryPolicy {
    attempts_max: 1,
    wait_first: Duration::ZERO,
    wait_max: HOUR,
};

impl Stand {
    fn at(address: SocketAddr) -> Self {
        Self::with_rules(
            address,
            Rules {
                allow: vec!["127.0.0.1/32".parse().unwrap()],
                ..Rules::default()
            },
        )
    }

    fn with_rules(address: SocketAddr, rules: Rules) -> Self {
        let (clock, time) = Clock::manual();
        let spec = ClientCredentials {
            token_url: format!("http://{address}/token").parse().unwrap(),
            client_id: 0,
            client_secret: 1,
            scope: None,
            request: TokenRequest::Form,
            client_auth: ClientAuth::Basic,
            parameters: Vec::new(),
        };
        let settings = Settings {
            rules,
            ..Settings::default()
        };
        Self {
            tokens: Arc::new(Tokens::new(grant::of_client(&spec, "id", "password", None))),
            egress: Arc::new(Egress::new(settings, clock.clone()).unwrap()),
            clock,
            time,
            retry: ONCE,
        }
    }

    /// As [`at`](Self::at), where the server is asked so often, with waits of up to so long.
    fn repeating(address: SocketAddr, attempts_max: u32, wait_first: Duration) -> Self {
        let mut stand = Self::at(address);
        stand.retry = RetryPolicy {
            attempts_max,
            wait_first,
            ..ONCE
        };
        stand
    }

    /// A token for a call that must be over `within` so long.
    async fn token(&self, within: Option<Duration>) -> Result<Token, TokenError> {
        let limits = Limits {
            connect: HOUR,
            first_byte: HOUR,
            idle: HOUR,
            deadline: within.map(|within| self.clock.now() + within),
        };
        let means = Means {
            egress: &self.egress,
            clock: &self.clock,
            limits: &limits,
            retry: &self.retry,
        };
        self.tokens.current(means).await
    }

    async fn current(&self) -> Result<Token, TokenError> {
        self.token(None).await
    }

    /// Waits until nobody asks any more.
    async fn nobody_asks(&self) {
        while self.tokens.shared.known().asked.is_some() {
            tokio::task::yield_now().await;
        }
    }

    /// [`token`](Self::token) in a task of its own.
    fn begin(&self, calls: &mut JoinSet<String>, within: Option<Duration>) {
        let stand = self.clone();
        calls.spawn(async move { shown(&stand.token(within).await) });
    }
}

/// The token's text, or what went wrong.
fn shown(outcome: &Result<Token, TokenError>) -> String {
    match outcome {
        Ok(token) => {
            let text = token.authorization.to_str().unwrap();
            text.trim_start_matches("Bearer ").to_owned()
        }
        Err(error) => format!("{}: {}", error.kind.code(), error.message),
    }
}

/// What a test waits for comes at once or never.
#[expect(
    clippy::disallowed_methods,
    reason = "a test that hangs tells nobody where"
)]
async fn soon<F: Future>(what: F) -> F::Output {
    let within = tokio::time::timeout(secs(20), what).await;
    within.expect("what the test waits for does not come")
}

/// Makes so many calls at once; says what each kind of outcome is, and how often it came.
async fn together(stand: &Stand, count: usize) -> Vec<(String, usize)> {
    let mut calls = JoinSet::new();
    for _ in 0..count {
        stand.begin(&mut calls, None);
    }
    let mut outcomes: Vec<(String, usize)> = Vec::new();
    while let Some(outcome) = soon(calls.join_next()).await {
        let outcome = outcome.unwrap();
        match outcomes.iter_mut().find(|(known, _)| *known == outcome) {
            Some((_, count)) => *count += 1,
            None => outcomes.push((outcome, 1)),
        }
    }
    outcomes
}

#[tokio::test]
async fn ten_thousand_calls_at_once_ask_once() {
    let server = Server::start([]).await;
    let stand = Stand::at(server.address);
    let outcomes = together(&stand, 10_000).await;
    assert_eq!(outcomes, [("token-1".to_owned(), 10_000)]);
    assert_eq!(server.requests(), 1);
}

#[tokio::test]
async fn over_three_lifetimes_a_token_is_renewed_before_each_end() {
    let server = Server::start([]).await;
    let stand = Stand::at(server.address);
    let mut tokens = Vec::new();
    // Half a minute at a time, up to the end of the third.
    for _ in 0..=60 {
        let outcome = soon(stand.current()).await;
        tokens.push(shown(&outcome));
        stand.time.advance(secs(30));
    }
    tokens.dedup();
    assert_eq!(tokens, ["token-1", "token-2", "token-3", "token-4"]);
    assert_eq!(server.requests(), 4);
}

#[tokio::test]
async fn one_renews_early_while_the_others_go_on() {
    let gate = Arc::new(Semaphore::new(0));
    let server = Server::start([
        Act::Answer(
            200,
            r#"{"access_token": "first", "expires_in": 600}"#.to_owned(),
        ),
        Act::Wait(Arc::clone(&gate), 600),
    ])
    .await;
    let stand = Stand::at(server.address);
    assert_eq!(shown(&stand.current().await), "first");
    stand.time.advance(secs(540));
    let mut renewing = JoinSet::new();
    stand.begin(&mut renewing, None);
    soon(server.saw(2)).await;
    assert_eq!(together(&stand, 1000).await, [("first".to_owned(), 1000)]);
    gate.add_permits(1);
    let renewed = soon(renewing.join_next()).await;
    assert_eq!(renewed.unwrap().unwrap(), "token-2");
    assert_eq!(together(&stand, 10).await, [("token-2".to_owned(), 10)]);
    assert_eq!(server.requests(), 2);
}

#[tokio::test]
async fn a_renewal_that_fails_costs_no_call_and_is_not_tried_again_at_once() {
    let first = r#"{"access_token": "first", "expires_in": 600}"#.to_owned();
    let broken = || Act::Answer(500, "<html>".to_owned());
    let server = Server::start([Act::Answer(200, first), broken(), Act::HangUp, broken()]).await;
    let stand = Stand::at(server.address);
    assert_eq!(shown(&stand.current().await), "first");
    stand.time.advance(secs(540));
    for asked in [2, 3] {
        assert_eq!(together(&stand, 100).await, [("first".to_owned(), 100)]);
        assert_eq!(server.requests(), asked);
        stand.time.advance(secs(5));
    }
    // Once it has ended, a refusal is one.
    stand.time.advance(secs(60));
    let refused = "token_refused: the token server answered 500 Internal Server Error";
    assert_eq!(together(&stand, 3).await, [(refused.to_owned(), 3)]);
    assert_eq!(server.requests(), 4);
    stand.time.advance(secs(5));
    assert_eq!(shown(&stand.current().await), "token-5");
}

#[tokio::test]
async fn a_token_server_that_hangs_delays_one_call_for_five_seconds_at_most() {
    let first = r#"{"access_token": "first", "expires_in": 600}"#.to_owned();
    let script = [Act::Answer(200, first), Act::Hang, Act::Hang];
    let server = Server::start(script).await;
    let stand = Stand::at(server.address);
    assert_eq!(shown(&stand.current().await), "first");
    stand.time.advance(secs(540));
    // A call that has less time keeps half of it for itself.
    for (asked, within, waits, rest) in [(2, None, 5, 25), (3, Some(secs(4)), 2, 28)] {
        let mut renewing = JoinSet::new();
        stand.begin(&mut renewing, within);
        soon(server.saw(asked)).await;
        let wait = soon(stand.time.sleeping()).await;
        assert_eq!(wait, secs(waits));
        stand.time.advance(wait);
        assert_eq!(soon(renewing.join_next()).await.unwrap().unwrap(), "first");
        // Nobody else waits for whoever asks, who is given half a minute.
        assert_eq!(together(&stand, 100).await, [("first".to_owned(), 100)]);
        stand.time.advance(secs(rest));
        soon(stand.nobody_asks()).await;
        assert_eq!(server.requests(), asked);
        stand.time.advance(secs(1));
    }
}

#[tokio::test]
async fn a_refusal_is_everybodys_for_five_seconds() {
    let refusal = r#"{"error": "invalid_client"}"#.to_owned();
    let server = Server::start([Act::Answer(401, refusal)]).await;
    let stand = Stand::at(server.address);
    let refused = "token_refused: the token server answered 401 Unauthorized: invalid_client";
    assert_eq!(together(&stand, 1000).await, [(refused.to_owned(), 1000)]);
    stand.time.advance(Duration::from_millis(4999));
    assert_eq!(shown(&stand.current().await), refused);
    assert_eq!(server.requests(), 1);
    stand.time.advance(Duration::from_millis(1));
    assert_eq!(together(&stand, 10).await, [("token-2".to_owned(), 10)]);
    assert_eq!(server.requests(), 2);
}

#[tokio::test]
async fn asking_goes_on_when_whoever_began_it_leaves() {
    let gate = Arc::new(Semaphore::new(0));
    let server = Server::start([Act::Wait(Arc::clone(&gate), 600)]).await;
    let stand = Stand::at(server.address);
    // Each allows less time than the server takes.
    for _ in 0..3 {
        let mut leaving = JoinSet::new();
        stand.begin(&mut leaving, Some(secs(2)));
        soon(server.saw(1)).await;
        assert_eq!(soon(stand.time.sleeping_within(secs(2))).await, secs(2));
        stand.time.advance(secs(2));
        let outcome = soon(leaving.join_next()).await.unwrap().unwrap();
        assert_eq!(outcome, TOO_LATE);
    }
    // One that its caller drops.
    let mut leaving = JoinSet::new();
    stand.begin(&mut leaving, None);
    leaving.shutdown().await;
    let mut waiting = JoinSet::new();
    stand.begin(&mut waiting, None);
    gate.add_permits(1);
    let outcome = soon(waiting.join_next()).await.unwrap().unwrap();
    assert_eq!(outcome, "token-1");
    assert_eq!(server.requests(), 1);
}

#[tokio::test]
async fn asking_ends_with_the_connection_it_is_for() {
    let gate = Arc::new(Semaphore::new(0));
    let server = Server::start([Act::Drip(Arc::clone(&gate))]).await;
    let stand = Stand::at(server.address);
    let mut leaving = JoinSet::new();
    stand.begin(&mut leaving, None);
    drop(soon(gate.acquire()).await.unwrap());
    leaving.shutdown().await;
    let shared = Arc::downgrade(&stand.tokens.shared);
    drop(stand);
    let gone = async {
        while shared.upgrade().is_some() {
            tokio::task::yield_now().await;
        }
    };
    soon(gone).await;
}

/// A runtime as each thread of a gateway has one.
fn runtime() -> tokio::runtime::Runtime {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.enable_all().build().unwrap()
}

#[test]
fn another_asks_where_a_runtime_stands_still_or_is_gone() {
    let (tell, told) = std::sync::mpsc::channel();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let serving = std::thread::spawn(move || {
        runtime().block_on(async move {
            let server = Server::start([Act::Hang, Act::Hang]).await;
            tell.send(server).unwrap();
            drop(stopped.await);
        });
    });
    let server = told.recv().unwrap();
    let stand = Stand::at(server.address);
    let first = runtime();
    first.block_on(async {
        let mut calls = JoinSet::new();
        stand.begin(&mut calls, None);
        soon(server.saw(1)).await;
    });
    // Nobody drives the first any more.
    let second = runtime();
    second.block_on(async {
        let mut call = std::pin::pin!(stand.current());
        let waits = future::poll_fn(|cx| Poll::Ready(call.as_mut().poll(cx).is_pending()));
        assert!(waits.await);
        stand.time.advance(ASKING_MAX + GRACE);
        tokio::select! {
            outcome = call => panic!("{outcome:?}"),
            () = soon(server.saw(2)) => {}
        }
    });
    drop(second);
    let third = runtime();
    assert_eq!(shown(&third.block_on(soon(stand.current()))), "token-3");
    drop((first, stop));
    serving.join().unwrap();
}

const TOO_LATE: &str =
    "call_timeout: the time that the caller allows ended before `127.0.0.1` gave a token";

#[tokio::test]
async fn a_call_whose_time_ends_does_not_speak_for_the_others() {
    let gate = Arc::new(Semaphore::new(0));
    let server = Server::start([Act::Wait(Arc::clone(&gate), 600)]).await;
    let stand = Stand::at(server.address);
    // The one who asks, one who waits for it no longer, and one who does.
    let (mut calls, mut patient) = (JoinSet::new(), JoinSet::new());
    stand.begin(&mut calls, Some(secs(2)));
    stand.begin(&mut calls, Some(secs(2)));
    stand.begin(&mut patient, None);
    soon(server.saw(1)).await;
    assert_eq!(soon(stand.time.sleeping_within(secs(2))).await, secs(2));
    stand.time.advance(secs(2));
    while let Some(outcome) = soon(calls.join_next()).await {
        assert_eq!(outcome.unwrap(), TOO_LATE);
    }
    gate.add_permits(1);
    let outcome = soon(patient.join_next()).await.unwrap().unwrap();
    assert_eq!(outcome, "token-1");
    assert_eq!(server.requests(), 1);
}

#[tokio::test]
async fn an_answer_that_never_ends_holds_nobody_longer_than_half_a_minute() {
    let begun = Arc::new(Semaphore::new(0));
    let server = Server::start([Act::Drip(Arc::clone(&begun))]).await;
    let stand = Stand::at(server.address);
    let mut calls = JoinSet::new();
    for _ in 0..3 {
        stand.begin(&mut calls, None);
    }
    stand.begin(&mut calls, Some(secs(2)));
    drop(soon(begun.acquire()).await.unwrap());
    assert_eq!(soon(stand.time.sleeping_within(secs(2))).await, secs(2));
    stand.time.advance(secs(2));
    let outcome = soon(calls.join_next()).await.unwrap().unwrap();
    assert_eq!(outcome, TOO_LATE);
    stand.time.advance(secs(28));
    while let Some(outcome) = soon(calls.join_next()).await {
        let slow = "first_byte_timeout: `127.0.0.1` gave no token within 30 seconds";
        assert_eq!(outcome.unwrap(), slow);
    }
    // It may be well again a moment later.
    stand.time.advance(secs(1));
    assert_eq!(shown(&soon(stand.current()).await), "token-2");
}

#[tokio::test]
async fn a_server_out_of_order_is_asked_again_before_anybody_is_refused() {
    let broken = || Act::Answer(500, String::new());
    let server = Server::start([broken(), Act::HangUp]).await;
    let stand = Stand::repeating(server.address, 3, Duration::ZERO);
    assert_eq!(together(&stand, 10).await, [("token-3".to_owned(), 10)]);
    assert_eq!(server.requests(), 3);
    // Between two attempts it waits as calls do.
    let server = Server::start([broken()]).await;
    let stand = Stand::repeating(server.address, 2, secs(1));
    let mut calls = JoinSet::new();
    stand.begin(&mut calls, None);
    soon(server.saw(1)).await;
    let wait = soon(stand.time.sleeping_within(secs(1))).await;
    stand.time.advance(wait);
    let outcome = soon(calls.join_next()).await.unwrap().unwrap();
    assert_eq!(outcome, "token-2");
    // What stays broken is told, and tried again a second later.
    let server = Server::start([broken(), broken()]).await;
    let stand = Stand::repeating(server.address, 2, Duration::ZERO);
    let refused = "token_refused: the token server answered 500 Internal Server Error";
    assert_eq!(shown(&soon(stand.current()).await), refused);
    stand.time.advance(Duration::from_millis(999));
    assert_eq!(shown(&soon(stand.current()).await), refused);
    assert_eq!(server.requests(), 2);
    stand.time.advance(Duration::from_millis(1));
    assert_eq!(shown(&soon(stand.current()).await), "token-3");
    // A refusal is no matter of time.
    let server = Server::start([Act::Answer(401, String::new())]).await;
    let stand = Stand::repeating(server.address, 3, Duration::ZERO);
    let refused = "token_refused: the token server answered 401 Unauthorized";
    assert_eq!(shown(&soon(stand.current()).await), refused);
    assert_eq!(server.requests(), 1);
}

#[tokio::test]
async fn a_token_whose_life_is_over_when_it_comes_serves_all_who_waited() {
    let gate = Arc::new(Semaphore::new(0));
    let server = Server::start([Act::Wait(Arc::clone(&gate), 1)]).await;
    let stand = Stand::at(server.address);
    let mut calls = JoinSet::new();
    for _ in 0..15 {
        stand.begin(&mut calls, None);
    }
    soon(server.saw(1)).await;
    stand.time.advance(secs(2));
    gate.add_permits(1);
    while let Some(outcome) = soon(calls.join_next()).await {
        assert_eq!(outcome.unwrap(), "token-1");
    }
    assert_eq!(server.requests(), 1);
}

#[tokio::test]
async fn a_token_server_that_is_not_there_is_no_refusal() {
    let server = Server::start([Act::HangUp, Act::Answer(200, "x".repeat(64 * 1024 + 1))]).await;
    let check = async |stand: &Stand, expected: Expect| {
        let error = soon(stand.current()).await.unwrap_err().to_error("Acme");
        let hint = error.hint().unwrap_or("-");
        expected.assert_eq(&format!("{}: {error}\n{hint}", error.kind().code()));
        stand.time.advance(secs(5));
    };
    let stand = Stand::at(server.address);
    check(
        &stand,
        expect![[r#"
        upstream_closed: Acme cannot be called: `127.0.0.1` closed the connection without an answer
        ask again if the request may safely be made twice"#]],
    )
    .await;
    check(&stand, expect![[r#"
        token_refused: Acme cannot be called: the answer of the token server `127.0.0.1` could not be read
        ask again later"#]]).await;
    let closed = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = closed.local_addr().unwrap();
    drop(closed);
    check(
        &Stand::at(address),
        expect![[r#"
        connect_failed: Acme cannot be called: nobody answers at `127.0.0.1`
        check the address, and whether the API is up"#]],
    )
    .await;
    let strict = Stand::with_rules(server.address, Rules::default());
    check(
        &strict,
        expect![[r#"
        address_refused: Acme cannot be called: the call to `127.0.0.1` was not made
        allow a private address with `egress.allow` if that is what you want"#]],
    )
    .await;
    assert_eq!(server.requests(), 2);
}

#[test]
fn a_refusal_is_told_with_what_to_do() {
    let refused = GrantError::Refused {
        status: StatusCode::UNAUTHORIZED,
        said: Some("invalid_client".to_owned()),
    };
    let error = TokenError::from(refused).to_error("Acme");
    assert_eq!(error.kind(), ErrorKind::TokenRefused);
    expect!["Acme cannot be called: the token server answered 401 Unauthorized: invalid_client"]
        .assert_eq(&error.to_string());
    expect!["check what tokens are asked for with, id and password or key file, and that it may have this scope"]
        .assert_eq(error.hint().unwrap());
}

fn granted(lifetime: Duration) -> Granted {
    Granted {
        authorization: HeaderValue::from_static("Bearer t"),
        lifetime,
    }
}

/// When a token is renewed and when it ends, counted from when it was asked for.
#[track_caller]
fn check_kept(lifetime: Duration, expected: (Duration, Duration)) {
    let now = Clock::manual().0.now();
    let token = Known::default().keep(granted(lifetime), now);
    assert_eq!((token.renew_at - now, token.ends_at - now), expected);
}

#[test]
fn a_token_is_renewed_a_minute_before_its_end_or_in_its_second_half() {
    check_kept(HOUR, (secs(3540), HOUR));
    check_kept(secs(120), (secs(60), secs(120)));
    check_kept(secs(60), (secs(30), secs(60)));
    check_kept(secs(1), (Duration::from_millis(500), secs(1)));
    check_kept(Duration::MAX, (secs(3540), HOUR));
}

/// What is to be done at a moment, counted from `start`.
fn step(known: &Known, start: Instant, at: Duration) -> String {
    match known.step(start + at) {
        Step::Use(token) => format!("use {}", token.number),
        Step::Renew(token) => format!("renew {}", token.number),
        Step::Ask => "ask".to_owned(),
        Step::Wait(_) => "wait".to_owned(),
        Step::Fail(error) => format!("fail: {}", error.kind.code()),
    }
}

fn refusal() -> TokenError {
    TokenError {
        nature: Nature::Lasting,
        ..TokenError::too_late("auth.example")
    }
}

#[test]
fn each_moment_of_a_tokens_life_has_its_step() {
    let now = Clock::manual().0.now();
    let mut known = Known::default();
    let step = |known: &Known, at: Duration| step(known, now, at);
    assert_eq!(step(&known, secs(0)), "ask");
    known.refuse(refusal(), now);
    assert_eq!(step(&known, secs(4)), "fail: call_timeout");
    assert_eq!(step(&known, secs(5)), "ask");
    known.keep(granted(LIFETIME), now + secs(5));
    // A token puts an end to what was refused before it.
    assert!(known.refused.is_none());
    assert_eq!(step(&known, secs(5)), "use 1");
    assert_eq!(step(&known, secs(544)), "use 1");
    assert_eq!(step(&known, secs(545)), "renew 1");
    assert_eq!(step(&known, secs(604)), "renew 1");
    assert_eq!(step(&known, secs(605)), "ask");
    known.refuse(refusal(), now + secs(602));
    assert_eq!(step(&known, secs(603)), "use 1");
    assert_eq!(step(&known, secs(605)), "fail: call_timeout");
    assert_eq!(step(&known, secs(607)), "ask");
    known.keep(granted(LIFETIME), now + secs(607));
    assert_eq!(step(&known, secs(607)), "use 2");
}

#[test]
fn nobody_asks_beside_another_who_can_be_expected_to_end() {
    let now = Clock::manual().0.now();
    let mut known = Known::default();
    let (sender, outcome) = watch::channel(None);
    let until = now + secs(1);
    known.asked = Some(Asked { until, outcome });
    assert_eq!(step(&known, now, Duration::from_millis(1999)), "wait");
    // Its time is over, and it says nothing.
    assert_eq!(step(&known, now, secs(2)), "ask");
    let last = now.checked_sub(secs(599)).unwrap();
    known.keep(granted(LIFETIME), last);
    assert_eq!(step(&known, now, secs(0)), "use 1");
    // It is gone.
    drop(sender);
    assert_eq!(step(&known, now, secs(0)), "renew 1");
    assert_eq!(step(&known, now, secs(1)), "ask");
}

#[test]
fn tokens_do_not_show() {
    let mut known = Known::default();
    let authorization = HeaderValue::from_static("Bearer token-0123456789");
    let mut sensitive = authorization;
    sensitive.set_sensitive(true);
    let granted = Granted {
        authorization: sensitive,
        lifetime: HOUR,
    };
    let token = known.keep(granted, Clock::manual().0.now());
    let shown = format!("{known:?} {token:?} {:?}", Token::to_come());
    assert!(!shown.contains("token-0123456789"), "{shown}");
}
