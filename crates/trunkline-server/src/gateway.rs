//! Answers requests: calls through the engine, our own routes, refusals.

#[cfg(test)]
mod tests;

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;

use bytes::Bytes;
use http::request::Parts;
use http::uri::PathAndQuery;
use http::{HeaderValue, Request, Response, StatusCode, Uri, header};
use hyper::body::Incoming;
use trunkline::connector::ConnectorName;
use trunkline::{Body, Call, CallId, Error, ErrorKind, Options, Reply, Target, Trunkline};

use crate::door::{self, Admitted, Cors};
use crate::outgoing::{Answering, Outgoing};
use crate::own::{self, Own, Readiness};
use crate::reply;
use crate::site::{Mount, Site, Upstreams};
use crate::tally::Tally;
use crate::upload::Upload;
use crate::watch::Watch;
use crate::{cors, problem};

/// Answers the requests of one thread.
pub(crate) struct Gateway {
    engine: Trunkline,
    sites: Arc<[Site]>,
    own: Own,
    tally: Arc<Tally>,
    readiness: Cell<Readiness>,
}

/// Why there is no reply.
enum Failed {
    /// The call failed.
    Call(Error),
    /// The request's body is not one that is passed on.
    Upload(Error),
}

/// What a path asks for.
#[derive(Debug)]
enum Asked<'a> {
    /// A call of a connector.
    Call(ConnectorName, PathAndQuery),
    /// A route of ours, without `/-/`.
    Own(&'a str),
}

impl Gateway {
    /// What one thread needs. The engine has connections of its own there.
    pub(crate) fn new(engine: Trunkline, sites: Arc<[Site]>, own: Own, tally: Arc<Tally>) -> Self {
        Self {
            engine,
            sites,
            own,
            tally,
            readiness: Cell::new(Readiness::Ready),
        }
    }

    /// From now on we are not ready for new work.
    pub(crate) fn drain(&self) {
        self.readiness.set(Readiness::Draining);
    }

    /// Answers one request that came in at the place number `site`.
    pub(crate) async fn answer(
        &self,
        site: usize,
        watch: &Rc<Watch>,
        request: Request<Incoming>,
    ) -> Response<Outgoing> {
        let answering = Answering::begin(watch);
        let (head, body) = request.into_parts();
        let entered = match self.sites.get(site) {
            Some(site) => enter(site, &answering, &head).map(|admitted| (site, admitted)),
            None => Err(Error::new(
                ErrorKind::Internal,
                "a place where we listen has no rules",
            )),
        };
        let (site, admitted) = match entered {
            Ok(entered) => entered,
            Err(error) => return self.refuse(&error, answering),
        };
        let origin = match admitted.cors {
            Cors::None => None,
            Cors::Allowed | Cors::Preflight => head.headers.get(header::ORIGIN).cloned(),
        };
        let mut response = if admitted.cors == Cors::Preflight {
            let mut response = Response::new(Outgoing::own(Bytes::new(), answering));
            *response.status_mut() = StatusCode::NO_CONTENT;
            *response.headers_mut() = cors::preflight(&head);
            response
                .headers_mut()
                .insert(problem::CALL_ID, self.call_id().into());
            response
        } else {
            self.serve(site, admitted, Request::from_parts(head, body), answering)
                .await
        };
        if let Some(origin) = origin {
            cors::allow(response.headers_mut(), &origin);
        }
        response
    }

    async fn serve(
        &self,
        site: &Site,
        admitted: Admitted,
        request: Request<Incoming>,
        answering: Answering,
    ) -> Response<Outgoing> {
        match self.find(site, request.uri()) {
            Err(error) => self.fail(&error, answering),
            Ok(Asked::Own(route)) => {
                let state = own::State {
                    sites: &self.sites,
                    readiness: self.readiness.get(),
                };
                match self
                    .own
                    .answer(route, request.method(), request.uri(), &state)
                    .await
                {
                    Ok(answer) => answer.into_response(self.call_id(), answering),
                    Err(error) => self.fail(&error, answering),
                }
            }
            Ok(Asked::Call(connector, path_and_query)) => {
                let (head, incoming) = request.into_parts();
                let version = head.version;
                let options = match options(site, admitted, &head) {
                    Ok(options) => options,
                    Err(error) => return self.fail(&error, answering),
                };
                let target = Target::Path {
                    method: head.method,
                    path_and_query,
                };
                let body = Body::Empty;
                let call = Call {
                    connector,
                    target,
                    headers: head.headers,
                    body,
                    options,
                };
                match self.call(site, call, incoming, &answering).await {
                    Ok(reply) => reply::response(reply, version, answering),
                    Err(Failed::Call(error)) => self.fail(&error, answering),
                    Err(Failed::Upload(error)) => self.refuse(&error, answering),
                }
            }
        }
    }

