//! The date must be there, once, and be a date.

const PATH: &str = "connectors/openai/connector.toml";

fn is_found(text: &str) -> bool {
    !super::check(PATH, text).is_empty()
}

#[test]
fn a_date_satisfies() {
    assert!(!is_found("[connector]\nchecked = \"2026-11-02\"\n"));
    assert!(!is_found("checked=\"2026-11-02\""));
}

#[test]
fn no_date_or_no_real_one_is_found() {
    assert!(is_found("[connector]\n"));
    assert!(is_found("checked = \"soon\""));
    assert!(is_found("checked = \"2026-13-02\""));
    assert!(is_found("checked = \"2026-00-02\""));
    assert!(is_found("checked = \"2026-11-32\""));
    assert!(is_found("checked = \"26-11-02\""));
    assert!(is_found("# checked = \"2026-11-02\""));
}

#[test]
fn other_files_need_none() {
    assert!(super::check("connectors/openai/operations/chat.toml", "").is_empty());
    assert!(super::check("crates/trunkline/connector.toml", "").is_empty());
}
