//! Streams that are let through event by event: what passes, and what never does.

use std::io::Write as _;

use expect_test::{Expect, expect};
use flate2::Compression;
use flate2::write::GzEncoder;
use http::HeaderValue;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use proptest::prelude::{Strategy, prop, proptest};
use serde_json::json;

use super::*;
use crate::schema::{Formats, Place};

const EVENTS: &str = "text/event-stream; charset=utf-8";
const LINES: &str = "application/x-ndjson";

fn gate(kind: &'static str, encoding: &'static str) -> Gate {
    let schema = json!({"required": ["n"], "properties": {"n": {"type": "integer"}}});
    let schema = Schema::compile(Place::Whole(Arc::new(schema)), Formats::Noted);
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(CONTENT_ENCODING, HeaderValue::from_static(encoding));
    let schema = Arc::new(schema.expect("the schema is one"));
    Gate::new(schema, "things.stream".into(), &headers, None).expect("the stream can be read")
}

/// What passes of these pieces, one by one, and how it ends.
fn run(mut gate: Gate, pieces: &[&[u8]]) -> (Vec<Bytes>, Result<(), Error>) {
    let mut passed = Vec::new();
    for piece in pieces {
        gate.push(Bytes::copy_from_slice(piece));
        let (data, ended) = drain(&mut gate);
        if ended.is_ok() || !data.is_empty() {
            passed.push(data);
        }
        if ended.is_err() {
            return (passed, ended);
        }
    }
    gate.end();
    let (data, ended) = drain(&mut gate);
    if ended.is_ok() || !data.is_empty() {
        passed.push(data);
    }
    (passed, ended)
}

/// Everything that passes before it wants more.
fn drain(gate: &mut Gate) -> (Bytes, Result<(), Error>) {
    let mut passed = BytesMut::new();
    loop {
        match gate.go_on() {
            Ok(Next::Pass(data)) => passed.extend_from_slice(&data),
            Ok(Next::Works) => {}
            Ok(Next::Wants | Next::Ended) => return (passed.freeze(), Ok(())),
            Err(error) => return (passed.freeze(), Err(error)),
        }
    }
}

#[track_caller]
fn check(kind: &'static str, pieces: &[&str], expected: Expect) {
    let pieces: Vec<&[u8]> = pieces.iter().map(|piece| piece.as_bytes()).collect();
    let (passed, ended) = run(gate(kind, "identity"), &pieces);
    let mut lines: Vec<String> = passed
        .iter()
        .map(|data| format!("{:?}", String::from_utf8_lossy(data)))
        .collect();
    lines.push(match ended {
        Ok(()) => "ended".to_owned(),
        Err(error) => format!("{}: {error}", error.kind().code()),
    });
    expected.assert_eq(&lines.join("\n"));
}

