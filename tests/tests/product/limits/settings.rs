//! What is said of limits that cannot be.

use trunkline_tests::Product;

/// Asserts all that is said of a settings file with that line.
#[track_caller]
fn check(line: &str, complaint: &str) {
    for command in [&["serve"][..], &["config", "show"]] {
        let product = Product::bare().file("trunkline.toml", &format!("[server]\n{line}\n"));
        let finished = product.run(command).expect(2);
        assert_eq!(finished.stderr.trim_end(), complaint, "{line}");
    }
}

/// Asserts what is said of the limit of a connector.
#[track_caller]
fn check_limit(limit: &str, complaint: &str) {
    check(&format!("[connectors.github]\nlimit = {limit}"), complaint);
}

#[test]
fn a_rate_that_cannot_be() {
    for (rate, shown) in [("0", "0"), ("-5", "-5"), ("1000000001", "1000000001")] {
        check_limit(
            &format!(r#"{{ rate = {rate}, per = "1s" }}"#),
            &format!(
                "error: trunkline.toml:3:18: `connectors.github.limit.rate` is {shown}\n  \
                 hint: allowed: 1 to 1000000000"
            ),
        );
    }
    check_limit(
        r#"{ rate = 5, per = "1s", burst = 0 }"#,
        "error: trunkline.toml:3:41: `connectors.github.limit.burst` is 0\n  \
         hint: allowed: 1 to 1000000000",
    );
    check(
        "[callers]\nlimit = { rate = 0, per = \"1s\" }",
        "error: trunkline.toml:3:18: `callers.limit.rate` is 0\n  \
         hint: allowed: 1 to 1000000000",
    );
}

#[test]
fn a_time_that_cannot_be() {
    for (name, at) in [("per", 27), ("wait_max", 44)] {
        let limit = match name {
            "per" => r#"{ rate = 5, per = "-1s" }"#,
            _ => r#"{ rate = 5, per = "1s", wait_max = "-1s" }"#,
        };
        check_limit(
            limit,
            &format!(
                "error: trunkline.toml:3:{at}: `connectors.github.limit.{name}` is `-1s`; it takes a \
                 time such as `500ms`, `30s`, `5m`, `1h` or `7d`"
            ),
        );
    }
    check_limit(
        r#"{ rate = 5, per = "0s" }"#,
        "error: trunkline.toml:3:9: `connectors.github.limit` allows `5/0ms`, which cannot be\n  \
         hint: a rate is per some time; the least is 1ns",
    );
    check_limit(
        r#"{ rate = 1, per = "100000d" }"#,
        "error: trunkline.toml:3:9: `connectors.github.limit` allows `1/100000d`, which cannot be\n  \
         hint: a full bucket takes at most 366 days to refill; raise the rate or lower the burst",
    );
}

#[test]
fn a_field_that_is_none() {
    check_limit(
        r#"{ rate = 5, per = "1s", bursts = 3 }"#,
        "error: trunkline.toml:3:33: `connectors.github.limit.bursts` is not known\n  \
         hint: did you mean `burst`? allowed: `rate`, `per`, `burst` or `wait_max`",
    );
    check(
        "[callers]\nlimits = { rate = 1, per = \"1s\" }",
        "error: trunkline.toml:3:1: `callers.limits` is not known\n  \
         hint: did you mean `limit`? allowed: `limit`",
    );
    check(
        "[connectors.github]\nbreaker = \"maybe\"",
        "error: trunkline.toml:3:11: `connectors.github.breaker` is `maybe`\n  \
         hint: allowed: `on` or `off`",
    );
    check(
        "[connectors.github]\nconcurrency = 0",
        "error: trunkline.toml:3:15: `connectors.github.concurrency` is 0\n  \
         hint: allowed: 1 to 1000000",
    );
}

/// A list is allowed, so what is wrong with it is not that it is one.
#[test]
fn a_list_is_blamed_for_what_is_wrong_in_it() {
    let several = r#"[{ rate = 5, per = "1s" }, { rate = 0, per = "1m" }]"#;
    for (limit, expected) in [
        (
            several,
            &["trunkline.toml:3:45", "rate` is 0", "1000000000"][..],
        ),
        ("[]", &["trunkline.toml:3:9", "`connectors.github.limit`"]),
        ("5", &["trunkline.toml:3:9", "a list"]),
    ] {
        let file = format!("[server]\n[connectors.github]\nlimit = {limit}\n");
        let product = Product::bare().file("trunkline.toml", &file);
        let finished = product.run(&["serve"]).expect(2).complains(expected);
        let denies_lists = finished.stderr.contains("is a list; it takes a table");
        assert!(!denies_lists, "{}", finished.stderr);
    }
}

#[test]
fn an_operation_that_weighs_more_than_there_ever_is_could_never_be_called() {
    let file = "[connectors.github]\nlimit = { rate = 5, per = \"1s\", burst = 3 }\n\n\
                [connectors.github.operations.\"issues.list_for_repo\"]\nweight = 4\n";
    let product = Product::bare().file("trunkline.toml", file);
    product.run(&["serve"]).expect(2).complains(&[
        "trunkline.toml:4",
        "issues.list_for_repo",
        "weighs more than the limit `5/1s` ever holds, 3",
        "weight",
        "burst",
    ]);
}

#[test]
fn an_operation_that_there_is_not_is_named() {
    let file = "[connectors.github.operations.\"issues.lst\"]\nweight = 4\n";
    let product = Product::bare().file("trunkline.toml", file);
    let finished = product.run(&["serve"]).expect(2);
    finished.complains(&["trunkline.toml:1", "issues.lst"]);
}
