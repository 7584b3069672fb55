//! Looks for an answer among those that are kept, and sees to it that one call serves all who ask
//! the same at the same time.

mod ask;
mod lead;
mod share;

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method};
use trunkline_cache::{Decision, Forwarded, Hit, HitKind, Kept, Policy, Shape, Stored, Why};
use trunkline_store::{Address, Entry, Join, Key, Known, Labels, Slot};

use super::authorize::{AsksGraphql, Granted};
use super::classify::{self, Answered};
use super::fetch;
use super::trail::Trail;
use crate::cache::{AskedFor, Question, Word};
use crate::call::Validate;
use crate::client::Trunkline;
use crate::config::Keep;
use crate::error::{Error, ErrorKind};
use crate::explain;
use crate::failure;
use crate::held::Held;
use crate::installed::{Keeping, Methods};

use ask::Resolution;
pub(crate) use lead::OwnAnswer;
use share::Sharing;

/// An answer, and where it came from.
pub(super) struct Looked {
    pub(super) answered: Box<Answered>,
    /// What the cache did; `None` where it was not asked.
    pub(super) note: Option<Box<Note>>,
}

/// What the cache did for a call.
pub(super) enum Note {
    /// All.
    Done(Done),
    /// The answer may be kept when it is all there and as promised.
    Open {
        forwarded: Forwarded,
        storing: Box<Storing>,
    },
}

/// What the cache did, all told.
pub(super) struct Done {
    /// For `Cache-Status`.
    pub(super) status: HeaderValue,
    pub(super) word: Word,
    /// What the answer is kept under, if it is.
    pub(super) key: Option<Key>,
}

/// An answer that may be kept.
pub(super) struct Storing {
    pub(super) question: Question,
    pub(super) stored: Stored,
    pub(super) asked_for: AskedFor,
    pub(super) began: SystemTime,
}

/// What is to be asked of the upstream, and why.
#[derive(Clone)]
struct Asking {
    why: Why,
    /// What was looked at, and which of it the question is about.
    candidate: Option<(Slot, usize)>,
}

/// What was found.
enum Found {
    /// This serves.
    Entry(Arc<Entry>, Hit),
    /// Nothing does.
    Nothing(Asking),
    /// Nothing does, and the caller wants no upstream asked.
    OnlyIfCached,
}

/// What the first look at a call has found.
enum First {
    /// What the call gets.
    Answered(Looked),
    /// The upstream is asked, for this caller alone; `None` where nothing is kept of such calls.
    Asks(Option<Box<Alone>>),
    /// There is something to wait for.
    Waits,
}

/// A question to the upstream about nothing that is kept, for one caller alone.
struct Alone {
    question: Question,
    why: Why,
    asked_for: AskedFor,
    began: SystemTime,
}

/// How much caching the settings and the caller allow; `None` where nothing is kept.
fn policy(granted: &Granted) -> Option<Policy> {
    // What a caller has the sandbox do wrong is nobody else's to see.
    if granted.fault.is_some() {
        return None;
    }
    // GraphQL has one address for what reads and what changes.
    if granted.asks_graphql == Some(AsksGraphql::Other) {
        return None;
    }
    let reads = matches!(granted.head.method, Method::GET | Method::HEAD);
    // Such a body may choose the answer, and no cache looks at it (RFC 9110 section 9.3.1).
    if reads && granted.body.whole().is_none_or(|body| !body.is_empty()) {
        return None;
    }
    let keeping = keeping(granted);
    if keeping.is_none() && !reads {
        return None;
    }
    match granted.cache.or(keeping.map(|keeping| keeping.time))? {
        Keep::Off => None,
        Keep::Headers => Some(Policy::Headers),
        Keep::For(time) if reads => Some(Policy::Explicit(time)),
        Keep::For(time) => Some(Policy::ExplicitPost(time)),
    }
}

/// What the settings say of answers to such a call.
fn keeping(granted: &Granted) -> Option<&Keeping> {
    let wanted = match granted.head.method {
        Method::GET | Method::HEAD => Methods::Reading,
        Method::POST => Methods::Asking,
        _ => return None,
    };
    granted
        .keeping()
        .filter(|keeping| keeping.methods == wanted)
}

