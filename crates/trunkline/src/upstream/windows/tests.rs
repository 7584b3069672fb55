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
        let socket = socket(folder.path());
        let address = Address::parse(&format!("unix:{socket}")).unwrap();
        let options = Options {
            // A busy machine keeps it.
            time_limit: Duration::from_secs(5),
            ..Options::default()
        };
        Self {
            redis: Redis::start(&address, options, drop, drop).unwrap(),
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
        let sharing = Sharing {
            redis: self.redis.clone(),
            processes: NonZeroU32::new(2),
        };
        Windows::new(limits, None, (Some(&sharing), "acme"))
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

fn socket(folder: &Path) -> String {
    folder.join("redis.sock").display().to_string()
}

/// So many at once, and next to none later.
fn burst(burst: u32) -> Limit {
    limit(burst, 1)
}

/// So many at once, and so many an hour later.
fn limit(burst: u32, rate: u32) -> Limit {
    let number = |number| NonZeroU32::new(number).unwrap();
    let hour = Duration::from_hours(1);
    Limit {
        name: format!("{rate}/1h"),
        rate: Rate::new(number(burst), number(rate), hour).unwrap(),
        wait_max: Duration::from_secs(30),
        refill: (number(rate), hour),
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
