//! What a stand-in takes for the right credential.

use std::sync::Arc;

use http::{Method, Request};
use trunkline_connector::Connector;
use trunkline_connector::document::Source;

use super::*;

/// A connector with this `[auth]` and the secrets that it names.
fn connector(auth: &str) -> Connector {
    let secret = |name: &str| {
        format!(
            "[secrets.{name}]\nenv = \"UP_{}\"\nexample = \"made-up-{name}\"\n\
             obtain = \"https://up.example\"\n",
            name.to_uppercase(),
        )
    };
    let is_named = |name: &&str| {
        auth.contains(&format!("\"{name}\"")) || auth.contains(&format!("{{{name}}}"))
    };
    let secrets: String = ["id", "key"]
        .into_iter()
        .filter(is_named)
        .map(secret)
        .collect();
    let text = format!(
        "schema = 1\n[connector]\nname = \"up\"\ntitle = \"Up\"\nbase_url = \"https://up.example\"\n\
         docs = \"https://up.example\"\nchecked = \"2026-11-22\"\n{secrets}\
         {auth}\n[verify]\noperation = \"things.list\"\n"
    );
    let operations = "[[operations]]\nname = \"things.list\"\ntitle = \"List\"\nmethod = \"GET\"\n\
        path = \"/things\"\ndocs = \"https://up.example\"\n";
    let source = |name: &str, text: String| Source {
        name: name.to_owned(),
        text,
    };
    let files = vec![
        source("up/connector.toml", text),
        source("up/operations/things.toml", operations.to_owned()),
    ];
    Connector::load(files).unwrap()
}

fn parts(target: &str, headers: &[(&str, &str)]) -> Parts {
    let mut request = Request::builder().method(Method::POST).uri(target);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(()).unwrap().into_parts().0
}

fn is_shown_to(auth: &str, target: &str, headers: &[(&str, &str)]) -> bool {
    shows_example_credential(&connector(auth), &parts(target, headers), b"")
}

#[test]
fn headers_and_query_fields_are_compared() {
    let bearer = "[auth]\nkind = \"bearer\"\nsecret = \"key\"\nword = \"Bot\"";
    let bearer = |value: &str| is_shown_to(bearer, "/a", &[("authorization", value)]);
    assert!(bearer("Bot made-up-key"));
    assert!(!bearer("Bearer made-up-key"));
    let several = "[auth]\nkind = \"headers\"\nset = { x-id = \"{id}\", x-key = \"Key {key}\" }";
    let both = [("x-id", "made-up-id"), ("x-key", "Key made-up-key")];
    assert!(is_shown_to(several, "/a", &both));
    assert!(!is_shown_to(several, "/a", &both[..1]));
    let query = "[auth]\nkind = \"query\"\nname = \"key\"\nsecret = \"key\"";
    assert!(is_shown_to(query, "/a?b=c&key=made-up-key", &[]));
    assert!(!is_shown_to(query, "/a?key=other", &[]));
    assert!(is_shown_to("[auth]\nkind = \"none\"", "/a", &[]));
}

#[test]
fn any_way_will_do_and_tokens_are_made_up() {
    let ways = "[auth]\nkind = \"any_of\"\n[[auth.of]]\nkind = \"client_credentials\"\n\
        token_url = \"https://up.example/token\"\nclient_id = \"id\"\nclient_secret = \"key\"\n\
        [[auth.of]]\nkind = \"header\"\nname = \"x-key\"\nsecret = \"key\"";
    assert!(is_shown_to(ways, "/a", &[("x-key", "made-up-key")]));
    let token = format!("Bearer {}", super::super::MADE_UP_TOKEN);
    assert!(is_shown_to(ways, "/a", &[("authorization", &token)]));
    assert!(!is_shown_to(
        ways,
        "/a",
        &[("authorization", "Bearer other")]
    ));
}

/// Signs a request at a time of its own, and sees whether it is taken, and not when changed.
#[track_caller]
fn check_signed(auth: &str) {
    let connector = Arc::new(connector(auth));
    let example = |place: usize| {
        let spec = connector.secrets.get(place);
        Ok(spec.map(|spec| Secret::new(spec.example.as_str())))
    };
    let values = Values::find(&connector, example).unwrap();
    let maker = Maker {
        connector: &connector,
        values: &values,
        tokening: &Tokening::MadeUp,
    };
    let proof = maker.make(&connector.auth).unwrap();
    let mut request = parts("/up/things?a=b", &[("host", "127.0.0.1:1")]);
    let now = UNIX_EPOCH + Duration::from_secs(1_790_000_000);
    let mut made = Vec::new();
    signed(&request, b"body", now, |one| {
        made = match &proof {
            Proof::Hmac(signer) => signer.sign(one),
            Proof::Sigv4(sigv4) => sigv4.sign(one),
            other => unreachable!("{other:?} signs nothing"),
        };
        true
    });
    request.headers.extend(made);
    assert!(shows_example_credential(&connector, &request, b"body"));
    assert!(!shows_example_credential(&connector, &request, b"other"));
    let mut elsewhere = request.clone();
    elsewhere.uri = "/up/others?a=b".parse().unwrap();
    assert!(!shows_example_credential(&connector, &elsewhere, b"body"));
    request.method = Method::PUT;
    assert!(!shows_example_credential(&connector, &request, b"body"));
}

#[test]
fn a_signature_is_made_again() {
    for timestamp in ["unix_s", "unix_ms", "rfc3339"] {
        check_signed(&format!(
            "[auth]\nkind = \"hmac\"\nsecret = \"key\"\ntimestamp = \"{timestamp}\""
        ));
    }
    check_signed(
        "[auth]\nkind = \"aws_sigv4\"\naccess_key = \"id\"\nsecret_key = \"key\"\n\
         region = \"eu-central-1\"\nservice = \"things\"",
    );
}