    async fn call(
        &self,
        site: &Site,
        mut call: Call,
        incoming: Incoming,
        answering: &Answering,
    ) -> Result<Reply, Failed> {
        let (upload, body) = Upload::begin(incoming, site.rules.body_max())
            .await
            .map_err(|error| Failed::Upload(flaw(answering).unwrap_or(error)))?;
        call.body = body;
        self.engine.call(call).await.map_err(|error| {
            match upload.refused().or_else(|| flaw(answering)) {
                Some(refused) => Failed::Upload(refused),
                None => Failed::Call(error),
            }
        })
    }

    /// What a path asks for.
    fn find<'a>(&self, site: &Site, uri: &'a Uri) -> Result<Asked<'a>, Error> {
        if let Mount::Connector(connector) = site.mount {
            let target = uri.path_and_query().cloned();
            return Ok(Asked::Call(
                connector,
                target.unwrap_or(PathAndQuery::from_static("/")),
            ));
        }
        let target = uri.path_and_query().map_or("/", PathAndQuery::as_str);
        let (name, rest) = split(target);
        if name == "-" {
            return Ok(Asked::Own(uri.path().get(3..).unwrap_or_default()));
        }
        if name.is_empty() {
            return Err(
                Error::new(ErrorKind::NotFound, "there is nothing at `/`").with_hint(
                    "ask for `/CONNECTOR/PATH`; `trunkline connectors list` has the names",
                ),
            );
        }
        let connector = name.parse().map_err(|_| self.unknown(name))?;
        let target = match rest.as_bytes().first() {
            None => Ok(PathAndQuery::from_static("/")),
            Some(b'/') => PathAndQuery::try_from(rest),
            Some(_) => PathAndQuery::try_from(format!("/{rest}")),
        };
        let target = target.map_err(|_| {
            Error::new(
                ErrorKind::BadUrl,
                "the path has a character that it cannot have",
            )
        })?;
        Ok(Asked::Call(connector, target))
    }

    fn unknown(&self, name: &str) -> Error {
        let shown: String = name.chars().take(80).collect();
        let error = Error::new(
            ErrorKind::UnknownConnector,
            format!("there is no connector `{shown}`"),
        );
        match self.engine.catalog().suggest(&shown) {
            Some(close) => error.with_hint(format!("did you mean `{close}`?")),
            None => error,
        }
    }

    /// An error of ours, on a connection that may go on.
    fn fail(&self, error: &Error, answering: Answering) -> Response<Outgoing> {
        let call_id = error.call_id().unwrap_or_else(|| self.call_id());
        problem::response(error, call_id, answering)
    }

    /// An error of ours, on a connection that must not go on: nobody knows what comes next on it.
    fn refuse(&self, error: &Error, answering: Answering) -> Response<Outgoing> {
        self.tally.refused(error.kind());
        tracing::debug!(
            error.code = error.kind().code(),
            "a request was refused: {error}"
        );
        let mut response = self.fail(error, answering);
        response
            .headers_mut()
            .insert(header::CONNECTION, HeaderValue::from_static("close"));
        response
    }

    /// A number for an answer that no call has given one.
    pub(crate) fn call_id(&self) -> CallId {
        CallId::new(self.engine.clock().wall(), fastrand::u128(..))
    }
}

/// Lets a request in, or says why not.
fn enter(site: &Site, answering: &Answering, head: &Parts) -> Result<Admitted, Error> {
    if let Some(flaw) = flaw(answering) {
        return Err(flaw);
    }
    door::decide(&site.rules, head).map_err(|refusal| refusal.to_error(head))
}

/// What is wrong with the bytes of this request or of one before it, if anything is.
fn flaw(answering: &Answering) -> Option<Error> {
    let finding = answering.finding()?;
    let message = format!("the request is malformed: {}", finding.shape);
    Some(Error::new(ErrorKind::RequestMalformed, message))
}

fn options(site: &Site, admitted: Admitted, head: &Parts) -> Result<Options, Error> {
    if admitted.options == door::Options::Absent {
        return Ok(Options::default());
    }
    let options = Options::from_headers(&head.headers)?;
    if options.fault.is_some() && site.upstreams == Upstreams::Real {
        let message =
            "`Trunkline-Sandbox` is only for the sandbox, and this gateway calls real APIs";
        return Err(Error::new(ErrorKind::BadHeader, message)
            .with_hint("start it with `trunkline serve --sandbox`, or leave the header out"));
    }
    Ok(options)
}

/// The first segment of a path, and everything after it, query included.
fn split(target: &str) -> (&str, &str) {
    let path = target.strip_prefix('/').unwrap_or(target);
    let end = path
        .bytes()
        .position(|byte| matches!(byte, b'/' | b'?'))
        .unwrap_or(path.len());
    path.split_at_checked(end).unwrap_or((path, ""))
}
