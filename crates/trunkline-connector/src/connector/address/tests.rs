//! Paths go to the right host, and addresses come back to their paths.

use url::Url;

use crate::connector::{BaseUrl, Connector, FurtherHost};
use crate::document::Source;
use crate::format::HostCredential;

fn url(text: &str) -> Url {
    text.parse().unwrap()
}

/// The sample with Google's two hosts, and one below another.
fn google() -> Connector {
    let files = [
        (
            "acme/connector.toml",
            include_str!("../../../tests/acme/connector.toml"),
        ),
        (
            "acme/operations/things.toml",
            include_str!("../../../tests/acme/operations/things.toml"),
        ),
    ];
    let source = |(name, text): (&str, &str)| Source {
        name: name.to_owned(),
        text: text.to_owned(),
    };
    let mut connector = Connector::load(files.map(source).into()).unwrap();
    let host = |prefix: &str, address: &str, credential| FurtherHost {
        prefix: prefix.to_owned(),
        base_url: url(address),
        credential,
    };
    connector.base_url = BaseUrl::Fixed(url("https://sheets.example.com"));
    connector.hosts = vec![
        host(
            "/calendar",
            "https://www.example.com/calendar",
            HostCredential::Send,
        ),
        host(
            "/calendar/up",
            "https://up.example.com",
            HostCredential::Withhold,
        ),
    ];
    connector
}

#[test]
fn the_longest_prefix_of_whole_segments_wins() {
    let google = google();
    let to = |path: &str| google.example_url(path).unwrap().to_string();
    assert_eq!(to("/v4/a?x=1"), "https://sheets.example.com/v4/a?x=1");
    assert_eq!(
        to("/calendar/v3/b?x=1"),
        "https://www.example.com/calendar/v3/b?x=1"
    );
    assert_eq!(to("/calendar"), "https://www.example.com/calendar");
    assert_eq!(to("/calendar?x=1"), "https://www.example.com/calendar?x=1");
    assert_eq!(to("/calendars"), "https://sheets.example.com/calendars");
    assert_eq!(to("/calendar/up/c"), "https://up.example.com/c");
    let credential = google.host_of("/calendar/up/c").unwrap().credential;
    assert_eq!(credential, HostCredential::Withhold);
}

#[test]
fn an_address_comes_back_to_its_path() {
    let google = google();
    let below = |address: &str| google.below(&url(address));
    for path in ["/v4/a?x=%20", "/calendar/v3/b", "/calendar/up/c?d", "/"] {
        let there = google.example_url(path).unwrap();
        assert_eq!(google.below(&there).as_deref(), Some(path));
    }
    assert_eq!(below("https://evil.test/v4/a"), None);
    assert_eq!(below("http://sheets.example.com/v4/a"), None);
    assert_eq!(below("https://sheets.example.com:8443/v4/a"), None);
    assert_eq!(below("https://user@sheets.example.com/v4/a"), None);
    assert_eq!(below("https://www.example.com/mail"), None);
    assert_eq!(below("https://www.example.com/calendars"), None);
}
