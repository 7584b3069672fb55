//! Asks the upstream for all who wait, in a task that outlives the caller who asked first.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use http::{HeaderMap, StatusCode, header};
use http_body_util::BodyExt as _;
use tokio::sync::oneshot;
use trunkline_cache::{Conditions, Forwarded, Hit, HitKind, Kept, Stored, Why};
use trunkline_connector::outcome::Verdict;
use trunkline_store::{Entry, Head, Join, Known, Labels, Lead, Pushed, Writer};

use super::super::authorize::Granted;
use super::super::classify::{AnswerFrom, Answered};
use super::super::trail::Trail;
use super::ask::{self, Resolution};
use super::share::{self, Sharing};
use super::{Asking, Looked, Note};
use crate::cache::{AskedFor, Question};
use crate::client::Trunkline;
use crate::error::Error;
use crate::failure;
use crate::held::Held;
use crate::source::{Broken, Handed, Rest, Source};
use crate::upstream::Permit;

/// So long one who reads may keep others waiting, where what they read is not kept.
const READERS_MAX: Duration = Duration::from_secs(10);

/// An answer that is for the one alone who asked first.
#[derive(Debug)]
pub(crate) struct OwnAnswer {
    answered: Box<Answered>,
    permit: Option<Permit>,
    kept: Kept,
}

type SharedLead = Lead<Arc<Error>, Handed<Box<OwnAnswer>>>;
type SharedWriter = Writer<Arc<Error>, Handed<Box<OwnAnswer>>>;

/// What the one who asked first is told, and nobody else.
struct Told {
    attempts: u32,
    /// The status that the upstream answered, where it is of what is kept.
    status: Option<StatusCode>,
    /// The answer as the upstream sent it, without its body.
    head: Option<Box<OwnHead>>,
}

struct OwnHead {
    status: StatusCode,
    headers: HeaderMap,
    verdict: Verdict,
    kept: Kept,
}

/// Whether anybody waits for what a task asks.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wanted {
    /// When all have left, it stops.
    ByReaders,
    /// It is for the store.
    ByNobody,
}

/// Asks for others too. `None` if nothing came of it for anybody.
///
/// # Errors
/// Why there is no answer.
pub(super) async fn lead(
    engine: &Trunkline,
    granted: &Granted,
    trail: &mut Trail,
    (lead, (question, asking, sharing)): (SharedLead, (&Question, Asking, Sharing)),
) -> Result<Option<Looked>, Error> {
    let Some(mut again) = granted.again() else {
        return Ok(None);
    };
    if sharing == Sharing::WithOthers {
        again.takes_its_own_time(trail.started());
    }
    let (reader, why) = (lead.reader(), asking.why);
    let (tell, told) = oneshot::channel();
    let task = Task::new(engine, again, trail, (question, asking));
    task.spawn(lead, tell, Wanted::ByReaders);
    let head = share::head(engine, granted, reader).await?;
    let told = told.await.ok();
    trail.took(told.as_ref().map_or(0, |told| told.attempts));
    let forwarded = |status, kept| Forwarded {
        why,
        status,
        kept,
        collapsed: false,
    };
    match head {
        Head::Begins(body) => {
            let Some(head) = told.and_then(|told| told.head) else {
                return Ok(None);
            };
            let forwarded = forwarded(Some(head.status), head.kept);
            let answered = Answered {
                status: head.status,
                headers: head.headers,
                body: Held::nothing(share::shared(engine, granted, body)),
                verdict: head.verdict,
                vendor: None,
                origin: AnswerFrom::Upstream,
            };
            Ok(Some(Looked::new(
                Box::new(answered),
                Note::miss(&forwarded, question.key),
            )))
        }
        // From what other processes keep: nothing was forwarded.
        Head::Entry(entry, hit) if hit.kind == HitKind::Fresh => {
            Ok(Some(super::served(granted, question, (&entry, &hit))))
        }
        Head::Entry(entry, hit) => {
            let forwarded = forwarded(told.and_then(|told| told.status), super::kept(&hit));
            let looked = super::after_asking(granted, question, (&entry, &hit), forwarded);
            Ok(Some(looked))
        }
        Head::TakeOver(Handed::Answer(own)) => {
            trail.holds(own.permit);
            let forwarded = forwarded(Some(own.answered.status), own.kept);
            Ok(Some(Looked::new(
                own.answered,
                Note::miss(&forwarded, question.key),
            )))
        }
        Head::TakeOver(Handed::Rest(_)) | Head::Alone => Ok(None),
        Head::Failed(error) => Err(error.again().with_cache_status(super::failed(why))),
    }
}

