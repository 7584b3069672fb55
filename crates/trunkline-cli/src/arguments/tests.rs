//! What the command line takes.

use clap::{Command, CommandFactory as _};
use expect_test::expect_file;

use super::Arguments;

#[test]
fn arguments_are_consistent() {
    Arguments::command().debug_assert();
}

/// Compares the help of a command and of all below it with `help/NAME.txt`.
fn check(command: &mut Command, name: &str) {
    let help = command.render_long_help().to_string();
    expect_file![format!("help/{name}.txt")].assert_eq(&help);
    for below in command.get_subcommands_mut() {
        let name = format!("{name}-{}", below.get_name());
        check(below, &name);
    }
}

#[test]
fn help_reads_as_it_should() {
    let mut command = Arguments::command().term_width(100);
    command.build();
    check(&mut command, "trunkline");
}
