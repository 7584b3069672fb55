//! SIGHUP: settings, connectors and secrets are read anew while calls go on.

use trunkline_tests::{Ending, Gate, Product, Request, Script, Upstream, answer};

#[test]
fn a_hangup_reads_the_settings_anew() {
    let (first, second) = (
        Upstream::start([answer(200)]),
        Upstream::start([answer(201)]),
    );
    let product = Product::calling("openai", &first);
    let gateway = product.serve();
    gateway.get("/openai/v1/x").expect(200);
    product
        .set("connectors.openai.base_url", format!("{:?}", second.url()))
        .write_settings();
    gateway.program().signal("HUP");
    let answered = (0..100_000)
        .map(|_| gateway.get("/openai/v1/x").status)
        .find(|status| *status == 201);
    assert_eq!(answered, Some(201), "the new settings are not used");
    gateway.stop().expect(0);
}

#[test]
fn a_hangup_reads_secrets_and_connectors_anew() {
    let upstream = Upstream::start([answer(200)]);
    let product = Product::new()
        .set(
            "connectors.openai.base_url",
            format!("{:?}", upstream.url()),
        )
        .file(".env", "OPENAI_API_KEY=sk-before-the-hangup-0001\n");
    let gateway = product.serve();
    gateway.get("/openai/v1/x").expect(200);
    product.write(".env", "OPENAI_API_KEY=sk-after-the-hangup-0002\n");
    gateway.program().signal("HUP");
    let is_new = |_| {
        gateway.get("/openai/v1/x").expect(200);
        upstream.heard().last().is_some_and(|heard| {
            heard.head.header("authorization") == Some("Bearer sk-after-the-hangup-0002")
        })
    };
    assert!((0..100_000).any(is_new), "the new key is not used");
}

#[test]
fn a_hangup_with_a_bad_file_changes_nothing() {
    let upstream = Upstream::start([answer(200)]);
    let product = Product::calling("openai", &upstream);
    let gateway = product.serve();
    product.write(
        "trunkline.toml",
        "[server]\nlisten = \"127.0.0.1:0\"\nlissten = 3\n",
    );
    gateway.program().signal("HUP");
    gateway.program().wait_for_error(|printed| {
        (printed.contains("trunkline.toml:3") && printed.contains("lissten")).then_some(())
    });
    gateway.get("/openai/v1/x").expect(200);
    gateway.stop().expect(0);
}

#[test]
fn a_stream_goes_on_over_a_reload() {
    let gate = Gate::new();
    let script = Script::reading()
        .say_chunked_head("text/plain")
        .chunk("before, ");
    let first = Upstream::start([script.wait(&gate).chunk("after").chunk("")]);
    let second = Upstream::start([answer(201)]);
    let product = Product::calling("openai", &first);
    let gateway = product.serve();
    let mut incoming = Request::get("/openai/v1/x").start(gateway.address());
    incoming.expect_so_far("before, ");
    product
        .set("connectors.openai.base_url", format!("{:?}", second.url()))
        .write_settings();
    gateway.program().signal("HUP");
    // Until then the first upstream answers a second time, and waits for the gate as well.
    gateway
        .program()
        .wait_for_error(|printed| printed.contains("read anew").then_some(()));
    gateway.get("/openai/v1/x").expect(201);
    gate.open();
    let reply = incoming.finish();
    assert_eq!(
        (reply.text().as_str(), reply.ending),
        ("before, after", Ending::Clean)
    );
}

#[test]
fn what_a_hangup_cannot_change_is_named() {
    let product = Product::new();
    let gateway = product.serve();
    product
        .set("server.origins", r#"["http://localhost:3000"]"#)
        .write_settings();
    gateway.program().signal("HUP");
    gateway
        .program()
        .wait_for_error(|printed| printed.contains("server.origins").then_some(()));
}
