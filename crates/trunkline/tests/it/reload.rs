//! New settings, connectors and secrets for an engine that is at work.

use std::pin::pin;

use trunkline::{Catalog, ErrorKind};

use crate::stand::{CANARIES, Stand, catalog, config, get, secrets, settings_of};
use crate::upstream::{Act, Upstream, json};

#[tokio::test]
async fn calls_under_way_keep_what_they_began_with() {
    let before = Upstream::start([json(503, "{}"), json(200, "{}")]);
    let after = Upstream::start([json(200, "{}")]);
    let stand = Stand::new("acme", before.address, "");
    let mut call = pin!(stand.engine.call(get("acme", "/things")));
    let wait = stand.until_it_waits(&mut call).await;

    let config = config(&settings_of("acme", after.address, ""));
    let renewed = secrets(&[("ACME_API_KEY", "renewed")]);
    let reloaded = stand.engine.reload(config, catalog("acme", ""), &renewed);
    reloaded.expect("the new settings are right");

    let next = stand.engine.call(get("acme", "/things")).await.unwrap();
    assert_eq!(next.status, 200);
    assert_eq!(after.requests()[0].header("x-acme-key"), Some("renewed"));

    stand.time.advance(wait);
    assert_eq!(call.await.unwrap().attempts, 2);
    let requests = before.requests();
    assert_eq!(requests.len(), 2);
    assert_eq!(requests[1].header("x-acme-key"), Some(CANARIES[0].1));
}

#[tokio::test]
async fn clones_and_other_threads_engines_see_the_same() {
    let before = Upstream::start([]);
    let after = Upstream::start([json(200, "{}"), json(200, "{}")]);
    let stand = Stand::new("acme", before.address, "");
    let (clone, other) = (stand.engine.clone(), stand.engine.with_own_pool());
    let config = config(&settings_of("acme", after.address, ""));
    let reloaded = stand
        .engine
        .reload(config, catalog("acme", ""), &secrets(&CANARIES));
    reloaded.expect("the new settings are right");
    for engine in [clone, other] {
        assert_eq!(
            engine.call(get("acme", "/things")).await.unwrap().status,
            200
        );
    }
    assert_eq!(before.connections(), 0);
}

#[tokio::test]
async fn a_bad_reload_changes_nothing() {
    let upstream = Upstream::start([json(200, "{}")]);
    let stand = Stand::new("acme", upstream.address, "");
    let config = config("[connectors.other]\ntimeout = \"1s\"\n");
    let error = stand
        .engine
        .reload(config, Catalog::default(), &secrets(&[]))
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BadSettings);
    assert!(stand.engine.catalog().find("acme").is_some());
    let names: Vec<_> = stand.engine.config().connectors.keys().copied().collect();
    assert_eq!(names, ["acme".parse().unwrap()]);
    assert_eq!(
        stand.run(get("acme", "/things")).await.summary(),
        "200 in 1"
    );
}

#[tokio::test]
async fn what_was_repeated_before_a_reload_still_counts() {
    let upstream = Upstream::start([]);
    let settings = "retry = { attempts = 2, wait_first = \"1ms\" }\nbreaker = \"off\"";
    let stand = Stand::new("acme", upstream.address, settings);
    let mut repeated = 0;
    for _ in 0..15 {
        upstream.restart([json(503, "{}"), Act::Cut(Vec::new())]);
        drop(stand.run(get("acme", "/things")).await);
        repeated += upstream.requests().len() - 1;
        let config = config(&settings_of("acme", upstream.address, settings));
        let reloaded = stand
            .engine
            .reload(config, catalog("acme", ""), &secrets(&CANARIES));
        reloaded.expect("the same settings are right again");
    }
    assert_eq!(repeated, 10);
}

#[tokio::test]
async fn a_secret_that_appears_makes_calls_possible() {
    let upstream = Upstream::start([json(200, "{}")]);
    let stand = Stand::new("acme", upstream.address, "");
    let reload = |variables: &[(&str, &str)]| {
        let config = config(&settings_of("acme", upstream.address, ""));
        stand
            .engine
            .reload(config, catalog("acme", ""), &secrets(variables))
    };
    // A missing secret keeps nobody from starting, nor from reloading.
    reload(&[]).unwrap();
    let error = stand.run(get("acme", "/things")).await.error();
    assert_eq!(error.kind(), ErrorKind::SecretMissing);
    reload(&CANARIES).unwrap();
    assert_eq!(
        stand.run(get("acme", "/things")).await.summary(),
        "200 in 1"
    );
}
