//! The scripts, run by a real server at moments that the test chooses.

use std::cell::RefCell;

use proptest::prelude::*;
use redis::Connection;

use super::*;
use crate::fixture::Server;

/// The real scripts in a real Redis, at moments that the test chooses.
struct Bench {
    scripts: Scripts,
    connection: RefCell<Connection>,
    _server: Server,
}

const KEY: &[u8] = b"bucket";

impl Bench {
    fn new() -> Self {
        let server = Server::start();
        Self {
            scripts: Scripts::new("local now = tonumber(ARGV[#ARGV])\n"),
            connection: RefCell::new(server.connect()),
            _server: server,
        }
    }

    fn lease(&self, rate: SharedRate, now: u64, want: u32, at_least: u32) -> Taken {
        self.lease_and_tell(rate, now, (want, at_least), None)
    }

    fn lease_and_tell(
        &self,
        rate: SharedRate,
        now: u64,
        (want, at_least): (u32, u32),
        apart: impl Into<Option<Told>>,
    ) -> Taken {
        let ask = Ask {
            key: KEY.to_owned(),
            rate,
            want,
            at_least,
            apart: apart.into(),
        };
        let mut call = self.scripts.lease_call(&ask);
        let reply = call.arg(now).invoke(&mut self.connection.borrow_mut());
        self.persist();
        Taken::of(reply.unwrap())
    }

    fn give_back(&self, rate: SharedRate, now: u64, tokens: u32, taken_at_us: u64) -> u32 {
        let back = Back {
            key: KEY.to_owned(),
            rate,
            tokens,
            taken_at_us,
        };
        let mut call = self.scripts.give_back_call(&back);
        let reply = call.arg(now).invoke(&mut self.connection.borrow_mut());
        self.persist();
        reply.unwrap()
    }

    fn kept(&self) -> Option<String> {
        self.ask("GET").unwrap()
    }

    fn forget(&self) {
        self.ask::<u32>("DEL").unwrap();
    }

    /// The test's clock is not the one by which Redis removes keys.
    fn persist(&self) {
        self.ask::<u32>("PERSIST").unwrap();
    }

    fn ask<T: redis::FromRedisValue>(&self, command: &str) -> RedisResult<T> {
        let mut command = redis::cmd(command);
        command.arg(KEY).query(&mut self.connection.borrow_mut())
    }
}

fn rate(capacity: u32, refill: u32, period: Duration) -> SharedRate {
    let number = |number| NonZeroU32::new(number).unwrap();
    SharedRate::new(number(capacity), number(refill), period).unwrap()
}

const START: u64 = 1_795_000_000_000_000;
const SECOND: u64 = 1_000_000;

#[test]
fn a_full_bucket_gives_what_it_holds_and_refills_exactly() {
    let bench = Bench::new();
    let rate = rate(10, 3, Duration::from_secs(1));
    assert_eq!(bench.lease(rate, START, 100, 1).tokens, 10);
    let refused = bench.lease(rate, START, 5, 1);
    assert_eq!((refused.tokens, refused.wait_us), (0, 333_334));
    assert_eq!(bench.lease(rate, START + 333_333, 5, 1).tokens, 0);
    assert_eq!(bench.lease(rate, START + 333_334, 5, 1).tokens, 1);
    assert_eq!(bench.lease(rate, START + SECOND, 5, 1).tokens, 2);
    assert_eq!(bench.lease(rate, START + 100 * SECOND, 50, 1).tokens, 10);
}

#[test]
fn fewer_than_asked_at_least_are_not_taken() {
    let bench = Bench::new();
    let rate = rate(10, 1, Duration::from_secs(1));
    assert_eq!(bench.lease(rate, START, 7, 1).tokens, 7);
    let before = bench.kept();
    let refused = bench.lease(rate, START + 500_000, 8, 4);
    assert_eq!((refused.tokens, refused.wait_us), (0, 500_000));
    assert_eq!(bench.kept(), before);
    assert_eq!(bench.lease(rate, START + 500_000, 8, 3).tokens, 3);
}

