//! The whole of it against real servers that crash, stand still, refuse and come back.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::num::NonZeroU32;
use std::time::Duration;

use crate::fixture::{self, Process, Server, eventually, wait};
use crate::{Labels, Reason, SharedRate};

use super::*;

const KEY: CacheKey = [7; 16];

fn rate(capacity: u32, refill: u32, period: Duration) -> SharedRate {
    let number = |number| NonZeroU32::new(number).unwrap();
    SharedRate::new(number(capacity), number(refill), period).unwrap()
}

/// Ten, and no more for an hour.
fn ten() -> SharedRate {
    rate(10, 1, Duration::from_hours(1))
}

fn take(rate: SharedRate, want: u32) -> Lease<'static> {
    Lease {
        bucket: b"bucket",
        rate,
        want,
        at_least: NonZeroU32::MIN,
        apart: None,
    }
}

/// Takes one, and tells what somebody new has spent without asking.
fn apart(process: &Process, spent: u64, charged: u64) -> Lease<'static> {
    let account = process.redis.account();
    let apart = Apart {
        account,
        spent,
        charged,
    };
    Lease {
        apart: Some(apart),
        ..take(ten(), 1)
    }
}

fn put(value: &'static [u8]) -> Put<'static> {
    Put {
        value: Bytes::from_static(value),
        keep: Duration::from_mins(1),
        age: Duration::ZERO,
        labels: Labels {
            address: [1; 16],
            connector: "github",
            operation: Some("issues.list"),
            tags: &[],
        },
    }
}

fn put_and_await(redis: &Redis, key: &CacheKey, put: Put<'_>) {
    let value = put.value.clone();
    redis.put(key, put);
    eventually("it is kept", || {
        wait(redis.get(key)).unwrap().as_ref() == Some(&value)
    });
}

#[test]
fn processes_take_from_one_bucket() {
    let server = Server::start();
    let (one, other) = (Process::connected(&server), Process::connected(&server));
    let first = wait(one.redis.lease(take(ten(), 7))).unwrap();
    assert_eq!((first.granted, first.retry_after), (7, Duration::ZERO));
    let second = wait(other.redis.lease(take(ten(), 7))).unwrap();
    assert_eq!(second.granted, 3);
    let third = wait(one.redis.lease(take(ten(), 7))).unwrap();
    assert_eq!(third.granted, 0);
    assert!(third.retry_after <= Duration::from_hours(1));
    assert!(Duration::from_mins(50) < third.retry_after);

    let unspent = Unspent {
        bucket: b"bucket",
        rate: ten(),
        tokens: 5,
        taken_at: first.taken_at,
    };
    wait(one.redis.give_back(unspent)).unwrap();
    let given = wait(other.redis.lease(take(ten(), 7))).unwrap();
    assert_eq!(given.granted, 5);
}

#[test]
fn together_processes_never_take_more_than_the_bucket_and_what_refills() {
    let server = Server::start();
    let processes = [Process::connected(&server), Process::connected(&server)];
    let fast = rate(20, 1_000, Duration::from_secs(1));
    let begin = clock::now();
    let takers = processes.each_ref().map(|process| {
        let redis = process.redis.clone();
        thread::spawn(move || {
            (0..300)
                .map(|_| wait(redis.lease(take(fast, 3))).unwrap().granted)
                .sum::<u32>()
        })
    });
    let taken: u32 = takers.map(|taker| taker.join().unwrap()).iter().sum();
    let room = 20.0 + 1_000.0 * begin.elapsed().as_secs_f64() + 1.0;
    assert!(20 <= taken && f64::from(taken) <= room, "{taken} of {room}");
}

#[test]
fn what_each_has_spent_without_asking_is_charged_once() {
    let server = Server::start();
    let (one, other) = (Process::connected(&server), Process::connected(&server));
    let told = apart(&one, 2, 0);
    assert_eq!(wait(one.redis.lease(told)).unwrap().left, 7);
    assert_eq!(wait(one.redis.lease(told)).unwrap().left, 6, "told again");
    let second = apart(&one, 1, 0);
    assert_eq!(wait(one.redis.lease(second)).unwrap().left, 4);
    // The accounts of processes are numbered by each.
    let third = apart(&other, 2, 0);
    assert_eq!(wait(other.redis.lease(third)).unwrap().left, 1);
}

#[test]
fn more_than_the_bucket_holds_never_comes() {
    let server = Server::start();
    let process = Process::connected(&server);
    let lease = Lease {
        at_least: NonZeroU32::new(11).unwrap(),
        ..take(ten(), 0)
    };
    let leased = wait(process.redis.lease(lease)).unwrap();
    assert_eq!((leased.granted, leased.retry_after), (0, Duration::MAX));
    let all = Lease {
        at_least: NonZeroU32::new(10).unwrap(),
        ..take(ten(), 0)
    };
    assert_eq!(wait(process.redis.lease(all)).unwrap().granted, 10);
}

#[test]
fn everything_in_redis_goes_by_itself_and_begins_with_the_prefix() {
    let server = Server::start();
    let process = Process::connected(&server);
    wait(process.redis.lease(take(ten(), 6))).unwrap();
    wait(process.redis.lease(apart(&process, 1, 0))).unwrap();
    put_and_await(&process.redis, &KEY, put(b"value"));
    wait(process.redis.forget(&Forget::Tag("tag".to_owned()))).unwrap();
    // The beat after the first entry gives the stream its end.
    eventually("all have an end", || {
        let mut connection = server.connect();
        server.keys().iter().all(|key| {
            let left: i64 = redis::cmd("PTTL").arg(key).query(&mut connection).unwrap();
            -1 != left
        })
    });
    let keys = server.keys();
    assert!(keys.iter().all(|key| key.starts_with(b"trunkline:1:")));
    assert!(9 <= keys.len(), "{}", keys.len());
    let left: i64 = server.ask("PTTL", &["trunkline:1:limit:=bucket"]);
    let eight_tokens = 8 * 3_600_000;
    assert!((eight_tokens - 60_000..=eight_tokens + 2_000).contains(&left));
}

#[test]
fn scripts_that_redis_has_forgotten_are_told_again() {
    let server = Server::start();
    let process = Process::connected(&server);
    wait(process.redis.lease(take(ten(), 1))).unwrap();
    server.ask::<()>("SCRIPT", &["FLUSH"]);
    assert_eq!(
        wait(process.redis.lease(take(ten(), 1))).unwrap().granted,
        1
    );
    assert_eq!(process.notices(), []);
}

#[test]
fn a_crash_is_away_at_once_and_a_restart_is_found() {
    let mut server = Server::start();
    // With more time than the test has, so that it is the crash that is noticed.
    let patient = Options {
        time_limit: Duration::from_mins(10),
        ..Options::default()
    };
    let process = Process::start_with(&server.address(), patient);
    process.await_up();
    wait(process.redis.lease(take(ten(), 10))).unwrap();
    server.kill();
    assert_eq!(wait(process.redis.lease(take(ten(), 1))), Err(Away));
    let Standing::Away { sharing, .. } = process.redis.standing() else {
        panic!("up");
    };
    assert_eq!(sharing, Some(1));
    let operations = process.redis.counts().operations;
    for _ in 0..100 {
        assert_eq!(wait(process.redis.lease(take(ten(), 1))), Err(Away));
        assert_eq!(wait(process.redis.get(&KEY)), Err(Away));
    }
    assert_eq!(process.redis.counts().operations, operations);

    server.restart();
    eventually("it is back", || {
        process.notices().last() == Some(&Notice::Back)
    });
    assert_eq!(
        wait(process.redis.lease(take(ten(), 10))).unwrap().granted,
        10
    );
    let notices = process.notices();
    assert!(
        matches!(notices.first(), Some(Notice::Away(Reason::Unreachable(_)))),
        "{notices:?}"
    );
    let backs = notices.iter().filter(|notice| **notice == Notice::Back);
    assert_eq!(backs.count(), 1);
    assert_eq!(process.redis.counts().times_away, 1);
}

#[test]
fn a_redis_that_stands_still_is_away_within_the_limit() {
    let server = Server::start();
    let quick = Options {
        time_limit: Duration::from_millis(50),
        ..Options::default()
    };
    let process = Process::start_with(&server.address(), quick);
    // Where the machine is busy, it may have been away in between.
    eventually("it leases", || {
        wait(process.redis.lease(take(ten(), 1))).is_ok()
    });
    server.stop();
    let begin = clock::now();
    assert_eq!(wait(process.redis.lease(take(ten(), 1))), Err(Away));
    let took = begin.elapsed();
    assert!(took < Duration::from_secs(2), "{took:?}");
    assert!(!process.is_up());
    eventually("it is told", || {
        process.notices().contains(&Notice::Away(Reason::TimedOut))
    });
    server.resume();
    process.await_up();
}

#[test]
fn a_value_that_is_late_is_looked_into() {
    let server = Server::start();
    let quick = Options {
        time_limit: Duration::from_millis(50),
        ..Options::default()
    };
    let process = Process::start_with(&server.address(), quick);
    eventually("it is read", || wait(process.redis.get(&KEY)).is_ok());
    server.stop();
    eventually("it is away", || {
        let got = wait(process.redis.get(&KEY));
        assert_eq!(got, Err(Away));
        !process.is_up()
    });
}

#[test]
fn what_is_wrong_is_told_without_the_password() {
    let server = Server::start_with(&["--requirepass", "s3crt", "--databases", "4"]);
    let socket = server.socket();
    let socket = socket.display();
    let told = |address: &str| {
        let address = Address::parse(address).unwrap();
        let process = Process::start_with(&address, fixture::options());
        eventually("it is told", || !process.notices().is_empty());
        assert_eq!(wait(process.redis.get(&KEY)), Err(Away));
        let text = format!("{:?} {:?}", process.notices(), process.redis);
        assert!(!text.contains("s3crt") && !text.contains("wr0ng"), "{text}");
        process.notices().remove(0)
    };
    let login = Notice::Away(Reason::Login);
    assert_eq!(told(&format!("unix:{socket}")), login);
    assert_eq!(told(&format!("unix:{socket}?pass=wr0ng")), login);
    assert_eq!(told(&format!("unix:{socket}?pass=wr0ng&user=me")), login);
    assert_eq!(
        told(&format!("unix:{socket}?pass=s3crt&db=9")),
        Notice::Away(Reason::NoDatabase(9))
    );
    assert_eq!(
        told("unix:/nowhere/redis.sock?pass=s3crt"),
        Notice::Away(Reason::Unreachable(io::ErrorKind::NotFound))
    );
    let good = format!("unix:{socket}?pass=s3crt&db=3");
    let good = Address::parse(&good).unwrap();
    Process::start_with(&good, fixture::options()).await_up();
}

#[test]
fn what_is_not_redis_is_told() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            drop(stream.read(&mut [0; 1_024]));
            drop(stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n"));
        }
    });
    let address = Address::parse(&format!("redis://127.0.0.1:{port}")).unwrap();
    let process = Process::start_with(&address, fixture::options());
    eventually("it is told", || {
        process.notices().contains(&Notice::Away(Reason::NotRedis))
    });
}

