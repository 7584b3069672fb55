//! Stands in for the vendors: answers every connector from its examples, over real HTTP.
//!
//! It listens on a port of 127.0.0.1 that the system chooses, each connector under its name. What
//! it answers is chosen by `choose`, which is pure; `play` sends it.

mod choose;
mod document;
mod given;
mod jobs;
mod path;
mod play;
mod route;

use std::convert::Infallible;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use trunkline::connector::Connector;
use trunkline::{Catalog, Clock, Fault};

use self::choose::{Asked, Choice, Credential};
use self::given::Sent;
use self::jobs::Jobs;
use self::play::Played;
use crate::runtime::Background;

/// The header by which the engine says what is to go wrong.
const FAULT: &str = "trunkline-sandbox";

/// The largest request that is looked into.
const REQUEST_BYTES_MAX: usize = 16 * 1024 * 1024;

/// How long a slow answer is in coming.
const SLOW: Duration = Duration::from_secs(5);

/// A running sandbox. Ends when dropped.
#[derive(Debug)]
pub struct Sandbox {
    address: SocketAddr,
    stop: Option<oneshot::Sender<Infallible>>,
    thread: Option<JoinHandle<()>>,
}

impl Sandbox {
    /// Starts a sandbox for these connectors on a thread of its own. Settings made with
    /// [`Config::for_sandbox`](trunkline::Config::for_sandbox) then send every call there.
    ///
    /// # Errors
    /// If the system gives no port or no thread.
    pub fn start(catalog: Arc<Catalog>, clock: Clock) -> io::Result<Self> {
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let (stop, stopped) = oneshot::channel();
        let stand = Arc::new(Stand {
            catalog,
            clock,
            jobs: Jobs::default(),
        });
        let runtime = Background::new()?;
        let work = move || runtime.run(accept(listener, stand, stopped));
        let thread = std::thread::Builder::new()
            .name("sandbox".to_owned())
            .spawn(work)?;
        Ok(Self {
            address,
            stop: Some(stop),
            thread: Some(thread),
        })
    }

    /// Where it answers.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the sandbox ended in a bug of ours");
        }
    }
}

async fn accept(
    listener: std::net::TcpListener,
    stand: Arc<Stand>,
    mut stopped: oneshot::Receiver<Infallible>,
) {
    let listener = match TcpListener::from_std(listener) {
        Ok(listener) => listener,
        Err(err) => {
            tracing::error!(error = %err, "the sandbox cannot accept connections");
            return;
        }
    };
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            _ = &mut stopped => return,
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(serve(stream, Arc::clone(&stand)));
                }
                Err(err) => {
                    tracing::warn!(error = %err, "the sandbox could not accept a connection");
                    stand.clock.sleep(Duration::from_millis(100)).await;
                }
            }
        }
    }
}

async fn serve(stream: TcpStream, stand: Arc<Stand>) {
    if let Err(err) = stream.set_nodelay(true) {
        tracing::debug!(error = %err, "a connection to the sandbox was gone at once");
        return;
    }
    let service = hyper::service::service_fn(|request| {
        let stand = Arc::clone(&stand);
        async move { Ok::<_, Infallible>(stand.answer(request).await) }
    });
    let served = http1::Builder::new()
        .header_read_timeout(None)
        .serve_connection(TokioIo::new(stream), service)
        .await;
    if let Err(err) = served {
        tracing::debug!(error = %err, "a connection to the sandbox broke off");
    }
}

/// What answers are made of.
struct Stand {
    catalog: Arc<Catalog>,
    clock: Clock,
    jobs: Jobs,
}

impl Stand {
    async fn answer(&self, request: Request<Incoming>) -> Response<Played> {
        let (head, body) = request.into_parts();
        let Ok(body) = Limited::new(body, REQUEST_BYTES_MAX).collect().await else {
            return self.own(
                StatusCode::PAYLOAD_TOO_LARGE,
                "the request is too large for the sandbox",
            );
        };
        let fault = head
            .headers
            .get(FAULT)
            .and_then(|value| value.to_str().ok());
        let fault = fault.and_then(|text| text.parse::<Fault>().ok());
        if fault == Some(Fault::Slow) {
            self.clock.sleep(SLOW).await;
        }
        let name = head.uri.path().split('/').nth(1).unwrap_or_default();
        let Some(entry) = self.catalog.find(name) else {
            return self.own(StatusCode::NOT_FOUND, "the sandbox has no such connector");
        };
        let connector = &entry.connector;
        let example = match choose(connector, &head, &body.to_bytes(), fault) {
            Choice::Example(example) => example,
            Choice::Looks(looks) => match self.jobs.next(connector, &looks) {
                Some(example) => example,
                None => return self.own(StatusCode::NOT_FOUND, "the job was not recorded"),
            },
            Choice::None { status, message } => return self.own(status, &message),
        };
        self.jobs.begun(connector, example);
        let answer = &example.answer;
        let mut response = Response::new(Played::new(&answer.body, fault, self.clock.clone()));
        *response.status_mut() = answer.status;
        *response.headers_mut() = answer.headers_at(self.clock.wall());
        drop_framing(response.headers_mut());
        response
    }

    /// Words of our own, in the form that SDKs look for.
    fn own(&self, status: StatusCode, message: &str) -> Response<Played> {
        let error = serde_json::json!({ "type": "trunkline_sandbox", "code": "sandbox", "message": message });
        let errors = [serde_json::json!({ "message": message })];
        let body = serde_json::json!({ "message": message, "error": error, "errors": errors });
        let body = body.to_string();
        let mut response = Response::new(Played::whole(Bytes::from(body), self.clock.clone()));
        *response.status_mut() = status;
        let kind = HeaderValue::from_static("application/json");
        response.headers_mut().insert(header::CONTENT_TYPE, kind);
        response
    }
}

/// Chooses the answer to a request whose path has the connector's name before it.
fn choose<'a>(
    connector: &'a Connector,
    head: &Parts,
    body: &[u8],
    fault: Option<Fault>,
) -> Choice<'a> {
    let base = connector.base_url.example().path().trim_end_matches('/');
    let base = format!("/{}{base}", connector.name);
    let is_shown = trunkline::shows_example_credential(connector, head, body);
    let asked = Asked {
        method: &head.method,
        sent: Sent {
            path: head.uri.path().strip_prefix(&base).unwrap_or_default(),
            query: head.uri.query().unwrap_or_default(),
            headers: &head.headers,
            body,
        },
        credential: if is_shown {
            Credential::Right
        } else {
            Credential::Wrong
        },
        fault,
    };
    choose::choose(connector, &asked)
}

/// Recorded answers are framed anew.
fn drop_framing(headers: &mut HeaderMap) {
    for name in [
        header::CONTENT_LENGTH,
        header::TRANSFER_ENCODING,
        header::CONNECTION,
        header::CONTENT_ENCODING,
    ] {
        headers.remove(name);
    }
}