#[test]
fn another_rate_holds_at_once() {
    let bench = Bench::new();
    let slow = rate(100, 100, Duration::from_hours(1));
    let fast = rate(10, 10, Duration::from_secs(1));
    assert_eq!(bench.lease(slow, START, 100, 1).tokens, 100);
    // At most an empty bucket: nobody waits an old hour.
    let refused = bench.lease(fast, START, 1, 1);
    assert_eq!((refused.tokens, refused.wait_us), (0, 100_000));
    // That was noted at once, so that it runs from then on.
    assert_eq!(bench.lease(fast, START + SECOND, 10, 10).tokens, 10);
    // What was taken is still taken.
    assert_eq!(bench.lease(slow, START + SECOND, 100, 1).tokens, 89);
}

#[test]
fn what_was_taken_counts_once_among_processes_with_different_settings() {
    let bench = Bench::new();
    let old = rate(10, 1, Duration::from_secs(1));
    let new = rate(20, 1, Duration::from_secs(1));
    assert_eq!(bench.lease(old, START, 10, 1).tokens, 10);
    // A tenth of a token comes back between two questions: none of it may get lost.
    let mut now = START;
    let mut taken = 0;
    for _ in 0..50 {
        now += SECOND / 20;
        taken += bench.lease(old, now, 1, 1).tokens;
        now += SECOND / 20;
        bench.lease(new, now, 100, 100);
    }
    assert_eq!(taken, 4);
}

#[test]
fn a_clock_that_is_set_back_is_not_waited_for() {
    let bench = Bench::new();
    let rate = rate(10, 1, Duration::from_secs(1));
    assert_eq!(bench.lease(rate, START, 10, 1).tokens, 10);
    let earlier = START - 3_600 * SECOND;
    let refused = bench.lease(rate, earlier, 1, 1);
    assert_eq!((refused.tokens, refused.wait_us), (0, SECOND));
    assert_eq!(bench.lease(rate, earlier + SECOND, 1, 1).tokens, 1);
}

#[test]
fn what_is_not_ours_is_an_empty_bucket() {
    let bench = Bench::new();
    let rate = rate(10, 1, Duration::from_secs(1));
    let mut command = redis::cmd("SET");
    command.arg(KEY).arg("something else");
    command.exec(&mut bench.connection.borrow_mut()).unwrap();
    assert_eq!(bench.lease(rate, START, 1, 1).tokens, 0);
    assert_eq!(bench.lease(rate, START + SECOND, 1, 1).tokens, 1);
}

#[test]
fn what_is_given_back_is_less_what_came_back_by_itself() {
    let bench = Bench::new();
    let rate = rate(10, 1, Duration::from_secs(1));
    assert_eq!(bench.lease(rate, START, 10, 1).tokens, 10);
    assert_eq!(bench.give_back(rate, START + 2 * SECOND, 5, START), 3);
    assert_eq!(bench.lease(rate, START + 2 * SECOND, 10, 1).tokens, 5);
    // Later than it takes to refill them, there is nothing left to give back.
    let before = bench.kept();
    assert_eq!(bench.give_back(rate, START + 8 * SECOND, 5, START), 0);
    assert_eq!(bench.kept(), before);
}

#[test]
fn nothing_is_given_back_to_other_settings_or_before_it_was_taken() {
    let bench = Bench::new();
    let one = rate(10, 1, Duration::from_secs(1));
    let other = rate(20, 1, Duration::from_secs(1));
    assert_eq!(bench.give_back(one, START, 5, START), 0);
    assert_eq!(bench.lease(one, START, 10, 1).tokens, 10);
    assert_eq!(bench.give_back(other, START, 10, START), 0);
    assert_eq!(bench.give_back(one, START - SECOND, 10, START), 0);
    assert_eq!(bench.give_back(one, START, 10, START + SECOND), 0);
    assert_eq!(bench.lease(one, START, 1, 1).tokens, 0);
    assert_eq!(bench.give_back(one, START, 99, START), 10);
    assert_eq!(bench.lease(one, START, 99, 1).tokens, 10);
}

fn told(account: &str, spent: u64, charged: u64) -> Told {
    Told {
        key: format!("apart:{account}").into_bytes(),
        spent,
        charged,
    }
}