#[test]
fn a_redis_that_may_not_be_written_to_is_away_with_its_own_word() {
    let server = Server::start_with(&["--replicaof", "127.0.0.1 1"]);
    let process = Process::start(&server);
    let refused = Notice::Away(Reason::Refused("READONLY".to_owned()));
    eventually("it is told", || process.notices().contains(&refused));
    assert!(!process.is_up());
    server.ask::<()>("REPLICAOF", &["NO", "ONE"]);
    eventually("it is back", || {
        process.notices().last() == Some(&Notice::Back)
    });
}

#[test]
fn an_error_of_one_bucket_is_away_for_it_alone() {
    let server = Server::start();
    let process = Process::connected(&server);
    server.ask::<()>("HSET", &["trunkline:1:limit:=bucket", "a", "b"]);
    assert_eq!(wait(process.redis.lease(take(ten(), 1))), Err(Away));
    let other = Lease {
        bucket: b"other",
        ..take(ten(), 1)
    };
    assert_eq!(wait(process.redis.lease(other)).unwrap().granted, 1);
    assert_eq!(process.redis.counts().failures, 1);
    assert_eq!(process.notices(), []);
}

#[test]
fn values_are_kept_and_found() {
    let server = Server::start();
    let (one, other) = (Process::connected(&server), Process::connected(&server));
    assert_eq!(wait(one.redis.get(&KEY)), Ok(None));
    put_and_await(&one.redis, &KEY, put(b"a value"));
    let found = wait(other.redis.get(&KEY));
    assert_eq!(found, Ok(Some(Bytes::from_static(b"a value"))));

    let newer = Options {
        value_version: 2,
        ..fixture::options()
    };
    let newer = Process::start_with(&server.address(), newer);
    newer.await_up();
    assert_eq!(wait(newer.redis.get(&KEY)), Ok(None));
}

