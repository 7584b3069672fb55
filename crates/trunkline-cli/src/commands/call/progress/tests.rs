//! The line is there for people, gives way, and is not written for each record.

use std::time::Duration;

use trunkline::Clock;

use super::{Progress, bar, grouped};
use crate::printer::{Look, Printer};

#[test]
fn a_line_is_written_over_and_taken_away() {
    let (clock, time) = Clock::manual();
    let (mut printer, _, err) = Printer::captured(Look::Terminal);
    let mut progress = Progress::until_result(&printer, clock);
    progress.show("1 page, 10 records", &mut printer);
    progress.show("too soon", &mut printer);
    time.advance(Duration::from_secs(1));
    progress.show("2 pages", &mut printer);
    progress.clear(&mut printer);
    progress.clear(&mut printer);
    assert_eq!(
        err.text(),
        "\r1 page, 10 records\r2 pages           \r       \r"
    );
}

#[test]
fn nothing_is_written_where_nobody_sits() {
    let (clock, _time) = Clock::manual();
    let (mut printer, _, err) = Printer::captured(Look::Plain);
    let mut progress = Progress::until_result(&printer, clock.clone());
    progress.show("1 page", &mut printer);
    progress.clear(&mut printer);
    assert_eq!(err.text(), "");
    // Records on the same terminal show well enough that something happens.
    let (mut printer, _, err) = Printer::captured(Look::Terminal);
    Progress::new(&printer, clock).show("1 page", &mut printer);
    assert_eq!(err.text(), "");
}

#[test]
fn a_bar_fills() {
    assert_eq!(bar(0, 10), "[--------------------]");
    assert_eq!(bar(5, 10), "[##########----------]");
    assert_eq!(bar(11, 10), "[####################]");
    assert_eq!(bar(0, 0), "[--------------------]");
}

#[test]
fn digits_are_grouped() {
    assert_eq!(grouped(0), "0");
    assert_eq!(grouped(999), "999");
    assert_eq!(grouped(1_000), "1,000");
    assert_eq!(grouped(1_234_567), "1,234,567");
}
