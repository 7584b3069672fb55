//! What is said of an address of Redis that cannot be, and what never is.

use trunkline_tests::{Product, Redis, Request, Upstream, answer};

use crate::redis::{get, is_there, sharing, wait_for};

const PASSWORD: &str = "hunter2-in-the-redis-url";

/// Asserts all that `serve` says of such an address. The variable is in the file `.env`.
#[track_caller]
fn check(url: &str, complaint: &str) {
    let file = format!("[server]\n[redis]\nurl = \"{url}\"\n");
    let product = Product::bare().file("trunkline.toml", &file);
    let finished = product.run(&["serve"]).expect(2);
    let expected = format!("error: trunkline.toml:3:7: `redis.url` {complaint}");
    assert_eq!(finished.stderr.trim_end(), expected, "{url}");
    assert!(!finished.stdout.contains(PASSWORD), "{}", finished.stdout);
}

const FORM: &str = "is no address of a Redis\n  hint: the address of Redis is \
    `redis://[user:password@]host[:port][/database]`, the same with `rediss://` for TLS, or \
    `unix:/path/to/socket`; what a password holds of `/`, `?`, `#`, `@` and `%` is written as \
    `%2F`, `%3F`, `%23`, `%40` and `%25`";

#[test]
fn an_address_that_is_none_is_refused_without_its_password() {
    for url in [
        format!("http://me:{PASSWORD}@127.0.0.1:6379"),
        format!("redis://me:{PASSWORD}@127.0.0.1:port"),
        format!("redis://me:{PASSWORD}#@127.0.0.1"),
        format!("{PASSWORD}@localhost"),
        "127.0.0.1:6379".to_owned(),
        String::new(),
    ] {
        check(&url, FORM);
    }
    check(
        &format!("redis://me:{PASSWORD}@127.0.0.1:6379/first"),
        "is no address of a Redis\n  hint: what follows the host in the address of Redis is the \
         number of a database, as in `/0`",
    );
    check(
        "redis://",
        "is no address of a Redis\n  hint: the address of Redis names no host: \
         `redis://host[:port][/database]`",
    );
}

#[test]
fn a_variable_that_is_not_there_is_named() {
    check(
        "env:REDIS_URL",
        "names the variable `REDIS_URL`, which is not set\n  hint: put `REDIS_URL=redis://…` into \
         `.env` or the environment",
    );
    check(
        "env:REDIS URL",
        "names the variable `REDIS URL`, which cannot be one\n  hint: write it as `env:REDIS_URL`",
    );
}

#[test]
fn a_variable_with_a_wrong_address_is_refused_without_its_password() {
    let file = "[server]\n[redis]\nurl = \"env:REDIS_URL\"\n";
    let product = Product::bare().file("trunkline.toml", file).file(
        ".env",
        &format!("REDIS_URL=redis://me:{PASSWORD}@host:port\n"),
    );
    let finished = product.run(&["serve"]).expect(2);
    let expected = format!("error: trunkline.toml:3:7: `redis.url` {FORM}");
    assert_eq!(finished.stderr.trim_end(), expected);
}

#[test]
fn a_field_that_is_none_is_named() {
    let file = "[redis]\nuri = \"redis://127.0.0.1\"\n";
    let product = Product::bare().file("trunkline.toml", file);
    let finished = product.run(&["serve"]).expect(2);
    assert_eq!(
        finished.stderr.trim_end(),
        "error: trunkline.toml:2:1: `redis.uri` is not known\n  \
         hint: did you mean `url`? allowed: `url` or `processes`"
    );
}

/// The variable is the app's, and is used only where the settings say so.
#[test]
fn the_variable_alone_does_nothing() {
    let product = Product::new().variable("REDIS_URL", "redis://127.0.0.1:port");
    let gateway = product.serve();
    let metrics = gateway.get("/-/metrics").expect(200).text();
    assert!(!metrics.contains("trunkline_redis"), "{metrics}");
}

