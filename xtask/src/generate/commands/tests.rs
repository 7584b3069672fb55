//! Names of commands are read out of a help text.

use super::subcommands;

#[test]
fn the_commands_of_a_help_text_are_found() {
    let help = "\
Calls third-party APIs.

Usage: trunkline <COMMAND>

Commands:
  serve       Runs the gateway
  connectors  Lists, shows
              and checks
  help        Print this

Options:
  -h, --help  Print help
";
    assert_eq!(subcommands(help), ["serve", "connectors"]);
    assert!(subcommands("Usage: trunkline serve\n").is_empty());
}
