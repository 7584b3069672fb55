//! Waits for what a call began: looks at the job, as its connector says, until it is done.

#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, StatusCode, header};
use serde_json::Value;
use trunkline_connector::format::Class;
use trunkline_connector::{Connector, Inputs, JobState, Operation, Poll, words};

use crate::call::{Call, CallId, Options, Reply, Target};
use crate::client::Trunkline;
use crate::config::Keep;
use crate::error::{Error, ErrorKind};
use crate::installed::{self, Installed};
use crate::pages::{self, Stopped};
use crate::pipeline::resolve;

/// The longest wait between two looks, unless the connector's own is longer.
const WAIT_MAX: Duration = Duration::from_mins(1);

/// A job that has taken long is looked at less often: it can be late by this part of its time.
const LATE_BY: u32 = 20;

/// A look has at least this time: the last one, too, which comes when the time for the whole is over.
const LOOK_MIN: Duration = Duration::from_secs(2);

/// The most operations that a message names.
const LISTED_MAX: usize = 20;

/// A job that is not done yet.
#[derive(Debug, Clone, Copy)]
pub struct Look<'l> {
    /// Its state, in the API's word; `begun` before the first look, where the API said none.
    pub state: &'l str,
    /// The time since it was begun.
    pub elapsed: Duration,
    /// How often it has been looked at; at first not at all.
    pub looks: u32,
    /// By which call one looks again.
    pub again: &'l LookAgain,
}

/// A job that has ended, and the last reply about it.
#[derive(Debug)]
pub struct Finished {
    /// How it ended.
    pub outcome: JobOutcome,
    /// The time from its beginning.
    pub took: Duration,
    /// How often it was looked at.
    pub looks: u32,
    /// The number of the last call.
    pub call_id: CallId,
    /// How many HTTP exchanges the last call took.
    pub attempts: u32,
    /// The last reply's status.
    pub status: StatusCode,
    /// The last reply's headers.
    pub headers: HeaderMap,
    /// The last reply's body.
    pub body: Bytes,
    /// How the last reply differs from what its operation promises.
    pub schema_problem: Option<String>,
}

/// How a job ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JobOutcome {
    /// It is done.
    Done,
    /// It will never be done.
    Failed {
        /// Its state, in the API's word.
        state: String,
        /// Why, where the API says.
        reason: Option<String>,
    },
}

/// Why nobody knows how a job ends.
#[derive(Debug)]
pub struct WaitError {
    /// What happened.
    pub cause: Stopped,
    /// By which call one looks again; `None` where no job was begun.
    pub look: Option<Box<LookAgain>>,
}

/// The call by which one looks at a job.
#[derive(Debug, Clone, PartialEq)]
pub struct LookAgain {
    /// The operation.
    pub operation: String,
    /// Its inputs.
    pub inputs: Inputs,
}

/// What to do about a job that is not done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Decision {
    /// Wait so long, then look.
    LookAfter(Duration),
    /// Wait no longer.
    GiveUp,
}

/// Decides when to look at a job that began `elapsed` ago. The last look is when the time is over.
fn decide(every: Duration, elapsed: Duration, timeout: Option<Duration>) -> Decision {
    let wait = every.max((elapsed / LATE_BY).min(WAIT_MAX));
    match timeout.map(|timeout| timeout.saturating_sub(elapsed)) {
        Some(Duration::ZERO) => Decision::GiveUp,
        Some(left) => Decision::LookAfter(wait.min(left)),
        None => Decision::LookAfter(wait),
    }
}