/// Answers from what is kept, from what another call gets, or from the upstream.
///
/// # Errors
/// [`ErrorKind::NotCached`], or why there is no answer.
pub(super) async fn look(
    engine: &Trunkline,
    granted: &mut Granted,
    trail: &mut Trail,
) -> Result<Looked, Error> {
    match first(engine, granted, trail)? {
        First::Answered(looked) => Ok(looked),
        First::Asks(None) => {
            let answered = fetch::fetch(engine, granted, trail).await?;
            Ok(Looked::uncached(answered))
        }
        First::Asks(Some(alone)) => {
            let resolution = ask::anew(engine, granted, trail, alone.question.policy).await;
            alone.settle(engine, granted, trail, resolution).await
        }
        // Boxed, so that a call that waits for nothing does not carry its size.
        First::Waits => Box::pin(wait(engine, granted, trail)).await,
    }
}

/// Looks at what there is to see at once.
///
/// # Errors
/// [`ErrorKind::NotCached`].
fn first(engine: &Trunkline, granted: &mut Granted, trail: &Trail) -> Result<First, Error> {
    let Some(policy) = policy(granted) else {
        // Nothing is kept of such calls.
        return Ok(First::Asks(None));
    };
    // The body of a call that only asks is what it asks for.
    if granted.head.method == Method::POST && granted.body.whole().is_none() {
        return Ok(First::Waits);
    }
    let question = question(engine, granted, policy);
    let now = trail.moment();
    let moment = (now, trail.wall_of(now));
    let (known, found) = find(engine, granted, &question, moment);
    match found {
        Found::Entry(entry, hit) => {
            let found = (&question, &known, (&*entry, &hit));
            Ok(First::Answered(serve(engine, granted, trail, found)))
        }
        Found::OnlyIfCached => Err(not_cached()),
        Found::Nothing(asking) => {
            let sharing = share::sharing(granted);
            let is_anew = asking.candidate.is_none();
            if is_anew && share::is_alone(granted, sharing, (&known, &asking)) {
                let alone = Alone::new(engine, question, (asking.why, moment.1));
                return Ok(First::Asks(Some(Box::new(alone))));
            }
            Ok(First::Waits)
        }
    }
}

/// Answers from what another call gets, or from the upstream.
///
/// # Errors
/// As [`look`].
async fn wait(
    engine: &Trunkline,
    granted: &mut Granted,
    trail: &mut Trail,
) -> Result<Looked, Error> {
    trail.has_waited();
    let is_whole = granted.head.method != Method::POST || granted.has_whole_body().await;
    let Some(policy) = policy(granted).filter(|_| is_whole) else {
        // It cannot be told from other calls.
        let answered = fetch::fetch(engine, granted, trail).await?;
        return Ok(Looked::uncached(answered));
    };
    let question = question(engine, granted, policy);
    let mut sharing = share::sharing(granted);
    loop {
        let now = trail.now();
        let moment = (now, trail.wall_of(now));
        let (known, found) = find(engine, granted, &question, moment);
        let asking = match found {
            Found::Entry(entry, hit) => {
                let found = (&question, &known, (&*entry, &hit));
                return Ok(serve(engine, granted, trail, found));
            }
            Found::OnlyIfCached => return Err(not_cached()),
            Found::Nothing(asking) => asking,
        };
        if share::is_alone(granted, sharing, (&known, &asking)) {
            return alone(engine, granted, trail, (question, asking, moment.1)).await;
        }
        let fills = &engine.cache().fills;
        let joined = match sharing {
            Sharing::Own => Join::Lead(fills.lead_alone(question.key, &question.address())),
            _ => fills.join(question.key, question.address(), &known),
        };
        match joined {
            Join::Again => {}
            Join::Follow(reader) if share::may_follow(granted) => {
                let caller = (&*granted, &*trail);
                let to_ask = (&question, asking.why);
                let asked = share::follow(engine, caller, to_ask, reader).await;
                if let Some(looked) = in_time(granted, trail, (&question, &asking), asked)? {
                    return Ok(looked);
                }
                sharing = Sharing::None;
            }
            Join::Follow(_) => sharing = Sharing::None,
            Join::Lead(lead) => {
                let to_ask = (&question, asking.clone(), sharing);
                let asked = lead::lead(engine, granted, trail, (lead, to_ask)).await;
                if let Some(looked) = in_time(granted, trail, (&question, &asking), asked)? {
                    return Ok(looked);
                }
                sharing = Sharing::None;
            }
        }
    }
}

