//! Answers requests: calls through the engine, our own routes, refusals.

#[cfg(test)]
mod tests;

use std::cell::Cell;
use std::mem;
use std::rc::Rc;
use std::sync::Arc;

use bytes::Bytes;
use http::request::Parts;
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode, Uri, header};
use trunkline::connector::ConnectorName;
use trunkline::{
    Body, Call, CallId, Changed, Clock, Error, ErrorKind, Files, Options, Paginate, Reply, Target,
    Trunkline,
};

use crate::door::{self, Admitted, Change, Cors};
use crate::http1::Incoming;
use crate::outgoing::{Answering, Outgoing};
use crate::own::{self, Own, Readiness};
use crate::pages::{self, Begun};
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
    /// For a reason that leaves the connection as good as it was.
    Call(Error),
    /// The request is not one that is let in, or its body is not one that is passed on: nobody
    /// knows what comes next on the connection.
    Refused(Error),
}

/// A request that was let in, and what it asks for.
struct Entered {
    /// The page that may read the answer, where a page asks.
    origin: Option<HeaderValue>,
    task: Result<Task, Error>,
}

/// What is to be done for a request.
enum Task {
    /// Tell a browser that it may ask.
    Preflight(HeaderMap),
    /// Answer on a route of ours.
    Own(Box<own::Asked>),
    /// Make a call. Boxed: it is handed on several times, and it is large.
    Call(Box<Calling>),
    /// Make a call that changes to WebSocket.
    Change(Box<Calling>),
}

/// A call that is about to be made.
struct Calling {
    call: Call,
    incoming: Incoming,
    /// Where addresses in the answer lead that the caller follows, if there are any.
    leads_back: Option<String>,
}

/// What a path asks for.
#[derive(Debug)]
enum Asked {
    /// A call of a connector.
    Call(ConnectorName, PathAndQuery),
    /// A route of ours.
    Own,
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
    ///
    /// Whatever needs no waiting is done at once, so that what waits carries little.
    pub(crate) fn answer(
        self: Rc<Self>,
        site: usize,
        watch: &Rc<Watch>,
        request: Request<Incoming>,
    ) -> impl Future<Output = Response<Outgoing>> + use<> {
        let answering = Answering::begin(watch);
        let entered = self.enter(site, request);
        async move {
            let Entered { origin, task } = match entered {
                Ok(entered) => entered,
                Err(error) => return self.refuse(&error, answering),
            };
            let mut response = match task {
                Ok(task) => self.serve(site, task, answering).await,
                Err(error) => self.fail(&error, answering),
            };
            if let Some(origin) = origin {
                cors::allow(response.headers_mut(), &origin);
            }
            response
        }
    }

    /// Lets a request in, or says why not.
    fn enter(&self, site: usize, request: Request<Incoming>) -> Result<Entered, Error> {
        let Some(site) = self.sites.get(site) else {
            return Err(Error::new(
                ErrorKind::Internal,
                "a place where we listen has no rules",
            ));
        };
        let (head, incoming) = request.into_parts();
        let admitted =
            door::decide(&site.rules, &head).map_err(|refusal| refusal.to_error(&head))?;
        let origin = match admitted.cors {
            Cors::None => None,
            Cors::Allowed | Cors::Preflight => head.headers.get(header::ORIGIN).cloned(),
        };
        let task = if admitted.cors == Cors::Preflight {
            Ok(Task::Preflight(cors::preflight(&head)))
        } else {
            self.task(site, admitted, head, incoming)
        };
        Ok(Entered { origin, task })
    }

    fn task(
        &self,
        site: &Site,
        admitted: Admitted,
        head: Parts,
        incoming: Incoming,
    ) -> Result<Task, Error> {
        let (connector, path_and_query) = match self.find(site, &head.uri)? {
            Asked::Own => {
                let body = incoming;
                return Ok(Task::Own(Box::new(own::Asked { head, body })));
            }
            Asked::Call(connector, path_and_query) => (connector, path_and_query),
        };
        let change = admitted.change;
        let mut options = options(site, admitted, &head)?;
        options.caller = site.caller();
        let is_followed = self.engine.is_followed(connector);
        let leads_back = is_followed.then(|| leads_back(site, connector, &head.headers));
        let target = Target::Path {
            method: head.method,
            path_and_query,
        };
        let call = Call {
            connector,
            target,
            headers: head.headers,
            body: Body::Empty,
            files: Files::new(),
            options,
        };
        let calling = Box::new(Calling {
            call,
            incoming,
            leads_back,
        });
        Ok(match change {
            Change::None => Task::Call(calling),
            Change::WebSocket => Task::Change(calling),
        })
    }

