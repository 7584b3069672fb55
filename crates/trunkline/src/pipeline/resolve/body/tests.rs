//! Bodies of calls by name: how long they say they are, what they hold, and which files they read.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use expect_test::{Expect, expect};
use http_body::Body as _;
use http_body_util::BodyExt as _;
use tempfile::TempDir;

use super::*;

/// A folder, and the files of it that a call brings.
struct Stand {
    folder: TempDir,
    files: Files,
}

impl Stand {
    fn new() -> Self {
        Self {
            folder: TempDir::new().unwrap(),
            files: Files::new(),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A file that the call brings by its name in the folder.
    fn file(mut self, name: &str, content: impl AsRef<[u8]>) -> Self {
        fs::write(self.path(name), content).unwrap();
        self.files.insert(name.to_owned(), self.path(name));
        self
    }

    /// Something else that the call brings.
    fn brings(mut self, name: &str, path: impl AsRef<Path>) -> Self {
        self.files.insert(name.to_owned(), path.as_ref().to_owned());
        self
    }

    fn body(&self, composed: ComposedBody) -> Result<(HeaderValue, Body), Error> {
        of(composed, &self.files)
    }
}

fn raw(file: &str) -> ComposedBody {
    ComposedBody::File {
        content_type: HeaderValue::from_static("image/png"),
        file: file.to_owned(),
    }
}

fn text_part(name: &str, text: &str) -> Part {
    Part {
        name: name.to_owned(),
        file_name: None,
        content_type: None,
        content: FileContent::Bytes(text.as_bytes().to_vec()),
    }
}

fn file_part(name: &str, file: &str) -> Part {
    Part {
        name: name.to_owned(),
        file_name: Some(file.to_owned()),
        content_type: Some(HeaderValue::from_static("text/plain")),
        content: FileContent::Named(file.to_owned()),
    }
}

/// Everything that a body holds; it must be as long as it says.
async fn read(body: Body) -> Vec<u8> {
    let announced = body.size_hint().exact().unwrap();
    let bytes = body.collect().await.unwrap().to_bytes();
    assert_eq!(bytes.len() as u64, announced);
    bytes.to_vec()
}

/// A multipart body's text, its boundary written as `BOUNDARY`.
async fn multipart_of(stand: &Stand, parts: Vec<Part>) -> String {
    let (content_type, body) = stand.body(ComposedBody::Multipart(parts)).unwrap();
    let content_type = content_type.to_str().unwrap();
    let (kind, boundary) = content_type.split_once("; boundary=").unwrap();
    assert_eq!(kind, "multipart/form-data");
    // RFC 2046 section 5.1.1: at most 70 characters.
    assert!(boundary.len() <= 70, "{boundary}");
    let text = String::from_utf8(read(body).await).unwrap();
    text.replace(boundary, "BOUNDARY").replace("\r\n", "\n")
}

#[tokio::test]
async fn parts_and_files_stand_between_boundaries() {
    let stand = Stand::new().file("a.txt", "one\n").file("b.txt", "two");
    let parts = vec![
        text_part("purpose", "fine-tune"),
        file_part("file", "a.txt"),
        text_part("empty", ""),
        file_part("file", "b.txt"),
        text_part("last", "bytes"),
    ];
    let expected = "--BOUNDARY
Content-Disposition: form-data; name=\"purpose\"

fine-tune
--BOUNDARY
Content-Disposition: form-data; name=\"file\"; filename=\"a.txt\"
Content-Type: text/plain

one

--BOUNDARY
Content-Disposition: form-data; name=\"empty\"


--BOUNDARY
Content-Disposition: form-data; name=\"file\"; filename=\"b.txt\"
Content-Type: text/plain

two
--BOUNDARY
Content-Disposition: form-data; name=\"last\"

bytes
--BOUNDARY--
";
    assert_eq!(multipart_of(&stand, parts).await, expected);
}

#[tokio::test]
async fn bytes_alone_are_all_there() {
    let stand = Stand::new();
    let parts = vec![text_part("a", "b")];
    let (_, body) = stand.body(ComposedBody::Multipart(parts)).unwrap();
    assert!(matches!(body, Body::Full(_)), "{body:?}");
    assert_eq!(multipart_of(&stand, Vec::new()).await, "--BOUNDARY--\n");
    let bytes = ComposedBody::Bytes {
        content_type: HeaderValue::from_static("application/json"),
        bytes: b"{}".to_vec(),
    };
    let (content_type, body) = stand.body(bytes).unwrap();
    assert_eq!(content_type, "application/json");
    assert_eq!(read(body).await, b"{}");
}

#[tokio::test]
async fn no_two_bodies_have_the_same_boundary() {
    let stand = Stand::new();
    let one = stand.body(ComposedBody::Multipart(Vec::new())).unwrap();
    let other = stand.body(ComposedBody::Multipart(Vec::new())).unwrap();
    assert_ne!(one.0, other.0);
}

#[tokio::test]
async fn a_raw_file_is_the_whole_body() {
    let pixels: Vec<u8> = (0..=255).cycle().take(3 * READ_BYTES + 7).collect();
    let stand = Stand::new().file("a.png", &pixels).file("empty", "");
    let (content_type, body) = stand.body(raw("a.png")).unwrap();
    assert_eq!(content_type, "image/png");
    assert!(read(body).await == pixels);
    let (_, body) = stand.body(raw("empty")).unwrap();
    assert!(body.is_end_stream());
    assert_eq!(read(body).await, b"");
}

#[tokio::test]
async fn what_is_left_is_known_at_every_moment() {
    let stand = Stand::new().file("a.txt", vec![b'a'; READ_BYTES + 1]);
    let parts = vec![file_part("f", "a.txt")];
    let (_, mut body) = stand.body(ComposedBody::Multipart(parts)).unwrap();
    let mut left = body.size_hint().exact().unwrap();
    while let Some(frame) = body.frame().await {
        assert!(!body.is_end_stream() || body.size_hint().exact() == Some(0));
        let data = frame.unwrap().into_data().unwrap();
        assert!(!data.is_empty() && data.len() <= READ_BYTES);
        left -= data.len() as u64;
        assert_eq!(body.size_hint().exact(), Some(left));
    }
    assert_eq!(left, 0);
    assert!(body.is_end_stream());
}

#[track_caller]
fn check_refused(stand: &Stand, file: &str, expected: &Expect) {
    let parts = vec![text_part("a", "b"), file_part("f", file)];
    for composed in [raw(file), ComposedBody::Multipart(parts)] {
        let error = stand.body(composed).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::BadInput);
        expected.assert_eq(&error.to_string());
    }
}

#[test]
fn files_that_cannot_be_read_are_named() {
    let stand = Stand::new();
    let (gone, folder, pipe) = (stand.path("gone"), stand.path("."), stand.path("pipe"));
    let made = Command::new("mkfifo").arg(&pipe).status().unwrap();
    assert!(made.success());
    let stand = stand
        .brings("gone.txt", gone)
        .brings("folder", folder)
        .brings("pipe", pipe);
    check_refused(
        &stand,
        "gone.txt",
        &expect!["the file `gone.txt` cannot be read: No such file or directory (os error 2)"],
    );
    check_refused(
        &stand,
        "folder",
        &expect!["the file `folder` cannot be read: it is no file"],
    );
    // Nobody waits for whoever may write into it.
    check_refused(
        &stand,
        "pipe",
        &expect!["the file `pipe` cannot be read: it is no file"],
    );
    check_refused(
        &stand,
        "/etc/passwd",
        &expect!["the file `/etc/passwd` cannot be read: the call does not bring it"],
    );
}

#[tokio::test]
async fn a_file_that_shrinks_breaks_its_body() {
    let stand = Stand::new().file("a.txt", vec![b'a'; 2 * READ_BYTES]);
    let (_, mut body) = stand.body(raw("a.txt")).unwrap();
    drop(body.frame().await.unwrap().unwrap());
    let file = File::options()
        .write(true)
        .open(stand.path("a.txt"))
        .unwrap();
    file.set_len(1).unwrap();
    let mut error = None;
    while let Some(frame) = body.frame().await {
        if let Err(found) = frame {
            error = Some(found.to_string());
            break;
        }
    }
    let expected = "a file became shorter while it was sent";
    assert_eq!(error.as_deref(), Some(expected));
}

#[tokio::test]
async fn of_a_file_that_grows_only_what_was_there_is_sent() {
    let stand = Stand::new().file("a.txt", "first");
    let (_, body) = stand.body(raw("a.txt")).unwrap();
    let mut file = File::options()
        .append(true)
        .open(stand.path("a.txt"))
        .unwrap();
    file.write_all(b" second").unwrap();
    assert_eq!(read(body).await, b"first");
}

/// The most memory that this process has had in use so far.
#[cfg(target_os = "linux")]
fn memory_most() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kibibytes = line.unwrap().trim().trim_end_matches(" kB");
    kibibytes.parse::<u64>().unwrap() * 1024
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn memory_stays_flat_however_long_a_file_is() {
    const LENGTH: u64 = 200 * 1024 * 1024;
    let stand = Stand::new().file("large", "");
    let file = File::options()
        .write(true)
        .open(stand.path("large"))
        .unwrap();
    file.set_len(LENGTH).unwrap();
    let parts = vec![file_part("f", "large")];
    let (_, mut body) = stand.body(ComposedBody::Multipart(parts)).unwrap();
    assert!(LENGTH < body.size_hint().exact().unwrap());
    let before = memory_most();
    let mut sent = 0;
    while let Some(frame) = body.frame().await {
        sent += frame.unwrap().into_data().unwrap().len() as u64;
    }
    assert!(LENGTH < sent);
    let grown = memory_most() - before;
    assert!(grown < 8 * 1024 * 1024, "{grown} bytes more");
}
