//! Answers from a script: which addresses come out, which hosts are refused, who asks when.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};

use expect_test::{Expect, expect};
use tokio::sync::Notify;

use super::*;
use crate::clock::ManualClock;

/// A resolver whose answers to any name are, one after the other, those of `script`; each a list
/// of addresses, or `?` for a name that does not exist.
struct Scripted {
    resolver: Resolver,
    clock: ManualClock,
    asked: Arc<AtomicUsize>,
}

fn scripted(rules: Rules, script: &[&str]) -> Scripted {
    let answers: VecDeque<String> = script.iter().map(|answer| (*answer).to_owned()).collect();
    let answers = Arc::new(Mutex::new(answers));
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let lookup = Lookup::scripted(move |_| {
        count.fetch_add(1, Ordering::Relaxed);
        let answer = answers
            .lock()
            .expect("no panic")
            .pop_front()
            .expect("an unscripted look-up");
        async move {
            match answer.as_str() {
                "?" => Err(LookupError::NotFound),
                list => Ok(list
                    .split_whitespace()
                    .map(|ip| ip.parse().expect(ip))
                    .collect()),
            }
        }
    });
    let (clock, manual) = Clock::manual();
    Scripted {
        resolver: Resolver::with_lookup(rules, clock, lookup),
        clock: manual,
        asked,
    }
}

impl Scripted {
    async fn resolve(&self, name: &str) -> String {
        let host = Hostname::Name(name.into());
        match self.resolver.resolve(&host, 443).await {
            Ok(addresses) => addresses
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join(" "),
            Err(ResolveError::Blocked(blocked)) => format!("blocked: {blocked}"),
            Err(ResolveError::Lookup(err)) => format!("error: {err}"),
        }
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }
}

fn allowing(nets: &[&str]) -> Rules {
    let allow = nets.iter().map(|net| net.parse().expect(net)).collect();
    Rules {
        allow,
        ..Rules::default()
    }
}

async fn check(rules: Rules, answer: &str, expected: Expect) {
    let scripted = scripted(rules, &[answer]);
    expected.assert_eq(&scripted.resolve("api.example.com").await);
}

#[tokio::test]
async fn every_answer_must_be_allowed() {
    check(
        Rules::default(),
        "1.1.1.1 2606:4700::1111",
        expect!["1.1.1.1:443 [2606:4700::1111]:443"],
    )
    .await;
    check(
        Rules::default(),
        "1.1.1.1 8.8.8.8 10.2.0.7",
        expect!["blocked: 10.2.0.7 is a private address"],
    )
    .await;
    check(
        Rules::default(),
        "169.254.169.254 1.1.1.1",
        expect!["blocked: 169.254.169.254 is the metadata service of AWS, Azure, Google Cloud and others"],
    )
    .await;
    check(
        allowing(&["10.0.0.0/8"]),
        "1.1.1.1 10.2.0.7",
        expect!["1.1.1.1:443 10.2.0.7:443"],
    )
    .await;
}

#[tokio::test]
async fn names_without_addresses_are_not_found() {
    check(
        Rules::default(),
        "?",
        expect!["error: no such name, or no address for it"],
    )
    .await;
    check(
        Rules::default(),
        "",
        expect!["error: no such name, or no address for it"],
    )
    .await;
}

#[tokio::test]
async fn of_many_answers_some_are_used() {
    let many: Vec<String> = (1..=40).map(|last| format!("1.1.1.{last}")).collect();
    let scripted = scripted(Rules::default(), &[&many.join(" ")]);
    assert_eq!(
        scripted
            .resolve("many.example.com")
            .await
            .split(' ')
            .count(),
        ANSWERS_MAX
    );
}

