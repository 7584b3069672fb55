//! Every answer can be told from every other.

use super::{Route, VERSION, body, outdated, tag, version, version_of};

#[test]
fn a_body_says_its_version() {
    let body = body(Route::Kept, "/kept/1 en", 42);
    assert_eq!(version_of(&body), Some(42));
    assert_eq!(version_of(b"{}"), None);
}

#[test]
fn bodies_and_tags_differ_by_what_was_asked_and_by_version() {
    let bodies = [("/plain/1 7", 1), ("/plain/1 8", 1), ("/plain/1 7", 2)];
    for (place, (what, version)) in bodies.into_iter().enumerate() {
        for (other, other_version) in bodies.into_iter().skip(place + 1) {
            let made = |what, version| body(Route::Plain, what, version);
            assert_ne!(made(what, version), made(other, other_version));
            assert_ne!(tag(what, version), tag(other, other_version));
        }
    }
}

#[test]
fn a_version_lasts_until_the_next() {
    assert_eq!(version(VERSION / 2), 0);
    assert_eq!(version(VERSION), 1);
    assert_eq!(outdated(0), VERSION);
}

#[test]
fn a_path_leads_to_its_route() {
    assert_eq!(Route::of("/kept/3?page=1"), Some(Route::Kept));
    assert_eq!(Route::of("/kept-large/3"), Some(Route::KeptLarge));
    assert_eq!(Route::of("/asked"), Some(Route::Asked));
    assert_eq!(Route::of("/unknown"), None);
}

#[test]
fn large_bodies_fit_into_the_cache_all_the_same() {
    let large = body(Route::KeptLarge, "/kept-large/1", 1).len();
    assert!((1_000_000..1024 * 1024).contains(&large), "{large}");
}
