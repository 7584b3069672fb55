//! nginx, as the upstream and as what we compare ourselves with.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use tempfile::TempDir;

use crate::clock::{self, Began};
use crate::gateway::KEY;
use crate::program::{Program, pinned};
use crate::{machine, upstream};

/// How long it may take until it listens.
const PATIENCE: Duration = Duration::from_secs(10);

/// What it is there for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Role {
    /// It answers whoever has the key with JSON.
    Upstream,
    /// It puts the key in place of the caller's and passes the request on, as the gateway does.
    Proxy(SocketAddr),
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
    pub(crate) fn start(role: Role, core: Option<usize>) -> Result<Self> {
        let folder = tempfile::tempdir().context("no folder can be made for nginx")?;
        let address = free_address()?;
        let server = match role {
            Role::Upstream => upstream_server(address),
            Role::Proxy(upstream) => proxy_server(address, upstream),
        };
        let path = folder.path().join("nginx.conf");
        fs::write(&path, configuration(&server))?;
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

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The process id of its master.
    pub(crate) fn id(&self) -> u32 {
        self.program.id()
    }
}

fn configuration(server: &str) -> String {
    format!(
        r#"daemon off;
worker_processes 1;
pid nginx.pid;
error_log errors.log warn;
events {{ worker_connections 4096; }}
http {{
  access_log off;
  default_type application/json;
  keepalive_requests 1000000000;
  keepalive_timeout 300s;
  client_body_temp_path body;
  proxy_temp_path proxy;
  fastcgi_temp_path fastcgi;
  uwsgi_temp_path uwsgi;
  scgi_temp_path scgi;
{server}
}}
"#
    )
}

fn upstream_server(address: SocketAddr) -> String {
    let body = upstream::answer_body();
    format!(
        r#"  server {{
    listen {address};
    if ($http_authorization != "Bearer {KEY}") {{ return 401; }}
    location / {{ return 200 '{body}'; }}
  }}"#
    )
}

fn proxy_server(address: SocketAddr, upstream: SocketAddr) -> String {
    format!(
        r#"  upstream api {{
    server {upstream};
    keepalive 128;
    keepalive_requests 1000000000;
  }}
  server {{
    listen {address};
    location /openai/ {{
      proxy_pass http://api/;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Authorization "Bearer {KEY}";
    }}
  }}"#
    )
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
