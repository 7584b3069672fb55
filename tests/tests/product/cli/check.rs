//! `connectors check` on files with deliberate mistakes: each is found, named and placed.

use std::fs;
use std::path::Path;

use trunkline_tests::{Finished, Product, repository};

use crate::connectors;

/// Checks the plain connector as it was changed.
#[track_caller]
fn check_with(connector: &str, operations: &str, example: Option<&str>) -> Finished {
    let product = connectors::put(Product::bare(), connector, operations);
    if let Some(example) = example {
        product.write("connectors/plain/examples/case.toml", example);
    }
    product.run(&["connectors", "check", "connectors/plain"])
}

/// The line, counted from 1, on which a text first stands.
#[track_caller]
fn line_of(text: &str, wanted: &str) -> usize {
    let found = text.lines().position(|line| line.contains(wanted));
    found.unwrap_or_else(|| panic!("no `{wanted}` in\n{text}")) + 1
}

/// Asserts that a mistake is named with its place and everything else that is expected.
#[track_caller]
fn check_mistake(old: &str, new: &str, expected: &[&str]) {
    let good = connectors::plain("");
    assert!(good.contains(old), "no `{old}` to replace");
    let bad = good.replacen(old, new, 1);
    let finished = check_with(&bad, connectors::PLAIN_OPERATIONS, None);
    assert_eq!(
        finished.status,
        Some(2),
        "{new}\n{}{}",
        finished.stdout,
        finished.stderr
    );
    let place = format!(
        "connector.toml:{}:",
        line_of(&bad, new.lines().next().unwrap_or_default())
    );
    assert!(
        finished.stderr.contains(&place),
        "no `{place}` for {new}\n{}",
        finished.stderr
    );
    finished.complains(expected);
}

#[test]
fn the_plain_connector_is_in_order() {
    check_with(&connectors::plain(""), connectors::PLAIN_OPERATIONS, None).expect(0);
}

#[test]
fn the_built_in_connectors_are_in_order() {
    let folder = repository().join("connectors");
    let paths: Vec<String> = connectors::builtin()
        .iter()
        .map(|name| folder.join(name).display().to_string())
        .collect();
    let mut arguments = vec!["connectors", "check"];
    arguments.extend(paths.iter().map(String::as_str));
    Product::bare().run(&arguments).expect(0);
}

#[test]
fn the_built_in_connectors_show_everything_that_they_say() {
    let product = Product::bare();
    product
        .run(&["connectors", "check", "--coverage"])
        .expect(0)
        .prints(&[": no problem"]);
}

#[test]
fn what_no_example_shows_is_named() {
    let product = Product::bare();
    copy(
        &repository().join("connectors/openai"),
        &product.path().join("connectors/openai"),
    );
    let check = ["connectors", "check", "connectors/openai", "--coverage"];
    product.run(&check).expect(0);
    // The only one that shows this rule.
    let example = "connectors/openai/examples/error_409.toml";
    fs::remove_file(product.path().join(example)).expect("it is there");
    product.run(&check[..3]).expect(0);
    product.run(&check).expect(2).complains(&[
        "openai: no example reaches `outcomes[",
        "another request changed the same thing at the same time",
        "1 gap",
    ]);
}

/// Copies a folder with all that is in it.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder can be made");
    for entry in fs::read_dir(from).expect("a folder can be read").flatten() {
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        if from.is_dir() {
            copy(&from, &to);
        } else {
            fs::copy(from, to).expect("a file can be copied");
        }
    }
}

#[test]
fn keys_that_do_not_exist_are_named_with_the_likely_one() {
    check_mistake("title =", "titel =", &["titel` is not known", "`title`"]);
    check_mistake("[auth]", "[authh]", &["authh` is not known", "`auth`"]);
    check_mistake(
        "obtain =",
        "obtian =",
        &["obtian` is not known", "`obtain`"],
    );
}

#[test]
fn keys_that_are_missing_are_named() {
    let good = connectors::plain("");
    for key in ["base_url", "docs", "checked", "env", "kind", "operation"] {
        let line = good
            .lines()
            .find(|line| line.starts_with(&format!("{key} =")))
            .expect("it is there");
        let finished = check_with(
            &good.replacen(line, "", 1),
            connectors::PLAIN_OPERATIONS,
            None,
        );
        finished
            .expect(2)
            .complains(&["connector.toml:", &format!("{key}` is missing")]);
    }
}

