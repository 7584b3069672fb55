//! Answers are read to their last byte, and no further.

use std::io::Write as _;
use std::net::{Ipv4Addr, TcpListener};
use std::thread;

use tokio::runtime::Builder;

use super::{Connection, Progress};

/// Reads one answer of a server that sends this and closes; gives its body and what went wrong.
fn read(sent: &'static str) -> (String, Option<String>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    let server = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.write_all(sent.as_bytes()).unwrap();
    });
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let mut progress = Progress::default();
    let read = runtime.block_on(async {
        let mut connection = Connection::open(address).await?;
        connection.answer(&mut progress).await?;
        // Nothing may have been left over.
        connection.send(b"").await
    });
    server.join().unwrap();
    let body = String::from_utf8(progress.answer.body).unwrap();
    (body, read.err().map(|err| err.to_string()))
}

#[track_caller]
fn check(sent: &'static str, body: &str, wrong: Option<&str>) {
    assert_eq!(read(sent), (body.to_owned(), wrong.map(str::to_owned)));
}

#[test]
fn a_body_has_its_length() {
    check(
        "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody",
        "body",
        None,
    );
    check(
        "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbodymore",
        "body",
        Some("there was more than one answer"),
    );
    check(
        "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbo",
        "bo",
        Some("the connection was closed"),
    );
}

#[test]
fn chunks_are_put_together() {
    let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n2\r\n, \r\n3\r\nend\r\n0\r\n\r\n";
    check(head, "body, end", None);
    check(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody",
        "body",
        Some("the connection was closed"),
    );
}

#[test]
fn a_304_has_no_body() {
    check("HTTP/1.1 304 Not Modified\r\nETag: \"a\"\r\n\r\n", "", None);
}

#[test]
fn an_answer_without_a_length_is_none() {
    check(
        "HTTP/1.1 200 OK\r\n\r\nbody",
        "",
        Some("the answer has no length"),
    );
}