#[test]
fn what_is_not_kept_is_counted() {
    let server = Server::start();
    let small = Options {
        value_bytes_max: 4,
        ..fixture::options()
    };
    let process = Process::start_with(&server.address(), small);
    process.await_up();
    process.redis.put(&KEY, put(b"large"));
    let no_time = Put {
        keep: Duration::ZERO,
        ..put(b"good")
    };
    process.redis.put(&KEY, no_time);
    let tags = vec![String::new(); 65];
    let mut tagged = put(b"good");
    tagged.labels.tags = &tags;
    process.redis.put(&KEY, tagged);
    assert_eq!(process.redis.counts().dropped_puts, 3);
    let too_old = Put {
        age: Duration::from_mins(10),
        ..put(b"good")
    };
    process.redis.put(&KEY, too_old);
    put_and_await(&process.redis, &[8; 16], put(b"good"));
    assert_eq!(process.redis.counts().dropped_puts, 4);
    assert_eq!(wait(process.redis.get(&KEY)), Ok(None));
}

#[test]
fn no_more_values_wait_than_have_room() {
    let mut server = Server::start();
    let process = Process::connected(&server);
    server.stop();
    // One may be under way already.
    for _ in 0..PUTS_MAX + 1 + 50 {
        process.redis.put(&KEY, put(b"value"));
    }
    assert!(50 <= process.redis.counts().dropped_puts);
    server.kill();
    let all = u64::try_from(PUTS_MAX + 1 + 50).unwrap();
    eventually("all are counted", || {
        process.redis.counts().dropped_puts == all
    });
}

