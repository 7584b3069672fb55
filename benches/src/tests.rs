//! Everything can still be measured: each bench runs at its smallest size.

mod needs_nginx;

use crate::binary::Binary;
use crate::effort::Effort;
use crate::figure::{Bound, Unit};
use crate::{Bench, machine};

/// Runs a bench, and its gates where the binary is built as it ships.
#[track_caller]
fn check(bench: Bench) {
    if let Some(program) = machine::missing(bench.needs()) {
        assert!(!machine::is_ci(), "`{program}` is not installed");
        eprintln!("skipped: `{program}` is not installed");
        return;
    }
    let binary = Binary::find().unwrap();
    let figures = bench.run(&binary, &Effort::smallest()).unwrap();
    assert!(!figures.is_empty());
    for figure in figures {
        // A delay of which little is left may be less than none.
        let is_delay = figure.unit == Unit::Milliseconds && figure.bound == Bound::None;
        assert!(is_delay || 0.0 < figure.value, "{figure}");
        // What takes how long says nothing on a machine that runs other tests.
        let counts = binary.is_as_shipped() && figure.unit != Unit::Milliseconds;
        assert!(!counts || figure.is_allowed(), "{figure}");
    }
}

#[test]
fn the_size_can_be_measured() {
    check(Bench::Size);
}

#[test]
fn a_start_can_be_measured() {
    check(Bench::Start);
}

#[test]
fn instructions_can_be_counted() {
    check(Bench::Instructions);
}

#[test]
fn instructions_can_be_counted_with_everything_on() {
    check(Bench::InstructionsFull);
}

#[test]
fn instructions_of_hits_can_be_counted() {
    check(Bench::InstructionsHits);
}

#[test]
fn a_long_list_can_be_read() {
    check(Bench::Pages);
}

#[test]
fn memory_can_be_measured() {
    check(Bench::Streams);
}
