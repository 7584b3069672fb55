//! Settings: where they come from, and what is wrong with them.

use expect_test::{Expect, expect};

use super::*;

fn load(
    file: Option<&str>,
    variables: &[(&str, &str)],
    arguments: &[(&'static str, &str)],
) -> Result<(Config, Vec<String>), Vec<Problem>> {
    let environment = Environment::new(
        variables
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned())),
    );
    let file = file.map(|text| Source {
        name: "trunkline.toml".to_owned(),
        text: text.to_owned(),
    });
    let arguments = arguments
        .iter()
        .map(|(key, value)| (*key, (*value).to_owned()))
        .collect();
    Config::load(Layers {
        file,
        environment: &environment,
        arguments,
    })
}

#[track_caller]
fn check_problems(file: &str, variables: &[(&str, &str)], expected: Expect) {
    let problems = load(Some(file), variables, &[]).expect_err("these settings are wrong");
    let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
    expected.assert_eq(&lines.join("\n"));
}

#[test]
fn the_defaults_stand_alone() {
    let (config, warnings) = load(None, &[], &[]).unwrap();
    assert_eq!(config.server.listen.to_string(), "127.0.0.1:4000");
    assert_eq!(config.server.drain, Duration::from_secs(10));
    assert!(config.egress.allow.is_empty());
    assert!(warnings.is_empty());
}

