//! Tokens of a certified authorization server: asked for once, renewed in time, replaced when they
//! are revoked. Nothing here sleeps: what takes its time is asked for until it has happened.

use std::net::SocketAddr;
use std::thread;
use std::time::Instant;

use serde_json::Value;
use trunkline_tests::{Answer, Gateway, PATIENCE, Product, Program, Request};

use super::stage;

const PASSWORD: &str = "real-client-password-Vx8Lw2QpTn5Zr1Kc";

/// The authorization server, and the API behind it.
struct Server {
    url: String,
    _program: Program,
}

impl Server {
    /// Nothing where the packages are not installed, which in CI is an error.
    fn start() -> Option<Self> {
        stage::is_installed().then(|| {
            let (program, url) = stage::server(&["token-server.mjs", PASSWORD]);
            Self {
                url,
                _program: program,
            }
        })
    }

    /// What the server says of itself.
    #[track_caller]
    fn told(&self, what: &str) -> Value {
        let address: SocketAddr = self.url["http://".len()..].parse().expect("an address");
        Request::get(format!("/told/{what}"))
            .send(address)
            .expect(200)
            .json()
    }

    /// How many tokens it has given out.
    #[track_caller]
    fn given(&self) -> Value {
        self.told("given")["given"].clone()
    }

    /// A folder with a connector for each client, and the clients' password.
    fn product(&self, password: &str) -> Product {
        let product = Product::new()
            .set("server.threads", 2)
            .variable("UP_CLIENT_SECRET", password);
        ["basic", "post", "five", "brief"]
            .into_iter()
            .fold(product, |product, client| {
                let id = format!("UP_{}_ID", client.to_uppercase());
                product
                    .variable(&id, client)
                    .file(
                        &format!("connectors/{client}/connector.toml"),
                        &self.connector(client, &id),
                    )
                    .file(
                        &format!("connectors/{client}/operations/things.toml"),
                        OPERATIONS,
                    )
            })
    }

    fn connector(&self, client: &str, id: &str) -> String {
        let auth = if client == "post" { "body" } else { "basic" };
        format!(
            r#"schema = 1

[connector]
name = "{client}"
title = "Up"
base_url = "{url}/api"
docs = "https://up.example/docs"
checked = "2026-11-22"

[secrets.client]
env = "{id}"
example = "{client}"
obtain = "https://up.example/clients"

[secrets.password]
env = "UP_CLIENT_SECRET"
example = "made-up-password"
obtain = "https://up.example/clients"

[auth]
kind = "client_credentials"
token_url = "{url}/token"
client_id = "client"
client_secret = "password"
scope = "read write"
client_auth = "{auth}"

[verify]
operation = "things.list"
"#,
            url = self.url
        )
    }
}

const OPERATIONS: &str = r#"[[operations]]
name = "things.list"
title = "List things"
method = "GET"
path = "/things"
docs = "https://up.example/docs/things"
"#;

/// How the API knows whoever called: the number of the token.
#[track_caller]
fn number(answer: Answer) -> u64 {
    let body = answer.expect(200).json();
    body["number"].as_u64().expect("the API counts tokens")
}

#[test]
fn a_cold_burst_of_calls_asks_for_one_token() {
    let Some(server) = Server::start() else {
        return;
    };
    let gateway = server.product(PASSWORD).serve();
    for (client, given) in [("basic", 1), ("post", 2)] {
        let target = format!("/{client}/things");
        thread::scope(|scope| {
            let calls: Vec<_> = (0..100)
                .map(|_| scope.spawn(|| get(&gateway, &target)))
                .collect();
            for call in calls {
                assert_eq!(call.join().expect("the call has an answer"), 1);
            }
        });
        assert_eq!(server.given(), given);
    }
    let body = gateway.get("/basic/things").expect(200).json();
    assert_eq!(body["scope"], "read write");
}

/// One call that must succeed.
#[track_caller]
fn get(gateway: &Gateway, target: &str) -> u64 {
    number(gateway.get(target))
}

