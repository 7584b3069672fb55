//! How a body looks on its way, and which bodies cannot be framed.

use std::pin::Pin;
use std::task::{Context, Waker};

use http::HeaderValue;
use http::header::ETAG;

use super::*;

/// What is written of pieces and an end with trailers, or why nothing is.
fn write(
    mut framing: Framing,
    pieces: &[&'static str],
    trailers: Option<&HeaderMap>,
) -> Result<String, WrongLength> {
    let mut staged = Staged::default();
    let mut progress = Progress::Open;
    for piece in pieces {
        let data = Bytes::from_static(piece.as_bytes());
        progress = framing.stage(&mut staged, data, Rest::Unknown)?;
    }
    if progress == Progress::Open {
        framing.stage_end(&mut staged, trailers)?;
    }
    Ok(text(&mut staged))
}

fn text(staged: &mut Staged) -> String {
    let mut out = Vec::new();
    let mut cx = Context::from_waker(Waker::noop());
    while !staged.is_empty() {
        assert!(
            staged
                .poll_write(&mut cx, &mut Pin::new(&mut out))
                .is_ready()
        );
    }
    String::from_utf8(out).expect("text")
}

#[test]
fn each_framing_marks_the_end_in_its_way() {
    let pieces = ["one", "", "three"];
    for (framing, expected) in [
        (Framing::Length(8), "onethree"),
        (Framing::Chunked, "3\r\none\r\n5\r\nthree\r\n0\r\n\r\n"),
        (Framing::UntilClose, "onethree"),
    ] {
        assert_eq!(write(framing, &pieces, None).as_deref(), Ok(expected));
    }
    assert_eq!(write(Framing::Length(0), &[], None).as_deref(), Ok(""));
    assert_eq!(
        write(Framing::Chunked, &[], None).as_deref(),
        Ok("0\r\n\r\n")
    );
}

#[test]
fn trailers_follow_chunks_only() {
    let trailers = HeaderMap::from_iter([(ETAG, HeaderValue::from_static("a"))]);
    for (framing, expected) in [
        (Framing::Chunked, "1\r\na\r\n0\r\netag: a\r\n\r\n"),
        (Framing::UntilClose, "a"),
    ] {
        assert_eq!(
            write(framing, &["a"], Some(&trailers)).as_deref(),
            Ok(expected)
        );
    }
}

#[test]
fn a_last_piece_goes_out_with_the_end() {
    let mut staged = Staged::default();
    for (mut framing, expected) in [
        (Framing::Length(1), "a"),
        (Framing::Chunked, "1\r\na\r\n0\r\n\r\n"),
        (Framing::UntilClose, "a"),
    ] {
        let progress = framing.stage(&mut staged, Bytes::from_static(b"a"), Rest::Nothing);
        assert_eq!(progress, Ok(Progress::Complete));
        assert_eq!(text(&mut staged), expected);
    }
}

#[test]
fn a_body_of_another_length_is_refused() {
    assert!(write(Framing::Length(2), &["one"], None).is_err());
    assert!(write(Framing::Length(2), &["o", "ne"], None).is_err());
    assert!(write(Framing::Length(4), &["one"], None).is_err());
    assert!(write(Framing::Length(4), &[], None).is_err());
}
