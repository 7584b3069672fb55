//! The text of the fields.

use std::num::NonZeroU32;
use std::time::Duration;

use expect_test::{Expect, expect};

use super::{Quota, limit, policy, whole_secs};
use crate::gcra::Bucket;
use crate::{Nanos, Rate};

#[track_caller]
fn check(quotas: &[Quota<'_>], expected: Expect) {
    expected.assert_eq(&format!("{}\n{}", policy(quotas), limit(quotas)));
}

fn weight(weight: u32) -> NonZeroU32 {
    NonZeroU32::new(weight).unwrap()
}

#[test]
fn a_bucket_is_told_as_a_quota_and_its_window() {
    let bucket: Bucket = Bucket::default();
    let rate = Rate::new(weight(100), weight(10), Duration::from_secs(1)).unwrap();
    let quota = |now| [Quota::of_bucket("default", &bucket, &rate, now)];
    check(
        &quota(Nanos::ZERO),
        expect![[r#"
            "default";q=100;w=10
            "default";r=100;t=1"#]],
    );
    let _taken = bucket.reserve(&rate, Nanos::ZERO, weight(100), Duration::ZERO);
    check(
        &quota(Nanos::ZERO.plus(Duration::from_millis(4250))),
        expect![[r#"
            "default";q=100;w=10
            "default";r=42;t=1"#]],
    );
}

#[test]
fn several_policies_are_one_list() {
    let (minute, day): (Bucket, Bucket) = (Bucket::default(), Bucket::default());
    let per_minute = Rate::new(weight(50), weight(50), Duration::from_mins(1)).unwrap();
    let per_day = Rate::new(weight(10), weight(10), Duration::from_hours(24)).unwrap();
    let _taken = day.reserve(&per_day, Nanos::ZERO, weight(10), Duration::ZERO);
    check(
        &[
            Quota::of_bucket("permin", &minute, &per_minute, Nanos::ZERO),
            Quota::of_bucket("perday", &day, &per_day, Nanos::ZERO),
            Quota::of_concurrency("streams", 20, 25),
        ],
        expect![[r#"
            "permin";q=50;w=60, "perday";q=10;w=86400, "streams";q=20;qu="concurrent-requests"
            "permin";r=50;t=2, "perday";r=0;t=8640, "streams";r=0"#]],
    );
    assert!(policy(&[]).is_empty() && limit(&[]).is_empty());
}

#[test]
fn a_name_stays_within_its_quotes() {
    let quota = Quota::of_concurrency("a\"b\\c\r\nd\u{e9}", 1, 0);
    check(
        &[Quota {
            quota: u64::MAX,
            ..quota
        }],
        expect![[r#"
            "a\"b\\c__d_";q=999999999999999;qu="concurrent-requests"
            "a\"b\\c__d_";r=1"#]],
    );
}

#[test]
fn a_wait_is_told_in_whole_seconds_and_never_too_short() {
    let told = |millis| whole_secs(Duration::from_millis(millis));
    assert_eq!([told(0), told(1), told(1000), told(1001)], [1, 1, 1, 2]);
    assert_eq!(whole_secs(Duration::MAX), u64::MAX);
}