#[test]
fn the_password_is_never_shown() {
    let url = format!("redis://me:{PASSWORD}@127.0.0.1:1/0");
    let product = Product::new().set("redis.url", format!("{url:?}"));
    let by_variable = Product::new()
        .set("redis.url", r#""env:REDIS_URL""#)
        .variable("REDIS_URL", &url);
    let instead_of_the_file = Product::new().variable("TRUNKLINE_REDIS_URL", &url);
    for product in [product, by_variable, instead_of_the_file] {
        for arguments in [
            &["config", "show"][..],
            &["config", "show", "--json"],
            &["doctor"],
        ] {
            let finished = product.run(arguments);
            let printed = finished.stdout + &finished.stderr;
            assert!(!printed.contains(PASSWORD), "{arguments:?}: {printed}");
        }
    }
}

#[test]
fn a_password_that_is_right_is_used_and_one_that_is_wrong_is_not_shown() {
    if !is_there() {
        return;
    }
    let redis = Redis::start_with_password(PASSWORD);
    let upstream = Upstream::start([answer(200).json("[]")]);
    let with = |password: &str| {
        let url = format!("{}?pass={password}", redis.url());
        sharing(&redis, &upstream)
            .set("redis.url", r#""env:REDIS_URL""#)
            .variable("REDIS_URL", &url)
            .set("connectors.plain.limit", r#"{ rate = 100, per = "1s" }"#)
            .serve()
    };
    let right = with(PASSWORD);
    wait_for(&right, "trunkline_redis_up", 1);
    right.send(&get()).expect(200);
    let wrong_password = format!("wrong-{PASSWORD}");
    let wrong = with(&wrong_password);
    wrong.program().wait_for_error(|printed| {
        printed
            .contains("does not accept the user name or password")
            .then_some(())
    });
    wait_for(&wrong, "trunkline_redis_up", 0);
    wrong.send(&get()).expect(200);
    for gateway in [right, wrong] {
        let metrics = gateway.send(&Request::get("/-/metrics")).text();
        let finished = gateway.stop().expect(0);
        for printed in [&metrics, &finished.stdout, &finished.stderr] {
            assert!(!printed.contains(PASSWORD), "{printed}");
        }
    }
}

#[test]
fn a_database_of_its_own() {
    if !is_there() {
        return;
    }
    let redis = Redis::start_on_loopback();
    let upstream = Upstream::start([answer(200).json("[]")]);
    let at = |ending: &str| {
        let gateway = sharing(&redis, &upstream)
            .set("redis.url", format!("\"{}{ending}\"", redis.url()))
            .set("connectors.plain.limit", r#"{ rate = 100, per = "1s" }"#)
            .serve();
        gateway.send(&get()).expect(200);
        gateway
    };
    let third = at("/3");
    wait_for(&third, "trunkline_redis_up", 1);
    let count = |database: u32| {
        redis.eval(&format!(
            "redis.call('SELECT', {database}) return #redis.call('KEYS', '*') > 0 and 1 or 0"
        ))
    };
    assert_eq!(
        (count(3), count(0)),
        (vec!["1".to_owned()], vec!["0".to_owned()])
    );
    let none = at("/99");
    none.program()
        .wait_for_error(|printed| printed.contains("it has no database 99").then_some(()));
    wait_for(&none, "trunkline_redis_up", 0);
    none.send(&get()).expect(200);
}

#[test]
fn what_is_no_redis_is_none() {
    let upstream = Upstream::start([answer(200).json("[]")]);
    let address = upstream.address();
    let gateway = sharing(&Redis::away(), &upstream)
        .set("redis.url", format!("\"redis://{address}\""))
        .set("connectors.plain.limit", r#"{ rate = 100, per = "1s" }"#)
        .serve();
    gateway
        .program()
        .wait_for_error(|printed| printed.contains("Redis is away").then_some(()));
    wait_for(&gateway, "trunkline_redis_up", 0);
    gateway.send(&get()).expect(200);
}
