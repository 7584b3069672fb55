//! An engine whose calls go to a scripted upstream, the clock that moves its time, and calls for it.

use std::net::SocketAddr;
use std::panic::Location;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use http::Method;
use http::uri::PathAndQuery;
use http::{HeaderName, HeaderValue};
use serde_json::{Map, Value};
use trunkline::connector::document::Source;
use trunkline::connector::{Connector, builtin};
use trunkline::{
    Body, Call, Catalog, Clock, Config, Environment, Error, Layers, ManualClock, Reply, Secrets,
    Trunkline,
};

use crate::upstream::request::Request;
use crate::upstream::{Upstream, json};

/// Longer than any wait between attempts, shorter than the limits that merely stand by.
pub(crate) const WAIT_LONGEST: Duration = Duration::from_secs(80_000);

/// The limits where a test is about something else.
const NEVER: &str = "timeouts = { connect = \"1d\", first_byte = \"1d\", idle = \"1d\" }";

/// Every secret of the built-in connectors, and of the connector that only tests have.
pub(crate) const CANARIES: [(&str, &str); 7] = [
    ("ACME_API_KEY", "acme-canary-7c41d0"),
    ("ANTHROPIC_API_KEY", "sk-ant-canary-5f02ba-0123456789"),
    ("OPENAI_API_KEY", "sk-canary-91e6c3-0123456789"),
    ("SLACK_BOT_TOKEN", "xoxb-canary-d27f88-0123456789"),
    ("STRIPE_SECRET_KEY", "sk_test_canary_3ab990_0123456789"),
    ("TWILIO_ACCOUNT_SID", "ACca9a7e00112233445566778899aabbcc"),
    ("TWILIO_AUTH_TOKEN", "ca9a7e4455667788990011223344aabb"),
];

/// An engine and the clock that it lives by.
#[derive(Debug)]
pub(crate) struct Stand {
    pub(crate) engine: Trunkline,
    pub(crate) time: ManualClock,
}

/// How a call went.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) outcome: Result<Reply, Error>,
    /// How long the engine waited between attempts.
    pub(crate) waits: Vec<Duration>,
}

impl Stand {
    /// An engine that calls one connector at `address`; `settings` are further lines of its section.
    pub(crate) fn new(connector: &str, address: SocketAddr, settings: &str) -> Self {
        Self::with_acme(connector, address, settings, "")
    }

    /// The same; `declared` are further lines of the connector `acme`, which only tests have.
    pub(crate) fn with_acme(
        connector: &str,
        address: SocketAddr,
        settings: &str,
        declared: &str,
    ) -> Self {
        let config = config(&settings_of(connector, address, settings));
        Self::with_config(config, catalog(connector, declared))
    }

    pub(crate) fn with_config(config: Arc<Config>, catalog: Catalog) -> Self {
        let (clock, time) = Clock::manual();
        let engine = Trunkline::new(config, catalog, &secrets(&CANARIES), clock);
        Self {
            engine: engine.expect("the settings fit together"),
            time,
        }
    }

    /// Makes a call, and moves time on whenever the engine waits between attempts.
    pub(crate) async fn run(&self, call: Call) -> Ran {
        self.run_with_waits_below(WAIT_LONGEST, call).await
    }

    /// The same, where some other limit than a wait ends within [`WAIT_LONGEST`].
    pub(crate) async fn run_with_waits_below(&self, longest: Duration, call: Call) -> Ran {
        let clock = self.engine.clock();
        let deadline = call.options.timeout.map(|timeout| clock.now() + timeout);
        let mut waits = Vec::new();
        let mut call = pin!(self.engine.call(call));
        loop {
            // The caller's own limit stands by too, and no wait lasts as long.
            let left = deadline.map(|deadline| {
                let left = deadline.saturating_duration_since(clock.now());
                left.saturating_sub(Duration::from_nanos(1))
            });
            let longest = left.map_or(longest, |left| left.min(longest));
            match self.follow(longest, &mut call).await {
                Step::Ended(outcome) => {
                    return Ran {
                        outcome: *outcome,
                        waits,
                    };
                }
                Step::Waits(wait) => {
                    waits.push(wait);
                    self.time.advance(wait);
                }
            }
        }
    }

    /// Lets a call go on until it waits for another attempt.
    pub(crate) async fn until_it_waits(&self, call: &mut (impl CallFuture + Unpin)) -> Duration {
        self.until_it_waits_below(WAIT_LONGEST, call).await
    }

    /// The same, where some other limit than a wait ends within [`WAIT_LONGEST`].
    pub(crate) async fn until_it_waits_below(
        &self,
        longest: Duration,
        call: &mut (impl CallFuture + Unpin),
    ) -> Duration {
        match self.follow(longest, call).await {
            Step::Ended(outcome) => panic!("it has ended: {outcome:?}"),
            Step::Waits(wait) => wait,
        }
    }

    async fn follow(&self, longest: Duration, call: &mut (impl CallFuture + Unpin)) -> Step {
        soon(async {
            tokio::select! {
                biased;
                outcome = call => Step::Ended(Box::new(outcome)),
                wait = self.time.sleeping_within(longest) => Step::Waits(wait),
            }
        })
        .await
    }

    /// The count of calls in the metrics that ended so.
    pub(crate) fn ended(&self, how: &str) -> usize {
        let label = format!("ended=\"{how}\"");
        let text = self.engine.metrics().render();
        let counts = text.lines().filter(|line| {
            line.starts_with("trunkline_call_duration_seconds_count") && line.contains(&label)
        });
        counts
            .filter_map(|line| line.rsplit(' ').next()?.parse::<usize>().ok())
            .sum()
    }
}

