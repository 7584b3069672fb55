//! Parts as senders write them, and what is none.

use expect_test::{Expect, expect};

use super::{boundary, parts};

#[track_caller]
fn check(body: &str, expected: Expect) {
    let body = body.replace('\n', "\r\n");
    let parts = parts(body.as_bytes(), "b");
    let parts: Vec<String> = parts.iter().map(|part| format!("{part:?}")).collect();
    expected.assert_eq(&parts.join("\n"));
}

#[test]
fn parts_have_names_and_contents() {
    check(
        "--b\nContent-Disposition: form-data; name=\"purpose\"\n\nassistants\n--b\n\
         content-disposition: form-data; name=\"file\"; filename=\"a;b.txt\"\nContent-Type: text/plain\n\n\
         one\n\n--two\n--b--\n",
        expect![[r#"
            Part { name: "purpose", text: "assistants", is_file: false }
            Part { name: "file", text: "one\r\n\r\n--two", is_file: true }"#]],
    );
    check(
        "before\n--b\nContent-Disposition: form-data; filename=\"x\"; name=\"a%22b\"\n\n\n--b--\nafter",
        expect![[r#"Part { name: "a\"b", text: "", is_file: true }"#]],
    );
}

#[test]
fn what_is_no_part_is_left_out() {
    check("", expect![""]);
    check("--b--", expect![""]);
    check("--b\n", expect![""]);
    check("--b\nno head\n--b\n\n\n--b--", expect![""]);
    check(
        "--b\nContent-Disposition: form-data\n\nx\n--b--",
        expect![""],
    );
    check(
        "--b\nContent-Disposition: form-data; name=\"a\"\n\nno end",
        expect![""],
    );
    let many = "--b\nContent-Disposition: form-data; name=\"a\"\n\nx\n".repeat(200) + "--b--";
    let many = many.replace('\n', "\r\n");
    assert_eq!(parts(many.as_bytes(), "b").len(), 100);
}

#[test]
fn a_boundary_is_found_in_the_content_type() {
    let type_of = |text| boundary(text);
    assert_eq!(type_of("multipart/form-data; boundary=abc"), Some("abc"));
    assert_eq!(
        type_of("Multipart/Form-Data; charset=x; boundary=\"a b\""),
        Some("a b")
    );
    assert_eq!(type_of("multipart/form-data"), None);
    assert_eq!(type_of("multipart/form-data; boundary="), None);
    assert_eq!(type_of("multipart/mixed; boundary=abc"), None);
    assert_eq!(type_of("application/json"), None);
}
