//! `trunkline doctor`: what is there, what is not, and what looks wrong.

use trunkline_tests::{Product, Upstream, answer};

#[test]
fn in_an_empty_folder_nothing_is_wrong() {
    Product::bare()
        .run(&["doctor"])
        .expect(0)
        .prints(&["clock", "OPENAI_API_KEY"]);
}

#[test]
fn keys_are_shown_by_their_first_characters() {
    let product = Product::bare().with_keys();
    let finished = product.run(&["doctor"]).expect(0);
    for (name, shown) in [("OPENAI_API_KEY", "sk-p"), ("SLACK_BOT_TOKEN", "xoxb")] {
        let key = Product::key(name);
        assert!(finished.stdout.contains(shown), "{}", finished.stdout);
        assert!(
            !finished.stdout.contains(&key[..5]),
            "more than four characters of {name}"
        );
    }
}

#[test]
fn a_key_that_looks_wrong_is_a_warning_and_no_error() {
    let product = Product::bare().variable("OPENAI_API_KEY", "pk_this_is_of_somebody_else");
    let finished = product
        .run(&["doctor"])
        .expect(0)
        .prints(&["warning", "OPENAI_API_KEY"]);
    assert!(
        !finished.stdout.contains("somebody_else"),
        "{}",
        finished.stdout
    );
}

#[test]
fn what_settings_use_must_be_there() {
    let product = Product::new().set("connectors.stripe.timeout", r#""10s""#);
    product
        .run(&["doctor"])
        .expect(2)
        .prints(&["STRIPE_SECRET_KEY", "https://"]);
    let published = Product::bare().variable("NEXT_PUBLIC_STRIPE_SECRET_KEY", "sk_test_published");
    published
        .run(&["doctor"])
        .expect(2)
        .prints(&["NEXT_PUBLIC_STRIPE_SECRET_KEY"]);
}

#[test]
fn settings_are_checked() {
    let product = Product::bare().file("trunkline.toml", "[server]\nlissten = \"x\"\n");
    product
        .run(&["doctor"])
        .expect(2)
        .prints(&["trunkline.toml:2", "lissten"]);
}

#[test]
fn lines_of_dotenv_files_that_assign_nothing_are_warnings() {
    let product = Product::bare()
        .file(".env", "# keys\nsk-canary-without-a-name\n")
        .file(".env.local", "OPENAI_API_KEY=\"sk-canary-not-closed\n");
    let finished = product.run(&["doctor"]).expect(0).prints(&[
        "warning",
        ".env:2:1: this line is no `NAME=value`",
        ".env.local:1:1: the quote that begins the value of `OPENAI_API_KEY` is not closed",
    ]);
    assert!(!finished.stdout.contains("canary"), "{}", finished.stdout);
}

#[test]
fn with_live_each_key_is_tried_by_one_cheap_call() {
    let good = Upstream::start([answer(200).json(r#"{"object":"list","data":[]}"#)]);
    let product = Product::new()
        .variable("OPENAI_API_KEY", Product::key("OPENAI_API_KEY"))
        .set("connectors.openai.base_url", format!("{:?}", good.url()));
    product.run(&["doctor"]).expect(0);
    assert_eq!(good.count(), 0, "nothing is sent without --live");
    product
        .run(&["doctor", "--live"])
        .expect(0)
        .prints(&["models.list"]);
    assert_eq!(good.only().head.word(1), "/v1/models");
    let bad = Upstream::start([answer(401).json(r#"{"error":{"message":"no"}}"#)]);
    let product = product.set("connectors.openai.base_url", format!("{:?}", bad.url()));
    product
        .run(&["doctor", "--live"])
        .expect(2)
        .prints(&["401", "OPENAI_API_KEY"]);
}

#[test]
fn findings_are_told_as_json_too() {
    let findings = Product::bare().run(&["doctor", "--json"]).expect(0).json();
    let findings = findings.as_array().expect("a list");
    assert!(
        findings
            .iter()
            .all(|finding| finding["state"].is_string() && finding["area"].is_string())
    );
}
