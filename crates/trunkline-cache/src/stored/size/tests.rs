//! The reckoning beside what the system says that the process takes.

use std::fs;
use std::hint::black_box;

use crate::samples::try_store;
use crate::{Policy, Stored};

/// So much is kept of each kind of answer that nothing else in the process matters.
const KEPT: usize = 8 << 20;

/// What the process has beside.
const NOISE: usize = 512 << 10;

/// What the process takes, as the system sees it.
#[cfg(target_os = "linux")]
fn resident() -> usize {
    let status = fs::read_to_string("/proc/self/status").expect("the system tells");
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .expect("it is among it");
    let kib = line.trim().strip_suffix(" kB").expect("it has a unit");
    kib.parse::<usize>().expect("it is a number") << 10
}

/// Keeps answers of one kind, which were all served once: how much they say that they take, and
/// how much they do.
#[cfg(target_os = "linux")]
fn keep(asked: &str, answered: &str, kept: &mut Vec<Stored>) -> (usize, usize) {
    let before = resident();
    let mut said = 0;
    while said < KEPT {
        let stored = try_store(Policy::Headers, asked, answered).expect("it may be stored");
        // From then on each value is shared.
        drop(black_box(stored.headers().clone()));
        said += stored.size();
        kept.push(stored);
    }
    (said, resident() - before)
}

#[cfg(target_os = "linux")]
fn repeated(count: usize, line: impl Fn(usize) -> String) -> String {
    (0..count).map(line).collect()
}

/// What is told is never less than what is taken, whatever an upstream thinks of; nor is it so much
/// more that half the memory would stay empty.
#[test]
#[cfg(target_os = "linux")]
fn what_is_kept_takes_no_more_than_it_says() {
    let ordinary = "Content-Type: application/json; charset=utf-8\nContent-Length: 5123\n\
                    ETag: \"0f1e2d3c4b5a69788796a5b4c3d2e1f0\"\nVary: Accept-Encoding\n\
                    Server: nginx\nX-Request-Id: 6f1c8a4e-95c2-4b8a-8f39-1f0b6a2f7d11\n\
                    Strict-Transport-Security: max-age=31536000\nX-Ratelimit-Remaining: 4999";
    let names = |length: usize| repeated(200, |n| format!("x{n:0length$},"));
    let asked = repeated(200, |n| format!("x{n:06}: {n}\n"));
    let kinds = [
        ("ordinary", "Accept-Encoding: gzip", ordinary.to_owned()),
        ("nothing", "", String::new()),
        ("tiny fields", "", repeated(90, |n| format!("x{n}: a\n"))),
        ("empty fields", "", repeated(90, |n| format!("x{n}:\n"))),
        ("one name", "", repeated(90, |n| format!("x: {n}\n"))),
        ("a large value", "", format!("x: {}", "y".repeat(30_000))),
        ("a large name", "", format!("{}: x", "y".repeat(30_000))),
        ("varied, absent", "", format!("vary: {}", names(2))),
        ("varied, long", "", format!("vary: {}", names(120))),
        ("varied, there", &*asked, format!("vary: {}", names(6))),
    ];
    let mut kept = Vec::with_capacity(100_000);
    for (kind, asked, answered) in &kinds {
        let answered = format!("Cache-Control: max-age=60\n{answered}");
        let (said, takes) = keep(asked, &answered, &mut kept);
        assert!(takes < said + NOISE, "{kind}: {takes} of {said}");
        assert!(said < 2 * takes, "{kind}: {takes} of {said}");
    }
}