#[test]
fn each_kind_of_forgetting_finds_its_own() {
    let server = Server::start();
    let process = Process::connected(&server);
    let tags = ["tag".to_owned()];
    let kinds = [
        Forget::Key(KEY),
        Forget::Address([1; 16]),
        Forget::Operation {
            connector: "github".to_owned(),
            operation: "issues.list".to_owned(),
        },
        Forget::Connector("github".to_owned()),
        Forget::Tag("tag".to_owned()),
    ];
    let stranger = Put {
        labels: Labels {
            address: [2; 16],
            connector: "gitlab",
            operation: None,
            tags: &[],
        },
        ..put(b"stranger")
    };
    put_and_await(&process.redis, &[9; 16], stranger);
    for kind in kinds {
        let mut tagged = put(b"value");
        tagged.labels.tags = &tags;
        // A call that began just when something was forgotten may be taken for an older one.
        eventually("it is kept", || {
            process.redis.put(&KEY, tagged.clone());
            wait(process.redis.get(&KEY)).unwrap().is_some()
        });
        eventually("it is forgotten", || {
            // One of those that were put again may come in between.
            wait(process.redis.forget(&kind)).unwrap();
            wait(process.redis.get(&KEY)) == Ok(None)
        });
        let found = wait(process.redis.get(&[9; 16])).unwrap();
        assert_eq!(found, Some(Bytes::from_static(b"stranger")), "{kind:?}");
    }
    assert_eq!(wait(process.redis.forget(&Forget::All)), Ok(1));
    assert_eq!(wait(process.redis.get(&[9; 16])), Ok(None));
    assert_eq!(wait(process.redis.forget(&Forget::All)), Ok(0));
}

