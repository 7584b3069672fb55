//! The engine as its users hold it.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use arc_swap::ArcSwap;
use http::HeaderMap;
use ipnet::IpNet;
use trunkline_connector::ConnectorName;
use trunkline_egress::address::{MetadataRule, OwnListeners, PlainRule, Rules};
use trunkline_egress::{Clock, Egress, Settings};
use trunkline_log::CallLog;

use crate::cache::{Cache, Purge};
use crate::call::{Call, Reply};
use crate::catalog::Catalog;
use crate::config::Config;
use crate::drift::Drifted;
use crate::drift::watcher::Watcher;
use crate::error::{Error, ErrorKind};
use crate::fetch::{self, FetchOptions, Fetched};
use crate::followed;
use crate::installed::Snapshot;
use crate::jobs::{self, Finished, Look, WaitError};
use crate::log;
use crate::metrics::{self, Metrics, Shard};
use crate::pages::{PageOptions, Pages};
use crate::pipeline::{self, Changed, Plan};
use crate::secret::Secrets;
use crate::sharing;
use crate::upstream::{Sharing, UpstreamView};

/// How long the log of calls may take to write what it still has, at the end.
const CLOSE_WITHIN: Duration = Duration::from_secs(2);

/// Makes calls of third-party APIs. Cheap to clone; clones share everything.
#[derive(Debug, Clone)]
pub struct Trunkline {
    shared: Arc<Shared>,
    own: Arc<Own>,
}

/// What all threads share; read-mostly.
#[derive(Debug)]
struct Shared {
    snapshot: ArcSwap<Snapshot>,
    cache: Cache,
    /// With whom limits and kept answers are shared.
    sharing: Option<Sharing>,
    metrics: Metrics,
    watcher: Arc<Watcher>,
    clock: Clock,
    own_listeners: Arc<OwnListeners>,
    /// The log of calls, once it has been begun.
    call_log: OnceLock<CallLog>,
}

/// What each thread of a gateway has for itself.
#[derive(Debug)]
struct Own {
    egress: Egress,
    /// The same door with no exceptions, for addresses that strangers choose.
    guarded: Egress,
    metrics: Arc<Shard>,
    /// Where its calls are put down to be logged.
    call_log: OnceLock<Arc<trunkline_log::Shard>>,
}

impl Trunkline {
    /// An engine with these settings, connectors and secrets.
    ///
    /// # Errors
    /// [`ErrorKind::BadSettings`], if they do not fit together.
    pub fn new(
        config: Arc<Config>,
        catalog: Catalog,
        secrets: &Secrets,
        clock: Clock,
    ) -> Result<Self, Error> {
        let store = Cache::store_of(config.cache);
        let sharing = sharing::start(&config, secrets, &store)?;
        let cache = Cache::new(store, sharing.as_ref().map(|sharing| sharing.redis.clone()));
        let own_listeners = Arc::new(OwnListeners::default());
        let guarded = Rules {
            own: Arc::clone(&own_listeners),
            ..Rules::default()
        };
        let guarded = open_egress(&config, guarded, &clock)?;
        let egress = open_egress(&config, rules(&config, &own_listeners), &clock)?;
        let snapshot = Snapshot::new(
            config,
            Arc::new(catalog),
            secrets,
            None,
            (&clock, sharing.as_ref()),
        )?;
        let metrics = Metrics::default();
        let own = Own {
            egress,
            guarded,
            metrics: metrics.new_shard(),
            call_log: OnceLock::new(),
        };
        let snapshot = ArcSwap::from_pointee(snapshot);
        let looks = Arc::clone(metrics.looks());
        let shared = Shared {
            snapshot,
            cache,
            sharing,
            metrics,
            watcher: Arc::new(Watcher::new(looks, clock.clone())),
            clock,
            own_listeners,
            call_log: OnceLock::new(),
        };
        Ok(Self {
            shared: Arc::new(shared),
            own: Arc::new(own),
        })
    }

    /// The same engine with connections of its own, for a thread that shares none.
    #[must_use]
    pub fn with_own_pool(&self) -> Self {
        let own = Own {
            egress: self.own.egress.with_own_pool(),
            guarded: self.own.guarded.with_own_pool(),
            metrics: self.shared.metrics.new_shard(),
            call_log: self
                .new_place_in_log()
                .map_or_else(OnceLock::new, OnceLock::from),
        };
        Self {
            shared: Arc::clone(&self.shared),
            own: Arc::new(own),
        }
    }

    /// Swaps connectors, secrets and what settings say about them; calls under way keep what they
    /// have. What concerns listeners and addresses takes effect at the next start.
    ///
    /// # Errors
    /// As [`new`](Self::new); then everything stays as it was.
    pub fn reload(
        &self,
        config: Arc<Config>,
        catalog: Catalog,
        secrets: &Secrets,
    ) -> Result<(), Error> {
        let before = self.snapshot();
        let shared = (&self.shared.clock, self.shared.sharing.as_ref());
        let snapshot = Snapshot::new(config, Arc::new(catalog), secrets, Some(&before), shared)?;
        self.shared.cache.resize(snapshot.config.cache);
        let snapshot = Arc::new(snapshot);
        self.shared.snapshot.store(Arc::clone(&snapshot));
        for installed in snapshot.installed.values() {
            installed.upstream.tell_changed();
        }
        Ok(())
    }

