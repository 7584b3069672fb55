//! What the working folder holds.

use std::fs;
use std::path::Path;

use trunkline::Environment;

use super::Folder;
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
    let folder = Folder::new(Some(&root.path().join("trunkline.toml")));
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
    let folder = Folder::new(Some(&root.path().join("my.toml")));
    let arguments = vec![("server.listen", "127.0.0.1:9".to_owned())];
    let (config, _) = folder
        .config(&Environment::default(), arguments)
        .expect("settings");
    assert_eq!(config.server.listen.to_string(), "127.0.0.1:9");
}

#[test]
fn a_settings_file_that_was_named_must_be_there() {
    let folder = Folder::new(Some(Path::new("/nowhere/trunkline.toml")));
    let failure = folder
        .config(&Environment::default(), Vec::new())
        .expect_err("no file");
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
    let folder = Folder::new(Some(&root.path().join("trunkline.toml")));
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
