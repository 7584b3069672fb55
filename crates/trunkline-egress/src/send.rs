//! A request's way onto a connection: one that is open, or a new one.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Instant;

use http::{Request, Response};
use pin_project_lite::pin_project;

use crate::Limits;
use crate::body::Outgoing;
use crate::clock::{self, Clock};
use crate::connection::{Http1, Http2};
use crate::dial::{Dialer, Progress};
use crate::error::{Cause, SendError, SendErrorKind, Step};
use crate::exchange::{self, Answered, Failed, Terms, Waiting};
use crate::lease::Return;
use crate::origin::Origin;
use crate::pool::{Opening, Pool, Taken, Turn};
use crate::receive::Received;
use crate::tls::Protocol;

/// Where a request goes and by what means.
#[derive(Clone, Copy)]
pub(crate) struct Route<'a> {
    pub(crate) dialer: &'a Dialer,
    pub(crate) pool: &'a Arc<Pool>,
    pub(crate) clock: &'a Clock,
    pub(crate) origin: &'a Origin,
    pub(crate) limits: &'a Limits,
}

type Sent = Result<Response<Received>, SendError>;

/// Sends a request: at once if a connection is free, otherwise when polled.
pub(crate) fn send(
    route: Route<'_>,
    request: Request<Outgoing>,
) -> Sending<'_, impl Future<Output = Answered> + Send + use<>> {
    let now = route.clock.now();
    match route.pool.take(route.origin, now) {
        Some(Taken::Http1(connection)) => {
            let back = route.back(&request);
            let waiting = exchange::over_http1(route.terms(now), connection, request, back);
            Sending::Kept { waiting, route }
        }
        taken => Sending::slowly(route, request, taken),
    }
}

pin_project! {
    /// A request under way.
    ///
    /// Nearly every one goes over an open HTTP/1.1 connection, and is waited for right here. All
    /// others are waited for in a box, so that their size does not weigh on that one.
    #[project = Projection]
    pub(crate) enum Sending<'a, F> {
        Kept {
            #[pin]
            waiting: Waiting<'a, F>,
            route: Route<'a>,
        },
        Slowly {
            sent: Pin<Box<dyn Future<Output = Sent> + Send + 'a>>,
        },
    }
}

impl<'a, F> Sending<'a, F> {
    fn slowly(
        route: Route<'a>,
        request: Request<Outgoing>,
        taken: Option<Taken>,
    ) -> Sending<'a, F> {
        Sending::Slowly {
            sent: Box::pin(route.send(request, taken)),
        }
    }
}

impl<F: Future<Output = Answered>> Future for Sending<'_, F> {
    type Output = Sent;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Sent> {
        loop {
            let (request, route) = match self.as_mut().project() {
                Projection::Slowly { sent } => return sent.as_mut().poll(cx),
                Projection::Kept { waiting, route } => match ready!(waiting.poll(cx)) {
                    Ok(answer) => return Poll::Ready(Ok(answer)),
                    Err(Failed::Error(err)) => return Poll::Ready(Err(err)),
                    Err(Failed::Unsent(request)) => (request, *route),
                },
            };
            self.set(Sending::slowly(route, *request, None));
        }
    }
}

impl<'a> Route<'a> {
    fn terms(&self, sent_at: Instant) -> Terms<'a> {
        Terms {
            clock: self.clock,
            limits: self.limits,
            sent_at,
        }
    }

    fn back(&self, request: &Request<Outgoing>) -> Return {
        Return {
            pool: Arc::clone(self.pool),
            origin: self.origin.clone(),
            upload: request.body().upload(),
        }
    }

    /// Tries connections until one takes the request, or a fresh one does not; begins with
    /// `taken`.
    async fn send(self, mut request: Request<Outgoing>, mut taken: Option<Taken>) -> Sent {
        loop {
            let now = self.clock.now();
            let kept = taken.take().or_else(|| self.pool.take(self.origin, now));
            let is_fresh = kept.is_none();
            let connection = match kept {
                Some(kept) => kept,
                None => self.open(now).await?,
            };
            let back = self.back(&request);
            let terms = self.terms(self.clock.now());
            let sent = match connection {
                Taken::Http1(connection) => {
                    exchange::over_http1(terms, connection, request, back).await
                }
                Taken::Http2(stream) => exchange::over_http2(terms, stream, request, back)?.await,
            };
            request = match sent {
                Ok(answer) => return Ok(answer),
                Err(Failed::Error(err)) => return Err(err),
                Err(Failed::Unsent(_)) if is_fresh => {
                    let kind = SendErrorKind::StaleConnection;
                    return Err(SendError::unsent(kind, Cause::None));
                }
                Err(Failed::Unsent(request)) => *request,
            };
        }
    }

    /// Opens a connection within the connect limit, or waits for one that is being opened.
    async fn open(&self, now: Instant) -> Result<Taken, SendError> {
        let until = clock::later(now, self.limits.connect);
        let (until, kind) = match self.limits.deadline {
            Some(deadline) if deadline < until => (deadline, SendErrorKind::DeadlineExceeded),
            Some(_) | None => (until, SendErrorKind::ConnectTimeout),
        };
        let progress = Progress::new(Step::Queue);
        match self
            .clock
            .limit(Some(until), self.open_or_wait(&progress))
            .await
        {
            Ok(opened) => opened,
            Err(_elapsed) => Err(SendError::unsent(kind, Cause::None).at(progress.step())),
        }
    }

    async fn open_or_wait(&self, progress: &Progress) -> Result<Taken, SendError> {
        loop {
            match self.pool.take_or_open(self.origin, self.clock.now()) {
                Turn::Taken(taken) => return Ok(taken),
                Turn::Open(opening) => return self.open_one(progress, opening).await,
                Turn::Wait(mut opening) => {
                    progress.enter(Step::Queue);
                    if opening.wait_for(|is_there| *is_there).await.is_err() {
                        // Whoever opened it gave up: each for itself now.
                        return self.open_one(progress, None).await;
                    }
                }
            }
        }
    }

    async fn open_one(
        &self,
        progress: &Progress,
        opening: Option<Opening>,
    ) -> Result<Taken, SendError> {
        let (transport, protocol) = self.dialer.dial(self.origin, progress).await?;
        progress.enter(Step::Handshake);
        let failed =
            |cause| SendError::unsent(SendErrorKind::ConnectFailed, cause).at(Step::Handshake);
        let failed_by = |err| failed(Cause::Other(Box::new(err)));
        match protocol {
            Protocol::Http1 => {
                let opened = Http1::open(transport, self.clock).await;
                opened.map(Taken::Http1).map_err(failed_by)
            }
            Protocol::Http2 => {
                let connection = Http2::open(transport, self.clock)
                    .await
                    .map_err(failed_by)?;
                let stream = self.pool.share(self.origin, connection, opening);
                stream
                    .map(Taken::Http2)
                    .ok_or_else(|| failed(Cause::Text("it closed at once")))
            }
        }
    }
}
