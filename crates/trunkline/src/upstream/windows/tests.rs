//! What was taken goes back to where it was taken from, also when Redis comes or goes meanwhile.

#![expect(
    clippy::disallowed_methods,
    reason = "tests wait for a real server, and say how long at most"
)]

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Instant;

use tempfile::TempDir;
use trunkline_redis::{Address, Options, Redis, Standing};

use super::*;

const AT_ONCE: Duration = Duration::ZERO;

/// A place for a Redis, which is away until it is started.
struct Server {
    folder: TempDir,
    child: Option<Child>,
    redis: Redis,
}

impl Server {
    fn away() -> Self {
        let folder = TempDir::new().unwrap();
        Self {
            redis: redis(folder.path()),
            folder,
            child: None,
        }
    }

    fn up() -> Self {
        let mut server = Self::away();
        server.start();
        server
    }

    fn start(&mut self) {
        let mut command = Command::new("redis-server");
        let socket = socket(self.folder.path());
        command
            .current_dir(self.folder.path())
            .args(["--port", "0", "--unixsocket", &socket, "--save", ""])
            .stdout(Stdio::null());
        self.child = Some(command.spawn().expect("redis-server is installed"));
        let deadline = Instant::now() + Duration::from_secs(30);
        while !matches!(self.redis.standing(), Standing::Up { .. }) {
            assert!(Instant::now() < deadline, "it is not up in time");
            thread::park_timeout(Duration::from_millis(1));
        }
    }

    fn windows(&self, limits: &[Limit]) -> Windows {
        windows(&self.redis, limits, None)
    }

    /// Two processes that know of each other.
    fn two(&self) -> [Redis; 2] {
        let two = [self.redis.clone(), redis(self.folder.path())];
        let deadline = Instant::now() + Duration::from_secs(30);
        let is_one_of_two = |redis: &Redis| redis.standing() == Standing::Up { sharing: 2 };
        while !two.iter().all(is_one_of_two) {
            assert!(Instant::now() < deadline, "they do not meet in time");
            thread::park_timeout(Duration::from_millis(1));
        }
        two
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            drop(child.kill());
            drop(child.wait());
        }
    }
}

fn redis(folder: &Path) -> Redis {
    let address = Address::parse(&format!("unix:{}", socket(folder))).unwrap();
    let options = Options {
        // A busy machine keeps it.
        time_limit: Duration::from_secs(5),
        ..Options::default()
    };
    Redis::start(&address, options, drop, drop).unwrap()
}

fn windows(redis: &Redis, limits: &[Limit], before: Option<&Windows>) -> Windows {
    let sharing = Sharing {
        redis: redis.clone(),
        processes: NonZeroU32::new(2),
    };
    Windows::new(limits, before, (Some(&sharing), "acme"))
}

fn socket(folder: &Path) -> String {
    folder.join("redis.sock").display().to_string()
}

/// So many at once, and next to none later.
fn burst(burst: u32) -> Limit {
    limit(burst, 1)
}

/// So many at once, and so many an hour later.
fn limit(burst: u32, rate: u32) -> Limit {
    limit_per(burst, rate, Duration::from_hours(1))
}

fn limit_per(burst: u32, rate: u32, period: Duration) -> Limit {
    let number = |number| NonZeroU32::new(number).unwrap();
    Limit {
        name: format!("{rate}/{period:?}"),
        rate: Rate::new(number(burst), number(rate), period).unwrap(),
        wait_max: Duration::from_secs(30),
        refill: (number(rate), period),
    }
}

/// Takes as long as something is there at once.
fn take_all(windows: &Windows, now: Nanos) -> Vec<Taken> {
    let taken = std::iter::from_fn(|| windows.reserve(now, AT_ONCE).1);
    taken.collect()
}

fn later(now: Nanos, secs: u64) -> Nanos {
    now.plus(Duration::from_secs(secs))
}

#[tokio::test]
async fn what_was_taken_by_parts_does_not_come_back_as_a_lease() {
    let mut server = Server::away();
    let windows = server.windows(&[burst(8)]);
    let now = Nanos::ZERO;
    let by_parts = take_all(&windows, now);
    assert_eq!(by_parts.len(), 4, "the half of one of two processes");
    server.start();
    assert_eq!(windows.ask(now).await, None);
    let leased = take_all(&windows, now);
    assert!(!leased.is_empty(), "there is a lease, which is spent now");
    for taken in &by_parts {
        windows.refund(now, taken);
    }
    assert_eq!(take_all(&windows, now).len(), 0);
}

#[tokio::test]
async fn what_was_leased_goes_back_while_it_is_worth_something() {
    let server = Server::up();
    let windows = server.windows(&[limit(8000, 1)]);
    let now = Nanos::ZERO;
    assert_eq!(windows.ask(now).await, None);
    let leased = take_all(&windows, now);
    assert!(!leased.is_empty());
    windows.refund(now, &leased[0]);
    assert_eq!(take_all(&windows, now).len(), 1);
    // Another lease, of which nothing of this came.
    let now = later(now, 5);
    assert_eq!(windows.ask(now).await, None);
    assert!(!take_all(&windows, now).is_empty());
    for taken in &leased {
        windows.refund(now, taken);
    }
    assert_eq!(take_all(&windows, now).len(), 0);
}

