//! Whole commands inside this process, answered by the sandbox.

use clap::Parser as _;
use expect_test::{Expect, expect};
use serde_json::Value;
use trunkline::Environment;

use super::{Context, finish};
use crate::arguments::Arguments;
use crate::printer::{Look, Printer};

/// A key that must never be seen.
const CANARY: &str = "sk-proj-canary-canary-canary-canary";

/// Exit status, standard output and standard error of a command.
fn run(words: &[&str], variables: &[(&str, &str)]) -> (u8, String, String) {
    let words = std::iter::once("trunkline").chain(words.iter().copied());
    let arguments = Arguments::try_parse_from(words).expect("arguments");
    let owned = variables
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let (printer, out, err) = Printer::captured(Look::Plain);
    let mut context = Context {
        environment: Environment::new(owned),
        printer,
    };
    let exit = finish(arguments.command, &mut context);
    (exit.code(), out.text(), err.text())
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
          hint: did you mean `stripe`?
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
