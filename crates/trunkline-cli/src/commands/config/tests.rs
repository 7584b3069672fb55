//! Settings: where they come from, and what is wrong with them.

use trunkline::config::{Place, Setting};

use super::shown;

#[track_caller]
fn check(key: &str, expected: &str) {
    let setting = Setting {
        key: key.to_owned(),
        value: "sk-live".into(),
        place: Place::Default,
    };
    assert_eq!(shown(&setting).as_str(), Some(expected), "{key}");
}

#[test]
fn headers_that_carry_keys_are_hidden() {
    check("connectors.openai.headers.authorization", "(hidden)");
    check("connectors.openai.headers.X-Api-Key", "(hidden)");
    check("connectors.openai.headers.openai-organization", "sk-live");
    check("connectors.openai.base_url", "sk-live");
    check("connectors.openai.secrets.api_key", "sk-live");
}