#[test]
fn many_values_are_forgotten_in_steps() {
    let server = Server::start();
    let process = Process::connected(&server);
    for chunk in 0..6_u8 {
        for which in 0..100 {
            let mut key = [chunk; 16];
            key[0] = which;
            process.redis.put(&key, put(b"value"));
        }
        let mut last = [chunk; 16];
        last[0] = 99;
        eventually("they are kept", || {
            wait(process.redis.get(&last)).unwrap().is_some()
        });
    }
    let connector = Forget::Connector("github".to_owned());
    assert_eq!(wait(process.redis.forget(&connector)), Ok(600));
    assert_eq!(process.redis.counts().dropped_puts, 0);
}

#[test]
fn a_value_whose_call_began_before_it_was_forgotten_is_not_kept() {
    let server = Server::start();
    let (one, other) = (Process::connected(&server), Process::connected(&server));
    wait(one.redis.forget(&Forget::Connector("github".to_owned()))).unwrap();
    let on_its_way = Put {
        age: Duration::from_secs(1),
        ..put(b"old")
    };
    other.redis.put(&KEY, on_its_way);
    eventually("it is dropped", || other.redis.counts().dropped_puts == 1);
    assert_eq!(wait(other.redis.get(&KEY)), Ok(None));
    // Others are not touched by it.
    let elsewhere = Put {
        age: Duration::from_secs(1),
        labels: Labels {
            connector: "gitlab",
            operation: None,
            ..put(b"").labels
        },
        ..put(b"other")
    };
    put_and_await(&other.redis, &KEY, elsewhere);
}

#[test]
fn other_processes_hear_of_it_and_the_own_does_not() {
    let server = Server::start();
    let (one, other) = (Process::connected(&server), Process::connected(&server));
    let tag = Forget::Tag("tag".to_owned());
    wait(one.redis.forget(&tag)).unwrap();
    wait(other.redis.forget(&Forget::Key(KEY))).unwrap();
    eventually("it is heard", || {
        !one.forgotten().is_empty() && !other.forgotten().is_empty()
    });
    assert_eq!(other.forgotten(), [Forgotten::Only(tag)]);
    assert_eq!(one.forgotten(), [Forgotten::Only(Forget::Key(KEY))]);
}

#[test]
fn more_than_a_page_is_heard_in_order() {
    let server = Server::start();
    let (one, other) = (Process::connected(&server), Process::connected(&server));
    for which in 0..200 {
        wait(one.redis.forget(&Forget::Tag(which.to_string()))).unwrap();
    }
    eventually("all is heard", || 200 <= other.forgotten().len());
    let expected: Vec<_> = (0..200)
        .map(|which| Forgotten::Only(Forget::Tag(which.to_string())))
        .collect();
    assert_eq!(other.forgotten(), expected);
}

#[test]
fn a_gap_may_have_held_anything() {
    let mut server = Server::start();
    let process = Process::connected(&server);
    server.ask::<()>("XTRIM", &["trunkline:1:forgotten", "MAXLEN", "0"]);
    eventually("the gap is seen", || {
        process.forgotten() == [Forgotten::Everything]
    });
    server.kill();
    server.restart();
    eventually("the restart is seen", || {
        process.forgotten() == [Forgotten::Everything, Forgotten::Everything]
    });
}

#[test]
fn a_pause_loses_nothing() {
    let server = Server::start();
    let quick = Options {
        time_limit: Duration::from_millis(50),
        ..Options::default()
    };
    let (one, other) = (
        Process::connected_with(&server, quick),
        Process::connected(&server),
    );
    server.stop();
    eventually("it is away", || !one.is_up());
    server.resume();
    let tag = Forget::Tag("tag".to_owned());
    wait(other.redis.forget(&tag)).unwrap();
    eventually("it is heard", || !one.forgotten().is_empty());
    assert_eq!(one.forgotten(), [Forgotten::Only(tag)]);
}

