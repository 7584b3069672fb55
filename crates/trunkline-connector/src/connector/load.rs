//! Makes a connector of its files, or every problem that they have.

mod check;
mod examples;
mod identity;
mod operations;
mod outcomes;
mod paging;
mod secrets;
mod sending;
mod waits;
#[cfg(test)]
mod tests;

use std::sync::LazyLock;

use serde::de::DeserializeOwned;

use self::check::Check;
use self::examples::Meaning;
use crate::connector::{Connector, Example, Operation};
use crate::document::{Document, Problem, Shape, Source};
use crate::format::{ConnectorFile, ExampleFile, OperationSection, OperationsFile};

impl Connector {
    /// Makes a connector of the files of its folder.
    ///
    /// Their names end as in `openai/connector.toml`, `openai/operations/chat.toml` and
    /// `openai/examples/no-key.toml`; what stands before is only shown.
    ///
    /// # Errors
    ///
    /// Every problem of every file, in order. A file whose shape is wrong is not looked at
    /// further, nor is what depends on it.
    pub fn load(files: Vec<Source>) -> Result<Self, Vec<Problem>> {
        let mut problems = Vec::new();
        let folder = Folder::read(files, &mut problems);
        let connector = folder.check(&mut problems);
        problems.sort();
        problems.dedup();
        connector.filter(|_| problems.is_empty()).ok_or(problems)
    }
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
}

impl Folder {
    fn read(mut files: Vec<Source>, problems: &mut Vec<Problem>) -> Self {
        files.sort_by(|left, right| left.name.cmp(&right.name));
        let mut folder = Self {
            name: String::new(),
            connector: Files::new(),
            operations: Files::new(),
            examples: Files::new(),
        };
        let first = files.first().map(|file| file.name.clone());
        for source in files {
            let Some((name, role, stem)) = parts_of(&source.name) else {
                let hint =
                    "allowed: `connector.toml`, `operations/NAME.toml`, `examples/NAME.toml`";
                let problem = Problem::of_file(&source.name, "this file is no part of a connector");
                problems.push(problem.with_hint(hint));
                continue;
            };
            name.clone_into(&mut folder.name);
            let file = File {
                stem: stem.to_owned(),
                source,
            };
            match role {
                Role::Connector => folder.connector.read(&SHAPES.connector, file, problems),
                Role::Operations => folder.operations.read(&SHAPES.operations, file, problems),
                Role::Example => folder.examples.read(&SHAPES.example, file, problems),
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
        folder
    }

    /// Checks what the files mean together.
    fn check(&self, problems: &mut Vec<Problem>) -> Option<Connector> {
        let operations = operations::check(self, problems);
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
        self.assemble(&mut check, file, (operations, examples), meaning)
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
        let auth = secrets::auth(check, file);
        let verify = operations::verify(check, file, self, &operations);
        let secrets = secrets::check(check, file);
        let headers = sending::headers(check, file);
        let credential_headers = secrets::credential_headers(check, &file.caller);
        let credential_paths = secrets::credential_paths(check, file);
        let timeouts = sending::timeouts(check, &file.timeouts);
        let retry = sending::retry(check, &file.retry);
        let idempotency = sending::idempotency(check, file.idempotency.as_ref());
        Some(Connector {
            name: name?,
            title: file.connector.title.clone(),
            base_url: base_url?,
            docs: file.connector.docs.clone(),
            checked: file.connector.checked.clone(),
            secrets,
            auth: auth?,
            headers,
            credential_headers,
            credential_paths,
            timeouts,
            retry,
            idempotency,
            waits: meaning.waits,
            outcomes: meaning.outcomes,
            errors: meaning.errors,
            pagination: file.pagination.clone().into_iter().collect(),
            verify: verify?,
            operations,
            examples,
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

    fn read(&mut self, shape: &Shape, file: File, problems: &mut Vec<Problem>) {
        let read = Document::parse(file.source).and_then(|document| {
            let stem = file.stem;
            let file = document.read_as(shape)?;
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
    let stem = parts.next()?.strip_suffix(".toml")?;
    let parent = parts.next()?;
    match (parent, parts.next()) {
        ("operations", Some(folder)) => Some((folder, Role::Operations, stem)),
        ("examples", Some(folder)) => Some((folder, Role::Example, stem)),
        (folder, _) if stem == "connector" => Some((folder, Role::Connector, stem)),
        _ => None,
    }
}