/// What came of asking with others, or what may stand in for it where the caller's time has ended.
fn in_time(
    granted: &Granted,
    trail: &Trail,
    (question, asking): (&Question, &Asking),
    asked: Result<Option<Looked>, Error>,
) -> Result<Option<Looked>, Error> {
    let error = match asked {
        Err(error) if error.kind() == ErrorKind::CallTimeout => error,
        other => return other,
    };
    let now = trail.wall_of(trail.now());
    let Some((entry, hit)) = ask::stale_instead(granted, question, asking, now) else {
        return Err(error);
    };
    let forwarded = Forwarded {
        why: asking.why,
        status: None,
        kept: kept(&hit),
        collapsed: false,
    };
    let looked = after_asking(granted, question, (&entry, &hit), forwarded);
    Ok(Some(looked))
}

/// What is asked of the cache.
fn question(engine: &Trunkline, granted: &mut Granted, policy: Policy) -> Question {
    granted.take_out_proof();
    granted.question(engine.cache().naming, (policy, keeping(granted)))
}

/// Looks at what is kept.
fn find(
    engine: &Trunkline,
    granted: &Granted,
    question: &Question,
    (now, wall): (Instant, SystemTime),
) -> (Known, Found) {
    let known = engine.cache().store().known(&question.key, now);
    let slot = match &known {
        Known::Entries(slot) => Some(slot),
        Known::Nothing | Known::Passing => None,
    };
    let entries = slot.map_or(&[][..], Slot::entries);
    let stored = entries.iter().map(|entry| entry.stored());
    let decision = trunkline_cache::look(question.policy, granted.asks(), stored, wall);
    let found = match decision {
        Decision::Serve(hit) | Decision::ServeStale(hit) => match entries.get(hit.which) {
            Some(entry) => Found::Entry(Arc::clone(entry), hit),
            None => Found::Nothing(Asking::anew(Why::UriMiss)),
        },
        Decision::Revalidate { which, why } => Found::Nothing(Asking {
            why,
            candidate: slot.map(|slot| (slot.clone(), which)),
        }),
        Decision::Fetch(why) => Found::Nothing(Asking::anew(why)),
        Decision::OnlyIfCached => Found::OnlyIfCached,
    };
    (known, found)
}

/// Asks for this caller alone.
async fn alone(
    engine: &Trunkline,
    granted: &mut Granted,
    trail: &mut Trail,
    (question, asking, began): (Question, Asking, SystemTime),
) -> Result<Looked, Error> {
    let alone = Alone::new(engine, question, (asking.why, began));
    let about = (&alone.question, &asking, alone.asked_for.mark);
    let resolution = ask::ask(engine, granted, trail, about).await;
    alone.settle(engine, granted, trail, resolution).await
}

impl Alone {
    fn new(engine: &Trunkline, question: Question, (why, began): (Why, SystemTime)) -> Self {
        Self {
            asked_for: engine.cache().ask_for(&question),
            question,
            why,
            began,
        }
    }

