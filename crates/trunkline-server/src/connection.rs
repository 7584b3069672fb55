//! Serves one connection from its first byte to its last.

mod unparsed;

use std::convert::Infallible;
use std::future::{self, Future};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::HttpService;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use trunkline::{Config, Error, ErrorKind};

use crate::ahead::Allowance;
use crate::connection::unparsed::{HeadLimits, Stop};
use crate::gateway::Gateway;
use crate::outgoing::{Answering, Outgoing};
use crate::problem;
use crate::socket::{Socket, Watched};
use crate::tally::Tally;
use crate::tunnel;
use crate::watch::{Order, Overdue, Watch};

/// What a caller may still send after a refusal; beyond that it is not listened to.
const LINGER_BYTES_MAX: usize = 16 * 1024 * 1024;

/// The headers that hyper can take without a heap for each request.
const HEADERS_ON_STACK: usize = 100;

/// HTTP/1.1 as we serve it.
pub(crate) struct Http {
    parser: http1::Builder,
    limits: HeadLimits,
    tally: Arc<Tally>,
    allowance: Rc<Allowance>,
}

/// How a connection ended.
enum End {
    /// HTTP is done with it, and the caller was told so.
    Served,
    /// What came is no request, and the caller does not know it yet.
    Unparsed(Stop),
    /// Something broke off; the caller has to see that.
    BrokenOff,
    /// It was told to end.
    Cut(Option<Overdue>),
}

impl Http {
    /// HTTP as the settings have it. What is refused here goes into `tally`.
    pub(crate) fn new(config: &Config, tally: Arc<Tally>) -> Self {
        let server = &config.server;
        let mut parser = http1::Builder::new();
        // A caller that closes its side has left: its call is to end at once.
        parser.half_close(false);
        // The sweep watches over heads that do not end.
        parser.header_read_timeout(None);
        // The door judges by the same settings and knows more; these are for what is so large that
        // it never gets there.
        parser.max_header_size(server.header_bytes_max.saturating_mul(2));
        if server.headers_max > HEADERS_ON_STACK {
            parser.max_headers(server.headers_max);
        }
        Self {
            parser,
            limits: HeadLimits {
                headers: server.headers_max,
                header_bytes: server.header_bytes_max,
            },
            tally,
            allowance: Rc::default(),
        }
    }
}

/// Serves a connection of the place number `site`, and closes it as its end demands.
pub(crate) async fn serve(
    socket: Socket,
    http: Rc<Http>,
    gateway: Rc<Gateway>,
    site: usize,
    watch: Rc<Watch>,
) {
    let service = hyper::service::service_fn(|request: Request<Incoming>| {
        Rc::clone(&gateway).answer(site, &watch, request)
    });
    let io = TokioIo::new(Watched::new(
        socket,
        Rc::clone(&watch),
        Rc::clone(&http.allowance),
    ));
    let mut connection = http.parser.serve_connection(io, service);
    let end = future::poll_fn(|cx| poll(&mut connection, &watch, cx)).await;
    let parts = connection.into_parts();
    let mut watched = parts.io.into_inner();
    let refused = match end {
        End::Served => {
            if let Some(tunneled) = watch.take_tunnel() {
                let answering = Answering::begin(&watch);
                let ahead = [parts.read_buf, watched.take_ahead()].concat();
                let caller = (watched.socket(), Bytes::from(ahead));
                // Boxed, so that no other connection carries its size.
                Box::pin(tunnel::carry(caller, tunneled, gateway.clock(), &watch)).await;
                drop(answering);
                return;
            }
            if watched.may_have_unread() || !parts.read_buf.is_empty() {
                linger(watched.socket(), &watch).await;
            }
            return;
        }
        End::Cut(Some(Overdue::Head)) => late("the request's head did not arrive in time"),
        End::Cut(Some(Overdue::Upload)) if !watch.state().has_begun => {
            late("the rest of the request's body did not arrive in time")
        }
        End::Unparsed(stop) => unparsed::error(stop, &parts.read_buf, watch.finding(), http.limits),
        End::Cut(_) | End::BrokenOff => return,
    };
    http.tally.refused(refused.kind());
    tracing::debug!(
        error.code = refused.kind().code(),
        "a connection was refused: {refused}"
    );
    // Never into the middle of an answer.
    if watch.is_settled() || !watch.state().has_begun {
        let answer = problem::message(&refused, gateway.call_id());
        watched.socket().try_write(&answer).ok();
    }
    if matches!(end, End::Unparsed(_) | End::Cut(Some(Overdue::Upload))) {
        linger(watched.socket(), &watch).await;
    }
}

fn late(what: &str) -> Error {
    Error::new(ErrorKind::RequestTimeout, what)
}

fn poll<S>(
    connection: &mut http1::Connection<TokioIo<Watched>, S>,
    watch: &Watch,
    cx: &mut Context<'_>,
) -> Poll<End>
where
    S: HttpService<Incoming, ResBody = Outgoing, Error = Infallible>,
{
    match watch.take_order(cx) {
        Some(Order::Cut(overdue)) => return Poll::Ready(End::Cut(overdue)),
        Some(Order::Finish) => Pin::new(&mut *connection).graceful_shutdown(),
        None => {}
    }
    Pin::new(connection).poll(cx).map(|served| match served {
        Ok(()) => End::Served,
        Err(err) if err.is_parse_too_large() => End::Unparsed(Stop::TooLarge),
        Err(err) if err.is_parse() => End::Unparsed(Stop::NoHttp),
        Err(err) => {
            tracing::debug!(error = %err, "a connection broke off");
            End::BrokenOff
        }
    })
}

/// Reads what a caller is still sending, so that closing does not take our answer from it.
async fn linger(socket: &mut Socket, watch: &Watch) {
    watch.linger();
    let mut left = LINGER_BYTES_MAX;
    let mut has_said_goodbye = false;
    future::poll_fn(|cx| {
        if matches!(watch.take_order(cx), Some(Order::Cut(_))) {
            return Poll::Ready(());
        }
        if !has_said_goodbye {
            has_said_goodbye = Pin::new(&mut *socket).poll_shutdown(cx).is_ready();
        }
        loop {
            let mut space = [0; 4096];
            let mut buffer = ReadBuf::new(&mut space);
            match Pin::new(&mut *socket).poll_read(cx, &mut buffer) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Err(_)) => return Poll::Ready(()),
                Poll::Ready(Ok(())) => {}
            }
            let read = buffer.filled().len();
            left = left.saturating_sub(read);
            if read == 0 || left == 0 {
                return Poll::Ready(());
            }
        }
    })
    .await;
}
