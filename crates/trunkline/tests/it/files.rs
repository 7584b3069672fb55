//! Calls by name that send files: as the upstream sees them, once and again.

use std::fs;
use std::path::Path;

use expect_test::expect;
use serde_json::json as value;
use tempfile::TempDir;
use trunkline::Call;

use crate::own::{Own, secret, shown};
use crate::stand::{Stand, operation};
use crate::upstream::request::Request;
use crate::upstream::{Act, Upstream, answer, json};

const OPERATIONS: &str = r#"
[[operations]]
name = "files.create"
title = "Upload a file"
method = "POST"
path = "/files"
docs = "https://up.example/docs"
body = "multipart"

[operations.inputs]
file = { type = "file", need = "required" }

[[operations]]
name = "files.put"
title = "Upload the bytes of a file"
method = "PUT"
path = "/files/1"
docs = "https://up.example/docs"
body = "raw"
body_input = "file"
content_type = "application/x-up"

[operations.inputs]
file = { type = "file", need = "required" }
"#;

const SIGNED: &str = "kind = \"hmac\"\nsecret = \"key\"\npayload = [\"body_sha256\"]";

fn stand(upstream: &Upstream, auth: &str) -> Stand {
    let own = Own {
        connector: &format!(
            "base_url = \"http://{}\"\n{}[auth]\n{auth}\n",
            upstream.address,
            if auth.contains("key") {
                secret("key")
            } else {
                String::new()
            },
        ),
        operations: OPERATIONS,
        settings: "",
        variables: &[("UP_KEY", "key-canary-93cd47")],
    };
    own.stand()
}

/// A call that sends one file.
fn call(name: &str, path: &Path) -> Call {
    let inputs = value!({"file": {"file": "a.txt"}, "purpose": "fine-tune"});
    let inputs = if name == "files.put" {
        value!({"file": {"file": "a.txt"}})
    } else {
        inputs
    };
    let mut call = operation("up", name, inputs);
    call.files.insert("a.txt".to_owned(), path.to_owned());
    call
}

fn letters(length: usize) -> Vec<u8> {
    (b'a'..=b'z').cycle().take(length).collect()
}

#[track_caller]
fn check_length(request: &Request) {
    let length = request.body.len().to_string();
    assert_eq!(request.header("content-length"), Some(length.as_str()));
    assert_eq!(request.header("transfer-encoding"), None);
}

#[tokio::test]
async fn files_are_sent_with_their_length() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("a.txt");
    for length in [0, 1, 300_000] {
        fs::write(&path, letters(length)).unwrap();
        let upstream = Upstream::start([json(200, "{}"), json(200, "{}")]);
        let stand = stand(&upstream, "kind = \"none\"");
        for name in ["files.create", "files.put"] {
            drop(stand.run(call(name, &path)).await.reply());
        }
        let [multipart, raw] = &upstream.requests()[..] else {
            panic!("{:?}", upstream.requests());
        };
        check_length(multipart);
        let content_type = multipart.header("content-type").unwrap();
        let (kind, boundary) = content_type.split_once("; boundary=").unwrap();
        assert_eq!(kind, "multipart/form-data");
        let parts = String::from_utf8(multipart.body.clone()).unwrap();
        let parts: Vec<&str> = parts.split(boundary).collect();
        let file = String::from_utf8(letters(length)).unwrap();
        let file = format!(
            "\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\n\
             Content-Type: text/plain\r\n\r\n{file}\r\n--"
        );
        let purpose = "\r\nContent-Disposition: form-data; name=\"purpose\"\r\n\r\nfine-tune\r\n--";
        assert!(
            parts.len() == 4 && parts.contains(&file.as_str()),
            "{length}"
        );
        assert!(parts.contains(&purpose) && parts.ends_with(&["--\r\n"]));
        check_length(raw);
        assert!(raw.body == letters(length), "{length}");
        assert_eq!(raw.header("content-type"), Some("application/x-up"));
    }
}

#[tokio::test]
async fn short_files_are_sent_again_and_signed() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("a.txt");
    fs::write(&path, "abc").unwrap();
    for auth in ["kind = \"none\"", SIGNED] {
        let upstream = Upstream::start([json(503, "{}"), json(200, "{}")]);
        let ran = stand(&upstream, auth).run(call("files.put", &path)).await;
        assert_eq!(ran.summary(), "200 in 2");
        for request in upstream.requests() {
            check_length(&request);
            assert_eq!(request.body, b"abc");
        }
    }
}

#[tokio::test]
async fn a_long_file_is_sent_once_and_again_where_it_was_signed_as_a_whole() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("a.txt");
    fs::write(&path, letters(300_000)).unwrap();
    for (auth, expected) in [("kind = \"none\"", "503 in 1"), (SIGNED, "200 in 2")] {
        let upstream = Upstream::start([json(503, "{}"), json(200, "{}")]);
        let ran = stand(&upstream, auth).run(call("files.put", &path)).await;
        assert_eq!(ran.summary(), expected);
    }
}

#[tokio::test]
async fn a_file_that_is_not_there_sends_nothing() {
    let upstream = Upstream::start([]);
    let stand = stand(&upstream, "kind = \"none\"");
    let error = stand
        .run(call("files.put", Path::new("/no/such/file")))
        .await
        .error();
    expect![[r#"
        bad_input: the file `a.txt` cannot be read: No such file or directory (os error 2)
        -"#]]
    .assert_eq(&shown(&error));
    let named = operation("up", "files.put", value!({"file": {"file": "/etc/passwd"}}));
    let error = stand.run(named).await.error();
    expect![[r#"
        bad_input: the file `/etc/passwd` cannot be read: the call does not bring it
        -"#]]
    .assert_eq(&shown(&error));
    assert_eq!(upstream.connections(), 0);
}

#[tokio::test]
async fn an_upstream_that_refuses_early_ends_the_upload() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("a.txt");
    fs::write(&path, letters(4 << 20)).unwrap();
    let refusal = answer(413, &[("connection", "close")], "");
    let upstream = Upstream::start([Act::Early(refusal)]);
    let stand = stand(&upstream, "kind = \"none\"");
    let ran = stand.run(call("files.create", &path)).await;
    assert_eq!(ran.summary(), "413 in 1");
}
