//! The Redis that several processes share, started as the settings say.

use std::fmt::Write as _;
use std::sync::Arc;

use trunkline_connector::document::Problem;
use trunkline_redis::{Address, Notice, Options, Redis, Standing};
use trunkline_store::Store;

use crate::cache::{self, Cache};
use crate::config::{self, Config, RedisUrl};
use crate::error::{Error, ErrorKind};
use crate::secret::Secrets;
use crate::upstream::Sharing;

/// A kept answer's head, beside its body.
const HEAD_BYTES_MAX: u64 = 64 << 10;

/// Redis, where the settings name one. One that is away is a warning, and tried again by itself.
///
/// # Errors
/// [`ErrorKind::BadSettings`], if the address is none, or its variable is not there.
pub(crate) fn start(
    config: &Config,
    secrets: &Secrets,
    store: &Arc<Store>,
) -> Result<Option<Sharing>, Error> {
    // What the sandbox answers is nothing that others should be served.
    let Some(settings) = config.redis.as_ref().filter(|_| config.sandbox.is_none()) else {
        return Ok(None);
    };
    let address = address(settings, secrets)?;
    let options = Options {
        value_version: cache::VERSION,
        value_bytes_max: usize::try_from(config.cache.answer_bytes_max + HEAD_BYTES_MAX)
            .unwrap_or(usize::MAX),
        root_certificates: match &config.egress.extra_ca {
            Some(path) => std::fs::read(path).ok(),
            None => None,
        },
        ..Options::default()
    };
    let store = Arc::clone(store);
    let on_forget = move |forgotten| Cache::heard(&store, forgotten);
    let redis = Redis::start(&address, options, tell, on_forget).map_err(|err| {
        let what = "cannot be used";
        bad_settings(settings.problem(what)).with_source(err)
    })?;
    Ok(Some(Sharing {
        redis,
        processes: settings.processes,
    }))
}

fn address(settings: &config::Redis, secrets: &Secrets) -> Result<Address, Error> {
    let text = match &settings.url {
        RedisUrl::Address(address) => address.clone(),
        RedisUrl::Variable(name) => {
            let found = secrets.variable(name).ok_or_else(|| {
                let what = format!("names the variable `{name}`, which is not set");
                let hint = format!("put `{name}=redis://…` into `.env` or the environment");
                bad_settings(settings.problem(what)).with_hint(hint)
            })?;
            found.secret.expose().to_owned()
        }
    };
    Address::parse(&text).map_err(|bad| {
        bad_settings(settings.problem("is no address of a Redis")).with_hint(bad.to_string())
    })
}

fn bad_settings(problem: Problem) -> Error {
    Error::new(ErrorKind::BadSettings, problem.to_string())
}

fn tell(notice: Notice) {
    match notice {
        Notice::Away(reason) => tracing::warn!(
            "Redis is away: {reason}; until it is back, each process keeps to its part of the limits, and to the answers that it has itself"
        ),
        Notice::Back => tracing::info!("Redis is back; limits and kept answers are shared again"),
        _ => {}
    }
}

/// How Redis does, in the text format of Prometheus.
pub(crate) fn render(sharing: &Sharing) -> String {
    let mut text = String::new();
    // Writing to a `String` cannot go wrong.
    write(&mut text, sharing).ok();
    text
}

fn write(text: &mut String, sharing: &Sharing) -> std::fmt::Result {
    let counts = sharing.redis.counts();
    let (is_up, processes) = match sharing.redis.standing() {
        Standing::Up { sharing } => (1, sharing),
        Standing::Away { sharing, .. } => (0, sharing.unwrap_or_default()),
    };
    for (name, kind, about, value) in [
        (
            "trunkline_redis_up",
            "gauge",
            "Whether Redis answers: 1, or 0.",
            is_up,
        ),
        (
            "trunkline_redis_processes",
            "gauge",
            "Processes that share it, as far as was known last.",
            u64::from(processes),
        ),
        (
            "trunkline_redis_operations_total",
            "counter",
            "Operations that were begun.",
            counts.operations,
        ),
        (
            "trunkline_redis_timeouts_total",
            "counter",
            "Operations without an answer in time.",
            counts.timeouts,
        ),
        (
            "trunkline_redis_failures_total",
            "counter",
            "Operations that failed otherwise.",
            counts.failures,
        ),
        (
            "trunkline_redis_values_dropped_total",
            "counter",
            "Answers that were not kept in Redis.",
            counts.dropped_puts,
        ),
        (
            "trunkline_redis_times_away_total",
            "counter",
            "How often Redis went away.",
            counts.times_away,
        ),
    ] {
        writeln!(
            text,
            "# HELP {name} {about}\n# TYPE {name} {kind}\n{name} {value}"
        )?;
    }
    Ok(())
}
