//! Event streams, whole and in pieces.

use std::fmt::Write as _;

use expect_test::{Expect, expect};
use proptest::prelude::*;

use super::*;

fn parse(bytes: &[u8], size: usize) -> Vec<Event> {
    let mut parser = Parser::new(1 << 20);
    bytes
        .chunks(size.max(1))
        .flat_map(|chunk| parser.push(chunk).unwrap())
        .collect()
}

#[track_caller]
fn check(text: &str, expected: Expect) {
    let events = parse(text.as_bytes(), usize::MAX);
    let shown: Vec<String> = events
        .iter()
        .map(|event| format!("{:?} {:?} {:?}", event.name, event.data, event.id))
        .collect();
    expected.assert_eq(&shown.join("\n"));
}

#[test]
fn events_are_read_as_the_standard_says() {
    check("data: one\n\n", expect![[r#""" "one" """#]]);
    check(
        "\u{feff}event: e\r\ndata:x\r\rdata: y\n\n",
        expect![[r#"
        "e" "x" ""
        "" "y" """#]],
    );
    check("data: a\ndata: b\ndata\n\n", expect![[r#""" "a\nb\n" """#]]);
    check(
        ": comment\nid: 7\ndata: x\n\ndata: y\n\n",
        expect![[r#"
        "" "x" "7"
        "" "y" "7""#]],
    );
    check("id: a\0b\ndata: x\n\n", expect![[r#""" "x" """#]]);
    check("event: lonely\n\ndata: x\n\n", expect![[r#""" "x" """#]]);
    check("data: never finished", expect![""]);
    check(
        "data:  two spaces\nunknown: x\n\n",
        expect![[r#""" " two spaces" """#]],
    );
}

#[test]
fn an_event_cannot_grow_without_bound() {
    let mut parser = Parser::new(10);
    assert_eq!(parser.push(b"data: 0123456789"), Err(TooLarge(10)));
}

proptest! {
    #[test]
    fn pieces_do_not_matter(text in "(data|id|event|x|:| |\r|\n|\u{e9}|\u{feff}){0,40}", size in 1_usize..7) {
        prop_assert_eq!(parse(text.as_bytes(), size), parse(text.as_bytes(), usize::MAX));
    }

    #[test]
    fn what_was_written_is_read(events in proptest::collection::vec(("[a-z]{0,5}", "[a-z \u{e9}]{0,9}(\n[a-z]{0,3}){0,2}"), 0..6)) {
        let mut text = String::new();
        for (name, data) in &events {
            writeln!(text, "event: {name}").unwrap();
            for line in data.split('\n') {
                writeln!(text, "data: {line}").unwrap();
            }
            text.push('\n');
        }
        let read: Vec<_> = parse(text.as_bytes(), 3).into_iter().map(|event| (event.name, event.data)).collect();
        prop_assert_eq!(read, events);
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        parse(&bytes, 5);
    }
}
