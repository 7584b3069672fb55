//! What is said of a list that did not come to its end.

use expect_test::{Expect, expect};
use trunkline::Resume;

use super::{again, came, option, told_of_pages};
use crate::exit::Exit;
use crate::failure::{Complaint, Failure};
use crate::printer::{Look, Printer};

#[track_caller]
fn check(came: (u64, u64), resume: Option<Resume>, expected: Expect) {
    let (mut printer, _, err) = Printer::captured(Look::Plain);
    let failure = Failure::new(Exit::UpstreamFailed, Complaint::new("it broke"));
    printer.complain(&told_of_pages(failure, &(came, resume)).complaints[0]);
    expected.assert_eq(&err.text());
}

#[test]
fn what_came_and_where_to_go_on_is_said() {
    check(
        (12, 1200),
        Some(Resume::Next("abc".to_owned())),
        expect![[r#"
            error: it broke
              came before: 12 pages, 1,200 records
              go on: add `--from-cursor abc`
        "#]],
    );
    check(
        (1, 1),
        Some(Resume::Again("abc".to_owned())),
        expect![[r#"
            error: it broke
              came before: 1 page, 1 record
              go on: add `--from-cursor abc`; the records of the last page come again
        "#]],
    );
    check(
        (0, 0),
        None,
        expect![[r#"
            error: it broke
        "#]],
    );
}

#[test]
fn a_page_that_was_printed_in_part_comes_again() {
    let next = |resume| again(((2, 4), resume)).1;
    assert_eq!(
        next(Some(Resume::Next("abc".to_owned()))),
        Some(Resume::Again("abc".to_owned()))
    );
    assert_eq!(next(None), None);
    // A reader that has had enough is told nothing.
    let quiet = told_of_pages(
        Failure::silent(Exit::Success),
        &((2, 4), Some(Resume::Next("abc".to_owned()))),
    );
    assert!(quiet.complaints.is_empty());
}

#[test]
fn a_cursor_is_written_as_a_shell_takes_it() {
    let written = |cursor: &str| option(&Resume::Next(cursor.to_owned()));
    assert_eq!(written("a-B_9=:/.,%+@"), "`--from-cursor a-B_9=:/.,%+@`");
    assert_eq!(
        written("https://a/?b=c&d"),
        "`--from-cursor 'https://a/?b=c&d'`"
    );
    assert_eq!(written("it's"), r"`--from-cursor 'it'\''s'`");
    assert_eq!(written(""), "`--from-cursor ''`");
    assert_eq!(
        written("\x1b[31mr\u{9b}e\\d's\n"),
        r"`--from-cursor $'\x1b[31mr\xc2\x9be\\d\'s\x0a'`"
    );
    assert_eq!(came(1_000, 1), "1,000 pages, 1 record");
}
