//! How property tests run: the same cases every time, so that a failure is there for everybody.

use proptest::test_runner::{Config, RngSeed};

/// That many cases from a fixed seed.
pub(crate) fn seeded(cases: u32) -> Config {
    Config {
        cases,
        rng_seed: RngSeed::Fixed(2026),
        failure_persistence: None,
        ..Config::default()
    }
}