    /// Makes one call, retries included.
    ///
    /// An upstream's error is a [`Reply`]; an [`Error`] means that there is no answer. Dropping the
    /// future, or the reply's body, cancels whatever is under way.
    ///
    /// Its time begins now, and not when what is returned is polled first: that is to be done at
    /// once.
    ///
    /// # Errors
    /// Any [`ErrorKind`] that concerns calls.
    pub fn call(&self, call: Call) -> impl Future<Output = Result<Reply, Error>> + Send + '_ {
        pipeline::run(self, call)
    }

    /// Whether there is a connector of this name.
    pub fn has(&self, connector: ConnectorName) -> bool {
        self.shared
            .snapshot
            .load()
            .installed
            .contains_key(&connector)
    }

    /// Whether answers of a connector have headers with addresses that callers follow.
    pub fn is_followed(&self, connector: ConnectorName) -> bool {
        let snapshot = self.shared.snapshot.load();
        let installed = snapshot.installed.get(&connector);
        installed.is_some_and(|installed| !installed.connector.followed_headers.is_empty())
    }

    /// Has the addresses in those headers that are the API's lead to `base` instead: where callers
    /// reach the connector, without a final slash.
    pub fn lead_back(&self, connector: ConnectorName, headers: &mut HeaderMap, base: &str) {
        if let Some(installed) = self.snapshot().installed.get(&connector) {
            followed::lead_back(installed, headers, base);
        }
    }

    /// Makes a call that changes to WebSocket, of an operation that does (RFC 6455).
    ///
    /// # Errors
    /// As [`call`](Self::call).
    pub async fn upgrade(&self, call: Call) -> Result<Changed, Error> {
        pipeline::upgrade::upgrade(self, call).await
    }

    /// Reads the pages of a call, one call after another.
    ///
    /// The call is of an operation that answers in pages, or of the path of one.
    ///
    /// # Errors
    /// [`ErrorKind::BadInput`], if it does not answer in pages, or what would keep the first page
    /// from being asked for.
    pub fn pages(&self, call: Call, options: PageOptions) -> Result<Pages, Error> {
        Pages::new(self, call, options)
    }

    /// Makes a call that begins a job, and waits until the job is done: no longer than `timeout`,
    /// with a last look when it is over. `watch` is told of every look that finds it not done.
    ///
    /// Dropping the future ends the waiting and not the job.
    ///
    /// # Errors
    /// What went wrong, and by which call one looks again.
    pub async fn wait_for(
        &self,
        call: Call,
        timeout: Option<Duration>,
        watch: impl FnMut(Look<'_>) + Send,
    ) -> Result<Finished, WaitError> {
        jobs::wait_for(self, call, timeout, watch).await
    }

    /// Shows the request that a call would become, credentials masked, and sends nothing.
    ///
    /// # Errors
    /// What would keep the call from being made.
    pub fn plan(&self, call: Call) -> Result<Plan, Error> {
        pipeline::plan(self, call)
    }

    /// Fetches an address that somebody else chose: public addresses only, redirects judged anew,
    /// size capped. Settings cannot widen it.
    ///
    /// # Errors
    /// [`ErrorKind::AddressRefused`], [`ErrorKind::BadUrl`], [`ErrorKind::ReplyTooLarge`],
    /// [`ErrorKind::TooManyRedirects`], or what went wrong on the way.
    pub async fn fetch(&self, url: &str, options: FetchOptions) -> Result<Fetched, Error> {
        fetch::fetch(&self.own.guarded, &self.shared.clock, url, options).await
    }

    /// Notes an address that this process listens on, so that no call can come back to it.
    pub fn listens_on(&self, address: SocketAddr) {
        self.shared.own_listeners.add(address);
    }

    /// The connectors in force.
    pub fn catalog(&self) -> Arc<Catalog> {
        Arc::clone(&self.shared.snapshot.load().catalog)
    }

    /// The settings in force.
    pub fn config(&self) -> Arc<Config> {
        Arc::clone(&self.shared.snapshot.load().config)
    }

    /// What has been counted so far, over all threads.
    pub fn metrics(&self) -> &Metrics {
        &self.shared.metrics
    }

    /// How replies differed so far from what is known of them. Waits until those that have passed
    /// were looked at, which takes a moment at most.
    pub fn drift(&self) -> Vec<Drifted> {
        self.shared.watcher.report()
    }

    /// From now on, how replies differ is also written down in this folder, now and then and when
    /// the engine is dropped. It is added to what is there; see [`drift::read`](crate::drift::read).
    pub fn keep_drift_in(&self, folder: impl Into<PathBuf>) {
        self.shared.watcher.keep_in(folder.into());
    }

    /// Takes kept answers away; says how many there were. Where several processes share them, they
    /// are gone everywhere.
    ///
    /// # Errors
    /// [`ErrorKind::BadInput`], and [`ErrorKind::SharedStoreAway`] if the others cannot be told.
    pub async fn purge(&self, purge: Purge) -> Result<u64, Error> {
        self.shared.cache.purge(&purge, self.clock()).await
    }

    /// From now on, every call is put down in the log in this folder, for as long as `calls.keep`
    /// says; see [`log`](crate::log). Engines that were made [with their own
    /// pool](Self::with_own_pool) before log nothing. The first folder counts.
    pub fn keep_calls_in(&self, folder: impl Into<PathBuf>) {
        let Some(calls) = self.config().calls else {
            return;
        };
        if self.shared.call_log.get().is_some() {
            return;
        }
        match log::start(folder.into(), calls, self.shared.clock.clone()) {
            Ok(begun) => {
                // If another was begun at the same moment, that one is kept, and this one ends.
                self.shared.call_log.set(begun).ok();
            }
            Err(err) => tracing::warn!(error = %err, "no log of calls can be kept"),
        }
        if let Some(place) = self.new_place_in_log() {
            self.own.call_log.set(place).ok();
        }
    }

    /// Writes down what the log of calls still has to write, for at most two seconds, and ends it.
    /// Whether all of it was written; calls that end later are not logged.
    pub fn finish_calls(&self) -> bool {
        let log = self.shared.call_log.get();
        log.is_none_or(|log| log.close(CLOSE_WITHIN))
    }

    /// How every upstream does that has been called, and how far its limits are used.
    pub fn upstreams(&self) -> Vec<UpstreamView> {
        let snapshot = self.snapshot();
        let mut views: Vec<_> = snapshot
            .installed
            .values()
            .filter(|installed| installed.upstream.budget.is_used())
            .map(|installed| installed.view())
            .collect();
        views.sort_by_key(|view| view.connector);
        views
    }

    /// Everything that is counted, in the text format of Prometheus.
    pub fn render_metrics(&self) -> String {
        let mut text = self.shared.metrics.render();
        text.push_str(&metrics::render_upstreams(&self.upstreams()));
        text.push_str(&self.shared.cache.render());
        if let Some(sharing) = &self.shared.sharing {
            text.push_str(&sharing::render(sharing));
        }
        if let Some(log) = self.shared.call_log.get() {
            text.push_str(&log::render(log.counts()));
        }
        text
    }

    /// The clock that every time limit is measured by.
    pub fn clock(&self) -> &Clock {
        &self.shared.clock
    }

    pub(crate) fn snapshot(&self) -> Arc<Snapshot> {
        self.shared.snapshot.load_full()
    }

    pub(crate) fn cache(&self) -> &Cache {
        &self.shared.cache
    }

    pub(crate) fn egress(&self) -> &Egress {
        &self.own.egress
    }

    pub(crate) fn watcher(&self) -> &Arc<Watcher> {
        &self.shared.watcher
    }

    /// Where this engine's calls are put down to be logged, if they are.
    pub(crate) fn call_log(&self) -> Option<&Arc<trunkline_log::Shard>> {
        self.own.call_log.get()
    }

    fn new_place_in_log(&self) -> Option<Arc<trunkline_log::Shard>> {
        self.shared.call_log.get().map(CallLog::shard)
    }

    pub(crate) fn metrics_shard(&self) -> &Arc<Shard> {
        &self.own.metrics
    }
}

