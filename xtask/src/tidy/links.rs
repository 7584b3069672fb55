//! Links between our Markdown files lead somewhere.

/// Finds relative links whose file is not in the tree.
pub(crate) fn check(path: &str, text: &str, exists: impl Fn(&str) -> bool) -> Vec<String> {
    if path
        .rsplit_once('.')
        .is_none_or(|(_, ending)| ending != "md")
    {
        return Vec::new();
    }
    let mut findings = Vec::new();
    for (place, line) in text.lines().enumerate() {
        for target in targets(line) {
            if !exists(&resolve(path, target)) {
                findings.push(format!("{path}:{}: `{target}` does not exist", place + 1));
            }
        }
    }
    findings
}

/// The files that a line links to, without their fragments; other hosts are not looked at.
fn targets(line: &str) -> impl Iterator<Item = &str> {
    line.split("](")
        .skip(1)
        .filter_map(|rest| rest.split_once(')'))
        .map(|(target, _)| target.split('#').next().unwrap_or_default())
        .filter(|target| !target.is_empty() && !target.contains(':'))
}

fn resolve(path: &str, target: &str) -> String {
    let mut parts: Vec<&str> = path.split('/').collect();
    parts.pop();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            name => parts.push(name),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests;
