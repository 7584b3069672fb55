//! A row that is broken is found, whatever is broken in it.

use std::net::SocketAddr;

use crate::conversation::{Conversation, scripts};
use crate::upstream::Upstream;

/// Plays a text straight against the upstream, with no gateway between that could do anything.
fn played(text: &str) -> Result<(), String> {
    let mut row = Conversation::read("a rule", "/r0", text);
    let upstream = Upstream::start_by_path(|url| {
        row.fill_in(url);
        scripts(std::slice::from_ref(&row))
    });
    let address: SocketAddr = upstream.address();
    row.play(&upstream, address)
}

#[test]
fn what_is_as_written_holds() {
    for text in [
        "> GET\n< 200\n> GET /a?b=c\n> X-A: b\n^ X-A: b\n^ !X-B\n< 404\n< X-C: d\n= 404\n= X-C: d\n= !X-D\n= | answer 2",
        "> POST\n> | text\n< 200\n< Age: 7\n= Age: 5\n= * answ\n~ none",
        "> HEAD\n< 200\n< Cache-Status: other, trunkline; hit; ttl=57\n~ hit; ttl=60\n~ !stored\n> GET\n< 304\n= 304",
        "> GET\n< 200\n< Transfer-Encoding: chunked\n< Date: {now-5}\n= | answer 1\n> GET\n< 204",
    ] {
        played(text).unwrap_or_else(|what| panic!("{what}\n{text}"));
    }
}

#[test]
fn what_is_not_as_written_is_told() {
    for (text, what) in [
        ("> GET", "the upstream got 1 requests, not 0"),
        ("> GET\n< 200\n< 200", "the upstream got 1 requests, not 2"),
        (
            "> GET\n^ X-A: b\n< 200",
            "the upstream saw `X-A`: [], not \"b\"",
        ),
        ("> GET\n> X-A: b\n^ !X-A\n< 200", "which must not be there"),
        ("> GET\n< 200\n= 404", "it is not a 404"),
        (
            "> GET\n< 200\n= | answer 2",
            "the body is not Is(\"answer 2\")",
        ),
        ("> GET\n< 200\n= * zwei", "the body is not Has(\"zwei\")"),
        (
            "> GET\n< 200\n< X-C: d\n= X-C: e",
            "the caller saw `X-C`: [\"d\"], not \"e\"",
        ),
        ("> GET\n< 200\n< Age: 4\n= Age: 5", "the caller saw `Age`"),
        ("> GET\n< 200\n< Age: 50\n= Age: 5", "the caller saw `Age`"),
        ("> GET\n< 200\n~ hit", "`Cache-Status` is \"\", not \"hit\""),
        (
            "> GET\n< 200\n< Cache-Status: trunkline; hit\n~ none",
            "not \"none\"",
        ),
        (
            "> GET\n< 200\n< Cache-Status: trunkline; hit; ttl=61\n~ hit; ttl=60",
            "ttl=61",
        ),
        (
            "> GET\n< 200\n< Cache-Status: trunkline; fwd=miss; stored\n~ !stored",
            "stored",
        ),
        (
            "> GET\n< 200\n< Cache-Status: trunkline; hit, b; hit\n~ hit",
            "b; hit",
        ),
    ] {
        let told = played(text).expect_err(text);
        assert!(told.contains(what), "{told}\n{text}");
    }
}
