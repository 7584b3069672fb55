//! Where the server listens, and how many may come.

use std::io::{Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::{UnixListener, UnixStream};

use trunkline::Clock;
use trunkline_server::StartError;

use crate::stage::{Set, Stage, config, start, unix};

fn try_start(listen: &str) -> Result<trunkline_server::Running, StartError> {
    let text = format!("[server]\nlisten = \"{listen}\"\nthreads = 1\n");
    start(config(&text), Clock::system())
}

#[test]
fn other_machines_are_not_let_in_without_keys() {
    for listen in ["0.0.0.0:0", "[::]:0", "192.0.2.7:0", "[::ffff:127.0.0.1]:0"] {
        let error = try_start(listen).unwrap_err();
        assert!(matches!(error, StartError::Exposed { .. }), "{error}");
        assert!(
            error
                .to_string()
                .contains("can be reached from other machines"),
            "{error}"
        );
        assert!(error.hint().contains("127.0.0.1"));
    }
    let text = "[server]\nlisten = \"127.0.0.1:0\"\n[listeners]\nup = \"0.0.0.0:0\"\n";
    assert!(matches!(
        start(config(text), Clock::system()),
        Err(StartError::Exposed { .. })
    ));
}

#[test]
fn an_address_in_use_is_named() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let error = try_start(&address.to_string()).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("`{address}` is in use by another process")
    );
}

#[test]
fn a_socket_file_is_private_and_goes_with_the_server() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.sock");
    let listen = format!("unix:{}", path.display());
    // Left over from a process that was killed.
    drop(UnixListener::bind(&path).unwrap());
    assert!(path.exists());
    let running = try_start(&listen).unwrap();
    let place = &running.addresses()[0];
    assert_eq!(place.to_string(), listen);
    assert_eq!(unix(&place.listen), path);
    assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(
        folder.path().read_dir().unwrap().count(),
        1,
        "nothing else is left behind"
    );

    let mut caller = UnixStream::connect(&path).unwrap();
    caller
        .write_all(b"GET /-/health HTTP/1.1\r\nHost: any.name\r\nConnection: close\r\n\r\n")
        .unwrap();
    let mut text = String::new();
    caller.read_to_string(&mut text).unwrap();
    assert!(text.starts_with("HTTP/1.1 200 "), "{text}");

    let error = try_start(&listen).unwrap_err();
    assert!(matches!(error, StartError::InUse { .. }), "{error}");
    running.shut_down();
    assert!(!path.exists());
}

#[test]
fn a_file_that_is_no_socket_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notes.txt");
    std::fs::write(&path, "precious").unwrap();
    let error = try_start(&format!("unix:{}", path.display())).unwrap_err();
    assert!(matches!(error, StartError::Listen { .. }), "{error}");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "precious");
}

#[test]
fn callers_beyond_the_cap_are_told_so() {
    let stage = Set::with("connections_max = 2").start();
    let mut first = stage.ask("GET /-/health HTTP/1.1\r\nHost: {host}\r\n\r\n");
    first.message();
    let mut second = stage.ask("GET /-/health HTTP/1.1\r\nHost: {host}\r\n\r\n");
    second.message();
    let mut third = stage.ask("GET /-/health HTTP/1.1\r\nHost: {host}\r\n\r\n");
    let (head, body) = third.message();
    assert!(head.starts_with("http/1.1 503 "), "{head}");
    assert!(head.contains("retry-after: 1\r\n"), "{head}");
    assert!(head.contains("connection: close\r\n"), "{head}");
    assert!(body.contains("\"code\":\"overloaded\""), "{body}");
    third.close_sending();
    third.assert_over();
    // Those who are in stay in, and a place that becomes free is given away.
    first.send(&format!(
        "GET /-/health HTTP/1.1\r\nHost: {}\r\n\r\n",
        stage.host()
    ));
    first.message();
    drop(second);
    loop {
        let mut next = stage.ask("GET /-/health HTTP/1.1\r\nHost: {host}\r\n\r\n");
        if next.message().0.starts_with("http/1.1 200 ") {
            break;
        }
    }
}

#[test]
fn connections_are_spread_over_the_threads() {
    let stage = Stage::new();
    drop(stage);
    let running = start(
        config("[server]\nlisten = \"127.0.0.1:0\"\nthreads = 3\n"),
        Clock::system(),
    )
    .unwrap();
    let address = crate::stage::tcp(&running.addresses()[0].listen);
    let mut callers = Vec::new();
    for _ in 0..9 {
        let mut caller = crate::stage::Wire::to(address);
        caller.send(&format!(
            "GET /-/metrics HTTP/1.1\r\nHost: {address}\r\n\r\n"
        ));
        let (_, body) = caller.message();
        callers.push(caller);
        let open = format!(
            "trunkline_connections_open{{listener=\"main\"}} {}\n",
            callers.len()
        );
        assert!(body.contains(&open), "{body}");
    }
    running.shut_down();
    for mut caller in callers {
        caller.assert_over();
    }
}
