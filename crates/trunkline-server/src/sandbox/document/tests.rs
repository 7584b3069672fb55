//! Documents that are the same, and documents whose answers do for others.

use super::{answers, normal};

#[test]
fn white_space_commas_and_comments_mean_nothing() {
    let document = "query A($a: Int!, $b: [String]) {\n  viewer { login } # who\n\n issues(first:$a,q:\"a,  b\") { id }\n}";
    let same = "query A($a:Int! $b:[String]){viewer{login}issues(first: $a q: \"a,  b\"){id}}";
    assert_eq!(normal(document), normal(same));
    assert_eq!(normal(&normal(document)), normal(document));
    let other = same.replace("a,  b", "a, b");
    assert_ne!(normal(document), normal(&other));
    let other = same.replace("login", "log in");
    assert_ne!(normal(document), normal(&other));
}

#[test]
fn texts_end_where_they_end() {
    assert_eq!(normal(r#"{a(b:"\"}\\") c}"#), r#"{ a ( b : "\"}\\" ) c }"#);
    let block = "{ a(b: \"\"\"x \" y\"\"\") }";
    assert_eq!(normal(block), "{ a ( b : \"\"\"x \" y\"\"\" ) }");
    assert_eq!(normal("{ a(b: \"open"), "{ a ( b : \"open");
    assert_eq!(normal("{ é }"), "{ é }");
}

fn does(asked: &str) -> bool {
    let recorded = "query ($owner: String!) { viewer { login } repo: repository(owner: $owner) \
        { name issues(first: 2) { nodes { title } } } }";
    answers(&normal(recorded), &normal(asked))
}

#[test]
fn an_answer_does_for_whoever_asks_for_no_more() {
    for document in [
        "{ viewer { login } }",
        "query Me { viewer { login __typename } }",
        "{ repo: any(owner: \"x\", with: { more: 1 }) { issues { nodes { title } } } }",
        "{ viewer { ... on User @include(if: true) { login } } }",
        "query A { viewer { login } } query B { repo: r { name } }",
    ] {
        assert!(does(document), "{document}");
    }
    for document in [
        "{ viewer { login name } }",
        "{ login }",
        "{ repository { name } }",
        "mutation { viewer { login } }",
        "{ viewer { ...F } } fragment F on User { login }",
        "{",
        "",
    ] {
        assert!(!does(document), "{document}");
    }
}