#[test]
fn a_connection_that_broke_may_have_missed_anything() {
    let server = Server::start();
    let process = Process::connected(&server);
    server.ask::<i64>("CLIENT", &["KILL", "TYPE", "normal"]);
    eventually("it is noticed", || {
        process.forgotten() == [Forgotten::Everything]
    });
    eventually("it is told", || {
        process.notices().last() == Some(&Notice::Back)
    });
}

#[test]
fn processes_are_counted_while_they_are_heard_of() {
    let server = Server::start();
    let soon = || Options {
        heard_within: Duration::from_secs(2),
        ..fixture::options()
    };
    let one = Process::start_with(&server.address(), soon());
    let other = Process::start_with(&server.address(), soon());
    let sharing = |process: &Process| match process.redis.standing() {
        Standing::Up { sharing } => sharing,
        Standing::Away { .. } => 0,
    };
    eventually("both are counted", || {
        sharing(&one) == 2 && sharing(&other) == 2
    });
    assert_eq!(wait(one.redis.lease(take(ten(), 1))).unwrap().sharing, 2);
    drop(other);
    eventually("one is counted", || sharing(&one) == 1);
}

#[test]
fn the_thread_ends_with_the_last_clone() {
    let server = Server::start();
    let process = Process::connected(&server);
    let clients = || {
        let list: String = server.ask("CLIENT", &["LIST"]);
        list.lines().count()
    };
    // Two connections, and the one that asks.
    assert_eq!(clients(), 3);
    let clone = process.redis.clone();
    drop(process);
    wait(clone.get(&KEY)).unwrap();
    drop(clone);
    eventually("both are closed", || clients() == 1);
}

#[test]
fn the_time_before_there_is_a_redis_is_away() {
    let folder = tempfile::tempdir().unwrap();
    let address = format!("unix:{}/none.sock", folder.path().display());
    let address = Address::parse(&address).unwrap();
    let process = Process::start_with(&address, fixture::options());
    assert_eq!(wait(process.redis.lease(take(ten(), 1))), Err(Away));
    process.redis.put(&KEY, put(b"value"));
    assert_eq!(process.redis.counts().dropped_puts, 1);
    let standing = process.redis.standing();
    assert!(
        matches!(standing, Standing::Away { sharing: None, .. }),
        "{standing:?}"
    );
    eventually("it is told", || !process.notices().is_empty());
    // However often it was tried since.
    eventually("it was tried", || process.notices().len() == 1);
}

#[test]
fn a_connection_may_be_encrypted_and_the_server_is_checked() {
    let key = rcgen::KeyPair::generate().unwrap();
    let names = vec!["localhost".to_owned()];
    let certificate = rcgen::CertificateParams::new(names).unwrap();
    let certificate = certificate.self_signed(&key).unwrap().pem();
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let file = folder.path().join(name);
        std::fs::write(&file, text).unwrap();
        file.to_str().unwrap().to_owned()
    };
    let certificate_file = file("certificate.pem", &certificate);
    let key_file = file("key.pem", &key.serialize_pem());
    let port = fixture::free_port();
    let _server = Server::start_with(&[
        "--tls-port",
        &port.to_string(),
        "--tls-cert-file",
        &certificate_file,
        "--tls-key-file",
        &key_file,
        "--tls-auth-clients",
        "no",
    ]);
    let address = Address::parse(&format!("rediss://localhost:{port}")).unwrap();
    let trusted = Options {
        root_certificates: Some(certificate.clone().into_bytes()),
        ..fixture::options()
    };
    Process::start_with(&address, trusted).await_up();

    let stranger = Process::start_with(&address, fixture::options());
    eventually("it is told", || !stranger.notices().is_empty());
    assert_eq!(stranger.notices(), [Notice::Away(Reason::Tls)]);

    let none = Options {
        root_certificates: Some(b"-----BEGIN".to_vec()),
        ..fixture::options()
    };
    let started = Redis::start(&address, none, drop, drop);
    assert_eq!(started.unwrap_err().kind(), io::ErrorKind::InvalidInput);
}
