//! The token by which the gateway knows who runs it.

#[cfg(test)]
mod tests;

use std::fmt;
use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::hmac;
use ring::rand::{SecureRandom as _, SystemRandom};

use crate::secret::Secret;

/// The name of the file in the data folder.
const FILE_NAME: &str = "admin.token";

/// The random bytes of a token.
const TOKEN_BYTES: usize = 32;

/// The characters in which they are written.
const TOKEN_CHARS: usize = 43;

/// More than any token has.
const FILE_BYTES_MAX: u64 = 1024;

/// The token by which the gateway knows who runs it: a file that only its owner may read.
#[derive(Clone)]
pub struct AdminToken(Secret);

impl AdminToken {
    /// Where the token of a data folder stands.
    pub fn file_in(folder: &Path) -> PathBuf {
        folder.join(FILE_NAME)
    }

    /// The token of a data folder, which is made where there is none. Several processes may do so
    /// at once: all have the same one then. `warn` is told if others could read it so far.
    ///
    /// # Errors
    /// If the file cannot be made or read, or holds something else.
    pub fn open(folder: &Path, warn: impl FnOnce(&Path)) -> io::Result<Self> {
        let file = Self::file_in(folder);
        match Self::read(folder) {
            Err(err) if err.kind() == ErrorKind::NotFound => make(folder, &file)?,
            Err(err) => return Err(err),
            Ok(token) => {
                if fs::metadata(&file)?.permissions().mode() & 0o077 != 0 {
                    warn(&file);
                    fs::set_permissions(&file, Permissions::from_mode(0o600))?;
                }
                return Ok(token);
            }
        }
        Self::read(folder)
    }

    /// The token of a data folder.
    ///
    /// # Errors
    /// If there is none, it cannot be read, or the file holds something else.
    pub fn read(folder: &Path) -> io::Result<Self> {
        let mut text = String::new();
        let file = File::open(Self::file_in(folder))?;
        file.take(FILE_BYTES_MAX).read_to_string(&mut text)?;
        let token = text.trim_end();
        let is_token = TOKEN_CHARS <= token.len()
            && token
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
        if !is_token {
            let message = format!("it holds no token of {TOKEN_CHARS} letters and digits");
            return Err(io::Error::new(ErrorKind::InvalidData, message));
        }
        Ok(Self(Secret::new(token)))
    }

    /// Whether somebody knows the token. It takes as long whatever is given.
    pub fn is(&self, given: &[u8]) -> bool {
        // Compared behind a hash, so that no time tells how much of it was right.
        let token = self.0.expose().as_bytes();
        let key = hmac::Key::new(hmac::HMAC_SHA256, token);
        hmac::verify(&key, given, hmac::sign(&key, token).as_ref()).is_ok()
    }

    pub(super) fn secret(&self) -> &Secret {
        &self.0
    }
}

impl fmt::Debug for AdminToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AdminToken(…)")
    }
}

/// Makes the file, whole or not at all. Whoever is faster wins.
fn make(folder: &Path, file: &Path) -> io::Result<()> {
    make_folder(folder)?;
    let mut bytes = [0; TOKEN_BYTES];
    let filled = SystemRandom::new().fill(&mut bytes);
    filled.map_err(|_| io::Error::other("the system has no random numbers"))?;
    let new = folder.join(format!(".{FILE_NAME}.{}", std::process::id()));
    let text = format!("{}\n", URL_SAFE_NO_PAD.encode(bytes));
    let written = write(&new, &text).and_then(|()| match fs::hard_link(&new, file) {
        Err(err) if err.kind() == ErrorKind::AlreadyExists => Ok(()),
        linked => linked,
    });
    fs::remove_file(&new).ok();
    written
}

fn write(path: &Path, text: &str) -> io::Result<()> {
    let mut file = private().truncate(true).open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

/// For files that only their owner may read.
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false).mode(0o600);
    options
}

/// The data folder is nobody else's, and no version control should have it.
fn make_folder(folder: &Path) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)?;
    private().open(folder.join(".gitignore"))?.write_all(b"*\n")
}