#[test]
fn values_of_the_wrong_kind_are_named_with_what_is_allowed() {
    check_mistake("schema = 1", "schema = \"1\"", &["schema"]);
    check_mistake("schema = 1", "schema = 2", &["1"]);
    check_mistake("name = \"plain\"", "name = \"Plain API\"", &["`Plain API`"]);
    check_mistake("title = \"Plain\"", "title = 7", &["title"]);
    check_mistake(
        "base_url = \"https://plain.example\"",
        "base_url = \"plain.example\"",
        &["https://"],
    );
    check_mistake(
        "checked = \"2026-11-01\"",
        "checked = \"yesterday\"",
        &["yesterday"],
    );
    check_mistake(
        "env = \"PLAIN_TOKEN\"",
        "env = \"plain-token\"",
        &["plain-token"],
    );
    check_mistake(
        "kind = \"bearer\"",
        "kind = \"bearerr\"",
        &["`bearerr`", "basic"],
    );
    check_mistake(
        "secret = \"token\"",
        "secret = \"tokn\"",
        &["`tokn`", "token"],
    );
    check_mistake(
        "operation = \"things.list\"",
        "operation = \"things.lst\"",
        &["`things.lst`", "things.list"],
    );
}

#[test]
fn a_name_other_than_the_folders_is_named() {
    check_mistake(
        "name = \"plain\"",
        "name = \"other\"",
        &["`other`", "plain"],
    );
}

#[test]
fn syntax_is_placed() {
    check_mistake("title = \"Plain\"", "title = \"Plain", &[]);
    check_mistake("[auth]", "[auth", &[]);
}

#[test]
fn a_public_name_for_a_secret_is_refused() {
    for name in ["NEXT_PUBLIC_PLAIN_TOKEN", "VITE_PLAIN_TOKEN"] {
        check_mistake(
            "env = \"PLAIN_TOKEN\"",
            &format!("env = \"{name}\""),
            &[name],
        );
    }
}

#[test]
fn a_pattern_that_its_own_example_does_not_match_is_named() {
    let mistakes = [
        ("^other-", "example =", "does not match"),
        ("^(", "pattern =", "no regular expression"),
    ];
    for (pattern, marked, expected) in mistakes {
        let line = format!("pattern = '{pattern}'\nexample =");
        let bad = connectors::plain("").replace("example =", &line);
        let place = format!("connector.toml:{}:", line_of(&bad, marked));
        let finished = check_with(&bad, connectors::PLAIN_OPERATIONS, None);
        finished.expect(2).complains(&[expected, &place]);
    }
}

/// Asserts that something at the end of the file is found wrong on the line of `marked`.
#[track_caller]
fn check_addition(more: &str, marked: &str, expected: &[&str]) {
    let bad = connectors::plain(more);
    let finished = check_with(&bad, connectors::PLAIN_OPERATIONS, None);
    assert_eq!(finished.status, Some(2), "{more}\n{}", finished.stderr);
    let place = format!("connector.toml:{}:", line_of(&bad, marked));
    assert!(
        finished.stderr.contains(&place),
        "no `{place}` for {more}\n{}",
        finished.stderr
    );
    finished.complains(expected);
}

#[test]
fn a_wait_that_its_own_sample_refutes_is_named() {
    let wait = |unit: &str, sample: &str, expect: &str| {
        format!(
            "[[waits]]\nfrom = {{ header = \"x-reset\" }}\nunit = \"{unit}\"\nsample = \"{sample}\"\nexpect = \"{expect}\"\n"
        )
    };
    check_addition(
        &wait("delta_seconds", "12", "12ms"),
        "expect = \"12ms\"",
        &["12"],
    );
    check_addition(
        &wait("delta_seconds", "soon", "12s"),
        "sample = \"soon\"",
        &["soon"],
    );
    check_addition(
        &wait("fortnights", "1", "336h"),
        "unit = \"fortnights\"",
        &["`fortnights`", "delta_seconds"],
    );
    check_addition(
        &wait("delta_seconds", "12", "12"),
        "expect = \"12\"",
        &["`30s`"],
    );
    let capture = wait("delta_seconds", "12", "12s") + "capture = 'reset='\n";
    check_addition(&capture, "capture = 'reset='", &["group"]);
    let both = wait("delta_seconds", "12", "12s").replace("{ header", "{ body = \"/a\", header");
    check_addition(&both, "from = {", &["header", "body"]);
}

