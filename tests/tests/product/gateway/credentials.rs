//! Our credential is added in the shape the API wants; the caller's own never gets there.

use base64::Engine;
use trunkline_tests::{Heard, Product, Request, Upstream, answer};

use crate::gateway::{bearer, heard};

/// What no upstream may ever see.
const CALLERS: &str = "callers-own-credential";

#[track_caller]
fn assert_unseen(heard: &Heard) {
    let seen = String::from_utf8_lossy(&heard.head.raw).to_lowercase();
    assert!(!seen.contains(CALLERS), "{seen}");
    assert!(!seen.contains("trunkline-"), "{seen}");
}

#[test]
fn a_bearer_token_is_added() {
    let heard = heard("openai", &Request::get("/openai/v1/models"));
    assert_eq!(
        heard.head.header("authorization"),
        Some(bearer("OPENAI_API_KEY").as_str())
    );
}

#[test]
fn a_key_is_added_in_a_header_of_its_own() {
    let heard = heard("anthropic", &Request::get("/anthropic/v1/models"));
    assert_eq!(
        heard.head.header("x-api-key"),
        Some(Product::key("ANTHROPIC_API_KEY"))
    );
    assert_eq!(heard.head.header("authorization"), None);
}

#[test]
fn a_name_and_a_password_are_added() {
    let heard = heard("twilio", &Request::get("/twilio/2010-04-01/Accounts.json"));
    let pair = format!(
        "{}:{}",
        Product::key("TWILIO_ACCOUNT_SID"),
        Product::key("TWILIO_AUTH_TOKEN")
    );
    let encoded = base64::engine::general_purpose::STANDARD.encode(pair);
    assert_eq!(
        heard.head.header("authorization"),
        Some(format!("Basic {encoded}").as_str())
    );
}

#[test]
fn every_shape_of_the_callers_own_credential_is_removed() {
    let encoded = base64::engine::general_purpose::STANDARD.encode(format!("{CALLERS}:{CALLERS}"));
    let shapes = [
        ("authorization", format!("Bearer {CALLERS}")),
        ("authorization", format!("Basic {encoded}")),
        ("Authorization", format!("Bot {CALLERS}")),
        ("AUTHORIZATION", format!("token {CALLERS}")),
        ("proxy-authorization", format!("Basic {encoded}")),
        ("x-api-key", CALLERS.to_owned()),
        ("X-Api-Key", CALLERS.to_owned()),
        ("apikey", CALLERS.to_owned()),
        ("api-key", CALLERS.to_owned()),
        ("x-goog-api-key", CALLERS.to_owned()),
        ("cookie", format!("session={CALLERS}")),
    ];
    let upstream = Upstream::start([answer(200).json("{}")]);
    let product = Product::calling("openai", &upstream);
    let product = ["anthropic", "stripe", "slack"]
        .iter()
        .fold(product, |product, name| {
            product.set(
                &format!("connectors.{name}.base_url"),
                format!("{:?}", upstream.url()),
            )
        });
    let gateway = product.serve();
    for connector in ["openai", "anthropic", "stripe", "slack"] {
        for (name, value) in &shapes {
            gateway
                .send(&Request::get(format!("/{connector}/v1/x")).header(name, value))
                .expect(200);
        }
    }
    for heard in upstream.heard() {
        assert_unseen(&heard);
        assert!(
            !String::from_utf8_lossy(&heard.head.raw).contains(&encoded),
            "{heard:?}"
        );
        let ours = heard.head.all("authorization").len() + heard.head.all("x-api-key").len();
        assert_eq!(ours, 1, "{heard:?}");
    }
}

#[test]
fn a_credential_sent_twice_is_removed_twice() {
    let request = Request::get("/openai/v1/models")
        .header("authorization", &format!("Bearer {CALLERS}"))
        .header("authorization", &format!("Basic {CALLERS}"));
    let heard = heard("openai", &request);
    assert_unseen(&heard);
    assert_eq!(heard.head.all("authorization"), [bearer("OPENAI_API_KEY")]);
}

