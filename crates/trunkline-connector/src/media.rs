//! What a media type says of a body (RFC 6838, RFC 6839).

/// Whether a `Content-Type` is JSON: `application/json`, or another with `+json` behind its name.
pub fn is_json(content_type: &str) -> bool {
    let name = content_type.split(';').next().unwrap_or_default().trim();
    let name = name.to_ascii_lowercase();
    name == "application/json" || name.ends_with("+json")
}

#[cfg(test)]
mod tests {
    use super::is_json;

    #[test]
    fn json_has_many_names() {
        for name in [
            "application/json",
            "Application/JSON; charset=utf-8",
            "application/vnd.api+json",
            "application/merge-patch+json ; a=b",
        ] {
            assert!(is_json(name), "{name}");
        }
        for name in [
            "",
            "text/plain",
            "application/jsonl",
            "application/x-ndjson",
            "json",
        ] {
            assert!(!is_json(name), "{name}");
        }
    }
}
