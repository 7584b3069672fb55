//! What nginx does besides passing requests on stands where nginx looks for it.

use std::net::{Ipv4Addr, SocketAddr};

use super::of;
use crate::nginx::{Extra, Role};
use crate::upstream::Caching;

fn address(port: u16) -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, port))
}

#[test]
fn a_proxy_does_what_it_is_asked_besides() {
    let text = of(
        Role::Proxy(address(8), &[Extra::Cache, Extra::Limit, Extra::Log]),
        address(9),
    );
    let (before, server) = text.split_once("server {").unwrap();
    let (_, location) = server.split_once("location /openai/ {").unwrap();
    for around in ["proxy_cache_path cache ", "limit_req_zone "] {
        assert!(before.contains(around), "{text}");
    }
    for inside in [
        "proxy_cache answers;",
        "limit_req zone=callers ",
        "access_log calls.log ",
    ] {
        assert!(location.contains(inside), "{text}");
    }
    assert!(location.contains("proxy_pass http://api/;"), "{text}");
}

#[test]
fn a_plain_proxy_does_nothing_besides() {
    let text = of(Role::Proxy(address(8), &[]), address(9));
    for besides in ["proxy_cache", "limit_req", "access_log calls", "https"] {
        assert!(!text.contains(besides), "{text}");
    }
}

#[test]
fn an_upstream_says_who_may_keep_its_answers() {
    let said = |caching| {
        let text = of(Role::Upstream(caching), address(9));
        let value = text.split_once("add_header Cache-Control \"")?.1;
        Some(value.split_once('"')?.0.to_owned())
    };
    assert_eq!(said(Caching::Unsaid), None);
    assert_eq!(said(Caching::Never).unwrap(), "no-store");
    assert_eq!(said(Caching::Long).unwrap(), "public, max-age=315360000");
}
