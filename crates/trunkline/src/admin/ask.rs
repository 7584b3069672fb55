//! Asks a gateway that runs with the same settings, through its own API.

#[cfg(test)]
mod tests;

use std::net::SocketAddr;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::uri::PathAndQuery;
use http::{HeaderValue, Method, StatusCode, header};
use http_body_util::BodyExt as _;
use ipnet::IpNet;
use trunkline_egress::address::{PlainRule, Rules};
use trunkline_egress::{Body, Clock, Egress, Head, Limits, Origin, Settings};
use url::Url;

use super::AdminToken;
use crate::config::{Config, Listen};
use crate::error::{Error, ErrorKind};
use crate::failure;

/// How long a gateway on this machine may take.
const TIMEOUT: Duration = Duration::from_secs(30);

/// The largest answer that is read.
const ANSWER_BYTES_MAX: usize = 16 << 20;

/// What a gateway is asked.
#[derive(Debug)]
pub struct Question {
    /// The method.
    pub method: Method,
    /// The route, such as `/-/api/v1/upstreams`.
    pub route: PathAndQuery,
    /// A body of JSON, where the route takes one.
    pub body: Option<String>,
}

/// What a gateway answered.
#[derive(Debug)]
pub struct Asked {
    /// The status.
    pub status: StatusCode,
    /// The body.
    pub body: Bytes,
}

/// Asks the gateway that listens where these settings say. No other address is dialled.
///
/// # Errors
/// [`ErrorKind::BadSettings`] where it listens on a socket or on no certain port, or what keeps it
/// from answering.
pub async fn ask_gateway(
    config: &Config,
    token: &AdminToken,
    question: Question,
    clock: &Clock,
) -> Result<Asked, Error> {
    let address = address(config)?;
    let url = Url::parse(&format!("http://{address}"));
    let origin = url.ok().and_then(|url| Origin::from_url(&url).ok());
    let origin = origin.ok_or_else(|| internal("a listener's address is no address"))?;
    let rules = Rules {
        allow: vec![IpNet::from(address.ip())],
        plain: PlainRule::Allowed,
        ..Rules::default()
    };
    let settings = Settings {
        rules,
        ..Settings::default()
    };
    let egress = Egress::new(settings, clock.clone());
    let egress = egress.map_err(|err| internal("no connection can be made").with_source(err))?;
    let mut head = Head {
        method: question.method,
        ..Head::get(question.route)
    };
    let mut proof = HeaderValue::try_from(format!("Bearer {}", token.secret().expose()))
        .map_err(|_| internal("the token cannot stand in a header"))?;
    proof.set_sensitive(true);
    let headers = &mut head.headers;
    headers.insert(header::HOST, origin.host_header().clone());
    headers.insert(header::AUTHORIZATION, proof);
    if question.body.is_some() {
        let json = HeaderValue::from_static("application/json");
        headers.insert(header::CONTENT_TYPE, json);
    }
    let body = question
        .body
        .map_or(Body::Empty, |body| Body::from(body.into_bytes()));
    let limits = Limits {
        connect: TIMEOUT,
        first_byte: TIMEOUT,
        idle: TIMEOUT,
        deadline: Some(clock.after(TIMEOUT)),
    };
    let sent = egress.send(&origin, &head, body, &limits).await;
    let answer = sent.map_err(|err| unanswered(failure::of_send(err, &address.to_string())))?;
    let (head, mut body) = answer.into_parts();
    let mut all = BytesMut::new();
    while let Some(frame) = body.frame().await {
        if let Ok(data) = frame.map_err(failure::of_receive)?.into_data() {
            all.extend_from_slice(&data);
        }
        if ANSWER_BYTES_MAX < all.len() {
            return Err(Error::new(
                ErrorKind::ReplyTooLarge,
                "the gateway's answer is too large",
            ));
        }
    }
    Ok(Asked {
        status: head.status,
        body: all.freeze(),
    })
}

/// Where the gateway listens.
fn address(config: &Config) -> Result<SocketAddr, Error> {
    match &config.server.listen {
        Listen::Tcp(address) if address.port() != 0 => Ok(*address),
        Listen::Tcp(_) => {
            let message = "`server.listen` leaves the port to the system, so nobody knows it";
            Err(Error::new(ErrorKind::BadSettings, message)
                .with_hint("give the gateway a port of its own"))
        }
        Listen::Unix(_) => {
            let message = "a gateway on a unix socket cannot be asked from here";
            Err(Error::new(ErrorKind::BadSettings, message)
                .with_hint("ask with `curl --unix-socket`"))
        }
    }
}

/// That nobody is there has one likely reason.
fn unanswered(error: Error) -> Error {
    match error.kind() {
        ErrorKind::ConnectFailed | ErrorKind::ConnectTimeout => error.with_hint(
            "start the gateway with `trunkline serve`, with the same settings; \
             where it was started with `--listen`, set `TRUNKLINE_SERVER_LISTEN` to the same",
        ),
        _ => error,
    }
}

fn internal(message: &str) -> Error {
    Error::new(ErrorKind::Internal, message)
}
