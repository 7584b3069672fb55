//! The life of the gateway's process: start, own routes, end.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;

use trunkline_tests::{
    Act, Ending, Gate, Product, Program, Request, Script, Talk, Upstream, answer,
};

#[test]
fn it_says_where_it_listens_and_answers_there() {
    let product = Product::new().set("listeners.stripe", r#""127.0.0.1:0""#);
    let gateway = product.serve();
    let printed = gateway.program().stdout();
    let lines: Vec<&str> = printed
        .lines()
        .filter(|line| line.contains("listening on"))
        .collect();
    assert_eq!(lines.len(), 2, "{printed}");
    assert_eq!(
        lines[0],
        format!("listening on http://{}", gateway.address())
    );
    gateway.get("/-/health").expect(200);
    gateway.get("/-/ready").expect(200);
}

#[test]
fn lines_of_dotenv_files_that_assign_nothing_are_logged() {
    let product = Product::new().file(".env", "# keys\nsk-canary-without-a-name\n");
    let gateway = product.serve();
    let logged = gateway
        .program()
        .wait_for_error(|printed| printed.contains("ready").then(|| printed.to_owned()));
    assert!(
        logged.contains("WARN .env:2:1: this line is no `NAME=value`"),
        "{logged}"
    );
    assert!(!logged.contains("canary"), "{logged}");
}

#[test]
fn a_port_that_is_taken_is_named() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
    let address = taken
        .local_addr()
        .expect("a listener has an address")
        .to_string();
    Product::new()
        .run(&["serve", "--listen", &address])
        .expect(2)
        .complains(&[&address]);
}

#[test]
fn it_listens_on_a_unix_socket() {
    let product = Product::new();
    let socket = product.path().join("trunkline.sock");
    let listen = format!("unix:{}", socket.display());
    let program = Program::start(product.command(&["serve", "--listen", &listen]));
    program.wait_for(|printed| printed.contains("listening on").then_some(()));
    let mut stream = UnixStream::connect(&socket).expect("somebody listens on the socket");
    let request = "GET /-/health HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
    stream
        .write_all(request.as_bytes())
        .expect("the socket takes a request");
    let mut reply = String::new();
    stream
        .read_to_string(&mut reply)
        .expect("the answer is text");
    assert!(reply.starts_with("HTTP/1.1 200 "), "{reply}");
    program.signal("TERM");
    program.finish().expect(0);
    assert!(!socket.exists(), "the socket was left behind");
}

#[test]
fn metrics_count_calls_by_names_of_few_values() {
    let upstream = Upstream::start([answer(200).json("{}"), answer(404).json("{}")]);
    let gateway = Product::calling("openai", &upstream).serve();
    gateway.get("/openai/v1/models").expect(200);
    gateway
        .get("/openai/v1/models/very-special-model")
        .expect(404);
    gateway.get("/no-such-connector-at-all/x").expect(404);
    let reply = gateway.get("/-/metrics").expect(200);
    assert!(
        reply
            .header("content-type")
            .is_some_and(|value| value.starts_with("text/plain"))
    );
    let text = reply.text();
    let calls = text
        .lines()
        .filter(|line| !line.starts_with('#') && line.contains(r#"connector="openai""#));
    assert!(calls.count() > 0, "{text}");
    for unbounded in ["very-special-model", "no-such-connector-at-all", "call_0"] {
        assert!(!text.contains(unbounded), "{text}");
    }
}

#[test]
fn asked_to_stop_it_stops() {
    for signal in ["TERM", "INT"] {
        let product = Product::new();
        let program = Program::start(product.command(&["serve"]));
        program.wait_for(|printed| printed.contains("listening on").then_some(()));
        program.signal(signal);
        program.finish().expect(0);
    }
}

/// Tries the port until it is free.
fn wait_until_closed(address: std::net::SocketAddr) {
    let is_free = (0..10_000_000).any(|_| std::net::TcpListener::bind(address).is_ok());
    assert!(is_free, "it goes on listening");
}

#[test]
fn calls_that_run_are_finished_first() {
    let gate = Gate::new();
    let script = Script::reading()
        .say_chunked_head("text/plain")
        .chunk("begun, ");
    let upstream = Upstream::start([script.wait(&gate).chunk("done").chunk("")]);
    let gateway = Product::calling("openai", &upstream).serve();
    let address = gateway.address();
    let resting = Request::get("/-/health")
        .start_on(Talk::with(address))
        .finish_on()
        .1;
    let mut incoming = Request::get("/openai/v1/x").start(address);
    incoming.expect_so_far("begun, ");
    gateway.program().signal("TERM");
    wait_until_closed(address);
    gate.open();
    let reply = incoming.finish();
    assert_eq!(
        (reply.text().as_str(), reply.ending),
        ("begun, done", Ending::Clean)
    );
    gateway.stop_has_begun().expect(0);
    drop(resting);
}

#[test]
fn calls_that_do_not_end_are_cut_in_the_end() {
    let script = Script::reading()
        .say_chunked_head("text/plain")
        .chunk("begun, ");
    let upstream = Upstream::start([script.then(Act::AwaitGoodbye)]);
    let gateway = Product::calling("openai", &upstream)
        .set("server.drain", r#""200ms""#)
        .serve();
    let mut incoming = Request::get("/openai/v1/x").start(gateway.address());
    incoming.expect_so_far("begun, ");
    gateway.stop().expect(0);
    assert_ne!(incoming.finish().ending, Ending::Clean);
}

#[test]
fn the_data_folder_is_made_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let product = Product::new();
    product.serve().stop().expect(0);
    let folder = product.path().join(".trunkline");
    if let Ok(metadata) = folder.metadata() {
        assert_eq!(metadata.permissions().mode() & 0o777, 0o700);
        let ignore = std::fs::read_to_string(folder.join(".gitignore"));
        assert_eq!(ignore.expect("it has a .gitignore").trim(), "*");
    }
}

#[test]
fn it_listens_on_the_other_loopback() {
    if std::net::TcpListener::bind("[::1]:0").is_err() {
        eprintln!("skipped: this machine has no IPv6");
        return;
    }
    let gateway = Product::new().serve_with(&["--listen", "[::1]:0"]);
    assert!(gateway.address().is_ipv6());
    gateway.get("/-/health").expect(200);
}
