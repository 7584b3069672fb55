//! Pages are unpacked, and no further than they may grow.

use std::io::Write as _;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::{HeaderMap, HeaderValue, header};

use super::unpack;
use crate::error::ErrorKind;

fn gzip(text: &[u8]) -> Bytes {
    let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
    packer.write_all(text).expect("memory can be written");
    packer.finish().expect("memory can be written").into()
}

fn encoded(encoding: &'static str) -> HeaderMap {
    HeaderMap::from_iter([(header::CONTENT_ENCODING, HeaderValue::from_static(encoding))])
}

#[test]
fn a_packed_page_is_unpacked() {
    let page = b"[1, 2]".repeat(100);
    let text = unpack(gzip(&page), &encoded("gzip"), page.len()).expect("it is well-formed");
    assert_eq!(text, page);
    let plain = unpack(Bytes::from_static(b"[]"), &HeaderMap::new(), 1).expect("it is plain");
    assert_eq!(plain, "[]");
}

#[test]
fn what_cannot_be_unpacked_is_said() {
    let kind = |body: Bytes, encoding| unpack(body, &encoded(encoding), 100).unwrap_err().kind();
    assert_eq!(kind(gzip(&[b' '; 101]), "gzip"), ErrorKind::ReplyTooLarge);
    assert_eq!(
        kind(gzip(b"[1]").slice(..10), "gzip"),
        ErrorKind::PagesBroken
    );
    assert_eq!(
        kind(Bytes::from_static(b"[1]"), "gzip"),
        ErrorKind::PagesBroken
    );
    assert_eq!(
        kind(Bytes::from_static(b"[1]"), "br"),
        ErrorKind::PagesBroken
    );
}
