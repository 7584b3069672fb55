//! The guarded fetch: every known spelling of an address that is not public. Nothing here needs a
//! network, since what is refused is refused before anything is sent.

use trunkline_tests::{Gateway, Product, Upstream, answer};

/// Addresses and names that are refused, in every spelling that some parser reads as one.
const REFUSED: &[&str] = &[
    // Loopback, in numbers of all kinds.
    "http://127.0.0.1/",
    "http://127.0.0.1:80/",
    "http://127.0.0.1:22/",
    "http://127.0.0.1:0/",
    "http://127.1/",
    "http://127.0.1/",
    "http://0x7f.1/",
    "http://0x7f.0.0.0x1/",
    "http://0177.0.0.1/",
    "http://2130706433/",
    "http://0x7f000001/",
    "http://017700000001/",
    "http://127.0.0.1./",
    "http://127.255.255.254/",
    "http://0.0.0.0/",
    "http://0/",
    "http://0.0.0.1/",
    // Loopback, in IPv6.
    "http://[::1]/",
    "http://[0:0:0:0:0:0:0:1]/",
    "http://[::]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:7f00:1]/",
    "http://[0:0:0:0:0:ffff:7f00:0001]/",
    "http://[::127.0.0.1]/",
    "http://[::ffff:0:127.0.0.1]/",
    "http://[64:ff9b::127.0.0.1]/",
    "http://[64:ff9b::7f00:1]/",
    "http://[64:ff9b:1::1]/",
    "http://[64:ff9b:1:7f00:0:100::]/",
    "http://[2002:7f00:1::]/",
    "http://[2002:a9fe:a9fe::1]/",
    "http://[2001:0:7f00:1::]/",
    "http://[2001:0:808:808:0:ffff:80ff:fffe]/",
    "http://[2600:1f18::5efe:127.0.0.1]/",
    "http://[2600:1f18::200:5efe:10.0.0.1]/",
    // Names of this machine.
    "http://localhost/",
    "http://LOCALHOST/",
    "http://localhost./",
    "http://localhost:8080/",
    "http://a.localhost/",
    "http://a.b.localhost./",
    "https://localhost/",
    // What Unicode folds to them.
    "http://\u{24db}\u{24de}\u{24d2}\u{24d0}\u{24db}\u{24d7}\u{24de}\u{24e2}\u{24e3}/",
    "http://lo\u{ad}calhost/",
    "http://local\u{200b}host/",
    "http://127\u{3002}0\u{3002}0\u{3002}1/",
    "http://\u{ff11}\u{ff12}\u{ff17}.0.0.1/",
    "http://\u{2460}\u{2461}\u{2466}.\u{24ea}.\u{24ea}.\u{2460}/",
    "http://169.254.169.\u{2461}\u{2464}\u{2463}/",
    // What the shape of an address hides.
    "http://example.com@127.0.0.1/",
    "http://example.com:80@127.0.0.1:80/",
    "http://127.0.0.1\\@example.com/",
    "http:\\\\127.0.0.1\\",
    "http:/127.0.0.1/",
    "http:127.0.0.1/",
    "http:////127.0.0.1/",
    "HTTP://127.0.0.1/",
    "http://127.0.\t0.1/",
    "http://127.0.0.1\n/",
    "  http://127.0.0.1/",
    "http://%31%32%37.0.0.1/",
    "http://%6cocalhost/",
    "http://127.0.0.1#@example.com/",
    "http://127.0.0.1?@example.com/",
    // Private and special ranges.
    "http://10.0.0.1/",
    "http://10.255.255.255/",
    "http://172.16.0.1/",
    "http://172.31.255.255/",
    "http://192.168.0.1/",
    "http://100.64.0.1/",
    "http://100.127.255.255/",
    "http://169.254.0.1/",
    "http://192.0.0.1/",
    "http://192.0.2.1/",
    "http://192.88.99.1/",
    "http://198.18.0.1/",
    "http://198.19.255.255/",
    "http://198.51.100.1/",
    "http://203.0.113.1/",
    "http://224.0.0.1/",
    "http://239.255.255.255/",
    "http://240.0.0.1/",
    "http://255.255.255.255/",
    "http://[fe80::1]/",
    "http://[fec0::1]/",
    "http://[fc00::1]/",
    "http://[fdff::1]/",
    "http://[ff02::1]/",
    "http://[100::1]/",
    "http://[100:0:0:1::1]/",
    "http://[2001:2::1]/",
    "http://[2001:10::1]/",
    "http://[2001:db8::1]/",
    "http://[3fff::1]/",
    "http://[5f00::1]/",
    "http://[4000::1]/",
    // Metadata of clouds.
    "http://169.254.169.254/latest/meta-data/",
    "http://0xa9fea9fe/",
    "http://2852039166/",
    "http://[::ffff:169.254.169.254]/",
    "http://[::ffff:a9fe:a9fe]/",
    "http://169.254.170.2/v2/credentials",
    "http://169.254.170.23/",
    "http://169.254.0.23/",
    "http://169.254.42.42/",
    "http://192.0.0.192/",
    "http://100.100.100.200/",
    "http://168.63.129.16/",
    "http://[fd00:ec2::254]/",
    "http://[fd00:ec2::23]/",
    "http://[fd20:ce::254]/",
    "http://[fd00:42::42]/",
    "http://metadata/",
    "http://metadata.google.internal/computeMetadata/v1/",
    "http://metadata.google.internal./",
    "http://METADATA.GOOGLE.INTERNAL/",
    "http://metadata.goog/",
    "http://metadata.tencentyun.com/",
    "http://metadata.packet.net/",
    "http://instance-data/",
    "http://rancher-metadata/",
];

