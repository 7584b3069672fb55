//! A certificate for this machine alone, from an authority that nobody else believes.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use tempfile::TempDir;

const OPENSSL: &str = "\
[req]
distinguished_name = name
[name]
[authority]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign
[server]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
subjectAltName = DNS:localhost, IP:127.0.0.1
";

/// The files of a server, and of the authority that vouches for it, on P-256. They are deleted when
/// this goes out of scope.
#[derive(Debug)]
pub(crate) struct Certificate {
    folder: TempDir,
}

impl Certificate {
    /// Makes all of it anew.
    pub(crate) fn make() -> Result<Self> {
        let folder = tempfile::tempdir().context("no folder can be made for a certificate")?;
        fs::write(folder.path().join("openssl.cnf"), OPENSSL)?;
        request(folder.path(), "authority", &[])?;
        let signed = ["-CA", "authority.pem", "-CAkey", "authority.key"];
        request(folder.path(), "server", &signed)?;
        Ok(Self { folder })
    }

    /// Whom to believe.
    pub(crate) fn authority(&self) -> PathBuf {
        self.folder.path().join("authority.pem")
    }

    /// What the server shows.
    pub(crate) fn chain(&self) -> PathBuf {
        self.folder.path().join("server.pem")
    }

    /// What the server keeps to itself.
    pub(crate) fn key(&self) -> PathBuf {
        self.folder.path().join("server.key")
    }
}

fn request(folder: &Path, name: &str, signed: &[&str]) -> Result<()> {
    let output = Command::new("openssl")
        .current_dir(folder)
        .args(["req", "-x509", "-config", "openssl.cnf", "-days", "2"])
        .args(["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"])
        .args(["-nodes", "-extensions", name])
        .args(["-subj", &format!("/CN={name}")])
        .args(["-keyout", &format!("{name}.key")])
        .args(["-out", &format!("{name}.pem")])
        .args(signed)
        .output()
        .context("`openssl` cannot be started")?;
    ensure!(
        output.status.success(),
        "openssl makes no certificate: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(())
}
