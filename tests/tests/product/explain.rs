//! What an error means, whose move it is, what to do: the same text wherever it is said.

use trunkline_tests::{Product, Upstream, answer};

use crate::connectors;

#[test]
fn every_status_of_the_general_rules_is_explained() {
    let product = Product::bare();
    for status in [
        "400", "401", "403", "404", "409", "422", "429", "500", "502", "503", "504",
    ] {
        let finished = product.run(&["explain", status]).expect(0);
        finished.prints(&["whose move", "what to do"]);
    }
    for word in ["dns", "connect", "tls", "timeout", "cors", "schema"] {
        product
            .run(&["explain", word])
            .expect(0)
            .prints(&["whose move", "what to do"]);
    }
}

#[test]
fn every_code_of_ours_is_explained() {
    let upstream = Upstream::start([answer(200)]);
    let product = Product::calling("openai", &upstream);
    let gateway = product.serve();
    let problem = gateway.get("/nothing/at/all").json();
    let code = problem["code"]
        .as_str()
        .expect("an error of ours has a code");
    product
        .run(&["explain", code])
        .expect(0)
        .prints(&["whose move"]);
    for code in [
        "secret_missing",
        "first_byte_timeout",
        "address_refused",
        "origin_refused",
    ] {
        product
            .run(&["explain", code])
            .expect(0)
            .prints(&["whose move", "what to do"]);
    }
}

#[test]
fn a_connectors_own_rules_come_first() {
    let product = Product::bare();
    for connector in connectors::builtin() {
        let finished = product.run(&["explain", &connector, "401"]).expect(0);
        finished.prints(&["whose move", "https://"]);
    }
    product
        .run(&["explain", "stripe", "card_declined"])
        .expect(0)
        .prints(&["card", "https://"]);
    product
        .run(&["explain", "slack", "channel_not_found"])
        .expect(0)
        .prints(&["channel"]);
}

#[test]
fn it_is_said_as_json_too() {
    let explained = Product::bare()
        .run(&["explain", "openai", "429", "--json"])
        .expect(0)
        .json();
    for field in ["what", "whose_move", "what_to_do"] {
        assert!(
            explained[field]
                .as_str()
                .is_some_and(|text| !text.is_empty()),
            "{explained:#}"
        );
    }
}

#[test]
fn what_nobody_knows_is_a_mistake_of_usage() {
    let product = Product::bare();
    product
        .run(&["explain", "stripe", "card_declinned"])
        .expect(2)
        .complains(&["card_declined"]);
    product
        .run(&["explain", "299"])
        .expect(2)
        .complains(&["299"]);
    product
        .run(&["explain", "nope", "429"])
        .expect(2)
        .complains(&["nope"]);
}

#[test]
fn the_hint_the_command_and_the_explanation_say_the_same() {
    let error = r#"{"error":{"message":"no","code":"card_declined","type":"card_error"}}"#;
    let upstream = Upstream::start([answer(402).json(error)]);
    let product = Product::calling("stripe", &upstream);
    let explained = product
        .run(&["explain", "stripe", "card_declined", "--json"])
        .expect(0)
        .json();
    let what_to_do = explained["what_to_do"]
        .as_str()
        .expect("checked by another test");
    let reply = product.serve().get("/stripe/v1/x").expect(402);
    let hint = reply
        .header("trunkline-hint")
        .expect("an error has a hint")
        .to_owned();
    assert!(hint.contains(what_to_do), "{hint}\n{what_to_do}");
    product
        .run(&["call", "stripe", "GET", "/v1/x"])
        .expect(3)
        .complains(&[what_to_do]);
}
