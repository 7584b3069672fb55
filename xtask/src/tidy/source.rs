//! What must stand in source files, and what must not stand in any file.

/// Files whose text is code: notes to ourselves do not belong there.
const CODE: &[&str] = &["css", "html", "js", "mjs", "rs", "sh", "toml", "ts"];

/// Words that stay out of code. Each is put together here, so that this file does not hold it.
const NOTES: &[(&str, &str)] = &[
    (
        concat!("TO", "DO"),
        "what is left to do is an issue, not a comment",
    ),
    (
        concat!("FIX", "ME"),
        "what is left to do is an issue, not a comment",
    ),
    (
        concat!("#[ig", "nore"),
        "a test that does not run is deleted",
    ),
    (
        concat!("#[should_", "panic"),
        "say what panics by catching it, or return an error",
    ),
    (
        concat!("#![deny(", "warnings)]"),
        "it breaks others' builds; CI passes `-D warnings`",
    ),
];

/// Addresses of package registries: a mirror must be able to stand in for them. Cargo.lock and
/// deny.toml name the index by the address that identifies it.
const REGISTRIES: &[&str] = &[
    concat!("registry.", "npmjs.org"),
    concat!("registry.", "yarnpkg.com"),
    concat!("files.", "pythonhosted.org"),
    concat!("pypi", ".org"),
    concat!("index.", "crates.io"),
    concat!("static.", "crates.io"),
    concat!("deb.", "debian.org"),
];

/// Where people's and machines' own folders begin.
const FOLDERS: &[&str] = &[
    concat!("/ho", "me/"),
    concat!("/Us", "ers/"),
    concat!("/ro", "ot/"),
    concat!("/wo", "rk/"),
];

/// Finds what a file lacks in its first line and what it must not hold.
pub(crate) fn check(path: &str, text: &str) -> Vec<String> {
    let mut findings = Vec::new();
    let ending = path.rsplit('.').next().unwrap_or_default();
    if ending == "rs" && !text.starts_with("//! ") {
        findings.push(format!(
            "{path}:1: the first line says what the file is for, after `//! `"
        ));
    }
    for (place, line) in text.lines().enumerate() {
        let place = place + 1;
        if CODE.contains(&ending) {
            for (note, reason) in NOTES.iter().filter(|(note, _)| line.contains(note)) {
                findings.push(format!("{path}:{place}: `{note}`: {reason}"));
            }
        }
        for host in REGISTRIES.iter().filter(|host| line.contains(**host)) {
            findings.push(format!(
                "{path}:{place}: `{host}` is the address of a package registry"
            ));
        }
        for folder in FOLDERS.iter().filter(|folder| holds_path(line, folder)) {
            findings.push(format!(
                "{path}:{place}: `{folder}…` is a folder of one machine"
            ));
        }
    }
    findings
}

/// Whether a path begins with the folder here; in the middle of a longer path it is harmless.
fn holds_path(line: &str, folder: &str) -> bool {
    line.match_indices(folder).any(|(at, _)| {
        let before = line.get(..at).and_then(|text| text.chars().next_back());
        before.is_none_or(|before| {
            !before.is_alphanumeric() && !matches!(before, '.' | '-' | '_' | '~' | '}')
        })
    })
}

#[cfg(test)]
mod tests;
