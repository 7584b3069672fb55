//! What is said of statuses, codes and words.

use expect_test::{Expect, expect};

use super::*;

#[track_caller]
fn check(subject: Subject<'_>, expected: Expect) {
    let text = match explain(None, subject) {
        Some(explanation) => explanation.one_line(),
        None => "nothing is known".to_owned(),
    };
    expected.assert_eq(&text);
}

#[test]
fn statuses_and_words_are_explained() {
    check(
        Subject::Status(401),
        expect![
            "the key is missing, wrong or revoked; check that the right key stands under the right name (`trunkline doctor --live`)"
        ],
    );
    check(
        Subject::Status(418),
        expect!["the request was refused; read the message in the body"],
    );
    check(Subject::Status(200), expect!["nothing is known"]);
    check(
        Subject::Code("cors"),
        expect![
            "a browser page asked another site, and the site did not allow the page's origin; make the call from your back end, where keys belong; if the page may call this gateway, list its origin in `server.origins` (https://github.com/trunkline/trunkline/blob/main/docs/errors.md#origin_refused)"
        ],
    );
    check(Subject::Code("nonsense"), expect!["nothing is known"]);
}

#[test]
fn every_status_of_an_error_has_an_explanation() {
    for status in 400..600 {
        assert!(explain(None, Subject::Status(status)).is_some(), "{status}");
    }
}

#[test]
fn every_error_of_ours_has_a_remedy_and_a_heading() {
    let docs = include_str!("../../../../docs/errors.md");
    for kind in ErrorKind::ALL {
        assert!(!remedy(*kind).is_empty());
        let heading = format!("\n## {}\n", kind.code());
        assert!(
            docs.contains(&heading),
            "docs/errors.md has no heading `{}`",
            kind.code()
        );
    }
}
