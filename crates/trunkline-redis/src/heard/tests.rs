//! Reading what others told, and noticing what was not read.

use super::*;

fn text(text: &str) -> Value {
    Value::BulkString(text.as_bytes().to_owned())
}

fn entry_of(id: &str, fields: &[&[u8]]) -> Value {
    let fields = fields.iter().map(|field| Value::BulkString(field.to_vec()));
    Value::Array(vec![text(id), Value::Array(fields.collect())])
}

fn told(id: &str, by: &str, what: &Forget) -> Value {
    let [kind, one, other] = written(what);
    entry_of(
        id,
        &[
            b"by",
            by.as_bytes(),
            b"what",
            kind,
            b"one",
            one,
            b"other",
            other,
        ],
    )
}

fn last() -> Last {
    Last("1-0".to_owned())
}

#[test]
fn what_is_told_is_heard() {
    let all = [
        Forget::Key([1; 16]),
        Forget::Address([255; 16]),
        Forget::Operation {
            connector: "github".to_owned(),
            operation: "issues.list".to_owned(),
        },
        Forget::Connector("github".to_owned()),
        Forget::Tag("tag".to_owned()),
        Forget::All,
    ];
    let mut entries = vec![entry_of("1-0", &[b"by", b"me"])];
    entries.extend(all.iter().map(|what| told("2-0", "other", what)));
    let read = page(Value::Array(entries), &last(), "me");
    let heard = all.into_iter().map(Forgotten::Only).collect();
    let expected = Page::Read {
        last: Last("2-0".to_owned()),
        heard,
        entries: 7,
    };
    assert_eq!(read, expected);
}

#[test]
fn our_own_words_and_marks_are_passed_over() {
    let entries = vec![
        told("1-0", "other", &Forget::All),
        told("2-0", "me", &Forget::All),
        entry_of("3-0", &[b"by", b"other"]),
    ];
    let expected = Page::Read {
        last: Last("3-0".to_owned()),
        heard: Vec::new(),
        entries: 3,
    };
    assert_eq!(page(Value::Array(entries), &last(), "me"), expected);
}

#[test]
fn what_is_not_understood_may_be_anything() {
    for fields in [
        [&b"what"[..], b"moon"],
        [b"what", b"key"],
        [b"what", b"address"],
    ] {
        let entries = vec![entry_of("1-0", &[]), entry_of("2-0", &fields)];
        let Page::Read { heard, .. } = page(Value::Array(entries), &last(), "me") else {
            panic!("a gap");
        };
        assert_eq!(heard, [Forgotten::Everything]);
    }
}

#[test]
fn a_gap_is_seen() {
    let check = |entries| assert_eq!(page(entries, &last(), "me"), Page::Gap);
    check(Value::Array(Vec::new()));
    check(Value::Array(vec![told("2-0", "other", &Forget::All)]));
    check(Value::Nil);
    check(Value::Array(vec![text("1-0")]));
}
