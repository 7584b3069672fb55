//! The files in the data folder: made for their owner only, told apart, moved out of the way.
//!
//! SQLite trusts that a database and the two files beside it belong together, and that nobody
//! moves them while it has them open. So nobody here opens the database without SQLite (closing it
//! would give up SQLite's own locks), and files are made and moved under a lock, by one process at a time.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, ErrorKind, Write as _};
use std::os::unix::fs::{
    DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _,
};
use std::path::{Path, PathBuf};

/// The name of the log in the data folder.
pub const FILE_NAME: &str = "calls.db";

/// What a damaged log is renamed to. The one before it is overwritten, so they do not fill the disk.
const ASIDE_NAME: &str = "calls.broken.db";

/// Held while the log is made or moved.
const LOCK_NAME: &str = "calls.lock";

/// Where the log is.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    folder: PathBuf,
    file: PathBuf,
}

/// Which file it is, whatever its name: the device and its number there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Identity(u64, u64);

impl Place {
    pub(crate) fn new(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
            file: folder.join(FILE_NAME),
        }
    }

    pub(crate) fn file(&self) -> &Path {
        &self.file
    }

    /// Which file is there now; `None` where there is none.
    pub(crate) fn identity(&self) -> io::Result<Option<Identity>> {
        match fs::metadata(&self.file) {
            Ok(metadata) => Ok(Some(Identity(metadata.dev(), metadata.ino()))),
            Err(err) if err.kind() == ErrorKind::NotFound => Ok(None),
            Err(err) => Err(err),
        }
    }

    /// Makes the file where there is none, and sees that nobody else can read it.
    pub(crate) fn claim(&self) -> io::Result<Identity> {
        if let Some(identity) = self.identity()? {
            self.make_private()?;
            return Ok(identity);
        }
        let _lock = self.lock()?;
        if self.identity()?.is_none() {
            // Whoever removed the database left these, which belong to no other one.
            self.remove_beside()?;
            match private().create_new(true).open(&self.file) {
                Err(err) if err.kind() != ErrorKind::AlreadyExists => return Err(err),
                Ok(_) | Err(_) => {}
            }
        }
        self.identity()?.ok_or_else(|| ErrorKind::NotFound.into())
    }

    /// Renames the file, if it is still this one. What it is called then; `None` if it is gone.
    pub(crate) fn set_aside(&self, damaged: Identity) -> io::Result<Option<PathBuf>> {
        let _lock = self.lock()?;
        if self.identity()? != Some(damaged) {
            return Ok(None);
        }
        let aside = self.folder.join(ASIDE_NAME);
        fs::rename(&self.file, &aside)?;
        // Not yet in the database, and of no use to any other one.
        let journal = beside(&aside, "-wal");
        fs::rename(beside(&self.file, "-wal"), journal).or_else(is_absent)?;
        self.remove_beside()?;
        Ok(Some(aside))
    }

    fn remove_beside(&self) -> io::Result<()> {
        for ending in ["-wal", "-shm"] {
            fs::remove_file(beside(&self.file, ending)).or_else(is_absent)?;
        }
        Ok(())
    }

    fn lock(&self) -> io::Result<File> {
        make_folder(&self.folder)?;
        let lock = private().create(true).open(self.folder.join(LOCK_NAME))?;
        // Where the file system knows no locks, two processes that begin at once may disagree.
        lock.lock().ok();
        Ok(lock)
    }

    fn make_private(&self) -> io::Result<()> {
        let mode = fs::metadata(&self.file)?.permissions().mode();
        if mode & 0o077 != 0 {
            // Where it is not ours to change, whoever owns it decides.
            fs::set_permissions(&self.file, Permissions::from_mode(0o600)).ok();
        }
        Ok(())
    }
}

/// A file that SQLite keeps beside the database.
fn beside(file: &Path, ending: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

fn is_absent(err: io::Error) -> io::Result<()> {
    if err.kind() == ErrorKind::NotFound {
        return Ok(());
    }
    Err(err)
}

/// For files that only their owner may read.
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).mode(0o600);
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
    let mut ignored = private().create(true).open(folder.join(".gitignore"))?;
    ignored.write_all(b"*\n")
}

#[cfg(test)]
mod tests;
