//! The folder that a new connector begins with.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use expect_test::expect;
use trunkline::examples;
use trunkline_connector::document::Source;
use trunkline_connector::{Connector, ConnectorName};

use super::{files, title, write};
use crate::folder;

/// 2026-11-22T00:00:00Z.
fn some_day() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_hours(24 * 20_779)
}

#[track_caller]
fn check(name: &str) {
    let name = name.parse().expect("a name");
    check_files(name, files(name, some_day()));
}

#[track_caller]
fn check_files(name: ConnectorName, mut files: Vec<Source>) -> Arc<Connector> {
    for file in &mut files {
        file.name = format!("{name}/{}", file.name);
    }
    let connector = match Connector::load(files) {
        Ok(connector) => Arc::new(connector),
        Err(problems) => panic!("{problems:#?}"),
    };
    let outcomes = examples::run(&connector).expect("an engine");
    assert_eq!(outcomes.len(), connector.examples().len());
    for outcome in outcomes {
        assert_eq!(outcome.result, Ok(()), "{}", outcome.example);
    }
    connector
}

#[test]
fn what_is_begun_passes_every_check_whatever_its_name() {
    check("acme");
    check("a");
    check("acme-mail-2");
    check("a-b--");
    check("x234567890123456789012345678901");
}

#[test]
fn the_way_of_paging_is_right_once_it_is_taken_into_use() {
    let name = "acme".parse().expect("a name");
    let mut files = files(name, some_day());
    let (before, section) = files[0]
        .text
        .split_once("# [pagination")
        .expect("it is there");
    let (section, after) = section.split_once("\n\n").expect("it ends");
    let section = section.replace("\n# ", "\n");
    files[0].text = format!("{before}[pagination{section}\n\n{after}");
    for line in ["pagination = ", "cursor = "] {
        assert!(files[1].text.contains(&format!("# {line}")));
        files[1].text = files[1].text.replace(&format!("# {line}"), line);
    }
    let connector = check_files(name, files);
    assert_eq!(connector.pagination.len(), 1);
    let list = connector.operation("items.list").expect("it is there");
    assert_eq!(list.pagination, Some(0));
}

#[test]
fn names_and_the_day_are_filled_in() {
    let files = files("acme-mail".parse().expect("a name"), some_day());
    let identity: Vec<&str> = files[0]
        .text
        .lines()
        .filter(|line| line.contains(" = \""))
        .collect();
    expect![[r#"
        name = "acme-mail"
        title = "Acme Mail"
        base_url = "https://api.acme-mail.example"
        docs = "https://docs.acme-mail.example/api"
        checked = "2026-11-22"
        env = "ACME_MAIL_API_KEY"
        example = "acme-mail-made-up-key-for-the-sandbox"
        obtain = "https://acme-mail.example/account/keys"
        # Or `kind = "header"` with a `name`, `kind = "basic"` with `username` and `password`, `kind = "none"`.
        kind = "bearer"
        secret = "api_key"
        from = { header = "retry-after" }
        unit = "delta_seconds"
        sample = "30"
        expect = "30s"
        class = "auth_dead"
        message = "Acme Mail does not accept the key"
        hint = "Check that ACME_MAIL_API_KEY is whole and belongs to the right account"
        docs = "https://docs.acme-mail.example/api/authentication"
        # kind = "cursor"
        # items = "/items"
        # cursor = "/next_cursor"
        # input = "cursor"
        # stop = { empty_at = "/next_cursor" }
        operation = "items.list""#]].assert_eq(&identity.join("\n"));
    assert!(
        files
            .iter()
            .all(|file| !file.text.contains("{title}") && !file.text.contains("{name}"))
    );
    assert_eq!(title("a--b".parse().expect("a name")), "A B");
}

#[test]
fn the_folder_is_written_whole_or_not_at_all() {
    let root = tempfile::tempdir().expect("a folder");
    let target = root.path().join("connectors").join("acme");
    let files = files("acme".parse().expect("a name"), some_day());
    write(&target, &files).expect("written");
    assert_eq!(
        folder::connector_files(&target).expect("files").len(),
        files.len()
    );
    let again = write(&target, &files).expect_err("it is there already");
    assert_eq!(again.kind(), std::io::ErrorKind::DirectoryNotEmpty);
    let left: Vec<_> = std::fs::read_dir(root.path().join("connectors"))
        .expect("a folder")
        .collect();
    assert_eq!(left.len(), 1, "{left:?}");
}