#[tokio::test]
async fn each_window_is_kept_as_it_can_be() {
    for parted in [0, 1] {
        let server = Server::up();
        let windows = server.windows(&[burst(3), burst(3)]);
        let now = Nanos::ZERO;
        let shared = windows.0[parted].shared.as_ref().unwrap();
        shared.part_ways(now);
        assert!(windows.is_shared(now), "one of them is");
        // Of the one that gives no answer, each process has its part, which is all for the only one.
        let mut taken = Vec::new();
        while taken.len() < 3 {
            match windows.reserve(now, AT_ONCE).1 {
                Some(one) => taken.push(one),
                None => assert_eq!(windows.ask(now).await, None, "{parted} {taken:?}"),
            }
        }
        let waits = windows.ask(now).await.map(|(_, wait)| wait);
        assert!(waits.is_some_and(|wait| !wait.is_zero()), "{waits:?}");
        assert_eq!(take_all(&windows, now).len(), 0);
        let turn = windows.turn(now, 0);
        assert!(!turn.is_zero(), "{parted}");
        windows.refund(now, &taken[0]);
        assert_eq!(take_all(&windows, now).len(), 1, "{parted}");
    }
}

#[test]
fn what_is_counted_here_goes_back() {
    let windows = Windows::new(&[burst(2), burst(3)], None, (None, "acme"));
    let taken = take_all(&windows, Nanos::ZERO);
    assert_eq!(taken.len(), 2);
    windows.refund(Nanos::ZERO, &taken[0]);
    assert_eq!(take_all(&windows, Nanos::ZERO).len(), 1);
}

/// Takes what there is, by leases or by parts.
async fn take_and_ask(windows: &Windows, now: Nanos) -> usize {
    let mut taken = 0;
    loop {
        match windows.reserve(now, AT_ONCE).1 {
            Some(_) => taken += 1,
            None if !windows.is_shared(now) || windows.ask(now).await.is_some() => return taken,
            None => {}
        }
    }
}

#[tokio::test]
async fn an_outage_begins_with_what_was_left() {
    let server = Server::up();
    let windows = server.windows(&[burst(8)]);
    let now = Nanos::ZERO;
    for _ in 0..3 {
        assert_eq!(windows.ask(now).await, None);
        assert_eq!(take_all(&windows, now).len(), 1);
    }
    windows.0[0].shared.as_ref().unwrap().part_ways(now);
    assert_eq!(take_and_ask(&windows, now).await, 5);
}

#[tokio::test]
async fn what_went_by_parts_is_charged_before_there_is_a_lease() {
    let server = Server::up();
    let mut windows = server.windows(&[burst(40)]);
    let mut now = Nanos::ZERO;
    let mut all = 0;
    for some in [10, 15] {
        windows.0[0].shared.as_ref().unwrap().part_ways(now);
        for _ in 0..some {
            assert!(windows.reserve(now, AT_ONCE).1.is_some());
        }
        // New settings change nothing of it.
        windows = self::windows(&server.redis, &[burst(40)], Some(&windows));
        now = later(now, 2);
        assert_eq!(windows.ask(now).await, None);
        all += some + take_all(&windows, now).len();
    }
    assert_eq!(all + take_and_ask(&windows, now).await, 40);
}

const BURST: u32 = 40;
const PER_SEC: u32 = 1_000;
const PHASE: Duration = Duration::from_millis(10);
const PHASES: u32 = 40;

/// Two processes, and Redis that gives one or both of them no answer in every second phase. What
/// stands before a bucket is never higher than so much.
async fn check(parts: [bool; 2], most: f64) {
    let server = Server::up();
    let limits = [limit_per(BURST, PER_SEC, Duration::from_secs(1))];
    let processes = server.two();
    let mut both = processes.each_ref().map(|one| windows(one, &limits, None));
    let began = Instant::now();
    // Redis goes by its own clock, so this is a real one.
    let now = || later(Nanos::ZERO, 10).plus(began.elapsed());
    let mut bucket = Leaky::default();
    for phase in 0..PHASES {
        let until = now().plus(PHASE);
        if phase % 2 == 1 {
            for (windows, _) in both.iter().zip(parts).filter(|(_, parts)| *parts) {
                let shared = windows.0[0].shared.as_ref().unwrap();
                shared.part_ways(Nanos::ZERO.plus(until.since(later(Nanos::ZERO, 1))));
            }
        } else if phase % 8 == 0 {
            // New settings, which are the old ones.
            for (windows, redis) in both.iter_mut().zip(&processes) {
                *windows = self::windows(redis, &limits, Some(windows));
            }
        }
        while now() < until {
            for windows in &both {
                let now = now();
                match windows.reserve(now, AT_ONCE) {
                    (_, Some(_)) => bucket.add(now),
                    (_, None) => drop(windows.ask(now).await),
                }
            }
        }
    }
    let highest = bucket.highest;
    assert!(highest <= most, "{highest}, by parts {parts:?}");
    // Nor is it held back for good.
    assert!(2.0 * f64::from(BURST) < bucket.all, "{}", bucket.all);
}

/// What came, less what may come in the time since.
#[derive(Default)]
struct Leaky {
    level: f64,
    highest: f64,
    all: f64,
    last: Nanos,
}

impl Leaky {
    fn add(&mut self, now: Nanos) {
        let leaked = f64::from(PER_SEC) * now.since(self.last).as_secs_f64();
        self.last = now;
        self.level = (self.level - leaked).max(0.0) + 1.0;
        self.highest = self.highest.max(self.level);
        self.all += 1.0;
    }
}

/// A bucket, what both hold of leases, and what rounding makes of it.
const MOST: f64 = 40.0 + 10.0 + 2.0;

#[tokio::test]
async fn a_redis_that_comes_and_goes_does_not_let_more_through_each_time() {
    check([true, true], MOST).await;
}

#[tokio::test]
async fn a_redis_that_comes_and_goes_for_one_alone_does_not_either() {
    // More than otherwise by what its part brings in a phase.
    check([true, false], MOST + 10.0).await;
}
