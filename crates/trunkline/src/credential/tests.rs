//! What becomes of a connector's secrets: which way is taken, what is missing, and what shows.

use expect_test::{Expect, expect};
use serde_json::json;
use trunkline_connector::document::Source;

use super::*;

/// A connector with these tables, whose only operation has this path.
fn connector(tables: &str, path: &str) -> Connector {
    let text = format!(
        "schema = 1\n[connector]\nname = \"up\"\ntitle = \"Up\"\nbase_url = \"https://up.example\"\n\
         docs = \"https://up.example\"\nchecked = \"2026-11-22\"\n{tables}\n\
         [verify]\noperation = \"things.list\"\n"
    );
    let operations = format!(
        "[[operations]]\nname = \"things.list\"\ntitle = \"List\"\nmethod = \"GET\"\n\
         path = \"{path}\"\ndocs = \"https://up.example\"\n"
    );
    let source = |name: &str, text: String| Source {
        name: name.to_owned(),
        text,
    };
    let files = vec![
        source("up/connector.toml", text),
        source("up/operations/things.toml", operations),
    ];
    Connector::load(files).unwrap()
}

/// The tables of secrets that may be left out.
fn secrets(names: &[&str]) -> String {
    let table = |name: &&str| {
        format!(
            "[secrets.{name}]\nenv = \"UP_{}\"\nneed = \"optional\"\nexample = \"made-up\"\n\
             obtain = \"https://up.example\"\n",
            name.to_uppercase()
        )
    };
    names.iter().map(table).collect()
}

fn credential(connector: &Connector, known: &[(&str, &str)]) -> Credential {
    let find = |place: usize| {
        let name = &connector.secrets[place].name;
        let found = known.iter().find(|(known, _)| known == name);
        Ok(found.map(|(_, value)| Secret::new(*value)))
    };
    let values = Values::find(connector, find).unwrap();
    Credential::new(connector, values, &Tokening::Asked(None))
}

/// How it is proven who calls, in one line.
fn shown(proof: Result<&Proof, &SecretError>) -> String {
    let headers = |headers: &[(HeaderName, HeaderValue)]| {
        let lines = headers.iter().map(|(name, value)| {
            let text = value.to_str().unwrap();
            assert!(value.is_sensitive(), "{name}: {text}");
            format!("{name}: {text}")
        });
        lines.collect::<Vec<_>>().join(", ")
    };
    match proof {
        Ok(Proof::Headers(set)) if set.is_empty() => "nothing".to_owned(),
        Ok(Proof::Headers(set)) => headers(set),
        Ok(Proof::Query { name, value }) => format!("?{name}={}", value.expose()),
        Ok(Proof::Hmac(_)) => "a signature".to_owned(),
        Ok(Proof::Sigv4(aws)) => {
            let session = aws.session_token.as_ref().map(Secret::expose);
            let (id, key) = (aws.access_key.expose(), aws.secret_key.expose());
            format!("{id} {key} {session:?} {} {}", aws.region, aws.service)
        }
        Ok(Proof::Token(_)) => "a token".to_owned(),
        Err(error) => error.to_string(),
    }
}

#[track_caller]
fn check(auth: &str, known: &[(&str, &str)], expected: Expect) {
    let all = ["hook", "id", "key", "token"];
    let is_named = |name: &&&str| {
        let (plain, braced, part) = (
            format!("\"{name}\""),
            format!("{{{name}}}"),
            format!("{{{name}."),
        );
        auth.contains(&plain) || auth.contains(&braced) || auth.contains(&part)
    };
    let named: Vec<&str> = all.iter().filter(is_named).copied().collect();
    let tables = format!("{}[auth]\n{auth}", secrets(&named));
    let connector = connector(&tables, "/things");
    expected.assert_eq(&shown(credential(&connector, known).proof()));
}

const BOTH: [(&str, &str); 2] = [("id", "id-1"), ("key", "key-1")];

#[test]
fn every_kind_proves_in_its_own_way() {
    check(
        "kind = \"bearer\"\nsecret = \"key\"",
        &BOTH,
        expect!["authorization: Bearer key-1"],
    );
    check(
        "kind = \"bearer\"\nsecret = \"key\"\nword = \"Token\"",
        &BOTH,
        expect!["authorization: Token key-1"],
    );
    check(
        "kind = \"header\"\nname = \"X-Key\"\nsecret = \"key\"",
        &BOTH,
        expect!["x-key: key-1"],
    );
    check(
        "kind = \"basic\"\nusername = \"id\"\npassword = \"key\"",
        &BOTH,
        expect!["authorization: Basic aWQtMTprZXktMQ=="],
    );
    check(
        "kind = \"headers\"\nset = { apikey = \"{key}\", authorization = \"Bearer {key}\", x-id = \"id={id};v=1\" }",
        &BOTH,
        expect!["apikey: key-1, authorization: Bearer key-1, x-id: id=id-1;v=1"],
    );
    check(
        "kind = \"query\"\nname = \"api_key\"\nsecret = \"key\"",
        &BOTH,
        expect!["?api_key=key-1"],
    );
    check(
        "kind = \"hmac\"\nsecret = \"key\"",
        &BOTH,
        expect!["a signature"],
    );
    check("kind = \"none\"", &[], expect!["nothing"]);
    check(
        "kind = \"client_credentials\"\ntoken_url = \"https://up.example/token\"\nclient_id = \"id\"\nclient_secret = \"key\"",
        &BOTH,
        expect!["a token"],
    );
}

