//! The app's own schemas, from the settings.

use std::io;
use std::path::Path;
use std::sync::Arc;

use expect_test::{Expect, expect};
use trunkline::connector::Connector;
use trunkline::{Call, Catalog, Clock, Config, Environment, Layers, Trunkline, Validate};

use super::stage::{connector, create, drift, told};
use crate::stand::{Stand, acme, get, secrets, settings_of, source};
use crate::upstream::{Act, Upstream, answer, json as answer_json};

const STRICT: &str = r#"{
  "type": "object",
  "required": ["mail"],
  "properties": { "mail": { "type": "string", "format": "email" }, "state": { "enum": ["new", "used"] } }
}"#;

/// The files beside the settings.
fn read(path: &Path) -> io::Result<String> {
    match path.to_str() {
        Some("conf/strict.json") => Ok(STRICT.to_owned()),
        Some("conf/text.json") => Ok("{".to_owned()),
        Some("conf/wrong.json") => Ok(r#"{"type": "strng"}"#.to_owned()),
        Some("conf/abroad.json") => Ok(r#"{"$ref": "https://example.com/x.json"}"#.to_owned()),
        _ => Err(io::ErrorKind::NotFound.into()),
    }
}

fn load(text: &str) -> Config {
    let nothing = Environment::default();
    let layers = Layers {
        file: Some(source("conf/trunkline.toml", text)),
        environment: &nothing,
        arguments: Vec::new(),
    };
    let (config, _) = Config::load(layers).expect("the settings are right");
    config
}

fn setting(operation: &str, file: &str) -> String {
    format!("[connectors.acme.operations.\"{operation}\"]\nschema = \"{file}\"\n")
}

/// What is wrong with these settings when an engine is made of them.
#[track_caller]
fn check_refused(text: &str, expected: Expect) {
    let mut config = load(text);
    let told = if let Err(problems) = config.read_schemas(read) {
        let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
        lines.join("\n")
    } else {
        let catalog = Catalog::of_one(connector());
        let made = Trunkline::new(Arc::new(config), catalog, &secrets(&[]), Clock::system());
        let error = made.map(|_| ()).expect_err("the settings are wrong");
        let hint = error.hint().unwrap_or_default();
        format!("{}: {error}\n  hint: {hint}", error.kind().code())
    };
    expected.assert_eq(&told);
}

#[tokio::test]
async fn the_apps_own_schema_takes_the_place_of_the_connectors() {
    let upstream = Upstream::start([
        answer_json(200, r#"{"mail": "ada@example.com", "state": "new"}"#),
        answer_json(200, r#"{"id": 1, "mail": "ada at home", "state": "lost"}"#),
        answer_json(200, r#"{"id": 1, "mail": "ada at home", "state": "lost"}"#),
    ]);
    let settings =
        settings_of("acme", upstream.address, "") + &setting("things.create", "strict.json");
    let mut config = load(&settings);
    config.read_schemas(read).expect("the schema can be read");
    let stand = Stand::with_config(Arc::new(config), Catalog::of_one(connector()));
    let reply = stand.run(create(Validate::Enforce)).await.reply();
    assert_eq!(reply.status, 200);
    let error = stand.run(create(Validate::Enforce)).await.error();
    expect![[r#"
        schema_broken: `things.create` promises a mail address at `/mail`, and the reply has a text of 11 characters there (and 1 more)
        /mail: expected a mail address, found a text of 11 characters
        /state: expected `new` or `used`, found a text of 4 characters
        2 in all"#]]
    .assert_eq(&told(&error));
    let reply = stand.run(create(Validate::Report)).await.reply();
    reply.body.collect(100).await.unwrap();
    expect![[r#"
        reply /id appeared: no such field -> a whole number, 2
        reply /mail changed: a mail address -> a text, 2
        reply /state changed: `new` or `used` -> a text, 2"#]]
    .assert_eq(&drift(&stand));
}

/// What becomes of an enforced reply where the app has a schema of its own for the operation.
async fn enforced(call: Call, operation: &str, connector: Arc<Connector>, act: Act) -> String {
    let upstream = Upstream::start([act]);
    let settings = settings_of("acme", upstream.address, "") + &setting(operation, "strict.json");
    let mut config = load(&settings);
    config.read_schemas(read).expect("the schema can be read");
    let stand = Stand::with_config(Arc::new(config), Catalog::of_one(connector));
    match stand.run(call).await.outcome {
        Ok(reply) => format!("{}", reply.status.as_u16()),
        Err(error) => format!("{}: {error}", error.kind().code()),
    }
}

#[tokio::test]
async fn a_reply_with_a_schema_of_ones_own_is_json_whatever_the_operation_says() {
    let draw = || {
        let mut call = get("acme", "/things/1.png");
        call.options.validate = Validate::Enforce;
        call
    };
    let enforced = async |act| enforced(draw(), "things.draw", connector(), act).await;
    let good = r#"{"mail": "ada@example.com"}"#;
    assert_eq!(enforced(answer_json(200, good)).await, "200");
    expect!["schema_broken: `things.draw` promises a mail address at `/mail`, and the reply has a text of 2 characters there"]
        .assert_eq(&enforced(answer_json(200, r#"{"mail": "no"}"#)).await);
    let picture = answer(200, &[("content-type", "image/png")], "PNG");
    expect!["schema_broken: `things.draw` promises JSON, and the reply's type is `image/png`"]
        .assert_eq(&enforced(Act::Answer(picture)).await);
}

#[tokio::test]
async fn no_stream_is_a_way_past_ones_own_schema() {
    let create = || create(Validate::Enforce);
    for kind in ["application/x-ndjson", "text/event-stream"] {
        let stream = || Act::Answer(answer(200, &[("content-type", kind)], "{\"mail\": 5}\n"));
        let plain = Arc::new(Connector::load(acme("")).expect("the connector is right"));
        let told = enforced(create(), "things.create", plain, stream()).await;
        assert_eq!(
            told,
            format!(
                "schema_broken: `things.create` promises JSON, and the reply's type is `{kind}`"
            )
        );
        // Here the connector says how events are, and they are held to that.
        let told = enforced(create(), "things.create", connector(), stream()).await;
        assert_eq!(told, "200");
    }
}

#[test]
fn what_is_wrong_with_it_is_told_by_the_setting() {
    check_refused(
        &setting("things.create", "nowhere.json"),
        expect![[r#"
            conf/trunkline.toml:2:10: `connectors.acme.operations."things.create".schema` names `conf/nowhere.json`, which cannot be read: entity not found
              hint: the path counts from the folder of the settings file"#]],
    );
    check_refused(
        &setting("things.create", "text.json"),
        expect![[r#"
            conf/trunkline.toml:2:10: `connectors.acme.operations."things.create".schema` names `conf/text.json`, which is no JSON: EOF while parsing an object at line 1 column 1
              hint: allowed is a JSON Schema 2020-12"#]],
    );
    check_refused(
        &setting("things.create", "wrong.json"),
        expect![[r#"
            bad_settings: conf/trunkline.toml:2:10: `connectors.acme.operations."things.create".schema` names `conf/wrong.json`, which is no schema that can be used: at `/type`: "strng" is not valid under any of the schemas listed in the 'anyOf' keyword
              hint: allowed is JSON Schema 2020-12 that refers to nothing outside its file"#]],
    );
    check_refused(
        &setting("things.create", "abroad.json"),
        expect![[r#"
            bad_settings: conf/trunkline.toml:2:10: `connectors.acme.operations."things.create".schema` names `conf/abroad.json`, which is no schema that can be used: it refers to `https://example.com/x.json`, which is not part of it, and schemas are never fetched
              hint: allowed is JSON Schema 2020-12 that refers to nothing outside its file"#]],
    );
    check_refused(
        &setting("things.crate", "strict.json"),
        expect![[r#"
            bad_settings: conf/trunkline.toml:2:10: `connectors.acme.operations."things.crate".schema` is for an operation `things.crate` that `acme` does not have
              hint: did you mean `things.create`? all of them: `trunkline operations acme`"#]],
    );
}

#[test]
fn a_schema_that_nobody_read_is_not_passed_over() {
    let config = load(&setting("things.create", "strict.json"));
    let catalog = Catalog::of_one(connector());
    let made = Trunkline::new(Arc::new(config), catalog, &secrets(&[]), Clock::system());
    let error = made.map(|_| ()).expect_err("the schema is missing");
    expect![[r#"conf/trunkline.toml:2:10: `connectors.acme.operations."things.create".schema` names a file that was not read"#]].assert_eq(&error.to_string());
}
