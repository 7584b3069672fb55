//! The sample connector with one thing changed. What is wrong in many ways at once stands in
//! `tests/broken`.

use expect_test::{Expect, expect};
use http::Method;

use crate::connector::{Auth, Connector};
use crate::document::{Problem, Source};
use crate::format::{Class, InputPlace};

/// The sample, by file name.
const FILES: [(&str, &str); 5] = [
    (
        "acme/connector.toml",
        include_str!("../../../tests/acme/connector.toml"),
    ),
    (
        "acme/examples/error_429.toml",
        include_str!("../../../tests/acme/examples/error_429.toml"),
    ),
    (
        "acme/examples/list.toml",
        include_str!("../../../tests/acme/examples/list.toml"),
    ),
    (
        "acme/examples/update.toml",
        include_str!("../../../tests/acme/examples/update.toml"),
    ),
    (
        "acme/operations/things.toml",
        include_str!("../../../tests/acme/operations/things.toml"),
    ),
];

/// The sample with `old` replaced wherever it stands.
fn load(changes: &[(&str, &str)]) -> Result<Connector, Vec<Problem>> {
    let source = |(name, text): (&str, &str)| {
        let text = changes
            .iter()
            .fold(text.to_owned(), |text, (old, new)| text.replace(old, new));
        Source {
            name: name.to_owned(),
            text,
        }
    };
    for (old, _) in changes {
        assert!(
            FILES.iter().any(|(_, text)| text.contains(old)),
            "nothing to change: {old}"
        );
    }
    Connector::load(FILES.map(source).into())
}

#[track_caller]
fn check(changes: &[(&str, &str)], expected: Expect) {
    let shown = match load(changes) {
        Ok(_) => "fine\n".to_owned(),
        Err(problems) => {
            let lines: Vec<String> = problems.iter().map(Problem::to_string).collect();
            lines.join("\n") + "\n"
        }
    };
    expected.assert_eq(&shown);
}

#[test]
fn the_sample_becomes_what_it_says() {
    let acme = load(&[]).unwrap();
    assert_eq!(acme.name.as_str(), "acme");
    assert_eq!(acme.secrets[1].env, "ACME_TOKEN");
    assert_eq!(
        acme.auth,
        Auth::Header {
            name: "x-acme-token".parse().unwrap(),
            secret: 1
        }
    );
    assert_eq!(acme.operations[acme.verify.operation].name, "things.list");
    assert_eq!(acme.verify.inputs["limit"], 1);
    assert_eq!(acme.operations[0].pagination, Some(0));
    let update = acme.operation("things.update").unwrap();
    let places: Vec<_> = update
        .inputs
        .iter()
        .map(|input| (input.name.as_str(), input.place))
        .collect();
    assert_eq!(
        places,
        [
            ("acme-mode", InputPlace::Header),
            ("id", InputPlace::Path),
            ("name", InputPlace::Body)
        ]
    );
    let names: Vec<&str> = acme
        .examples()
        .iter()
        .map(|example| example.name.as_str())
        .collect();
    assert_eq!(names, ["error_429", "list", "update"]);
    assert_eq!(acme.examples()[0].class, Class::RateLimited);
}

#[test]
fn requests_are_recognized_by_method_and_path() {
    let acme = load(&[]).unwrap();
    let at = |method, path| acme.operation_at(&method, path);
    assert_eq!(at(Method::GET, "/accounts/a/things"), Some(0));
    assert_eq!(at(Method::POST, "/accounts/a/things/1.json"), Some(1));
    assert_eq!(at(Method::GET, "/accounts/a/things/1.json"), None);
    assert_eq!(at(Method::GET, "/accounts"), None);
}

#[test]
fn the_exact_path_wins_over_a_part() {
    // `things.list` sorts before `things.update`, and matches what both do.
    let acme = load(&[
        (
            "\"/accounts/{account}/things\"",
            "\"/accounts/{account}/{kind}\"",
        ),
        (
            "after = { type",
            "kind = { in = \"path\", type = \"string\", need = \"required\" }\nafter = { type",
        ),
        ("/things/{id}.json\"", "/{id}.json\""),
        ("method = \"POST\"\npath", "method = \"GET\"\npath"),
        ("body = \"json\"\n", ""),
        ("{ limit = 1 }", "{ limit = 1, kind = \"a\" }"),
        ("limit = \"2\"", "limit = \"2\"\nkind = \"a\""),
    ])
    .unwrap();
    assert_eq!(
        acme.operation_at(&Method::GET, "/accounts/a/b.json"),
        Some(1)
    );
    assert_eq!(acme.operation_at(&Method::GET, "/accounts/a/b"), Some(0));
}

