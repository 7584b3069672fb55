//! How files on the command line are read.

use std::fs::File;
use std::path::Path;

use super::{TextError, read_text};

#[track_caller]
fn assert_too_large(path: &Path, bytes_max: u64) {
    match read_text(path, bytes_max) {
        Err(TextError::TooLarge { bytes_max: named }) => assert_eq!(named, bytes_max),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_file_is_read_up_to_its_limit() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("text");
    std::fs::write(&path, "four").expect("written");
    assert_eq!(read_text(&path, 4).expect("text"), "four");
    assert_too_large(&path, 3);
    assert_too_large(Path::new("/dev/zero"), 100);
    // Nobody has the memory or the time for this one.
    let long = File::create(&path).expect("a file");
    long.set_len(1 << 40).expect("a length");
    assert_too_large(&path, 1 << 39);
}

#[test]
fn what_is_no_text_is_named_by_its_line() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("text");
    for (bytes, expected) in [(&b"a\nb\nc\xff\n\xff"[..], 3), (b"\xff\xfea\0", 1)] {
        std::fs::write(&path, bytes).expect("written");
        match read_text(&path, 100) {
            Err(TextError::NotUtf8 { line }) => assert_eq!(line, expected),
            other => panic!("{other:?}"),
        }
    }
}
