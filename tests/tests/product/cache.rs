//! Answers that are kept, as callers and upstreams see it. The rules are rows of tables, each with
//! the section that it comes from; what takes several callers at once is told step by step.

mod storing;
mod freshness;
mod serving;
mod validating;
mod vary;
mod invalidating;
mod stale;
mod targeted;
mod ranges;
mod settings;
mod status;
mod attempts;
mod promises;
mod together;
mod apart;

use trunkline_tests::{Product, Upstream};

/// The key that acme's callers never see.
pub(super) const KEY: &str = "acme-real-key-0002";

/// A connector of one's own, named `name`, that proves itself by `auth` (with the secrets `key`
/// and `user`, in variables such as `ACME_KEY`).
pub(super) fn connector(name: &str, auth: &str) -> String {
    let variable = name.to_uppercase().replace('-', "_");
    let secret = |(secret, ending): (&str, &str)| {
        let obtain = format!("obtain = \"https://{name}.example/keys\"");
        format!(
            "[secrets.{secret}]\nenv = \"{variable}_{ending}\"\nexample = \"made-up-{secret}-0001\"\n{obtain}\n\n"
        )
    };
    let is_used = |(secret, _): &(&str, &str)| {
        auth.contains(&format!("\"{secret}\"")) || auth.contains(&format!("{{{secret}}}"))
    };
    let secrets = [("key", "KEY"), ("user", "USER")]
        .into_iter()
        .filter(is_used);
    let secrets: String = secrets.map(secret).collect();
    format!(
        r#"schema = 1

[connector]
name = "{name}"
title = "{name}"
base_url = "https://{name}.example"
docs = "https://{name}.example/docs"
checked = "2026-11-01"

{secrets}
{auth}

[verify]
operation = "items.list"
"#
    )
}

/// What a connector of these tests can be asked.
const OPERATIONS: [(&str, &str, &str); 5] = [
    ("items.list", "GET", "/items"),
    ("items.quiet", "GET", "/quiet"),
    ("items.prompt", "GET", "/prompt"),
    ("items.search", "POST", "/search"),
    ("items.create", "POST", "/items"),
];

/// A secret alone in a header of its own.
pub(super) const BY_HEADER: &str =
    "[auth]\nkind = \"header\"\nname = \"x-acme-key\"\nsecret = \"key\"";

/// A token in `Authorization`.
pub(super) const BY_BEARER: &str = "[auth]\nkind = \"bearer\"\nsecret = \"key\"";

/// Puts such a connector into a product's folder, in front of an upstream. It gives up at once, so
/// that the upstream counts one request for each that is forwarded, and is never left alone.
pub(super) fn put(product: Product, name: &str, auth: &str, upstream: &Upstream) -> Product {
    let operation = |(operation, method, path): (&str, &str, &str)| {
        let more = match (operation, method) {
            // Settings name only what an operation has.
            ("items.list", _) => "[operations.inputs]\nq = { type = \"string\" }\n",
            (_, "POST") => "body = \"json\"\n",
            _ => "",
        };
        let names = format!("name = \"{operation}\"\ntitle = \"{operation}\"");
        let docs = format!("docs = \"https://{name}.example/docs\"");
        format!(
            "[[operations]]\n{names}\nmethod = \"{method}\"\npath = \"{path}\"\n{docs}\n{more}\n"
        )
    };
    let operations: String = OPERATIONS.into_iter().map(operation).collect();
    product
        .file(
            &format!("connectors/{name}/connector.toml"),
            &connector(name, auth),
        )
        .file(
            &format!("connectors/{name}/operations/items.toml"),
            &operations,
        )
        .set(
            &format!("connectors.{name}.base_url"),
            format!("{:?}", upstream.url()),
        )
        .set(&format!("connectors.{name}.retry.attempts"), 1)
        .set(&format!("connectors.{name}.breaker"), r#""off""#)
}

/// Acme in front of an upstream, on a listener of its own, with that `cache` setting.
pub(super) fn acme_by(auth: &str, cache: &str, upstream: &Upstream) -> Product {
    put(Product::new(), "acme", auth, upstream)
        .variable("ACME_KEY", KEY)
        .set("listeners.acme", r#""127.0.0.1:0""#)
        .set("connectors.acme.cache", cache)
}

/// Acme with a key in a header, kept as the upstream's headers say.
pub(super) fn acme(upstream: &Upstream) -> Product {
    acme_by(BY_HEADER, r#""headers""#, upstream)
}

/// One conversation of a text that has several.
pub(super) fn row(rule: &str, text: &str) -> String {
    format!("# {rule}\n{text}\n")
}

/// Lines of a table; what stands between `|` are its cells, in which ` + ` stands for a new line.
#[track_caller]
pub(super) fn table<const N: usize>(text: &str) -> impl Iterator<Item = [String; N]> {
    let lines = text.trim().lines();
    lines.map(|line| {
        let cells: Vec<String> = line
            .split('|')
            .map(|cell| cell.trim().replace(" + ", "\n"))
            .collect();
        cells
            .try_into()
            .unwrap_or_else(|_| panic!("it has not {N} cells: {line}"))
    })
}

/// Puts a mark before each line.
pub(super) fn marked(mark: &str, lines: &str) -> String {
    let lines = lines.lines().filter(|line| !line.is_empty());
    lines.map(|line| [mark, " ", line, "\n"].concat()).collect()
}

/// What an answer to a GET must come to, as a conversation: how it is forwarded first, and what
/// becomes of a second GET. `head` is its status, if not 200, and its headers, each on a line.
///
/// `second` is what `Cache-Status` says then: with `hit`, the first answer comes again, and the
/// upstream is not asked; with `fwd=uri-miss`, it is asked for another, without conditions.
pub(super) fn twice(rule: &str, head: &str, first: &str, second: &str) -> String {
    let (status, headers) = match head.split_once('\n').unwrap_or((head, "")) {
        (status, headers) if status.parse::<u16>().is_ok() => (status, headers),
        _ => ("200", head),
    };
    let headers = marked("<", headers);
    let rest = if second.contains("hit") {
        format!("= {status}\n")
    } else if second.contains("fwd=uri-miss") {
        "^ !If-None-Match\n^ !If-Modified-Since\n< 200\n< Cache-Control: no-store\n".to_owned()
    } else {
        "< 200\n< Cache-Control: no-store\n".to_owned()
    };
    row(
        rule,
        &format!("> GET\n< {status}\n{headers}~ {first}\n> GET\n{rest}~ {second}"),
    )
}

/// The conversations of a table of [`twice`].
#[track_caller]
pub(super) fn all_twice(rows: &str) -> String {
    let rows = table::<4>(rows);
    rows.map(|[rule, head, first, second]| twice(&rule, &head, &first, &second))
        .collect()
}

/// Plays a table of [`twice`] in front of acme.
#[track_caller]
pub(super) fn check_twice(rows: &str) {
    trunkline_tests::check(&all_twice(rows), acme);
}
