//! Addresses that may not be called, whatever leads to them.

use std::time::Duration;

use expect_test::{Expect, expect};
use trunkline::{Error, FetchOptions};

use crate::stand::{Stand, catalog, config, get};
use crate::upstream::{Upstream, json};

/// An engine whose `acme` is at a URL; the other settings are as given.
fn stand(base_url: &str, settings: &str) -> Stand {
    let text = format!("[connectors.acme]\nbase_url = \"{base_url}\"\n{settings}");
    Stand::with_config(config(&text), catalog("acme", ""))
}

fn shown(error: &Error) -> String {
    let source = std::error::Error::source(error).map(ToString::to_string);
    let why = std::error::Error::source(error).and_then(std::error::Error::source);
    format!(
        "{}: {error}\n{}\n{}\n{}",
        error.kind().code(),
        source.unwrap_or_default(),
        why.map(ToString::to_string).unwrap_or_default(),
        error.hint().unwrap_or("-")
    )
}

async fn check(base_url: &str, settings: &str, expected: Expect) {
    let stand = stand(base_url, settings);
    let ran = stand.run(get("acme", "/things")).await;
    // What is refused once is refused again: there is nothing to wait for.
    assert!(ran.waits.is_empty());
    expected.assert_eq(&shown(&ran.error()));
}

