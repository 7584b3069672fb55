//! How a reply's body is printed.

use std::convert::Infallible;

use bytes::Bytes;
use expect_test::{Expect, expect};
use http_body::Frame;
use http_body_util::{BodyExt as _, Full};
use tokio::runtime::Builder;

use super::records::split;
use super::{Shape, print};
use crate::commands::call::Output;
use crate::printer::{Look, Printer};

/// What is printed of a body.
fn printed(look: Look, output: Output, shape: Shape, body: &'static str) -> String {
    let (mut printer, out, _) = Printer::captured(look);
    let body =
        Full::new(Bytes::from_static(body.as_bytes())).map_err(|never: Infallible| match never {});
    let runtime = Builder::new_current_thread().build().expect("a runtime");
    runtime
        .block_on(print(body, (shape, None), output, &mut printer))
        .expect("printed");
    out.text()
}

#[track_caller]
fn check(look: Look, output: Output, shape: Shape, body: &'static str, expected: Expect) {
    expected.assert_eq(&printed(look, output, shape, body));
}

const EVENTS: &str = "event: a\ndata: {\"n\": 1}\n\n: ping\n\ndata: plain\n\ndata: [DONE]\n\n";

#[test]
fn json_is_laid_out_for_a_person_and_left_alone_for_a_program() {
    let body = r#"{"a": 1.0}"#;
    check(
        Look::Terminal,
        Output::Json,
        Shape::Json,
        body,
        expect![[r#"
        {
          "a": 1.0
        }
    "#]],
    );
    check(
        Look::Plain,
        Output::Json,
        Shape::Json,
        body,
        expect![[r#"{"a": 1.0}"#]],
    );
    check(
        Look::Terminal,
        Output::Raw,
        Shape::Json,
        body,
        expect![[r#"{"a": 1.0}"#]],
    );
}

#[test]
fn each_event_is_a_line_and_the_end_mark_is_none() {
    check(
        Look::Plain,
        Output::Json,
        Shape::Events,
        EVENTS,
        expect![[r#"
        {"n":1}
        plain
    "#]],
    );
    check(
        Look::Plain,
        Output::Ndjson,
        Shape::Events,
        EVENTS,
        expect![[r#"
        {"n":1}
        "plain"
    "#]],
    );
    assert_eq!(
        printed(Look::Plain, Output::Raw, Shape::Events, EVENTS),
        EVENTS
    );
}

#[test]
fn text_for_a_terminal_has_nothing_that_steers_it() {
    check(
        Look::Terminal,
        Output::Json,
        Shape::Other,
        "a\x1b[2Jb\n",
        expect![[r#"
        a�[2Jb

    "#]],
    );
    check(
        Look::Plain,
        Output::Json,
        Shape::Other,
        "a\x1b[2Jb\n",
        expect![[r#"
        a[2Jb
    "#]],
    );
}

#[test]
fn events_are_printed_as_they_come() {
    let (mut printer, out, _) = Printer::captured(Look::Plain);
    let seen = out.clone();
    let first = Frame::data(Bytes::from_static(b"data: 1\n\ndata: 2"));
    let mut frames = vec![Frame::data(Bytes::from_static(b"\n\n")), first];
    let mut states = Vec::new();
    let body = FromFn(|| {
        states.push(seen.text());
        frames.pop()
    });
    let runtime = Builder::new_current_thread().build().expect("a runtime");
    let work = print(body, (Shape::Events, None), Output::Ndjson, &mut printer);
    runtime.block_on(work).expect("printed");
    assert_eq!(states, ["", "1\n", "1\n2\n"]);
}

/// A body whose frames a function gives.
struct FromFn<F>(F);

impl<F: FnMut() -> Option<Frame<Bytes>> + Unpin> http_body::Body for FromFn<F> {
    type Data = Bytes;
    type Error = trunkline::Error;

    fn poll_frame(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<Frame<Bytes>, trunkline::Error>>> {
        std::task::Poll::Ready((self.get_mut().0)().map(Ok))
    }
}

#[track_caller]
fn check_records(text: &str, items: Option<&str>, expected: &[&str]) {
    assert_eq!(split(text.as_bytes(), items), expected);
}

#[test]
fn records_stand_on_lines_of_their_own_with_their_numbers_as_they_came() {
    check_records(r#"[{"a": 1.0}, 2]"#, None, &[r#"{"a":1.0}"#, "2"]);
    check_records(
        r#"{"data": [{"id": "x"}], "more": true}"#,
        Some("/data"),
        &[r#"{"id":"x"}"#],
    );
    check_records(r#"{"a~b": {"c/d": [1]}}"#, Some("/a~0b/c~1d"), &["1"]);
    check_records(
        r#"{"data": {"id": 1}}"#,
        Some("/data"),
        &[r#"{"data":{"id":1}}"#],
    );
    check_records(r#"{"data": []}"#, Some("/data"), &[]);
    check_records(r#"{"data": [1]}"#, None, &[r#"{"data":[1]}"#]);
    check_records("", None, &[]);
    check_records("oops", None, &["oops"]);
}
