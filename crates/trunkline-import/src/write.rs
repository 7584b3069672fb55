//! Writes a connector's files, as somebody would who writes them by hand.

mod toml;

use std::collections::BTreeMap;

use trunkline_connector::document::Source;
use trunkline_connector::format::{
    BodyKind, InputKind, InputPlace, ListStyle, MethodName, ObjectStyle, ReplyKind,
};

use crate::draft::{Base, Credential, Draft, Errors, Input, Need, Operation, Way};
use toml::{Text, inline, string};

/// The files, named as in `acme/connector.toml`.
pub(crate) fn files(draft: &Draft) -> Vec<Source> {
    let mut files = vec![Source {
        name: format!("{}/connector.toml", draft.name),
        text: connector(draft),
    }];
    let mut resources: BTreeMap<&str, Vec<&Operation>> = BTreeMap::new();
    for operation in &draft.operations {
        resources
            .entry(&operation.resource)
            .or_default()
            .push(operation);
    }
    for (resource, operations) in resources {
        let mut text = Text::default();
        text.comment(&format!("Imported from {}.", origin(draft)));
        for operation in operations {
            self::operation(&mut text, draft, operation);
        }
        files.push(Source {
            name: format!("{}/operations/{resource}.toml", draft.name),
            text: text.into_string(),
        });
    }
    files
}

fn origin(draft: &Draft) -> String {
    format!("{} {}", draft.title, draft.version)
        .trim_end()
        .to_owned()
}

fn connector(draft: &Draft) -> String {
    let mut text = Text::default();
    text.comment(&format!("Imported from {}.", origin(draft)));
    text.field("schema", "1");
    text.table("connector");
    text.field("name", &string(draft.name.as_str()));
    text.field("title", &string(&draft.title));
    for server in &draft.other_servers {
        text.comment(&format!("Another address: {server}"));
    }
    if let Base::Fixed(url) = &draft.base {
        text.field("base_url", &string(url));
    }
    text.field("docs", &string(&draft.docs));
    text.field("checked", &string(&draft.checked));
    if let Base::Found { env, example } = &draft.base {
        text.table("connector.base_url_from");
        text.field("env", &string(env));
        text.field("example", &string(example));
        text.field("obtain", &string(&draft.docs));
    }
    for host in &draft.hosts {
        text.list_table("connector.hosts");
        text.field("path", &string(&host.path));
        text.field("base_url", &string(&host.base_url));
    }
    for secret in &draft.secrets {
        text.table(&format!("secrets.{}", secret.name));
        text.field("env", &string(&secret.env));
        if 1 < draft.auth.len() {
            text.field("need", "\"optional\"");
        }
        text.field("example", &string(&secret.example));
        text.field("obtain", &string(&draft.docs));
    }
    auth(&mut text, &draft.auth);
    answers(&mut text, draft);
    text.table("verify");
    text.field("operation", &string(&draft.verify.operation));
    if !draft.verify.inputs.is_empty() {
        let inputs = draft.verify.inputs.iter();
        let inputs = inputs.map(|(name, value)| (name.as_str(), toml::value(value)));
        text.field("inputs", &inline(inputs));
    }
    text.into_string()
}

fn auth(text: &mut Text, ways: &[Way]) {
    text.table("auth");
    match ways {
        [] => text.field("kind", "\"none\""),
        [way] => self::way(text, way),
        ways => {
            text.field("kind", "\"any_of\"");
            for way in ways {
                text.list_table("auth.of");
                self::way(text, way);
            }
        }
    }
}

fn way(text: &mut Text, way: &Way) {
    match way {
        Way::Bearer { secret, word } => {
            text.field("kind", "\"bearer\"");
            text.field("secret", &string(secret));
            if word != "Bearer" {
                text.field("word", &string(word));
            }
        }
        Way::Header { name, secret } => {
            text.field("kind", "\"header\"");
            text.field("name", &string(name));
            text.field("secret", &string(secret));
        }
        Way::Basic { username, password } => {
            text.field("kind", "\"basic\"");
            text.field("username", &string(username));
            text.field("password", &string(password));
        }
        Way::Headers(set) => {
            text.field("kind", "\"headers\"");
            let set = set
                .iter()
                .map(|(name, value)| (name.as_str(), string(value)));
            text.field("set", &inline(set));
        }
        Way::Query { name, secret } => {
            text.field("kind", "\"query\"");
            text.field("name", &string(name));
            text.field("secret", &string(secret));
        }
        Way::ClientCredentials(client) => {
            text.field("kind", "\"client_credentials\"");
            text.field("token_url", &string(&client.token_url));
            text.field("client_id", &string(&client.id));
            text.field("client_secret", &string(&client.secret));
            if let Some(scope) = &client.scope {
                text.field("scope", &string(scope));
            }
        }
        Way::AwsSigv4(aws) => {
            text.field("kind", "\"aws_sigv4\"");
            text.field("access_key", &string(&aws.access_key));
            text.field("secret_key", &string(&aws.secret_key));
            text.field("region", &string(&aws.region));
            text.field("service", &string(&aws.service));
        }
    }
}

