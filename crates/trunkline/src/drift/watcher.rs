//! Looks at bodies that have passed, on a thread of its own, so that no call waits for it.

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, SyncSender, TrySendError};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant, SystemTime};

use jiff::Timestamp;
use trunkline_egress::Clock;

use super::aside::Aside;
use super::look::{self, Looked, Passed};
use super::report::Report;
use super::{Drifted, file};
use crate::call::CallId;
use crate::metrics::{Looks, Promise};
use crate::schema::{Check, Difference};
use crate::secret::Secret;

/// The most bodies that wait to be looked at; further ones pass unseen.
const WAITING_MAX: usize = 64;

/// The most bytes that wait.
const WAITING_BYTES_MAX: usize = 8 << 20;

/// The most bytes that are remembered of bodies that are still passing.
const PASSING_BYTES_MAX: usize = 8 << 20;

/// How often the report is written down at most.
const SAVE_EVERY: Duration = Duration::from_secs(10);

/// How long another process may take to write the report. What is not written then is written the
/// next time; at the end there is none.
const LOCK_WAIT: Duration = Duration::from_millis(if cfg!(test) { 20 } else { 1_000 });

/// Room for schemas and bodies that are nested as deeply as JSON may be. Only what is used is taken.
pub(super) const STACK_BYTES: usize = 8 << 20;

/// Looks at bodies that have passed. Dropped, it first ends what it has begun.
#[derive(Debug)]
pub(crate) struct Watcher {
    desk: Arc<Desk>,
    /// Begun with the first body; `None` where the system gives no thread.
    thread: OnceLock<Option<Thread>>,
    passing_bytes: AtomicUsize,
    aside: Aside,
}

#[derive(Debug)]
struct Thread {
    sender: SyncSender<Task>,
    handle: JoinHandle<()>,
}

/// What the thread works with.
#[derive(Debug)]
struct Desk {
    report: Mutex<Report>,
    looks: Arc<Looks>,
    clock: Clock,
    /// Where the report is written down, if it is.
    folder: OnceLock<PathBuf>,
    waiting_bytes: AtomicUsize,
}

/// A body, and the call that it belongs to.
#[derive(Debug)]
pub(crate) struct Sample {
    pub(crate) check: Arc<Check>,
    pub(crate) call_id: CallId,
    /// What must stand nowhere, whoever repeats it.
    pub(crate) secrets: Arc<[Secret]>,
    pub(crate) passed: Passed,
}

#[derive(Debug)]
enum Task {
    Look(Box<Sample>),
    /// Say when everything before was looked at.
    Tell(SyncSender<()>),
}

/// The report's file, as the thread knows it.
struct Saving {
    /// When it may next be written.
    due: Instant,
    /// Whether there is something to write.
    is_wanted: bool,
    /// Whether it could not be written the last time.
    has_failed: bool,
}

impl Watcher {
    pub(crate) fn new(looks: Arc<Looks>, clock: Clock) -> Self {
        Self {
            desk: Arc::new(Desk {
                report: Mutex::default(),
                looks,
                clock,
                folder: OnceLock::new(),
                waiting_bytes: AtomicUsize::new(0),
            }),
            thread: OnceLock::new(),
            passing_bytes: AtomicUsize::new(0),
            aside: Aside::new(),
        }
    }

    /// Where bodies are looked at that a call waits for and that are large.
    pub(crate) fn aside(&self) -> &Aside {
        &self.aside
    }

    /// Whether there is room to remember so many bytes more of bodies that are passing. They are
    /// to be [forgotten](Self::forget) then.
    pub(crate) fn has_room_for(&self, bytes: usize) -> bool {
        let known = self.passing_bytes.fetch_add(bytes, Ordering::Relaxed);
        let is_room = known + bytes <= PASSING_BYTES_MAX;
        if !is_room {
            self.forget(bytes);
        }
        is_room
    }

    /// So many bytes are no longer remembered.
    pub(crate) fn forget(&self, bytes: usize) {
        self.passing_bytes.fetch_sub(bytes, Ordering::Relaxed);
    }

    /// From now on the report is also written down in this folder. The first one counts.
    pub(crate) fn keep_in(&self, folder: PathBuf) {
        // A second folder would be another's.
        self.desk.folder.set(folder).ok();
    }

    /// Takes a body to be looked at. Where too many wait, it is not.
    pub(crate) fn take(&self, sample: Sample) {
        let bytes = sample.passed.bytes();
        let waiting = self.desk.waiting_bytes.fetch_add(bytes, Ordering::Relaxed);
        let is_room = waiting + bytes <= WAITING_BYTES_MAX;
        let thread = self.thread().filter(|_| is_room);
        let sent = thread.map(|thread| thread.sender.try_send(Task::Look(Box::new(sample))));
        if !matches!(sent, Some(Ok(()))) {
            self.desk.waiting_bytes.fetch_sub(bytes, Ordering::Relaxed);
        }
        if let Some(Err(TrySendError::Disconnected(_))) = sent {
            tracing::error!("replies are no longer looked at, because of a bug of ours");
        }
    }

