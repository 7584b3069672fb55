//! The sandbox through the whole gateway.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use tokio::runtime::Runtime;
use trunkline::connector::format::{BodyText, Class, PaginationSection};
use trunkline::connector::{Connector, Example, Operation};
use trunkline::{
    Call, Catalog, Clock, Config, Environment, PageOptions, Reply, Secrets, Trunkline,
};
use trunkline_server::Running;
use trunkline_server::sandbox::Sandbox;

use crate::stage::{Wire, config, start_with, tcp};

const MINUTE: Duration = Duration::from_mins(1);

fn builtin() -> Catalog {
    Catalog::load(Vec::new()).unwrap()
}

struct Show {
    _running: Running,
    address: SocketAddr,
}

impl Show {
    fn new() -> Self {
        let (clock, _) = Clock::manual();
        let sandbox = Sandbox::start(Arc::new(builtin()), clock.clone()).unwrap();
        let config = config("[server]\nlisten = \"127.0.0.1:0\"\nthreads = 1\n")
            .for_sandbox(sandbox.address());
        let running = start_with(config, builtin(), clock, Some(sandbox)).unwrap();
        let address = tcp(&running.addresses()[0].listen);
        Self {
            _running: running,
            address,
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
    let (clock, time) = Clock::manual();
    let sandbox = Sandbox::start(Arc::new(builtin()), clock).unwrap();
    let mut caller = Wire::to(sandbox.address());
    // The sandbox alone, so that nothing else waits for anything.
    caller.send(&format!(
        "GET /openai/v1/models HTTP/1.1\r\nHost: {}\r\nTrunkline-Sandbox: slow\r\n\
         Authorization: Bearer sk-proj-made-up-key-for-the-sandbox\r\n\r\n",
        sandbox.address()
    ));
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    let wait = runtime.unwrap().block_on(time.sleeping_within(MINUTE));
    assert_eq!(wait, Duration::from_secs(5));
    time.advance(Duration::from_millis(4_999));
    assert!(caller.is_quiet());
    time.advance(Duration::from_millis(1));
    let (head, _) = caller.message();
    assert!(head.starts_with("http/1.1 200 "), "{head}");
}

#[test]
fn what_was_not_recorded_is_named() {
    let show = Show::new();
    let (head, body) = show.ask("GET /openai/v1/nothing", "", "").message();
    assert!(head.starts_with("http/1.1 404 "), "{head}");
    assert!(
        body.contains("`openai` has none for `GET /v1/nothing`"),
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

/// An engine whose every call goes to a sandbox.
struct Stand {
    engine: Trunkline,
    runtime: Runtime,
    _sandbox: Sandbox,
}

impl Stand {
    fn of(catalog: &Catalog) -> Self {
        let sandbox = Sandbox::start(Arc::new(catalog.clone()), Clock::system()).unwrap();
        let config: Config = config("").for_sandbox(sandbox.address());
        let secrets = Secrets::read(&Environment::default(), Vec::new());
        let clock = Clock::system();
        let engine = Trunkline::new(Arc::new(config), catalog.clone(), &secrets, clock);
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        Self {
            engine: engine.unwrap(),
            runtime: runtime.enable_all().build().unwrap(),
            _sandbox: sandbox,
        }
    }

    /// Reads all pages of an example's call, from its own or from another one.
    fn read_all(
        &self,
        connector: &Connector,
        example: &Example,
        from_cursor: Option<String>,
    ) -> Result<(), String> {
        let options = PageOptions {
            from_cursor,
            ..PageOptions::default()
        };
        let pages = self.engine.pages(call_of(connector, example), options);
        let mut pages = pages.map_err(|err| err.to_string())?;
        self.runtime.block_on(async {
            while let Some(_page) = pages.next().await.map_err(|err| format!("{err:?}"))? {
                if pages.pages() > 10 {
                    return Err("it has no end".to_owned());
                }
            }
            Ok(())
        })
    }

    /// The status and the body of the answer to an example's call.
    fn answer(&self, connector: &Connector, example: &Example) -> Result<(u16, String), String> {
        let mut call = call_of(connector, example);
        call.options.attempts_max = NonZeroU32::new(1);
        let answered = async {
            let reply: Reply = self
                .engine
                .call(call)
                .await
                .map_err(|err| err.to_string())?;
            let status = reply.status.as_u16();
            let body = reply.body.collect(1 << 20).await;
            let body = body.map_err(|err| err.to_string())?;
            Ok((status, String::from_utf8_lossy(&body).into_owned()))
        };
        self.runtime.block_on(answered)
    }
}

fn operation_of<'c>(connector: &'c Connector, example: &Example) -> &'c Operation {
    &connector.operations[example.operation]
}

fn call_of(connector: &Connector, example: &Example) -> Call {
    let operation = operation_of(connector, example).name.as_str();
    Call::operation(connector.name, operation, example.call.clone())
}

/// How a call that went well goes on, where it does. A GraphQL document without a cursor does not.
fn way_of<'c>(connector: &'c Connector, example: &Example) -> Option<&'c PaginationSection> {
    let pagination = operation_of(connector, example).pagination?;
    let document = example.call.get("query").and_then(|value| value.as_str());
    let has_cursor = document.is_none_or(|document| document.contains("$after"));
    let (_, way) = &connector.pagination[pagination];
    (example.class == Class::Ok && has_cursor).then_some(way)
}

