//! How a server is started and told to stop.

use trunkline::{Config, Environment, Layers};
use trunkline_connector::document::Source;

use super::needs_restart;

fn config(text: &str) -> Config {
    let environment = Environment::default();
    let file = Some(Source {
        name: "trunkline.toml".to_owned(),
        text: text.to_owned(),
    });
    let layers = Layers {
        file,
        environment: &environment,
        arguments: Vec::new(),
    };
    Config::load(layers).expect("settings").0
}

#[track_caller]
fn check(before: &str, after: &str, expected: &[&str]) {
    assert_eq!(
        needs_restart(config(before).settings(), config(after).settings()),
        expected
    );
}

#[test]
fn what_a_reload_cannot_change_is_named() {
    let listen = "[server]\nlisten = \"127.0.0.1:4100\"\n";
    check("", "", &[]);
    check("", listen, &["server.listen"]);
    check(
        listen,
        "[listeners]\nstripe = \"127.0.0.1:4001\"",
        &["listeners.stripe", "server.listen"],
    );
    check("", "[connectors.openai]\ntimeout = \"10s\"", &[]);
}