/// Begins a job and waits for it; `watch` is told of every look that finds it not done.
pub(crate) async fn wait_for(
    engine: &Trunkline,
    call: Call,
    timeout: Option<Duration>,
    mut watch: impl FnMut(Look<'_>) + Send,
) -> Result<Finished, WaitError> {
    let (job, mut state) = Job::begin(engine, call, timeout).await?;
    let mut looks = 0;
    watch(Look {
        state: state.as_deref().unwrap_or("begun"),
        elapsed: Duration::ZERO,
        looks,
        again: &job.again,
    });
    loop {
        let elapsed = engine.clock().now().saturating_duration_since(job.began);
        let Decision::LookAfter(wait) = decide(job.poll.every, elapsed, timeout) else {
            return Err(job.error(Stopped::Failed(too_long(elapsed, state))));
        };
        engine.clock().sleep(wait).await;
        looks += 1;
        let (reply, json) = job.look(elapsed + wait, timeout).await?;
        let elapsed = engine.clock().now().saturating_duration_since(job.began);
        let outcome = match job.poll.state_in(&json) {
            Ok(JobState::Done) => JobOutcome::Done,
            Ok(JobState::Failed { state, reason }) => JobOutcome::Failed { state, reason },
            Ok(JobState::Running(running)) => {
                watch(Look {
                    state: &running,
                    elapsed,
                    looks,
                    again: &job.again,
                });
                state = Some(running);
                continue;
            }
            Err(missing) => return Err(job.error(Stopped::Failed(unclear(&missing.0)))),
        };
        return Ok(Finished {
            outcome,
            took: elapsed,
            looks,
            call_id: reply.call_id,
            attempts: reply.attempts,
            status: reply.status,
            headers: reply.headers,
            body: reply.body,
            schema_problem: reply.schema_problem,
        });
    }
}

/// A job that was begun.
struct Job<'e> {
    engine: &'e Trunkline,
    began: std::time::Instant,
    poll: Poll,
    /// The call by which one looks at it.
    call: (trunkline_connector::ConnectorName, Options),
    again: LookAgain,
}

/// A reply that was read.
struct Whole {
    call_id: CallId,
    attempts: u32,
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
    schema_problem: Option<String>,
}

impl<'e> Job<'e> {
    async fn begin(
        engine: &'e Trunkline,
        mut call: Call,
        timeout: Option<Duration>,
    ) -> Result<(Self, Option<String>), WaitError> {
        let of_call = |cause| WaitError { cause, look: None };
        let (poll, looking) = poll_of(engine, &call)
            .map_err(Stopped::Failed)
            .map_err(of_call)?;
        let began = engine.clock().now();
        let connector = call.connector;
        let options = call.options.clone();
        call.options.timeout = options.timeout.or(timeout);
        call.headers.remove(header::ACCEPT_ENCODING);
        let (_, json) = make(engine, call).await.map_err(of_call)?;
        let inputs = poll
            .inputs_from(&json, &looking)
            .map_err(|missing| of_call(Stopped::Failed(unclear(&missing.0))))?;
        let state = match poll.state_in(&json) {
            Ok(JobState::Running(state)) => Some(state),
            _ => None,
        };
        let job = Self {
            engine,
            began,
            poll,
            call: (connector, options),
            again: LookAgain {
                operation: looking.name,
                inputs,
            },
        };
        Ok((job, state))
    }

    async fn look(
        &self,
        elapsed: Duration,
        timeout: Option<Duration>,
    ) -> Result<(Whole, Value), WaitError> {
        let (connector, options) = &self.call;
        let LookAgain { operation, inputs } = &self.again;
        let mut call = Call::operation(*connector, operation.as_str(), inputs.clone());
        call.options = options.clone();
        let left = timeout.map(|timeout| timeout.saturating_sub(elapsed).max(LOOK_MIN));
        call.options.timeout = options.timeout.or(left);
        // How a job stood the last time is what nobody looks for.
        call.options.cache = Some(Keep::Off);
        make(self.engine, call)
            .await
            .map_err(|cause| self.error(cause))
    }

    fn error(&self, cause: Stopped) -> WaitError {
        WaitError {
            cause,
            look: Some(Box::new(self.again.clone())),
        }
    }
}

