//! What cannot be measured without nginx.

use super::check;
use crate::Bench;

#[test]
fn the_gateway_can_be_compared_with_nginx() {
    check(Bench::Proxy);
}

#[test]
fn everything_can_be_compared_with_nginx() {
    check(Bench::Full);
}

#[test]
fn hits_can_be_compared_with_nginx() {
    check(Bench::Hits);
}

#[test]
fn streams_can_be_compared_with_nginx() {
    check(Bench::Sse);
}

#[test]
fn tls_can_be_compared_with_nginx() {
    check(Bench::Tls);
}