    /// Everything that differed so far, once what waits has been looked at.
    pub(crate) fn report(&self) -> Vec<Drifted> {
        if let Some(Some(thread)) = self.thread.get() {
            let (done, wait) = mpsc::sync_channel(1);
            if thread.sender.send(Task::Tell(done)).is_ok() {
                // Whether it was told or the thread has ended: nothing waits any more.
                wait.recv().ok();
            }
        }
        self.desk.report().all()
    }

    fn thread(&self) -> Option<&Thread> {
        let begun = self.thread.get_or_init(|| {
            let desk = Arc::clone(&self.desk);
            let (sender, tasks) = mpsc::sync_channel(WAITING_MAX);
            let thread = thread::Builder::new()
                .name("drift".to_owned())
                .stack_size(STACK_BYTES);
            match thread.spawn(move || desk.work(&tasks)) {
                Ok(handle) => Some(Thread { sender, handle }),
                Err(err) => {
                    tracing::warn!("replies are not looked at: the system gives no thread: {err}");
                    None
                }
            }
        });
        begun.as_ref()
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        if let Some(Some(Thread { sender, handle })) = self.thread.take() {
            drop(sender);
            if handle.join().is_err() {
                tracing::error!("replies were not looked at to the end, because of a bug of ours");
            }
        }
    }
}

impl Desk {
    /// Works until nobody can give it anything any more.
    fn work(&self, tasks: &Receiver<Task>) {
        let mut saving = Saving {
            due: self.clock.now(),
            is_wanted: false,
            has_failed: false,
        };
        loop {
            match saving.next(tasks, self.clock.now()) {
                Ok(Task::Look(sample)) => {
                    let bytes = sample.passed.bytes();
                    saving.is_wanted |= self.look(&sample);
                    self.waiting_bytes.fetch_sub(bytes, Ordering::Relaxed);
                }
                Ok(Task::Tell(done)) => {
                    // Whoever asked may have gone.
                    done.send(()).ok();
                }
                Err(RecvTimeoutError::Timeout) => self.save(&mut saving),
                Err(RecvTimeoutError::Disconnected) => {
                    self.save(&mut saving);
                    return;
                }
            }
        }
    }

    /// Looks at one body. Whether it differs from what is known.
    fn look(&self, sample: &Sample) -> bool {
        let Sample {
            check,
            call_id,
            secrets,
            passed,
        } = sample;
        let Some(looked) = look::look(check, passed) else {
            return false;
        };
        let Looked {
            differences,
            broken,
        } = looked;
        let is = match broken {
            Some(_) => Promise::Broken,
            None => Promise::Kept,
        };
        let is_first = self.looks.count(check.connector, &check.operation, is);
        if let Some(findings) = broken {
            let findings = findings.without_data(secrets);
            let what = findings.broken_promise(&check.operation, "reply");
            let connector = check.connector.as_str();
            if is_first {
                tracing::warn!(call.id = %call_id, connector.name = connector, "{what}");
            } else {
                tracing::debug!(call.id = %call_id, connector.name = connector, "{what}");
            }
        }
        let now = now(self.clock.wall());
        let mut report = self.report();
        let mut is_different = false;
        for (part, differences) in differences {
            let differences = Difference::without_secrets(differences, secrets);
            is_different |= !differences.is_empty();
            let operation = (check.connector, &check.operation);
            report.add(operation, part, differences, &now);
        }
        is_different
    }

    fn save(&self, saving: &mut Saving) {
        let Some(folder) = self.folder.get().filter(|_| saving.is_wanted) else {
            saving.is_wanted = false;
            return;
        };
        saving.due = self.clock.now() + SAVE_EVERY;
        let rows = self.report().unsaved();
        match file::add(folder, &rows, LOCK_WAIT) {
            Ok(()) => {
                self.report().saved(&rows);
                saving.is_wanted = false;
                saving.has_failed = false;
            }
            Err(err) => {
                let folder = folder.display();
                if !saving.has_failed {
                    tracing::warn!("the drift report cannot be written into `{folder}`: {err}");
                }
                saving.has_failed = true;
            }
        }
    }

    fn report(&self) -> MutexGuard<'_, Report> {
        self.report.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Saving {
    /// Waits for the next task, or until the report is to be written.
    fn next(&self, tasks: &Receiver<Task>, now: Instant) -> Result<Task, RecvTimeoutError> {
        if !self.is_wanted {
            return tasks.recv().map_err(|_| RecvTimeoutError::Disconnected);
        }
        match self.due.saturating_duration_since(now) {
            // However much there is to look at.
            Duration::ZERO => Err(RecvTimeoutError::Timeout),
            wait => tasks.recv_timeout(wait),
        }
    }
}

/// A time as reports write it: whole seconds, UTC.
fn now(time: SystemTime) -> String {
    let seconds = Timestamp::try_from(time).map_or(0, Timestamp::as_second);
    Timestamp::from_second(seconds)
        .unwrap_or_default()
        .to_string()
}