#[test]
fn an_outcome_that_can_never_be_is_named() {
    let rule =
        |test: &str| format!("[[outcomes]]\n{test}\nclass = \"retry\"\nmessage = \"it failed\"\n");
    check_addition(
        &rule("statuses = [\"6xx\"]"),
        "statuses = [\"6xx\"]",
        &["6xx"],
    );
    check_addition(&rule("statuses = [429]"), "statuses = [429]", &["429"]);
    check_addition(
        &rule("body = { pointer = \"error\", is = { present = true } }"),
        "pointer = \"error\"",
        &["error", "/"],
    );
    let no_class = rule("").replace("class = \"retry\"", "class = \"again\"");
    check_addition(&no_class, "class = \"again\"", &["`again`", "retry"]);
}

#[test]
fn paging_without_a_stop_is_named() {
    let more = "[pagination.after]\nkind = \"cursor\"\nitems = \"/data\"\ncursor = \"/next\"\ninput = \"after\"\n";
    check_addition(more, "[pagination.after]", &["stop"]);
}

#[track_caller]
fn check_operation_mistake(old: &str, new: &str, expected: &[&str]) {
    assert!(
        connectors::PLAIN_OPERATIONS.contains(old),
        "no `{old}` to replace"
    );
    let bad = connectors::PLAIN_OPERATIONS.replacen(old, new, 1);
    let finished = check_with(&connectors::plain(""), &bad, None);
    assert_eq!(finished.status, Some(2), "{new}\n{}", finished.stderr);
    let first = new.lines().next().unwrap_or_default();
    let place = format!("things.toml:{}:", line_of(&bad, first));
    assert!(
        finished.stderr.contains(&place),
        "no `{place}` for {new}\n{}",
        finished.stderr
    );
    finished.complains(expected);
}

#[test]
fn mistakes_in_operations_are_placed() {
    check_operation_mistake(
        "method = \"GET\"",
        "method = \"FETCH\"",
        &["`FETCH`", "GET"],
    );
    check_operation_mistake("path = \"/things\"", "path = \"things\"", &["things"]);
    check_operation_mistake("path = \"/things\"", "path = \"/things/{id}\"", &["`{id}`"]);
    check_operation_mistake("path = \"/things\"", "path = \"/things/{id\"", &["{id"]);
    check_operation_mistake("body = \"json\"", "body = \"xml\"", &["`xml`", "json"]);
    check_operation_mistake(
        "type = \"string\"",
        "type = \"text\"",
        &["`text`", "string"],
    );
    check_operation_mistake("required = [\"/id\"]", "required = [\"id\"]", &["id"]);
    check_operation_mistake(
        "name = \"things.create\"",
        "name = \"things.list\" # twice",
        &[],
    );
    check_operation_mistake(
        "body = \"json\"",
        "pagination = \"pages\"\nbody = \"json\"",
        &[],
    );
}

#[test]
fn mistakes_in_examples_are_placed() {
    let (_, good) = connectors::PLAIN_EXAMPLES[0];
    let mistakes = [
        ("\"things.list\"", "\"things.lst\"", "things.lst"),
        ("status = 200", "status = 700", "700"),
        ("json = '[]'", "json = '['", "JSON"),
        ("class = \"ok\"", "class = \"fine\"", "fine"),
        ("class = \"ok\"", "class = \"retry\"", "ok"),
        ("title =", "titel =", "titel"),
    ];
    for (old, new, expected) in mistakes {
        let bad = good.replace(old, new);
        let finished = check_with(
            &connectors::plain(""),
            connectors::PLAIN_OPERATIONS,
            Some(&bad),
        );
        assert_eq!(finished.status, Some(2), "{new}: {}", finished.stdout);
        finished.complains(&[expected, &format!("case.toml:{}:", line_of(&bad, new))]);
    }
}

#[test]
fn every_mistake_of_every_file_is_told_at_once() {
    let bad = connectors::plain("")
        .replace("title =", "titel =")
        .replace("\"bearer\"", "\"bear\"");
    let operations = connectors::PLAIN_OPERATIONS.replace("\"json\"", "\"xml\"");
    let finished = check_with(&bad, &operations, None).expect(2);
    finished.complains(&[
        "titel",
        "`bear`",
        "`xml`",
        "connector.toml:",
        "things.toml:",
    ]);
}

#[test]
fn a_folder_that_is_none_is_named() {
    let product = Product::bare();
    product
        .run(&["connectors", "check", "nowhere"])
        .expect(2)
        .complains(&["nowhere"]);
}

#[test]
fn a_gateway_does_not_start_with_a_bad_connector() {
    let product = Product::new()
        .file(
            "connectors/plain/connector.toml",
            &connectors::plain("").replace("title =", "titel ="),
        )
        .file(
            "connectors/plain/operations/things.toml",
            connectors::PLAIN_OPERATIONS,
        );
    product
        .run(&["serve"])
        .expect(2)
        .complains(&["connector.toml:", "titel"]);
}
