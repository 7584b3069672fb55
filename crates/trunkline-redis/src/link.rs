//! Two connections to Redis: what is small does not wait behind what is large.

use std::num::NonZeroU32;
use std::time::{Duration, Instant};

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, RedisResult};

use crate::beat::{Beat, Learned};
use crate::clock;
use crate::heard::{Forgotten, Last, Stream};
use crate::limit;
use crate::names::Names;
use crate::rate::SharedRate;
use crate::reason::Reason;
use crate::{cache, handle};

/// How long a connection may take to be opened.
const OPEN_MAX: Duration = Duration::from_secs(1);

/// Both connections. What is asked over one of them at the same time is answered in that order.
#[derive(Debug, Clone)]
pub(crate) struct Link {
    /// For limits, and for what processes tell each other.
    pub(crate) quick: MultiplexedConnection,
    /// For values.
    pub(crate) bulk: MultiplexedConnection,
}

/// Where to connect to.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    pub(crate) client: Client,
    pub(crate) database: i64,
}

/// What operations are made with.
#[derive(Debug)]
pub(crate) struct Tools {
    pub(crate) time_limit: Duration,
    pub(crate) names: Names,
    pub(crate) limits: limit::Scripts,
    pub(crate) values: cache::Scripts,
    pub(crate) beat: Beat,
    pub(crate) stream: Stream,
}

/// What was seen when looking around.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) learned: Learned,
    pub(crate) last: Last,
    pub(crate) heard: Vec<Forgotten>,
}

/// Connects, and makes sure that it is Redis, that it may be written to, that it knows scripts, and
/// that it answers within the time limit.
pub(crate) async fn open(
    target: &Target,
    tools: &Tools,
    last: Option<Last>,
) -> Result<(Link, Seen), Reason> {
    let both = async { Ok((connect(target).await?, connect(target).await?)) };
    let (quick, bulk) = match clock::before(clock::now() + OPEN_MAX, both).await {
        None => return Err(Reason::TimedOut),
        Some(connections) => connections?,
    };
    let mut link = Link { quick, bulk };
    let seen = look(&mut link, tools, last).await?;
    let ask = limit::Ask {
        key: tools.names.bucket(b""),
        rate: SharedRate {
            capacity: NonZeroU32::MIN,
            unit: 1,
            refill: 1,
        },
        want: 1,
        at_least: 1,
        apart: None,
    };
    limited(soon(tools), tools.limits.lease(&mut link.quick, &ask)).await?;
    Ok((link, seen))
}

/// Says that this process is there, and hears what others say.
pub(crate) async fn look(
    link: &mut Link,
    tools: &Tools,
    last: Option<Last>,
) -> Result<Seen, Reason> {
    let beat = tools.beat.send(&mut link.quick, &tools.names);
    let learned = limited(soon(tools), beat).await?;
    let read = tools.stream.read(&mut link.quick, last);
    let (last, heard) = limited(soon(tools), read).await?;
    Ok(Seen {
        learned,
        last,
        heard,
    })
}

/// What Redis answers, if it does so in time.
pub(crate) async fn limited<T>(
    deadline: Instant,
    work: impl Future<Output = RedisResult<T>>,
) -> Result<T, Reason> {
    match clock::before(deadline, work).await {
        None => Err(Reason::TimedOut),
        Some(result) => result.map_err(|err| Reason::of(&err)),
    }
}

fn soon(tools: &Tools) -> Instant {
    clock::now() + tools.time_limit
}

async fn connect(target: &Target) -> Result<MultiplexedConnection, Reason> {
    // The limits are ours. There is room for as many operations as may be under way.
    let config = AsyncConnectionConfig::new()
        .set_connection_timeout(None)
        .set_response_timeout(None)
        .set_pipeline_buffer_size(handle::ROOM);
    let opened = target
        .client
        .get_multiplexed_async_connection_with_config(&config);
    let mut connection = opened.await.map_err(|err| Reason::of(&err))?;
    let mut select = redis::cmd("SELECT");
    select.arg(target.database);
    let selected: RedisResult<()> = select.query_async(&mut connection).await;
    selected.map_err(|err| match Reason::of(&err) {
        Reason::Refused(code) if code == "ERR" => Reason::NoDatabase(target.database),
        reason => reason,
    })?;
    Ok(connection)
}
