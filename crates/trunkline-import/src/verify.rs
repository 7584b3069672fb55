//! Which call proves the credential: the cheapest one that only reads.

use serde_json::Value;
use trunkline_connector::format::{BodyKind, InputKind, MethodName, ReplyKind};

use crate::at::At;
use crate::draft::{Credential, Draft, Input, Need, Operation, Reply, Verify};
use crate::report::{Loss, Report};

/// Words in names and paths of calls that say who one is; the first is the best.
const TELLING: [&str; 12] = [
    "me", "whoami", "self", "current", "myself", "account", "user", "profile", "balance", "ping",
    "status", "health",
];

/// Chooses it. Where there is no operation that only reads, one is added that asks for `/`.
pub(crate) fn choose(draft: &mut Draft, report: &mut Report) {
    let reads =
        |operation: &&Operation| matches!(operation.method, MethodName::Get | MethodName::Head);
    let best = draft
        .operations
        .iter()
        .filter(reads)
        .min_by_key(|operation| cost(operation));
    let at = At::ROOT.key("paths");
    let Some(best) = best else {
        let operation = root(&draft.operations);
        report.add(
            Loss::Verify,
            &at,
            format!("`{}` is made up", operation.name),
        );
        operation.name.clone_into(&mut draft.verify.operation);
        draft.operations.push(operation);
        return;
    };
    let inputs = made_up(best);
    if !inputs.is_empty() {
        report.add(Loss::Verify, &at, format!("`{}` needs inputs", best.name));
    } else if best.auth == Credential::None && !draft.auth.is_empty() {
        report.add(
            Loss::Verify,
            &at,
            format!("`{}` needs no credential", best.name),
        );
    }
    draft.verify = Verify {
        operation: best.name.clone(),
        inputs,
    };
}

/// What speaks against calling an operation for nothing; less is better.
fn cost(operation: &Operation) -> impl Ord {
    let needed = |input: &&Input| input.need == Need::Required;
    let telling = TELLING.iter().position(|word| has_word(operation, word));
    (
        operation.inputs.iter().filter(needed).count(),
        operation.auth == Credential::None,
        operation.is_deprecated,
        operation.method == MethodName::Head,
        operation.reply.body == ReplyKind::Any,
        telling.unwrap_or(TELLING.len()),
        operation.path.len(),
        operation.name.clone(),
    )
}

fn has_word(operation: &Operation, word: &str) -> bool {
    let path = operation.path.split(['/', '-', '_', '.']);
    let name = operation.name.split(['.', '_']);
    path.chain(name).any(|part| part == word)
}

/// Values for what an operation cannot be called without.
fn made_up(operation: &Operation) -> Vec<(String, Value)> {
    let needed = operation
        .inputs
        .iter()
        .filter(|input| input.need == Need::Required);
    let made_up = needed.map(|input| {
        let value = input.one_of.first().cloned();
        let value = value.unwrap_or_else(|| match input.kind {
            InputKind::String | InputKind::Any | InputKind::File => Value::from("1"),
            InputKind::Integer | InputKind::Number => Value::from(1),
            InputKind::Boolean => Value::from(true),
            InputKind::Array => Value::Array(Vec::new()),
            InputKind::Object => Value::Object(serde_json::Map::new()),
        });
        let value = match input.kind {
            InputKind::Array if !input.one_of.is_empty() => Value::Array(vec![value]),
            _ => value,
        };
        (input.name.clone(), value)
    });
    made_up.collect()
}

/// An operation that asks for `/` and takes whatever comes.
fn root(others: &[Operation]) -> Operation {
    let mut name = "root.get".to_owned();
    while others.iter().any(|other| other.name == name) {
        name.push('_');
    }
    Operation {
        name,
        resource: "root".to_owned(),
        title: "Ask for the address itself, since the document has no call that only reads"
            .to_owned(),
        method: MethodName::Get,
        path: "/".to_owned(),
        docs: None,
        auth: Credential::Sent,
        body: BodyKind::None,
        body_input: None,
        content_type: None,
        request_schema: None,
        inputs: Vec::new(),
        reply: Reply {
            body: ReplyKind::Any,
            ..Reply::default()
        },
        is_deprecated: false,
    }
}
