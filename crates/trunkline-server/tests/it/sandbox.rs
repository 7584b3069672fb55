//! The sandbox through the whole gateway.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use trunkline::{Catalog, Clock, ManualClock};
use trunkline_server::Running;
use trunkline_server::sandbox::Sandbox;

use crate::stage::{Wire, config, start_with, tcp};

fn builtin() -> Catalog {
    Catalog::load(Vec::new()).unwrap()
}

struct Show {
    _running: Running,
    address: SocketAddr,
    time: ManualClock,
}

impl Show {
    fn new() -> Self {
        let (clock, time) = Clock::manual();
        let sandbox = Sandbox::start(Arc::new(builtin()), clock.clone()).unwrap();
        let config = config("[server]\nlisten = \"127.0.0.1:0\"\nthreads = 1\n")
            .for_sandbox(sandbox.address());
        let running = start_with(config, builtin(), clock, Some(sandbox)).unwrap();
        let address = tcp(&running.addresses()[0].listen);
        Self {
            _running: running,
            address,
            time,
        }
    }

    fn ask(&self, line: &str, headers: &str, body: &str) -> Wire {
        let mut caller = Wire::to(self.address);
        caller.send(&format!(
            "{line} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer whatever\r\n\
             Content-Type: application/json\r\n{headers}Content-Length: {}\r\n\r\n{body}",
            self.address,
            body.len(),
        ));
        caller
    }
}

const CHAT: &str = "POST /openai/v1/chat/completions";
const QUESTION: &str = r#"{"model":"gpt-4.1","messages":[{"role":"user","content":"Hi"}]}"#;

#[test]
fn a_call_is_answered_without_a_key() {
    let show = Show::new();
    let (head, body) = show.ask(CHAT, "", QUESTION).message();
    assert!(head.starts_with("http/1.1 200 "), "{head}{body}");
    let reply: serde_json::Value = serde_json::from_str(&body).unwrap();
    assert_eq!(reply["object"], "chat.completion");
}

#[test]
fn a_stream_is_answered_as_a_stream() {
    let show = Show::new();
    let body = r#"{"model":"gpt-4.1","stream":true,"messages":[{"role":"user","content":"Hi"}]}"#;
    let mut caller = show.ask(CHAT, "", body);
    let head = caller.head();
    assert!(head.contains("content-type: text/event-stream"), "{head}");
    let text = caller.until("0\r\n\r\n");
    assert!(text.contains("data: {"), "{text}");
    assert!(text.contains("data: [DONE]\n\n"), "{text}");
}

#[test]
fn faults_come_when_asked_for() {
    let show = Show::new();
    for (fault, status) in [("401", 401), ("429", 429), ("503", 503)] {
        let headers = format!("Trunkline-Sandbox: {fault}\r\nTrunkline-Retry: off\r\n");
        let (head, body) = show.ask(CHAT, &headers, QUESTION).message();
        assert!(
            head.starts_with(&format!("http/1.1 {status} ")),
            "{head}{body}"
        );
        assert!(head.contains("trunkline-hint: "), "{head}");
        assert!(body.contains("\"error\""), "{body}");
    }
    // Slack says it in a 200.
    let body = r#"{"channel":"C1","text":"Hi"}"#;
    let (head, body) = show
        .ask(
            "POST /slack/api/chat.postMessage",
            "Trunkline-Sandbox: 401\r\n",
            body,
        )
        .message();
    assert!(head.starts_with("http/1.1 200 "), "{head}");
    assert!(
        body.contains("\"ok\":false") || body.contains("\"ok\": false"),
        "{body}"
    );
}

#[test]
fn a_cut_answer_is_cut() {
    let show = Show::new();
    let mut caller = show.ask(CHAT, "Trunkline-Sandbox: cut\r\n", QUESTION);
    let text = caller.rest_or_problem();
    assert!(
        text.contains("upstream_closed") || !text.ends_with('}'),
        "{text}"
    );
}

#[test]
fn a_slow_answer_takes_its_time() {
    let show = Show::new();
    let mut caller = show.ask(CHAT, "Trunkline-Sandbox: slow\r\n", QUESTION);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let second = Duration::from_secs(1);
    let mut passed = 0;
    while caller.is_quiet() {
        runtime.block_on(show.time.sleeping_within(second));
        show.time.advance(second);
        passed += 1;
    }
    assert!(passed >= 5, "{passed} s");
    let (head, _) = caller.message();
    assert!(head.starts_with("http/1.1 200 "), "{head}");
}

#[test]
fn what_was_not_recorded_is_named() {
    let show = Show::new();
    let (head, body) = show.ask("GET /openai/v1/nothing", "", "").message();
    assert!(head.starts_with("http/1.1 404 "), "{head}");
    assert!(
        body.contains("no example for `GET /v1/nothing` of OpenAI"),
        "{body}"
    );
}

#[test]
fn a_missing_input_is_the_vendors_refusal() {
    let show = Show::new();
    let (head, body) = show.ask(CHAT, "", r#"{"model":"gpt-4.1"}"#).message();
    assert!(head.starts_with("http/1.1 400 "), "{head}");
    assert!(body.contains("\"error\""), "{body}");
}

#[test]
fn a_wrong_key_is_the_vendors_refusal() {
    let clock = Clock::system();
    let sandbox = Sandbox::start(Arc::new(builtin()), clock).unwrap();
    let mut caller = Wire::to(sandbox.address());
    caller.send(&format!(
        "GET /openai/v1/models HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer wrong\r\n\r\n",
        sandbox.address()
    ));
    let (head, _) = caller.message();
    assert!(head.starts_with("http/1.1 401 "), "{head}");
}
