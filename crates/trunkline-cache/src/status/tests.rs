//! Every text of `Cache-Status`.

use std::time::Duration;

use super::*;

fn hit(kind: HitKind, ttl: i64) -> String {
    let hit = Hit {
        which: 0,
        age: Duration::ZERO,
        ttl,
        kind,
    };
    text(hit.cache_status())
}

fn text(value: HeaderValue) -> String {
    value.to_str().expect("it is ASCII").to_owned()
}

fn forwarded(why: Why, status: Option<u16>, kept: Kept) -> String {
    let status = status.and_then(|code| StatusCode::from_u16(code).ok());
    let forwarded = Forwarded {
        why,
        status,
        kept,
        collapsed: false,
    };
    text(forwarded.cache_status())
}

#[test]
fn a_hit_says_how_long_it_lasts_rfc_9211_2_1() {
    assert_eq!(hit(HitKind::Fresh, 376), "trunkline; hit; ttl=376");
    assert_eq!(
        hit(HitKind::Fresh, i64::MAX),
        "trunkline; hit; ttl=999999999999999"
    );
    assert_eq!(
        hit(HitKind::StaleWhileRevalidate, -4),
        "trunkline; hit; ttl=-4; detail=stale-while-revalidate"
    );
    assert_eq!(
        hit(HitKind::MaxStale, -412),
        "trunkline; hit; ttl=-412; detail=max-stale"
    );
}

#[test]
fn a_forwarded_request_says_why_rfc_9211_2_2() {
    let table: String = [
        Why::Off,
        Why::Precondition,
        Why::Method,
        Why::UriMiss,
        Why::VaryMiss,
        Why::RequestNoStore,
        Why::RequestNoCache,
        Why::RequestMaxAge,
        Why::RequestMinFresh,
        Why::Stale,
        Why::NoCache,
        Why::Clock,
        Why::Partial,
    ]
    .map(|why| forwarded(why, None, Kept::Unsaid) + "\n")
    .concat();
    expect_test::expect![[r#"
        trunkline; fwd=bypass
        trunkline; fwd=bypass; detail=precondition
        trunkline; fwd=method
        trunkline; fwd=uri-miss
        trunkline; fwd=vary-miss
        trunkline; fwd=request; detail=request-no-store
        trunkline; fwd=request; detail=request-no-cache
        trunkline; fwd=request; detail=request-max-age
        trunkline; fwd=request; detail=request-min-fresh
        trunkline; fwd=stale
        trunkline; fwd=stale; detail=no-cache
        trunkline; fwd=stale; detail=clock
        trunkline; fwd=partial
    "#]]
    .assert_eq(&table);
}

#[test]
fn a_forwarded_request_says_what_came_of_it_rfc_9211_2_3_to_2_5() {
    let table: String = [
        forwarded(Why::UriMiss, Some(200), Kept::Stored { ttl: 60 }),
        forwarded(Why::UriMiss, Some(200), Kept::Not(NotStored::NoStore)),
        forwarded(Why::UriMiss, Some(200), Kept::Unsaid),
        forwarded(Why::UriMiss, Some(200), Kept::Unkept("too-large")),
        forwarded(Why::Stale, Some(304), Kept::Stored { ttl: 60 }),
        forwarded(Why::Stale, Some(503), Kept::StaleInstead { ttl: -5 }),
        forwarded(Why::Stale, None, Kept::StaleInstead { ttl: -5 }),
        forwarded(Why::NoCache, Some(200), Kept::Not(NotStored::Private)),
    ]
    .map(|line| line + "\n")
    .concat();
    expect_test::expect![[r#"
        trunkline; fwd=uri-miss; fwd-status=200; stored; ttl=60
        trunkline; fwd=uri-miss; fwd-status=200; detail=no-store
        trunkline; fwd=uri-miss; fwd-status=200
        trunkline; fwd=uri-miss; fwd-status=200; detail=too-large
        trunkline; fwd=stale; fwd-status=304; stored; ttl=60
        trunkline; fwd=stale; fwd-status=503; ttl=-5; detail=stale-if-error
        trunkline; fwd=stale; ttl=-5; detail=stale-if-error
        trunkline; fwd=stale; fwd-status=200; detail=no-cache
    "#]]
    .assert_eq(&table);
}

#[test]
fn a_shared_answer_says_so_rfc_9211_2_6() {
    let collapsed = Forwarded {
        why: Why::UriMiss,
        status: None,
        kept: Kept::Stored { ttl: 60 },
        collapsed: true,
    };
    assert_eq!(
        text(collapsed.cache_status()),
        "trunkline; fwd=uri-miss; stored; ttl=60; collapsed"
    );
}

#[test]
fn an_answer_of_neither_kind_says_neither() {
    assert_eq!(text(only_if_cached()), "trunkline; detail=only-if-cached");
}

#[test]
fn every_text_is_a_structured_field_rfc_9211_2() {
    for why in [
        NotStored::Off,
        NotStored::Method,
        NotStored::Status,
        NotStored::RequestNoStore,
        NotStored::NoStore,
        NotStored::NotUnderstood,
        NotStored::Private,
        NotStored::Vary,
        NotStored::Authorization,
        NotStored::SetCookie,
        NotStored::NoFreshness,
        NotStored::NoUse,
    ] {
        let line = forwarded(Why::UriMiss, Some(200), Kept::Not(why));
        let parsed = sfv::Parser::new(line.as_str()).parse_list_with_visitor(sfv::visitor::Ignored);
        assert!(parsed.is_ok(), "{line}");
        assert!(
            line.ends_with(&format!("; detail={}", why.detail())),
            "{line}"
        );
    }
}
