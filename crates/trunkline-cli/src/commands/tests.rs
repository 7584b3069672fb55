//! Whole commands inside this process, answered by the sandbox.

use std::io::{BufRead as _, BufReader, ErrorKind, Write as _};
use std::net::TcpListener;
use std::process::Command;
use std::thread;

use clap::Parser as _;
use expect_test::{Expect, expect};
use serde_json::Value;
use tempfile::TempDir;
use trunkline::Environment;

use super::{Context, finish};
use crate::arguments::Arguments;
use crate::printer::{Look, Printer};

/// A key that must never be seen.
const CANARY: &str = "sk-proj-canary-canary-canary-canary";

/// Exit status, standard output and standard error of a command.
fn run(words: &[&str], variables: &[(&str, &str)]) -> (u8, String, String) {
    let (printer, out, err) = Printer::captured(Look::Plain);
    let exit = run_with(printer, words, variables);
    (exit, out.text(), err.text())
}

fn run_with(printer: Printer, words: &[&str], variables: &[(&str, &str)]) -> u8 {
    let words = std::iter::once("trunkline").chain(words.iter().copied());
    let arguments = Arguments::try_parse_from(words).expect("arguments");
    let owned = variables
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let mut context = Context {
        environment: Environment::new(owned),
        printer,
    };
    finish(arguments.command, &mut context).code()
}

/// Everything that a command says, exit status first.
#[track_caller]
fn check(words: &[&str], variables: &[(&str, &str)], expected: Expect) {
    let (exit, out, err) = run(words, variables);
    assert!(
        !format!("{out}{err}").contains("canary-canary"),
        "{out}{err}"
    );
    expected.assert_eq(&format!("exit {exit}\n{out}---\n{err}"));
}

#[test]
fn a_call_gives_the_body_as_it_came() {
    let (exit, out, err) = run(&["call", "slack", "auth.test", "--sandbox"], &[]);
    assert_eq!((exit, err.as_str()), (0, ""));
    let body: Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!(body["ok"], true);
}

