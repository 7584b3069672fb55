//! Reckoning with another machine's clock.

use super::*;

#[test]
fn moments_are_told_by_the_other_clock_but_never_as_later() {
    let seen = clock::now() + Duration::from_secs(10);
    let remote = RemoteClock {
        us: 5_000_000,
        seen,
    };
    assert_eq!(remote.at_least_at(seen), 4_999_000);
    let later = seen + Duration::from_secs(2);
    assert_eq!(remote.at_least_at(later), 6_999_000);
    let earlier = seen.checked_sub(Duration::from_secs(2)).unwrap();
    assert_eq!(remote.at_least_at(earlier), 2_999_000);
    let long_ago = seen.checked_sub(Duration::from_secs(9)).unwrap();
    assert_eq!(remote.at_least_at(long_ago), 0);
}
