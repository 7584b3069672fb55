//! nginx, as the upstream and as what we compare ourselves with.

mod configuration;

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use tempfile::TempDir;

use crate::certificate::Certificate;
use crate::clock::{self, Began};
use crate::machine;
use crate::program::{Program, pinned};
use crate::rounds::Measured;
use crate::upstream::Caching;

/// How long it may take until it listens.
const PATIENCE: Duration = Duration::from_secs(10);

/// What it is there for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Role<'a> {
    /// It answers whoever has the key with JSON.
    Upstream(Caching),
    /// The same over TLS. It says which of its session and its connection's requests this is.
    SecureUpstream(Tls<'a>),
    /// It puts the key in place of the caller's and passes the request on, as the gateway does.
    Proxy(SocketAddr, &'a [Extra<'a>]),
}

/// What a proxy does besides.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Extra<'a> {
    /// It writes a line for every request into a file, many lines at once.
    Log,
    /// It counts every caller's requests against a limit that nobody reaches.
    Limit,
    /// It keeps answers on disk.
    Cache,
    /// It passes on what comes when it comes.
    Streams,
    /// It speaks TLS to the upstream.
    Secure(Tls<'a>),
}

/// TLS between a proxy and its upstream.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tls<'a> {
    /// What the upstream shows.
    pub(crate) certificate: &'a Certificate,
    /// How often.
    pub(crate) handshakes: Handshakes,
}

/// How connections come to be, where they are secure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Handshakes {
    /// Connections are kept and used again.
    Few,
    /// Each request has a connection of its own, which knows nothing of earlier ones.
    Full,
    /// Each request has a connection of its own, which resumes the session of an earlier one.
    Resumed,
}

/// A running nginx with one worker. It is ended when it goes out of scope.
#[derive(Debug)]
pub(crate) struct Nginx {
    program: Program,
    address: SocketAddr,
    /// Kept until the program has ended, which is why it stands last.
    _folder: TempDir,
}

impl Nginx {
    /// Starts it on one core.
    pub(crate) fn start(role: Role<'_>, core: Option<usize>) -> Result<Self> {
        let folder = tempfile::tempdir().context("no folder can be made for nginx")?;
        // Started by root, its worker is somebody else, who looks for the cache in here.
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o755))?;
        let address = free_address()?;
        let path = folder.path().join("nginx.conf");
        fs::write(&path, configuration::of(role, address))?;
        let nginx = machine::installed("nginx").context("nginx is not installed")?;
        let mut command = pinned(core, &nginx);
        command
            .arg("-p")
            .arg(folder.path())
            .arg("-c")
            .arg(&path)
            .args(["-e", "errors.log"]);
        let program = Program::start(command, folder.path())?;
        wait_until_it_listens(address)?;
        Ok(Self {
            program,
            address,
            _folder: folder,
        })
    }
}

impl Measured for Nginx {
    fn address(&self) -> SocketAddr {
        self.address
    }

    /// The process id of its master.
    fn id(&self) -> u32 {
        self.program.id()
    }

    /// It leaves nothing out.
    fn check(&self) -> Result<()> {
        Ok(())
    }
}

/// Nobody listens there now, and the system gives it to nobody else so soon.
fn free_address() -> Result<SocketAddr> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?)
}

#[expect(
    clippy::disallowed_methods,
    reason = "this looks whether nginx is there"
)]
fn wait_until_it_listens(address: SocketAddr) -> Result<()> {
    let began = Began::now();
    while began.elapsed() < PATIENCE {
        if TcpStream::connect(address).is_ok() {
            return Ok(());
        }
        clock::pause(Duration::from_millis(5));
    }
    bail!("nginx does not listen on {address} within {PATIENCE:?}")
}
