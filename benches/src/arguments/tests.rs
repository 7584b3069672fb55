//! What the command line understands, and what it says to the rest.

use super::{Asked, Wish, parse};
use crate::Bench;
use crate::effort::Effort;

#[track_caller]
fn wish(line: &str) -> Wish {
    let arguments: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
    match parse(&arguments) {
        Ok(Asked::Run(wish)) => wish,
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn refuses(line: &str, message: &str) {
    let arguments: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
    assert_eq!(parse(&arguments).unwrap_err().to_string(), message);
}

#[test]
fn nothing_named_is_everything() {
    assert_eq!(wish("").benches, Bench::ALL);
    assert_eq!(wish("all size").benches, Bench::ALL);
    assert_eq!(wish("").effort, Effort::full());
}

#[test]
fn what_is_named_must_be_measured() {
    let named = wish("proxy size");
    assert_eq!(named.benches, [Bench::Proxy, Bench::Size]);
    assert!(named.is_strict);
}

#[test]
fn options_say_how_much_wherever_they_stand() {
    let effort = wish("--rounds 3 proxy --seconds 7").effort;
    assert_eq!((effort.rounds, effort.seconds), (3, 7));
    let smallest = wish("--rounds 3 --smallest").effort;
    assert_eq!(
        smallest,
        Effort {
            rounds: 3,
            ..Effort::smallest()
        }
    );
}

#[test]
fn the_soak_runs_only_where_it_is_named() {
    assert!(!Bench::ALL.contains(&Bench::Soak));
    let wish = wish("soak --minutes 60 --rate 100 --seed 7");
    assert_eq!(wish.benches, [Bench::Soak]);
    let soak = wish.effort.soak;
    assert_eq!((soak.minutes, soak.rate, soak.seed), (60, 100, Some(7)));
}

#[test]
fn help_is_given() {
    assert_eq!(parse(&["--help".to_owned()]).unwrap(), Asked::Help);
}

#[test]
fn the_rest_is_refused() {
    refuses(
        "speed",
        "there is no bench and no option `speed`; there are size, start, instructions, instructions-full, instructions-hits, streams, pages, proxy, full, hits, sse, tls, soak, all, and --help",
    );
    refuses("--rounds", "`--rounds` takes a number");
    refuses(
        "--rounds 0",
        "`--rounds` takes a whole number from 1, not `0`",
    );
    refuses(
        "--seconds soon",
        "`--seconds` takes a whole number from 1, not `soon`",
    );
}