#[test]
fn an_event_passes_when_it_is_whole() {
    check(
        EVENTS,
        &[
            ": hello\n",
            "event: x\ndata: {\"n\"",
            ": 1}\n",
            "\ndata: {\"n\": 2}\n\ndata: {\"n\":",
            "3}\r\n\r\n",
            "data: [DONE]\n\n",
        ],
        expect![[r#"
            ": hello\n"
            ""
            ""
            "event: x\ndata: {\"n\": 1}\n\ndata: {\"n\": 2}\n\n"
            "data: {\"n\":3}\r\n\r\n"
            "data: [DONE]\n\n"
            ""
            ended"#]],
    );
    check(
        LINES,
        &["{\"n\": 1}\n{\"n\"", ": 2}", "\n\n", "{\"n\": 3}"],
        expect![[r#"
            "{\"n\": 1}\n"
            ""
            "{\"n\": 2}\n\n"
            ""
            "{\"n\": 3}"
            ended"#]],
    );
}

#[test]
fn nothing_of_a_broken_event_passes() {
    check(
        EVENTS,
        &[
            "data: {\"n\": 1}\n\nid: 7\n",
            "data: {\"n\": \"no\"}\n\n",
            "data: {\"n\": 2}\n\n",
        ],
        expect![[r#"
            "data: {\"n\": 1}\n\n"
            schema_broken: `things.stream` promises a whole number at `/n`, and the event has a text of 2 characters there"#]],
    );
    check(
        EVENTS,
        &["data: {\"n\": 1}\n\ndata: oops\n\n"],
        expect![[r#"
            "data: {\"n\": 1}\n\n"
            schema_broken: `things.stream` promises JSON, and the event is something else"#]],
    );
    check(
        LINES,
        &["{\"n\": 1}\n", "{}\n"],
        expect![[r#"
            "{\"n\": 1}\n"
            schema_broken: `things.stream` promises a value at `/n`, and the event has none there"#]],
    );
}

#[test]
fn what_comes_last_is_judged_without_its_end_too() {
    check(
        EVENTS,
        &["data: {\"n\": 1}\n\n", "data: {}"],
        expect![[r#"
            "data: {\"n\": 1}\n\n"
            ""
            schema_broken: `things.stream` promises a value at `/n`, and the event has none there"#]],
    );
    check(
        LINES,
        &["{\"n\": 1}\n{"],
        expect![[r#"
            "{\"n\": 1}\n"
            schema_broken: `things.stream` promises JSON, and the event is something else"#]],
    );
}

#[test]
fn an_event_that_does_not_end_is_refused() {
    for kind in [EVENTS, LINES] {
        let piece = vec![b'a'; BYTES_MAX / 4];
        let pieces: Vec<&[u8]> = std::iter::repeat_n(&*piece, 6).collect();
        let (passed, ended) = run(gate(kind, "identity"), &pieces);
        assert!(passed.iter().all(Bytes::is_empty));
        assert_eq!(ended.unwrap_err().kind(), ErrorKind::ReplyTooLarge);
    }
}

fn zip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn compressed_streams_are_judged_by_what_is_in_them() {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(b"data: {\"n\": 1}\n\n").unwrap();
    encoder.flush().unwrap();
    let first = encoder.get_ref().clone();
    encoder.write_all(b"data: {\"n\": null}\n\n").unwrap();
    let all = encoder.finish().unwrap();
    let second = &all[first.len()..];
    let (passed, ended) = run(gate(EVENTS, "gzip"), &[&first, second]);
    assert_eq!(passed, [Bytes::from(first)]);
    assert_eq!(ended.unwrap_err().kind(), ErrorKind::SchemaBroken);

    let (passed, ended) = run(gate(EVENTS, "gzip"), &[b"data: {\"n\": 1}\n\n"]);
    assert_eq!(
        (passed.len(), ended.unwrap_err().kind()),
        (0, ErrorKind::UpstreamMalformed)
    );

    // A second package behind the first is unpacked by readers too.
    let two = [zip(b"{\"n\": 1}\n"), zip(b"{\"n\": null}\n")].concat();
    let (passed, ended) = run(gate(LINES, "gzip"), &[&two]);
    assert_eq!(
        (passed.len(), ended.unwrap_err().kind()),
        (0, ErrorKind::SchemaBroken)
    );
}

#[test]
fn what_a_small_stream_unfolds_into_is_bounded() {
    let bomb = zip(&vec![b'a'; 4 * BYTES_MAX]);
    assert!(bomb.len() < BYTES_MAX / 50);
    let (passed, ended) = run(gate(LINES, "gzip"), &[&bomb]);
    assert_eq!(
        (passed.len(), ended.unwrap_err().kind()),
        (0, ErrorKind::ReplyTooLarge)
    );
}

#[test]
fn other_compressions_are_refused_before_anything_passes() {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_ENCODING, HeaderValue::from_static("br"));
    let schema = Schema::compile(Place::Whole(Arc::new(json!(true))), Formats::Noted);
    let gate = Gate::new(Arc::new(schema.unwrap()), "a.b".into(), &headers, None);
    assert_eq!(gate.unwrap_err().kind(), ErrorKind::ReplyTooLarge);
}

/// A stream as servers write it, and where it may be cut.
fn stream() -> impl Strategy<Value = (Vec<u8>, Vec<usize>)> {
    let event = proptest::sample::select(vec![
        "data: {\"n\": 1}\n\n",
        "event: a\r\ndata: {\"n\": 2}\r\n\r\n",
        ": comment\n\n",
        "id: 5\ndata: {\ndata: \"n\": 3}\n\n",
        "data: {\"n\": 4}\r\r",
        "retry: 5\n\n",
    ]);
    let cuts = prop::collection::vec(0..200_usize, 0..8);
    (prop::collection::vec(event, 0..8), cuts)
        .prop_map(|(events, cuts)| (events.concat().into_bytes(), cuts))
}

fn pieces<'t>(text: &'t [u8], cuts: &[usize]) -> Vec<&'t [u8]> {
    let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut % (text.len() + 1)).collect();
    cuts.extend([0, text.len()]);
    cuts.sort_unstable();
    cuts.windows(2)
        .map(|ends| &text[ends[0]..ends[1]])
        .collect()
}

#[test]
fn valid_json_that_no_value_holds_is_named_as_such() {
    for text in [
        format!("{}1{}", "[".repeat(200), "]".repeat(200)),
        "{\"n\": 1e999}".to_owned(),
        "{\"n\": \"\\ud800\"}".to_owned(),
    ] {
        let (passed, ended) = run(gate(LINES, "identity"), &[text.as_bytes(), b"\n"]);
        let error = ended.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ReplyTooLarge, "{text}");
        assert!(
            error
                .to_string()
                .starts_with("the event is JSON that cannot be checked")
        );
        assert!(passed.concat().is_empty());
    }
    let many = format!("[{}1]\n", "1,".repeat(VALUES_MAX));
    let (_, ended) = run(gate(LINES, "identity"), &[many.as_bytes()]);
    assert_eq!(ended.unwrap_err().kind(), ErrorKind::ReplyTooLarge);
}

#[test]
fn a_packed_stream_is_unpacked_a_turn_at_a_time() {
    let text = b"{\"n\": 1}\n".repeat(400_000);
    let packed = zip(&text);
    let mut gate = gate(LINES, "gzip");
    gate.push(Bytes::from(packed.clone()));
    let mut turns = 0;
    let mut passed = BytesMut::new();
    loop {
        let before = unpacked(&gate);
        turns += 1;
        match gate.go_on().expect("every event is good") {
            Next::Pass(data) => passed.extend_from_slice(&data),
            Next::Works => {}
            Next::Wants => break,
            Next::Ended => panic!("nobody has said so"),
        }
        assert!(unpacked(&gate) - before.min(unpacked(&gate)) <= TURN_BYTES + 1032 * SLICE_BYTES);
    }
    assert!(turns > 15, "{turns}");
    gate.end();
    passed.extend_from_slice(&drain(&mut gate).0);
    assert_eq!(passed, packed);
}

/// How much was unpacked in the last turn.
fn unpacked(gate: &Gate) -> usize {
    match &gate.reader {
        Reader::Plain(_) => 0,
        Reader::Gzip(decoder) => decoder.get_ref().unpacked_bytes,
    }
}

proptest! {
    #[test]
    fn a_good_stream_passes_byte_for_byte((text, cuts) in stream()) {
        let (passed, ended) = run(gate(EVENTS, "identity"), &pieces(&text, &cuts));
        assert!(ended.is_ok());
        assert_eq!(passed.concat(), text);
    }

    #[test]
    fn before_a_broken_event_everything_passes_and_nothing_of_it((text, cuts) in stream()) {
        let broken = [&*text, b"event: b\ndata: {\"n\": \"x\"}\n\ndata: {\"n\": 1}\n\n"].concat();
        let (passed, ended) = run(gate(EVENTS, "identity"), &pieces(&broken, &cuts));
        assert_eq!(ended.unwrap_err().kind(), ErrorKind::SchemaBroken);
        // What is good has passed, however the pieces were cut.
        assert_eq!(passed.concat(), text);
    }

    #[test]
    fn a_packed_stream_passes_byte_for_byte((text, cuts) in stream()) {
        let packed = zip(&text);
        let (passed, ended) = run(gate(EVENTS, "gzip"), &pieces(&packed, &cuts));
        assert!(ended.is_ok());
        assert_eq!(passed.concat(), packed);
    }
}