    /// What the caller gets of what came of asking.
    async fn settle(
        self,
        engine: &Trunkline,
        granted: &Granted,
        trail: &mut Trail,
        resolution: Resolution,
    ) -> Result<Looked, Error> {
        let mut forwarded = Forwarded {
            why: self.why,
            status: None,
            kept: Kept::Unsaid,
            collapsed: false,
        };
        let (mut answered, storing) = match resolution {
            Resolution::Answer(answered, storing) => (answered, storing),
            Resolution::Kept(entry, hit, status) | Resolution::Renewed(entry, hit, status) => {
                // The exchange is over, however long the caller reads.
                drop(trail.take_permit());
                (forwarded.status, forwarded.kept) = (status, kept(&hit));
                let kept = (&*entry, &hit);
                return Ok(after_asking(granted, &self.question, kept, forwarded));
            }
            Resolution::Failed(error) => return Err(error.with_cache_status(failed(self.why))),
        };
        if storing.is_ok() {
            // Boxed, because hardly any call waits for it here.
            Box::pin(hold_little(engine, granted, &mut answered)).await?;
            trail.has_waited();
        }
        if answered.body.rest.is_none() {
            // The exchange is over, however long the caller reads.
            drop(trail.take_permit());
        }
        forwarded.status = Some(answered.status);
        let storing = storing.map_err(Kept::Not);
        let storing = storing.and_then(|stored| match share::unfit(granted, &answered) {
            None => Ok(stored),
            Some(why) => Err(Kept::Unkept(why)),
        });
        let note = match storing {
            Ok(stored) => Note::Open {
                forwarded,
                storing: Box::new(Storing {
                    question: self.question,
                    stored: *stored,
                    asked_for: self.asked_for,
                    began: self.began,
                }),
            },
            Err(kept) => {
                forwarded.kept = kept;
                Note::miss(&forwarded, self.question.key)
            }
        };
        Ok(Looked::new(answered, note))
    }
}

/// Waits for all of a little body, so that it can be kept. A longer one passes, and is not.
async fn hold_little(
    engine: &Trunkline,
    granted: &Granted,
    answered: &mut Answered,
) -> Result<(), Error> {
    const LITTLE: usize = 64 * 1024;
    let is_little = share::length_of(&answered.body).is_some_and(|length| length <= LITTLE as u64);
    if !is_little || !answered.body.first.is_empty() {
        return Ok(());
    }
    let Some(rest) = answered.body.rest.take() else {
        return Ok(());
    };
    let until = engine.clock().now() + granted.limits.first_byte;
    let held = Held::read(rest, &answered.headers, LITTLE, (engine.clock(), until)).await;
    answered.body = held.map_err(failure::of_broken)?;
    Ok(())
}

/// What is kept, as this caller gets it. What is stale is asked for anew meanwhile, where that is
/// allowed.
fn serve(
    engine: &Trunkline,
    granted: &Granted,
    trail: &Trail,
    (question, known, (entry, hit)): (&Question, &Known, (&Entry, &Hit)),
) -> Looked {
    if hit.kind == HitKind::StaleWhileRevalidate {
        lead::refresh(engine, granted, trail, (question, known, hit.which));
    }
    served(granted, question, (entry, hit))
}

/// What is kept, as this caller gets it.
fn served(granted: &Granted, question: &Question, (entry, hit): (&Entry, &Hit)) -> Looked {
    let word = if hit.ttl <= 0 && hit.kind != HitKind::Fresh {
        Word::Stale
    } else {
        Word::Hit
    };
    Looked::new(
        replayed(granted, (entry, hit)),
        Note::Done(Done {
            status: hit.cache_status(),
            word,
            key: Some(question.key),
        }),
    )
}

/// What is kept, after the upstream was asked about it.
fn after_asking(
    granted: &Granted,
    question: &Question,
    (entry, hit): (&Entry, &Hit),
    forwarded: Forwarded,
) -> Looked {
    let word = match (forwarded.collapsed, hit.kind) {
        (true, _) => Word::Collapsed,
        (false, HitKind::Validated) => Word::Revalidated,
        (false, _) => Word::Stale,
    };
    Looked::new(
        replayed(granted, (entry, hit)),
        Note::Done(Done {
            status: forwarded.cache_status(),
            word,
            key: Some(question.key),
        }),
    )
}

/// What became of what is served after asking.
fn kept(hit: &Hit) -> Kept {
    match hit.kind {
        HitKind::StaleIfError => Kept::StaleInstead { ttl: hit.ttl },
        _ => Kept::Stored { ttl: hit.ttl },
    }
}

fn replayed(granted: &Granted, (entry, hit): (&Entry, &Hit)) -> Box<Answered> {
    let stored = entry.stored();
    let length = entry.body().len() as u64;
    let shape = Shape::of(granted.asks(), stored, Some(length));
    let headers = stored.replay(shape, hit, Some(length));
    let body = Held::whole(part(entry.body(), shape), &headers);
    classify::of_kept(granted, (shape.status(stored), headers), body)
}