/// A page that nobody recorded. An address that nobody recorded is no page at all.
fn unknown_page(way: &PaginationSection) -> Option<String> {
    let page = match way {
        PaginationSection::Offset { .. } | PaginationSection::Page { .. } => "7",
        PaginationSection::LastItem { .. }
        | PaginationSection::Cursor { .. }
        | PaginationSection::Graphql { .. } => "nowhere",
        PaginationSection::NextUrl { .. } | PaginationSection::LinkHeader { .. } => return None,
    };
    Some(page.to_owned())
}

/// The body of a recorded answer, as it stands on the wire.
fn recorded(body: &BodyText) -> String {
    match body {
        BodyText::Empty | BodyText::Parts(_) => String::new(),
        BodyText::Json(text) => text.trim().to_owned(),
        BodyText::Form(text) | BodyText::Text(text) => text.clone(),
        BodyText::Events(events) => events.iter().fold(String::new(), |mut text, event| {
            if let Some(name) = &event.event {
                writeln!(text, "event: {name}").unwrap();
            }
            for line in event.data.split('\n') {
                writeln!(text, "data: {line}").unwrap();
            }
            text + "\n"
        }),
    }
}

/// Status and body of every recorded answer to the same call as this example's, of these classes.
fn recorded_for(
    connector: &Connector,
    example: &Example,
    is_one: impl Fn(Class) -> bool,
) -> Vec<(u16, String)> {
    let same = connector.examples().iter().filter(|other| {
        is_one(other.class) && other.operation == example.operation && other.call == example.call
    });
    let answers = same.map(|other| {
        let body = recorded(&other.answer.body);
        (other.answer.status.as_u16(), body)
    });
    answers.collect()
}

/// The law for all connectors, so that the catalog and the sandbox cannot drift apart.
#[test]
fn every_call_that_went_well_is_answered_with_its_own_answer() {
    let catalog = builtin();
    let stand = Stand::of(&catalog);
    let mut differing = Vec::new();
    for entry in catalog.iter() {
        let connector = &entry.connector;
        let mut seen = HashSet::new();
        for example in connector.examples() {
            let changes = operation_of(connector, example).upgrade.is_some();
            if example.class != Class::Ok || changes {
                continue;
            }
            // Several looks at one job come one after another, so all are asked for at once.
            let key = (
                example.operation,
                serde_json::to_string(&example.call).unwrap(),
            );
            if !seen.insert(key) {
                continue;
            }
            let mut expected = recorded_for(connector, example, |class| class == Class::Ok);
            expected.sort();
            let answers = expected.iter().map(|_| stand.answer(connector, example));
            let mut answers: Result<Vec<_>, _> = answers.collect();
            if let Ok(answers) = &mut answers {
                answers.sort();
            }
            if answers.as_ref() != Ok(&expected) {
                let (name, example) = (&connector.name, &example.name);
                differing.push(format!("{name}/{example}: {answers:?}"));
            }
        }
    }
    assert!(differing.is_empty(), "{}", differing.join("\n"));
}

#[test]
fn every_call_that_was_always_refused_is_refused() {
    let catalog = builtin();
    let stand = Stand::of(&catalog);
    let mut differing = Vec::new();
    let mut count = 0;
    for entry in catalog.iter() {
        let connector = &entry.connector;
        for example in connector.examples() {
            let good = recorded_for(connector, example, |class| class == Class::Ok);
            let refused = recorded_for(connector, example, |class| class == Class::CallerError);
            // A method that does not exist is not what an operation's call gets.
            let is_other = example.answer.status == StatusCode::METHOD_NOT_ALLOWED;
            if example.class != Class::CallerError || is_other || !good.is_empty() {
                continue;
            }
            // What lacks an input is refused before anything is sent.
            let Ok(answer) = stand.answer(connector, example) else {
                continue;
            };
            count += 1;
            if !refused.contains(&answer) {
                let (name, example) = (&connector.name, &example.name);
                differing.push(format!("{name}/{example}: {answer:?}"));
            }
        }
    }
    assert!(differing.is_empty(), "{}", differing.join("\n"));
    assert!(count > 50, "{count}");
}

/// However a list is begun, reading it comes to an end.
#[test]
fn every_list_ends() {
    let catalog = builtin();
    let stand = Stand::of(&catalog);
    let mut endless = Vec::new();
    let mut count = 0;
    for entry in catalog.iter() {
        let connector = &entry.connector;
        for example in connector.examples() {
            let Some(way) = way_of(connector, example) else {
                continue;
            };
            for from_cursor in [None, unknown_page(way)] {
                count += 1;
                if let Err(why) = stand.read_all(connector, example, from_cursor) {
                    endless.push(format!("{}/{}: {why}", connector.name, example.name));
                }
            }
        }
    }
    assert!(endless.is_empty(), "{}", endless.join("\n"));
    assert!(count > 100, "{count}");
}