/// A call under way.
pub(crate) trait CallFuture: Future<Output = Result<Reply, Error>> {}

impl<F: Future<Output = Result<Reply, Error>>> CallFuture for F {}

enum Step {
    Ended(Box<Result<Reply, Error>>),
    Waits(Duration),
}

/// What a test waits for comes at once or never.
#[track_caller]
#[expect(
    clippy::disallowed_methods,
    reason = "a test that hangs tells nobody where"
)]
pub(crate) fn soon<F: Future>(what: F) -> impl Future<Output = F::Output> {
    let place = Location::caller();
    async move {
        let within = tokio::time::timeout(Duration::from_secs(10), what).await;
        within.unwrap_or_else(|_| panic!("what {place} waits for does not come"))
    }
}

impl Ran {
    #[track_caller]
    pub(crate) fn reply(self) -> Reply {
        self.outcome.expect("the call has an answer")
    }

    #[track_caller]
    pub(crate) fn error(self) -> Error {
        self.outcome.expect_err("the call has no answer")
    }

    /// In one line: what came, and after how many attempts.
    pub(crate) fn summary(&self) -> String {
        match &self.outcome {
            Ok(reply) => format!("{} in {}", reply.status.as_u16(), reply.attempts),
            Err(error) => format!("{} in {}", error.kind().code(), error.attempts()),
        }
    }
}

/// The settings of a test as a file has them.
pub(crate) fn settings_of(connector: &str, address: SocketAddr, settings: &str) -> String {
    let never = if settings.contains("timeouts") {
        ""
    } else {
        NEVER
    };
    format!(
        "[egress]\nallow = [\"127.0.0.1\"]\n\
         [connectors.{connector}]\nbase_url = \"http://{address}\"\n{never}\n{settings}\n"
    )
}

pub(crate) fn config(text: &str) -> Arc<Config> {
    let nothing = Environment::default();
    let layers = Layers {
        file: Some(source("trunkline.toml", text)),
        environment: &nothing,
        arguments: Vec::new(),
    };
    let (config, _) = Config::load(layers).expect("the settings are right");
    Arc::new(config)
}

pub(crate) fn secrets(variables: &[(&str, &str)]) -> Secrets {
    let variables = variables
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Secrets::read(&Environment::new(variables), Vec::new())
}

pub(crate) fn source(name: &str, text: &str) -> Source {
    Source {
        name: name.to_owned(),
        text: text.to_owned(),
    }
}

/// One connector alone, built in or `acme`, since reading them all takes a while.
pub(crate) fn catalog(connector: &str, declared: &str) -> Catalog {
    let files = if connector == "acme" {
        acme(declared)
    } else {
        let built_in = builtin::sources().into_iter();
        let found = built_in.filter(|(name, _)| name.as_str() == connector);
        found.flat_map(|(_, files)| files).collect()
    };
    let connector = Connector::load(files).expect("the connector is right");
    Catalog::of_one(Arc::new(connector))
}

/// The files of a connector that declares next to nothing, so that the general rules speak.
pub(crate) fn acme(declared: &str) -> Vec<Source> {
    let connector = include_str!("acme/connector.toml");
    vec![
        source("acme/connector.toml", &format!("{connector}\n{declared}")),
        source(
            "acme/operations/things.toml",
            include_str!("acme/operations/things.toml"),
        ),
        source(
            "acme/examples/create.toml",
            include_str!("acme/examples/create.toml"),
        ),
        source(
            "acme/examples/draw.toml",
            include_str!("acme/examples/draw.toml"),
        ),
        source(
            "acme/examples/list.toml",
            include_str!("acme/examples/list.toml"),
        ),
        source(
            "acme/examples/search.toml",
            include_str!("acme/examples/search.toml"),
        ),
    ]
}

pub(crate) fn get(connector: &str, path: &str) -> Call {
    by_path(connector, Method::GET, path)
}

pub(crate) fn post(connector: &str, path: &str, body: &str) -> Call {
    let mut call = by_path(connector, Method::POST, path);
    call.body = Body::from(body.as_bytes().to_vec());
    call
}

pub(crate) fn by_path(connector: &str, method: Method, path: &str) -> Call {
    let path = PathAndQuery::try_from(path).expect("the path is one");
    Call::path(connector.parse().expect("the name is one"), method, path)
}

pub(crate) fn operation(connector: &str, name: &str, inputs: Value) -> Call {
    let inputs = match inputs {
        Value::Object(inputs) => inputs,
        _ => Map::new(),
    };
    Call::operation(connector.parse().expect("the name is one"), name, inputs)
}

/// Adds a header to a call.
pub(crate) fn with_header(mut call: Call, name: &str, value: &str) -> Call {
    let name: HeaderName = name.parse().expect("the name is one");
    let value: HeaderValue = value.parse().expect("the value is one");
    call.headers.append(name, value);
    call
}

/// The request that arrives at an upstream.
pub(crate) async fn arrives(connector: &str, settings: &str, call: Call) -> Request {
    let upstream = Upstream::start([json(200, r#"{"ok": true}"#)]);
    let stand = Stand::new(connector, upstream.address, settings);
    drop(stand.run(call).await.reply());
    upstream.requests().remove(0)
}
