//! Upstash's SDK, with a real Redis behind a stand-in for Upstash.

use std::path::Path;
use std::process::Command;

use tempfile::TempDir;
use trunkline_tests::{Program, is_ci};

use super::stage::Stage;
use super::{check_on, has_bearer, keys};

/// Redis as the package of the same name installs it.
const REDIS: &str = "/usr/bin/redis-server";

#[test]
fn upstash() {
    if !Path::new(REDIS).exists() {
        assert!(!is_ci(), "Redis is not installed");
        eprintln!("skipped: Redis is not installed");
        return;
    }
    let Some(stage) = Stage::of("upstash") else {
        return;
    };
    let folder = TempDir::new().expect("a folder can be made");
    let socket = folder.path().join("socket");
    let mut command = Command::new(REDIS);
    // No port: nobody else can be at a socket in a folder of one's own.
    command.args(["--port", "0", "--save", "", "--unixsocket"]);
    command.arg(&socket).current_dir(folder.path());
    let redis = Program::start(command);
    redis.wait_for(|printed| printed.contains("ready to accept").then_some(()));
    let token = keys::value("UPSTASH_REDIS_REST_TOKEN");
    let server = ["upstash-server.mjs", &socket.to_string_lossy(), token];
    check_on(
        stage.with_server("REDIS", &server),
        1,
        has_bearer("UPSTASH_REDIS_REST_TOKEN"),
    );
}