#[test]
fn our_own_headers_stay_with_us() {
    let request = Request::get("/openai/v1/models")
        .header("trunkline-timeout", "10s")
        .header("Trunkline-Retry", "off")
        .header("TRUNKLINE-VALIDATE", "off");
    assert_unseen(&heard("openai", &request));
}

#[test]
fn a_connection_header_cannot_remove_what_we_add() {
    let request = Request::get("/openai/v1/models")
        .header("connection", "authorization, x-hop, keep-alive")
        .header("x-hop", "1")
        .header("te", "trailers, gzip")
        .header("keep-alive", "timeout=5")
        .header("proxy-connection", "keep-alive");
    let heard = heard("openai", &request);
    assert_eq!(
        heard.head.header("authorization"),
        Some(bearer("OPENAI_API_KEY").as_str())
    );
    for hop in ["x-hop", "keep-alive", "proxy-connection"] {
        assert_eq!(heard.head.header(hop), None, "{hop}");
    }
}

#[test]
fn the_account_in_a_path_is_ours_and_not_the_callers() {
    let other = "AC00000000000000000000000000000000";
    let request = Request::post_form(
        format!("/twilio/2010-04-01/Accounts/{other}/Messages.json"),
        "To=%2B15550001111&From=%2B15550002222&Body=hi",
    );
    let expected = format!(
        "/2010-04-01/Accounts/{}/Messages.json",
        Product::key("TWILIO_ACCOUNT_SID")
    );
    assert_eq!(heard("twilio", &request).head.word(1), expected);
}

#[test]
fn a_version_header_is_added_only_where_there_is_none() {
    let version = "anthropic-version";
    let without = heard("anthropic", &Request::get("/anthropic/v1/models"));
    assert!(
        without
            .head
            .header(version)
            .is_some_and(|value| !value.is_empty())
    );
    let with = heard(
        "anthropic",
        &Request::get("/anthropic/v1/models").header(version, "2026-10-21"),
    );
    assert_eq!(with.head.header(version), Some("2026-10-21"));
}

#[test]
fn a_secret_in_a_dotenv_file_is_found_and_the_environment_wins() {
    let upstream = Upstream::start([answer(200).json("{}")]);
    let product = Product::new()
        .set(
            "connectors.openai.base_url",
            format!("{:?}", upstream.url()),
        )
        .file(".env", "export OPENAI_API_KEY=\"sk-from-env-file\"\n")
        .file(
            ".env.local",
            "# mine\nOPENAI_API_KEY='sk-from-env-local' # not for others\n",
        );
    product.serve().get("/openai/v1/models").expect(200);
    let product = product.variable("OPENAI_API_KEY", "sk-from-environment");
    product.serve().get("/openai/v1/models").expect(200);
    let heard = upstream.heard();
    let seen: Vec<_> = heard
        .iter()
        .map(|heard| heard.head.header("authorization"))
        .collect();
    assert_eq!(
        seen,
        [
            Some("Bearer sk-from-env-local"),
            Some("Bearer sk-from-environment")
        ]
    );
}

#[test]
fn a_path_that_names_the_account_again_is_ours_everywhere_it_is_declared() {
    let other = "AC00000000000000000000000000000000";
    let ours = Product::key("TWILIO_ACCOUNT_SID");
    for rest in [
        ".json",
        "/Messages.json?PageSize=2",
        "/Messages/SM1.json",
        "",
    ] {
        let asked = format!("/twilio/2010-04-01/Accounts/{other}{rest}");
        let expected = format!("/2010-04-01/Accounts/{ours}{rest}");
        assert_eq!(heard("twilio", &Request::get(asked)).head.word(1), expected);
    }
    // Elsewhere it is a value like any other.
    let asked = format!("/twilio/v1/Lookups/{other}?sid={other}");
    assert_eq!(
        heard("twilio", &Request::get(&asked)).head.word(1),
        &asked["/twilio".len()..]
    );
}
