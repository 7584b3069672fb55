//! The configured proxy, and those of the environment, which are nobody's business here.

use std::error::Error as _;
use std::process::Command;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use super::secure::{Authority, Secure};
use super::upstream::{Step, Upstream, answer, send};
use super::*;
use crate::Step as At;

/// Settings with a proxy at 127.0.0.1, which they do not allow to be called as an upstream.
fn settings(authority: &Authority, proxy: &str) -> Settings {
    let allow = vec!["127.0.0.2/32".parse().expect("a range")];
    let rules = Rules {
        allow,
        ..Rules::default()
    };
    let proxy = Some(format!("http://{proxy}").parse().expect("a URL"));
    Settings {
        rules,
        proxy,
        ..authority.settings()
    }
}

async fn read_head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.expect("a request"));
    }
    String::from_utf8(head).expect("text")
}

#[expect(
    clippy::disallowed_methods,
    reason = "this is a proxy: it connects to where it is asked"
)]
async fn forward(mut stream: TcpStream) {
    let head = read_head(&mut stream).await;
    let target = head.split(' ').nth(1).expect("a target");
    assert!(target.starts_with("127.0.0.2:"), "{target}");
    assert!(head.contains(&format!("\r\nHost: {target}\r\n")), "{head}");
    let mut onward = TcpStream::connect(target).await.expect("the upstream");
    stream
        .write_all(b"HTTP/1.1 200 Connected\r\nvia: x\r\n\r\n")
        .await
        .expect("a client");
    // Ends when either side goes away.
    drop(tokio::io::copy_bidirectional(&mut stream, &mut onward).await);
}

#[tokio::test]
async fn https_goes_through_a_tunnel_to_the_address_that_we_chose() {
    let authority = Authority::new();
    let handle = |_, mut stream: tokio_rustls::server::TlsStream<TcpStream>| async move {
        stream.read_u8().await.expect("a request");
        let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 7\r\n\r\nthrough";
        stream.write_all(answer).await.expect("a reader");
        stream.read_to_end(&mut Vec::new()).await.expect("an end");
    };
    let config = authority.server(&["http/1.1"], |_| {});
    let upstream = Secure::on("127.0.0.2:0", config, handle).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let proxy = listener.local_addr().expect("bound").to_string();
    let mut tasks = JoinSet::new();
    tasks.spawn(async move { forward(listener.accept().await.expect("a client").0).await });
    let (egress, _clock) = egress_with(settings(&authority, &proxy));
    assert_eq!(get_text(&egress, &upstream.origin()).await, "through");
}

async fn proxy_fails(proxy: &str, url: &str, reason: &str) {
    let (egress, _clock) = egress_with(settings(&Authority::new(), proxy));
    let result = get(&egress, &origin(url)).await;
    let err = result.as_ref().expect_err("no tunnel");
    assert_eq!(err.step(), Some(At::Proxy));
    assert_eq!(err.source().expect("a reason").to_string(), reason);
    assert_eq!(failure(result), (SendErrorKind::ProxyFailed, Sent::Nothing));
}

#[tokio::test]
async fn a_proxy_that_makes_no_tunnel_says_why() {
    let url = "https://127.0.0.2:9/";
    for (text, reason) in [
        (
            "HTTP/1.1 407 Proxy Authentication Required\r\n\r\n",
            "the proxy answered with status 407",
        ),
        (
            "HTTP/1.0 502 Bad Gateway\r\n\r\n",
            "the proxy answered with status 502",
        ),
        (
            "SSH-2.0-OpenSSH_9.6\r\n\r\n",
            "the proxy's answer is not valid HTTP",
        ),
        (
            "HTTP/1.1 +20 OK\r\n\r\n",
            "the proxy's answer is not valid HTTP",
        ),
        ("HTTP/1.1 200 OK\r\n", "the proxy closed the connection"),
    ] {
        let proxy = Upstream::start([vec![Step::Head, send(text)]]);
        proxy_fails(&proxy.address.to_string(), url, reason).await;
    }
    let endless = format!("HTTP/1.1 200 OK\r\nx: {}\r\n\r\n", "y".repeat(20_000));
    let proxy = Upstream::start([vec![Step::Head, send(&endless)]]);
    let reason = "the proxy's answer is not valid HTTP";
    proxy_fails(&proxy.address.to_string(), url, reason).await;
}

#[tokio::test]
async fn a_proxy_that_is_not_there_is_told_from_an_upstream_that_is_not() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("bound").to_string();
    drop(listener);
    proxy_fails(
        &address,
        "https://127.0.0.2:9/",
        "there is no connection to the proxy",
    )
    .await;
    let name = "the proxy's name has no address";
    proxy_fails("proxy.invalid:3128", "https://127.0.0.2:9/", name).await;
}

#[tokio::test]
async fn plain_http_does_not_go_through_a_proxy() {
    let reason = "only `https` goes through `egress.proxy`";
    proxy_fails("127.0.0.1:9", "http://127.0.0.2:9/", reason).await;
}

#[tokio::test]
async fn a_proxy_opens_no_way_to_a_forbidden_address() {
    let mut proxy = Upstream::start([vec![Step::Head, Step::Closed]]);
    let (egress, _clock) = egress_with(settings(&Authority::new(), &proxy.address.to_string()));
    for url in [
        "https://127.0.0.1:9/",
        "https://10.0.0.1/",
        "https://localhost/",
    ] {
        let failed = failure(get(&egress, &origin(url)).await);
        assert_eq!(
            failed,
            (SendErrorKind::AddressRefused, Sent::Nothing),
            "{url}"
        );
    }
    assert_eq!(proxy.so_far(), Vec::<String>::new());
}

#[tokio::test]
async fn a_call_goes_straight_to_its_upstream() {
    let (egress, _clock) = egress();
    let upstream = Upstream::start([vec![Step::Request, answer("straight")]]);
    assert_eq!(get_text(&egress, &upstream.origin()).await, "straight");
}

/// Runs the test above in a process of its own, whose environment names a proxy that is not there.
#[test]
fn the_environments_proxies_are_not_asked() {
    let proxy = "http://127.0.0.1:1";
    let names = [
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "ALL_PROXY",
        "http_proxy",
        "https_proxy",
        "all_proxy",
    ];
    let tests = std::env::current_exe().expect("the tests' own program");
    let run = Command::new(tests)
        .args([
            "--exact",
            "tests::tunnel::a_call_goes_straight_to_its_upstream",
        ])
        .envs(names.map(|name| (name, proxy)))
        .env_remove("NO_PROXY")
        .output()
        .expect("a run");
    let text = String::from_utf8_lossy(&run.stdout);
    assert!(run.status.success() && text.contains("1 passed"), "{text}");
}
