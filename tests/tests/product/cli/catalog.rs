//! `connectors list`, `show`, `test`, `new` and `operations`.

use trunkline_tests::Product;

use crate::connectors;

#[test]
fn every_connector_is_listed_with_where_it_comes_from() {
    // A plain connector under a name of its own, and one under the name of a built-in one.
    let product = connectors::put(
        Product::bare(),
        &connectors::plain(""),
        connectors::PLAIN_OPERATIONS,
    );
    let files = [
        "connector.toml",
        "operations/things.toml",
        "examples/list.toml",
        "examples/create.toml",
    ];
    for file in files {
        let path = product.path().join("connectors/plain").join(file);
        let text = std::fs::read_to_string(path).expect("it was just written");
        let renamed = text.replace("\"plain\"", "\"openai\"");
        product.write(&format!("connectors/openai/{file}"), &renamed);
    }
    let listed = product
        .run(&["connectors", "list", "--json"])
        .expect(0)
        .json();
    let text = listed.to_string();
    for name in connectors::builtin() {
        assert!(
            text.contains(&format!("\"{name}\"")),
            "no `{name}` in {text}"
        );
    }
    let find = |name: &str| {
        let entries = listed.as_array().expect("a list");
        entries
            .iter()
            .find(|entry| entry["name"] == name)
            .expect("it is listed")
            .to_string()
    };
    assert!(find("stripe").contains("built-in"));
    assert!(find("plain").contains("own"));
    assert!(find("openai").contains("overrides"));
    product
        .run(&["connectors", "list"])
        .expect(0)
        .prints(&["plain", "overrides built-in"]);
}

#[test]
fn every_connector_is_shown_and_its_operations_with_their_inputs() {
    let product = Product::bare();
    for name in connectors::builtin() {
        product
            .run(&["connectors", "show", &name])
            .expect(0)
            .prints(&["https://"]);
        product
            .run(&["connectors", "show", &name, "--json"])
            .expect(0)
            .json();
        let operations = product
            .run(&["operations", &name, "--json"])
            .expect(0)
            .json();
        let operations = operations.as_array().expect("a list").clone();
        assert!(!operations.is_empty(), "{name} can do nothing");
        for operation in operations {
            for field in ["name", "title", "method", "path", "inputs"] {
                assert!(!operation[field].is_null(), "no `{field}` in {operation:#}");
            }
        }
    }
    let listed = product.run(&["operations", "openai"]).expect(0);
    listed.prints(&[
        "chat.completions.create",
        "POST /v1/chat/completions",
        "* messages",
    ]);
}

#[test]
fn what_a_connector_needs_is_shown_and_what_it_has_is_not() {
    let product = Product::bare().with_keys();
    let shown = product.run(&["connectors", "show", "twilio"]).expect(0);
    assert!(
        !shown.stdout.contains(Product::key("TWILIO_AUTH_TOKEN")),
        "{}",
        shown.stdout
    );
    shown.prints(&["TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN"]);
}

#[test]
fn every_example_of_every_connector_holds() {
    let finished = Product::bare().run(&["connectors", "test"]).expect(0);
    for name in connectors::builtin() {
        let count = connectors::examples(&name).len();
        assert!(
            finished
                .stdout
                .contains(&format!("{name}: {count} examples")),
            "{}",
            finished.stdout
        );
    }
    let outcomes = Product::bare()
        .run(&["connectors", "test", "stripe", "--json"])
        .expect(0)
        .json();
    let outcomes = outcomes.as_array().expect("a list").clone();
    assert_eq!(outcomes.len(), connectors::examples("stripe").len());
}

#[test]
fn an_example_that_does_not_hold_is_named() {
    let (_, good) = connectors::PLAIN_EXAMPLES[1];
    let product = connectors::put(
        Product::bare(),
        &connectors::plain(""),
        connectors::PLAIN_OPERATIONS,
    );
    product.write(
        "connectors/plain/examples/broken.toml",
        &good.replace("/things", "/thing"),
    );
    let finished = product.run(&["connectors", "test", "plain"]).expect(2);
    finished.complains(&["`broken`"]).prints(&["1 failed"]);
}

#[test]
fn a_new_connector_is_one_that_passes_its_own_checks() {
    let product = Product::bare();
    product.run(&["connectors", "new", "acme"]).expect(0);
    assert!(
        product
            .path()
            .join("connectors/acme/connector.toml")
            .exists()
    );
    product
        .run(&["connectors", "check", "connectors/acme"])
        .expect(0);
    product.run(&["connectors", "test", "acme"]).expect(0);
    product
        .run(&["connectors", "list"])
        .expect(0)
        .prints(&["acme"]);
    product
        .run(&["connectors", "new", "acme"])
        .expect(2)
        .complains(&["acme"]);
    for name in ["Acme", "-", "a b", "../x", "9lives", ""] {
        product.run(&["connectors", "new", "--", name]).expect(2);
    }
}