#[test]
fn the_command_line_wins_over_variables_over_the_file() {
    let file = "[server]\nlisten = \"127.0.0.1:1\"\ndrain = \"1s\"\nhosts = [\"a\"]\n";
    let variables = [
        ("TRUNKLINE_SERVER_LISTEN", "127.0.0.1:2"),
        ("TRUNKLINE_SERVER_DRAIN", "2s"),
        ("TRUNKLINE_SERVER_HOSTS", "b, c"),
        ("TRUNKLINE_SERVER_HEADERS_MAX", "50"),
    ];
    let (config, _) = load(Some(file), &variables, &[("server.listen", "127.0.0.1:3")]).unwrap();
    assert_eq!(config.server.listen.to_string(), "127.0.0.1:3");
    assert_eq!(config.server.drain, Duration::from_secs(2));
    assert_eq!(config.server.hosts, ["b", "c"]);
    assert_eq!(config.server.headers_max, 50);
    let shown: Vec<String> = config
        .settings()
        .iter()
        .filter(|setting| {
            ["server.listen", "server.drain", "server.body_max"].contains(&setting.key.as_str())
        })
        .map(|setting| format!("{} = {} ({})", setting.key, setting.value, setting.place))
        .collect();
    expect![[r#"
        server.listen = "127.0.0.1:3" (command line)
        server.drain = "2s" (TRUNKLINE_SERVER_DRAIN)
        server.body_max = "1GiB" (default)"#]]
    .assert_eq(&shown.join("\n"));
}

#[test]
fn connectors_are_set_anew() {
    let file = "[egress]\nallow = [\"127.0.0.1\", \"10.2.3.4/16\"]\n[listeners]\nstripe = \"localhost:4001\"\n[connectors.openai]\nbase_url = \"http://127.0.0.1:9000\"\ntimeout = \"60s\"\nretry = { attempts = 4, wait_max = \"30s\" }\n";
    let (config, _) = load(Some(file), &[], &[]).unwrap();
    let openai = &config.connectors[&"openai".parse().unwrap()];
    assert_eq!(
        openai.base_url.as_ref().unwrap().as_str(),
        "http://127.0.0.1:9000/"
    );
    assert_eq!(openai.timeout, Some(Duration::from_mins(1)));
    assert_eq!(openai.retry.attempts, Some(4));
    assert_eq!(
        config.listeners[&"stripe".parse().unwrap()].to_string(),
        "127.0.0.1:4001"
    );
    assert_eq!(config.egress.allow[1].to_string(), "10.2.0.0/16");
}

#[test]
fn every_problem_is_named_with_its_place() {
    check_problems(
        "[server]\nlisten = \"4000\"\ndrain = \"soon\"\nlissen = \"x\"\n[connectors.openai]\ncache = \"5m\"\n",
        &[],
        expect![[r#"
            trunkline.toml:3:9: `server.drain` is `soon`; it takes a time such as `500ms`, `30s`, `5m`, `1h` or `7d`
            trunkline.toml:4:1: `server.lissen` is not known
              hint: did you mean `listen`? allowed: `listen`, `public_url`, `threads`, `drain`, `hosts`, `origins`, `headers_max`, `header_bytes_max`, `body_max`, `header_timeout`, `idle_timeout` or `connections_max`"#]],
    );
    check_problems(
        "[server]\nlisten = \"4000\"\norigins = [\"*\"]\n[egress]\nallow = [\"ten\"]\n[connectors.openai]\nbase_url = \"http://127.0.0.1:9000\"\n",
        &[],
        expect![[r#"
            trunkline.toml:2:10: `server.listen` is `4000`, which is no address to listen on
              hint: allowed is an address and port such as `127.0.0.1:4000`, or `unix:/path/to/socket`
            trunkline.toml:3:11: `server.origins` has `*`, which is no browser origin
              hint: an origin is a scheme, a host and a port, such as `http://localhost:3000`
            trunkline.toml:5:9: `egress.allow` has `ten`, which is no address or network
              hint: allowed are addresses and networks such as `10.2.0.7` and `10.2.0.0/16`
            trunkline.toml:7:12: `connectors.openai.base_url` is plain http, which is accepted only for addresses in `egress.allow`
              hint: use https, or list the upstream's address in `egress.allow`"#]],
    );
    check_problems(
        "",
        &[
            ("TRUNKLINE_SERVER_THREADS", "many"),
            ("TRUNKLINE_SERVER_DRAIN", "10"),
        ],
        expect![[r#"
            the variable TRUNKLINE_SERVER_DRAIN:1:16: `server.drain` is `10`; it takes a time such as `500ms`, `30s`, `5m`, `1h` or `7d`
            the variable TRUNKLINE_SERVER_THREADS:1:18: `server.threads` is the text "many"; it takes a whole number
              hint: Threads that carry calls."#]],
    );
}

/// What is said of `acme` at this address though everything is allowed.
fn refused(url: &str, variables: &[(&str, &str)]) -> Vec<String> {
    let file = format!(
        "[egress]\nallow = [\"0.0.0.0/0\", \"::/0\"]\n[connectors.acme]\nbase_url = \"{url}\"\n"
    );
    let (config, _) = load(Some(&file), variables, &[]).unwrap();
    let refused = config.refused_addresses();
    refused.iter().map(ToString::to_string).collect()
}

#[test]
fn a_base_url_that_is_never_called_is_told_with_its_place() {
    expect![[r#"
        trunkline.toml:4:12: `connectors.acme.base_url` cannot be called: 169.254.169.254 is the metadata service of AWS, Azure, Google Cloud and others
          hint: metadata services hand out credentials to whoever asks, so `egress.allow` does not open them; name the API's own address"#]]
    .assert_eq(&refused("https://169.254.169.254/v1", &[]).concat());
    for url in [
        "http://169.254.169.254",
        "http://[fd00:ec2::254]",
        "http://[::ffff:169.254.169.254]",
        "http://0xa9fea9fe/",
        "http://metadata.google.internal./",
    ] {
        assert_eq!(refused(url, &[]).len(), 1, "{url}");
    }
    for url in ["http://10.0.0.1", "https://api.acme.example"] {
        assert!(refused(url, &[]).is_empty(), "{url}");
    }
    let opened = [("TRUNKLINE_EGRESS_DANGER_ALLOW_METADATA", "true")];
    assert!(refused("http://169.254.169.254", &opened).is_empty());
}

#[test]
fn this_machines_name_is_as_private_as_its_address() {
    let settings = |allow: &str, url: &str| {
        format!("[egress]\nallow = [\"{allow}\"]\n[connectors.openai]\nbase_url = \"{url}\"\n")
    };
    check_problems(
        &settings("10.0.0.0/8", "http://localhost:9000"),
        &[],
        expect![[r#"
            trunkline.toml:4:12: `connectors.openai.base_url` is plain http, which is accepted only for addresses in `egress.allow`
              hint: use https, or list the upstream's address in `egress.allow`"#]],
    );
    let good = [
        ("127.0.0.1", "http://localhost:9000"),
        ("::1", "http://localhost:9000"),
        // Where this name leads to is seen when it is dialled.
        ("10.0.0.0/8", "http://crm.internal"),
    ];
    for (allow, url) in good {
        load(Some(&settings(allow, url)), &[], &[]).expect(url);
    }
}

#[test]
fn listeners_are_named_when_they_are_refused() {
    check_problems(
        "[server]\nlisten = \"127.0.0.1:4000\"\n[listeners]\nslack = \"4001\"\nstripe = \"localhost:4000\"\nTwilio = \"127.0.0.1:4003\"\n",
        &[],
        expect![[r#"
            trunkline.toml:6:10: `listeners.Twilio` has a name that no connector can have
              hint: a name begins with a letter and has lower-case letters, digits and `-`, 31 at most
            trunkline.toml:4:9: `listeners.slack` is `4001`, which is no address to listen on
              hint: allowed is an address and port such as `127.0.0.1:4000`, or `unix:/path/to/socket`
            trunkline.toml:5:10: `listeners.stripe` is `127.0.0.1:4000`, where `server.listen` listens already
              hint: give each listener a port of its own"#]],
    );
    let free = "[server]\nlisten = \"127.0.0.1:0\"\n[listeners]\nstripe = \"127.0.0.1:0\"\n";
    load(Some(free), &[], &[]).unwrap();
}

#[test]
fn an_unknown_variable_is_a_warning() {
    let (_, warnings) = load(
        None,
        &[("TRUNKLINE_SERVER_LISSEN", "x"), ("TRUNKLINE_LOG", "debug")],
        &[],
    )
    .unwrap();
    assert_eq!(
        warnings,
        ["`TRUNKLINE_SERVER_LISSEN` is no setting and is not used"]
    );
}

#[test]
fn schemas_of_ones_own_are_beside_the_settings() {
    let settings = |name: &str| {
        let nothing = Environment::default();
        let text = "[connectors.stripe.operations.\"customers.create\"]\nschema = \"schemas/customer.json\"\n";
        let file = Source {
            name: name.to_owned(),
            text: text.to_owned(),
        };
        let layers = Layers {
            file: Some(file),
            environment: &nothing,
            arguments: Vec::new(),
        };
        Config::load(layers).unwrap().0
    };
    for (name, path) in [
        ("trunkline.toml", "schemas/customer.json"),
        (
            "/etc/trunkline/trunkline.toml",
            "/etc/trunkline/schemas/customer.json",
        ),
    ] {
        let mut config = settings(name);
        let asked = std::cell::RefCell::new(Vec::new());
        let read = |file: &std::path::Path| {
            asked.borrow_mut().push(file.display().to_string());
            Ok("true".to_owned())
        };
        config.read_schemas(read).unwrap();
        assert_eq!(*asked.borrow(), [path]);
        let stripe = &config.connectors[&"stripe".parse().unwrap()];
        let own = stripe.operations["customers.create"]
            .schema
            .as_ref()
            .unwrap();
        assert_eq!(own.json.as_deref(), Some(&Value::Bool(true)));
    }
}

#[test]
fn an_operation_has_few_fields() {
    check_problems(
        "[connectors.stripe.operations.\"customers.create\"]\nretry = 3\n",
        &[],
        expect![[r#"
            trunkline.toml:2:1: `connectors.stripe.operations."customers.create".retry` is not known
              hint: allowed: `schema`, `limit`, `weight` or `cache`"#]],
    );
}
