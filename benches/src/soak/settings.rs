//! What the gateways are told: everything on, and something else with each edition.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;

use anyhow::Result;

use crate::soak::CONNECTORS;

/// The connector that half of the editions have besides.
pub(super) const THIRD: &str = "gamma";

/// How many calls of the limited operation may be made in a second, by all gateways together.
pub(super) const LIMITED_RATE: u32 = 5;

/// How large the log of calls may be, in bytes.
pub(super) const LOG_MAX: u64 = 8 * 1024 * 1024;

/// One edition of the settings.
#[derive(Debug, Clone)]
pub(super) struct Settings {
    /// Where the connectors' calls go.
    pub(super) upstreams: [SocketAddr; 2],
    /// Where Redis is.
    pub(super) redis: String,
    /// Which edition, from 0.
    pub(super) edition: u32,
}

impl Settings {
    /// Whether the third connector is in this edition.
    pub(super) fn has_third(&self) -> bool {
        self.edition % 2 == 1
    }

    /// Writes it to a gateway's folder.
    pub(super) fn write(&self, folder: &Path) -> Result<()> {
        for name in CONNECTORS {
            write_connector(folder, name)?;
        }
        if self.has_third() {
            write_connector(folder, THIRD)?;
        } else if folder.join("connectors").join(THIRD).exists() {
            fs::remove_dir_all(folder.join("connectors").join(THIRD))?;
        }
        fs::write(folder.join("trunkline.toml"), self.text())?;
        Ok(())
    }

    fn text(&self) -> String {
        let Self {
            upstreams: [first, second],
            redis,
            edition,
        } = self;
        let rate = 2_000 + 500 * (edition % 3);
        let time = 3 + edition % 3;
        let third = if self.has_third() {
            format!(
                "\n[connectors.{THIRD}]\nbase_url = \"http://{first}\"\n{COMMON}cache = \"headers\"\n"
            )
        } else {
            String::new()
        };
        format!(
            r#"[server]
listen = "127.0.0.1:0"

[listeners]
acme = "127.0.0.1:0"

[egress]
allow = ["127.0.0.1/32"]

[redis]
url = "{redis}"

[calls]
keep = "1d"
size_max = "{LOG_MAX}B"

[cache]
memory_max = "8MiB"

[callers]
limit = {{ rate = 5000, per = "1s", burst = 5000 }}

[connectors.acme]
base_url = "http://{first}"
limit = {{ rate = {rate}, per = "1s", burst = 2000 }}
{COMMON}cache = "headers"

[connectors.acme.operations."limited.look"]
limit = {{ rate = {LIMITED_RATE}, per = "1s", wait_max = "0s" }}

[connectors.beta]
base_url = "http://{second}"
limit = [{{ rate = {rate}, per = "1s", burst = 2000 }}, {{ rate = 10000000, per = "1h" }}]
{COMMON}cache = {{ time = "{time}s", tags = ["beta"] }}

[connectors.beta.operations."asked.ask"]
cache = {{ time = "{time}s" }}
{third}"#
        )
    }
}

/// What all connectors have.
const COMMON: &str = r#"concurrency = 400
timeout = "15s"
timeouts = { connect = "1s", first_byte = "3s", idle = "4s" }
retry = { attempts = 3, wait_first = "200ms", wait_max = "2s" }
"#;

/// Its files in a gateway's folder.
fn write_connector(folder: &Path, name: &str) -> Result<()> {
    let folder = folder.join("connectors").join(name);
    fs::create_dir_all(folder.join("operations"))?;
    fs::write(
        folder.join("connector.toml"),
        CONNECTOR.replace("NAME", name),
    )?;
    fs::write(folder.join("operations/all.toml"), OPERATIONS)?;
    Ok(())
}

const CONNECTOR: &str = r#"schema = 1

[connector]
name = "NAME"
title = "NAME"
base_url = "https://api.acme.example"
docs = "https://docs.acme.example/api"
checked = "2026-11-22"

[secrets.api_key]
env = "SOAK_API_KEY"
pattern = '^[A-Za-z0-9_-]{20,}$'
example = "soak-made-up-key-for-the-sandbox"
obtain = "https://acme.example/account/keys"

[auth]
kind = "bearer"
secret = "api_key"

[verify]
operation = "limited.look"
"#;

const OPERATIONS: &str = r#"[[operations]]
name = "limited.look"
title = "Look, but not often"
method = "GET"
path = "/limited"
docs = "https://docs.acme.example/api"

[[operations]]
name = "asked.ask"
title = "Ask with a body"
method = "POST"
path = "/asked"
docs = "https://docs.acme.example/api"
body = "json"
"#;

#[cfg(test)]
mod tests;
