//! Counts what the engine does not see: connections and refusals.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};

use trunkline::ErrorKind;

use crate::site::Site;

/// What was refused so far, over all threads.
#[derive(Debug)]
pub(crate) struct Tally {
    /// In the order of [`ErrorKind::ALL`].
    refused: Vec<AtomicU64>,
}

impl Tally {
    /// Nothing was refused yet.
    pub(crate) fn new() -> Self {
        Self {
            refused: ErrorKind::ALL.iter().map(|_| AtomicU64::new(0)).collect(),
        }
    }

    /// A request, or a connection, was refused.
    pub(crate) fn refused(&self, kind: ErrorKind) {
        let place = ErrorKind::ALL.iter().position(|known| *known == kind);
        if let Some(count) = place.and_then(|place| self.refused.get(place)) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Everything in the text format of Prometheus.
    pub(crate) fn render(&self, sites: &[Site]) -> String {
        let mut text = String::from(
            "# HELP trunkline_connections_open Connections that callers have open.\n\
             # TYPE trunkline_connections_open gauge\n",
        );
        for site in sites {
            // Writing into a String cannot fail.
            let _ = writeln!(
                text,
                "trunkline_connections_open{{listener=\"{}\"}} {}",
                site.mount.label(),
                site.open(),
            );
        }
        text.push_str(
            "# HELP trunkline_refused_total Requests and connections refused at the door.\n\
             # TYPE trunkline_refused_total counter\n",
        );
        for (kind, count) in ErrorKind::ALL.iter().zip(&self.refused) {
            let count = count.load(Ordering::Relaxed);
            if count > 0 {
                let _ = writeln!(
                    text,
                    "trunkline_refused_total{{code=\"{}\"}} {count}",
                    kind.code()
                );
            }
        }
        text
    }
}
