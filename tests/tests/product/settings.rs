//! Settings: which of several counts, and what is said of one that cannot be.

use trunkline_tests::Product;

#[test]
fn the_command_line_wins_over_variables_and_variables_over_the_file() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
    let taken = taken
        .local_addr()
        .expect("a listener has an address")
        .to_string();
    let product = Product::new().set("server.listen", format!("{taken:?}"));
    let variable = product
        .clone()
        .variable("TRUNKLINE_SERVER_LISTEN", "127.0.0.1:0");
    assert_ne!(variable.serve().address().to_string(), taken);
    let both = product.variable("TRUNKLINE_SERVER_LISTEN", &taken);
    assert_ne!(
        both.serve_with(&["--listen", "127.0.0.1:0"])
            .address()
            .to_string(),
        taken
    );
}

#[test]
fn settings_that_make_no_sense_are_all_named_at_once() {
    let file = "[server]\nlisten = \"nowhere\"\nthreads = 0\nbody_max = \"2 bananas\"\ncolour = \"red\"\n\n\
                [egress]\nallow = [\"10.0.0.0/40\"]\n\n[connectors.nope]\ntimeout = \"1s\"\n\n\
                [connectors.openai]\ntimeout = 10\nbase_url = \"ftp://example.com\"\n";
    let places = [
        "trunkline.toml:3",
        "trunkline.toml:4",
        "trunkline.toml:5",
        "trunkline.toml:14",
    ];
    let finished = Product::bare()
        .file("trunkline.toml", file)
        .run(&["serve"])
        .expect(2);
    finished
        .complains(&places)
        .complains(&["colour", "bananas", "listen"]);
}

#[test]
fn settings_that_are_no_toml_are_named_by_place() {
    for file in [
        "[server\nlisten = 1",
        "server.listen = \"a\"\nserver.listen = \"b\"",
        "= 1",
        "\u{0}",
    ] {
        let finished = Product::bare()
            .file("trunkline.toml", file)
            .run(&["serve"])
            .expect(2);
        finished.complains(&["trunkline.toml:"]);
    }
}

#[test]
fn a_settings_file_that_was_named_must_be_there() {
    Product::bare()
        .run(&["serve", "--config", "other.toml"])
        .expect(2)
        .complains(&["other.toml"]);
}

#[test]
fn variables_are_checked_like_the_file() {
    let bad = Product::new()
        .variable("TRUNKLINE_SERVER_THREADS", "many")
        .run(&["serve"]);
    bad.expect(2)
        .complains(&["TRUNKLINE_SERVER_THREADS", "many"]);
    let unknown = Product::new()
        .variable("TRUNKLINE_SERVER_COLOUR", "red")
        .run(&["config", "show"]);
    unknown
        .expect(0)
        .complains(&["warning", "TRUNKLINE_SERVER_COLOUR"]);
}

#[test]
fn a_base_url_over_plain_http_needs_an_allowed_address() {
    for url in ["http://10.1.2.3", "http://8.8.8.8/v1"] {
        let product = Product::new().set("connectors.openai.base_url", format!("{url:?}"));
        product.run(&["serve"]).expect(2).complains(&[
            "trunkline.toml:1:",
            "`connectors.openai.base_url` is plain http",
            "egress.allow",
        ]);
    }
}

#[test]
fn metadata_addresses_stay_closed_whatever_is_allowed() {
    let hosts = [
        "169.254.169.254",
        "[fd00:ec2::254]",
        "168.63.129.16",
        "metadata.google.internal",
    ];
    for host in hosts {
        let product = Product::new()
            .set("egress.allow", r#"["0.0.0.0/0", "::/0"]"#)
            .set("connectors.openai.base_url", format!("\"http://{host}\""));
        for arguments in [&["serve"][..], &["config", "show"]] {
            product.run(arguments).expect(2).complains(&[
                "trunkline.toml:1:",
                "`connectors.openai.base_url`",
                "metadata service",
            ]);
        }
    }
}

#[test]
fn a_listener_that_cannot_be_is_named_by_key_and_line() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
    let taken = taken.local_addr().expect("a listener has an address");
    for (listen, reason) in [
        (taken.to_string(), "in use"),
        ("0.0.0.0:0".to_owned(), "other machines"),
        ("[server]".to_owned(), "no address to listen on"),
    ] {
        let product = Product::new().set("listeners.stripe", format!("{listen:?}"));
        product.run(&["serve"]).expect(2).complains(&[
            "trunkline.toml:2",
            "`listeners.stripe`",
            reason,
        ]);
    }
}

#[test]
fn settings_that_are_no_utf8_are_named_by_line() {
    let product = Product::bare().file("trunkline.toml", "");
    for file in ["trunkline.toml", ".env"] {
        let product = product.clone().file(".env", "");
        let bytes = b"# first\n# caf\xe9\n";
        std::fs::write(product.path().join(file), bytes).expect("a file can be written");
        let place = format!("{file}:2");
        product
            .run(&["serve"])
            .expect(2)
            .complains(&[&place, "UTF-8"]);
        product.run(&["doctor"]).expect(2);
        product.write(file, "");
    }
}

#[test]
fn connectors_that_do_not_exist_are_named_at_the_start() {
    for key in ["listeners.nope", "connectors.nope.timeout"] {
        let value = if key.starts_with("listeners") {
            r#""127.0.0.1:0""#
        } else {
            r#""1s""#
        };
        Product::new()
            .set(key, value)
            .run(&["serve"])
            .expect(2)
            .complains(&["trunkline.toml:", "`nope`"]);
    }
}

#[test]
fn a_password_in_an_address_is_not_told() {
    let url = r#""https://user:hunter2-password@api.example.com""#;
    let product = Product::new().set("connectors.openai.base_url", url);
    for arguments in [
        &["serve"][..],
        &["config", "show"],
        &["call", "openai", "models.list", "--dry-run"],
        &["doctor"],
    ] {
        // No such address is accepted, so none of these goes on.
        let finished = product.run(arguments);
        assert_eq!(
            finished.status,
            Some(2),
            "{arguments:?}: {}",
            finished.stdout
        );
        let printed = finished.stdout + &finished.stderr;
        assert!(!printed.contains("hunter2"), "{arguments:?}: {printed}");
    }
}
