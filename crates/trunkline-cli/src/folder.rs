//! What the working folder holds: the settings file, and beside it `.env` files and connectors.

#[cfg(test)]
mod tests;

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use trunkline::{Catalog, Config, Environment, Layers, Secrets};
use trunkline_connector::document::Source;

use crate::failure::{Failure, in_words, reason};
use crate::file::{self, TextError};

/// The settings file that is taken when none is named.
pub(crate) const SETTINGS_FILE: &str = "trunkline.toml";

/// Where secrets are kept in files, the first that has one wins.
const DOTENV_FILES: [&str; 2] = [".env.local", ".env"];

/// The largest file that is read as settings, secrets or a connector.
const FILE_BYTES_MAX: u64 = 16 << 20;

/// The settings file, and the folder around it.
#[derive(Debug, Clone)]
pub(crate) struct Folder {
    root: PathBuf,
    settings: Settings,
}

/// Which settings file is meant.
#[derive(Debug, Clone)]
enum Settings {
    /// The one of the working folder, if there is one.
    Usual,
    /// The one that was named, which must be there.
    Named(PathBuf),
}

impl Folder {
    /// The folder of the settings file `config`, which must be there, or the working folder.
    pub(crate) fn open(config: Option<&Path>) -> Result<Self, Failure> {
        match config {
            Some(file) if !file.exists() => Err(no_settings(file)),
            Some(file) => Ok(Self {
                root: file.parent().map(Path::to_owned).unwrap_or_default(),
                settings: Settings::Named(file.to_owned()),
            }),
            None => Ok(Self {
                root: PathBuf::new(),
                settings: Settings::Usual,
            }),
        }
    }

    /// The settings, and warnings about variables that mean nothing.
    pub(crate) fn config(
        &self,
        environment: &Environment,
        arguments: Vec<(&'static str, String)>,
    ) -> Result<(Config, Vec<String>), Failure> {
        let (mut config, warnings) = Config::load(Layers {
            file: self.settings_file()?,
            environment,
            arguments,
        })?;
        config.read_schemas(schema)?;
        Ok((config, warnings))
    }

    /// The settings file, if there is one.
    pub(crate) fn settings_file(&self) -> Result<Option<Source>, Failure> {
        match &self.settings {
            Settings::Usual => source(Path::new(SETTINGS_FILE)),
            // It may be gone since, as when settings are read anew.
            Settings::Named(file) => match source(file)? {
                Some(found) => Ok(Some(found)),
                None => Err(no_settings(file)),
            },
        }
    }

    /// Where secrets are looked for: the environment, then the files beside the settings.
    pub(crate) fn secrets(&self, environment: &Environment) -> Result<Secrets, Failure> {
        let mut files = Vec::new();
        for name in DOTENV_FILES {
            if let Some(file) = source(&self.root.join(name))? {
                // By the name that people give it, wherever it lies.
                let name = name.to_owned();
                files.push(Source { name, ..file });
            }
        }
        Ok(Secrets::read(environment, files))
    }

    /// The built-in connectors, and those in the folder beside the settings.
    pub(crate) fn catalog(&self) -> Result<Catalog, Failure> {
        Ok(Catalog::load(self.own_connectors()?)?)
    }

    /// Where connectors of one's own are kept.
    pub(crate) fn connectors_dir(&self) -> PathBuf {
        self.root.join("connectors")
    }

    fn own_connectors(&self) -> Result<Vec<Vec<Source>>, Failure> {
        let mut own = Vec::new();
        for entry in entries(&self.connectors_dir())? {
            let files = connector_files(&entry)?;
            if !files.is_empty() {
                own.push(files);
            }
        }
        Ok(own)
    }
}

fn no_settings(file: &Path) -> Failure {
    Failure::usage(
        format!("there is no settings file `{}`", file.display()),
        "name a file that exists, or leave `--config` out",
    )
}

/// Whether a folder has any file of a connector.
pub(crate) fn holds_connector(folder: &Path) -> Result<bool, Failure> {
    Ok(!connector_paths(folder)?.is_empty())
}

/// The files of a connector's folder, named as they are shown; none where it holds no connector.
pub(crate) fn connector_files(folder: &Path) -> Result<Vec<Source>, Failure> {
    let mut files = Vec::new();
    for path in connector_paths(folder)? {
        files.extend(source(&path)?);
    }
    Ok(files)
}

/// Where they lie. Pipes and the like are none: whoever opens one waits for its other end.
fn connector_paths(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let mut files = vec![folder.join("connector.toml")];
    for (part, ending) in [
        ("operations", "toml"),
        ("examples", "toml"),
        ("schemas", "json"),
    ] {
        for file in entries(&folder.join(part))? {
            if file
                .extension()
                .is_some_and(|extension| extension == ending)
            {
                files.push(file);
            }
        }
    }
    files.retain(|file| file.is_file());
    Ok(files)
}

/// What a folder holds, sorted, hidden entries left out; nothing where there is no folder.
pub(crate) fn entries(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let listing = match fs::read_dir(folder) {
        Ok(listing) => listing,
        Err(err) if err.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(err) => return Err(Failure::of_file(folder.display(), &err)),
    };
    let mut paths = Vec::new();
    for entry in listing {
        let entry = entry.map_err(|err| Failure::of_file(folder.display(), &err))?;
        if !entry.file_name().as_encoded_bytes().starts_with(b".") {
            paths.push(entry.path());
        }
    }
    paths.sort();
    Ok(paths)
}

/// A schema that settings name.
fn schema(path: &Path) -> io::Result<String> {
    match file::read_text(path, FILE_BYTES_MAX) {
        Ok(text) => Ok(text),
        Err(TextError::Io(err)) => Err(io::Error::new(err.kind(), reason(&err))),
        Err(TextError::TooLarge { bytes_max }) => {
            let what = format!("it is larger than {}", in_words(bytes_max));
            Err(io::Error::new(ErrorKind::FileTooLarge, what))
        }
        Err(TextError::NotUtf8 { line }) => {
            let what = format!("line {line} is no UTF-8");
            Err(io::Error::new(ErrorKind::InvalidData, what))
        }
    }
}

/// A text file, if there is one.
fn source(path: &Path) -> Result<Option<Source>, Failure> {
    match file::read_text(path, FILE_BYTES_MAX) {
        Ok(text) => Ok(Some(Source {
            name: path.display().to_string(),
            text,
        })),
        Err(TextError::Io(err)) if err.kind() == ErrorKind::NotFound => Ok(None),
        Err(err) => Err(Failure::of_text(path.display(), &err)),
    }
}