/// Asks until it is so.
#[track_caller]
#[expect(
    clippy::disallowed_methods,
    reason = "what never comes must not be waited for"
)]
fn until(mut is_so: impl FnMut() -> bool) {
    let started = Instant::now();
    while !is_so() {
        assert!(started.elapsed() < PATIENCE, "it did not come");
        thread::yield_now();
    }
}

#[test]
fn a_token_of_five_seconds_is_renewed_before_its_end_and_no_call_notices() {
    let Some(server) = Server::start() else {
        return;
    };
    let gateway = server.product(PASSWORD).serve();
    let mut numbers = vec![1];
    until(|| {
        let number = get(&gateway, "/five/things");
        if numbers.last() != Some(&number) {
            numbers.push(number);
        }
        number == 3
    });
    assert_eq!(numbers, [1, 2, 3]);
    assert_eq!(server.given(), 3);
}

#[test]
fn a_token_that_has_run_out_costs_no_call() {
    let Some(server) = Server::start() else {
        return;
    };
    let gateway = server.product(PASSWORD).serve();
    assert_eq!(get(&gateway, "/brief/things"), 1);
    until(|| server.told("expired")["expired"] == true);
    assert_eq!(get(&gateway, "/brief/things"), 2);
}

#[test]
fn a_revoked_token_is_replaced_once_and_the_request_made_again() {
    let Some(server) = Server::start() else {
        return;
    };
    let gateway = server.product(PASSWORD).serve();
    assert_eq!(get(&gateway, "/post/things"), 1);
    server.told("revoke");
    let answer = gateway.send(&Request::post("/post/things", r#"{"name": "lamp"}"#));
    assert_eq!(answer.header("trunkline-attempts"), Some("2"));
    let body = answer.expect(200).json();
    assert_eq!(
        (&body["number"], &body["body"]),
        (&2.into(), &r#"{"name": "lamp"}"#.into())
    );
    // Where the API refuses whatever comes, its refusal is the caller's, after one new token.
    let refused = gateway.get("/post/closed");
    assert_eq!(refused.header("trunkline-attempts"), Some("2"));
    assert_eq!(refused.expect(401).json()["error"], "invalid_token");
    assert_eq!(server.given(), 3);
}

#[test]
fn a_wrong_password_is_told_in_words() {
    let Some(server) = Server::start() else {
        return;
    };
    let wrong = "wrong-client-password-0123456789";
    let product = server.product(wrong);
    let words = "Up cannot be called: the token server answered 401 Unauthorized: \
                 invalid_client, client authentication failed";
    for client in ["basic", "post"] {
        let gateway = product.serve();
        let problem = gateway
            .get(&format!("/{client}/things"))
            .problem(502, "token_refused");
        assert_eq!(problem["detail"], words);
        assert!(
            problem["hint"]
                .as_str()
                .expect("a hint")
                .contains("id and password")
        );
        assert!(!problem.to_string().contains(wrong), "{problem:#}");
        let finished = gateway.stop();
        assert!(!finished.stderr.contains(wrong), "{}", finished.stderr);
        let finished = product.run(&["call", client, "things.list"]).expect(4);
        let finished = finished.complains(&[&format!("error: {words}"), "hint: check"]);
        assert!(!finished.stderr.contains(wrong), "{}", finished.stderr);
    }
    assert_eq!(server.given(), 0);
}

#[test]
fn a_call_from_the_command_line_gets_a_token_of_its_own() {
    let Some(server) = Server::start() else {
        return;
    };
    let product = server.product(PASSWORD);
    let finished = product.run(&["call", "basic", "things.list"]).expect(0);
    assert_eq!(finished.json()["client"], "basic");
    // Nothing is asked for what is only shown.
    let shown = product
        .run(&["call", "basic", "things.list", "--dry-run"])
        .expect(0);
    let shown = shown.prints(&["authorization: Bearer …"]);
    assert!(!shown.stdout.contains(PASSWORD), "{}", shown.stdout);
    assert_eq!(server.given(), 1);
}
