//! What the command line takes.

use clap::{Command, CommandFactory as _};
use expect_test::expect_file;

use super::{Arguments, LATER, later};

#[test]
fn arguments_are_consistent() {
    Arguments::command().debug_assert();
}

#[test]
fn what_comes_later_is_not_taken_for_a_typing_error() {
    let command = Arguments::command();
    for word in LATER {
        assert!(command.find_subcommand(word).is_none(), "{word} is here");
        let complaint = later(Some(word.as_ref())).expect("a complaint");
        assert_eq!(
            complaint.message,
            format!("`trunkline {word}` is not in this version")
        );
    }
    for word in ["serve", "secret", "--help", ""] {
        assert_eq!(later(Some(word.as_ref())), None, "{word}");
    }
    assert_eq!(later(None), None);
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
