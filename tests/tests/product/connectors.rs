//! Connectors of our own for what no built-in one does, and what the built-in ones' files say.

use std::fs;

use toml::{Table, Value};
use trunkline_tests::{Product, Upstream, repository};

/// The names of the built-in connectors.
pub(crate) fn builtin() -> Vec<String> {
    let folder = repository().join("connectors");
    let entries = fs::read_dir(folder)
        .expect("there are connectors")
        .flatten();
    let folders = entries.filter(|entry| entry.path().join("connector.toml").exists());
    let mut names: Vec<String> = folders
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

/// A connector that describes nothing but a bearer token in `PLAIN_TOKEN`; `more` is put at the
/// end of its file.
pub(crate) fn plain(more: &str) -> String {
    format!(
        r#"schema = 1

[connector]
name = "plain"
title = "Plain"
base_url = "https://plain.example"
docs = "https://plain.example/docs"
checked = "2026-11-01"

[secrets.token]
env = "PLAIN_TOKEN"
example = "plain-example-token-0001"
obtain = "https://plain.example/keys"

[auth]
kind = "bearer"
secret = "token"

[verify]
operation = "things.list"

{more}
"#
    )
}

/// The operations of [`plain`].
pub(crate) const PLAIN_OPERATIONS: &str = r#"[[operations]]
name = "things.list"
title = "List things"
method = "GET"
path = "/things"
docs = "https://plain.example/docs/things"

[[operations]]
name = "things.create"
title = "Make a thing"
method = "POST"
path = "/things"
docs = "https://plain.example/docs/things"
body = "json"

[operations.inputs]
name = { type = "string", need = "required" }

[operations.reply]
required = ["/id"]
"#;

/// The example that the format asks for of every operation, each under its file's name.
pub(crate) const PLAIN_EXAMPLES: [(&str, &str); 2] = [
    (
        "list.toml",
        r#"operation = "things.list"
title = "every thing"

[request]
method = "GET"
path = "/things"
headers = { authorization = "Bearer plain-example-token-0001" }

[answer]
status = 200
headers = { content-type = "application/json" }
body = { json = '[]' }

[reply]
class = "ok"
"#,
    ),
    (
        "create.toml",
        r#"operation = "things.create"
title = "a thing"
call = { name = "a" }

[request]
method = "POST"
path = "/things"
headers = { authorization = "Bearer plain-example-token-0001", content-type = "application/json" }
body = { json = '{"name":"a"}' }

[answer]
status = 200
headers = { content-type = "application/json" }
body = { json = '{"id":1}' }

[reply]
class = "ok"
"#,
    ),
];

/// Puts the plain connector, or what was made of it, into a product's folder.
pub(crate) fn put(product: Product, connector: &str, operations: &str) -> Product {
    let product = product
        .file("connectors/plain/connector.toml", connector)
        .file("connectors/plain/operations/things.toml", operations);
    PLAIN_EXAMPLES
        .iter()
        .fold(product, |product, (name, text)| {
            product.file(&format!("connectors/plain/examples/{name}"), text)
        })
}

/// The plain connector in front of an upstream, with `more` at the end of its file.
pub(crate) fn plain_calling(upstream: &Upstream, more: &str) -> Product {
    let product =
        Product::calling("plain", upstream).variable("PLAIN_TOKEN", "plain-real-token-0002");
    put(product, &plain(more), PLAIN_OPERATIONS)
}

/// One example of a built-in connector.
#[derive(Debug, Clone)]
pub(crate) struct Example {
    pub(crate) connector: String,
    /// The file's name.
    pub(crate) name: String,
    pub(crate) operation: String,
    pub(crate) call: Table,
    pub(crate) method: String,
    /// Path and query.
    pub(crate) path: String,
    /// The body's kind (`json`, `form`, `text`) and text.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Option<(String, Value)>,
    pub(crate) status: u16,
    pub(crate) class: String,
    /// The answer's body: its kind (`events` too) and value.
    pub(crate) answer: Option<(String, Value)>,
}

/// Every example of a built-in connector, sorted by name.
pub(crate) fn examples(connector: &str) -> Vec<Example> {
    let folder = repository()
        .join("connectors")
        .join(connector)
        .join("examples");
    let entries = fs::read_dir(folder)
        .expect("a built-in connector has examples")
        .flatten();
    let mut paths: Vec<_> = entries.map(|entry| entry.path()).collect();
    paths.sort();
    paths
        .iter()
        .map(|path| {
            let text = fs::read_to_string(path).expect("an example can be read");
            let name = path
                .file_stem()
                .expect("a file has a name")
                .to_string_lossy()
                .into_owned();
            let table: Table = text
                .parse()
                .unwrap_or_else(|err| panic!("{}: {err}", path.display()));
            example(connector, name, &table)
        })
        .collect()
}

fn example(connector: &str, name: String, file: &Table) -> Example {
    let section = |name: &str| {
        file.get(name)
            .and_then(Value::as_table)
            .cloned()
            .unwrap_or_default()
    };
    let text = |table: &Table, key: &str| {
        table
            .get(key)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    let (request, answer) = (section("request"), section("answer"));
    let status = answer
        .get("status")
        .and_then(Value::as_integer)
        .unwrap_or_default();
    Example {
        connector: connector.to_owned(),
        name,
        operation: text(file, "operation"),
        call: section("call"),
        method: text(&request, "method"),
        path: text(&request, "path"),
        headers: headers(&request),
        body: body(&request),
        status: u16::try_from(status).unwrap_or_default(),
        class: text(&section("reply"), "class"),
        answer: body(&answer),
    }
}

fn headers(section: &Table) -> Vec<(String, String)> {
    let headers = section.get("headers").and_then(Value::as_table);
    let headers = headers.into_iter().flatten();
    let text = |(name, value): (&String, &Value)| Some((name.clone(), value.as_str()?.to_owned()));
    headers.filter_map(text).collect()
}

fn body(section: &Table) -> Option<(String, Value)> {
    let body = section.get("body")?.as_table()?;
    body.iter()
        .next()
        .map(|(kind, value)| (kind.clone(), value.clone()))
}
