//! How upstreams do, in the text format of Prometheus.

use std::fmt::Write as _;

use crate::upstream::UpstreamView;

/// One value of one upstream, and of one of its hosts where it is about that.
type Sample = (Option<String>, u64);

/// A metric of upstreams: its name, its kind, what it says, and where its values are.
type Family = (
    &'static str,
    &'static str,
    &'static str,
    fn(&UpstreamView) -> Vec<Sample>,
);

const FAMILIES: [Family; 8] = [
    (
        "trunkline_upstream_in_flight",
        "gauge",
        "Attempts and streams under way.",
        |view| one(view.in_flight.into()),
    ),
    (
        "trunkline_upstream_waiting",
        "gauge",
        "Attempts that wait for their turn.",
        |view| one(view.waiting as u64),
    ),
    (
        "trunkline_upstream_waited_total",
        "counter",
        "Attempts that had to wait for their turn.",
        |view| one(view.waited),
    ),
    (
        "trunkline_upstream_refused_total",
        "counter",
        "Attempts that were refused because they would have waited too long.",
        |view| one(view.refused),
    ),
    (
        "trunkline_upstream_suspended_total",
        "counter",
        "Attempts that were refused because the upstream kept failing.",
        |view| one(view.suspended),
    ),
    (
        "trunkline_upstream_retries_left",
        "gauge",
        "Repeated attempts that the next seconds still allow.",
        |view| one(view.retries_left.into()),
    ),
    (
        "trunkline_breaker_open",
        "gauge",
        "Whether a host is left alone because it keeps failing: 1, or 0.",
        |view| {
            let breakers = view.breakers.iter();
            let states =
                breakers.map(|one| (Some(one.host.clone()), u64::from(one.state != "closed")));
            states.collect()
        },
    ),
    (
        "trunkline_breaker_opened_total",
        "counter",
        "How often it came to that.",
        |view| {
            let breakers = view.breakers.iter();
            breakers
                .map(|one| (Some(one.host.clone()), one.opened))
                .collect()
        },
    ),
];

/// The metrics of these upstreams.
pub(crate) fn render(views: &[UpstreamView]) -> String {
    let mut text = String::new();
    if !views.is_empty() {
        // Writing to a `String` cannot go wrong.
        write_all(&mut text, views).ok();
    }
    text
}

fn write_all(text: &mut String, views: &[UpstreamView]) -> std::fmt::Result {
    for (name, kind, about, values) in FAMILIES {
        writeln!(text, "# HELP {name} {about}")?;
        writeln!(text, "# TYPE {name} {kind}")?;
        for view in views {
            for (host, value) in values(view) {
                let connector = view.connector;
                match host {
                    // A host was parsed as one, so nothing in it needs escaping.
                    Some(host) => {
                        writeln!(
                            text,
                            r#"{name}{{connector="{connector}",host="{host}"}} {value}"#
                        )?;
                    }
                    None => writeln!(text, r#"{name}{{connector="{connector}"}} {value}"#)?,
                }
            }
        }
    }
    Ok(())
}

fn one(value: u64) -> Vec<Sample> {
    vec![(None, value)]
}
