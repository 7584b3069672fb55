//! What the sample's examples show and what they do not.

use super::{Gap, coverage};
use crate::connector::Connector;
use crate::document::Source;

const FILES: [(&str, &str); 5] = [
    (
        "acme/connector.toml",
        include_str!("../../tests/acme/connector.toml"),
    ),
    (
        "acme/examples/error_429.toml",
        include_str!("../../tests/acme/examples/error_429.toml"),
    ),
    (
        "acme/examples/list.toml",
        include_str!("../../tests/acme/examples/list.toml"),
    ),
    (
        "acme/examples/update.toml",
        include_str!("../../tests/acme/examples/update.toml"),
    ),
    (
        "acme/operations/things.toml",
        include_str!("../../tests/acme/operations/things.toml"),
    ),
];

/// The gaps of the sample without one of its files.
fn gaps_without(name: &str) -> Vec<String> {
    let files = FILES.into_iter().filter(|(file, _)| !file.ends_with(name));
    let files = files.map(|(name, text)| Source {
        name: name.to_owned(),
        text: text.to_owned(),
    });
    let connector = Connector::load(files.collect()).unwrap();
    coverage(&connector).iter().map(Gap::to_string).collect()
}

#[test]
fn what_no_example_shows_is_named() {
    assert_eq!(
        gaps_without("nothing"),
        [
            "no example shows how `things.list` goes wrong",
            "no example reaches `outcomes[0]`: Acme says that it did not work",
            "no example reaches `outcomes[1]`: The allowance is used up",
            "no example tells what `limits.told[1]` counts as `other`",
        ]
    );
    assert_eq!(
        gaps_without("list.toml")[0],
        "no example shows that `things.list` works"
    );
}

#[test]
fn a_wait_counts_where_an_answer_has_it() {
    let gaps = gaps_without("error_429.toml");
    assert!(gaps.contains(&"no example has the wait of `waits[0]`, `acme-reset`".to_owned()));
    assert!(gaps.contains(
        &"no example has the wait of `waits[1]`, `/error/message` of the body".to_owned()
    ));
}
