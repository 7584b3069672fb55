//! Connections that change to WebSocket: bytes both ways, the credential added, and their end.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::thread::{self, JoinHandle};

use trunkline_tests::{PATIENCE, Product};

const ACCEPT: &str = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\
    Connection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

/// An upstream that answers one request with `answer`, says back what it then hears until it is
/// over, and gives the request's head.
fn upstream(answer: &'static str) -> (SocketAddr, JoinHandle<String>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("loopback has a free port");
    let address = listener.local_addr().expect("a listener has an address");
    let serving = thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a connection");
        stream.set_read_timeout(Some(PATIENCE)).expect("a limit");
        let head = read_head(&mut stream);
        stream.write_all(answer.as_bytes()).expect("an open stream");
        let mut bytes = [0; 1024];
        loop {
            match stream.read(&mut bytes) {
                Ok(0) | Err(_) => return head,
                Ok(count) => stream.write_all(&bytes[..count]).expect("an open stream"),
            }
        }
    });
    (address, serving)
}

/// Reads up to the blank line, byte by byte, so that nothing behind it is taken.
fn read_head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        let count = stream.read(&mut byte).expect("a head");
        assert_eq!(count, 1, "it ended in {:?}", String::from_utf8_lossy(&head));
        head.push(byte[0]);
    }
    String::from_utf8(head).expect("text").to_ascii_lowercase()
}

fn product(upstream: SocketAddr) -> Product {
    Product::new()
        .variable("SUPABASE_KEY", "sb_secret_made_up_key_0001")
        .set(
            "connectors.supabase.base_url",
            format!("\"http://{upstream}\""),
        )
}

#[expect(
    clippy::disallowed_methods,
    reason = "this is the caller's side of a test"
)]
fn connect(to: SocketAddr) -> TcpStream {
    TcpStream::connect(to).expect("somebody listens")
}

fn ask(gateway: SocketAddr, path: &str) -> TcpStream {
    let mut stream = connect(gateway);
    stream.set_read_timeout(Some(PATIENCE)).expect("a limit");
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: {gateway}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
         Authorization: Bearer callers\r\n\r\n"
    );
    stream
        .write_all(request.as_bytes())
        .expect("an open stream");
    stream
}

const REALTIME: &str = "/supabase/realtime/v1/websocket?apikey=callers&vsn=2.0.0";

#[test]
fn bytes_pass_both_ways_and_the_end_too() {
    let (address, serving) = upstream(ACCEPT);
    let gateway = product(address).serve();
    let mut caller = ask(gateway.address(), REALTIME);
    let answer = read_head(&mut caller);
    assert!(answer.starts_with("http/1.1 101 "), "{answer}");
    for header in [
        "upgrade: websocket",
        "connection: upgrade",
        "sec-websocket-accept: s3pplmbitxaq9kygzzhzrbk+xoo=",
        "trunkline-call-id: call_",
    ] {
        assert!(answer.contains(header), "{header} in {answer}");
    }
    for message in ["one", "two", &"three".repeat(10_000)] {
        caller
            .write_all(message.as_bytes())
            .expect("an open stream");
        let mut echo = vec![0; message.len()];
        caller.read_exact(&mut echo).expect("the echo");
        assert_eq!(echo, message.as_bytes());
    }
    caller.shutdown(Shutdown::Write).expect("an open stream");
    let mut rest = Vec::new();
    caller.read_to_end(&mut rest).expect("a clean end");
    assert!(rest.is_empty());
    let seen = serving.join().expect("the upstream ends");
    assert!(
        seen.contains("upgrade: websocket") && seen.contains("connection: upgrade"),
        "{seen}"
    );
    assert!(
        seen.contains("sec-websocket-key: dghlihnhbxbszsbub25jzq=="),
        "{seen}"
    );
    assert!(seen.contains("sb_secret_made_up_key_0001"), "{seen}");
    assert!(!seen.contains("callers"), "{seen}");
}

#[test]
fn an_upstream_that_refuses_is_answered_as_ever() {
    let (address, serving) = upstream(
        "HTTP/1.1 401 Unauthorized\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}",
    );
    let gateway = product(address).serve();
    let mut caller = ask(gateway.address(), REALTIME);
    let answer = read_head(&mut caller);
    assert!(answer.starts_with("http/1.1 401 "), "{answer}");
    assert!(answer.contains("trunkline-hint: "), "{answer}");
    drop(caller);
    serving.join().expect("the upstream ends");
}

#[test]
fn only_operations_that_change_do() {
    let (address, serving) = upstream(ACCEPT);
    let gateway = product(address).serve();
    let mut caller = ask(gateway.address(), "/supabase/rest/v1/users");
    let answer = read_head(&mut caller);
    assert!(answer.starts_with("http/1.1 400 "), "{answer}");
    drop(caller);
    // Nobody called the upstream.
    connect(address)
        .write_all(b"nobody\r\n\r\n")
        .expect("an open stream");
    assert_eq!(serving.join().expect("the upstream ends"), "nobody\r\n\r\n");
}

#[test]
fn what_an_upstream_says_in_our_name_is_not_passed_on() {
    let (address, serving) = upstream(
        "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade, x-hop\r\nUpgrade: websocket\r\n\
         Trunkline-Hint: forged\r\nX-Hop: 1\r\nContent-Length: 5\r\nX-Own: stays\r\n\r\n",
    );
    let gateway = product(address).serve();
    let mut caller = ask(gateway.address(), REALTIME);
    let answer = read_head(&mut caller);
    assert!(answer.starts_with("http/1.1 101 "), "{answer}");
    for gone in ["trunkline-hint", "x-hop", "content-length"] {
        assert!(!answer.contains(gone), "{gone} in {answer}");
    }
    assert!(answer.contains("x-own: stays"), "{answer}");
    drop(caller);
    serving.join().expect("the upstream ends");
}

#[test]
fn an_upstream_that_changes_to_something_else_is_not_believed() {
    let (address, serving) = upstream("HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n");
    let gateway = product(address).serve();
    let mut caller = ask(gateway.address(), REALTIME);
    let answer = read_head(&mut caller);
    assert!(answer.starts_with("http/1.1 502 "), "{answer}");
    drop(caller);
    serving.join().expect("the upstream ends");
}