fn answers(text: &mut Text, draft: &Draft) {
    if draft.has_retry_after {
        text.list_table("waits");
        text.field("from", "{ header = \"retry-after\" }");
        text.field("unit", "\"auto\"");
        text.field("sample", "\"12\"");
        text.field("expect", "\"12s\"");
    }
    for outcome in &draft.outcomes {
        text.list_table("outcomes");
        text.field("statuses", &format!("[{}]", string(outcome.status)));
        text.field("class", &string(outcome.class));
        text.field("message", &string(&outcome.message));
        if let Some(hint) = &outcome.hint {
            text.field("hint", &string(hint));
        }
    }
    let Errors { message, code } = &draft.errors;
    if !(message.is_empty() && code.is_empty()) {
        text.table("errors");
        for (key, pointers) in [("message", message), ("code", code)] {
            if !pointers.is_empty() {
                text.field(
                    key,
                    &toml::list(pointers.iter().map(|pointer| string(pointer))),
                );
            }
        }
    }
}

fn operation(text: &mut Text, draft: &Draft, operation: &Operation) {
    text.list_table("operations");
    text.field("name", &string(&operation.name));
    text.field("title", &string(&operation.title));
    text.field("method", &string(method(operation.method)));
    text.field("path", &string(&operation.path));
    let docs = operation.docs.as_ref().unwrap_or(&draft.docs);
    text.field("docs", &string(docs));
    if operation.auth == Credential::None && !draft.auth.is_empty() {
        text.field("auth", "\"none\"");
    }
    if let Some(accept) = &operation.reply.accept {
        text.field("headers", &inline([("accept", string(accept))].into_iter()));
    }
    if operation.body != BodyKind::None {
        text.field("body", &string(body(operation.body)));
    }
    let named = [
        ("body_input", &operation.body_input),
        ("content_type", &operation.content_type),
        ("request_schema", &operation.request_schema),
    ];
    for (key, value) in named {
        if let Some(value) = value {
            text.field(key, &string(value));
        }
    }
    if !operation.inputs.is_empty() {
        text.table("operations.inputs");
        let mut inputs: Vec<&Input> = operation.inputs.iter().collect();
        inputs.sort_by(|left, right| left.name.cmp(&right.name));
        for one in inputs {
            text.field(&toml::key(&one.name), &input(one));
        }
    }
    let reply = &operation.reply;
    let says_nothing = reply.schema.is_none() && reply.event_schema.is_none();
    if reply.body == ReplyKind::Json && says_nothing {
        return;
    }
    text.table("operations.reply");
    match reply.body {
        ReplyKind::Json => {}
        ReplyKind::Empty => text.field("body", "\"empty\""),
        ReplyKind::Any => text.field("body", "\"any\""),
    }
    for (key, value) in [
        ("schema", &reply.schema),
        ("event_schema", &reply.event_schema),
    ] {
        if let Some(value) = value {
            text.field(key, &string(value));
        }
    }
}

fn input(input: &Input) -> String {
    let mut fields: Vec<(&str, String)> = Vec::new();
    if let Some(place) = input.place {
        fields.push(("in", string(self::place(place))));
    }
    fields.push(("type", string(kind(input.kind))));
    match &input.need {
        Need::Optional => {}
        Need::Required => fields.push(("need", "\"required\"".to_owned())),
        Need::Default(value) => fields.push(("default", toml::value(value))),
    }
    if !input.one_of.is_empty() {
        fields.push(("one_of", toml::list(input.one_of.iter().map(toml::value))));
    }
    if let Some(name) = &input.sent_as {
        fields.push(("sent_as", string(name)));
    }
    if let Some(style) = input.lists {
        fields.push(("lists", string(lists(style))));
    }
    if let Some(style) = input.objects {
        fields.push(("objects", string(objects(style))));
    }
    if let Some(about) = &input.about {
        fields.push(("about", string(about)));
    }
    inline(fields.into_iter())
}

pub(crate) fn method(method: MethodName) -> &'static str {
    match method {
        MethodName::Get => "GET",
        MethodName::Head => "HEAD",
        MethodName::Post => "POST",
        MethodName::Put => "PUT",
        MethodName::Patch => "PATCH",
        MethodName::Delete => "DELETE",
    }
}

fn body(body: BodyKind) -> &'static str {
    match body {
        BodyKind::None => "none",
        BodyKind::Json => "json",
        BodyKind::Form => "form",
        BodyKind::FormRepeated => "form_repeated",
        BodyKind::Multipart => "multipart",
        BodyKind::Graphql => "graphql",
        BodyKind::Raw => "raw",
    }
}

fn place(place: InputPlace) -> &'static str {
    match place {
        InputPlace::Path => "path",
        InputPlace::Query => "query",
        InputPlace::Header => "header",
        InputPlace::Body => "body",
        InputPlace::Address => "address",
    }
}

fn kind(kind: InputKind) -> &'static str {
    match kind {
        InputKind::String => "string",
        InputKind::Integer => "integer",
        InputKind::Number => "number",
        InputKind::Boolean => "boolean",
        InputKind::Object => "object",
        InputKind::Array => "array",
        InputKind::File => "file",
        InputKind::Any => "any",
    }
}

fn lists(style: ListStyle) -> &'static str {
    match style {
        ListStyle::Indexed => "indexed",
        ListStyle::Brackets => "brackets",
        ListStyle::Repeated => "repeated",
        ListStyle::Comma => "comma",
        ListStyle::Json => "json",
    }
}

fn objects(style: ObjectStyle) -> &'static str {
    match style {
        ObjectStyle::Brackets => "brackets",
        ObjectStyle::Dots => "dots",
        ObjectStyle::Json => "json",
    }
}
