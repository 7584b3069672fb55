//! What is an address, and that nothing secret of it is shown.

use expect_test::{Expect, expect};

use super::*;

#[track_caller]
fn check(url: &str, expected: Expect) {
    let text = match Address::parse(url) {
        Ok(address) => format!("{address} {address:?}"),
        Err(err) => format!("{err:?}: {err}"),
    };
    expected.assert_eq(&text);
}

#[test]
fn addresses_are_shown_without_user_and_password() {
    check(
        "redis://localhost",
        expect!["redis://localhost:6379/0 Address(redis://localhost:6379/0)"],
    );
    check(
        "redis://me:s%40crt@10.0.0.1:7000/3",
        expect!["redis://10.0.0.1:7000/3 Address(redis://10.0.0.1:7000/3)"],
    );
    check(
        "rediss://:s3crt@cache.example",
        expect!["rediss://cache.example:6379/0 Address(rediss://cache.example:6379/0)"],
    );
    check(
        "redis://:s3crt@[::1]:7000/",
        expect!["redis://[::1]:7000/0 Address(redis://[::1]:7000/0)"],
    );
    check(
        "unix:/run/redis.sock",
        expect!["unix:/run/redis.sock?db=0 Address(unix:/run/redis.sock?db=0)"],
    );
    check(
        "redis+unix:///run/redis.sock?db=2&user=me&pass=s3crt",
        expect!["unix:/run/redis.sock?db=2 Address(unix:/run/redis.sock?db=2)"],
    );
}

#[test]
fn what_is_no_address_says_what_is_and_nothing_of_itself() {
    for url in [
        "",
        "localhost:6379",
        "me:s3crt@host",
        "http://me:s3crt@host",
        "redis+unix://s3crt/run/redis.sock",
        "unix:s3crt",
        "redis://",
        "redis://me:s3crt@host:99999",
        "redis://me:s3crt@host/x",
        "redis://me:s3crt@host/-1",
        "redis://me:s3/crt@host",
        "redis://me:s3crt@host?db=1",
        "rediss://me:s3crt@host#insecure",
        "unix:/run/redis.sock?pass=s3crt&protocol=resp3",
        "unix:/run/redis.sock?pass=s3crt&db=x",
    ] {
        let err = Address::parse(url).expect_err(url);
        let text = format!("{err} {err:?}");
        assert!(!text.contains("s3crt"), "{text}");
        assert!(text.contains("redis") || text.contains("Redis"), "{text}");
    }
    check(
        "redis://host/x",
        expect![
            "Database: what follows the host in the address of Redis is the number of a database, as in `/0`"
        ],
    );
    check(
        "rediss://host#insecure",
        expect![
            "Extra: the address of Redis has nothing behind a `?` or `#`; only a socket's has `?db=`, `&user=` and `&pass=`"
        ],
    );
}

#[test]
fn what_the_client_shows_of_it_has_no_password_either() {
    let address = Address::parse("redis://me:s3crt@host").unwrap();
    let text = format!("{:?}", address.info());
    assert!(text.contains("host") && !text.contains("s3crt"), "{text}");
}
