//! What cannot be measured without nginx.

use super::check;
use crate::Bench;

#[test]
fn the_gateway_can_be_compared_with_nginx() {
    check(Bench::Proxy);
}