#[tokio::test]
async fn literal_addresses_are_judged_like_answers() {
    let scripted = scripted(Rules::default(), &[]);
    for (address, is_allowed) in [
        ("1.1.1.1", true),
        ("127.0.0.1", false),
        ("::ffff:10.0.0.1", false),
    ] {
        let host = Hostname::Address(address.parse().expect(address));
        assert_eq!(
            scripted.resolver.resolve(&host, 80).await.is_ok(),
            is_allowed,
            "{address}"
        );
    }
    assert_eq!(scripted.asked(), 0);
}

#[tokio::test]
async fn local_and_metadata_names_are_not_looked_up() {
    let none = scripted(Rules::default(), &[]);
    for name in ["localhost", "LOCALHOST.", "app.localhost"] {
        assert_eq!(
            none.resolve(name).await,
            "blocked: 127.0.0.1 is a loopback address",
            "{name}"
        );
    }
    assert_eq!(
        none.resolve("metadata.google.internal.").await,
        "blocked: `metadata.google.internal.` is the metadata service of Google Cloud"
    );
    assert_eq!(none.asked(), 0);
    let v4 = scripted(allowing(&["127.0.0.1/32"]), &[]);
    assert_eq!(v4.resolve("localhost").await, "127.0.0.1:443");
    let v6 = scripted(allowing(&["::1/128"]), &[]);
    assert_eq!(v6.resolve("localhost").await, "[::1]:443");
    let both = scripted(allowing(&["127.0.0.0/8", "::1/128"]), &[]);
    assert_eq!(both.resolve("localhost").await, "127.0.0.1:443 [::1]:443");
}

#[tokio::test]
async fn a_name_that_turns_private_is_refused_from_then_on() {
    let scripted = scripted(Rules::default(), &["1.1.1.1", "10.0.0.1"]);
    assert_eq!(scripted.resolve("rebind.example.com").await, "1.1.1.1:443");
    scripted.clock.advance(FOUND_FOR);
    assert_eq!(
        scripted.resolve("rebind.example.com").await,
        "blocked: 10.0.0.1 is a private address"
    );
}

#[tokio::test]
async fn answers_are_used_for_a_while() {
    let scripted = scripted(Rules::default(), &["1.1.1.1", "8.8.8.8"]);
    for _ in 0..3 {
        assert_eq!(scripted.resolve("api.example.com").await, "1.1.1.1:443");
    }
    scripted
        .clock
        .advance(FOUND_FOR.saturating_sub(Duration::from_millis(1)));
    assert_eq!(scripted.resolve("api.example.com").await, "1.1.1.1:443");
    scripted.clock.advance(Duration::from_millis(1));
    assert_eq!(scripted.resolve("api.example.com").await, "8.8.8.8:443");
    assert_eq!(scripted.asked(), 2);
}

#[tokio::test]
async fn a_missing_name_is_asked_for_again_soon() {
    let scripted = scripted(Rules::default(), &["?", "1.1.1.1"]);
    for _ in 0..2 {
        assert!(
            scripted
                .resolve("new.example.com")
                .await
                .starts_with("error")
        );
    }
    scripted.clock.advance(MISSING_FOR);
    assert_eq!(scripted.resolve("new.example.com").await, "1.1.1.1:443");
}

/// Look-ups that end when told, and say how many are under way.
struct Gate {
    resolver: Resolver,
    begun: Arc<AtomicUsize>,
    has_begun: Arc<Notify>,
    go: Arc<Semaphore>,
}

fn gate() -> Gate {
    let (begun, has_begun) = (Arc::new(AtomicUsize::new(0)), Arc::new(Notify::new()));
    let go = Arc::new(Semaphore::new(0));
    let seams = (Arc::clone(&begun), Arc::clone(&has_begun), Arc::clone(&go));
    let lookup = Lookup::scripted(move |_| {
        let (begun, has_begun, go) = seams.clone();
        async move {
            begun.fetch_add(1, Ordering::Relaxed);
            has_begun.notify_one();
            go.acquire().await.expect("open").forget();
            Ok(vec![Ipv4Addr::new(1, 1, 1, 1).into()])
        }
    });
    let (clock, _) = Clock::manual();
    let resolver = Resolver::with_lookup(Rules::default(), clock, lookup);
    Gate {
        resolver,
        begun,
        has_begun,
        go,
    }
}