/// Asks whether what was served stale is still good, for those who come after.
pub(super) fn refresh(
    engine: &Trunkline,
    granted: &Granted,
    trail: &Trail,
    (question, known, which): (&Question, &Known, usize),
) {
    let (Known::Entries(slot), Some(mut again)) = (known, granted.again()) else {
        return;
    };
    let fills = &engine.cache().fills;
    let Join::Lead(lead) = fills.join(question.key, question.address(), known) else {
        // Somebody asks already.
        return;
    };
    // The caller's deadline is not the store's, nor are its conditions and the part that it wants.
    again.takes_its_own_time(trail.now());
    again.retry = again.installed.retry;
    again.head.headers.remove(header::CACHE_CONTROL);
    Conditions::default().apply_for_store(&mut again.head.headers);
    if let Some(entry) = slot.entries().get(which) {
        again.head.method = entry.stored().parts().method.clone();
    }
    let asking = Asking {
        why: Why::Stale,
        candidate: Some((slot.clone(), which)),
    };
    let task = Task::new(engine, again, trail, (question, asking));
    let (tell, _) = oneshot::channel();
    task.spawn(lead, tell, Wanted::ByNobody);
}

/// One question to the upstream, for all who wait.
struct Task {
    engine: Trunkline,
    granted: Box<Granted>,
    trail: Trail,
    question: Question,
    asking: Asking,
    asked_for: AskedFor,
}

