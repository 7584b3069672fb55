//! Random fates, and the laws that hold in each.

use trunkline_tests::{Act, Product, Script, Upstream, answer};

use crate::retry::{fine, get, unsafe_post};

/// What one attempt may meet in a random call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Fine,
    Throttled,
    Broken,
    Cut,
    CutInTheHead,
    Reset,
    CutInTheBody,
}

const FATES: [Fate; 7] = [
    Fate::Fine,
    Fate::Throttled,
    Fate::Broken,
    Fate::Cut,
    Fate::CutInTheHead,
    Fate::Reset,
    Fate::CutInTheBody,
];

impl Fate {
    fn script(self) -> Script {
        let begun = |bytes: &str| Script::reading().say(bytes).then(Act::Close);
        match self {
            Self::Fine => fine(),
            Self::Throttled => answer(429).header("retry-after", "0").script(),
            Self::Broken => answer(503).script(),
            Self::Cut => Script::cut(),
            Self::CutInTheHead => begun("HTTP/1.1 200 OK\r\ncontent-le"),
            Self::Reset => Script::reset(),
            Self::CutInTheBody => begun("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf"),
        }
    }

    /// Whether the law allows another attempt of a request that is not safe to repeat.
    fn allows_unsafe(self) -> bool {
        self == Self::Throttled
    }

    /// Whether the law allows another attempt of any request at all.
    fn allows_safe(self) -> bool {
        !matches!(self, Self::Fine | Self::CutInTheBody)
    }
}

#[test]
fn in_random_calls_the_laws_of_repeating_hold() {
    // Numbers that only look random (Knuth's multiplier), so that a failure can be repeated.
    let mut seed = 2026_u64;
    let mut random = |below: usize| {
        seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(seed >> 33).expect("31 bits fit") % below
    };
    for _ in 0..40 {
        let fates: Vec<Fate> = (0..8).map(|_| FATES[random(FATES.len())]).collect();
        let is_safe = random(2) == 0;
        let request = if is_safe { get() } else { unsafe_post() };
        let upstream = Upstream::start(fates.iter().map(|fate| fate.script()));
        Product::calling("openai", &upstream).serve().send(&request);
        let made = upstream.count();
        assert!((1..=5).contains(&made), "{made} attempts for {fates:?}");
        for fate in &fates[..made - 1] {
            let is_allowed = if is_safe {
                fate.allows_safe()
            } else {
                fate.allows_unsafe()
            };
            assert!(is_allowed, "{made} attempts of {request:?} for {fates:?}");
        }
    }
}
