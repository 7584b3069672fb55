//! What is said of statuses, codes and words.

use expect_test::{Expect, expect};
use trunkline::Catalog;

use super::{find, print, unknown};
use crate::arguments::ListOptions;
use crate::printer::{Look, Printer};

#[track_caller]
fn check(code: &str, expected: Expect) {
    let explanation = find(None, code).expect("an explanation");
    let (mut printer, out, _) = Printer::captured(Look::Plain);
    print(&explanation, &ListOptions { json: false }, &mut printer).expect("printed");
    expected.assert_eq(&out.text());
}

#[track_caller]
fn check_unknown(code: &str, expected: Expect) {
    assert_eq!(find(None, code), None);
    let failure = unknown(&Catalog::default(), None, code);
    let complaint = &failure.complaints[0];
    expected.assert_eq(&format!("{}\n{}", complaint.message, complaint.notes[0].1));
}

#[test]
fn statuses_codes_of_ours_and_plain_words_are_explained() {
    check(
        "429",
        expect![[r#"
            too many requests in too short a time
              whose move:  yours: the request
              what to do:  ask more slowly, wait as long as Retry-After says, or have the limit raised
        "#]],
    );
    check(
        "secret_missing",
        expect![[r#"
        a secret is missing
          whose move:  yours: keys, settings or network
          what to do:  put the key into `.env` or the environment; `trunkline doctor` shows what is there
          docs:        https://github.com/trunkline/trunkline/blob/main/docs/errors.md#secret_missing
    "#]],
    );
    for word in super::WORDS {
        assert!(find(None, word).is_some(), "{word}");
    }
}

#[test]
fn what_is_unknown_leads_to_what_is_known() {
    check_unknown(
        "secret_mising",
        expect![[r#"
        nothing is known of `secret_mising`
        did you mean `secret_missing`?"#]],
    );
    check_unknown(
        "200",
        expect![[r#"
        `200` is no HTTP status of an error
        errors are 400 to 599"#]],
    );
    check_unknown(
        "99999",
        expect![[r#"
        nothing is known of `99999`
        give a status such as `429`, a code, or one of `dns`, `connect`, `tls`, `timeout`, `cors` or `schema`; for a vendor's code its connector first"#]],
    );
    check_unknown(
        "xyzzy",
        expect![[r#"
        nothing is known of `xyzzy`
        give a status such as `429`, a code, or one of `dns`, `connect`, `tls`, `timeout`, `cors` or `schema`; for a vendor's code its connector first"#]],
    );
}
