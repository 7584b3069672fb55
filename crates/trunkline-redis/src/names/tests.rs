//! Names that are bounded and never meet.

use super::*;

#[test]
fn names_of_buckets_are_bounded_and_never_meet() {
    let names = Names::new("p:");
    let text = |bucket: &[u8]| String::from_utf8(names.bucket(bucket)).unwrap();
    assert_eq!(text(b"github"), "p:limit:=github");
    assert_eq!(text(&[b'x'; 96]).len(), "p:limit:=".len() + 96);
    let long = text(&[b'x'; 97]);
    assert_eq!(long.len(), "p:limit:#".len() + 64);
    let hash = long.trim_start_matches("p:limit:");
    assert_ne!(text(hash.as_bytes()), long);
}

#[test]
fn accounts_of_processes_never_meet() {
    let names = Names::new("p:");
    assert_eq!(names.apart("1f", 12), b"p:apart:1f:12");
    assert_ne!(names.apart("1", 12), names.apart("11", 2));
}

#[test]
fn labels_of_a_value_are_those_it_is_forgotten_by() {
    let tags = ["one".to_owned(), "two".to_owned()];
    let labels = Labels {
        address: [7; 16],
        connector: "github",
        operation: Some("issues.list"),
        tags: &tags,
    };
    let expected = [
        Forget::All,
        Forget::Address([7; 16]),
        Forget::Connector("github".to_owned()),
        Forget::Operation {
            connector: "github".to_owned(),
            operation: "issues.list".to_owned(),
        },
        Forget::Tag("one".to_owned()),
        Forget::Tag("two".to_owned()),
    ];
    let expected: Vec<_> = expected.iter().map(Label::of).collect();
    assert_eq!(Label::all_of(&labels), expected);
}

#[test]
fn labels_that_look_alike_are_not_the_same() {
    let operation = |connector: &str, operation: &str| Forget::Operation {
        connector: connector.to_owned(),
        operation: operation.to_owned(),
    };
    let one = Label::of(&operation("a", "bc"));
    assert_ne!(one, Label::of(&operation("ab", "c")));
    let tag = Label::of(&Forget::Tag("x".to_owned()));
    assert_ne!(tag, Label::of(&Forget::Connector("x".to_owned())));
    assert_eq!(tag.0.len(), "tag:".len() + 32);
}
