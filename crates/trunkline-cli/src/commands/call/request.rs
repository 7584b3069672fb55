//! Makes a call of the words on the command line.

mod body;
mod path;

#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::fs;
use std::path::{Path, PathBuf};

use http::{HeaderMap, Method, header};
use serde::de::IgnoredAny;
use serde_json::Value;
use trunkline::{Body, Call, Catalog, Files, Options};
use trunkline_connector::compose::FileValue;
use trunkline_connector::format::{InputKind, InputPlace};
use trunkline_connector::{Connector, Inputs, Operation};

use crate::commands;
use crate::exit::Exit;
use crate::failure::{Complaint, Failure};
use crate::file;
use crate::item::{self, InputName, Item, QueryName};

/// The largest file whose text can be an input.
const FILE_BYTES_MAX: u64 = 256 << 20;

/// The words of a call, each read by itself.
#[derive(Debug)]
pub(super) struct Words {
    connector: String,
    what: What,
    items: Vec<Item>,
}

/// What is called.
#[derive(Debug)]
enum What {
    Operation(String),
    Path(Method, String),
}

/// What the items say, files read and inputs put together.
#[derive(Debug, Default)]
struct Said {
    inputs: Inputs,
    query: Vec<(QueryName, String)>,
    headers: HeaderMap,
    /// Files that are sent as they are.
    files: Files,
}

impl Words {
    /// Reads the words after `call`. Nothing but their form is checked.
    pub(super) fn read(
        connector: String,
        what: String,
        rest: Vec<String>,
    ) -> Result<Self, Failure> {
        let mut rest = rest.into_iter();
        let what = if is_method(&what) {
            let path = rest.next().ok_or_else(|| no_path(&what))?;
            What::Path(method(&what)?, path)
        } else {
            check_capitals(&what, rest.as_slice().first())?;
            What::Operation(what)
        };
        let mut items = Vec::new();
        let mut complaints = Vec::new();
        for word in rest {
            match word.parse::<Item>() {
                Ok(item) => items.push(item),
                Err(err) => {
                    complaints.push(Complaint::new(err.to_string()).note("hint", err.allowed));
                }
            }
        }
        if complaints.is_empty() {
            return Ok(Self {
                connector,
                what,
                items,
            });
        }
        Err(Failure {
            exit: Exit::Usage,
            complaints,
        })
    }
}

/// A second word in capitals only is a method.
fn is_method(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_uppercase())
}

fn method(word: &str) -> Result<Method, Failure> {
    match word {
        "GET" => Ok(Method::GET),
        "HEAD" => Ok(Method::HEAD),
        "POST" => Ok(Method::POST),
        "PUT" => Ok(Method::PUT),
        "PATCH" => Ok(Method::PATCH),
        "DELETE" => Ok(Method::DELETE),
        "OPTIONS" => Ok(Method::OPTIONS),
        _ => Err(Failure::usage(
            format!("`{word}` is no method that is sent"),
            "allowed are GET, HEAD, POST, PUT, PATCH, DELETE and OPTIONS",
        )),
    }
}

/// A method in small letters before a path is no operation.
fn check_capitals(word: &str, next: Option<&String>) -> Result<(), Failure> {
    let capitals = word.to_ascii_uppercase();
    if method(&capitals).is_err() || !next.is_some_and(|next| next.starts_with('/')) {
        return Ok(());
    }
    Err(Failure::usage(
        format!("`{word}` before a path is no operation"),
        format!("write {capitals} in capitals"),
    ))
}

fn no_path(method: &str) -> Failure {
    Failure::usage(
        format!("there is no path after `{method}`"),
        "write `trunkline call CONNECTOR METHOD PATH`; a path begins with `/`",
    )
}

/// Makes the call, with the connector's way of writing bodies.
pub(super) fn build(words: Words, catalog: &Catalog) -> Result<Call, Failure> {
    let Words {
        connector,
        what,
        items,
    } = words;
    let connector = commands::find(catalog, &connector)?;
    let name = connector.name;
    let operation = match &what {
        What::Operation(name) => connector.operation(name),
        What::Path(..) => None,
    };
    let mut said = Said::read(items, operation)?;
    let options = Options::from_headers(&said.headers)?;
    let mut call = match what {
        What::Operation(called) => {
            if let Some(operation) = operation {
                said.query_into_inputs(operation)?;
                said.check_lists(operation)?;
            }
            Call::operation(name, called, said.inputs)
        }
        What::Path(method, path) => {
            let path_and_query = path::with_query(&path, std::mem::take(&mut said.query))?;
            let body = said.write_body(connector, &method, path_and_query.path())?;
            let mut call = Call::path(name, method, path_and_query);
            call.body = body;
            call
        }
    };
    call.headers = said.headers;
    call.files = said.files;
    call.options = options;
    Ok(call)
}