#[test]
fn addresses_are_encrypted_or_of_this_machine() {
    let to = |address: &'static str| [("https://api.acme.example", address)];
    check(&to("https://acme.example:8443/api"), expect!["fine\n"]);
    check(&to("http://127.0.0.1:9000"), expect!["fine\n"]);
    check(&to("http://[::1]:9000"), expect!["fine\n"]);
    for address in [
        "http://localhost:9000",
        "http://10.0.0.1",
        "http://[fe80::1]",
    ] {
        let problems = load(&to(address)).unwrap_err();
        assert!(
            problems[0].message.ends_with("has no encryption"),
            "{}",
            problems[0]
        );
    }
    check(
        &to("https://"),
        expect![[r#"
        acme/connector.toml:7:12: `https://` is no address: empty host
    "#]],
    );
}

#[test]
fn a_second_main_file_is_one_too_many() {
    let mut files: Vec<Source> = FILES
        .iter()
        .map(|(name, text)| Source {
            name: (*name).to_owned(),
            text: (*text).to_owned(),
        })
        .collect();
    files.push(Source {
        name: "other/connector.toml".to_owned(),
        text: FILES[0].1.to_owned(),
    });
    let problems = Connector::load(files).unwrap_err();
    assert!(problems.iter().any(|problem| {
        problem.to_string() == "other/connector.toml:1:1: there is already another `connector.toml`"
    }));
}

#[test]
fn no_files_at_all_are_no_connector() {
    let problems = Connector::load(Vec::new()).unwrap_err();
    assert_eq!(
        problems[0].message,
        "the folder has no `connector.toml`, which says who the API is"
    );
}

#[test]
fn what_stands_before_the_folder_is_only_shown() {
    let source = |(name, text): (&str, &str)| Source {
        name: format!("./connectors/{name}"),
        text: text.replace("wait_max = \"20s\"", "wait_max = \"20\""),
    };
    let problems = Connector::load(FILES.map(source).into()).unwrap_err();
    assert_eq!(problems[0].file, "./connectors/acme/connector.toml");
    assert_eq!(problems.len(), 1);
}

#[test]
fn an_unreadable_file_makes_nothing_else_seem_missing() {
    check(
        &[("title = \"List things\"", "titel = \"List things\"")],
        expect![[r#"
            acme/operations/things.toml:1:1: `operations[0].title` is missing
              hint: What it does, in a few words.
            acme/operations/things.toml:3:1: `operations[0].titel` is not known
              hint: did you mean `title`? allowed: `name`, `title`, `method`, `path`, `address`, `docs`, `auth`, `headers`, `upgrade`, `body`, `body_input`, `content_type`, `request_schema`, `repeatable`, `pagination`, `not_paged_with`, `items`, `page_info`, `poll`, `inputs` or 1 others
        "#]],
    );
    check(
        &[("class = \"ok\"", "class = \"okay\"")],
        expect![[r#"
            acme/examples/list.toml:18:9: `reply.class` is `okay`
              hint: did you mean `ok`? allowed: `ok`, `retry`, `rate_limited`, `refresh_auth`, `auth_dead`, `quota_exhausted`, `caller_error` or `provider_down`
            acme/examples/update.toml:19:9: `reply.class` is `okay`
              hint: did you mean `ok`? allowed: `ok`, `retry`, `rate_limited`, `refresh_auth`, `auth_dead`, `quota_exhausted`, `caller_error` or `provider_down`
        "#]],
    );
    check(
        &[("schema = 1", "schema = 2")],
        expect![[r#"
        acme/connector.toml:2:10: `schema` is 2
          hint: allowed: 1 to 1
    "#]],
    );
}

#[test]
fn rules_are_tried_on_the_answers_of_examples() {
    check(
        &[("\"acme-remaining\"", "\"acme-left\"")],
        expect![[r#"
        acme/examples/error_429.toml:19:8: the answer's wait is `1s`, not `20s`
    "#]],
    );
    check(
        &[("one_of = [\"daily\", \"monthly\"]", "present = false")],
        expect![[r#"
            acme/examples/error_429.toml:18:9: the answer means `quota_exhausted` by `outcomes[1]`, not `rate_limited`
        "#]],
    );
    check(
        &[("{ equals = false }", "{ present = false }")],
        expect![[r#"
            acme/examples/list.toml:18:9: the answer means `caller_error` by `outcomes[0]`, not `ok`
            acme/examples/update.toml:19:9: the answer means `caller_error` by `outcomes[0]`, not `ok`
        "#]],
    );
}

#[test]
fn times_of_examples_count_from_their_own_date() {
    let dated = "headers = { date = \"Thu, 01 Jan 2026 00:00:05 GMT\", acme-reset";
    check(
        &[("headers = { acme-reset", dated)],
        expect![[r#"
        acme/examples/error_429.toml:19:8: the answer's wait is `15s`, not `20s`
    "#]],
    );
}

#[test]
fn only_an_error_may_lack_required_inputs() {
    check(
        &[("id = \"1\"\nname = \"one\"", "id = \"1\"")],
        expect![[r#"
        acme/examples/update.toml:4:1: `name` is missing: its new name (`things.update`)
    "#]],
    );
    check(
        &[("[call]\nid = \"1\"\n\n", "")],
        expect![[r#"
        acme/examples/error_429.toml:1:1: `id` is missing: the thing (`things.update`)
    "#]],
    );
}

#[test]
fn a_token_may_be_the_whole_authorization_header() {
    check(
        &[("\"x-acme-token\"\nsecret", "\"Authorization\"\nsecret")],
        expect!["fine\n"],
    );
}
