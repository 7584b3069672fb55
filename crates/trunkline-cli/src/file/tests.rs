//! How files on the command line are read.

use std::io::ErrorKind;

use super::read_text;

#[test]
fn a_file_is_read_up_to_its_limit() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("text");
    std::fs::write(&path, "four").expect("written");
    assert_eq!(read_text(&path, 4).expect("text"), "four");
    assert_eq!(
        read_text(&path, 3).expect_err("too large").kind(),
        ErrorKind::FileTooLarge
    );
    let endless = read_text(std::path::Path::new("/dev/zero"), 100).expect_err("endless");
    assert_eq!(endless.kind(), ErrorKind::FileTooLarge);
}
