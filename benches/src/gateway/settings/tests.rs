//! The settings that a measured gateway reads.

use std::net::{Ipv4Addr, SocketAddr};

use super::{Features, Settings};

fn upstream() -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, 9))
}

#[test]
fn whoever_sets_nothing_has_only_an_upstream() {
    let settings = Settings::default_threads(Features::Default, upstream());
    assert_eq!(
        settings.text(),
        r#"[egress]
allow = ["127.0.0.1/32"]

[connectors.openai]
base_url = "http://127.0.0.1:9"
"#
    );
}

#[test]
fn everything_is_on_where_it_is_asked_for() {
    let settings = Settings {
        base_url: "https://127.0.0.1:9".to_owned(),
        extra_ca: Some("/tmp/ca.pem".into()),
        ..Settings::one_thread(Features::Everything, upstream())
    };
    assert_eq!(
        settings.text(),
        r#"[server]
threads = 1

[egress]
allow = ["127.0.0.1/32"]
extra_ca = "/tmp/ca.pem"

[calls]
keep = "7d"

[callers]
limit = { rate = 1000000, per = "1s", burst = 1000000 }

[connectors.openai]
base_url = "https://127.0.0.1:9"
limit = { rate = 1000000, per = "1s", burst = 1000000 }
concurrency = 10000
timeout = "60s"
cache = "headers"
"#
    );
}
