//! Who is asked: only a name that is ours, once.

use trunkline_tests::{Product, Request, Upstream, answer};

use crate::door::{check_refused, guarded, say};

#[test]
fn exactly_one_valid_host_is_needed() {
    let head = |hosts: &str| format!("GET /openai/v1/x HTTP/1.1\r\n{hosts}\r\n");
    let cases = [
        "",
        "host: HOST\r\nhost: HOST\r\n",
        "host: HOST\r\nhost: evil.example\r\n",
        "host:\r\n",
        "host: a b\r\n",
        "host: HOST, evil.example\r\n",
        "host: user@HOST\r\n",
        "host: HOST/path\r\n",
        "host: HOST#x\r\n",
    ];
    for case in cases {
        check_refused(&[400, 421], &head(case));
    }
}

#[test]
fn a_host_that_is_not_ours_is_refused() {
    let (upstream, gateway) = guarded();
    let port = gateway.address().port();
    let foreign = [
        "evil.example".to_owned(),
        format!("evil.example:{port}"),
        format!("localhost.evil.example:{port}"),
        format!("127.0.0.1.nip.io:{port}"),
        format!("127.0.0.1:{}", port ^ 1),
        format!("192.168.0.1:{port}"),
    ];
    for host in foreign {
        let reply = gateway.send(&Request::get("/openai/v1/x").header("host", &host));
        reply.problem(421, "host_refused");
        let reply = gateway.send(&Request::get("/-/health").header("host", &host));
        reply.problem(421, "host_refused");
    }
    assert_eq!(upstream.count(), 0);
    for host in [
        format!("127.0.0.1:{port}"),
        format!("localhost:{port}"),
        format!("LocalHost:{port}"),
    ] {
        gateway
            .send(&Request::get("/openai/v1/x").header("host", &host))
            .expect(200);
    }
}

#[test]
fn further_hosts_are_ours_when_settings_say_so() {
    let upstream = Upstream::start([answer(200).json("{}")]);
    let gateway = Product::calling("openai", &upstream)
        .set(
            "server.hosts",
            r#"["gateway.internal:4000", "trunkline.test"]"#,
        )
        .serve();
    gateway
        .send(&Request::get("/openai/v1/x").header("host", "gateway.internal:4000"))
        .expect(200);
    gateway
        .send(&Request::get("/openai/v1/x").header("host", "trunkline.test"))
        .expect(200);
    gateway
        .send(&Request::get("/openai/v1/x").header("host", "other.test"))
        .problem(421, "host_refused");
}

#[test]
fn a_dedicated_listener_is_as_strict() {
    let upstream = Upstream::start([answer(200).json("{}")]);
    let product = Product::calling("stripe", &upstream).set("listeners.stripe", r#""127.0.0.1:0""#);
    let gateway = product.serve();
    let foreign = Request::get("/v1/customers").header("host", "evil.example");
    foreign
        .send(gateway.dedicated())
        .problem(421, "host_refused");
    let page = Request::get("/v1/customers").header("origin", "https://evil.example");
    page.send(gateway.dedicated())
        .problem(403, "origin_refused");
    assert_eq!(upstream.count(), 0);
}

#[test]
fn an_absolute_target_must_agree_with_its_host() {
    let (upstream, gateway) = guarded();
    let address = gateway.address();
    let same = format!("GET http://{address}/openai/v1/x?a=b HTTP/1.1\r\nhost: {address}\r\n\r\n");
    assert_eq!(say(&gateway, same).expect("it is answered").0.status, 200);
    assert_eq!(upstream.only().head.word(1), "/v1/x?a=b");
    check_refused(
        &[400, 421],
        "GET http://evil.example/openai/v1/x HTTP/1.1\r\nhost: HOST\r\n\r\n",
    );
    check_refused(
        &[400, 421],
        "GET http://HOST/openai/v1/x HTTP/1.1\r\nhost: evil.example\r\n\r\n",
    );
    check_refused(
        &[400, 421],
        "GET http://user@HOST/openai/v1/x HTTP/1.1\r\nhost: HOST\r\n\r\n",
    );
}

#[test]
fn beyond_loopback_it_does_not_start() {
    for listen in ["0.0.0.0:0", "[::]:0", "192.0.2.1:4000"] {
        let product = Product::new();
        for finished in [
            product.run(&["serve", "--listen", listen]),
            product
                .clone()
                .variable("TRUNKLINE_SERVER_LISTEN", listen)
                .run(&["serve"]),
            product
                .clone()
                .set("server.listen", format!("{listen:?}"))
                .run(&["serve"]),
            product
                .clone()
                .set("listeners.stripe", format!("{listen:?}"))
                .run(&["serve"]),
        ] {
            assert!(
                !finished.stdout.contains("listening on"),
                "{}",
                finished.stdout
            );
            let address = listen.rsplit_once(':').expect("it has a port").0;
            finished.expect(2).complains(&[address, "key"]);
        }
    }
}
