//! What the doctor finds.

use std::net::TcpListener;
use std::time::{Duration, SystemTime};

use expect_test::{Expect, expect};
use trunkline::{Catalog, Config, Environment, Layers, Listen, Secrets};
use trunkline_connector::document::Source;

use super::findings::Findings;
use super::{machine, secrets};
use crate::engine::Parts;
use crate::printer::{Look, Printer};

fn text(findings: &Findings) -> String {
    let (mut printer, out, _) = Printer::captured(Look::Plain);
    findings.print(&mut printer).expect("printed");
    out.text()
}

const ACME: &str = include_str!("../connectors/new/template/connector.toml");
const ITEMS: &str = include_str!("../connectors/new/template/operations/items.toml");

/// The findings about `acme`, with these settings and variables.
fn acme(settings: &str, variables: &[(&str, &str)]) -> Findings {
    let fill = |text: &str| {
        text.replace("{name}", "acme")
            .replace("{title}", "Acme")
            .replace("{env}", "ACME_API_KEY")
            .replace("{today}", "2026-11-22")
    };
    let source = |name: &str, text: String| Source {
        name: format!("acme/{name}"),
        text,
    };
    let connector = trunkline_connector::Connector::load(vec![
        source("connector.toml", fill(ACME)),
        source("operations/items.toml", fill(ITEMS)),
        source(
            "examples/items_list.toml",
            fill(include_str!(
                "../connectors/new/template/examples/items_list.toml"
            )),
        ),
        source(
            "examples/items_create.toml",
            fill(include_str!(
                "../connectors/new/template/examples/items_create.toml"
            )),
        ),
    ]);
    let catalog = Catalog::of_one(std::sync::Arc::new(connector.expect("a connector")));
    let owned = variables
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let environment = Environment::new(owned);
    let settings = Source {
        name: "trunkline.toml".to_owned(),
        text: settings.to_owned(),
    };
    let layers = Layers {
        file: Some(settings),
        environment: &environment,
        arguments: Vec::new(),
    };
    let (config, _) = Config::load(layers).expect("settings");
    let parts = Parts {
        config,
        catalog,
        secrets: Secrets::read(&environment, Vec::new()),
    };
    let mut findings = Findings::default();
    secrets::examine(&parts, &mut findings);
    findings
}

#[track_caller]
fn check(settings: &str, variables: &[(&str, &str)], expected: Expect) {
    let findings = acme(settings, variables);
    let verdict = if findings.is_well() {
        "well"
    } else {
        "not well"
    };
    expected.assert_eq(&format!("{}{verdict}", text(&findings)));
}

#[test]
fn a_key_is_shown_by_its_first_characters_only() {
    check(
        "",
        &[("ACME_API_KEY", "abcdefghijklmnopqrstuvwxyz")],
        expect![[r#"
        ok       acme  `ACME_API_KEY` is set in the environment: abcd…
        well"#]],
    );
    check(
        "",
        &[("ACME_API_KEY", "not a key")],
        expect![[r#"
        warning  acme  `ACME_API_KEY` is set in the environment: … does not look like one
                       hint: they look like `acme-made-up-key-for-the-sandbox`; see https://acme.example/account/keys
        well"#]],
    );
}

#[test]
fn a_missing_key_is_wrong_only_where_the_connector_is_used() {
    check(
        "",
        &[],
        expect![[r#"
        unused   acme  `ACME_API_KEY` is not set
                       hint: put `ACME_API_KEY=…` into `.env` or the environment; get one at https://acme.example/account/keys
        well"#]],
    );
    check(
        "[listeners]\nacme = \"127.0.0.1:4001\"",
        &[],
        expect![[r#"
        wrong    acme  `ACME_API_KEY` is not set
                       hint: put `ACME_API_KEY=…` into `.env` or the environment; get one at https://acme.example/account/keys
        not well"#]],
    );
}

#[test]
fn settings_may_name_another_variable() {
    let settings = "[connectors.acme.secrets]\napi_key = \"MY_KEY\"";
    check(
        settings,
        &[("MY_KEY", "abcdefghijklmnopqrstuvwxyz")],
        expect![[r#"
        ok       acme  `MY_KEY` is set in the environment: abcd…
        well"#]],
    );
}

#[test]
fn a_published_name_is_wrong() {
    check(
        "",
        &[("NEXT_PUBLIC_ACME_API_KEY", "abcdefghijklmnopqrstuvwxyz")],
        expect![[r#"
        wrong    acme  `ACME_API_KEY` is not set, and `NEXT_PUBLIC_ACME_API_KEY` in the environment is a name that front-end bundlers publish to every visitor
                       hint: rename `NEXT_PUBLIC_ACME_API_KEY` to `ACME_API_KEY`; if it was ever published, replace the key at https://acme.example/account/keys
        not well"#]],
    );
}

#[test]
fn a_clock_that_cannot_be_right_is_wrong() {
    let is_well = |days: u64| {
        let mut findings = Findings::default();
        machine::examine_clock(
            SystemTime::UNIX_EPOCH + Duration::from_hours(24 * days),
            &mut findings,
        );
        findings.is_well()
    };
    assert!(!is_well(0));
    assert!(is_well(20_779));
    assert!(!is_well(99_999));
}

#[test]
fn a_data_folder_is_tried_and_left_as_it_was() {
    let root = tempfile::tempdir().expect("a folder");
    let mut findings = Findings::default();
    machine::examine_data_dir(&root.path().join("deep/.trunkline"), &mut findings);
    assert!(findings.is_well());
    assert_eq!(std::fs::read_dir(root.path()).expect("a folder").count(), 0);
    machine::examine_data_dir(std::path::Path::new("/proc/nowhere"), &mut findings);
    assert!(!findings.is_well(), "{}", text(&findings));
}

#[test]
fn a_port_in_use_is_a_warning() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let listen = Listen::Tcp(listener.local_addr().expect("an address"));
    let mut findings = Findings::default();
    machine::examine_listener("server.listen", &listen, &mut findings);
    assert!(findings.is_well());
    assert!(
        text(&findings).starts_with("warning  ports"),
        "{}",
        text(&findings)
    );
    let any = Listen::Tcp(([127, 0, 0, 1], 0).into());
    let mut findings = Findings::default();
    machine::examine_listener("server.listen", &any, &mut findings);
    assert!(text(&findings).starts_with("ok"), "{}", text(&findings));
}