fn rules(config: &Config, own: &Arc<OwnListeners>) -> Rules {
    let mut allow = config.egress.allow.clone();
    allow.extend(config.sandbox.map(|address| IpNet::from(address.ip())));
    let metadata = if config.egress.danger_allow_metadata {
        MetadataRule::DangerAllowed
    } else {
        MetadataRule::Blocked
    };
    Rules {
        allow,
        plain: PlainRule::Allowed,
        metadata,
        own: Arc::clone(own),
        nat64: Vec::new(),
    }
}

fn open_egress(config: &Config, rules: Rules, clock: &Clock) -> Result<Egress, Error> {
    let extra_ca_pem = match &config.egress.extra_ca {
        Some(path) => Some(std::fs::read(path).map_err(|err| {
            let message = format!(
                "`egress.extra_ca` names `{}`, which cannot be read",
                path.display()
            );
            Error::new(ErrorKind::BadSettings, message).with_source(err)
        })?),
        None => None,
    };
    let settings = Settings {
        rules,
        extra_ca_pem,
        proxy: config.egress.proxy.clone(),
    };
    Egress::new(settings, clock.clone()).map_err(|err| {
        Error::new(
            ErrorKind::BadSettings,
            "the settings for outgoing connections cannot be used",
        )
        .with_source(err)
    })
}
