//! Which addresses are fetched, and how far.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use expect_test::{Expect, expect};
use ipnet::IpNet;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use trunkline_egress::address::Rules;
use trunkline_egress::{ManualClock, Settings};

use super::*;

#[track_caller]
fn check(url: &str, expected: Expect) {
    let text = match parse(url) {
        Ok(url) => url.to_string(),
        Err(error) => format!("{}: {error}", error.kind().code()),
    };
    expected.assert_eq(&text);
}

#[test]
fn addresses_are_judged_by_their_text_first() {
    check(
        "https://example.com/a?b#c",
        expect!["https://example.com/a?b"],
    );
    check(
        "ftp://example.com/",
        expect!["bad_url: addresses of the scheme `ftp` are not fetched"],
    );
    check(
        "file:///etc/passwd",
        expect!["bad_url: addresses of the scheme `file` are not fetched"],
    );
    check(
        "example.com",
        expect!["bad_url: this is no absolute address"],
    );
    check(
        "http://localhost./",
        expect!["address_refused: the address names this machine or a cloud's metadata service"],
    );
    check(
        "http://app.LOCALHOST/",
        expect!["address_refused: the address names this machine or a cloud's metadata service"],
    );
    check(
        "http://metadata.google.internal./",
        expect!["address_refused: the address names this machine or a cloud's metadata service"],
    );
    check(
        "http://user:pw@example.com/",
        expect!["address_refused: an address with a user name or password is not fetched"],
    );
}

#[track_caller]
fn check_redirect(from: &str, location: &str, expected: Expect) {
    let headers = HeaderMap::from_iter([(header::LOCATION, location.parse().unwrap())]);
    let text = match redirect(&from.parse().unwrap(), StatusCode::FOUND, &headers) {
        Ok(Some(url)) => url.to_string(),
        Ok(None) => "none".to_owned(),
        Err(error) => error.to_string(),
    };
    expected.assert_eq(&text);
}

#[test]
fn redirects_are_judged_like_the_first_address() {
    check_redirect(
        "https://a.example/x/y",
        "../z",
        expect!["https://a.example/z"],
    );
    check_redirect(
        "https://a.example/",
        "http://a.example/",
        expect!["a redirect was not followed: it leaves encryption"],
    );
    check_redirect(
        "http://a.example/",
        "gopher://a.example/",
        expect!["a redirect was not followed: it has another scheme than http and https"],
    );
    check_redirect(
        "http://a.example/",
        "http://localhost/",
        expect!["the address names this machine or a cloud's metadata service"],
    );
}

/// A site on loopback that gives one answer per connection; it ends with the test.
struct Site {
    address: SocketAddr,
    egress: Egress,
    clock: Clock,
    time: ManualClock,
    requests: Arc<Mutex<Vec<String>>>,
    _tasks: JoinSet<()>,
}

/// What a site does after an answer.
#[derive(Clone, Copy)]
enum Then {
    Close,
    Hang,
}

const OPTIONS: FetchOptions = FetchOptions {
    bytes_max: 10,
    timeout: Duration::from_secs(30),
};

impl Site {
    /// `{site}` in an answer is the site's own address. The door is open for it, and only for it.
    async fn start(answers: impl IntoIterator<Item = String>, then: Then) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let requests: Arc<Mutex<Vec<String>>> = Arc::default();
        let seen = Arc::clone(&requests);
        let answers: Vec<_> = answers
            .into_iter()
            .map(|answer| answer.replace("{site}", &address.to_string()))
            .collect();
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let mut held = Vec::new();
            for answer in answers {
                let mut stream = listener.accept().await.unwrap().0;
                let mut request = Vec::new();
                while !request.ends_with(b"\r\n\r\n") {
                    request.push(stream.read_u8().await.unwrap());
                }
                seen.lock()
                    .unwrap()
                    .push(String::from_utf8(request).unwrap());
                stream.write_all(answer.as_bytes()).await.unwrap();
                if let Then::Hang = then {
                    held.push(stream);
                }
            }
            // Hold on to the connections, and refuse no further ones, until the test is over.
            drop(listener.accept().await);
        });
        let (clock, time) = Clock::manual();
        let rules = Rules {
            allow: vec![IpNet::from(address.ip())],
            ..Rules::default()
        };
        let settings = Settings {
            rules,
            ..Settings::default()
        };
        Self {
            address,
            egress: Egress::new(settings, clock.clone()).unwrap(),
            clock,
            time,
            requests,
            _tasks: tasks,
        }
    }

    async fn fetch(&self, path: &str) -> Result<Fetched, Error> {
        let url = format!("http://{}{path}", self.address);
        fetch(&self.egress, &self.clock, &url, OPTIONS).await
    }

    /// The targets that were asked for.
    fn targets(&self) -> Vec<String> {
        let requests = self.requests.lock().unwrap();
        let targets = requests.iter().map(|request| request.split(' ').nth(1));
        targets.map(|target| target.unwrap().to_owned()).collect()
    }
}

fn sent_on(location: &str) -> String {
    format!(
        "HTTP/1.1 302 Found\r\nlocation: {location}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
    )
}

fn page(text: &str) -> String {
    let length = text.len();
    format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{text}")
}

