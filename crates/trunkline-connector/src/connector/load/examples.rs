//! `examples/*.toml`: calls, and answers on which the connector's own rules are tried.

use http::{HeaderName, HeaderValue, StatusCode};
use serde_json::Value;
use url::Url;

use super::check::Check;
use super::secrets::MadeUp;
use super::waits::sample_time;
use super::{Folder, Loaded, operations, parts_of};
use crate::compose;
use crate::connector::example::{ExampleText, fill_in_times};
use crate::connector::{
    Connector, Example, ExampleAnswer, ExampleRequest, Operation, OperationTarget,
};
use crate::document::{Document, Path, Problem, Source};
use crate::format::{
    AnswerSection, BodyText, Class, ErrorsSection, ExampleFile, ReplyExpectation, RequestSection,
};
use crate::outcome::{self, Answer, OutcomeRule};
use crate::units::Span;
use crate::wait::{self, WaitHint};

/// What the connector says of answers, once all of that is right.
pub(super) struct Meaning {
    pub(super) outcomes: Vec<OutcomeRule>,
    pub(super) waits: Vec<WaitHint>,
    pub(super) errors: ErrorsSection,
}

/// Checks all of them; those that cannot be made are left out. Sorted by file name.
pub(super) fn check(
    folder: &Folder,
    operations: &[Operation],
    meaning: Option<&Meaning>,
    problems: &mut Vec<Problem>,
) -> Vec<Example> {
    let mut examples = Vec::new();
    let secrets = MadeUp::of(folder.profile().map(|loaded| &loaded.file));
    for loaded in &folder.examples.loaded {
        let mut check = Check {
            document: &loaded.document,
            problems: &mut *problems,
        };
        let answer = answer(&mut check, &loaded.file.answer);
        if let (Some(answer), Some(meaning)) = (&answer, meaning) {
            reply(&mut check, &loaded.file.reply, answer, meaning);
        }
        let operation = called(&mut check, loaded, (folder, &secrets), operations);
        let request = request(&mut check, &loaded.file.request);
        if let (Some(operation), Some(request), Some(answer)) = (operation, request, answer) {
            examples.push(example(loaded, operation, request, answer));
        }
    }
    examples
}

/// Those of files that were checked before, in their order.
pub(super) fn read_checked(files: &[ExampleText], operations: &[Operation]) -> Vec<Example> {
    let read = |&(name, text): &ExampleText| {
        let (_, _, stem) = parts_of(name)?;
        let source = Source {
            name: name.to_owned(),
            text: text.to_owned(),
        };
        let (document, file) = Document::read_checked::<ExampleFile>(source)?;
        let mut check = Check {
            document: &document,
            problems: &mut Vec::new(),
        };
        let answer = answer(&mut check, &file.answer)?;
        let request = request(&mut check, &file.request)?;
        let mut operations = operations.iter();
        let operation = operations.position(|operation| operation.name == file.operation)?;
        let loaded = Loaded {
            stem: stem.to_owned(),
            document,
            file,
        };
        Some(example(&loaded, operation, request, answer))
    };
    files.iter().filter_map(read).collect()
}

/// The operation that is called, as a place among all, and whether it takes these inputs.
fn called(
    check: &mut Check<'_>,
    loaded: &Loaded<ExampleFile>,
    (folder, secrets): (&Folder, &MadeUp),
    operations: &[Operation],
) -> Option<usize> {
    let file = &loaded.file;
    let place = operations
        .iter()
        .position(|operation| operation.name == file.operation);
    let Some(called) = place.and_then(|place| operations.get(place)) else {
        folder.refuse_unknown_operation(check, &Path::root().key("operation"), &file.operation);
        return None;
    };
    let secrets = |name: &str| secrets.value(name);
    let composed = match file.reply.class {
        Class::Ok => compose::compose(called, &file.call, secrets),
        // It may show what the API answers to a request that lacks something.
        _ => compose::compose_incomplete(called, &file.call, secrets),
    };
    operations::refuse_inputs(check, &Path::root().key("call"), called, composed);
    place
}

fn example(
    loaded: &Loaded<ExampleFile>,
    operation: usize,
    request: ExampleRequest,
    answer: ExampleAnswer,
) -> Example {
    let file = &loaded.file;
    Example {
        name: loaded.stem.clone(),
        title: file.title.clone(),
        operation,
        call: file.call.clone(),
        request,
        answer,
        class: file.reply.class,
        wait: file.reply.wait.map(|Span(wait)| wait),
        message: file.reply.message.clone(),
        code: file.reply.code.clone(),
    }
}

fn request(check: &mut Check<'_>, section: &RequestSection) -> Option<ExampleRequest> {
    let path = Path::root().key("request");
    if !section.path.starts_with('/') {
        check.refuse(
            &path.key("path"),
            format!("`{}` does not begin with `/`", section.path),
        );
    }
    let at = path.key("body");
    body(check, &at, &section.body);
    if let BodyText::Events(_) = section.body {
        let message = "a request's body is no stream of events";
        check.refuse(&at.key("events"), message);
    }
    let mut headers = Vec::new();
    for (name, text) in &section.headers {
        let path = path.key("headers").key(name);
        let value = header_value(check, &path, text);
        headers.push((check.header_name(&path, name)?, value?));
    }
    Some(ExampleRequest {
        method: section.method.method(),
        path: section.path.clone(),
        host: section.host.clone(),
        headers,
        body: section.body.clone(),
    })
}

