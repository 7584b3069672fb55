//! The `RateLimit` field, which means the same wherever it appears.
//!
//! draft-ietf-httpapi-ratelimit-headers: `RateLimit: "default";r=50;t=30` says what is left and when
//! it comes back, `RateLimit-Policy: "default";q=100;w=60` how much there can be. Drafts up to 07 had
//! `RateLimit: limit=100, remaining=50, reset=30`. A malformed field is ignored whole.

use std::time::Duration;

use http::{HeaderMap, HeaderName};

use super::{ComesBack, Told};
use crate::format::Counts;
use crate::wait::WAIT_MAX;
use crate::wait::structured::{self, Field, Item};

static LEFT: HeaderName = HeaderName::from_static("ratelimit");
static POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

pub(super) fn told(headers: &HeaderMap) -> Vec<Told> {
    let Some(left) = field(headers, &LEFT) else {
        return Vec::new();
    };
    let policies = field(headers, &POLICY).map_or(Vec::new(), |field| field.items);
    let policy_of = |item: &Item| policies.iter().find(|policy| policy.name == item.name);
    let items = left.items.iter().filter_map(|item| {
        let policy = policy_of(item);
        let counts = counts_of(policy.and_then(|policy| policy.quota_unit.as_deref()))?;
        Some(Told {
            counts,
            limit: policy.and_then(|policy| policy.quota),
            remaining: item.remaining?,
            comes_back: comes_back(item.refilled_in),
        })
    });
    let combined = left.combined.remaining.map(|remaining| Told {
        counts: Counts::Requests,
        limit: left.combined.limit,
        remaining,
        comes_back: comes_back(left.combined.refilled_in),
    });
    items.chain(combined).collect()
}

/// The whole field: a list may be split over several lines (RFC 9110 section 5.3).
fn field(headers: &HeaderMap, name: &HeaderName) -> Option<Field> {
    let mut lines = headers.get_all(name).iter();
    let mut text = lines.next()?.to_str().ok()?.to_owned();
    for line in lines {
        text.push(',');
        text.push_str(line.to_str().ok()?);
    }
    structured::parse(text.trim())
}

/// What a quota unit of the draft's registry counts. Requests that run at the same time are no
/// amount that is used up.
fn counts_of(unit: Option<&str>) -> Option<Counts> {
    match unit {
        None | Some("requests") => Some(Counts::Requests),
        Some("content-bytes") => Some(Counts::Other),
        Some(_) => None,
    }
}

fn comes_back(seconds: Option<u64>) -> ComesBack {
    seconds.map_or(ComesBack::Unknown, |seconds| {
        ComesBack::In(Duration::from_secs(seconds).min(WAIT_MAX))
    })
}
