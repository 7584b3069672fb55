//! Callgrind's output is read, and its counts are assigned to crates.

use std::fs;

use super::{Costs, Counted};

const FEW: &str = "\
--------------------------------------------------------------------------------
Ir
--------------------------------------------------------------------------------
1,500 (100.0%)  PROGRAM TOTALS

--------------------------------------------------------------------------------
Ir               file:function
--------------------------------------------------------------------------------
  1,000 (66.67%)  crates/trunkline/src/client.rs:trunkline::call [/target/release/trunkline]
    500 (33.33%)  /rustc/0/library/core/src/str.rs:core::str::find [/target/release/trunkline]
";

const MANY: &str = "\
Ir               file:function
  3,500 (50.00%)  /src/crates/trunkline/src/client.rs:trunkline::call [/target/release/trunkline]
  2,000 (33.33%)  /cargo/registry/src/index-0/hyper-1.12.0/src/proto.rs:hyper::poll [/target/release/trunkline]
    500 ( 8.33%)  /rustc/0/library/core/src/str.rs:core::str::find [/target/release/trunkline]
    500 ( 8.33%)  ???:memcpy [/lib/libc.so.6]
";

#[test]
fn the_difference_of_two_runs_is_what_the_calls_took() {
    let costs = Costs::parse(MANY).less(&Costs::parse(FEW));
    assert_eq!(
        costs.table(10.0),
        "     250  crates/trunkline/src/client.rs:trunkline::call
     200  hyper-1.12.0/src/proto.rs:hyper::poll
      50  ???:memcpy
"
    );
}

#[test]
fn costs_are_assigned_to_crates() {
    assert_eq!(
        Costs::parse(MANY).by_crate().table(10.0),
        "     350  trunkline\n     200  hyper-1.12.0\n      50  core\n      50  other\n"
    );
}

#[test]
fn what_was_inlined_belongs_to_its_function() {
    let inlined =
        "file:function\n40 ( 1.0%)  /rustc/0/library/core/src/cell.rs:hyper::poll [program]\n";
    let costs = Costs::parse(&format!(
        "{inlined}60 ( 2.0%)  src/poll.rs:hyper::poll [program]\n"
    ));
    assert_eq!(costs.by_function().table(1.0), "     100  hyper::poll\n");
}

#[test]
fn output_without_counts_has_none() {
    assert_eq!(Costs::parse("nothing here"), Costs::default());
}

#[test]
fn each_thread_is_counted_by_itself() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("counts");
    let counted = Counted::read(&file);
    assert!(counted.total().is_err(), "nothing was written");
    for (number, total) in [("01", 30), ("02", 12)] {
        let file = folder.path().join(format!("counts-{number}"));
        fs::write(file, format!("thread: {number}\ntotals: {total}\n")).unwrap();
    }
    let counted = Counted::read(&file);
    assert_eq!(counted.total().unwrap(), 42);
    assert_eq!(counted.of_thread(1).unwrap(), 12);
    assert!(counted.of_thread(2).is_err(), "there is none");
}
