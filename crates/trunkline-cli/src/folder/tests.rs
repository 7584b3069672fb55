//! What the working folder holds.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use trunkline::Environment;

use super::{Folder, connector_files};
use crate::exit::Exit;

fn write(root: &Path, name: &str, text: &str) {
    let path = root.join(name);
    fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    fs::write(path, text).expect("written");
}

#[test]
fn everything_is_found_beside_the_settings_file() {
    let root = tempfile::tempdir().expect("a folder");
    write(
        root.path(),
        "trunkline.toml",
        "[server]\nlisten = \"127.0.0.1:4567\"",
    );
    write(root.path(), ".env", "A_KEY=from-env\nB_KEY=from-env");
    write(root.path(), ".env.local", "A_KEY=from-local");
    let folder = Folder::open(Some(&root.path().join("trunkline.toml"))).expect("it is there");
    let environment = Environment::new([("C_KEY".to_owned(), "from-process".to_owned())]);
    let (config, _) = folder.config(&environment, Vec::new()).expect("settings");
    assert_eq!(config.server.listen.to_string(), "127.0.0.1:4567");
    let secrets = folder.secrets(&environment).expect("secrets");
    let found = |name| {
        secrets
            .find(name)
            .map(|found| (found.secret.expose().to_owned(), found.place))
            .ok()
    };
    let some = |value: &str, place: &str| Some((value.to_owned(), place.to_owned()));
    assert_eq!(found("A_KEY"), some("from-local", ".env.local"));
    assert_eq!(found("B_KEY"), some("from-env", ".env"));
    assert_eq!(found("C_KEY"), some("from-process", "the environment"));
    assert_eq!(folder.connectors_dir(), root.path().join("connectors"));
}

#[test]
fn arguments_win_over_the_file() {
    let root = tempfile::tempdir().expect("a folder");
    write(
        root.path(),
        "my.toml",
        "[server]\nlisten = \"127.0.0.1:4567\"",
    );
    let folder = Folder::open(Some(&root.path().join("my.toml"))).expect("it is there");
    let arguments = vec![("server.listen", "127.0.0.1:9".to_owned())];
    let (config, _) = folder
        .config(&Environment::default(), arguments)
        .expect("settings");
    assert_eq!(config.server.listen.to_string(), "127.0.0.1:9");
}

#[test]
fn a_settings_file_that_was_named_must_be_there() {
    let failure = Folder::open(Some(Path::new("/nowhere/trunkline.toml"))).expect_err("no file");
    assert_eq!(failure.exit, Exit::Usage);
    assert_eq!(
        failure.complaints[0].message,
        "there is no settings file `/nowhere/trunkline.toml`"
    );
}

#[test]
fn a_broken_connector_of_ones_own_is_named_with_its_place() {
    let root = tempfile::tempdir().expect("a folder");
    write(root.path(), "trunkline.toml", "");
    write(
        root.path(),
        "connectors/acme/connector.toml",
        "schema = 1\nconector = 2",
    );
    write(root.path(), "connectors/.hidden/connector.toml", "nonsense");
    write(root.path(), "connectors/README.md", "not a connector");
    let folder = Folder::open(Some(&root.path().join("trunkline.toml"))).expect("it is there");
    let failure = folder.catalog().expect_err("a problem");
    let place = format!("{}/connectors/acme/connector.toml:", root.path().display());
    assert!(
        failure
            .complaints
            .iter()
            .all(|complaint| complaint.message.starts_with(&place)),
        "{failure:?}"
    );
}

#[test]
fn a_folder_without_any_connector_file_is_no_connector() {
    let root = tempfile::tempdir().expect("a folder");
    write(root.path(), "trunkline.toml", "");
    write(root.path(), "connectors/notes/README.md", "not a connector");
    write(root.path(), "connectors/old/operations/a.txt", "neither");
    let folder = Folder::open(Some(&root.path().join("trunkline.toml"))).expect("it is there");
    let own = folder.own_connectors().expect("nothing is wrong");
    assert!(own.is_empty(), "{own:?}");
    write(root.path(), "connectors/acme/operations/a.toml", "wrong");
    let failure = folder.catalog().expect_err("a problem");
    assert!(
        failure.complaints[0].message.contains("connectors/acme"),
        "{failure:?}"
    );
}

#[test]
fn only_regular_files_are_a_connectors() {
    let root = tempfile::tempdir().expect("a folder");
    let path = |name: &str| root.path().join(name);
    write(root.path(), "connector.toml", "a");
    write(root.path(), "operations/a.toml", "b");
    fs::create_dir_all(path("operations/folder.toml")).expect("a folder");
    symlink(path("operations/a.toml"), path("operations/link.toml")).expect("a link");
    symlink(path("nowhere"), path("operations/broken.toml")).expect("a link");
    let pipe = path("operations/pipe.toml");
    let made = Command::new("mkfifo").arg(&pipe).status();
    assert!(made.expect("there is `mkfifo`").success());
    let found: Vec<String> = connector_files(root.path())
        .expect("files")
        .into_iter()
        .map(|file| file.text)
        .collect();
    assert_eq!(found, ["a", "b", "b"]);
}
