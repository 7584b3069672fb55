//! Waits of any bytes in every unit: a bounded time or nothing, never a panic.

#![no_main]

use std::time::{Duration, SystemTime};

use libfuzzer_sys::fuzz_target;
use trunkline_connector::format::WaitUnit;
use trunkline_connector::wait;

const UNITS: [WaitUnit; 9] = [
    WaitUnit::DeltaSeconds,
    WaitUnit::DeltaMs,
    WaitUnit::Duration,
    WaitUnit::HttpDate,
    WaitUnit::Rfc3339,
    WaitUnit::UnixS,
    WaitUnit::UnixMs,
    WaitUnit::RatelimitSf,
    WaitUnit::Auto,
];

fuzz_target!(|text: &str| {
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_767_225_600);
    for unit in UNITS {
        if let Some(wait) = wait::parse(unit, text, now) {
            assert!(wait <= wait::WAIT_MAX);
        }
    }
});
