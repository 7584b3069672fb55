//! Our own routes, under `/-/`.

use std::sync::Arc;

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode, header};
use tokio::runtime::Handle;
use tokio::task::JoinHandle;
use trunkline::{CallId, Error, ErrorKind, FetchOptions, Fetched, Trunkline};

use crate::api::Api;
use crate::http1::Incoming;
use crate::outgoing::{Answering, Outgoing};
use crate::site::Site;
use crate::tally::Tally;

/// The longest piece of a path that an error repeats.
const SHOWN_MAX: usize = 80;

/// Answers our own routes.
pub(crate) struct Own {
    engine: Trunkline,
    control: Handle,
    tally: Arc<Tally>,
    api: Api,
}

/// A request for a route of ours.
#[derive(Debug)]
pub(crate) struct Asked {
    /// Its head.
    pub(crate) head: Parts,
    /// Its body, which has not been read.
    pub(crate) body: Incoming,
}

/// What the answers depend on.
pub(crate) struct State<'a> {
    /// Every place where we listen.
    pub(crate) sites: &'a [Site],
    /// Whether we are ready for new work.
    pub(crate) readiness: Readiness,
}

/// Whether we are ready for new work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Readiness {
    /// We are.
    Ready,
    /// We finish what is under way.
    Draining,
}

/// An answer of our own.
#[derive(Debug)]
pub(crate) struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

impl Own {
    /// Slow work runs on `control`, with that engine's connections, so that it cannot hold up calls.
    pub(crate) fn new(engine: Trunkline, control: Handle, tally: Arc<Tally>, api: Api) -> Self {
        Self {
            engine,
            control,
            tally,
            api,
        }
    }

    /// Answers a route of ours, `/-/{route}`.
    pub(crate) async fn answer(&self, asked: Asked, state: &State<'_>) -> Result<Answer, Refused> {
        let route = asked.head.uri.path().get(3..).unwrap_or_default();
        if let Some(route) = route.strip_prefix("api/") {
            let route = route.to_owned();
            return self.api.answer(&route, asked).await;
        }
        if !matches!(route, "health" | "ready" | "metrics" | "fetch") {
            let shown: String = route.chars().take(SHOWN_MAX).collect();
            let message = format!("there is no route `/-/{shown}`");
            let error = Error::new(ErrorKind::NotFound, message).with_hint(
                "our routes are `/-/health`, `/-/ready`, `/-/metrics`, `/-/fetch?url=`, and those of `/-/api/openapi.json`",
            );
            return Err(error.into());
        }
        let method = &asked.head.method;
        if *method != Method::GET && *method != Method::HEAD {
            return Err(Refused::method(&asked.head, "GET, HEAD"));
        }
        match route {
            "fetch" => Ok(self
                .fetch(asked.head.uri.query().unwrap_or_default())
                .await?),
            "metrics" => Ok(self.metrics(state.sites)),
            "ready" if state.readiness == Readiness::Draining => {
                Err(Error::new(ErrorKind::ShuttingDown, "the gateway takes no new work").into())
            }
            _ => Ok(Answer::text("text/plain; charset=utf-8", "ok\n")),
        }
    }

    fn metrics(&self, sites: &[Site]) -> Answer {
        let mut text = self.engine.render_metrics();
        text.push_str(&self.tally.render(sites));
        Answer::text("text/plain; version=0.0.4; charset=utf-8", text)
    }

    async fn fetch(&self, query: &str) -> Result<Answer, Error> {
        let hint = "ask for `/-/fetch?url=` and an address, percent-encoded";
        let mut address = None;
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            if name != "url" || address.is_some() {
                let message = format!("`{name}` is no parameter here, or stands twice");
                return Err(Error::new(ErrorKind::BadInput, message).with_hint(hint));
            }
            address = Some(value.into_owned());
        }
        let Some(address) = address else {
            return Err(Error::new(ErrorKind::BadInput, "`url` is missing").with_hint(hint));
        };
        let engine = self.engine.clone();
        let fetching = async move { engine.fetch(&address, FetchOptions::default()).await };
        Elsewhere(self.control.spawn(fetching))
            .wait()
            .await?
            .map(Answer::fetched)
    }
}

/// Work on another runtime that ends when nobody waits for it any more.
pub(crate) struct Elsewhere<T>(pub(crate) JoinHandle<T>);

impl<T> Elsewhere<T> {
    pub(crate) async fn wait(mut self) -> Result<T, Error> {
        (&mut self.0).await.map_err(|err| {
            Error::new(ErrorKind::ShuttingDown, "the work was broken off").with_source(err)
        })
    }
}

impl<T> Drop for Elsewhere<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// An error, and a header that belongs to it.
#[derive(Debug)]
pub(crate) struct Refused {
    /// What went wrong.
    pub(crate) error: Error,
    header: Option<(HeaderName, HeaderValue)>,
}

impl Refused {
    /// The route does not take the method.
    pub(crate) fn method(head: &Parts, allowed: &'static str) -> Self {
        let (route, method) = (head.uri.path(), &head.method);
        let message = format!("`{route}` does not take `{method}`");
        let hint = format!("use {}", allowed.trim_end_matches(", HEAD"));
        Self {
            error: Error::new(ErrorKind::MethodRefused, message).with_hint(hint),
            header: Some((header::ALLOW, HeaderValue::from_static(allowed))),
        }
    }

    /// The request does not say who asks.
    pub(crate) fn stranger(error: Error) -> Self {
        // RFC 9110 section 11.6.1 asks for it.
        let challenge = HeaderValue::from_static("Bearer");
        Self {
            error,
            header: Some((header::WWW_AUTHENTICATE, challenge)),
        }
    }

    /// Adds its header to the answer that tells of it.
    pub(crate) fn mark(self, headers: &mut HeaderMap) {
        if let Some((name, value)) = self.header {
            headers.insert(name, value);
        }
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        Self {
            error,
            header: None,
        }
    }
}

impl Answer {
    /// An answer of JSON.
    pub(crate) fn json(text: impl Into<Bytes>) -> Self {
        Self::text("application/json", text)
    }

    fn text(kind: &'static str, text: impl Into<Bytes>) -> Self {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        Self {
            status: StatusCode::OK,
            headers,
            body: text.into(),
        }
    }

    /// What was fetched, as something to read: a page of a stranger must not become one of ours.
    fn fetched(fetched: Fetched) -> Self {
        let mut headers = HeaderMap::new();
        for name in [
            header::CONTENT_TYPE,
            header::CONTENT_ENCODING,
            header::CONTENT_LANGUAGE,
            header::LAST_MODIFIED,
            header::ETAG,
        ] {
            if let Some(value) = fetched.headers.get(&name) {
                headers.insert(name, value.clone());
            }
        }
        if let Ok(address) = HeaderValue::try_from(fetched.url.as_str()) {
            headers.insert(header::CONTENT_LOCATION, address);
        }
        headers.insert(
            header::CONTENT_SECURITY_POLICY,
            HeaderValue::from_static("sandbox"),
        );
        headers.insert(
            header::X_CONTENT_TYPE_OPTIONS,
            HeaderValue::from_static("nosniff"),
        );
        Self {
            status: fetched.status,
            headers,
            body: fetched.body,
        }
    }

    /// The answer as a response.
    pub(crate) fn into_response(self, call_id: CallId, answering: Answering) -> Response<Outgoing> {
        let mut response = Response::new(Outgoing::own(self.body, call_id.into(), answering));
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers;
        response
    }
}
