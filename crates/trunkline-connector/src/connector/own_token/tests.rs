//! Which tokens are a user's own, in all spellings.

use super::*;
use crate::{Connector, builtin};

fn headers(lines: &[(&'static str, &[u8])]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in lines {
        headers.append(*name, HeaderValue::from_bytes(value).unwrap());
    }
    headers
}

/// What goes on of these lines; `None` is the app's key.
fn found(token: &OwnToken, lines: &[(&'static str, &[u8])]) -> Option<Vec<u8>> {
    let value = token.find(&headers(lines))?;
    Some(value.as_bytes().to_vec())
}

fn of(header: &'static str, pattern: &str) -> OwnToken {
    let unless_in = HeaderName::from_static("apikey");
    OwnToken::new(HeaderName::from_static(header), pattern, unless_in).unwrap()
}

fn signed_in() -> OwnToken {
    of("authorization", r"^Bearer [a-z]+\.[a-z]+\.[a-z]+$")
}

#[test]
fn a_token_is_one_in_every_spelling_of_its_scheme_rfc_9110_11_1() {
    for spelling in [
        "Bearer user.own.token",
        "bearer user.own.token",
        "BEARER user.own.token",
        "bEaReR user.own.token",
        "Bearer  user.own.token",
        "Bearer\tuser.own.token",
        "bearer \t user.own.token",
        " Bearer user.own.token ",
        "\tBearer user.own.token\t",
    ] {
        let lines: [(_, &[u8]); 2] = [("authorization", spelling.as_bytes()), ("apikey", b"app")];
        assert_eq!(
            found(&signed_in(), &lines).as_deref(),
            Some(&b"Bearer user.own.token"[..]),
            "{spelling:?}"
        );
    }
}

#[test]
fn a_scheme_may_have_another_name_or_none() {
    let token = of("authorization", "^(token|OAuth) [a-z]+$");
    for (sent, goes_on) in [
        ("token  abc", Some("token abc")),
        ("TOKEN abc", Some("TOKEN abc")),
        ("oauth\tabc", Some("oauth abc")),
        ("Bearer abc", None),
    ] {
        let on = found(&token, &[("authorization", sent.as_bytes())]);
        assert_eq!(on.as_deref(), goes_on.map(str::as_bytes), "{sent:?}");
    }
    let bare = of("x-user-token", "^[a-z]+$");
    assert_eq!(
        found(&bare, &[("x-user-token", b" abc\t")]).as_deref(),
        Some(&b"abc"[..])
    );
    assert_eq!(found(&bare, &[("authorization", b"abc")]), None);
}

#[test]
fn no_line_hides_a_token_in_another() {
    let lines = |lines: &[&'static str]| {
        let mut all: Vec<(_, &[u8])> = lines
            .iter()
            .map(|line| ("authorization", line.as_bytes()))
            .collect();
        all.push(("apikey", b"app.own.key"));
        found(&signed_in(), &all).map(|value| String::from_utf8(value).unwrap())
    };
    let one = Some("Bearer user.own.token".to_owned());
    assert_eq!(lines(&["Basic dXNlcg==", "bearer user.own.token"]), one);
    assert_eq!(lines(&["Bearer user.own.token", "Basic dXNlcg=="]), one);
    assert_eq!(lines(&["Bearer app.own.key", "Bearer user.own.token"]), one);
    // The app puts its own first: a user does not get past it.
    assert_eq!(
        lines(&["Bearer user.own.token", "Bearer other.own.token"]),
        one
    );
    assert_eq!(lines(&["Basic dXNlcg==", "Bearer app.own.key"]), None);
}

#[test]
fn what_stands_in_the_apps_header_is_the_apps() {
    let with = |apps: &[&'static str]| {
        let mut all: Vec<(_, &[u8])> = vec![("authorization", b"bearer  user.own.token")];
        all.extend(apps.iter().map(|line| ("apikey", line.as_bytes())));
        found(&signed_in(), &all)
    };
    for (apps, is_apps) in [
        (&["user.own.token"][..], true),
        (&[" user.own.token\t"], true),
        (&["Bearer user.own.token"], true),
        (&["user.own.token", "user.own.token"], true),
        (&[], false),
        // The end of a token is not the token.
        (&[""], false),
        (&["n"], false),
        (&["own.token"], false),
        (&["app.own.key", "user.own.token"], false),
        (&["user.own.token", "app.own.key"], false),
    ] {
        assert_eq!(with(apps).is_none(), is_apps, "{apps:?}");
    }
}

#[test]
fn at_supabase_whatever_resembles_a_token_is_never_taken_for_the_app() {
    let mut folders = builtin::sources().into_iter();
    let (_, files) = folders
        .find(|(name, _)| name.as_str() == "supabase")
        .unwrap();
    let supabase = Connector::load(files).unwrap();
    let [token] = &supabase.own_tokens[..] else {
        panic!("there is one kind");
    };
    let on = |line: &[u8], apps: &'static [u8]| {
        found(token, &[("authorization", line), ("apikey", apps)]).is_some()
    };
    for line in [
        &b"Bearer aaaa.bbbb.cccc"[..],
        b"bearer aaaa.bbbb.cccc",
        b"Bearer\taaaa.bbbb.cccc",
        // Without a signature, in base64's other alphabet, encrypted, with something behind it.
        b"Bearer aaaa.bbbb.",
        b"Bearer aa+a.bb/b.cc==",
        b"Bearer a.b.c.d.e",
        b"Bearer aaaa.bbbb.cccc extra",
        b"Bearer aaaa.bbbb.cccc, Bearer dddd.eeee.ffff",
        b"Bearer aaaa.bbbb.cccc,",
        b"Bearer \"aaaa.bbbb.cccc\"",
        b"Bearer aaaa.bbbb.cc\xffcc",
    ] {
        let shown = String::from_utf8_lossy(line);
        assert!(on(line, b"sb_publishable_unused"), "{shown}");
    }
    // What its SDKs send before anybody has signed in.
    assert!(!on(
        b"Bearer sb_publishable_unused",
        b"sb_publishable_unused"
    ));
    assert!(!on(b"Bearer aaaa.bbbb.cccc", b"aaaa.bbbb.cccc"));
    assert!(!on(b"Bearer unused", b"unused"));
}
