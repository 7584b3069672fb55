//! The sample connectors with bytes changed: it loads or it is refused with places, and never panics.

use trunkline_connector::Connector;
use trunkline_connector::document::Source;

use crate::{folder, sources};

/// What is put in: characters that mean something in TOML, in patterns, pointers and templates.
const PIECES: [&str; 27] = [
    "",
    "\"",
    "'",
    "[",
    "]",
    "{",
    "}",
    "=",
    ".",
    ",",
    "\n",
    "#",
    "/",
    "~",
    "(",
    "\\",
    "é",
    "\u{0}",
    "99999999999999999999",
    "-1",
    "true",
    "[[waits]]",
    "5xx",
    "{now+1s}",
    "{key.id}",
    "$defs",
    "(?<id>",
];

/// Damages one file in one to three places.
fn damage(text: &str, chance: &mut fastrand::Rng) -> String {
    let mut bytes = text.as_bytes().to_vec();
    for _ in 0..chance.usize(1..4) {
        let start = chance.usize(..=bytes.len());
        let end = bytes.len().min(start + chance.usize(..8));
        let piece = PIECES[chance.usize(..PIECES.len())];
        bytes.splice(start..end, piece.bytes());
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[test]
fn a_damaged_connector_is_refused_with_places() {
    damage_all("acme", 300);
    damage_all("globex", 150);
}

fn damage_all(sample: &str, times: usize) {
    let whole = sources(&folder(sample));
    let mut chance = fastrand::Rng::with_seed(2026);
    let (mut loaded, mut refused) = (0, 0);
    for _ in 0..times {
        let mut files = whole.clone();
        let file = chance.usize(..files.len());
        files[file].text = damage(&files[file].text, &mut chance);
        let texts = files.clone();
        match Connector::load(files) {
            Ok(_) => loaded += 1,
            Err(problems) => {
                refused += 1;
                assert!(!problems.is_empty());
                assert!(problems.is_sorted());
                for problem in problems {
                    let text = texts.iter().find(|file| file.name == problem.file).unwrap();
                    assert!(stands_in(text, problem.line, problem.column), "{problem}");
                }
            }
        }
    }
    // Both happen, or the damage is not of the right size.
    assert!(
        loaded > 5 && refused > 75,
        "{sample}: {loaded} loaded, {refused} refused"
    );
}

fn stands_in(source: &Source, line: usize, column: usize) -> bool {
    let line = source.text.split('\n').nth(line - 1);
    line.is_some_and(|line| column <= line.chars().count() + 1)
}

#[test]
fn bytes_of_any_kind_are_refused() {
    let mut chance = fastrand::Rng::with_seed(2026);
    for _ in 0..2_000 {
        let bytes: Vec<u8> = (0..chance.usize(..200)).map(|_| chance.u8(..)).collect();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let name = "acme/connector.toml".to_owned();
        assert!(Connector::load(vec![Source { name, text }]).is_err());
    }
}
