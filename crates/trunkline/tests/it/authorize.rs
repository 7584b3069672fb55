//! Whose credential goes along, where it goes, and what callers are told when there is none.

use expect_test::{Expect, expect};
use trunkline::{Clock, Error, Trunkline};

use crate::stand::{
    CANARIES, Stand, arrives, catalog, config, get, operation, secrets, settings_of, with_header,
};
use crate::upstream::{Upstream, json};

/// What a caller is told where these are all the secrets there are.
#[track_caller]
fn check_refused(connector: &str, variables: &[(&str, &str)], expected: Expect) {
    let address = "127.0.0.1:9".parse().unwrap();
    let config = config(&settings_of(connector, address, ""));
    let (clock, _) = Clock::manual();
    let catalog = catalog(connector, "");
    let engine = Trunkline::new(config, catalog, &secrets(variables), clock).unwrap();
    let error = engine.plan(get(connector, "/x")).unwrap_err();
    expected.assert_eq(&shown(&error));
}

fn shown(error: &Error) -> String {
    let code = error.kind().code();
    format!("{code}: {error}\n{}", error.hint().unwrap_or("-"))
}

#[test]
fn a_missing_secret_is_named_with_the_place_to_get_it() {
    check_refused(
        "openai",
        &[],
        expect![[r#"
        secret_missing: OpenAI cannot be called: `OPENAI_API_KEY` is not set
        put `OPENAI_API_KEY=…` into `.env` or the environment; get one at https://platform.openai.com/api-keys"#]],
    );
    check_refused(
        "twilio",
        &[("TWILIO_ACCOUNT_SID", "AC1")],
        expect![[r#"
        secret_missing: Twilio cannot be called: `TWILIO_AUTH_TOKEN` is not set
        put `TWILIO_AUTH_TOKEN=…` into `.env` or the environment; get one at https://console.twilio.com"#]],
    );
    check_refused(
        "openai",
        &[("OPENAI_API_KEY", "  ")],
        expect![[r#"
        secret_missing: OpenAI cannot be called: `OPENAI_API_KEY` is not set
        put `OPENAI_API_KEY=…` into `.env` or the environment; get one at https://platform.openai.com/api-keys"#]],
    );
}

#[test]
fn a_secret_under_a_published_name_is_refused() {
    let public = [("NEXT_PUBLIC_OPENAI_API_KEY", "sk-seen-by-all")];
    check_refused(
        "openai",
        &public,
        expect![[r#"
        secret_exposed: OpenAI cannot be called: `OPENAI_API_KEY` is not set, and `NEXT_PUBLIC_OPENAI_API_KEY` in the environment is a name that front-end bundlers publish to every visitor
        rename `NEXT_PUBLIC_OPENAI_API_KEY` to `OPENAI_API_KEY`; if it was ever published, replace the key at https://platform.openai.com/api-keys"#]],
    );
    check_refused(
        "openai",
        &[("VITE_OPENAI_API_KEY", "sk-seen-by-all")],
        expect![[r#"
        secret_exposed: OpenAI cannot be called: `OPENAI_API_KEY` is not set, and `VITE_OPENAI_API_KEY` in the environment is a name that front-end bundlers publish to every visitor
        rename `VITE_OPENAI_API_KEY` to `OPENAI_API_KEY`; if it was ever published, replace the key at https://platform.openai.com/api-keys"#]],
    );
}

#[test]
fn a_secret_that_no_header_can_carry_is_refused() {
    check_refused(
        "openai",
        &[("OPENAI_API_KEY", "sk-a\nb")],
        expect![[r#"
        secret_missing: OpenAI cannot be called: `OPENAI_API_KEY` in the environment holds a line break or another character that cannot be sent
        paste the value again from https://platform.openai.com/api-keys, on one line"#]],
    );
}

#[tokio::test]
async fn a_call_without_its_secret_sends_nothing() {
    let upstream = Upstream::start([]);
    let config = config(&settings_of("openai", upstream.address, ""));
    let (clock, _) = Clock::manual();
    let catalog = catalog("openai", "");
    let engine = Trunkline::new(config, catalog, &secrets(&[]), clock).unwrap();
    let error = engine.call(get("openai", "/v1/models")).await.unwrap_err();
    assert_eq!(
        (error.kind().code(), error.attempts()),
        ("secret_missing", 0)
    );
    assert!(error.call_id().is_some());
    assert_eq!(upstream.connections(), 0);
}

#[tokio::test]
async fn there_is_one_connection_so_far() {
    let upstream = Upstream::start([json(200, "{}")]);
    let stand = Stand::new("acme", upstream.address, "");
    let of = |name: &str| {
        let mut call = get("acme", "/things");
        call.options.connection = Some(name.to_owned());
        call
    };
    let error = stand.run(of("berlin")).await.error();
    expect![[r#"
        unknown_connection: `acme` has no connection `berlin`
        leave the connection out, or say `default`"#]]
    .assert_eq(&shown(&error));
    assert_eq!(stand.run(of("default")).await.summary(), "200 in 1");
    assert_eq!(upstream.requests().len(), 1);
}

#[tokio::test]
async fn unknown_names_are_answered_with_the_closest() {
    let upstream = Upstream::start([]);
    let stand = Stand::new("stripe", upstream.address, "");
    let error = stand.run(get("strip", "/v1")).await.error();
    expect![[r#"
        unknown_connector: there is no connector `strip`
        did you mean `stripe`?"#]]
    .assert_eq(&shown(&error));
    let nothing = serde_json::json!({});
    let error = stand
        .run(operation("stripe", "customers.lst", nothing))
        .await
        .error();
    expect![[r#"
        unknown_operation: `stripe` has no operation `customers.lst`
        did you mean `customers.list`? all of them: `trunkline operations stripe`"#]]
    .assert_eq(&shown(&error));
    let half = serde_json::json!({"amount": "ten"});
    let error = stand
        .run(operation("stripe", "payment_intents.create", half))
        .await
        .error();
    expect![[r#"
        bad_input: `payment_intents.create` cannot be called so: `currency` is missing: three letters, in lower case; `amount` is the text "ten"; it takes a whole number
        see its inputs with `trunkline operations stripe payment_intents.create`"#]].assert_eq(&shown(&error));
    assert_eq!(upstream.connections(), 0);
}

#[tokio::test]
async fn each_kind_of_credential_goes_where_it_belongs() {
    let bearer = arrives("openai", "", get("openai", "/v1/models")).await;
    assert_eq!(
        bearer.header("authorization"),
        Some("Bearer sk-canary-91e6c3-0123456789")
    );
    let own = arrives("acme", "", get("acme", "/things")).await;
    assert_eq!(own.header("x-acme-key"), Some(CANARIES[0].1));
    let basic = arrives("twilio", "", get("twilio", "/2010-04-01/Accounts/ACx.json")).await;
    let pair = "QUNjYTlhN2UwMDExMjIzMzQ0NTU2Njc3ODg5OWFhYmJjYzpjYTlhN2U0NDU1NjY3Nzg4OTkwMDExMjIzMzQ0YWFiYg==";
    assert_eq!(
        basic.header("authorization"),
        Some(format!("Basic {pair}").as_str())
    );
}

#[tokio::test]
async fn a_credential_in_the_path_takes_the_callers_place() {
    for (path, expected) in [
        (
            "/2010-04-01/Accounts/ACmine.json",
            "/2010-04-01/Accounts/{}.json",
        ),
        (
            "/2010-04-01/Accounts/ACmine/Messages.json?To=%2B1&x=ACmine",
            "/2010-04-01/Accounts/{}/Messages.json?To=%2B1&x=ACmine",
        ),
        ("/2010-04-01/Accounts.json", "/2010-04-01/Accounts.json"),
        ("/v1/Accounts/ACmine", "/v1/Accounts/ACmine"),
    ] {
        let request = arrives("twilio", "", get("twilio", path)).await;
        let expected = expected.replace("{}", "ACca9a7e00112233445566778899aabbcc");
        assert_eq!(request.line, format!("GET {expected} HTTP/1.1"));
    }
    let named = operation(
        "twilio",
        "messages.fetch",
        serde_json::json!({"Sid": "SM1"}),
    );
    let request = arrives("twilio", "", named).await;
    let expected =
        "GET /2010-04-01/Accounts/ACca9a7e00112233445566778899aabbcc/Messages/SM1.json HTTP/1.1";
    assert_eq!(request.line, expected);
}

#[tokio::test]
async fn no_credential_of_the_callers_goes_on() {
    let mut call = get("acme", "/things?api_key=mine&x=1");
    for (name, value) in [
        ("authorization", "Bearer mine"),
        ("authorization", "Basic mine"),
        ("proxy-authorization", "Basic mine"),
        ("cookie", "session=mine"),
        ("x-api-key", "mine"),
        ("x-acme-key", "mine"),
        ("trunkline-timeout", "10s"),
        ("x-mine", "stays"),
    ] {
        call = with_header(call, name, value);
    }
    let request = arrives("acme", "", call).await;
    // What no connector declares is part of the request.
    assert_eq!(request.line, "GET /things?api_key=mine&x=1 HTTP/1.1");
    let mut names: Vec<&str> = request
        .headers
        .iter()
        .map(|(name, _)| name.as_str())
        .collect();
    names.sort_unstable();
    assert_eq!(names, ["host", "x-acme-key", "x-mine"]);
}

#[test]
fn settings_that_name_what_does_not_exist_are_refused() {
    let check = |settings: &str, expected: Expect| {
        let config = config(settings);
        let (clock, _) = Clock::manual();
        let catalog = catalog("openai", "");
        let error = Trunkline::new(config, catalog, &secrets(&CANARIES), clock).unwrap_err();
        expected.assert_eq(&shown(&error));
    };
    check(
        "[connectors.opnai]\ntimeout = \"1s\"\n",
        expect![[r#"
        bad_settings: the settings name a connector `opnai` that does not exist
        did you mean `openai`?"#]],
    );
    check(
        "[connectors.openai.secrets]\nkey = \"MY_KEY\"\n",
        expect![[r#"
        bad_settings: `openai` has no secret `key`
        see them with `trunkline connectors show openai`"#]],
    );
    check(
        "[listeners]\nopenaai = \"127.0.0.1:1\"\n",
        expect![[r#"
        bad_settings: the settings name a connector `openaai` that does not exist
        did you mean `openai`?"#]],
    );
}