#[tokio::test]
async fn five_redirects_are_followed_and_no_sixth() {
    let hops = |count: usize| (1..=count).map(|hop| sent_on(&format!("/{hop}")));
    let site = Site::start(hops(5).chain([page("here")]), Then::Close).await;
    let fetched = site.fetch("/").await.unwrap();
    assert_eq!(fetched.url.path(), "/5");
    assert_eq!(
        (fetched.status, fetched.body.as_ref()),
        (StatusCode::OK, &b"here"[..])
    );
    assert_eq!(site.targets(), ["/", "/1", "/2", "/3", "/4", "/5"]);

    let site = Site::start(hops(6).chain([page("here")]), Then::Close).await;
    let error = site.fetch("/").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooManyRedirects);
    assert_eq!(site.targets().len(), 6);
}

#[tokio::test]
async fn every_kind_of_redirect_is_a_get_of_the_next_address() {
    for status in ["301 x", "302 x", "303 x", "307 x", "308 x"] {
        let first = sent_on("http://{site}/next?a=b#c").replace("302 Found", status);
        let site = Site::start([first, page("here")], Then::Close).await;
        assert_eq!(site.fetch("/first").await.unwrap().body, "here", "{status}");
        assert_eq!(site.targets(), ["/first", "/next?a=b"]);
    }
    for status in ["300 x", "304 x"] {
        let first = sent_on("/next").replace("302 Found", status);
        let site = Site::start([first], Then::Close).await;
        let fetched = site.fetch("/first").await.unwrap();
        assert!(fetched.status.is_redirection(), "{status}");
    }
}

#[tokio::test]
async fn a_redirect_to_where_no_fetch_may_go_is_refused() {
    for location in [
        "http://127.0.0.2/",
        "http://10.0.0.1/",
        "http://[::1]/",
        "http://[::ffff:10.0.0.1]/",
        "http://169.254.169.254/latest/meta-data/",
        "http://localhost/",
        "http://metadata.google.internal/",
        "http://user:pw@{site}/",
        "//10.0.0.1/",
        "file:///etc/passwd",
        "gopher://{site}/",
        "http://[",
    ] {
        let site = Site::start([sent_on(location), page("inside")], Then::Close).await;
        let error = site.fetch("/").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AddressRefused, "{location}");
        assert_eq!(site.targets(), ["/"], "{location}");
    }
}

#[tokio::test]
async fn a_body_may_be_as_large_as_the_cap_and_no_larger() {
    let head = "HTTP/1.1 200 OK\r\nconnection: close\r\n";
    let chunked = |text: &str| {
        let length = text.len();
        format!("{head}transfer-encoding: chunked\r\n\r\n{length:x}\r\n{text}\r\n0\r\n\r\n")
    };
    let until_closed = |text: &str| format!("{head}\r\n{text}");
    for (answer, expected) in [
        (page("0123456789"), Ok(10)),
        (page("0123456789x"), Err(ErrorKind::ReplyTooLarge)),
        (chunked("0123456789"), Ok(10)),
        (chunked("0123456789x"), Err(ErrorKind::ReplyTooLarge)),
        (until_closed("0123456789"), Ok(10)),
        (until_closed("0123456789x"), Err(ErrorKind::ReplyTooLarge)),
        (page(""), Ok(0)),
    ] {
        let site = Site::start([answer.clone()], Then::Close).await;
        let fetched = site.fetch("/").await;
        let came = fetched.map(|fetched| fetched.body.len());
        assert_eq!(came.map_err(|error| error.kind()), expected, "{answer}");
    }
}

#[tokio::test]
async fn a_body_that_says_it_is_too_large_is_not_waited_for() {
    let head = "HTTP/1.1 200 OK\r\ncontent-length: 11\r\n\r\n".to_owned();
    let site = Site::start([head], Then::Hang).await;
    let error = site.fetch("/").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ReplyTooLarge);
    assert!(error.hint().unwrap().contains("--max-bytes"));
}

#[tokio::test]
async fn nothing_of_ours_goes_along() {
    let site = Site::start([page("")], Then::Close).await;
    site.fetch("/a%2Fb/?q=%20#part").await.unwrap();
    let request = site.requests.lock().unwrap()[0].clone();
    let mut lines: Vec<_> = request.trim_end().split("\r\n").skip(1).collect();
    lines.sort_unstable();
    let expected = expect![[r#"
        accept-encoding: identity
        accept: */*
        host: SITE
        user-agent: trunkline-fetch"#]];
    expected.assert_eq(&lines.join("\n").replace(&site.address.to_string(), "SITE"));
    assert_eq!(site.targets(), ["/a%2Fb/?q=%20"]);
}

#[tokio::test]
async fn an_error_page_is_a_page() {
    let answer = page("not here").replace("200 OK", "404 Not Found");
    let site = Site::start([answer], Then::Close).await;
    let fetched = site.fetch("/").await.unwrap();
    assert_eq!(
        (fetched.status.as_u16(), fetched.body.as_ref()),
        (404, &b"not here"[..])
    );
}

#[tokio::test]
async fn a_page_that_breaks_off_is_an_error() {
    let half = page("0123456789").replace("56789", "");
    let site = Site::start([half], Then::Close).await;
    let error = site.fetch("/").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UpstreamClosed);
}

#[tokio::test]
async fn everything_together_has_one_limit_of_time() {
    let half = page("0123456789").replace("56789", "");
    let site = Site::start([sent_on("/slow"), half], Then::Hang).await;
    let fetching = site.fetch("/");
    let passing = async {
        while site.targets().len() < 2 {
            tokio::task::yield_now().await;
        }
        site.time.advance(site.time.sleeping().await);
    };
    let (fetched, ()) = tokio::join!(fetching, passing);
    assert_eq!(fetched.unwrap_err().kind(), ErrorKind::CallTimeout);
}