impl Said {
    fn read(items: Vec<Item>, operation: Option<&Operation>) -> Result<Self, Failure> {
        let is_sent_as_file = |name: &InputName| {
            let input = operation.and_then(|operation| operation.input(&name.key));
            input.is_some_and(|input| input.kind == InputKind::File)
        };
        let mut said = Self::default();
        for item in items {
            match item {
                Item::Text(name, text) => said.put(&name, Value::String(text))?,
                Item::Json(name, value) => said.put(&name, value)?,
                Item::TextFile(name, file) if is_sent_as_file(&name) => {
                    said.put_file(&name, file)?;
                }
                Item::TextFile(name, file) => said.put(&name, Value::String(read_text(&file)?))?,
                Item::JsonFile(name, file) => said.put(&name, read_json(&file)?)?,
                Item::Query(name, text) => said.query.push((name, text)),
                Item::Header(header::CONTENT_LENGTH, _) => {
                    let message = "`content-length` is counted and cannot be chosen";
                    return Err(Failure::usage(message, "leave `content-length` out"));
                }
                Item::Header(name, value) => {
                    said.headers.append(name, value);
                }
            }
        }
        Ok(said)
    }

    /// Whether lists are given as lists: a text is taken where it is JSON, as by the operation.
    fn check_lists(&self, operation: &Operation) -> Result<(), Failure> {
        for (name, value) in &self.inputs {
            let takes_list = operation
                .input(name)
                .is_some_and(|input| input.kind == InputKind::Array);
            let Value::String(text) = value else { continue };
            if !takes_list || serde_json::from_str::<Vec<IgnoredAny>>(text).is_ok() {
                continue;
            }
            return Err(no_list(operation, name, text));
        }
        Ok(())
    }

    fn put(&mut self, name: &InputName, value: Value) -> Result<(), Failure> {
        item::insert(&mut self.inputs, name, value)
            .map_err(|err| Failure::usage(err.to_string(), err.hint()))
    }

    /// A file that is read while it is sent. The call knows it by the path as it was written.
    fn put_file(&mut self, name: &InputName, file: PathBuf) -> Result<(), Failure> {
        check_file(&file)?;
        let known_as = file.display().to_string();
        let value = FileValue::named(known_as.as_str(), None).to_value();
        self.files.insert(known_as, file);
        self.put(name, value)
    }

    /// Query parameters of an operation are inputs that it puts into the query.
    fn query_into_inputs(&mut self, operation: &Operation) -> Result<(), Failure> {
        for (name, text) in std::mem::take(&mut self.query) {
            let declared = operation
                .inputs
                .iter()
                .find(|input| input.name == name.input.key);
            let place = declared.map_or_else(|| operation.place_of_rest(), |input| input.place);
            if place != InputPlace::Query {
                let message = format!(
                    "`{}` takes no query parameter `{}`",
                    operation.name, name.plain
                );
                let hint = format!(
                    "write `{}=…` for an input, or call it by its path: `{} {}`",
                    name.written, operation.method, operation.target,
                );
                return Err(Failure::usage(message, hint));
            }
            self.put(&name.input, Value::String(text))?;
        }
        Ok(())
    }

    /// The inputs as a body, if there are any.
    fn write_body(
        &mut self,
        connector: &Connector,
        method: &Method,
        path: &str,
    ) -> Result<Body, Failure> {
        let inputs = std::mem::take(&mut self.inputs);
        if inputs.is_empty() {
            return Ok(Body::Empty);
        }
        if matches!(*method, Method::GET | Method::HEAD) {
            let message = format!("{method} has no body for inputs to stand in");
            return Err(Failure::usage(
                message,
                "write `name==text` for a query parameter",
            ));
        }
        let kind = body::kind(
            connector,
            method,
            path,
            self.headers.get(header::CONTENT_TYPE),
        );
        Ok(body::write(inputs, kind, &mut self.headers))
    }
}

fn no_list(operation: &Operation, name: &str, text: &str) -> Failure {
    const SHOWN_CHARS_MAX: usize = 40;
    let is_plain =
        matches!(commands::quoted(text), Cow::Borrowed(_)) && !text.starts_with(['@', '=']);
    let shown = text.chars().count() <= SHOWN_CHARS_MAX && is_plain;
    let text = if shown { text } else { "…" };
    let name = InputName {
        key: name.to_owned(),
        steps: Vec::new(),
    };
    let message = format!(
        "`{name}` of `{}` is a text; it takes a list",
        operation.name
    );
    let whole = Value::from(vec![text]).to_string();
    let whole = commands::quoted(&whole);
    let hint = format!("write `{name}[]={text}` for each entry, or `{name}:={whole}` for all");
    Failure::usage(message, hint)
}

/// Whether a file can be read while it is sent: its length stands before it.
fn check_file(file: &Path) -> Result<(), Failure> {
    let shown = file.display();
    let found = fs::metadata(file).map_err(|err| Failure::of_file(&shown, &err))?;
    if found.is_file() {
        return Ok(());
    }
    if found.is_dir() {
        return Err(Failure::usage(
            format!("`{shown}` is a folder"),
            "name a file",
        ));
    }
    let message = format!("`{shown}` is no regular file, so its length is not known");
    Err(Failure::usage(message, "save it to a file and name that"))
}

fn read_text(file: &Path) -> Result<String, Failure> {
    file::read_text(file, FILE_BYTES_MAX).map_err(|err| Failure::of_text(file.display(), &err))
}

fn read_json(file: &Path) -> Result<Value, Failure> {
    let text = read_text(file)?;
    serde_json::from_str(&text).map_err(|err| {
        let place = format!("{}:{}:{}", file.display(), err.line(), err.column());
        Failure::usage(
            format!("{place}: this is not JSON"),
            "for its text as it stands write `name=@file`",
        )
    })
}
