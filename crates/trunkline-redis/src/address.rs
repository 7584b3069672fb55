//! Where Redis is, and how to log in there. Shown, it has no user and no password.

use std::fmt;

use redis::{ConnectionAddr, ConnectionInfo, IntoConnectionInfo};
use url::Url;

/// What a path to a socket may carry behind a `?`.
const SOCKET_SETTINGS: [&str; 3] = ["db", "user", "pass"];

/// Where Redis is. `Display` and `Debug` leave out the user and the password.
#[derive(Clone)]
pub struct Address {
    info: ConnectionInfo,
    database: i64,
    shown: String,
}

/// Why this is no address of a Redis. Shows nothing of what was written: it may hold a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadAddress {
    /// It is no URL at all, or one of something else.
    #[error(
        "the address of Redis is `redis://[user:password@]host[:port][/database]`, the same with \
         `rediss://` for TLS, or `unix:/path/to/socket`; what a password holds of `/`, `?`, `#`, \
         `@` and `%` is written as `%2F`, `%3F`, `%23`, `%40` and `%25`"
    )]
    Form,
    /// No host is named.
    #[error("the address of Redis names no host: `redis://host[:port][/database]`")]
    NoHost,
    /// What follows the host is not a database.
    #[error(
        "what follows the host in the address of Redis is the number of a database, as in `/0`"
    )]
    Database,
    /// There is something behind a `?` or `#`.
    #[error(
        "the address of Redis has nothing behind a `?` or `#`; only a socket's has \
         `?db=`, `&user=` and `&pass=`"
    )]
    Extra,
    /// This system has no such sockets.
    #[error("this system has no Unix sockets; use `redis://host[:port][/database]`")]
    NoSockets,
}

impl Address {
    /// Reads a URL: `redis://[user:password@]host[:port][/database]`, `rediss://…` for TLS,
    /// `unix:/path` or `redis+unix:///path`, those two with `?db=…&user=…&pass=…`.
    ///
    /// # Errors
    ///
    /// If it is anything else. The error says what is allowed and shows nothing of `url`.
    pub fn parse(url: &str) -> Result<Self, BadAddress> {
        let url = Url::parse(url).map_err(|err| match err {
            url::ParseError::EmptyHost => BadAddress::NoHost,
            _ => BadAddress::Form,
        })?;
        match url.scheme() {
            "redis" | "rediss" => check_host(&url)?,
            "unix" | "redis+unix" => check_socket(&url)?,
            _ => return Err(BadAddress::Form),
        }
        let info = url
            .into_connection_info()
            .map_err(|_foreign_text| BadAddress::Form)?;
        if !info.addr().is_supported() {
            return Err(BadAddress::NoSockets);
        }
        let database = info.redis_settings().db();
        if database < 0 {
            return Err(BadAddress::Database);
        }
        let shown = shown(info.addr(), database);
        // We choose the database ourselves, so as to tell why it is refused. What Redis is told of
        // the client, it did not know before version 7.2.
        let settings = info.redis_settings().clone();
        let settings = settings.set_db(0).set_skip_set_lib_name();
        Ok(Self {
            info: info.set_redis_settings(settings),
            database,
            shown,
        })
    }

    /// Whether the connection is encrypted.
    pub fn is_tls(&self) -> bool {
        matches!(self.info.addr(), ConnectionAddr::TcpTls { .. })
    }

    pub(crate) fn info(&self) -> &ConnectionInfo {
        &self.info
    }

    pub(crate) fn database(&self) -> i64 {
        self.database
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address({})", self.shown)
    }
}

fn check_host(url: &Url) -> Result<(), BadAddress> {
    if url.host_str().is_none_or(str::is_empty) {
        return Err(BadAddress::NoHost);
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(BadAddress::Extra);
    }
    let database = url.path().trim_start_matches('/');
    if !database.is_empty() && database.parse::<u16>().is_err() {
        return Err(BadAddress::Database);
    }
    Ok(())
}

fn check_socket(url: &Url) -> Result<(), BadAddress> {
    if url.has_host() || !url.path().starts_with('/') || url.path() == "/" {
        return Err(BadAddress::Form);
    }
    let mut settings = url.query_pairs();
    if url.fragment().is_some() || !settings.all(|(name, _)| is_setting(&name)) {
        return Err(BadAddress::Extra);
    }
    let mut settings = url.query_pairs();
    if settings.any(|(name, value)| name == "db" && value.parse::<u16>().is_err()) {
        return Err(BadAddress::Database);
    }
    Ok(())
}

fn is_setting(name: &str) -> bool {
    SOCKET_SETTINGS.contains(&name)
}

fn shown(addr: &ConnectionAddr, database: i64) -> String {
    let bracketed = |host: &str| {
        if host.contains(':') {
            return format!("[{host}]");
        }
        host.to_owned()
    };
    match addr {
        ConnectionAddr::Tcp(host, port) => format!("redis://{}:{port}/{database}", bracketed(host)),
        ConnectionAddr::TcpTls { host, port, .. } => {
            format!("rediss://{}:{port}/{database}", bracketed(host))
        }
        ConnectionAddr::Unix(path) => format!("unix:{}?db={database}", path.display()),
        _ => "redis".to_owned(),
    }
}

#[cfg(test)]
mod tests;
