//! Opens the places where we listen.

use std::fs::{self, DirBuilder, Permissions};
use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::{
    DirBuilderExt as _, FileTypeExt as _, MetadataExt as _, PermissionsExt as _,
};
use std::os::unix::net::UnixStream as StdUnixStream;
use std::path::{Path, PathBuf};

use tokio::net::{TcpListener, TcpSocket, UnixListener};
use trunkline::Listen;

use crate::socket::Socket;
use crate::start::StartError;

/// Connections that may wait to be accepted.
const BACKLOG: u32 = 4096;

/// An open place where we listen.
#[derive(Debug)]
pub(crate) enum Listener {
    /// An address and port.
    Tcp(TcpListener),
    /// A socket in the file system.
    Unix(UnixListener, SocketFile),
}

/// A socket's file. Removed when dropped, if it is still the same.
#[derive(Debug)]
pub(crate) struct SocketFile {
    path: PathBuf,
    inode: u64,
}

impl Listener {
    /// Opens a place. Runs within the runtime that will accept there.
    pub(crate) fn open(listen: &Listen) -> Result<Self, StartError> {
        let opened = match listen {
            Listen::Tcp(address) => open_tcp(*address).map(Self::Tcp),
            Listen::Unix(path) => {
                open_unix(path).map(|(listener, file)| Self::Unix(listener, file))
            }
        };
        opened.map_err(|source| match source.kind() {
            io::ErrorKind::AddrInUse => StartError::InUse {
                listen: listen.clone(),
            },
            _ => StartError::Listen {
                listen: listen.clone(),
                source,
            },
        })
    }

    /// Where it is, with the port that the system chose for port 0.
    pub(crate) fn place(&self) -> io::Result<Listen> {
        Ok(match self {
            Self::Tcp(listener) => Listen::Tcp(listener.local_addr()?),
            Self::Unix(_, file) => Listen::Unix(file.path.clone()),
        })
    }

    /// Waits for the next connection.
    pub(crate) async fn accept(&self) -> io::Result<Socket> {
        match self {
            Self::Tcp(listener) => {
                let (stream, _) = listener.accept().await?;
                // A caller that is gone already shows itself when it is read from.
                stream.set_nodelay(true).ok();
                Ok(Socket::Tcp(stream))
            }
            Self::Unix(listener, _) => Ok(Socket::Unix(listener.accept().await?.0)),
        }
    }
}

fn open_tcp(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() {
        TcpSocket::new_v4()
    } else {
        TcpSocket::new_v6()
    }?;
    // Otherwise a restart would fail while old connections are still dying.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// Only the user we run as may connect. The file is made in a folder that nobody else can enter
/// and moved into place, so there is no moment in which others could.
fn open_unix(path: &Path) -> io::Result<(UnixListener, SocketFile)> {
    make_way(path)?;
    let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
    let private = path.with_file_name(format!(".{}-{:08x}", std::process::id(), fastrand::u32(..)));
    DirBuilder::new().mode(0o700).create(&private)?;
    let made = bind(&private.join(name), path);
    let cleared = fs::remove_dir_all(&private);
    let made = made?;
    cleared?;
    Ok(made)
}

fn bind(first: &Path, path: &Path) -> io::Result<(UnixListener, SocketFile)> {
    let listener = UnixListener::bind(first)?;
    fs::set_permissions(first, Permissions::from_mode(0o600))?;
    let inode = fs::metadata(first)?.ino();
    fs::rename(first, path)?;
    Ok((
        listener,
        SocketFile {
            path: path.to_owned(),
            inode,
        },
    ))
}

/// A socket file that nobody answers on is left over from a process that is gone.
fn make_way(path: &Path) -> io::Result<()> {
    let metadata = match fs::symlink_metadata(path) {
        Ok(metadata) => metadata,
        Err(err) if err.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(err) => return Err(err),
    };
    if !metadata.file_type().is_socket() {
        return Err(io::Error::new(
            io::ErrorKind::AlreadyExists,
            "there is a file that is no socket",
        ));
    }
    match StdUnixStream::connect(path) {
        Ok(_) => Err(io::ErrorKind::AddrInUse.into()),
        Err(err) if err.kind() == io::ErrorKind::ConnectionRefused => Ok(()),
        Err(err) => Err(err),
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        let is_ours = fs::metadata(&self.path).is_ok_and(|found| found.ino() == self.inode);
        if is_ours && let Err(err) = fs::remove_file(&self.path) {
            tracing::warn!(path = %self.path.display(), error = %err, "a socket's file stayed behind");
        }
    }
}
