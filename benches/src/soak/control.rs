//! Has everything go wrong at its time, and watches the gateways meanwhile.

use std::time::Duration;

use anyhow::Result;

use crate::clock;
use crate::figure::megabytes;
use crate::say;
use crate::soak::gateways::Gateway;
use crate::soak::memory::Sample;
use crate::soak::plan::Step;
use crate::soak::redis::Redis;
use crate::soak::run::Run;
use crate::soak::settings::Settings;
use crate::soak::upstream::{State, Upstream};

/// How often a gateway's memory is looked at: more often where all of it is short.
const SAMPLE_EVERY: Duration = Duration::from_secs(10);

/// How many samples there are at least.
const SAMPLES_MIN: u32 = 60;

/// How often something is said.
const SAY_EVERY: Duration = Duration::from_mins(1);

/// How exactly steps are kept to.
const TICK: Duration = Duration::from_millis(20);

/// What was seen while it all went on.
#[derive(Debug, Clone, Default)]
pub(super) struct Seen {
    /// Of each gateway, its samples.
    pub(super) samples: Vec<Vec<Sample>>,
    /// How long it took.
    pub(super) length: Duration,
    /// How often Redis was killed or stopped.
    pub(super) redis_away: u32,
    /// How often a gateway did not find it again.
    pub(super) redis_lost: u32,
    /// The longest until a gateway had found it again.
    pub(super) redis_found_within: Duration,
    /// How often the settings changed.
    pub(super) reloads: u32,
    /// How often a gateway did not take them up.
    pub(super) reloads_lost: u32,
    /// The most memory that Redis had in use.
    pub(super) redis_memory_most: u64,
}

/// Carries out what was planned.
pub(super) struct Control<'a> {
    run: &'a Run,
    upstreams: &'a [Upstream],
    gateways: &'a [Gateway],
    redis: &'a mut Redis,
    settings: Settings,
    seen: Seen,
    next_sample: Duration,
    next_words: Duration,
}

impl<'a> Control<'a> {
    /// In control of all this.
    pub(super) fn new(
        run: &'a Run,
        upstreams: &'a [Upstream],
        gateways: &'a [Gateway],
        redis: &'a mut Redis,
        settings: Settings,
    ) -> Self {
        let seen = Seen {
            samples: vec![Vec::new(); gateways.len()],
            ..Seen::default()
        };
        Self {
            run,
            upstreams,
            gateways,
            redis,
            settings,
            seen,
            next_sample: Duration::ZERO,
            next_words: SAY_EVERY,
        }
    }

    /// Does everything at its time, and says what was seen.
    pub(super) fn run(mut self, steps: &[(Duration, Step)], length: Duration) -> Result<Seen> {
        let every = SAMPLE_EVERY.min(length / SAMPLES_MIN);
        for (at, step) in steps {
            self.wait_until(*at, every)?;
            if self.run.is_over() {
                break;
            }
            self.act(*step)?;
        }
        self.wait_until(length, every)?;
        self.seen.length = self.run.now();
        Ok(self.seen)
    }

    fn wait_until(&mut self, at: Duration, every: Duration) -> Result<()> {
        while self.run.now() < at && !self.run.is_over() {
            let now = self.run.now();
            if self.next_sample <= now {
                self.next_sample = now + every;
                self.sample(now)?;
            }
            if self.next_words <= now {
                self.next_words = now + SAY_EVERY;
                self.say(now);
            }
            clock::pause(TICK);
        }
        Ok(())
    }

    fn sample(&mut self, now: Duration) -> Result<()> {
        for (gateway, samples) in self.gateways.iter().zip(&mut self.seen.samples) {
            samples.push(Sample::of(gateway, now)?);
        }
        let memory = self.redis.memory().unwrap_or_default();
        self.seen.redis_memory_most = self.seen.redis_memory_most.max(memory);
        Ok(())
    }

    /// Where everything stands, in one line.
    fn say(&self, now: Duration) {
        let counted = self.run.tally().so_far();
        let last = self.seen.samples.iter().filter_map(|all| all.last());
        let memory: Vec<String> = last
            .map(|sample| {
                let memory = megabytes(sample.memory);
                format!("{memory:.1} MB, {} files", sample.files)
            })
            .collect();
        say::line(&format!(
            "{:>4.0} s: {} calls, {} explained by {} outages, {} not injected; {}; Redis {:.1} MB, away {} times; {} reloads",
            now.as_secs_f64(),
            counted.calls(),
            counted.explained.values().sum::<u64>(),
            self.run.outages().count(),
            counted.unexplained,
            memory.join("; "),
            megabytes(self.redis.memory().unwrap_or_default()),
            self.seen.redis_away,
            self.seen.reloads,
        ));
    }

    fn act(&mut self, step: Step) -> Result<()> {
        match step {
            Step::KillRedis => {
                self.seen.redis_away += 1;
                self.redis.kill();
            }
            Step::StopRedis => {
                self.seen.redis_away += 1;
                self.redis.signal("STOP")?;
            }
            Step::StartRedis => {
                self.redis.run()?;
                self.find_redis();
            }
            Step::ContinueRedis => {
                self.redis.signal("CONT")?;
                self.find_redis();
            }
            Step::Fail(place, kind) => {
                self.run.outages().begin(place, kind, self.run.now());
                self.be(place, State::Out(kind));
            }
            Step::Mend(place) => {
                self.be(place, State::Well);
                self.run.outages().end(place, self.run.now());
            }
            Step::Reload => self.reload(),
        }
        Ok(())
    }

    fn be(&self, place: usize, state: State) {
        if let Some(upstream) = self.upstreams.get(place) {
            upstream.be(state);
        }
    }

    fn find_redis(&mut self) {
        for gateway in self.gateways {
            match gateway.wait_for_redis() {
                Ok(took) => {
                    self.seen.redis_found_within = self.seen.redis_found_within.max(took);
                }
                Err(err) => {
                    say::line(&format!("NOT INJECTED: {err:#}"));
                    self.seen.redis_lost += 1;
                }
            }
        }
    }

    fn reload(&mut self) {
        self.settings.edition += 1;
        self.seen.reloads += 1;
        for gateway in self.gateways {
            if let Err(err) = gateway.reload(&self.settings) {
                say::line(&format!("NOT INJECTED: {err:#}"));
                self.seen.reloads_lost += 1;
            }
        }
    }
}
