//! What is read of a file of variables, and what is doubted.

use expect_test::{Expect, expect};

use super::*;

/// Every variable, then every doubt.
#[track_caller]
fn check(text: &str, expected: Expect) {
    let file = Source {
        name: ".env".to_owned(),
        text: text.to_owned(),
    };
    let (variables, doubts) = read(&file);
    let variables = variables.with_prefix("");
    let mut lines: Vec<String> = variables
        .map(|(name, value)| format!("{name}={value:?}"))
        .collect();
    for doubt in doubts {
        lines.push(format!("{}: {}", doubt.line, doubt.message));
    }
    expected.assert_eq(&lines.join("\n"));
}

#[test]
fn files_are_read_as_people_write_them() {
    check(
        "\u{feff}# keys\nA=one\nexport B = two words # not this\nC='as # it \\n stands'\r\nD=\"line\\n\\\"quoted\\\"\" # so\nE=\nF=a=b\n\r\n  # end",
        expect![[r#"
            A="one"
            B="two words"
            C="as # it \\n stands"
            D="line\n\"quoted\""
            E=""
            F="a=b""#]],
    );
    check(
        "A=\"two\nlines\"\nB=x",
        expect![[r#"
            A="two\nlines"
            B="x""#]],
    );
}

#[test]
fn what_assigns_nothing_is_doubted() {
    check(
        "A=\"two\nlines\"\nsk-canary\n\nB: canary\nsk+canary/==\nC=x\nexport D\n=canary",
        expect![[r#"
            A="two\nlines"
            C="x"
            3: this line is no `NAME=value` and is passed over
            5: this line is no `NAME=value` and is passed over
            6: this line is no `NAME=value` and is passed over
            8: this line is no `NAME=value` and is passed over
            9: this line is no `NAME=value` and is passed over"#]],
    );
}

#[test]
fn names_that_only_others_use_are_their_business() {
    check("spring.datasource-url=x\n9=x", expect![""]);
}

#[test]
fn a_quote_that_is_not_closed_is_doubted() {
    check(
        "A=\"never closed\nB=x\nC='",
        expect![[r#"
            A="\"never closed"
            B="x"
            C="'"
            1: the quote that begins the value of `A` is not closed
            3: the quote that begins the value of `C` is not closed"#]],
    );
    check(
        "A=\"closed too late\nB=\"x\"\nC=y",
        expect![[r#"
            A="closed too late\nB="
            C="y"
            1: what stands behind the quoted value of `A` is passed over"#]],
    );
}