#[test]
fn an_upstreams_error_is_explained_below_its_body() {
    let words = [
        "call",
        "anthropic",
        "models.list",
        "--sandbox",
        "Trunkline-Sandbox:401",
    ];
    check(
        &words,
        &[],
        expect![[r#"
        exit 4
        {
          "type": "error",
          "error": {
            "type": "authentication_error",
            "message": "invalid x-api-key"
          },
          "request_id": "req_011gHXhNTS6xM6vwjBNo3yAo"
        }---
        error: Anthropic answered 401 Unauthorized: Anthropic does not accept the key
          said: invalid x-api-key (`authentication_error`)
          whose move: yours: keys, settings or network
          hint: check that ANTHROPIC_API_KEY is whole, not expired and not revoked
          docs: https://platform.claude.com/docs/en/api/errors
    "#]],
    );
}

#[test]
fn classes_of_errors_have_exit_statuses_of_their_own() {
    let exit = |fault: &str| {
        let fault = format!("Trunkline-Sandbox:{fault}");
        run(
            &[
                "call",
                "openai",
                "models.list",
                "--sandbox",
                "Trunkline-Retry:off",
                &fault,
            ],
            &[],
        )
        .0
    };
    assert_eq!((exit("401"), exit("429"), exit("503")), (4, 5, 6));
    let cut = [
        "call",
        "openai",
        "models.list",
        "--sandbox",
        "Trunkline-Retry:off",
        "Trunkline-Sandbox:cut",
    ];
    assert_eq!(run(&cut, &[]).0, 6);
}

#[test]
fn head_and_body_are_printed_as_a_gateway_caller_gets_them() {
    let (exit, out, _) = run(
        &["call", "openai", "models.list", "--sandbox", "--include"],
        &[],
    );
    let (head, body) = out.split_once("\n\n").expect("head and body");
    assert_eq!(exit, 0);
    assert!(
        head.starts_with("HTTP/1.1 200 OK\ncontent-type: application/json\n"),
        "{head}"
    );
    assert!(
        head.contains("\ntrunkline-call-id: call_") && head.ends_with("\ntrunkline-attempts: 1"),
        "{head}"
    );
    assert!(serde_json::from_str::<Value>(body).is_ok(), "{body}");
}

#[test]
fn a_dry_run_shows_the_request_without_its_key() {
    let words = [
        "call",
        "openai",
        "embeddings.create",
        "model=m",
        "input=x",
        "X-Trace:7",
        "--dry-run",
    ];
    check(
        &words,
        &[("OPENAI_API_KEY", CANARY)],
        expect![[r#"
        exit 0
        POST https://api.openai.com/v1/embeddings
        authorization: Bearer …
        content-type: application/json
        host: api.openai.com
        x-trace: 7

        {"model":"m","input":"x"}
        ---
    "#]],
    );
}

#[test]
fn a_dry_run_of_the_sandbox_shows_where_the_api_is() {
    let words = [
        "call",
        "twilio",
        "messages.list",
        "Trunkline-Sandbox:429",
        "--sandbox",
        "--dry-run",
    ];
    check(
        &words,
        &[("TWILIO_AUTH_TOKEN", CANARY)],
        expect![[r#"
            exit 0
            GET https://api.twilio.com/2010-04-01/Accounts/…/Messages.json
            authorization: Basic …
            host: api.twilio.com
            ---
        "#]],
    );
}

#[test]
fn a_method_in_small_letters_is_told_apart_from_an_operation() {
    check(
        &["call", "openai", "get", "/v1/models"],
        &[],
        expect![[r#"
            exit 2
            ---
            error: `get` before a path is no operation
              hint: write GET in capitals
        "#]],
    );
    assert!(
        run(&["call", "openai", "gett", "/v1/models"], &[])
            .2
            .contains("`/v1/models`")
    );
}

#[test]
fn a_missing_key_is_named_with_the_page_that_gives_one() {
    check(
        &["call", "openai", "models.list", "--dry-run"],
        &[],
        expect![[r#"
        exit 2
        ---
        error: OpenAI cannot be called: `OPENAI_API_KEY` is not set
          hint: put `OPENAI_API_KEY=…` into `.env` or the environment; get one at https://platform.openai.com/api-keys
    "#]],
    );
    let exposed = [("NEXT_PUBLIC_OPENAI_API_KEY", CANARY)];
    check(
        &["call", "openai", "models.list"],
        &exposed,
        expect![[r#"
        exit 2
        ---
        error: OpenAI cannot be called: `OPENAI_API_KEY` is not set, and `NEXT_PUBLIC_OPENAI_API_KEY` in the environment is a name that front-end bundlers publish to every visitor
          hint: rename `NEXT_PUBLIC_OPENAI_API_KEY` to `OPENAI_API_KEY`; if it was ever published, replace the key at https://platform.openai.com/api-keys
    "#]],
    );
}

#[test]
fn faults_are_for_the_sandbox_only() {
    let words = ["call", "openai", "models.list", "Trunkline-Sandbox:429"];
    check(
        &words,
        &[("OPENAI_API_KEY", CANARY)],
        expect![[r#"
        exit 2
        ---
        error: `Trunkline-Sandbox` is for the sandbox, and an API would answer this call
          hint: add `--sandbox`, or leave the header out
    "#]],
    );
}

#[test]
fn each_event_of_a_stream_is_a_line() {
    let words = [
        "call",
        "openai",
        "chat.completions.create",
        "model=gpt-5.4-mini",
        "messages[0][role]=user",
        "messages[0][content]=Hello",
        "stream:=true",
        "--sandbox",
        "--output",
        "ndjson",
    ];
    let (exit, out, err) = run(&words, &[]);
    assert_eq!((exit, err.as_str()), (0, ""));
    assert!(2 < out.lines().count());
    for line in out.lines() {
        assert!(
            line.starts_with("{\"id\"") && serde_json::from_str::<Value>(line).is_ok(),
            "{line}"
        );
    }
}

/// One page after another of the sandbox's customers.
const PAGES: [&str; 6] = [
    "call",
    "stripe",
    "customers.list",
    "limit=2",
    "--all",
    "--sandbox",
];

#[test]
fn a_list_that_cannot_be_written_says_where_to_go_on() {
    let (_, first_page, _) = run(
        &[&PAGES[..4], &["--max-pages=1", "--sandbox"]].concat(),
        &[],
    );
    let (_, whole, _) = run(&PAGES, &[]);
    assert!(first_page.len() < whole.len());
    let cursor = first_page.lines().last().expect("a record");
    let cursor: Value = serde_json::from_str(cursor).expect("JSON");
    let cursor = cursor["id"].as_str().expect("an id");
    let (printer, err) = Printer::with_room(first_page.len() + 1, ErrorKind::StorageFull);
    assert_eq!(run_with(printer, &PAGES, &[]), 2);
    let expected = format!(
        "error: standard output cannot be written\n  caused by: no storage space\n  \
         came before: 1 page, 2 records\n  \
         go on: add `--from-cursor {cursor}`; the records of the last page come again\n"
    );
    assert_eq!(err.text(), expected);
}

#[test]
fn a_reader_that_has_had_enough_of_a_list_is_told_nothing() {
    let (printer, err) = Printer::with_room(10, ErrorKind::BrokenPipe);
    assert_eq!(run_with(printer, &PAGES, &[]), 0);
    assert_eq!(err.text(), "");
}

/// A settings file that has OpenAI answer so, once.
fn answering(answer: &'static str) -> (TempDir, String) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a connection");
        let mut lines = BufReader::new(&stream).lines();
        while lines
            .next()
            .is_some_and(|line| line.is_ok_and(|line| !line.is_empty()))
        {}
        drop(stream.write_all(answer.as_bytes()));
    });
    let folder = tempfile::tempdir().expect("a folder");
    let settings = folder.path().join("trunkline.toml");
    let text = format!(
        "egress.allow = [\"127.0.0.1/32\"]\nconnectors.openai.base_url = \"http://{address}\"\n"
    );
    std::fs::write(&settings, text).expect("written");
    let settings = settings.display().to_string();
    (folder, settings)
}

#[test]
fn an_answer_that_leads_elsewhere_is_an_error() {
    let (_folder, settings) = answering(
        "HTTP/1.1 302 Found\r\nlocation: https://login.example/sso?ticket=canary-canary\r\n\
         content-length: 0\r\nconnection: close\r\n\r\n",
    );
    check(
        &["call", "openai", "models.list", "--config", &settings],
        &[("OPENAI_API_KEY", CANARY)],
        expect![[r#"
            exit 6
            ---
            error: OpenAI answered 302 Found
              hint: `location` points to `https://login.example/sso`, which is not followed
        "#]],
    );
}

#[test]
fn what_is_internal_is_not_fetched() {
    assert_eq!(run(&["fetch", "http://127.0.0.1:1/"], &[]).0, 7);
    assert_eq!(run(&["fetch", "http://localhost/"], &[]).0, 7);
    assert_eq!(
        run(
            &["fetch", "http://169.254.169.254/"],
            &[("TRUNKLINE_EGRESS_ALLOW", "0.0.0.0/0")]
        )
        .0,
        7
    );
    assert_eq!(run(&["fetch", "ftp://example.com/"], &[]).0, 2);
    assert_eq!(run(&["fetch", "example"], &[]).0, 2);
}

#[test]
fn lists_are_json_where_json_is_asked_for() {
    let is_json = |words: &[&str]| {
        let (exit, out, err) = run(words, &[]);
        assert_eq!((exit, err.as_str()), (0, ""), "{words:?}");
        assert!(
            serde_json::from_str::<Value>(&out).is_ok(),
            "{words:?}: {out}"
        );
        assert_ne!(run(&words[..words.len() - 1], &[]).1, out, "{words:?}");
    };
    is_json(&["connectors", "list", "--json"]);
    is_json(&["connectors", "show", "twilio", "--json"]);
    is_json(&["connectors", "test", "slack", "--json"]);
    is_json(&["operations", "stripe", "--json"]);
    is_json(&["explain", "stripe", "402", "--json"]);
    is_json(&["config", "show", "--json"]);
    is_json(&["doctor", "--json"]);
}

/// What is said of words that are no arguments.
#[track_caller]
fn check_arguments(words: &[&str], expected: Expect) {
    let words = std::iter::once("trunkline").chain(words.iter().copied());
    let err = Arguments::try_parse_from(words).expect_err("no arguments");
    assert_eq!(err.exit_code(), 2);
    let text = err.to_string();
    expected.assert_eq(text.lines().next().unwrap_or_default());
}

#[test]
fn options_say_what_they_take() {
    let list = ["call", "stripe", "customers.list"];
    check_arguments(
        &[&list[..], &["--max-pages", "0"]].concat(),
        expect!["error: invalid value '0' for '--max-pages <N>': allowed is a whole number from 1"],
    );
    check_arguments(
        &[&list[..], &["--max-pages", "x"]].concat(),
        expect!["error: invalid value 'x' for '--max-pages <N>': allowed is a whole number from 1"],
    );
    check_arguments(
        &[&list[..], &["--items", "data"]].concat(),
        expect![
            "error: invalid value 'data' for '--items <POINTER>': allowed is a JSON Pointer such as `/data`, or nothing for the whole body"
        ],
    );
    check_arguments(
        &[&list[..], &["--items", "/a~2b"]].concat(),
        expect![
            "error: invalid value '/a~2b' for '--items <POINTER>': allowed is a JSON Pointer such as `/data`, or nothing for the whole body"
        ],
    );
    for value in ["/a~1b/c~0d", ""] {
        let words = ["trunkline", "call", "a", "b", "--items", value];
        assert!(Arguments::try_parse_from(words).is_ok(), "{value}");
    }
}

#[test]
fn settings_that_were_named_must_be_there_for_every_command() {
    for words in [
        &["connectors", "list"][..],
        &["connectors", "new", "acme"],
        &["connectors", "import", "openapi", "acme.json"],
        &["connectors", "show", "stripe"],
        &["connectors", "check"],
        &["connectors", "test"],
        &["connectors", "drift"],
        &["operations", "stripe"],
        &["explain", "stripe", "429"],
        &["config", "show"],
        &["doctor"],
        &["fetch", "https://example.com/"],
        &["call", "stripe", "customers.list"],
    ] {
        let words = [words, &["--config", "nowhere/trunkline.toml"]].concat();
        let (exit, out, err) = run(&words, &[]);
        assert_eq!((exit, out.as_str()), (2, ""), "{words:?}");
        assert!(
            err.starts_with("error: there is no settings file `nowhere/trunkline.toml`"),
            "{words:?}: {err}"
        );
    }
}

/// A folder with a settings file, and its path as the option takes it.
fn home(settings: &str) -> (TempDir, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("trunkline.toml");
    std::fs::write(&file, settings).expect("written");
    (folder, format!("--config={}", file.display()))
}

#[test]
fn what_settings_say_otherwise_is_shown_beside_the_connectors_own() {
    let (_folder, config) = home(
        "connectors.stripe.base_url = \"https://proxy.example/stripe/\"\n\
         connectors.stripe.secrets.secret_key = \"MY_KEY\"\n",
    );
    let (exit, out, err) = run(&["connectors", "show", "stripe", &config], &[]);
    assert_eq!((exit, err.as_str()), (0, ""));
    let lines: Vec<&str> = out.lines().take(6).collect();
    expect![[r#"
        Stripe (`stripe`, built-in)
          address:     https://proxy.example/stripe/, by the settings (its own: https://api.stripe.com/)
          docs:        https://docs.stripe.com/api
          checked:     2026-11-22
          credential:  Authorization: Bearer MY_KEY
          secret:      MY_KEY, by the settings (its own: STRIPE_SECRET_KEY), from https://dashboard.stripe.com/apikeys"#]].assert_eq(&lines.join("\n"));
    let (_, out, _) = run(&["connectors", "show", "stripe", "--json", &config], &[]);
    let shown: Value = serde_json::from_str(&out).expect("JSON");
    let pick = |pointer: &str| shown.pointer(pointer).and_then(Value::as_str);
    expect![[r#"
        [
            Some(
                "https://proxy.example/stripe/",
            ),
            Some(
                "https://api.stripe.com/",
            ),
            Some(
                "MY_KEY",
            ),
            Some(
                "STRIPE_SECRET_KEY",
            ),
        ]
    "#]]
    .assert_debug_eq(&[
        pick("/base_url"),
        pick("/own_base_url"),
        pick("/secrets/0/env"),
        pick("/secrets/0/own_env"),
    ]);
}

/// What a command says, with the folder's path left out.
fn said_in(folder: &TempDir, words: &[&str]) -> String {
    let (exit, out, err) = run(words, &[]);
    let path = format!("{}/", folder.path().display());
    format!("exit {exit}\n{out}---\n{err}").replace(&path, "")
}

#[test]
fn a_connectors_folder_is_found_where_people_point() {
    let (folder, config) = home("");
    let path = |name: &str| folder.path().join(name).display().to_string();
    let check = |path: &str| said_in(&folder, &["connectors", "check", path]);
    let none = said_in(&folder, &["connectors", "check", &config]);
    expect![[r#"
        exit 2
        ---
        error: there is no folder `connectors` to check
          hint: name a connector's folder, or begin one with `trunkline connectors new NAME`
    "#]]
    .assert_eq(&none);
    let begun = said_in(&folder, &["connectors", "new", "acme", &config]);
    assert!(begun.starts_with("exit 0\n"), "{begun}");
    let good = "exit 0\n1 connector: no problem\n---\n";
    assert_eq!(said_in(&folder, &["connectors", "check", &config]), good);
    assert_eq!(check(&path("")), good);
    assert_eq!(check(&path("connectors")), good);
    assert_eq!(check(&path("connectors/acme")), good);
    assert_eq!(check(&path("connectors/acme/operations/items.toml")), good);
    std::fs::create_dir_all(path("connectors/notes")).expect("a folder");
    assert_eq!(check(&path("connectors")), good);
    std::fs::remove_file(path("connectors/acme/connector.toml")).expect("removed");
    expect![[r#"
        exit 2
        ---
        error: `connectors/acme` has no `connector.toml`
          hint: name a folder with a `connector.toml`, or a folder of such folders
    "#]]
    .assert_eq(&check(&path("connectors/acme")));
    expect![[r#"
        exit 2
        ---
        error: `connectors/notes` has no `connector.toml`
          hint: name a folder with a `connector.toml`, or a folder of such folders
    "#]]
    .assert_eq(&check(&path("connectors/notes")));
}

#[test]
fn a_long_name_does_not_push_the_others_away() {
    let (folder, config) = home("");
    said_in(&folder, &["connectors", "new", "acme", &config]);
    let file = folder.path().join("connectors/acme/operations/items.toml");
    let text = std::fs::read_to_string(&file).expect("it is there");
    let long = "x".repeat(5_000);
    let text = text.replace(
        "limit = {",
        &format!("{long} = {{ type = \"string\" }}\nlimit = {{"),
    );
    std::fs::write(&file, text).expect("written");
    let said = said_in(&folder, &["operations", "acme", "items.list", &config]);
    let line = said.lines().find(|line| line.contains("limit"));
    let line = line.expect("it is listed");
    assert!(line.len() < 100 && said.contains(&long), "{line}");
}

const DOCUMENT: &str = r#"{
    "openapi": "3.1.0",
    "info": { "title": "Acme" },
    "servers": [{ "url": "https://api.acme.example" }],
    "paths": { "/things": { "get": { "operationId": "listThings" } } }
}"#;

#[test]
fn an_import_replaces_connectors_only() {
    let (folder, config) = home("");
    let path = |name: &str| folder.path().join(name).display().to_string();
    let document = path("acme.json");
    std::fs::write(&document, DOCUMENT).expect("written");
    let import = |more: &[&str]| {
        let words = ["connectors", "import", "openapi", &document, &config];
        said_in(&folder, &[&words[..], more].concat())
    };
    std::fs::create_dir_all(path("connectors/acme")).expect("a folder");
    std::fs::write(path("connectors/acme/photos.txt"), "mine").expect("written");
    expect![[r#"
        exit 2
        ---
        error: acme.json: `connectors/acme` is there and is no connector: it has no `connector.toml`
          hint: choose another name with `--name`, or move it away first
    "#]]
    .assert_eq(&import(&["--force"]));
    assert_eq!(import(&[]), import(&["--force"]));
    assert!(std::fs::exists(path("connectors/acme/photos.txt")).expect("a folder"));
    assert!(import(&["--name=other"]).starts_with("exit 0\n"));
    expect![[r#"
        exit 2
        ---
        error: acme.json: `connectors/other` is there already
          hint: choose another name with `--name`, or replace it with `--force`
    "#]]
    .assert_eq(&import(&["--name=other"]));
    assert!(import(&["--name=other", "--force"]).starts_with("exit 0\n"));
}

#[test]
fn a_pipe_among_documents_is_left_alone() {
    let (folder, config) = home("");
    let path = |name: &str| folder.path().join(name).display().to_string();
    std::fs::create_dir(path("documents")).expect("a folder");
    std::fs::write(path("documents/acme.json"), DOCUMENT).expect("written");
    let made = Command::new("mkfifo")
        .arg(path("documents/pipe.yaml"))
        .status();
    assert!(made.expect("there is `mkfifo`").success());
    let documents = path("documents");
    let words = [
        "connectors",
        "import",
        "openapi",
        "--dir",
        &documents,
        &config,
    ];
    let said = said_in(&folder, &words);
    assert!(
        said.ends_with("1 connector written, 0 documents not imported\n"),
        "{said}"
    );
}

#[test]
fn what_is_no_file_leads_to_one() {
    let (_folder, config) = home("");
    let address = "https://acme.example/openapi.json?key=canary-canary";
    check(
        &["connectors", "import", "openapi", address, &config],
        &[],
        expect![[r#"
            exit 2
            ---
            error: a document is read from a file, not from an address
              hint: download it first
        "#]],
    );
    check(
        &["connectors", "import", "openapi", "-", &config],
        &[],
        expect![[r#"
            exit 2
            ---
            error: `-` is no file
              hint: for standard input write `/dev/stdin`
        "#]],
    );
}

#[test]
fn every_built_in_connector_can_be_looked_at() {
    for name in trunkline_connector::builtin::names() {
        for words in [["connectors", "show"], ["connectors", "test"]] {
            let (exit, out, err) = run(&[words[0], words[1], name.as_str()], &[]);
            assert_eq!((exit, err.as_str()), (0, ""), "{name}");
            assert!(out.contains(name.as_str()), "{out}");
        }
        assert_eq!(run(&["operations", name.as_str()], &[]).0, 0, "{name}");
    }
}

#[test]
fn operations_can_be_looked_at_one_by_one() {
    let names = |words: &[&str]| -> Vec<String> {
        let (exit, out, err) = run(words, &[]);
        assert_eq!((exit, err.as_str()), (0, ""), "{words:?}");
        let operations: Vec<Value> = serde_json::from_str(&out).unwrap();
        let names = operations.iter().map(|one| one["name"].to_string());
        names.collect()
    };
    assert_eq!(
        names(&["operations", "stripe", "customers.list", "--json"]),
        [r#""customers.list""#]
    );
    let below = names(&["operations", "stripe", "customers", "--json"]);
    assert!(1 < below.len());
    assert!(
        below.iter().all(|name| name.starts_with("\"customers.")),
        "{below:?}"
    );
    let (_, out, _) = run(&["operations", "github", "issues.list_for_repo"], &[]);
    assert!(
        out.contains("; in what order: `created`, `updated` or `comments`"),
        "{out}"
    );
}

#[test]
fn unknown_names_lead_to_known_ones() {
    check(
        &["operations", "strpe"],
        &[],
        expect![[r#"
            exit 2
            ---
            error: there is no connector `strpe`
              hint: did you mean `stripe`? list them with `trunkline connectors list`
        "#]],
    );
    check(
        &["call", "stripe", "customers.lst", "--sandbox"],
        &[],
        expect![[r#"
        exit 2
        ---
        error: `stripe` has no operation `customers.lst`
          hint: did you mean `customers.list`? all of them: `trunkline operations stripe`
    "#]],
    );
    check(
        &["operations", "supabase", "table.select"],
        &[],
        expect![[r#"
            exit 2
            ---
            error: `supabase` has no operation `table.select`
              hint: did you mean `from.select`? all of them: `trunkline operations supabase`
        "#]],
    );
    check(
        &[
            "call",
            "twilio",
            "messages.create",
            "to=+15558675310",
            "--sandbox",
        ],
        &[],
        expect![[r#"
            exit 2
            ---
            error: `messages.create` cannot be called so: `To` is missing: the receiver's number, with `+` and the country (was it meant by `to`?)
              hint: see its inputs with `trunkline operations twilio messages.create`
        "#]],
    );
    check(
        &["explain", "openai", "invalid_api_kee"],
        &[],
        expect![[r#"
        exit 2
        ---
        error: nothing is known of `invalid_api_kee`
          hint: did you mean `invalid_api_key`?
    "#]],
    );
}

#[test]
fn a_vendors_code_means_what_it_is_sent_with() {
    let (exit, out, _) = run(&["explain", "openai", "invalid_api_key"], &[]);
    assert_eq!((exit, out), (0, run(&["explain", "openai", "401"], &[]).1));
}

#[test]
fn shells_get_their_completions() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let (exit, out, _) = run(&["completions", shell], &[]);
        assert!(exit == 0 && out.contains("connectors"), "{shell}");
    }
}
