//! How times, paths and what is not there are shown.

use trunkline::Catalog;
use trunkline::log::LoggedCall;

use super::{duration, list, or_dash, show};
use crate::printer::{Look, Printer};

/// A call that was refused.
fn call_of(path: &str) -> LoggedCall {
    LoggedCall {
        call_id: "call_1".to_owned(),
        started: "2026-11-22T10:00:00.000Z".to_owned(),
        connector: Some("openai".to_owned()),
        operation: None,
        connection: None,
        method: "GET".to_owned(),
        path: path.to_owned(),
        status: Some(404),
        class: "caller_error".to_owned(),
        code: None,
        attempts: 1,
        took_ms: 1.0,
        first_byte_ms: None,
        waited_ms: 0.0,
        bytes_in: 0,
        bytes_out: 0,
        cache: None,
    }
}

/// What `list` and `show` print of it.
fn printed(call: &LoggedCall) -> [String; 2] {
    let (mut printer, listed, _) = Printer::captured(Look::Plain);
    let calls = std::slice::from_ref(call);
    list::table(calls).print(&mut printer).expect("printed");
    printer.flush().expect("printed");
    let (mut printer, shown, _) = Printer::captured(Look::Plain);
    let catalog = Catalog::load(Vec::new()).expect("a catalog");
    show::print(call, &catalog, &mut printer).expect("printed");
    printer.flush().expect("printed");
    [listed.text(), shown.text()]
}

#[test]
fn no_path_turns_a_line_around_or_hides_in_it() {
    let [listed, shown] = printed(&call_of("/a\u{202e}gpj\u{200b}.exe"));
    for text in [&listed, &shown] {
        assert!(text.contains(r"GET /a\u{202e}gpj\u{200b}.exe"), "{text}");
        assert!(text.is_ascii(), "{text}");
    }
    let again = r"trunkline call openai GET $'/a\xe2\x80\xaegpj\xe2\x80\x8b.exe'";
    assert!(shown.contains(again), "{shown}");
}

#[test]
fn a_long_path_is_cut_in_the_list_only() {
    let path = format!("/{}", "x".repeat(5_000));
    let [listed, shown] = printed(&call_of(&path));
    assert!(
        listed.lines().all(|line| line.chars().count() < 220),
        "{listed}"
    );
    assert!(listed.contains("xxx…"), "{listed}");
    assert!(shown.contains(&path), "{shown}");
}

#[test]
fn times_have_the_unit_that_people_would_use() {
    let shown = [0.0, 0.4, 9.96, 12.3, 999.0, 1_000.0, 61_500.0].map(duration);
    let expected = [
        "0.0 ms", "0.4 ms", "10.0 ms", "12 ms", "999 ms", "1.0 s", "61.5 s",
    ];
    assert_eq!(shown, expected);
}

#[test]
fn what_is_not_there_is_a_dash() {
    let shown = [None, Some(""), Some("x")].map(or_dash);
    assert_eq!(shown, ["-", "-", "x"]);
}
