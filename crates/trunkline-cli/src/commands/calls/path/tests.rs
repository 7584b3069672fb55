//! Paths that would make a row something else than it is.

use super::*;

#[test]
fn what_would_not_be_seen_is_written_out() {
    for (path, expected) in [
        ("/v1/models", "/v1/models"),
        ("/größe/日本/💥", "/größe/日本/💥"),
        ("/a\u{202e}gpj.exe", "/a\\u{202e}gpj.exe"),
        ("/\x1b[2J\n\t\u{9b}", "/\\u{1b}[2J\\u{a}\\u{9}\\u{9b}"),
    ] {
        assert_eq!(shown(path), expected);
        assert_eq!(shortened(path), expected);
    }
    let hidden = [
        "\u{200b}", "\u{200e}", "\u{200f}", "\u{61c}", "\u{2060}", "\u{feff}",
    ];
    let directions = ('\u{202a}'..='\u{202e}').chain('\u{2066}'..='\u{2069}');
    for character in directions.map(String::from).chain(hidden.map(String::from)) {
        assert!(shown(&character).is_ascii(), "{character:?}");
        assert!(shortened(&character).is_ascii(), "{character:?}");
    }
}

#[test]
fn a_row_is_no_wider_for_a_path_than_it_may_be() {
    let just = "x".repeat(100);
    assert_eq!(shortened(&just), just);
    let cut = format!("{}…", "x".repeat(99));
    assert_eq!(shortened(&"x".repeat(101)), cut);
    assert_eq!(shortened(&"x".repeat(60_000)), cut);
    // What is written out is not cut in the middle, and counts as wide as it is.
    for (before, expected) in [(99, 99), (94, 94), (92, 92), (91, 99)] {
        let path = format!("{}\u{202e}{}", "x".repeat(before), "y".repeat(50));
        let text = shortened(&path);
        assert_eq!(text.chars().count(), expected + 1, "{text}");
        assert_eq!(text.contains("\\u"), text.contains("\\u{202e}"), "{text}");
        assert!(text.ends_with('…'), "{text}");
    }
    assert_eq!(shown(&"x".repeat(60_000)).len(), 60_000);
}
