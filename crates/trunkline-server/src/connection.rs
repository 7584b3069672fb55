//! Serves one connection from its first byte to its last.

use std::convert::Infallible;
use std::future::{self, Future};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::HttpService;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use trunkline::{Config, Error, ErrorKind};

use crate::gateway::Gateway;
use crate::outgoing::Outgoing;
use crate::problem;
use crate::socket::{Socket, Watched};
use crate::watch::{Order, Overdue, Watch};

/// What a caller may still send after a refusal; beyond that it is not listened to.
const LINGER_BYTES_MAX: usize = 16 * 1024 * 1024;

/// The headers that hyper can take without a heap for each request.
const HEADERS_ON_STACK: usize = 100;

/// How a connection ended.
enum End {
    /// HTTP is done with it, and the caller was told so.
    Served,
    /// Something broke off; the caller has to see that.
    BrokenOff,
    /// It was told to end.
    Cut(Option<Overdue>),
}

/// HTTP/1.1 as we serve it.
pub(crate) fn http(config: &Config) -> http1::Builder {
    let mut http = http1::Builder::new();
    // A caller that closes its side has left: its call is to end at once.
    http.half_close(false);
    // The sweep watches over heads that do not end.
    http.header_read_timeout(None);
    // The door judges by the same settings and answers in words; these are for what is so large
    // that it never gets there.
    http.max_header_size(config.server.header_bytes_max.saturating_mul(2));
    if config.server.headers_max > HEADERS_ON_STACK {
        http.max_headers(config.server.headers_max);
    }
    http
}

/// Serves a connection of the place number `site`, and closes it as its end demands.
pub(crate) async fn serve(
    socket: Socket,
    http: Rc<http1::Builder>,
    gateway: Rc<Gateway>,
    site: usize,
    watch: Rc<Watch>,
) {
    let service = hyper::service::service_fn(|request: Request<Incoming>| {
        Rc::clone(&gateway).answer(site, &watch, request)
    });
    let io = TokioIo::new(Watched::new(socket, Rc::clone(&watch)));
    let mut connection = http.serve_connection(io, service);
    let end = future::poll_fn(|cx| poll(&mut connection, &watch, cx)).await;
    match end {
        End::Served => {
            let parts = connection.into_parts();
            let mut watched = parts.io.into_inner();
            if watched.may_have_unread() || !parts.read_buf.is_empty() {
                linger(watched.socket(), &watch).await;
            }
        }
        End::Cut(Some(Overdue::Head)) => {
            let mut watched = connection.into_parts().io.into_inner();
            // No request is under way, so nothing was written that this could fall into.
            let answer = problem::message(&late(), gateway.call_id());
            watched.socket().try_write(&answer).ok();
        }
        End::Cut(_) | End::BrokenOff => {}
    }
}

fn late() -> Error {
    Error::new(
        ErrorKind::RequestTimeout,
        "the request's head did not arrive in time",
    )
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
        // hyper has answered what it could not parse.
        Err(err) if err.is_parse() => End::Served,
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