#[test]
fn what_was_spent_apart_is_charged_before_any_is_given() {
    let bench = Bench::new();
    let rate = rate(10, 1, Duration::from_secs(1));
    let taken = bench.lease_and_tell(rate, START, (5, 1), told("one", 7, 0));
    assert_eq!((taken.tokens, taken.left), (3, 0));
    // What goes beyond the bucket is waited for too.
    let refused = bench.lease_and_tell(rate, START, (5, 1), told("other", 4, 0));
    assert_eq!((refused.tokens, refused.wait_us), (0, 5 * SECOND));
    assert_eq!(bench.lease(rate, START + 5 * SECOND - 1, 5, 1).tokens, 0);
    let taken = bench.lease(rate, START + 9 * SECOND, 2, 1);
    assert_eq!((taken.tokens, taken.left), (2, 3));
}

#[test]
fn what_was_spent_apart_is_charged_once() {
    let bench = Bench::new();
    let rate = rate(100, 1, Duration::from_secs(1));
    let left = |spent, charged| {
        let told = told("one", spent, charged);
        let taken = bench.lease_and_tell(rate, START, (1, 1), told);
        assert_eq!(taken.tokens, 1);
        taken.left
    };
    assert_eq!(left(10, 0), 89);
    // The answer was lost, and more was spent since.
    assert_eq!(left(10, 0), 88);
    assert_eq!(left(15, 0), 82);
    // It came.
    assert_eq!(left(15, 15), 81);
    assert_eq!(left(20, 15), 75);
    // Some came back by itself.
    assert_eq!(left(40, 30), 64);
    // What was charged of another is another's.
    let other = bench.lease_and_tell(rate, START, (1, 1), told("other", 10, 0));
    assert_eq!(other.left, 53);
}

#[test]
fn nobody_waits_for_ever_for_what_was_spent_apart() {
    let bench = Bench::new();
    let rate = rate(10, 1, Duration::from_secs(1));
    let much = told("one", 1_000_000_000, 0);
    let refused = bench.lease_and_tell(rate, START, (1, 1), much);
    // A bucket more than it holds, and ten seconds.
    assert_eq!((refused.tokens, refused.wait_us), (0, 21 * SECOND));
    assert_eq!(bench.lease(rate, START + 21 * SECOND, 1, 1).tokens, 1);
}

#[derive(Debug, Clone)]
enum Step {
    Pass(u64),
    Lease { want: u32, at_least: u32 },
    GiveBack { which: usize, tokens: u32 },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        (0_u64..3_000_000).prop_map(Step::Pass),
        (1_u32..30, 1_u32..10).prop_map(|(want, at_least)| Step::Lease { want, at_least }),
        (0_usize..10, 1_u32..30).prop_map(|(which, tokens)| Step::GiveBack { which, tokens }),
    ];
    prop::collection::vec(step, 1..40)
}

/// What was taken when, less what was given back.
struct Spent(Vec<(u64, u32)>);

impl Spent {
    fn check(&self, rate: SharedRate) {
        for (first, &(from, _)) in self.0.iter().enumerate() {
            let mut taken = 0;
            for &(to, tokens) in &self.0[first..] {
                taken += u64::from(tokens);
                let room = u64::from(rate.capacity()) * rate.unit + (to - from) * rate.refill;
                assert!(taken * rate.unit <= room, "{taken} from {from} to {to}");
            }
        }
    }
}

/// Whoever is refused learns to the microsecond when to come again.
fn check_wait(bench: &Bench, rate: SharedRate, refused: Taken, at_least: u32) {
    assert!(0 < refused.wait_us);
    if at_least <= rate.capacity() {
        let just_before = refused.at_us + refused.wait_us - 1;
        assert_eq!(bench.lease(rate, just_before, at_least, at_least).tokens, 0);
    }
}