/// The part of a body that a shape has.
fn part(body: &Bytes, shape: Shape) -> Bytes {
    match shape {
        Shape::Whole => body.clone(),
        Shape::Part { first, last, .. } => {
            let place = |place: u64| usize::try_from(place).unwrap_or(usize::MAX);
            let end = place(last).saturating_add(1).min(body.len());
            body.slice(place(first).min(end)..end)
        }
        Shape::HeadOnly | Shape::NotModified | Shape::NotSatisfiable { .. } => Bytes::new(),
    }
}

fn not_cached() -> Error {
    let kind = ErrorKind::NotCached;
    let message = "no answer is kept that may be used, and the caller wants no other";
    Error::new(kind, message)
        .with_hint(explain::remedy(kind))
        .with_cache_status(trunkline_cache::only_if_cached())
}

/// What is said of a call that went to the upstream and had no answer.
fn failed(why: Why) -> HeaderValue {
    let forwarded = Forwarded {
        why,
        status: None,
        kept: Kept::Unsaid,
        collapsed: false,
    };
    forwarded.cache_status()
}

impl Asking {
    /// Whether the upstream is asked about what is kept, in place of what the caller asks.
    fn has_conditions(&self) -> bool {
        let candidate = self.candidate.as_ref();
        let entry = candidate.and_then(|(slot, which)| slot.entries().get(*which));
        entry.is_some_and(|entry| !entry.stored().conditions().is_empty())
    }

    fn anew(why: Why) -> Self {
        Self {
            why,
            candidate: None,
        }
    }
}

impl Note {
    fn miss(forwarded: &Forwarded, key: Key) -> Self {
        Self::Done(Done::miss(forwarded, key))
    }
}

impl Done {
    /// The upstream's answer was passed on, and kept under this key if so it says.
    pub(super) fn miss(forwarded: &Forwarded, key: Key) -> Self {
        Self {
            status: forwarded.cache_status(),
            word: Word::Miss,
            key: matches!(forwarded.kept, Kept::Stored { .. }).then_some(key),
        }
    }
}

impl Looked {
    fn new(answered: Box<Answered>, note: Note) -> Self {
        Self {
            answered,
            note: Some(Box::new(note)),
        }
    }

    /// An answer that never passed the cache.
    pub(super) fn uncached(answered: Box<Answered>) -> Self {
        Self {
            answered,
            note: None,
        }
    }
}

/// By what an answer is found when it is to go: those of the settings, and the tags that the
/// upstream sends (`Cache-Tag` as Cloudflare and Akamai have it, `Surrogate-Key` as Fastly does).
pub(super) fn labels(granted: &Granted, address: Address, headers: &HeaderMap) -> Labels {
    const TAGS_MAX: usize = 64;
    const TAG_BYTES_MAX: usize = 128;
    let of_settings = granted
        .keeping()
        .into_iter()
        .flat_map(|keeping| &keeping.tags);
    let sent = |name: &'static str, separator: fn(char) -> bool| {
        let lines = headers.get_all(name).iter();
        let texts = lines.filter_map(|line| line.to_str().ok());
        texts
            .flat_map(move |text| text.split(separator))
            .map(str::trim)
    };
    let of_upstream = sent("cache-tag", |c| c == ',').chain(sent("surrogate-key", |c| c == ' '));
    let of_upstream = of_upstream.filter(|tag| (1..=TAG_BYTES_MAX).contains(&tag.len()));
    let tags = of_settings.cloned().chain(of_upstream.map(Box::from));
    Labels {
        address,
        connector: Arc::clone(&granted.installed.name),
        operation: granted.shared_operation_name(),
        tags: tags.take(TAGS_MAX).collect(),
    }
}

/// Seconds for which an answer that has just come stays fresh.
pub(super) fn ttl(stored: &Stored, trail: &Trail) -> i64 {
    let secs = |time: Duration| i64::try_from(time.as_secs()).unwrap_or(i64::MAX);
    let (lifetime, _) = stored.lifetime();
    secs(lifetime).saturating_sub(secs(stored.age(trail.wall())))
}

impl Granted {
    fn validates_strictly(&self) -> bool {
        self.validate == Validate::Enforce
    }
}
