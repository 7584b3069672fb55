//! Requests that two servers would read in two ways.

use crate::door::{check_refused, guarded, say};

#[test]
fn a_body_with_two_lengths_is_refused() {
    let cases = [
        "content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        "transfer-encoding: chunked\r\ncontent-length: 5\r\n\r\n0\r\n\r\n",
        "content-length: 0\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        "content-length: 5\r\ncontent-length: 6\r\n\r\nhello!",
        "content-length: 5\r\ncontent-length: 5\r\n\r\nhello",
        "content-length: 5, 5\r\n\r\nhello",
        "content-length: +5\r\n\r\nhello",
        "content-length: -5\r\n\r\nhello",
        "content-length: 0x5\r\n\r\nhello",
        "content-length: 5 5\r\n\r\nhello",
        "content-length:\r\n\r\nhello",
        "content-length: 99999999999999999999999\r\n\r\nhello",
    ];
    for case in cases {
        check_refused(
            &[400, 413],
            &format!("POST /openai/v1/x HTTP/1.1\r\nhost: HOST\r\n{case}"),
        );
    }
}

#[test]
fn a_transfer_encoding_other_than_chunked_is_refused() {
    let values = [
        "gzip, chunked",
        "chunked, gzip",
        "chunked, chunked",
        "identity",
        "gzip",
        "xchunked",
        "chunkedx",
        "\"chunked\"",
        "chunked;a=b",
        "chunked,",
        ",chunked",
        "",
        "\u{b}chunked",
    ];
    for value in values {
        let request = format!(
            "POST /openai/v1/x HTTP/1.1\r\nhost: HOST\r\ntransfer-encoding: {value}\r\n\r\n0\r\n\r\n"
        );
        check_refused(&[400, 501], &request);
    }
    let twice = "transfer-encoding: chunked\r\ntransfer-encoding: chunked";
    let request = format!("POST /openai/v1/x HTTP/1.1\r\nhost: HOST\r\n{twice}\r\n\r\n0\r\n\r\n");
    check_refused(&[400, 501], &request);
    let old =
        "POST /openai/v1/x HTTP/1.0\r\nhost: HOST\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n";
    check_refused(&[400, 501], old);
}

#[test]
fn lines_that_servers_read_differently_are_refused() {
    let cases = [
        "GET /openai/v1/x HTTP/1.1\nhost: HOST\n\n",
        "GET /openai/v1/x HTTP/1.1\r\nhost: HOST\nx: 1\r\n\r\n",
        "GET /openai/v1/x HTTP/1.1\nhost: HOST\r\n\r\n",
        "GET /openai/v1/x HTTP/1.1\r\nhost: HOST\r\nx: 1\r\n folded\r\n\r\n",
        "GET /openai/v1/x HTTP/1.1\r\nhost: HOST\r\nx : 1\r\n\r\n",
        "GET /openai/v1/x HTTP/1.1\r\nhost: HOST\r\n: 1\r\n\r\n",
        "GET /openai/v1/x HTTP/1.1\r\nhost: HOST\r\nx: a\0b\r\n\r\n",
        "GET /openai/v1/x HTTP/1.1\r\nhost: HOST\r\nx: a\rb\r\n\r\n",
        "GET  /openai/v1/x HTTP/1.1\r\nhost: HOST\r\n\r\n",
        "GET /openai/v1/x  HTTP/1.1\r\nhost: HOST\r\n\r\n",
        "GET /openai/v1/x HTTP/1.9\r\nhost: HOST\r\n\r\n",
        "GET /openai/v1/x\r\nhost: HOST\r\n\r\n",
        "GET /openai/v1/a b HTTP/1.1\r\nhost: HOST\r\n\r\n",
        "GET /openai/v1/x#fragment HTTP/1.1\r\nhost: HOST\r\n\r\n",
        "G@T /openai/v1/x HTTP/1.1\r\nhost: HOST\r\n\r\n",
    ];
    for case in cases {
        check_refused(&[400, 405, 505], case);
    }
}

#[test]
fn methods_that_are_no_calls_are_refused() {
    check_refused(&[405], "TRACE /openai/v1/x HTTP/1.1\r\nhost: HOST\r\n\r\n");
    check_refused(&[405], "CONNECT HOST HTTP/1.1\r\nhost: HOST\r\n\r\n");
    check_refused(
        &[405],
        "CONNECT evil.example:443 HTTP/1.1\r\nhost: HOST\r\n\r\n",
    );
}

#[test]
fn an_expectation_that_nobody_meets_is_refused() {
    check_refused(
        &[417],
        "GET /openai/v1/x HTTP/1.1\r\nhost: HOST\r\nexpect: miracles\r\n\r\n",
    );
}

#[test]
fn a_chunk_that_makes_no_sense_ends_the_call() {
    for chunk in [
        "xyz\r\nabc\r\n0\r\n\r\n",
        "-1\r\nabc\r\n",
        "3\r\nabcdef\r\n0\r\n\r\n",
        "ffffffffffffffffff\r\na",
    ] {
        let (upstream, gateway) = guarded();
        let address = gateway.address();
        let head = format!(
            "POST /openai/v1/x HTTP/1.1\r\nhost: {address}\r\ntransfer-encoding: chunked\r\n\r\n"
        );
        if let Some((reply, _)) = say(&gateway, head + chunk) {
            assert!(
                matches!(reply.status, 400 | 413),
                "{} for {chunk:?}",
                reply.status
            );
        }
        // The upstream may have seen the head already; it must not have answered for a whole body.
        assert!(
            upstream.heard().iter().all(|heard| heard.body.len() <= 3),
            "{:?}",
            upstream.heard()
        );
    }
}