/// Texts that are no addresses, or addresses of something else than http.
const NO_URL: &[&str] = &[
    "",
    "example.com",
    "/etc/passwd",
    "http://",
    "http://[::1",
    "http://[[::1]]/",
    "http://a b/",
    "http://exa<mple.com/",
    "http://127.0.0.1:99999/",
    "file:///etc/passwd",
    "ftp://example.com/",
    "gopher://127.0.0.1:6379/_INFO",
    "javascript:alert(1)",
    "data:text/plain,hello",
    "unix:///var/run/docker.sock",
    "ws://example.com/",
];

#[test]
fn every_spelling_of_an_internal_address_is_refused() {
    let product = Product::bare();
    for url in REFUSED {
        let finished = product.run(&["fetch", "--", url]);
        assert_eq!(finished.status, Some(7), "{url:?}: {}", finished.stderr);
        assert!(finished.stdout.is_empty(), "{url:?}: {}", finished.stdout);
        assert!(
            finished.stderr.contains("error:"),
            "{url:?}: {}",
            finished.stderr
        );
    }
}

#[test]
fn what_is_no_address_is_a_mistake_of_usage() {
    let product = Product::bare();
    for url in NO_URL {
        let finished = product.run(&["fetch", "--", url]);
        assert_eq!(finished.status, Some(2), "{url:?}: {}", finished.stderr);
    }
}

/// Asks a gateway's own route to fetch an address.
#[track_caller]
fn fetch(gateway: &Gateway, url: &str) -> trunkline_tests::Answer {
    let encoded: Vec<String> = url.bytes().map(|byte| format!("%{byte:02X}")).collect();
    gateway.get(&format!("/-/fetch?url={}", encoded.concat()))
}

#[test]
fn the_route_refuses_the_same() {
    let gateway = Product::new().serve();
    for url in REFUSED {
        let reply = fetch(&gateway, url);
        assert_eq!(
            reply.json()["code"],
            "address_refused",
            "{url:?}: {}",
            reply.text()
        );
        assert!(
            matches!(reply.status, 403 | 502),
            "{url:?}: {}",
            reply.status
        );
    }
    for url in NO_URL {
        let reply = fetch(&gateway, url);
        assert_eq!(
            (reply.status, &reply.json()["code"]),
            (400, &"bad_url".into()),
            "{url:?}"
        );
    }
    gateway.get("/-/fetch").expect(400);
    gateway
        .get("/-/fetch?url=https://a.example&url=https://b.example")
        .expect(400);
}

#[test]
fn settings_do_not_widen_it() {
    let upstream = Upstream::start([answer(200).body("internal")]);
    let product = Product::new().set("egress.allow", r#"["0.0.0.0/0", "::/0"]"#);
    let product = product.set("egress.danger_allow_metadata", "true");
    product.run(&["fetch", &upstream.url()]).expect(7);
    product.run(&["fetch", "http://169.254.169.254/"]).expect(7);
    assert_eq!(
        fetch(&product.serve(), &upstream.url()).json()["code"],
        "address_refused"
    );
    assert_eq!(upstream.count(), 0);
}

#[test]
fn proxies_of_the_environment_are_not_used() {
    let proxy = Upstream::start([answer(200).body("by way of the proxy")]);
    let product = [
        "HTTP_PROXY",
        "http_proxy",
        "HTTPS_PROXY",
        "https_proxy",
        "ALL_PROXY",
        "all_proxy",
    ]
    .iter()
    .fold(Product::new(), |product, name| {
        product.variable(name, &proxy.url())
    });
    product.run(&["fetch", "http://127.0.0.1/"]).expect(7);
    // A name that does not exist: a proxy would be asked for it, we ask nobody.
    product
        .run(&["fetch", "http://nobody.invalid/"])
        .expect(6)
        .complains(&["nobody.invalid"]);
    assert_eq!(proxy.count(), 0);
}
