//! The file that proves who runs the gateway.

use std::cell::Cell;

use super::*;

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a folder can be made")
}

#[track_caller]
fn open(folder: &Path) -> AdminToken {
    AdminToken::open(folder, |file| panic!("{} is private", file.display())).expect("it is there")
}

fn mode(path: &Path) -> u32 {
    let metadata = fs::metadata(path).expect("it is there");
    metadata.permissions().mode() & 0o777
}

#[test]
fn it_is_made_once_for_its_owner_alone() {
    let parent = folder();
    let folder = parent.path().join("data");
    let token = open(&folder);
    let file = AdminToken::file_in(&folder);
    assert_eq!(mode(&folder), 0o700);
    assert_eq!(mode(&file), 0o600);
    let text = fs::read_to_string(&file).expect("it can be read");
    assert_eq!(
        URL_SAFE_NO_PAD
            .decode(text.trim_end())
            .map(|bytes| bytes.len()),
        Ok(TOKEN_BYTES)
    );
    assert!(token.is(text.trim_end().as_bytes()));
    assert!(open(&folder).is(text.trim_end().as_bytes()));
    let left: Vec<_> = fs::read_dir(&folder).expect("it is there").collect();
    assert_eq!(left.len(), 2, "the token and .gitignore: {left:?}");
}

#[test]
fn only_the_whole_token_is_the_token() {
    let folder = folder();
    let token = open(folder.path());
    let text = token.0.expose().to_owned();
    for wrong in [
        "",
        "x",
        text.get(1..).expect("it is longer"),
        text.get(..42).expect("it is longer"),
        &format!("{text}x"),
        &text.to_uppercase(),
    ] {
        assert!(!token.is(wrong.as_bytes()), "{wrong}");
    }
}

#[test]
fn two_folders_have_two_tokens() {
    let (one, other) = (folder(), folder());
    let text = open(one.path()).0.expose().to_owned();
    assert!(!open(other.path()).is(text.as_bytes()));
}

#[test]
fn a_file_that_others_could_read_is_closed_to_them_and_told_of() {
    let folder = folder();
    drop(open(folder.path()));
    let file = AdminToken::file_in(folder.path());
    for open in [0o644, 0o640, 0o602] {
        fs::set_permissions(&file, Permissions::from_mode(open)).expect("it is ours");
        let told = Cell::new(0);
        AdminToken::open(folder.path(), |_| told.set(told.get() + 1)).expect("it is there");
        assert_eq!((told.get(), mode(&file)), (1, 0o600), "{open:o}");
    }
}

#[test]
fn whatever_else_stands_in_the_file_is_no_token() {
    let folder = folder();
    let file = AdminToken::file_in(folder.path());
    for text in [
        "",
        "\n",
        "short",
        &"ä".repeat(43),
        &format!("{} x", "a".repeat(43)),
    ] {
        fs::write(&file, text).expect("it can be written");
        let error = AdminToken::open(folder.path(), |_| {}).expect_err("it is none");
        assert_eq!(error.kind(), ErrorKind::InvalidData, "{text}");
    }
}

#[test]
fn nobody_sees_it_by_mistake() {
    let folder = folder();
    assert_eq!(format!("{:?}", open(folder.path())), "AdminToken(…)");
}
