//! Every error of a GraphQL answer is told with its place.

use expect_test::{Expect, expect};
use serde_json::{Value, json};

use super::explain;
use crate::failure::Complaint;
use crate::printer::{Look, Printer};

#[track_caller]
fn check(body: &Value, expected: Expect) {
    let complaint = Complaint::new("GitHub answered 200 OK")
        .note("said", "the first")
        .note("hint", "correct the query");
    let (mut printer, _, err) = Printer::captured(Look::Plain);
    printer.complain(&explain(complaint, body.to_string().as_bytes()));
    expected.assert_eq(&err.text());
}

#[test]
fn errors_are_told_with_path_message_and_code() {
    check(
        &json!({ "data": { "repository": null }, "errors": [
            { "message": "no such issue", "type": "NOT_FOUND", "path": ["repository", "issues", 0, "title"] },
            { "message": "too deep", "locations": [{ "line": 3, "column": 5 }], "extensions": { "code": "DEPTH" } },
            { "message": "no" },
            "what",
        ] }),
        expect![[r#"
            error: GitHub answered 200 OK
              at: `repository.issues[0].title`: no such issue (`NOT_FOUND`)
              at: line 3, column 5 of the document: too deep (`DEPTH`)
              said: no
              said: "what"
              hint: correct the query
        "#]],
    );
}

#[test]
fn many_errors_are_counted() {
    let errors = vec![json!({ "message": "no" }); 25];
    let body = json!({ "errors": errors }).to_string();
    let complaint = explain(Complaint::new("it failed"), body.as_bytes());
    assert_eq!(complaint.notes.len(), 21);
    assert_eq!(complaint.notes[20], ("said", "5 more errors".to_owned()));
}

#[test]
fn an_answer_without_errors_is_told_as_before() {
    for body in [json!({ "data": null }), json!({ "errors": [] })] {
        check(
            &body,
            expect![[r#"
                error: GitHub answered 200 OK
                  said: the first
                  hint: correct the query
            "#]],
        );
    }
}
