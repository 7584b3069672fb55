//! What goes where, and in which colors.

use std::io;

use expect_test::{Expect, expect};
use serde_json::json;
use trunkline::{Environment, Error, ErrorKind};
use trunkline_connector::document::Problem;

use super::{Look, Printer};
use crate::exit::Exit;
use crate::failure::Failure;

#[track_caller]
fn check(look: Look, failure: impl Into<Failure>, expected: Expect) {
    let (mut printer, _, err) = Printer::captured(look);
    for complaint in &failure.into().complaints {
        printer.complain(complaint);
    }
    expected.assert_eq(&err.text());
}

/// How a terminal looks with these variables.
fn look(variables: &[(&str, &str)]) -> Look {
    let owned = variables
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Look::on_terminal(&Environment::new(owned))
}

#[test]
fn an_error_has_its_causes_and_its_hint_below_it() {
    let err = Error::new(
        ErrorKind::AddressRefused,
        "the call to `crm.internal` was not made",
    )
    .with_source("10.2.0.7 is a private address")
    .with_hint("allow it with `egress.allow`");
    check(
        Look::Plain,
        err,
        expect![[r#"
        error: the call to `crm.internal` was not made
          caused by: 10.2.0.7 is a private address
          hint: allow it with `egress.allow`
    "#]],
    );
}

#[test]
fn every_problem_of_a_file_is_an_error_of_its_own() {
    let problem = |line, hint: Option<&str>| Problem {
        file: "trunkline.toml".to_owned(),
        line,
        column: 3,
        message: "`listn` is unknown".to_owned(),
        hint: hint.map(str::to_owned),
    };
    check(
        Look::Plain,
        vec![problem(1, None), problem(2, Some("did you mean `listen`?"))],
        expect![[r#"
        error: trunkline.toml:1:3: `listn` is unknown
        error: trunkline.toml:2:3: `listn` is unknown
          hint: did you mean `listen`?
    "#]],
    );
}

#[test]
fn colors_mark_labels_only() {
    check(
        Look::Colored,
        Failure::usage("there is no `x`", "use `y`"),
        expect![[r#"
        [1;31merror:[0m there is no `x`
          [2mhint:[0m use `y`
    "#]],
    );
}

#[test]
fn what_makes_a_terminal_do_things_is_not_printed() {
    check(
        Look::Terminal,
        Failure::usage("a\x1b[2Jb\rc", "d\x07"),
        expect![[r#"
        error: a�[2Jb�c
          hint: d�
    "#]],
    );
}

#[test]
fn colors_are_for_terminals_that_want_them() {
    assert_eq!(look(&[]), Look::Colored);
    assert_eq!(look(&[("NO_COLOR", "1")]), Look::Terminal);
    assert_eq!(look(&[("NO_COLOR", "")]), Look::Colored);
    assert_eq!(look(&[("TERM", "dumb")]), Look::Terminal);
    let file = tempfile::tempfile().expect("a file");
    assert_eq!(Look::of(&file, &Environment::default()), Look::Plain);
}

#[test]
fn a_reader_that_has_had_enough_is_no_failure() {
    let failure = Failure::from(io::Error::from(io::ErrorKind::BrokenPipe));
    assert_eq!((failure.exit, failure.complaints.len()), (Exit::Success, 0));
    let failure = Failure::from(io::Error::from(io::ErrorKind::StorageFull));
    assert_eq!((failure.exit, failure.complaints.len()), (Exit::Usage, 1));
}

#[test]
fn values_are_laid_out_over_several_lines() {
    let (mut printer, out, _) = Printer::captured(Look::Plain);
    printer
        .json(&json!([{ "name": "stripe", "operations": 3 }, {}]))
        .expect("printed");
    expect![[r#"
        [
          {
            "name": "stripe",
            "operations": 3
          },
          {}
        ]
    "#]]
    .assert_eq(&out.text());
}
