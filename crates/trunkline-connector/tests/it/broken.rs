//! Every deliberate mistake in `tests/broken` is reported at its place, and nothing else is.
//!
//! A mistake's line ends in `#~`. What is said of it stands in the folder's `problems.txt`;
//! `UPDATE_EXPECT=1` writes it anew.

use std::collections::BTreeSet;
use std::fs;

use expect_test::{expect, expect_file};
use http::Method;
use trunkline_connector::document::{Problem, Source};
use trunkline_connector::format::{HostCredential, OperationAuth};
use trunkline_connector::{Auth, BaseUrl, Connector};

use crate::{folder, sources};

/// Lines with a mistake, by file.
fn marked(sources: &[Source]) -> BTreeSet<(String, usize)> {
    let mut lines = BTreeSet::new();
    for source in sources {
        for (index, line) in source.text.lines().enumerate() {
            if line.contains("#~") {
                lines.insert((source.name.clone(), index + 1));
            }
        }
    }
    lines
}

#[track_caller]
fn check(name: &str) {
    let folder = folder("broken").join(name);
    let sources = sources(&folder);
    let marked = marked(&sources);
    let problems = Connector::load(sources).unwrap_err();
    let shown: Vec<String> = problems.iter().map(Problem::to_string).collect();
    expect_file![folder.join("problems.txt")].assert_eq(&format!("{}\n", shown.join("\n")));
    let reported: BTreeSet<_> = problems
        .into_iter()
        .map(|problem| (problem.file, problem.line))
        .collect();
    assert_eq!(reported, marked, "left: reported, right: marked with `#~`");
}

#[test]
fn the_sample_has_no_mistake() {
    let connector = Connector::load(sources(&folder("acme")));
    let connector = connector.unwrap_or_else(|problems| panic!("{problems:#?}"));
    assert_eq!(connector.operations.len(), 2);
    assert_eq!(connector.examples().len(), 3);
}

/// The sample that uses what the other leaves out.
fn globex() -> Connector {
    Connector::load(sources(&folder("globex"))).unwrap()
}

#[test]
fn addresses_and_variables_become_what_they_say() {
    let globex = globex();
    assert_eq!(globex.warnings, []);
    let BaseUrl::Found(found) = &globex.base_url else {
        panic!("{:?}", globex.base_url);
    };
    let variables: Vec<&str> = found.variables().collect();
    assert_eq!(variables, ["GLOBEX_URL", "NEXT_PUBLIC_GLOBEX_URL"]);
    assert_eq!(globex.hosts[1].credential, HostCredential::Withhold);
    let variables: Vec<&str> = globex.secrets[2].variables().collect();
    let expected = ["GLOBEX_KEY", "GLOBEX_SERVICE_KEY", "NEXT_PUBLIC_GLOBEX_KEY"];
    assert_eq!(variables, expected);
}

#[test]
fn the_first_way_whose_secrets_are_known_is_taken() {
    let globex = globex();
    let example = |secret: usize| Some(globex.secrets[secret].example.clone());
    let with_key = |secret: usize| globex.secrets[secret].name == "key";
    let chosen = globex.auth.chosen(with_key);
    let Some(Auth::Headers { set }) = chosen else {
        panic!("{chosen:?}");
    };
    let filled: Vec<String> = set
        .iter()
        .map(|(name, text)| {
            let value = text.fill(|secret, _| example(secret));
            format!("{name}: {}", value.unwrap())
        })
        .collect();
    assert_eq!(filled, ["authorization: Bearer key_1", "apikey: key_1"]);
    assert!(globex.auth.chosen(|_| false).is_none());
}

#[test]
fn parts_of_a_secret_are_values_of_their_own() {
    let globex = globex();
    let example = |secret: usize| Some(globex.secrets[secret].example.clone());
    let part = |name| globex.secret_part(name, example);
    assert_eq!(part("webhook.token").as_deref(), Some("made-up_token"));
    assert_eq!(part("webhook.id").as_deref(), Some("12"));
    assert_eq!(part("key").as_deref(), Some("key_1"));
    let other = |_| Some("of another form".to_owned());
    assert_eq!(globex.secret_part("webhook.id", other), None);
}

