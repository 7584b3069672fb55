//! What token servers are asked, and what their answers give.

use expect_test::{Expect, expect};
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use url::form_urlencoded;

use super::*;

/// Made by `openssl genpkey`, for these tests alone.
const RSA_2048: &str = include_str!("tests/rsa-2048.pem");

/// Its other half, taken out by `openssl rsa -RSAPublicKey_out`.
const RSA_2048_PUBLIC: &[u8] = include_bytes!("tests/rsa-2048-public.der");

/// 2026-05-28T20:26:40Z.
const NOW: u64 = 1_780_000_000;

fn spec(request: TokenRequest, client_auth: ClientAuth) -> ClientCredentials {
    ClientCredentials {
        token_url: "https://auth.example.com/oauth/token".parse().unwrap(),
        client_id: 0,
        client_secret: 1,
        scope: Some("read write".to_owned()),
        request,
        client_auth,
        parameters: Vec::new(),
    }
}

fn request(grant: &Grant) -> GrantRequest {
    let now = UNIX_EPOCH + Duration::from_secs(NOW);
    grant.request(now).unwrap()
}

/// The request as it is sent, its headers sorted.
fn shown(request: &GrantRequest) -> String {
    let head = &request.head;
    let mut lines: Vec<String> = head
        .headers
        .iter()
        .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
        .collect();
    lines.sort();
    lines.insert(0, format!("{} {}", head.method, head.target));
    lines.push(String::from_utf8(request.body.clone()).unwrap());
    lines.join("\n")
}

#[track_caller]
fn check(spec: &ClientCredentials, expected: Expect) {
    let grant = of_client(spec, "acme-id", "acme-password", None);
    expected.assert_eq(&shown(&request(&grant)));
}

