//! What a change outdates: RFC 9111 section 4.4.

use crate::cache::{acme, row, table};

#[test]
fn a_change_that_succeeds_outdates_its_address() {
    let kept = "> GET\n< 200\n< Cache-Control: max-age=60\n~ stored\n";
    // That the upstream is asked again is told by its answering.
    let gone = "> GET\n< 200\n";
    let still_there = "> GET\n= 200\n= | answer 1\n~ hit\n";
    let mut rows = String::new();
    for method in ["POST", "PUT", "PATCH", "DELETE", "FROB"] {
        let changed = format!("{kept}> {method}\n< 200\n{gone}");
        rows += &row(&format!("RFC 9111 §4.4: {method}"), &changed);
    }
    for status in [201, 202, 204, 299, 301, 303, 399] {
        let changed = format!("{kept}> POST\n< {status}\n{gone}");
        rows += &row(&format!("RFC 9111 §4.4: {status} is no error"), &changed);
    }
    for status in [400, 404, 409, 412, 500, 503] {
        let failed = format!("{kept}> POST\n< {status}\n{still_there}");
        rows += &row(&format!("RFC 9111 §4.4: {status} changed nothing"), &failed);
    }
    for method in ["OPTIONS", "PROPFIND", "REPORT", "SEARCH", "QUERY"] {
        let asked = format!("{kept}> {method}\n< 200\n{still_there}");
        rows += &row(
            &format!("RFC 9110 §9.2.1: {method} changes nothing"),
            &asked,
        );
    }
    trunkline_tests::check(&rows, acme);
}

const SCOPE: &str = "
# RFC 9111 §4.4: all variants
> GET
> Accept: text/a
< 200
< Cache-Control: max-age=60
< Vary: Accept
> GET
> Accept: text/b
< 200
< Cache-Control: max-age=60
< Vary: Accept
> POST
< 200
> GET
> Accept: text/a
< 200
> GET
> Accept: text/b
< 200

# RFC 9111 §4.4: not the same path with another query
> GET ?a=b
< 200
< Cache-Control: max-age=60
> POST
< 200
> GET ?a=b
= | answer 1
~ hit

# RFC 9111 §4.4: not what lies below
> GET /a
< 200
< Cache-Control: max-age=60
> DELETE
< 200
> GET /a
= | answer 1
~ hit

# RFC 9111 §4.4: a HEAD finds nothing either
> GET
< 200
< Cache-Control: max-age=60
> PUT
< 200
> HEAD
< 200

# RFC 9111 §4.4: what comes later is kept again
> GET
< 200
< Cache-Control: max-age=60
> PUT
< 200
> GET
< 200
< Cache-Control: max-age=60
> GET
= | answer 3
~ hit
";

#[test]
fn a_change_outdates_all_variants_and_no_other_address() {
    trunkline_tests::check(SCOPE, acme);
}

/// What is named by the answer to a POST to `{row}/a/c`, and what that does to `{row}/a/b`.
const NAMED: &str = "
an absolute path                          | {row}/a/b                          | gone
an address                                | {origin}{row}/a/b                  | gone
an address with a fragment                | {origin}{row}/a/b#c                | gone
a path that is relative to the target     | b                                  | gone
a path upwards                            | ../a/b                             | gone
another path                              | {row}/a/d                          | still there
another query                             | {row}/a/b?c                        | still there
another host                              | http://other.example{row}/a/b      | still there
another host without a scheme             | //other.example{row}/a/b           | still there
another port                              | http://127.0.0.1:1{row}/a/b        | still there
another scheme                            | https://127.0.0.1{row}/a/b         | still there
no address                                | http://[                           | still there
";

#[test]
fn a_change_outdates_what_it_names_of_the_same_origin() {
    let kept = "> GET /a/b\n< 200\n< Cache-Control: max-age=60\n";
    let still_there = "> GET /a/b\n= 200\n= | answer 1\n~ hit\n";
    let mut rows = String::new();
    for name in ["Location", "Content-Location"] {
        for [rule, value, what] in table(NAMED) {
            let then = if what == "gone" {
                "> GET /a/b\n< 200\n"
            } else {
                still_there
            };
            let changed = format!("{kept}> POST /a/c\n< 201\n< {name}: {value}\n{then}");
            rows += &row(&format!("RFC 9111 §4.4: {name} with {rule}"), &changed);
        }
        for (rule, asked, status) in [("an error", "POST", 404), ("what is safe", "GET", 200)] {
            let named = format!("< {status}\n< {name}: {{row}}/a/b\n");
            let text = format!("{kept}> {asked} /a/c\n{named}{still_there}");
            rows += &row(&format!("RFC 9111 §4.4: {name} of {rule}"), &text);
        }
    }
    trunkline_tests::check(&rows, acme);
}
