//! Every command's contract: what goes to which output, and what the shell is told.

mod call;
mod catalog;
mod check;
mod doctor;
mod import;
mod items;

use trunkline_tests::Product;

#[test]
fn help_is_help_and_not_an_error() {
    let product = Product::bare();
    for arguments in [
        &["--help"][..],
        &["serve", "--help"],
        &["call", "--help"],
        &["connectors", "--help"],
        &["connectors", "check", "--help"],
        &["connectors", "import", "openapi", "--help"],
        &["operations", "--help"],
        &["explain", "--help"],
        &["doctor", "--help"],
        &["fetch", "--help"],
        &["config", "show", "--help"],
        &["completions", "--help"],
    ] {
        let finished = product.run(arguments).expect(0).prints(&["Usage:"]);
        assert!(
            finished.stderr.is_empty(),
            "{arguments:?}: {}",
            finished.stderr
        );
    }
    product.run(&["--version"]).expect(0).prints(&["trunkline"]);
}

#[test]
fn usage_that_is_wrong_is_2_and_says_what_was_meant() {
    let product = Product::bare();
    for (arguments, expected) in [
        (&["serv"][..], "serve"),
        (&["call", "opnai", "models.list"], "openai"),
        (&["call", "openai", "modles.list"], "models.list"),
        (&["operations", "strpe"], "stripe"),
        (&["connectors", "show", "slak"], "slack"),
        (&["connectors", "lst"], "list"),
        (&["serve", "--listn", "x"], "--listen"),
        (&["call", "openai"], "OPERATION"),
        (&["call", "openai", "GET"], "PATH"),
        (
            &["call", "openai", "get", "/v1/models"],
            "write GET in capitals",
        ),
        (&["secrets", "set", "OPENAI_API_KEY"], "not in this version"),
        (&["cache", "purge"], "--all"),
        (&["events", "list"], "not in this version"),
        (&["connectors", "run"], "unrecognized subcommand"),
        (
            &["call", "openai", "models.list", "--timeout", "10"],
            "`10`",
        ),
        (
            &["call", "openai", "models.list", "--output", "xml"],
            "ndjson",
        ),
        (&[], "Usage"),
    ] {
        let finished = product.run(arguments);
        assert_eq!(
            finished.status,
            Some(2),
            "{arguments:?}: {}",
            finished.stderr
        );
        assert!(
            finished.stderr.contains(expected),
            "{arguments:?}: {}",
            finished.stderr
        );
        assert!(
            finished.stdout.is_empty(),
            "{arguments:?}: {}",
            finished.stdout
        );
    }
}

#[test]
fn shells_get_their_completions() {
    let product = Product::bare();
    for shell in ["bash", "zsh", "fish"] {
        product
            .run(&["completions", shell])
            .expect(0)
            .prints(&["trunkline", "connectors"]);
    }
    product.run(&["completions", "tcl"]).expect(2);
}

#[test]
fn settings_are_shown_with_their_place() {
    let product = Product::bare()
        .file(
            "trunkline.toml",
            "[server]\ndrain = \"3s\"\n\n[connectors.openai]\ntimeout = \"9s\"\n",
        )
        .variable("TRUNKLINE_SERVER_THREADS", "1");
    let shown = product.run(&["config", "show", "--json"]).expect(0).json();
    let settings = shown.as_array().expect("a list");
    let find = |key: &str| {
        let found = settings.iter().find(|setting| setting["key"] == key);
        found
            .unwrap_or_else(|| panic!("no `{key}` in {shown:#}"))
            .clone()
    };
    let drain = find("server.drain");
    assert_eq!(drain["value"], "3s");
    assert!(
        drain["from"]
            .as_str()
            .is_some_and(|place| place.contains("trunkline.toml:2")),
        "{drain:#}"
    );
    let threads = find("server.threads");
    assert_eq!(threads["value"].to_string().trim_matches('"'), "1");
    assert!(
        threads["from"]
            .as_str()
            .is_some_and(|place| place.contains("TRUNKLINE_SERVER_THREADS"))
    );
    assert!(
        find("server.body_max")["from"]
            .as_str()
            .is_some_and(|place| place.contains("default"))
    );
    find("connectors.openai.timeout");
    product
        .run(&["config", "show"])
        .expect(0)
        .prints(&["server.drain", "trunkline.toml:2"]);
}

#[test]
fn no_colours_reach_a_file() {
    let product = Product::bare();
    for arguments in [
        &["--help"][..],
        &["connectors", "list"],
        &["explain", "429"],
        &["doctor"],
        &["serv"],
    ] {
        let finished = product.run(arguments);
        let printed = finished.stdout + &finished.stderr;
        assert!(!printed.contains('\u{1b}'), "{arguments:?}: {printed:?}");
    }
}

#[test]
fn whatever_is_typed_it_does_not_panic() {
    let product = Product::bare();
    let long = "x".repeat(100_000);
    let words = [
        "",
        "-",
        "--",
        "\u{202e}",
        "..",
        "a=b=c",
        "[[[[",
        long.as_str(),
        "💥",
        "%00",
        "{}",
    ];
    for word in words {
        for arguments in [
            &[word][..],
            &["call", word, word],
            &["call", "openai", word, word],
            &["call", "openai", "GET", word],
            &["call", "--sandbox", "openai", "models.list", word],
            &["explain", word],
            &["explain", "openai", word],
            &["fetch", word],
            &["operations", word],
            &["connectors", "check", word],
            &["serve", "--listen", word],
            &["serve", "--config", word],
        ] {
            let finished = product.run(arguments);
            let shown: String = word.chars().take(30).collect();
            assert!(
                matches!(finished.status, Some(0 | 2..=8)),
                "{shown}: {:?} {arguments:.100?}",
                finished.status
            );
            assert!(
                !finished.stderr.contains("panicked"),
                "{shown}: {}",
                finished.stderr
            );
        }
    }
}

#[test]
fn words_that_are_no_text_are_a_mistake_of_usage() {
    use std::os::unix::ffi::OsStrExt as _;
    let product = Product::bare();
    let mut command = product.command(&["explain"]);
    command.arg(std::ffi::OsStr::from_bytes(b"\xff\xfe"));
    let output = command.output().expect("it can be started");
    assert_eq!(output.status.code(), Some(2));
}