impl Task {
    fn new(
        engine: &Trunkline,
        granted: Box<Granted>,
        trail: &Trail,
        (question, asking): (&Question, Asking),
    ) -> Self {
        Self {
            asked_for: engine.cache().ask_for(question),
            engine: engine.clone(),
            granted,
            trail: trail.branch(),
            question: question.clone(),
            asking,
        }
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "it ends when all who wait have left, or at the time limits of one call"
    )]
    fn spawn(self, lead: SharedLead, tell: oneshot::Sender<Told>, wanted: Wanted) {
        tokio::spawn(self.run(lead, tell, wanted));
    }

    async fn run(mut self, lead: SharedLead, tell: oneshot::Sender<Told>, wanted: Wanted) {
        if let Some((entry, hit)) = self.second_look().await {
            self.tell(tell, None, None);
            return lead.serves(entry, hit);
        }
        let began = self.trail.wall();
        let asked = ask::ask(
            &self.engine,
            &mut self.granted,
            &mut self.trail,
            (&self.question, &self.asking, self.asked_for.mark),
        );
        let resolution = match wanted {
            Wanted::ByNobody => Some(asked.await),
            Wanted::ByReaders => unless_left(lead.everyone_left(), asked).await,
        };
        match resolution {
            None => {}
            Some(Resolution::Renewed(entry, hit, status)) => {
                let times = (began, self.trail.wall());
                let cache = self.engine.cache();
                cache.share(&self.question.key, &entry, times);
                self.tell(tell, status, None);
                lead.serves(entry, hit);
            }
            Some(Resolution::Kept(entry, hit, status)) => {
                self.tell(tell, status, None);
                lead.serves(entry, hit);
            }
            Some(Resolution::Failed(error)) => {
                self.tell(tell, None, None);
                lead.fails(Arc::new(error));
            }
            Some(Resolution::Answer(mut answered, storing)) => {
                if storing.is_ok() && self.granted.is_judged() {
                    let held = super::hold_little(&self.engine, &self.granted, &mut answered);
                    if let Err(error) = held.await {
                        self.tell(tell, None, None);
                        return lead.fails(Arc::new(error));
                    }
                }
                let storing = storing.map_err(Kept::Not).and_then(|stored| {
                    match share::unfit(&self.granted, &answered) {
                        None => Ok(*stored),
                        Some(why) => Err(Kept::Unkept(why)),
                    }
                });
                match storing {
                    Ok(stored) => {
                        let writing = self.begin(lead, tell, (answered, stored));
                        self.write(writing, wanted, began).await;
                    }
                    Err(kept) => self.hand_over(lead, tell, (answered, kept)),
                }
            }
        }
    }

    /// What other processes keep, where it serves.
    async fn second_look(&self) -> Option<(Arc<Entry>, Hit)> {
        if self.asking.candidate.is_some() {
            return None;
        }
        let cache = self.engine.cache();
        let entry = cache.second_look(&self.question).await?;
        let Question { policy, .. } = self.question;
        let stored = [entry.stored()];
        let now = self.trail.wall();
        match trunkline_cache::look(policy, self.granted.asks(), stored, now) {
            trunkline_cache::Decision::Serve(hit) => {
                // Where it is not kept here, it serves this once.
                let store = cache.store();
                store
                    .put(self.question.key, Arc::clone(&entry), self.asked_for.mark)
                    .ok();
                Some((entry, hit))
            }
            _ => None,
        }
    }

    fn tell(
        &self,
        tell: oneshot::Sender<Told>,
        status: Option<StatusCode>,
        head: Option<Box<OwnHead>>,
    ) {
        // Whoever asked first may have left.
        drop(tell.send(Told {
            attempts: self.trail.attempts(),
            status,
            head,
        }));
    }

    /// An answer that is for nobody else.
    fn hand_over(
        &mut self,
        lead: SharedLead,
        tell: oneshot::Sender<Told>,
        (answered, kept): (Box<Answered>, Kept),
    ) {
        if let Kept::Not(why) = kept
            && why.is_lasting()
            && answered.status.is_success()
        {
            self.engine
                .cache()
                .remember_passing(&self.question, self.trail.now());
        }
        self.tell(tell, None, None);
        lead.hand_over(Handed::Answer(Box::new(OwnAnswer {
            answered,
            permit: self.trail.take_permit(),
            kept,
        })));
    }

    /// Begins an answer that is kept.
    fn begin(
        &self,
        lead: SharedLead,
        tell: oneshot::Sender<Told>,
        (answered, stored): (Box<Answered>, Stored),
    ) -> (SharedWriter, Held) {
        let length = share::length_of(&answered.body);
        let labels = self.labels(&answered.headers);
        let ttl = super::ttl(&stored, &self.trail);
        let writer = lead.begins(stored, Arc::new(labels), length);
        let head = Box::new(OwnHead {
            status: answered.status,
            headers: answered.headers,
            verdict: answered.verdict,
            kept: match writer.pushed() {
                Pushed::Kept => Kept::Stored { ttl },
                Pushed::Overflow => Kept::Unkept("too-large"),
            },
        });
        self.tell(tell, None, Some(head));
        (writer, answered.body)
    }

    /// Writes the body for all who read it.
    async fn write(
        mut self,
        (mut writer, body): (SharedWriter, Held),
        wanted: Wanted,
        began: std::time::SystemTime,
    ) {
        let Held { first, rest, .. } = body;
        let mut pushed = if first.is_empty() {
            writer.pushed()
        } else {
            writer.push(first)
        };
        let mut rest = rest;
        while let Some(body) = &mut rest {
            if pushed == Pushed::Overflow && !writer.is_shared() {
                break;
            }
            let next = async {
                self.wait_for_readers(&writer).await;
                body.frame().await
            };
            let next = match wanted {
                Wanted::ByNobody => Some(next.await),
                Wanted::ByReaders => unless_left(writer.everyone_left(), next).await,
            };
            match next {
                // Nobody wants it any more.
                None => return,
                Some(None) => rest = None,
                Some(Some(Ok(frame))) => {
                    if let Ok(data) = frame.into_data() {
                        pushed = writer.push(data);
                    }
                }
                Some(Some(Err(broken))) => {
                    return writer.fails(Arc::new(failure::of_broken(broken)));
                }
            }
        }
        match rest {
            Some(Source::Upstream(body)) => {
                let permit = self.trail.take_permit();
                writer.hand_over(Handed::Rest(Box::new(Rest { body, permit })));
            }
            Some(Source::Shared(_)) => {
                writer.fails(Arc::new(failure::of_broken(Broken::Abandoned)));
            }
            None => {
                if let Ok(entry) = writer.end() {
                    let times = (began, self.trail.wall());
                    self.engine.cache().share(&self.question.key, &entry, times);
                }
            }
        }
    }

    /// Waits for those who read together what is not kept, so that it takes no memory: for the
    /// slowest, but not for long where others wait for it.
    async fn wait_for_readers(&self, writer: &SharedWriter) {
        let clock = self.engine.clock();
        while writer.pushed() == Pushed::Overflow {
            let near = writer.readers_near();
            let until = clock.now() + READERS_MAX;
            if clock.limit(Some(until), near).await.is_ok() {
                return;
            }
            writer.leave_behind();
        }
    }

    fn labels(&self, headers: &HeaderMap) -> Labels {
        super::labels(&self.granted, self.question.address(), headers)
    }
}

/// Does something until it is done, or until everyone has left.
async fn unless_left<T>(
    left: impl Future<Output = ()>,
    work: impl Future<Output = T>,
) -> Option<T> {
    let (mut left, mut work) = (pin!(left), pin!(work));
    poll_fn(|cx| {
        if let Poll::Ready(done) = work.as_mut().poll(cx) {
            return Poll::Ready(Some(done));
        }
        left.as_mut().poll(cx).map(|()| None)
    })
    .await
}
