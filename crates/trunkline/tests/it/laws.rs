//! What holds for every script: nothing is done twice, and no limit is passed.

use std::num::NonZeroU32;
use std::time::Duration;

use http::Method;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use trunkline::connector::format::Class;
use trunkline::{Body, Call, ManualClock};

use crate::stand::{Ran, Stand, by_path, with_header};
use crate::upstream::{Act, Upstream, answer, head, json};

/// How an attempt ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Good,
    Refused,
    Throttled { asks_secs: Option<u16> },
    Broken(u16),
    ClosedUnanswered,
    CutInHead,
    CutInHeldBody,
    Silent,
    Garbage,
    RulesAgain,
    RulesStop,
}

/// What is asked for, and how.
#[derive(Debug, Clone)]
struct Case {
    ends: Vec<End>,
    is_post: bool,
    has_key: bool,
    attempts_max: u32,
    timeout_secs: Option<u16>,
}

/// No wait is as long, so it cannot be taken for one.
const FIRST_BYTE: Duration = Duration::from_secs(40);

const WAIT_LONGEST: Duration = Duration::from_secs(39);

impl End {
    fn act(self, time: &ManualClock) -> Act {
        match self {
            Self::Good => json(200, "{}"),
            Self::Refused => json(404, "{}"),
            Self::Throttled { asks_secs: None } => json(429, "{}"),
            Self::Throttled {
                asks_secs: Some(secs),
            } => Act::Answer(answer(429, &[("retry-after", &secs.to_string())], "")),
            Self::Broken(status) => json(status, "{}"),
            Self::ClosedUnanswered => Act::Cut(Vec::new()),
            Self::CutInHead => Act::Cut(b"HTTP/1.1 200".to_vec()),
            Self::CutInHeldBody => Act::Cut(head(500, &[("content-length", "9")])),
            Self::Silent => Act::TimePasses(time.clone(), FIRST_BYTE),
            Self::Garbage => Act::Cut(b"\0\0\0\0\r\n\r\n".to_vec()),
            Self::RulesAgain => Act::Answer(answer(500, &[("x-should-retry", "true")], "")),
            Self::RulesStop => Act::Answer(answer(503, &[("x-should-retry", "false")], "")),
        }
    }

    /// Whether the upstream may have acted on the request, and did not take that back.
    fn may_have_acted(self) -> bool {
        match self {
            Self::Throttled { .. } | Self::RulesAgain => false,
            Self::Good
            | Self::Refused
            | Self::Broken(_)
            | Self::ClosedUnanswered
            | Self::CutInHead
            | Self::CutInHeldBody
            | Self::Silent
            | Self::Garbage
            | Self::RulesStop => true,
        }
    }
}

fn ends() -> impl Strategy<Value = End> {
    prop_oneof![
        1 => Just(End::Good),
        1 => Just(End::Refused),
        4 => proptest::option::of(0_u16..40).prop_map(|asks_secs| End::Throttled { asks_secs }),
        3 => prop_oneof![Just(500), Just(502), Just(503), Just(504)].prop_map(End::Broken),
        1 => Just(End::ClosedUnanswered),
        1 => Just(End::CutInHead),
        1 => Just(End::CutInHeldBody),
        1 => Just(End::Silent),
        1 => Just(End::Garbage),
        2 => Just(End::RulesAgain),
        1 => Just(End::RulesStop),
    ]
}

fn cases() -> impl Strategy<Value = Case> {
    let ends = proptest::collection::vec(ends(), 8);
    let timeout = proptest::option::of(1_u16..120);
    let parts = (ends, any::<bool>(), any::<bool>(), 1_u32..8, timeout);
    parts.prop_map(
        |(ends, is_post, has_key, attempts_max, timeout_secs)| Case {
            ends,
            is_post,
            has_key,
            attempts_max,
            timeout_secs,
        },
    )
}

impl Case {
    fn call(&self) -> Call {
        let method = if self.is_post {
            Method::POST
        } else {
            Method::PUT
        };
        let mut call = by_path("acme", method, "/things/1");
        call.body = Body::from(b"{}".to_vec());
        call.options.attempts_max = NonZeroU32::new(self.attempts_max);
        call.options.timeout = self.timeout();
        if self.has_key {
            call = with_header(call, "idempotency-key", "k");
        }
        call
    }

    fn timeout(&self) -> Option<Duration> {
        self.timeout_secs
            .map(|secs| Duration::from_secs(secs.into()))
    }
}

fn check(case: &Case, ran: &Ran, took: Duration, requests: usize) -> Result<(), TestCaseError> {
    prop_assert!(requests <= case.attempts_max as usize);
    let attempts = match &ran.outcome {
        Ok(reply) => reply.attempts,
        Err(error) => error.attempts(),
    };
    prop_assert_eq!(attempts as usize, requests);
    if case.is_post && !case.has_key {
        let repeated = &case.ends[..requests - 1];
        prop_assert!(
            !repeated.iter().any(|end| end.may_have_acted()),
            "{repeated:?}"
        );
    }
    // Only what ends an attempt that is under way may be at the deadline.
    if let Some(timeout) = case.timeout() {
        let waited: Duration = ran.waits.iter().sum();
        prop_assert!(waited < timeout);
        let is_silent = case.ends[..requests].contains(&End::Silent);
        prop_assert!(took < timeout || is_silent, "{took:?}");
    }
    if let Ok(reply) = &ran.outcome {
        let last = case.ends.get(requests - 1);
        prop_assert_eq!(reply.class == Class::Ok, last == Some(&End::Good));
    }
    Ok(())
}

#[test]
fn whatever_an_upstream_does_the_rules_of_repeating_are_kept() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let upstream = runtime.block_on(async { Upstream::start([]) });
    let settings = "timeouts = { connect = \"1d\", first_byte = \"40s\", idle = \"1d\" }";
    let stand = Stand::new("acme", upstream.address, settings);
    let mut runner = TestRunner::new(Config {
        cases: 256,
        failure_persistence: None,
        ..Config::default()
    });
    let outcome = runner.run(&cases(), |case| {
        runtime.block_on(async {
            upstream.restart(case.ends.iter().map(|end| end.act(&stand.time)));
            let began = stand.engine.clock().now();
            let ran = stand.run_with_waits_below(WAIT_LONGEST, case.call()).await;
            let took = stand.engine.clock().now() - began;
            // Far enough for the retry budget to refill and for kept connections to age.
            stand.time.advance(Duration::from_mins(1));
            check(&case, &ran, took, upstream.requests().len())
        })
    });
    outcome.unwrap();
}