#[test]
fn a_session_token_is_sent_where_it_is_known() {
    let aws = "kind = \"aws_sigv4\"\naccess_key = \"id\"\nsecret_key = \"key\"\n\
               session_token = \"token\"\nregion = \"eu-central-1\"\nservice = \"s3\"";
    check(aws, &BOTH, expect!["id-1 key-1 None eu-central-1 s3"]);
    let with = [BOTH[0], BOTH[1], ("token", "session-1")];
    check(
        aws,
        &with,
        expect![[r#"id-1 key-1 Some("session-1") eu-central-1 s3"#]],
    );
    let of_secret = "kind = \"aws_sigv4\"\naccess_key = \"id\"\nsecret_key = \"key\"\n\
                     region = \"{token}\"\nservice = \"s3\"";
    check(of_secret, &BOTH, expect!["`UP_TOKEN` is not set"]);
    let with = [BOTH[0], BOTH[1], ("token", "us-east-1")];
    check(of_secret, &with, expect!["id-1 key-1 None us-east-1 s3"]);
}

#[test]
fn what_is_missing_is_named() {
    let basic = "kind = \"basic\"\nusername = \"id\"\npassword = \"key\"";
    check(basic, &BOTH[..1], expect!["`UP_KEY` is not set"]);
    check(basic, &BOTH[1..], expect!["`UP_ID` is not set"]);
    let set = "kind = \"headers\"\nset = { x-a = \"{id}\", x-b = \"{key}\" }";
    check(set, &BOTH[..1], expect!["`UP_KEY` is not set"]);
    let client = "kind = \"client_credentials\"\ntoken_url = \"https://up.example/token\"\nclient_id = \"id\"\nclient_secret = \"key\"";
    check(client, &BOTH[..1], expect!["`UP_KEY` is not set"]);
}

#[test]
fn the_first_way_whose_secrets_are_all_there_is_taken() {
    let ways = "kind = \"any_of\"\n[[auth.of]]\nkind = \"basic\"\nusername = \"id\"\npassword = \"key\"\n\
                [[auth.of]]\nkind = \"bearer\"\nsecret = \"token\"\n\
                [[auth.of]]\nkind = \"header\"\nname = \"x-key\"\nsecret = \"key\"";
    let token = ("token", "token-1");
    check(
        ways,
        &[BOTH[0], BOTH[1], token],
        expect!["authorization: Basic aWQtMTprZXktMQ=="],
    );
    check(
        ways,
        &[BOTH[1], token],
        expect!["authorization: Bearer token-1"],
    );
    check(ways, &[BOTH[1]], expect!["x-key: key-1"]);
    // Without any, the first says what it lacks.
    check(ways, &[BOTH[0]], expect!["`UP_KEY` is not set"]);
    check(ways, &[], expect!["`UP_ID` is not set"]);
    let or_nothing = "kind = \"any_of\"\n[[auth.of]]\nkind = \"bearer\"\nsecret = \"key\"\n\
                      [[auth.of]]\nkind = \"none\"";
    check(or_nothing, &[], expect!["nothing"]);
    check(
        or_nothing,
        &[BOTH[1]],
        expect!["authorization: Bearer key-1"],
    );
}

/// A key file as a way among others, and what is said of the wrong ones.
#[test]
fn a_key_file_that_cannot_be_used_is_refused_with_the_reason() {
    let auth = "kind = \"service_account\"\nsecret = \"key\"\nscopes = [\"a\"]\n\
                token_url = \"https://oauth2.googleapis.com/token\"";
    let file = |key: &str| json!({"client_email": "a@b.example", "private_key": key}).to_string();
    let good = file(include_str!("grant/tests/rsa-2048.pem"));
    check(auth, &[("key", &good)], expect!["a token"]);
    let weak = file(include_str!("grant/tests/rsa-1024.pem"));
    check(
        auth,
        &[("key", &weak)],
        expect![
            "the key file in `UP_KEY` cannot be used: its `private_key` is no RSA key of 2048 to 4096 bits"
        ],
    );
    check(
        auth,
        &[("key", "{\"type\": \"service_account\"}")],
        expect![
            "the key file in `UP_KEY` cannot be used: it is no JSON with `client_email` and `private_key`"
        ],
    );
}

#[test]
fn a_secret_that_no_header_can_carry_is_named() {
    let auth = "kind = \"header\"\nname = \"x-key\"\nsecret = \"key\"";
    check(
        auth,
        &[("key", "a\nb")],
        expect![
            "`UP_KEY` in what was found holds a line break or another character that cannot be sent"
        ],
    );
}

/// A connector whose paths have two parts of one secret.
fn hooks() -> Connector {
    let tables = "[secrets.hook]\nenv = \"UP_HOOK\"\nneed = \"optional\"\n\
                  pattern = '^https://up\\.example/(?<id>\\d+)/(?<token>[\\w-]+)$'\n\
                  example = \"https://up.example/7/made-up\"\nobtain = \"https://up.example\"\n\
                  [auth]\nkind = \"none\"";
    connector(tables, "/hooks/{hook.id}/{hook.token}")
}

#[track_caller]
fn check_part(known: &[(&str, &str)], name: &str, expected: Expect) {
    let hooks = hooks();
    let part = credential(&hooks, known).part(&hooks, name);
    expected.assert_eq(&part.unwrap_or_else(|error| error.to_string()));
}

#[test]
fn parts_of_a_secret_are_values_of_their_own() {
    let right = [("hook", "https://up.example/1234/to-ken_1")];
    check_part(&right, "hook.id", expect!["1234"]);
    check_part(&right, "hook.token", expect!["to-ken_1"]);
    check_part(&right, "hook", expect!["https://up.example/1234/to-ken_1"]);
    check_part(&[], "hook.id", expect!["`UP_HOOK` is not set"]);
    let misshapen = [("hook", "https://up.example/1234/to/ken")];
    check_part(
        &misshapen,
        "hook.id",
        expect!["`UP_HOOK` has not the form that it must have"],
    );
    // Whoever takes it as a whole takes it as it is.
    check_part(
        &misshapen,
        "hook",
        expect!["https://up.example/1234/to/ken"],
    );
    check_part(&right, "other", expect!["`` is not set"]);
}

#[test]
fn every_text_in_which_a_secret_could_be_seen_is_known() {
    let hooks = hooks();
    let credential = credential(&hooks, &[("hook", "https://up.example/1234/to-ken_1")]);
    let traces = credential.traces(&hooks);
    let traces: Vec<&str> = traces.iter().map(Secret::expose).collect();
    for trace in [
        "https%3A%2F%2Fup.example%2F1234%2Fto-ken_1",
        "https://up.example/1234/to-ken_1",
        "to%2Dken%5F1",
        "to-ken_1",
        "1234",
    ] {
        assert!(traces.contains(&trace), "{trace}: {traces:?}");
    }
    // Three characters stand in other words too.
    let short = self::credential(&hooks, &[("hook", "https://up.example/123/abc")]);
    assert!(short.traces(&hooks).iter().all(|it| it.expose().len() > 3));
    assert!(self::credential(&hooks, &[]).traces(&hooks).is_empty());
}

#[test]
fn a_credential_shows_nothing_of_itself() {
    let values = [
        ("id", "id-canary-0001"),
        ("key", "key-canary-0002"),
        ("token", "token-canary-0003"),
    ];
    let encoded = STANDARD.encode("id-canary-0001:key-canary-0002");
    for auth in [
        "kind = \"bearer\"\nsecret = \"key\"",
        "kind = \"basic\"\nusername = \"id\"\npassword = \"key\"",
        "kind = \"headers\"\nset = { x-a = \"{id}\", x-b = \"{key}\" }",
        "kind = \"query\"\nname = \"q\"\nsecret = \"key\"",
        "kind = \"hmac\"\nsecret = \"key\"\nheaders = { x-id = \"{id}\" }",
        "kind = \"client_credentials\"\ntoken_url = \"https://up.example/token\"\nclient_id = \"id\"\nclient_secret = \"key\"",
        "kind = \"aws_sigv4\"\naccess_key = \"id\"\nsecret_key = \"key\"\nsession_token = \"token\"\nregion = \"r\"\nservice = \"s\"",
    ] {
        let named: Vec<&str> = ["id", "key", "token"]
            .into_iter()
            .filter(|name| {
                auth.contains(&format!("\"{name}\"")) || auth.contains(&format!("{{{name}}}"))
            })
            .collect();
        let connector = connector(&format!("{}[auth]\n{auth}", secrets(&named)), "/things");
        let shown = format!("{:?}", credential(&connector, &values));
        assert!(
            !shown.contains("canary") && !shown.contains(&encoded),
            "{shown}"
        );
    }
}