/// Makes a call whose reply is JSON.
async fn make(engine: &Trunkline, call: Call) -> Result<(Whole, Value), Stopped> {
    let reply = engine.call(call).await.map_err(Stopped::Failed)?;
    if reply.class != Class::Ok || !reply.status.is_success() {
        return Err(Stopped::Answered(Box::new(reply)));
    }
    let Reply {
        call_id,
        attempts,
        status,
        mut headers,
        body,
        schema_problem,
        ..
    } = reply;
    let body = pages::read_body(body, &headers)
        .await
        .map_err(Stopped::Failed)?;
    for name in [header::CONTENT_ENCODING, header::CONTENT_LENGTH] {
        headers.remove(name);
    }
    let json = serde_json::from_slice(&body).map_err(|err| {
        let message = format!("the reply about the job is no JSON: {err}");
        Stopped::Failed(Error::new(ErrorKind::SchemaBroken, message))
    })?;
    let whole = Whole {
        call_id,
        attempts,
        status,
        headers,
        body,
        schema_problem,
    };
    Ok((whole, json))
}

/// How to look at what a call begins, and the operation that does it.
fn poll_of(engine: &Trunkline, call: &Call) -> Result<(Poll, Operation), Error> {
    let snapshot = engine.snapshot();
    let Some(installed) = snapshot.installed.get(&call.connector).map(Arc::clone) else {
        let name = call.connector.as_str();
        return Err(installed::unknown_connector(&snapshot.catalog, name));
    };
    let connector = &installed.connector;
    let (operation, what) = operation_of(&installed, &call.target)?;
    let poll = operation
        .and_then(|place| connector.operations.get(place))
        .and_then(|operation| operation.poll.as_ref())
        .ok_or_else(|| no_job(connector, &what))?;
    let looking = connector.operations.get(poll.operation);
    let looking = looking.ok_or_else(|| no_job(connector, &what))?;
    Ok((poll.clone(), looking.clone()))
}

fn operation_of(installed: &Installed, target: &Target) -> Result<(Option<usize>, String), Error> {
    match target {
        Target::Operation { name, .. } => Ok((
            Some(resolve::find(&installed.connector, name)?),
            format!("`{name}`"),
        )),
        Target::Path {
            method,
            path_and_query,
        } => {
            let path = path_and_query.path();
            Ok((
                installed.operation_at(method, path),
                format!("`{method} {path}`"),
            ))
        }
    }
}

fn no_job(connector: &Connector, what: &str) -> Error {
    let message = format!("{what} of `{}` begins nothing to wait for", connector.name);
    let with_jobs = connector.operations.iter().filter(|one| one.poll.is_some());
    let names = words::all_of(with_jobs.map(|one| one.name.as_str()).take(LISTED_MAX));
    let hint = if names.is_empty() {
        "no operation of it does; call it without waiting".to_owned()
    } else {
        format!("these do: {names}")
    };
    Error::new(ErrorKind::BadInput, message).with_hint(hint)
}

fn unclear(pointer: &str) -> Error {
    let message = format!("the reply about the job has nothing at `{pointer}`");
    Error::new(ErrorKind::SchemaBroken, message)
}

fn too_long(elapsed: Duration, state: Option<String>) -> Error {
    let secs = elapsed.as_secs();
    let message = match state {
        Some(state) => format!("the job is not done after {secs} s; it is `{state}`"),
        None => format!("the job is not done after {secs} s"),
    };
    Error::new(ErrorKind::CallTimeout, message).with_hint("it goes on; look at it again later")
}

impl fmt::Display for WaitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.cause {
            Stopped::Failed(error) => error.fmt(f),
            Stopped::Answered(reply) => {
                write!(
                    f,
                    "the API answered {} about the job",
                    reply.status.as_u16()
                )
            }
        }
    }
}

impl std::error::Error for WaitError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.cause {
            Stopped::Failed(error) => Some(error),
            Stopped::Answered(_) => None,
        }
    }
}
