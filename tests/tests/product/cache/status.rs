//! What the cache says of itself: `Cache-Status`, RFC 9211.

use trunkline_tests::{Product, Request, Upstream, answer};

use crate::cache::{BY_HEADER, acme, acme_by, put};

const LINES: &str = "
# RFC 9211 §2.2, §2.3, §2.5, §2.4
> GET
< 200
< Cache-Control: max-age=60
= Cache-Status: trunkline; fwd=uri-miss; fwd-status=200; stored; ttl=60
> GET
= Cache-Status: trunkline; hit; ttl=60

# RFC 9211 §2.8
> GET
< 404
< Cache-Control: no-store
= Cache-Status: trunkline; fwd=uri-miss; fwd-status=404; detail=no-store

# RFC 9211 §2.4: negative where it is stale
> GET
< 200
< Cache-Control: max-age=60
< Age: 100
> GET
> Cache-Control: max-stale
= Cache-Status: trunkline; hit; ttl=-40; detail=max-stale

# RFC 9211 §2: an upstream's line stays, ours is the last
> GET
< 200
< Cache-Control: max-age=60
< Cache-Status: other; fwd=miss
= Cache-Status: other; fwd=miss
~ fwd=uri-miss; stored
> GET
= Cache-Status: other; fwd=miss
~ hit
";

#[test]
fn the_whole_line_is_as_the_standard_writes_it() {
    trunkline_tests::check(LINES, acme);
}

const SILENT: &str = r#"
# cache = "off"
> GET
< 200
< Cache-Control: max-age=60
~ none
> GET
< 200
~ none
"#;

#[test]
fn nothing_is_said_where_no_cache_was_asked() {
    trunkline_tests::check(SILENT, |upstream| acme_by(BY_HEADER, r#""off""#, upstream));
    trunkline_tests::check(SILENT, |upstream| {
        put(Product::new(), "acme", BY_HEADER, upstream)
            .variable("ACME_KEY", crate::cache::KEY)
            .set("listeners.acme", r#""127.0.0.1:0""#)
    });
}

#[test]
fn an_answer_that_is_ours_alone_is_kept_by_nobody() {
    let upstream = Upstream::start([answer(200).header("cache-control", "max-age=60")]);
    let gateway = acme(&upstream).serve();
    let ask = || Request::get("/things").header("trunkline-timeout", "soon");
    for _ in 0..2 {
        let refused = ask().send(gateway.dedicated());
        refused.problem(400, "bad_header");
        assert_eq!(refused.header("cache-status"), None);
    }
    assert_eq!(upstream.count(), 0);
}