impl Gate {
    fn resolve(&self, name: String) -> impl Future<Output = bool> + Send + use<> {
        let resolver = self.resolver.clone();
        async move {
            resolver
                .resolve(&Hostname::Name(name.into()), 443)
                .await
                .is_ok()
        }
    }

    async fn begun(&self, count: usize) {
        while self.begun.load(Ordering::Relaxed) < count {
            self.has_begun.notified().await;
        }
    }
}

#[tokio::test]
async fn callers_who_want_the_same_name_share_one_look_up() {
    let gate = gate();
    let mut callers = JoinSet::new();
    for _ in 0..50 {
        callers.spawn(gate.resolve("api.example.com".to_owned()));
    }
    gate.begun(1).await;
    gate.go.add_permits(1);
    let resolved = callers.join_all().await;
    assert!(resolved.into_iter().all(|is_ok| is_ok));
    assert_eq!(gate.begun.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn a_caller_who_goes_away_does_not_take_the_look_up_with_him() {
    let gate = gate();
    let mut first = JoinSet::new();
    first.spawn(gate.resolve("api.example.com".to_owned()));
    gate.begun(1).await;
    let mut second = JoinSet::new();
    second.spawn(gate.resolve("api.example.com".to_owned()));
    first.shutdown().await;
    gate.go.add_permits(1);
    assert!(second.join_all().await.into_iter().all(|is_ok| is_ok));
    assert_eq!(gate.begun.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn only_so_many_names_are_looked_up_at_once() {
    let gate = gate();
    let mut callers = JoinSet::new();
    for number in 0..LOOKUPS_MAX * 2 {
        callers.spawn(gate.resolve(format!("{number}.example.com")));
    }
    gate.begun(LOOKUPS_MAX).await;
    // Everyone else has had the chance to begin, too.
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    assert_eq!(gate.begun.load(Ordering::Relaxed), LOOKUPS_MAX);
    gate.go.add_permits(LOOKUPS_MAX * 2);
    assert!(callers.join_all().await.into_iter().all(|is_ok| is_ok));
}

#[test]
fn a_look_up_whose_runtime_was_shut_down_is_begun_anew() {
    let gate = gate();
    let runtime = || {
        tokio::runtime::Builder::new_current_thread()
            .build()
            .expect("a runtime")
    };
    let first = runtime();
    first.block_on(async {
        let mut caller = JoinSet::new();
        caller.spawn(gate.resolve("api.example.com".to_owned()));
        gate.begun(1).await;
    });
    drop(first);
    gate.go.add_permits(1);
    assert!(runtime().block_on(gate.resolve("api.example.com".to_owned())));
    assert_eq!(gate.begun.load(Ordering::Relaxed), 2);
}

#[test]
fn the_number_of_remembered_names_is_bounded() {
    let (clock, _) = Clock::manual();
    let now = clock.now();
    let mut names = Names::default();
    for number in 0..NAMES_MAX * 3 {
        names.make_room(now);
        let answer = Err(LookupError::NotFound);
        names.known.insert(
            number.to_string().into(),
            Known::Until(now + MISSING_FOR, answer),
        );
        assert!(names.known.len() <= NAMES_MAX);
    }
}

#[tokio::test]
async fn the_systems_resolver_is_asked_for_other_names() {
    // Reserved never to exist (RFC 6761 §6.4), so any resolver says the same.
    let (clock, _) = Clock::manual();
    let resolver = Resolver::new(Rules::default(), clock);
    let answer = resolver
        .resolve(&Hostname::Name("nothing.invalid".into()), 443)
        .await;
    assert!(matches!(answer, Err(ResolveError::Lookup(_))), "{answer:?}");
}
