//! The report on disk: one line of JSON per difference. Several processes may add to it.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::thread;
use std::time::Duration;

use super::{Drifted, report};

/// The name of the report in the data folder.
pub const FILE_NAME: &str = "drift.json";

/// Held while the report is read and written anew.
const LOCK_NAME: &str = "drift.lock";

/// How long to wait before the lock is tried again.
const LOCK_PAUSE: Duration = Duration::from_millis(20);

/// The largest report that is read; what is larger is none of ours.
const BYTES_MAX: u64 = 64 << 20;

/// The report in a data folder; nothing where there is none. Lines that say something else are
/// passed over.
///
/// # Errors
/// If there is a report that cannot be read.
pub fn read(folder: &Path) -> io::Result<Vec<Drifted>> {
    let mut text = Vec::new();
    match File::open(folder.join(FILE_NAME)) {
        Ok(file) => file.take(BYTES_MAX).read_to_end(&mut text)?,
        Err(err) if err.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(err) => return Err(err),
    };
    let lines = text.split(|byte| *byte == b'\n');
    let rows = lines.filter_map(|line| serde_json::from_slice(line).ok());
    Ok(report::merge(rows.collect(), &[]))
}

/// Adds rows to the report in a data folder. Whoever reads it meanwhile sees the old or the new one.
///
/// # Errors
/// If it cannot be read or written, or another process holds its lock for longer than `lock_wait`.
pub(super) fn add(folder: &Path, rows: &[Drifted], lock_wait: Duration) -> io::Result<()> {
    make_folder(folder)?;
    let locked = lock(&folder.join(LOCK_NAME), lock_wait)?;
    let rows = report::merge(read(folder)?, rows);
    let mut text = Vec::new();
    for row in &rows {
        serde_json::to_writer(&mut text, row)?;
        text.push(b'\n');
    }
    let new = folder.join(format!(".{FILE_NAME}.{}", std::process::id()));
    let written = write(&new, &text).and_then(|()| fs::rename(&new, folder.join(FILE_NAME)));
    if written.is_err() {
        // It is of no use to anybody, and perhaps the disk is full.
        fs::remove_file(&new).ok();
    }
    drop(locked);
    written
}

/// Locks the report, as long as the file is open.
fn lock(path: &Path, wait: Duration) -> io::Result<File> {
    let file = private().open(path)?;
    let mut waited = Duration::ZERO;
    loop {
        match file.try_lock() {
            // Where the file system knows no locks, the last one to write wins.
            Ok(()) | Err(TryLockError::Error(_)) => return Ok(file),
            Err(TryLockError::WouldBlock) if waited < wait => {}
            Err(TryLockError::WouldBlock) => {
                let message = format!("another process holds the lock `{LOCK_NAME}`");
                return Err(io::Error::new(ErrorKind::WouldBlock, message));
            }
        }
        #[expect(
            clippy::disallowed_methods,
            reason = "no system tells when a file lock is free"
        )]
        thread::sleep(LOCK_PAUSE);
        waited += LOCK_PAUSE;
    }
}

fn write(path: &Path, text: &[u8]) -> io::Result<()> {
    let mut file = private().truncate(true).open(path)?;
    file.write_all(text)?;
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
