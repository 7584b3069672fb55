//! Serves one connection from its first byte to its last.

mod unparsed;

use std::future;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::Poll;

use bytes::Bytes;
use http::Request;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use trunkline::{Config, Error, ErrorKind};

use crate::ahead::Allowance;
use crate::gateway::Gateway;
use crate::http1::{Conversation, Ended, HeadLimits, Incoming};
use crate::outgoing::Answering;
use crate::problem;
use crate::socket::{Socket, Watched};
use crate::tally::Tally;
use crate::tunnel;
use crate::watch::{Order, Overdue, Watch};

/// What a caller may still send after a refusal; beyond that it is not listened to.
const LINGER_BYTES_MAX: usize = 16 * 1024 * 1024;

/// HTTP/1.1 as we serve it.
pub(crate) struct Http {
    limits: HeadLimits,
    tally: Arc<Tally>,
    allowance: Rc<Allowance>,
}

/// How a connection ended.
#[derive(Debug)]
enum End {
    /// By itself.
    Conversation(Ended),
    /// It was told to.
    Cut(Option<Overdue>),
}

impl Http {
    /// HTTP as the settings have it. What is refused here goes into `tally`.
    pub(crate) fn new(config: &Config, tally: Arc<Tally>) -> Self {
        Self {
            limits: HeadLimits {
                headers: config.server.headers_max,
                header_bytes: config.server.header_bytes_max,
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
    let answer = |request: Request<Incoming>| Rc::clone(&gateway).answer(site, &watch, request);
    let watched = Watched::new(socket, Rc::clone(&watch), Rc::clone(&http.allowance));
    let mut conversation = Conversation::new(watched, Rc::clone(&watch), http.limits, answer);
    let end = future::poll_fn(|cx| {
        match watch.take_order(cx) {
            Some(Order::Cut(overdue)) => return Poll::Ready(End::Cut(overdue)),
            Some(Order::Finish) => conversation.finish(),
            None => {}
        }
        conversation.poll(cx).map(End::Conversation)
    })
    .await;
    let (mut watched, unused) = conversation.into_parts();
    let refused = match &end {
        End::Conversation(Ended::Done) => {
            if watched.may_have_unread() || !unused.is_empty() {
                linger(watched.socket(), &watch).await;
            }
            return;
        }
        End::Conversation(Ended::Changed) => {
            if let Some(tunneled) = watch.take_tunnel() {
                let answering = Answering::begin(&watch);
                let ahead = [unused, watched.take_ahead()].concat();
                let caller = (watched.socket(), Bytes::from(ahead));
                // Boxed, so that no other connection carries its size.
                Box::pin(tunnel::carry(caller, tunneled, gateway.clock(), &watch)).await;
                drop(answering);
            }
            return;
        }
        End::Cut(Some(Overdue::Head)) => late("the request's head did not arrive in time"),
        End::Cut(Some(Overdue::Upload)) if !watch.state().has_begun => {
            late("the rest of the request's body did not arrive in time")
        }
        End::Conversation(Ended::NoRequest(stop, bytes)) => {
            unparsed::error(*stop, bytes, http.limits)
        }
        End::Conversation(Ended::BrokenOff) | End::Cut(_) => return,
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
    if !matches!(end, End::Cut(Some(Overdue::Head))) {
        linger(watched.socket(), &watch).await;
    }
}

fn late(what: &str) -> Error {
    Error::new(ErrorKind::RequestTimeout, what)
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
