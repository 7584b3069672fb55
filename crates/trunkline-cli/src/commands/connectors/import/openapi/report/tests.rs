//! What people and programs are told.

use std::path::PathBuf;

use expect_test::expect;
use trunkline_connector::document::Source;
use trunkline_import::Options;

use super::*;

fn written() -> Written {
    let parameter = |name| json!({ "name": name, "in": "cookie", "schema": {} });
    let parameters = ["w", "x", "y", "z"].map(parameter);
    let text = json!({
        "openapi": "3.0.0",
        "info": { "title": "Acme", "version": "2" },
        "servers": [{ "url": "https://acme.example" }],
        "components": { "securitySchemes": { "key": { "type": "http", "scheme": "bearer" } } },
        "paths": { "/a": { "get": { "parameters": parameters } } },
    });
    let source = Source {
        name: "acme.json".to_owned(),
        text: text.to_string(),
    };
    Written {
        imported: trunkline_import::import(&source, &Options::new("2026-11-22"))
            .expect("it can be imported"),
        folder: PathBuf::from("connectors/acme"),
        warnings: vec!["mind".to_owned()],
    }
}

#[test]
fn people_read_how_much_and_where() {
    let written = written();
    expect!["connectors/acme: 1 operation in 2 files, 4 not carried over as they stand"]
        .assert_eq(&summary(&written));
    expect![[r#"
        losses
          4 x cookie, not sent
              /paths/~1a/get/parameters/0 (w)
              /paths/~1a/get/parameters/1 (x)
              /paths/~1a/get/parameters/2 (y)
              and 1 more"#]]
    .assert_eq(&format!("losses\n{}", losses(&written.imported).join("\n")));
}

#[test]
fn programs_read_the_same() {
    let value = as_json(Path::new("acme.json"), &written());
    assert_eq!(value["losses"][0]["kind"], "cookie");
    assert_eq!(value["losses"][0]["count"], 4);
    assert_eq!(
        value["losses"][0]["first"][2],
        json!({ "at": "/paths/~1a/get/parameters/2", "detail": "y" })
    );
    assert_eq!(
        value["files"],
        json!(["acme/connector.toml", "acme/operations/a.toml"])
    );
    assert_eq!(value["warnings"], json!(["mind"]));
}