#[test]
fn operations_become_what_they_say() {
    let globex = globex();
    let operation = |name| globex.operation(name).unwrap();
    let poll = operation("jobs.begin").poll.as_ref().unwrap();
    assert_eq!(globex.operations[poll.operation].name, "jobs.get");
    assert_eq!(operation("files.send").auth, OperationAuth::None);
    assert!(operation("files.send").path().is_none());
    let schema = operation("things.list").event_schema.as_ref().unwrap();
    assert_eq!(schema.pointer, "/$defs/Event");
    let json = globex.schema(schema).unwrap();
    assert!(json.pointer(&schema.pointer).is_some());
    // Of two documents at one path, the operation that brings none.
    let place = globex.operation_at(&Method::POST, "/graphql").unwrap();
    assert_eq!(globex.operations[place].name, "graphql");
}

#[test]
fn a_credential_in_the_query_is_a_warning() {
    let mut files = sources(&folder("acme"));
    let changed = files[0]
        .text
        .replace("kind = \"header\"", "kind = \"query\"");
    assert_ne!(files[0].text, changed);
    files[0].text = changed;
    let acme = Connector::load(files).unwrap();
    let shown: Vec<String> = acme.warnings.iter().map(Problem::to_string).collect();
    assert_eq!(
        shown,
        [
            "acme/connector.toml:23:8: the credential goes into the query as `x-acme-token`, and \
          addresses end up in logs\n  hint: use another kind if the API knows one"
        ]
    );
}

#[test]
fn limits_that_do_not_hold_are_problems_or_warnings() {
    let mut files = sources(&folder("acme"));
    let original = files[0].text.clone();
    let told = "reset = { header = \"acme-reset\", unit = \"rfc3339\", refill = \"steady\" }\n";
    let expected = "restored = 10\nper = \"20s\"\n";
    files[0].text = original.replace(told, "").replace(expected, "");
    let acme = Connector::load(files.clone()).unwrap();
    let shown: Vec<String> = acme.warnings.iter().map(Problem::to_string).collect();
    expect![[r#"
        acme/connector.toml:85:1: nothing says when the `requests` come back
          hint: allowed: `reset` or `restored_per_s`"#]]
    .assert_eq(&shown.join("\n"));
    files[0].text = original
        .replace("scope = { request = \"/model\" }\n", "")
        .replace("per_path = [\"/accounts/{account}\"]\n", "");
    let problems = Connector::load(files).unwrap_err();
    let shown: Vec<String> = problems.iter().map(Problem::to_string).collect();
    expect![[r#"
        acme/connector.toml:67:1: every refusal holds for everything already
          hint: say in `scope` or `per_path` what has limits of its own, or remove it"#]]
    .assert_eq(&shown.join("\n"));
}

#[test]
fn what_is_no_toml() {
    check("syntax");
}

#[test]
fn what_has_the_wrong_shape() {
    check("shape");
}

#[test]
fn identity_secrets_and_sending() {
    check("identity");
}

#[test]
fn waits_outcomes_and_pages() {
    check("answers");
}

#[test]
fn limits() {
    check("limits");
}

#[test]
fn operations_and_verify() {
    check("operations");
}

#[test]
fn addresses_and_credentials() {
    check("credentials");
}

#[test]
fn inputs_and_bodies() {
    check("bodies");
}

#[test]
fn pages_jobs_and_costs() {
    check("pages");
}

#[test]
fn schemas() {
    check("schemas");
}

#[test]
fn examples() {
    check("examples");
}

#[test]
fn a_folder_without_its_main_file() {
    check("headless");
}

#[test]
fn every_broken_folder_is_checked() {
    let found = fs::read_dir(folder("broken")).unwrap();
    let found: BTreeSet<_> = found.map(|entry| entry.unwrap().file_name()).collect();
    let checked = [
        "answers",
        "bodies",
        "credentials",
        "examples",
        "headless",
        "identity",
        "limits",
        "operations",
        "pages",
        "schemas",
        "shape",
        "syntax",
    ];
    assert_eq!(found, checked.iter().map(Into::into).collect());
}