#[test]
fn forms_and_json_carry_the_client_where_the_server_wants_it() {
    check(
        &spec(TokenRequest::Form, ClientAuth::Basic),
        expect![[r#"
            POST /oauth/token
            accept: application/json
            authorization: Basic YWNtZS1pZDphY21lLXBhc3N3b3Jk
            content-type: application/x-www-form-urlencoded
            host: auth.example.com
            grant_type=client_credentials&scope=read%20write"#]],
    );
    check(
        &spec(TokenRequest::Form, ClientAuth::Body),
        expect![[r#"
            POST /oauth/token
            accept: application/json
            content-type: application/x-www-form-urlencoded
            host: auth.example.com
            grant_type=client_credentials&scope=read%20write&client_id=acme-id&client_secret=acme-password"#]],
    );
    check(
        &spec(TokenRequest::Json, ClientAuth::Basic),
        expect![[r#"
            POST /oauth/token
            accept: application/json
            authorization: Basic YWNtZS1pZDphY21lLXBhc3N3b3Jk
            content-type: application/json
            host: auth.example.com
            {"grant_type":"client_credentials","scope":"read write"}"#]],
    );
    // As API guides show it: an object with these four.
    check(
        &spec(TokenRequest::Json, ClientAuth::Body),
        expect![[r#"
            POST /oauth/token
            accept: application/json
            content-type: application/json
            host: auth.example.com
            {"grant_type":"client_credentials","scope":"read write","client_id":"acme-id","client_secret":"acme-password"}"#]],
    );
}

#[test]
fn scope_and_parameters_go_along_where_they_are_declared() {
    let without = ClientCredentials {
        scope: None,
        ..spec(TokenRequest::Form, ClientAuth::Basic)
    };
    check(
        &without,
        expect![[r#"
            POST /oauth/token
            accept: application/json
            authorization: Basic YWNtZS1pZDphY21lLXBhc3N3b3Jk
            content-type: application/x-www-form-urlencoded
            host: auth.example.com
            grant_type=client_credentials"#]],
    );
    let parameters = [
        ("audience", "https://api.example.com/?a=1&b=2"),
        ("account[id]", "7.5"),
    ];
    let with = ClientCredentials {
        token_url: "http://127.0.0.1:9000/token?tenant=a%20b".parse().unwrap(),
        parameters: parameters
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .to_vec(),
        ..without
    };
    let request = request(&of_client(&with, "acme-id", "acme-password", None));
    assert_eq!(request.head.target, "/token?tenant=a%20b");
    assert_eq!(request.head.headers[header::HOST], "127.0.0.1:9000");
    let mut fields: Vec<(String, String)> =
        form_urlencoded::parse(&request.body).into_owned().collect();
    fields.sort();
    let expected = [
        ("account[id]", "7.5"),
        ("audience", "https://api.example.com/?a=1&b=2"),
        ("grant_type", "client_credentials"),
    ];
    assert_eq!(
        fields,
        expected.map(|(name, value)| (name.to_owned(), value.to_owned()))
    );
}

/// Everything that could be taken for something else on its way.
const ODD: &str = "a b+c%d&e=f:g/h\"i\\jé✓";

#[test]
fn odd_characters_arrive_as_they_are() {
    let grant = of_client(&spec(TokenRequest::Form, ClientAuth::Basic), ODD, ODD, None);
    let sent = request(&grant);
    let sent = sent.head.headers[header::AUTHORIZATION].to_str().unwrap();
    let pair = STANDARD
        .decode(sent.strip_prefix("Basic ").unwrap())
        .unwrap();
    let pair = String::from_utf8(pair).unwrap();
    // RFC 6749 section 2.3.1: each half is a form's value, so the colon between them is the only one.
    let (id, password) = pair.split_once(':').unwrap();
    for half in [id, password] {
        let read: Vec<_> = form_urlencoded::parse(format!("x={half}").as_bytes())
            .into_owned()
            .collect();
        assert_eq!(read, [("x".to_owned(), ODD.to_owned())]);
    }
    let grant = of_client(&spec(TokenRequest::Form, ClientAuth::Body), ODD, ODD, None);
    let sent = request(&grant);
    let fields: Vec<_> = form_urlencoded::parse(&sent.body).into_owned().collect();
    for name in ["client_id", "client_secret"] {
        let field = (name.to_owned(), ODD.to_owned());
        assert!(fields.contains(&field), "{fields:?}");
    }
    let grant = of_client(&spec(TokenRequest::Json, ClientAuth::Body), ODD, ODD, None);
    let sent: Value = serde_json::from_slice(&request(&grant).body).unwrap();
    assert_eq!(
        (&sent["client_id"], &sent["client_secret"]),
        (&json!(ODD), &json!(ODD))
    );
}

#[test]
fn another_address_takes_the_declared_ones_place() {
    let instead = "http://127.0.0.1:9000/token".parse().unwrap();
    let spec = spec(TokenRequest::Form, ClientAuth::Basic);
    let grant = of_client(&spec, "id", "password", Some(&instead));
    let request = request(&grant);
    assert_eq!(grant.host(), "127.0.0.1");
    assert_eq!(request.origin.port(), 9000);
    assert_eq!(request.head.target, "/token");
}

fn key_file(private_key: &str) -> String {
    json!({
        "type": "service_account",
        "client_email": "robot@project.iam.gserviceaccount.com",
        "private_key": private_key,
        "private_key_id": "key-7",
        // What stands here is not asked for a token.
        "token_uri": "https://evil.example/token",
    })
    .to_string()
}

fn google() -> Url {
    "https://oauth2.googleapis.com/token".parse().unwrap()
}

/// The parts of the JWT that a request carries: head, claims, what is signed, and the signature.
fn assertion(request: &GrantRequest) -> (Value, Value, String, Vec<u8>) {
    let fields: Vec<_> = form_urlencoded::parse(&request.body).into_owned().collect();
    let [(grant_type, kind), (name, jwt)] = fields.as_slice() else {
        let mut fields = fields;
        fields.sort();
        panic!("{fields:?}");
    };
    let (jwt, kind) = if name == "assertion" {
        (jwt, kind)
    } else {
        assert_eq!(grant_type, "assertion");
        (kind, jwt)
    };
    assert_eq!(kind, "urn:ietf:params:oauth:grant-type:jwt-bearer");
    let (signed, signature) = jwt.rsplit_once('.').unwrap();
    let (head, claims) = signed.split_once('.').unwrap();
    let json = |part: &str| -> Value {
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
    };
    let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
    (json(head), json(claims), signed.to_owned(), signature)
}

#[test]
fn a_service_account_signs_what_its_public_key_verifies() {
    let scopes = ["https://www.googleapis.com/auth/spreadsheets", "email"].map(str::to_owned);
    let grant = of_service_account(&key_file(RSA_2048), &scopes, &google()).unwrap();
    let request = request(&grant);
    assert_eq!(request.origin.host(), "oauth2.googleapis.com");
    assert!(!request.head.headers.contains_key(header::AUTHORIZATION));
    let (head, claims, signed, signature) = assertion(&request);
    assert_eq!(head, json!({"alg": "RS256", "typ": "JWT", "kid": "key-7"}));
    assert_eq!(
        claims,
        json!({
            "iss": "robot@project.iam.gserviceaccount.com",
            "scope": "https://www.googleapis.com/auth/spreadsheets email",
            "aud": "https://oauth2.googleapis.com/token",
            "iat": NOW,
            "exp": NOW + 3600,
        })
    );
    let public = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, RSA_2048_PUBLIC);
    public.verify(signed.as_bytes(), &signature).unwrap();
    let other = signed.replace('.', "-");
    assert!(public.verify(other.as_bytes(), &signature).is_err());
}

#[test]
fn every_assertion_has_its_own_time() {
    let grant = of_service_account(&key_file(RSA_2048), &[], &google()).unwrap();
    let later = UNIX_EPOCH + Duration::from_secs(NOW + 60);
    let (_, claims, ..) = assertion(&grant.request(later).unwrap());
    assert_eq!(
        (&claims["iat"], &claims["exp"]),
        (&json!(NOW + 60), &json!(NOW + 3660))
    );
}

#[test]
fn a_key_file_without_an_id_will_do() {
    let file = json!({"client_email": "robot@example.com", "private_key": RSA_2048}).to_string();
    let grant = of_service_account(&file, &[], &google()).unwrap();
    let (head, ..) = assertion(&request(&grant));
    assert_eq!(head, json!({"alg": "RS256", "typ": "JWT"}));
}

#[track_caller]
fn check_refused(file: &str, expected: &Expect) {
    let refused = of_service_account(file, &[], &google());
    expected.assert_eq(refused.unwrap_err());
}

#[test]
fn wrong_key_files_are_told_apart() {
    let no_json = &expect!["it is no JSON with `client_email` and `private_key`"];
    check_refused(RSA_2048, no_json);
    check_refused("{}", no_json);
    check_refused(r#"{"client_email": "a@b.example"}"#, no_json);
    let no_pem = &expect!["its `private_key` is no PKCS #8 key in PEM"];
    check_refused(&key_file("MIIEvQIBADANBgkqhkiG"), no_pem);
    check_refused(&key_file(include_str!("tests/rsa-2048-pkcs1.pem")), no_pem);
    let no_rsa = &expect!["its `private_key` is no RSA key of 2048 to 4096 bits"];
    check_refused(&key_file(include_str!("tests/ec-p256.pem")), no_rsa);
    check_refused(&key_file(include_str!("tests/rsa-1024.pem")), no_rsa);
}

/// Any line of a key's text.
fn lines_of_key() -> impl Iterator<Item = &'static str> {
    RSA_2048.lines().filter(|line| !line.starts_with('-'))
}

#[test]
fn nothing_secret_shows() {
    let account = of_service_account(&key_file(RSA_2048), &[], &google()).unwrap();
    let shown = format!("{account:?}");
    for line in lines_of_key() {
        assert!(!shown.contains(line), "{shown}");
    }
    for client_auth in [ClientAuth::Basic, ClientAuth::Body] {
        let spec = spec(TokenRequest::Form, client_auth);
        let grant = of_client(&spec, "acme-id", "acme-password", None);
        let request = request(&grant);
        let shown = format!("{grant:?} {:?}", request.head);
        for secret in ["acme-id", "acme-password", "YWNtZS1pZDphY21l"] {
            assert!(!shown.contains(secret), "{shown}");
        }
    }
    let granted = read(StatusCode::OK, br#"{"access_token":"token-0123"}"#, &[]).unwrap();
    assert!(!format!("{granted:?}").contains("token-0123"));
}

/// What an answer gives: how long its token lives, or why there is none and what to do.
#[track_caller]
fn check_answer(status: u16, body: &str, expected: &Expect) {
    let status = StatusCode::from_u16(status).unwrap();
    let text = match read(status, body.as_bytes(), &[Secret::new("acme-password")]) {
        Ok(granted) => {
            let authorization = granted.authorization.to_str().unwrap();
            format!("{authorization} for {:?}", granted.lifetime)
        }
        Err(error) => format!("{error}\n{}", error.hint()),
    };
    expected.assert_eq(&text);
}

#[track_caller]
fn check_lifetime(expires_in: &str, expected: &Expect) {
    let body = format!(r#"{{"access_token": "t", "expires_in": {expires_in}}}"#);
    check_answer(200, &body, expected);
}

#[test]
fn lifetimes_are_read_as_servers_write_them() {
    check_lifetime("3600", &expect!["Bearer t for 3600s"]);
    check_lifetime("\"3600\"", &expect!["Bearer t for 3600s"]);
    check_lifetime("\" 3600 \"", &expect!["Bearer t for 3600s"]);
    check_lifetime("3599.5", &expect!["Bearer t for 3599.5s"]);
    check_lifetime("1", &expect!["Bearer t for 1s"]);
    check_lifetime("1e18", &expect!["Bearer t for 1000000000000000000s"]);
}

#[test]
fn a_lifetime_that_is_none_counts_as_unsaid() {
    let unsaid = &expect!["Bearer t for 300s"];
    check_answer(200, r#"{"access_token": "t"}"#, unsaid);
    for odd in [
        "null", "0", "-1", "-3600", "\"soon\"", "\"NaN\"", "\"inf\"", "1e300", "1e400", "[]", "{}",
        "true",
    ] {
        check_lifetime(odd, unsaid);
    }
}

#[test]
fn a_servers_refusal_is_quoted() {
    check_answer(
        401,
        r#"{"error": "invalid_client", "error_description": "Client authentication failed"}"#,
        &expect![[r#"
            the token server answered 401 Unauthorized: invalid_client, Client authentication failed
            check what tokens are asked for with, id and password or key file, and that it may have this scope"#]],
    );
    check_answer(
        400,
        r#"{"error": "invalid_scope"}"#,
        &expect![[r#"
            the token server answered 400 Bad Request: invalid_scope
            check what tokens are asked for with, id and password or key file, and that it may have this scope"#]],
    );
    // Some refuse with 200.
    check_answer(
        200,
        r#"{"ok": false, "error": "invalid_auth"}"#,
        &expect![[r#"
            the token server answered 200 OK: invalid_auth
            check what tokens are asked for with, id and password or key file, and that it may have this scope"#]],
    );
    check_answer(
        503,
        "<html>out of order</html>",
        &expect![[r#"
            the token server answered 503 Service Unavailable
            the token server is busy or out of order; ask again later"#]],
    );
    check_answer(
        429,
        "{}",
        &expect![[r#"
            the token server answered 429 Too Many Requests
            the token server is busy or out of order; ask again later"#]],
    );
    check_answer(
        302,
        "",
        &expect![[r#"
            the token server answered 302 Found
            check what tokens are asked for with, id and password or key file, and that it may have this scope"#]],
    );
}

#[test]
fn an_answer_without_a_token_is_none() {
    let none = &expect![[r#"
        the token server's answer has no token
        check the address that tokens are asked for at"#]];
    for body in [
        "",
        "{}",
        "[]",
        "<!doctype html><title>Sign in</title>",
        r#"{"access_token": ""}"#,
        r#"{"access_token": 7}"#,
        r#"{"access_token": "a\nb"}"#,
        r#"{"access_token": "t""#,
    ] {
        check_answer(200, body, none);
    }
}

#[test]
fn what_a_server_says_cannot_do_harm() {
    // Neither to the terminal that shows it, nor by its length, nor by repeating what it was sent.
    check_answer(
        401,
        r#"{"error": "bad\u001b[2J\r\nclient acme-password"}"#,
        &expect![[r#"
            the token server answered 401 Unauthorized: bad[2Jclient …
            check what tokens are asked for with, id and password or key file, and that it may have this scope"#]],
    );
    let long = format!(r#"{{"error": "{}"}}"#, "é".repeat(10_000));
    let error = read(StatusCode::BAD_REQUEST, long.as_bytes(), &[]).unwrap_err();
    assert_eq!(
        error.to_string().chars().filter(|it| *it == 'é').count(),
        200
    );
    // Errors do not count as tokens.
    let both = r#"{"error": "no", "access_token": "t"}"#;
    assert!(read(StatusCode::BAD_REQUEST, both.as_bytes(), &[]).is_err());
}

#[test]
fn no_request_is_quoted_by_its_answer() {
    let basic = of_client(
        &spec(TokenRequest::Form, ClientAuth::Basic),
        "acme-id",
        "acme-password",
        None,
    );
    let account = of_service_account(&key_file(RSA_2048), &[], &google()).unwrap();
    for grant in [basic, account] {
        let request = request(&grant);
        let values = request.head.headers.values();
        let head: Vec<&str> = values.map(|value| value.to_str().unwrap()).collect();
        let body = String::from_utf8(request.body.clone()).unwrap();
        let echo = json!({ "error": format!("{body} {}", head.join(" ")) }).to_string();
        let error = read(StatusCode::BAD_REQUEST, echo.as_bytes(), &request.secrets).unwrap_err();
        let shown = format!("{error} {error:?}");
        for secret in ["acme-id", "acme-password", "YWNtZS1p", "eyJ"] {
            assert!(!shown.contains(secret), "{shown}");
        }
    }
}

/// A client whose id begins its password, which is written differently wherever it is sent.
const CLIENT: (&str, &str) = ("acme", "acme p@ss/w:\"rd\"~");

/// What is said of a refusal that repeats `echo`.
fn quoted(client_auth: ClientAuth, echo: &str) -> String {
    let spec = spec(TokenRequest::Form, client_auth);
    let grant = of_client(&spec, CLIENT.0, CLIENT.1, None);
    let answer = json!({ "error": "no", "error_description": echo }).to_string();
    let secrets = request(&grant).secrets;
    let error = read(StatusCode::BAD_REQUEST, answer.as_bytes(), &secrets).unwrap_err();
    error.to_string()
}

#[track_caller]
fn check_quoted(client_auth: ClientAuth, echo: &str, expected: &Expect) {
    expected.assert_eq(&quoted(client_auth, echo));
}

#[test]
fn what_a_client_proves_itself_with_is_quoted_in_no_form() {
    let of_body = &expect!["the token server answered 400 Bad Request: no, client_secret=…"];
    for form in [
        CLIENT.1,
        // As forms have it, as addresses have it, and with small digits.
        "acme+p%40ss%2Fw%3A%22rd%22%7E",
        "acme%20p%40ss%2Fw%3A%22rd%22~",
        "acme%20p%40ss%2fw%3a%22rd%22~",
        "acme p@ss/w:\\\"rd\\\"~",
        "acme p@ss\\/w:\\\"rd\\\"~",
        "YWNtZSBwQHNzL3c6InJkIn4=",
        "YWNtZSBwQHNzL3c6InJkIn4",
        // Taken apart by characters that nobody would see.
        "acme p@\u{1}ss/w:\r\n\"rd\"~",
    ] {
        check_quoted(ClientAuth::Body, &format!("client_secret={form}"), of_body);
    }
    let pair = "acme:acme+p%40ss%2Fw%3A%22rd%22%7E";
    let of_pair = &expect!["the token server answered 400 Bad Request: no, Basic …"];
    check_quoted(ClientAuth::Basic, &format!("Basic {pair}"), of_pair);
    let encoded = STANDARD.encode(pair);
    check_quoted(ClientAuth::Basic, &format!("Basic {encoded}"), of_pair);
    check_quoted(
        ClientAuth::Basic,
        "got acme and acme+p%40ss%2Fw%3A%22rd%22%7E",
        &expect!["the token server answered 400 Bad Request: no, got … and …"],
    );
}

#[test]
fn nothing_of_a_form_is_quoted_where_another_begins_it() {
    for client_auth in [ClientAuth::Basic, ClientAuth::Body] {
        let error = quoted(client_auth, CLIENT.1);
        assert!(error.ends_with(": no, …"), "{error}");
    }
}
