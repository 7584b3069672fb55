//! Makes a connector of its files, or every problem that they have.

mod auth;
mod check;
mod examples;
mod identity;
mod inputs;
mod limits;
mod operations;
mod outcomes;
mod paging;
mod poll;
mod schemas;
mod secrets;
mod sending;
mod target;
mod waits;
#[cfg(test)]
mod tests;

use std::sync::LazyLock;

use serde::de::DeserializeOwned;

use self::check::Check;
use self::examples::Meaning;
use self::schemas::Schemas;
use crate::connector::{Connector, Example, Examples, Operation, SchemaFile};
use crate::document::{Document, Problem, Shape, Source};
use crate::format::{ConnectorFile, ExampleFile, OperationSection, OperationsFile};

impl Connector {
    /// Makes a connector of the files of its folder.
    ///
    /// Their names end as in `openai/connector.toml`, `openai/operations/chat.toml`,
    /// `openai/examples/no-key.toml` and `openai/schemas/chat.json`; what stands before is only
    /// shown. What is allowed and unwise stands in [`Connector::warnings`].
    ///
    /// # Errors
    ///
    /// Every problem of every file, in order. A file whose shape is wrong is not looked at
    /// further, nor is what depends on it.
    pub fn load(files: Vec<Source>) -> Result<Self, Vec<Problem>> {
        Self::load_with(files, (Trust::None, Vec::new()))
    }

    /// As [`Connector::load`], of files that were checked before. Schemas and examples are not read.
    pub(crate) fn load_checked(
        files: Vec<Source>,
        schemas: Vec<SchemaFile>,
        examples: Examples,
    ) -> Result<Self, Vec<Problem>> {
        let connector = Self::load_with(files, (Trust::Shape, schemas))?;
        Ok(Self {
            examples,
            ..connector
        })
    }

    /// Its examples, sorted by file name.
    pub fn examples(&self) -> &[Example] {
        self.examples
            .get_or_read(|files| examples::read_checked(files, &self.operations))
    }

    fn load_with(
        files: Vec<Source>,
        (trust, schemas): (Trust, Vec<SchemaFile>),
    ) -> Result<Self, Vec<Problem>> {
        let mut problems = Vec::new();
        let (folder, sources) = Folder::read(files, trust, &mut problems);
        let schemas = Schemas::new(sources, schemas, &mut problems);
        let connector = folder.check(schemas, &mut problems);
        problems.sort();
        problems.dedup();
        connector.filter(|_| problems.is_empty()).ok_or(problems)
    }
}

/// What is known of files before they are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Trust {
    /// Nothing.
    None,
    /// Their shape is right, which would take most of the time to find out again.
    Shape,
}

/// A file whose shape is right.
struct Loaded<T> {
    document: Document,
    /// The file's name without its ending.
    stem: String,
    file: T,
}

/// The files of one connector.
struct Folder {
    name: String,
    connector: Files<ConnectorFile>,
    operations: Files<OperationsFile>,
    examples: Files<ExampleFile>,
}

/// Files of one sort, those whose shape is right.
struct Files<T> {
    loaded: Vec<Loaded<T>>,
    /// Some could not be read, so that what seems to be missing may stand in them.
    has_gaps: bool,
}

/// A file before it is read.
struct File {
    source: Source,
    /// Its name without the ending.
    stem: String,
    trust: Trust,
}

/// What files of each sort look like.
struct Shapes {
    connector: Shape,
    operations: Shape,
    example: Shape,
}

/// Made once, since they depend on nothing but our own types.
static SHAPES: LazyLock<Shapes> = LazyLock::new(|| Shapes {
    connector: Shape::of::<ConnectorFile>(),
    operations: Shape::of::<OperationsFile>(),
    example: Shape::of::<ExampleFile>(),
});

/// What a file is, by its name.
enum Role {
    Connector,
    Operations,
    Example,
    Schema,
}

impl Folder {
    /// Reads every file; schemas are given back, by their names in their folder.
    fn read(
        mut files: Vec<Source>,
        trust: Trust,
        problems: &mut Vec<Problem>,
    ) -> (Self, Vec<(String, Source)>) {
        files.sort_by(|left, right| left.name.cmp(&right.name));
        let mut folder = Self {
            name: String::new(),
            connector: Files::new(),
            operations: Files::new(),
            examples: Files::new(),
        };
        let mut schemas = Vec::new();
        let first = files.first().map(|file| file.name.clone());
        for source in files {
            let Some((name, role, stem)) = parts_of(&source.name) else {
                let hint = "allowed: `connector.toml`, `operations/NAME.toml`, \
                            `examples/NAME.toml`, `schemas/NAME.json`";
                let problem = Problem::of_file(&source.name, "this file is no part of a connector");
                problems.push(problem.with_hint(hint));
                continue;
            };
            name.clone_into(&mut folder.name);
            if let Role::Schema = role {
                schemas.push((format!("{stem}.json"), source));
                continue;
            }
            let file = File {
                stem: stem.to_owned(),
                source,
                trust,
            };
            match role {
                Role::Connector => folder.connector.read(|| &SHAPES.connector, file, problems),
                Role::Operations => folder
                    .operations
                    .read(|| &SHAPES.operations, file, problems),
                Role::Example => folder.examples.read(|| &SHAPES.example, file, problems),
                Role::Schema => {}
            }
        }
        for second in folder.connector.loaded.iter().skip(1) {
            let message = "there is already another `connector.toml`";
            problems.push(Problem::of_file(second.document.name(), message));
        }
        if folder.connector.loaded.is_empty() && !folder.connector.has_gaps {
            let message = "the folder has no `connector.toml`, which says who the API is";
            problems.push(Problem::of_file(first.unwrap_or_default(), message));
        }
        (folder, schemas)
    }