    async fn serve(&self, site: usize, task: Task, answering: Answering) -> Response<Outgoing> {
        match task {
            Task::Preflight(headers) => {
                let body = Outgoing::own(Bytes::new(), self.call_id().into(), answering);
                let mut response = Response::new(body);
                *response.status_mut() = StatusCode::NO_CONTENT;
                *response.headers_mut() = headers;
                response
            }
            Task::Own(asked) => {
                let state = own::State {
                    sites: &self.sites,
                    readiness: self.readiness.get(),
                };
                // Boxed, because it is rare and would make every call's future larger.
                match Box::pin(self.own.answer(*asked, &state)).await {
                    Ok(answer) => answer.into_response(self.call_id(), answering),
                    Err(refused) => {
                        let mut response = match refused.error.kind() {
                            // What is left of the body would be taken for the next request.
                            ErrorKind::BodyTooLarge => self.refuse(&refused.error, answering),
                            _ => self.fail(&refused.error, answering),
                        };
                        refused.mark(response.headers_mut());
                        response
                    }
                }
            }
            // Boxed, as above.
            Task::Change(calling) => Box::pin(self.change(calling, answering)).await,
            Task::Call(calling) => {
                let answered = match calling.call.options.paginate {
                    None => self.call(site, calling, &answering).await,
                    // Boxed, because it is rare and would make every call's future larger.
                    Some(paginate) => {
                        let begun = self.begin_pages(site, calling, (paginate, &answering));
                        match Box::pin(begun).await {
                            Ok(Begun::Records(records)) => {
                                return pages::response(records, answering);
                            }
                            Ok(Begun::Answered(reply)) => Ok(*reply),
                            Err(failed) => Err(failed),
                        }
                    }
                };
                match answered {
                    Ok(reply) => reply::response(reply, answering),
                    Err(Failed::Call(error)) => self.fail(&error, answering),
                    Err(Failed::Refused(error)) => self.refuse(&error, answering),
                }
            }
        }
    }

    /// Makes a call that changes to WebSocket. The connection itself is handed to the upstream's
    /// once the answer is written.
    async fn change(&self, calling: Box<Calling>, answering: Answering) -> Response<Outgoing> {
        let Calling { call, .. } = *calling;
        match self.engine.upgrade(call).await {
            Ok(Changed::Tunnel(mut tunneled)) => {
                let mut headers = mem::take(&mut tunneled.headers);
                reply::drop_ours(&mut headers);
                headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
                headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
                let tag = tunneled.call_id.into();
                answering.watch().set_tunnel(tunneled);
                let mut response = Response::new(Outgoing::own(Bytes::new(), tag, answering));
                *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
                *response.headers_mut() = headers;
                response
            }
            Ok(Changed::Answered(reply)) => reply::response(*reply, answering),
            Err(error) => self.fail(&error, answering),
        }
    }

    async fn call(
        &self,
        site: usize,
        mut calling: Box<Calling>,
        answering: &Answering,
    ) -> Result<Reply, Failed> {
        let leads_back = calling.leads_back.take();
        let connector = calling.call.connector;
        let upload = self.take_in(site, &mut calling, answering).await?;
        let mut reply = self.engine.call(calling.call).await.map_err(|error| {
            match upload.refused().or_else(|| flaw(answering)) {
                Some(refused) => Failed::Refused(refused),
                None => Failed::Call(error),
            }
        })?;
        if let Some(base) = leads_back {
            self.engine.lead_back(connector, &mut reply.headers, &base);
        }
        Ok(reply)
    }

    async fn begin_pages(
        &self,
        site: usize,
        mut calling: Box<Calling>,
        (paginate, answering): (Paginate, &Answering),
    ) -> Result<Begun, Failed> {
        self.take_in(site, &mut calling, answering).await?;
        let begun = pages::begin(&self.engine, calling.call, paginate).await;
        begun.map_err(|error| match flaw(answering) {
            Some(refused) => Failed::Refused(refused),
            // What is left of a body that is not sent would be taken for the next request.
            None if error.kind() == ErrorKind::BodyTooLarge => Failed::Refused(error),
            None => Failed::Call(error),
        })
    }

    /// Gives the call its body, as far as that is taken in before the call is made.
    async fn take_in(
        &self,
        site: usize,
        calling: &mut Calling,
        answering: &Answering,
    ) -> Result<Upload, Failed> {
        let body_max = self.sites.get(site).map_or(0, |site| site.rules.body_max());
        // A call that fails at once must not wait for a body, nor have one sent.
        if !calling.incoming.is_whole() && !self.engine.has(calling.call.connector) {
            return Ok(Upload::new(body_max));
        }
        let (upload, body) = Upload::begin(mem::take(&mut calling.incoming), body_max)
            .await
            .map_err(|error| Failed::Refused(flaw(answering).unwrap_or(error)))?;
        calling.call.body = body;
        Ok(upload)
    }

    /// What a path asks for.
    fn find(&self, site: &Site, uri: &Uri) -> Result<Asked, Error> {
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
            return Ok(Asked::Own);
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

    /// The clock that every time limit is measured by.
    pub(crate) fn clock(&self) -> &Clock {
        self.engine.clock()
    }

    /// A number for an answer that no call has given one.
    pub(crate) fn call_id(&self) -> CallId {
        CallId::new(self.engine.clock().wall(), fastrand::u128(..))
    }
}

/// Where a caller reaches a connector who came in at this place.
fn leads_back(site: &Site, connector: ConnectorName, headers: &HeaderMap) -> String {
    let host = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok());
    let mut base = site.rules.address(host.unwrap_or_default());
    if site.mount == Mount::Main {
        base.push('/');
        base.push_str(connector.as_str());
    }
    base
}

/// What is wrong with the body of this request, if anything is.
fn flaw(answering: &Answering) -> Option<Error> {
    let finding = answering.watch().finding()?;
    let message = format!("the request is malformed: {}", finding.0);
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