#[tokio::test]
async fn private_addresses_are_closed_until_they_are_allowed() {
    let upstream = Upstream::start([json(200, "{}")]);
    let url = format!("https://127.0.0.1:{}", upstream.address.port());
    let ran = stand(&url, "").run(get("acme", "/things")).await;
    let error = ran.error();
    assert_eq!(
        (error.kind().code(), error.attempts()),
        ("address_refused", 1)
    );
    assert_eq!(upstream.connections(), 0);
    let elsewhere = "[egress]\nallow = [\"10.0.0.0/8\"]";
    check(
        "https://127.0.0.1:9",
        elsewhere,
        expect![[r#"
        address_refused: the call to `127.0.0.1:9` was not made
        the upstream's address must not be called (while looking up the name)
        127.0.0.1 is a loopback address
        allow a private address with `egress.allow` if that is what you want"#]],
    )
    .await;
    check(
        "https://10.2.0.7",
        "",
        expect![[r#"
        address_refused: the call to `10.2.0.7` was not made
        the upstream's address must not be called (while looking up the name)
        10.2.0.7 is a private address
        allow a private address with `egress.allow` if that is what you want"#]],
    )
    .await;
    check(
        "https://[::1]",
        "",
        expect![[r#"
        address_refused: the call to `[::1]` was not made
        the upstream's address must not be called (while looking up the name)
        ::1 is a loopback address
        allow a private address with `egress.allow` if that is what you want"#]],
    )
    .await;
    check(
        "https://[::ffff:192.168.0.1]",
        "",
        expect![[r#"
        address_refused: the call to `[::ffff:192.168.0.1]` was not made
        the upstream's address must not be called (while looking up the name)
        ::ffff:192.168.0.1 carries 192.168.0.1 (mapped), which is a private address
        allow a private address with `egress.allow` if that is what you want"#]],
    )
    .await;
    check(
        "https://localhost:9",
        "",
        expect![[r#"
        address_refused: the call to `localhost:9` was not made
        the upstream's address must not be called (while looking up the name)
        127.0.0.1 is a loopback address
        allow a private address with `egress.allow` if that is what you want"#]],
    )
    .await;
}

#[tokio::test]
async fn metadata_services_stay_closed_though_they_are_allowed() {
    let open = "[egress]\nallow = [\"0.0.0.0/0\", \"::/0\"]";
    check(
        "http://169.254.169.254",
        open,
        expect![[r#"
        address_refused: the call to `169.254.169.254` was not made
        the upstream's address must not be called (while looking up the name)
        169.254.169.254 is the metadata service of AWS, Azure, Google Cloud and others
        this address stays closed whatever `egress.allow` says"#]],
    )
    .await;
    check("http://[::ffff:169.254.169.254]", open, expect![[r#"
        address_refused: the call to `[::ffff:169.254.169.254]` was not made
        the upstream's address must not be called (while looking up the name)
        ::ffff:169.254.169.254 carries 169.254.169.254 (mapped), which is the metadata service of AWS, Azure, Google Cloud and others
        this address stays closed whatever `egress.allow` says"#]]).await;
    check(
        "http://168.63.129.16",
        open,
        expect![[r#"
        address_refused: the call to `168.63.129.16` was not made
        the upstream's address must not be called (while looking up the name)
        168.63.129.16 is the metadata service of Azure
        this address stays closed whatever `egress.allow` says"#]],
    )
    .await;
    check(
        "http://metadata.google.internal",
        open,
        expect![[r#"
        address_refused: the call to `metadata.google.internal` was not made
        the upstream's address must not be called (while looking up the name)
        `metadata.google.internal` is the metadata service of Google Cloud
        this address stays closed whatever `egress.allow` says"#]],
    )
    .await;
}

#[tokio::test]
async fn the_engine_never_calls_its_own_process() {
    let upstream = Upstream::start([json(200, "{}")]);
    let stand = Stand::new("acme", upstream.address, "");
    stand.engine.listens_on(upstream.address);
    let error = stand.run(get("acme", "/things")).await.error();
    let expected = expect![[r#"
        address_refused: the call to `OWN` was not made
        the upstream's address must not be called (while looking up the name)
        127.0.0.1 is where this process listens itself
        this address stays closed whatever `egress.allow` says"#]];
    expected.assert_eq(&shown(&error).replace(&upstream.address.to_string(), "OWN"));
    assert_eq!(upstream.connections(), 0);
}

#[tokio::test]
async fn a_listener_everywhere_is_found_at_loopback() {
    let upstream = Upstream::start([json(200, "{}")]);
    let stand = Stand::new("acme", upstream.address, "");
    let everywhere = ([0, 0, 0, 0], upstream.address.port());
    stand.engine.with_own_pool().listens_on(everywhere.into());
    let error = stand.run(get("acme", "/things")).await.error();
    assert_eq!(error.kind().code(), "address_refused");
    assert_eq!(upstream.connections(), 0);
}

#[tokio::test]
async fn a_fetch_goes_to_public_addresses_alone_whatever_is_allowed() {
    let upstream = Upstream::start([json(200, "{}")]);
    let port = upstream.address.port();
    // Its calls may go there.
    let stand = Stand::new("acme", upstream.address, "");
    assert_eq!(
        stand.run(get("acme", "/things")).await.summary(),
        "200 in 1"
    );
    for (host, expected) in [
        ("127.0.0.1", "address_refused"),
        ("localhost", "address_refused"),
        ("localhost.", "address_refused"),
        ("a.b.LocalHost", "address_refused"),
        ("2130706433", "address_refused"),
        ("0x7f.1", "address_refused"),
        ("0177.0.0.1", "address_refused"),
        ("127.1", "address_refused"),
        ("0.0.0.0", "address_refused"),
        ("[::1]", "address_refused"),
        ("[::]", "address_refused"),
        ("[::ffff:127.0.0.1]", "address_refused"),
        ("[64:ff9b::7f00:1]", "address_refused"),
        ("[2002:7f00:1::]", "address_refused"),
        ("10.0.0.1", "address_refused"),
        ("100.64.0.1", "address_refused"),
        ("192.168.1.1", "address_refused"),
        ("169.254.169.254", "address_refused"),
        ("168.63.129.16", "address_refused"),
        ("metadata.google.internal.", "address_refused"),
        ("user@127.0.0.1", "address_refused"),
        ("ⓛocalhost", "address_refused"),
        ("127。0。0。1", "address_refused"),
    ] {
        let url = format!("http://{host}:{port}/");
        let fetched = stand.engine.fetch(&url, FetchOptions::default()).await;
        assert_eq!(fetched.unwrap_err().kind().code(), expected, "{url}");
    }
    assert_eq!(upstream.connections(), 1);
}

#[tokio::test]
async fn what_is_no_web_address_is_not_fetched() {
    let stand = stand("https://acme.example", "");
    let options = FetchOptions {
        bytes_max: 10,
        timeout: Duration::from_secs(1),
    };
    for url in [
        "file:///etc/passwd",
        "ftp://example.com/",
        "gopher://example.com/",
        "data:text/plain,hello",
        "javascript:alert(1)",
        "/etc/passwd",
        "example.com",
        "http://",
        "http://[::1",
        "",
    ] {
        let error = stand.engine.fetch(url, options).await.unwrap_err();
        assert_eq!(error.kind().code(), "bad_url", "{url}");
    }
}