fn answer(check: &mut Check<'_>, section: &AnswerSection) -> Option<ExampleAnswer> {
    let path = Path::root().key("answer");
    let at = path.key("body");
    body(check, &at, &section.body);
    if let BodyText::Parts(_) = section.body {
        let message = "an answer is not written in parts";
        check.refuse_with(&at.key("parts"), message, "write the whole body as `text`");
    }
    let mut headers: Vec<(HeaderName, String)> = Vec::new();
    for (name, text) in &section.headers {
        let path = path.key("headers").key(name);
        match fill_in_times(text, sample_time()) {
            Ok(text) => {
                header_value(check, &path, &text);
            }
            Err(place) => {
                let hint = "allowed: `{now+20s}` and `{unix+20s}`, with any time such as `6m`";
                check.refuse_with(&path, format!("`{place}` is no time"), hint);
            }
        }
        headers.push((check.header_name(&path, name)?, text.clone()));
    }
    let status = StatusCode::from_u16(section.status).ok()?;
    Some(ExampleAnswer {
        status,
        headers,
        body: section.body.clone(),
    })
}

fn header_value(check: &mut Check<'_>, path: &Path, text: &str) -> Option<HeaderValue> {
    let value = HeaderValue::from_str(text).ok();
    if value.is_none() {
        check.refuse(path, format!("{text:?} cannot stand in a header"));
    }
    value
}

fn body(check: &mut Check<'_>, path: &Path, body: &BodyText) {
    match body {
        BodyText::Json(text) => {
            if let Err(error) = serde_json::from_str::<Value>(text) {
                check.refuse(&path.key("json"), format!("the text is no JSON: {error}"));
            }
        }
        BodyText::Events(events) if events.is_empty() => {
            check.refuse(&path.key("events"), "a stream without events shows nothing");
        }
        BodyText::Parts(parts) => {
            for (index, part) in parts.iter().enumerate() {
                let path = path.key("parts").index(index);
                if part.name.is_empty() {
                    check.refuse(&path.key("name"), "an empty text is no name of a part");
                }
                if let Some(content_type) = &part.content_type {
                    header_value(check, &path.key("content_type"), content_type);
                }
            }
        }
        BodyText::Empty | BodyText::Form(_) | BodyText::Text(_) | BodyText::Events(_) => {}
    }
}

/// Where an example says which host its request goes to, that is the host.
pub(super) fn hosts(folder: &Folder, connector: &Connector, problems: &mut Vec<Problem>) {
    for loaded in &folder.examples.loaded {
        let request = &loaded.file.request;
        let operation = connector.operation(&loaded.file.operation);
        let (Some(given), Some(operation)) = (&request.host, operation) else {
            continue;
        };
        let url = match &operation.target {
            OperationTarget::Path(_) => connector.example_url(&request.path),
            OperationTarget::Address { input, .. } => {
                let address = loaded.file.call.get(input).and_then(Value::as_str);
                address.and_then(|address| Url::parse(address).ok())
            }
        };
        let Some(host) = url.as_ref().and_then(Url::host_str) else {
            continue;
        };
        if !given.eq_ignore_ascii_case(host) {
            let message = format!("the request goes to `{host}`, not to `{given}`");
            let path = Path::root().key("request").key("host");
            problems.push(loaded.document.problem(&path, message));
        }
    }
}

/// Tries the connector's rules on the answer and compares with the reply that is expected.
fn reply(
    check: &mut Check<'_>,
    expected: &ReplyExpectation,
    recorded: &ExampleAnswer,
    meaning: &Meaning,
) {
    let path = Path::root().key("reply");
    let headers = recorded.headers_at(sample_time());
    let json = recorded.json();
    let answer = Answer {
        status: recorded.status,
        headers: &headers,
        body: json.as_ref(),
    };
    let verdict = outcome::classify(&meaning.outcomes, &answer);
    if verdict.class != expected.class {
        let by = verdict.rule.map_or("the general table".to_owned(), |rule| {
            format!("`outcomes[{rule}]`")
        });
        let message = format!(
            "the answer means `{}` by {by}, not `{}`",
            verdict.class, expected.class
        );
        check.refuse(&path.key("class"), message);
        return;
    }
    let now = wait::answered_at(&headers, sample_time());
    let rules = (&*meaning.outcomes, &*meaning.waits);
    let asked = outcome::wait(rules, &answer, verdict, now).map(Span);
    let asked = asked.filter(|_| verdict.class.is_passing());
    compare(
        check,
        &path.key("wait"),
        "wait",
        (
            asked.map(|span| span.to_string()),
            expected.wait.map(|span| span.to_string()),
        ),
    );
    let is_error = verdict.class != Class::Ok;
    let body = json.as_ref().filter(|_| is_error);
    let message = body
        .and_then(|body| meaning.errors.message_in(body))
        .map(str::to_owned);
    compare(
        check,
        &path.key("message"),
        "message",
        (message, expected.message.clone()),
    );
    let code = body.and_then(|body| meaning.errors.code_in(body));
    compare(
        check,
        &path.key("code"),
        "code",
        (code, expected.code.clone()),
    );
}

fn compare(
    check: &mut Check<'_>,
    path: &Path,
    what: &str,
    (found, expected): (Option<String>, Option<String>),
) {
    let message = match (found, expected) {
        (Some(found), Some(expected)) if found != expected => {
            format!("the answer's {what} is `{found}`, not `{expected}`")
        }
        (Some(found), None) => {
            format!("the answer's {what} is `{found}`, which is not expected here")
        }
        (None, Some(expected)) => format!("the answer has no {what}; `{expected}` is expected"),
        (Some(_), Some(_)) | (None, None) => return,
    };
    check.refuse(path, message);
}