    /// Checks what the files mean together.
    fn check(&self, mut schemas: Schemas, problems: &mut Vec<Problem>) -> Option<Connector> {
        let operations = operations::check(self, &mut schemas, problems);
        schemas.check(&self.operations, problems);
        let Some(Loaded { document, file, .. }) = self.profile() else {
            examples::check(self, &operations, None, problems);
            return None;
        };
        let before = problems.len();
        let mut check = Check {
            document,
            problems: &mut *problems,
        };
        let meaning = Meaning {
            outcomes: outcomes::check(&mut check, &file.outcomes),
            waits: waits::check(&mut check, &file.waits),
            errors: outcomes::errors(&mut check, &file.errors),
        };
        let sound = Some(&meaning).filter(|_| check.problems.len() == before);
        let examples = examples::check(self, &operations, sound, problems);
        let mut check = Check { document, problems };
        let connector = self.assemble(&mut check, file, (operations, examples), meaning)?;
        examples::hosts(self, &connector, problems);
        Some(Connector {
            schemas: schemas.into_files(),
            ..connector
        })
    }

    /// Checks the rest of `connector.toml` and puts everything together.
    fn assemble(
        &self,
        check: &mut Check<'_>,
        file: &ConnectorFile,
        (operations, examples): (Vec<Operation>, Vec<Example>),
        meaning: Meaning,
    ) -> Option<Connector> {
        identity::checked(check, &file.connector);
        secrets::unused(check, file, self);
        paging::check(check, file, self);
        let name = identity::name(check, &file.connector, &self.name);
        let base_url = identity::base_url(check, &file.connector);
        let hosts = identity::hosts(check, &file.connector.hosts);
        let auth = auth::check(check, file);
        let verify = operations::verify(check, file, self, &operations);
        let secrets = secrets::check(check, file);
        let headers = sending::headers(check, file);
        let credential_headers = secrets::credential_headers(check, &file.caller);
        let credential_paths = secrets::credential_paths(check, file);
        let credential_query = secrets::credential_query(check, &file.caller);
        let own_tokens = secrets::own_tokens(check, &file.caller);
        let followed_headers = secrets::followed_headers(check, &file.caller);
        let limits = limits::check(check, &file.limits);
        let timeouts = sending::timeouts(check, &file.timeouts);
        let retry = sending::retry(check, &file.retry);
        let idempotency = sending::idempotency(check, file.idempotency.as_ref());
        Some(Connector {
            name: name?,
            title: file.connector.title.clone(),
            base_url: base_url?,
            hosts,
            docs: file.connector.docs.clone(),
            checked: file.connector.checked.clone(),
            secrets,
            auth: auth?,
            headers,
            credential_headers,
            credential_paths,
            credential_query,
            own_tokens,
            followed_headers,
            timeouts,
            retry,
            methods_promise: file.retry.methods_promise,
            idempotency,
            waits: meaning.waits,
            limits,
            outcomes: meaning.outcomes,
            errors: meaning.errors,
            pagination: file.pagination.clone().into_iter().collect(),
            verify: verify?,
            operations,
            examples: examples.into(),
            schemas: Vec::new(),
            warnings: [
                auth::warnings(check.document, file),
                limits::warnings(check.document, &file.limits),
            ]
            .concat(),
        })
    }

    /// `connector.toml`, where its shape is right.
    fn profile(&self) -> Option<&Loaded<ConnectorFile>> {
        self.connector.loaded.first()
    }

    fn operation_sections(&self) -> impl Iterator<Item = &OperationSection> {
        let files = self.operations.loaded.iter();
        files.flat_map(|loaded| &loaded.file.operations)
    }
}

impl<T: DeserializeOwned> Files<T> {
    fn new() -> Self {
        Self {
            loaded: Vec::new(),
            has_gaps: false,
        }
    }

    fn read(
        &mut self,
        shape: impl Fn() -> &'static Shape,
        file: File,
        problems: &mut Vec<Problem>,
    ) {
        let File {
            source,
            stem,
            trust,
        } = file;
        if trust == Trust::Shape
            && let Some((document, file)) = Document::read_checked(source.clone())
        {
            self.loaded.push(Loaded {
                document,
                stem,
                file,
            });
            return;
        }
        let read = Document::parse(source).and_then(|document| {
            let file = document.read_as(shape())?;
            Ok(Loaded {
                document,
                stem,
                file,
            })
        });
        match read {
            Ok(loaded) => self.loaded.push(loaded),
            Err(found) => {
                self.has_gaps = true;
                problems.extend(found);
            }
        }
    }
}

/// A file's folder, what it is, and its name without the ending.
fn parts_of(name: &str) -> Option<(&str, Role, &str)> {
    let mut parts = name.rsplit('/');
    let (stem, ending) = parts.next()?.rsplit_once('.')?;
    let parent = parts.next()?;
    match (parent, ending, parts.next()) {
        ("operations", "toml", Some(folder)) => Some((folder, Role::Operations, stem)),
        ("examples", "toml", Some(folder)) => Some((folder, Role::Example, stem)),
        ("schemas", "json", Some(folder)) => Some((folder, Role::Schema, stem)),
        (folder, "toml", _) if stem == "connector" => Some((folder, Role::Connector, stem)),
        _ => None,
    }
}