#[test]
fn no_span_of_time_ever_holds_more_than_a_bucket_and_what_refills() {
    let bench = Bench::new();
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig {
        cases: 128,
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    let input = (1_u32..20, 1_u32..20, 1_u64..5_000_000, steps());
    let result = runner.run(&input, |(capacity, refill, period_us, steps)| {
        bench.forget();
        let rate = rate(capacity, refill, Duration::from_micros(period_us));
        let mut now = START;
        let mut spent = Spent(Vec::new());
        for step in steps {
            match step {
                Step::Pass(time) => now += time,
                Step::Lease { want, at_least } => {
                    let before = bench.kept();
                    let taken = bench.lease(rate, now, want, at_least);
                    assert_eq!(taken.at_us, now);
                    if taken.tokens == 0 {
                        assert_eq!(bench.kept(), before);
                        check_wait(&bench, rate, taken, at_least);
                    } else {
                        assert!((at_least..=want.max(at_least)).contains(&taken.tokens));
                        spent.0.push((now, taken.tokens));
                    }
                }
                Step::GiveBack { which, tokens } => {
                    let Some((at, taken)) = spent.0.get_mut(which) else {
                        continue;
                    };
                    let tokens = tokens.min(*taken);
                    assert!(bench.give_back(rate, now, tokens, *at) <= tokens);
                    // None of them are spent, whatever came back.
                    *taken -= tokens;
                }
            }
            spent.check(rate);
        }
        Ok(())
    });
    result.unwrap();
}

#[derive(Debug, Clone)]
enum Deed {
    Pass(u64),
    Spend {
        who: usize,
        tokens: u32,
    },
    Lease {
        who: usize,
        want: u32,
        is_lost: bool,
    },
}

fn deeds() -> impl Strategy<Value = Vec<Deed>> {
    let deed = prop_oneof![
        (0_u64..200_000).prop_map(Deed::Pass),
        (0_usize..2, 1_u32..5).prop_map(|(who, tokens)| Deed::Spend { who, tokens }),
        (0_usize..2, 1_u32..10, any::<bool>()).prop_map(|(who, want, is_lost)| Deed::Lease {
            who,
            want,
            is_lost
        }),
    ];
    prop::collection::vec(deed, 1..60)
}

/// Asserts that no span until now holds more than a bucket and what refilled.
fn check_until_now(all: &[(u64, u64)], rate: SharedRate, now: u64) {
    let mut tokens = 0;
    for &(at, some) in all.iter().rev() {
        tokens += some;
        let room = u64::from(rate.capacity()) * rate.unit + (now - at) * rate.refill;
        assert!(tokens * rate.unit <= room, "{tokens} from {at} to {now}");
    }
}

#[test]
fn nothing_is_given_while_what_was_spent_apart_is_not_made_up_for() {
    let bench = Bench::new();
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig {
        cases: 128,
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    let case = std::cell::Cell::new(0);
    // So much comes back in ten seconds that what is owed is never too much to be noted.
    let input = (20_u32..40, 24_u32..40, deeds());
    let result = runner.run(&input, |(capacity, refill, deeds)| {
        bench.forget();
        case.set(case.get() + 1);
        let rate = rate(capacity, refill, Duration::from_secs(1));
        let mut now = START;
        // Of each: what was spent in all, what is known to be charged, and what Redis may not know.
        let mut accounts = [(0, 0, Vec::new()), (0, 0, Vec::new())];
        let mut all = Vec::new();
        for deed in deeds {
            match deed {
                Deed::Pass(time) => now += time,
                Deed::Spend { who, tokens } => {
                    let (spent, _, untold) = &mut accounts[who];
                    *spent += u64::from(tokens);
                    untold.push((now, u64::from(tokens)));
                }
                Deed::Lease { who, want, is_lost } => {
                    let (spent, charged, untold) = &mut accounts[who];
                    let told = told(&format!("{}/{who}", case.get()), *spent, *charged);
                    let taken = bench.lease_and_tell(rate, now, (want, 1), told);
                    all.append(untold);
                    all.sort_unstable();
                    if !is_lost {
                        *charged = *spent;
                    }
                    if taken.tokens != 0 {
                        all.push((now, taken.tokens.into()));
                        check_until_now(&all, rate, now);
                    }
                }
            }
        }
        Ok(())
    });
    result.unwrap();
}
