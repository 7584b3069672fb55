//! Decides whether a request may come in, by its head alone. Pure.

#[cfg(test)]
mod tests;

use std::net::SocketAddr;

use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, Uri, Version, header};
use trunkline::config::{Config, Listen};
use trunkline::{Error, ErrorKind};
use url::Url;

/// The longest piece of a request that an error repeats.
const SHOWN_MAX: usize = 100;

/// What one listener lets in.
#[derive(Debug, Clone)]
pub(crate) struct Rules {
    hosts: Hosts,
    origins: Vec<String>,
    public_url: Option<Url>,
    headers_max: usize,
    header_bytes_max: usize,
    body_max: u64,
}

/// Host names that are ours.
#[derive(Debug, Clone)]
enum Hosts {
    /// A unix socket has no name that a foreign page could rebind.
    Any,
    Listed {
        /// With the port that belongs to them.
        exact: Vec<String>,
        /// With any port: a proxy before us has ports of its own.
        names: Vec<String>,
    },
}

/// A request that may come in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Admitted {
    /// What a browser has to be told.
    pub(crate) cors: Cors,
    /// Whether some of its headers are addressed to us.
    pub(crate) options: Options,
    /// The protocol that it asks to change to.
    pub(crate) change: Change,
}

/// The protocol that a request asks to change to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Change {
    /// None, or one that we do not speak: HTTP/1.1 goes on (RFC 9110 section 7.8).
    #[default]
    None,
    /// WebSocket (RFC 6455).
    WebSocket,
}

/// What a browser has to be told about a request.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Cors {
    /// Nothing: no foreign page asks.
    #[default]
    None,
    /// That the page of this allowed origin may read the answer.
    Allowed,
    /// That the page of this allowed origin may make the call it is about to make.
    Preflight,
}

/// Whether some of a request's headers are addressed to us.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Options {
    /// None is.
    #[default]
    Absent,
    /// Some are, and have to be read.
    Present,
}

/// Why a request may not come in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// No `Host` (RFC 9112 section 3.2).
    NoHost,
    /// More than one `Host`.
    ManyHosts,
    /// A `Host` that is no host.
    HostNoHost,
    /// A `Host` that is not ours.
    HostNotOurs,
    /// An absolute target that names another host than `Host` does.
    TargetDisagrees,
    /// A target that is neither a path nor an absolute address.
    TargetForm,
    /// `CONNECT` or `TRACE`.
    Method,
    /// A transfer coding other than exactly `chunked`.
    TransferEncoding,
    /// An `Expect` other than `100-continue`.
    Expectation,
    /// A WebSocket asked for in a way that none can be, and what it lacks.
    Upgrade(&'static str),
    /// More headers than allowed.
    HeaderCount(usize),
    /// More bytes of headers than allowed.
    HeaderBytes(usize),
    /// A longer body than allowed.
    BodyLength(u64),
    /// A page of a foreign origin.
    OriginNotOurs,
    /// A page of a foreign site that did not say its origin, such as an image tag.
    SiteNotOurs,
}

/// What is read from a head in one pass.
#[derive(Default)]
struct Head<'a> {
    host: Option<&'a HeaderValue>,
    hosts: usize,
    origin: Option<&'a HeaderValue>,
    origins: usize,
    site: Option<&'a HeaderValue>,
    sites: usize,
    expect: Option<&'a HeaderValue>,
    encoding: Option<&'a HeaderValue>,
    encodings: usize,
    length: Option<&'a HeaderValue>,
    wants_websocket: bool,
    bytes: usize,
    options: Options,
}

impl Rules {
    /// What the listener at `listen` lets in.
    pub(crate) fn new(config: &Config, listen: &Listen) -> Self {
        let server = &config.server;
        Self {
            hosts: match listen {
                Listen::Unix(_) => Hosts::Any,
                Listen::Tcp(address) => Hosts::of(*address, config),
            },
            origins: server.origins.clone(),
            public_url: server.public_url.clone(),
            headers_max: server.headers_max,
            header_bytes_max: server.header_bytes_max,
            body_max: server.body_max,
        }
    }

    /// The address by which a caller reached us who sent this `Host`, without a final slash.
    pub(crate) fn address(&self, host: &str) -> String {
        let public = self.public_url.as_ref();
        match public.filter(|url| url.host_str() == Some(without_port(host))) {
            Some(url) => url.as_str().trim_end_matches('/').to_owned(),
            None => format!("http://{host}"),
        }
    }

    /// The largest body that is let in.
    pub(crate) fn body_max(&self) -> u64 {
        self.body_max
    }
}

impl Hosts {
    fn of(address: SocketAddr, config: &Config) -> Self {
        let port = address.port();
        let mut exact = vec![
            address.to_string(),
            format!("127.0.0.1:{port}"),
            format!("localhost:{port}"),
            format!("[::1]:{port}"),
        ];
        // Clients leave the port out where it is the scheme's own.
        if port == 80 {
            exact.extend(["127.0.0.1", "localhost", "[::1]"].map(str::to_owned));
        }
        exact.dedup();
        let mut names = Vec::new();
        for host in &config.server.hosts {
            let of_host = if without_port(host) == host {
                &mut names
            } else {
                &mut exact
            };
            of_host.push(host.clone());
        }
        let public = config
            .server
            .public_url
            .as_ref()
            .and_then(|url| url.host_str());
        names.extend(public.map(str::to_owned));
        Self::Listed { exact, names }
    }

    fn contain(&self, host: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Listed { exact, names } => {
                exact
                    .iter()
                    .any(|ours| ours == host || ours.eq_ignore_ascii_case(host))
                    || names
                        .iter()
                        .any(|ours| ours.eq_ignore_ascii_case(without_port(host)))
            }
        }
    }
}

/// Decides whether a request may come in.
pub(crate) fn decide(rules: &Rules, request: &Parts) -> Result<Admitted, Refusal> {
    let head = Head::read(&request.headers);
    let host = host(rules, &head)?;
    target(&request.uri, &request.method, host)?;
    let cors = origin(rules, &head, request)?;
    if head
        .encoding
        .is_some_and(|encoding| !is_word(encoding, "chunked"))
        || head.encodings > 1
    {
        return Err(Refusal::TransferEncoding);
    }
    if head
        .expect
        .is_some_and(|expect| !is_word(expect, "100-continue"))
    {
        return Err(Refusal::Expectation);
    }
    let change = if head.wants_websocket {
        match lacks(&head, request) {
            Some(lack) => return Err(Refusal::Upgrade(lack)),
            None => Change::WebSocket,
        }
    } else {
        Change::None
    };
    limits(rules, &head, &request.headers)?;
    Ok(Admitted {
        cors,
        options: head.options,
        change,
    })
}

/// What a request lacks that asks for a WebSocket (RFC 6455 section 4.1).
fn lacks(head: &Head<'_>, request: &Parts) -> Option<&'static str> {
    let headers = &request.headers;
    let mut connections = headers.get_all(header::CONNECTION).into_iter();
    let has_body = head.encoding.is_some() || head.length.is_some_and(|length| length != "0");
    if request.method != Method::GET || request.version != Version::HTTP_11 {
        Some("a WebSocket is asked for with GET over HTTP/1.1")
    } else if !connections.any(|value| names(value, "upgrade")) {
        Some("a WebSocket is asked for with `Connection: upgrade` beside `Upgrade: websocket`")
    } else if !headers.contains_key(header::SEC_WEBSOCKET_KEY) {
        Some("a WebSocket is asked for with a `Sec-WebSocket-Key`")
    } else if has_body {
        Some("a WebSocket is asked for without a body")
    } else {
        None
    }
}

impl<'a> Head<'a> {
    fn read(headers: &'a HeaderMap) -> Self {
        let mut head = Self::default();
        for (name, value) in headers {
            let name = name.as_str();
            head.bytes += name.len() + value.len();
            match name {
                "host" => {
                    head.host = Some(value);
                    head.hosts += 1;
                }
                "origin" => {
                    head.origin = Some(value);
                    head.origins += 1;
                }
                "expect" => head.expect = Some(value),
                "upgrade" => head.wants_websocket |= names(value, "websocket"),
                "content-length" => head.length = Some(value),
                "sec-fetch-site" => {
                    head.site = Some(value);
                    head.sites += 1;
                }
                "transfer-encoding" => {
                    head.encoding = Some(value);
                    head.encodings += 1;
                }
                _ if name.starts_with("trunkline-") => head.options = Options::Present,
                _ => {}
            }
        }
        head
    }
}

/// RFC 9112 section 3.2: exactly one valid `Host`, or 400; one that is not ours is 421.
fn host<'a>(rules: &Rules, head: &Head<'a>) -> Result<&'a str, Refusal> {
    let value = head.host.ok_or(Refusal::NoHost)?;
    if head.hosts > 1 {
        return Err(Refusal::ManyHosts);
    }
    let host = value.to_str().map_err(|_| Refusal::HostNoHost)?;
    if !matches!(rules.hosts, Hosts::Any) && rules.hosts.contain(host) {
        return Ok(host);
    }
    match rules.hosts {
        _ if !host.bytes().all(is_host_byte) => Err(Refusal::HostNoHost),
        Hosts::Any => Ok(host),
        Hosts::Listed { .. } if host.is_empty() => Err(Refusal::HostNoHost),
        Hosts::Listed { .. } => Err(Refusal::HostNotOurs),
    }
}

fn target(uri: &Uri, method: &Method, host: &str) -> Result<(), Refusal> {
    if *method == Method::CONNECT || *method == Method::TRACE {
        return Err(Refusal::Method);
    }
    match (uri.scheme_str(), uri.authority()) {
        (None, None) if uri.path().starts_with('/') => Ok(()),
        (Some("http" | "https"), Some(authority)) => {
            if authority.as_str().eq_ignore_ascii_case(host) {
                Ok(())
            } else {
                Err(Refusal::TargetDisagrees)
            }
        }
        _ => Err(Refusal::TargetForm),
    }
}

/// A page of a foreign origin may not call: it could spend the operator's keys.
///
/// Browsers send `Origin` with every request of a script to another origin; image and script tags
/// send none, but their `Sec-Fetch-Site` says where they stand.
fn origin(rules: &Rules, head: &Head<'_>, request: &Parts) -> Result<Cors, Refusal> {
    if head.origins > 1 {
        return Err(Refusal::OriginNotOurs);
    }
    if let Some(value) = head.origin {
        let origin = value.to_str().map_err(|_| Refusal::OriginNotOurs)?;
        if rules.origins.iter().any(|allowed| allowed == origin) {
            let asks_first = request.method == Method::OPTIONS
                && request
                    .headers
                    .contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
            return Ok(if asks_first {
                Cors::Preflight
            } else {
                Cors::Allowed
            });
        }
        if !is_own_page(rules, head, origin) {
            return Err(Refusal::OriginNotOurs);
        }
    }
    match head.site {
        None => Ok(Cors::None),
        // Typed in by a person, or asked by a page of ours.
        Some(site)
            if head.sites == 1 && (is_word(site, "none") || is_word(site, "same-origin")) =>
        {
            Ok(Cors::None)
        }
        Some(_) => Err(Refusal::SiteNotOurs),
    }
}

fn is_own_page(rules: &Rules, head: &Head<'_>, origin: &str) -> bool {
    let authority = origin
        .strip_prefix("http://")
        .or_else(|| origin.strip_prefix("https://"));
    authority.is_some_and(|authority| match rules.hosts {
        Hosts::Any => head
            .host
            .is_some_and(|host| host.as_bytes() == authority.as_bytes()),
        Hosts::Listed { .. } => rules.hosts.contain(authority),
    })
}

fn limits(rules: &Rules, head: &Head<'_>, headers: &HeaderMap) -> Result<(), Refusal> {
    if headers.len() > rules.headers_max {
        return Err(Refusal::HeaderCount(rules.headers_max));
    }
    if head.bytes > rules.header_bytes_max {
        return Err(Refusal::HeaderBytes(rules.header_bytes_max));
    }
    let Some(length) = head.length else {
        return Ok(());
    };
    // The number was read before; one that was not understood would not be here.
    let length = length
        .to_str()
        .ok()
        .and_then(|length| length.trim().parse::<u64>().ok());
    if length.is_none_or(|length| length > rules.body_max) {
        return Err(Refusal::BodyLength(rules.body_max));
    }
    Ok(())
}

fn is_word(value: &HeaderValue, word: &str) -> bool {
    value.as_bytes().eq_ignore_ascii_case(word.as_bytes())
}

/// Whether a word is among those of a list, in whatever case.
fn names(list: &HeaderValue, word: &str) -> bool {
    let is_it = |name: &[u8]| name.trim_ascii().eq_ignore_ascii_case(word.as_bytes());
    list.as_bytes().split(|&byte| byte == b',').any(is_it)
}

fn is_host_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~[]:%".contains(&byte)
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        // The colons within `[::1]` are no port's.
        Some((name, port)) if !port.contains(']') => name,
        _ => host,
    }
}

impl Refusal {
    /// What the caller is told.
    pub(crate) fn to_error(self, request: &Parts) -> Error {
        let shown = |name: &str| request.headers.get(name).map(shorten).unwrap_or_default();
        match self {
            Self::NoHost => malformed("the request has no `Host`"),
            Self::ManyHosts => malformed("the request has more than one `Host`"),
            Self::HostNoHost => malformed("the request's `Host` is no host name"),
            Self::TargetDisagrees => {
                malformed("the request's target names another host than `Host`")
            }
            Self::TargetForm => malformed("the request's target is no path")
                .with_hint("this is a gateway and no forward proxy: ask for `/CONNECTOR/PATH`"),
            Self::TransferEncoding => {
                malformed("the request's `Transfer-Encoding` is not `chunked`")
            }
            Self::Upgrade(lack) => malformed(lack)
                .with_hint("let a WebSocket library make the request, or leave `Upgrade` out"),
            Self::HostNotOurs => {
                let host = shown("host");
                Error::new(
                    ErrorKind::HostRefused,
                    format!("`{host}` is no name of this gateway"),
                )
            }
            Self::Method => {
                let message = format!("`{}` is a method that is not passed on", request.method);
                Error::new(ErrorKind::MethodRefused, message)
            }
            Self::Expectation => {
                let expect = shown("expect");
                let message = format!("`Expect: {expect}` cannot be met");
                Error::new(ErrorKind::ExpectationRefused, message)
            }
            Self::HeaderCount(most) => {
                let count = request.headers.len();
                let message = format!("the request has {count} headers, {most} are allowed");
                Error::new(ErrorKind::HeadersTooLarge, message)
                    .with_hint("send fewer headers, or raise `server.headers_max`")
            }
            Self::HeaderBytes(most) => {
                let message = format!("the request's headers are larger than {most} bytes");
                Error::new(ErrorKind::HeadersTooLarge, message)
            }
            Self::BodyLength(most) => body_too_large(most),
            Self::OriginNotOurs | Self::SiteNotOurs => foreign_page(&shown("origin")),
        }
    }
}

/// A body that is larger than a listener lets in.
pub(crate) fn body_too_large(most: u64) -> Error {
    let message = format!("the request's body is larger than {most} bytes");
    Error::new(ErrorKind::BodyTooLarge, message)
}

fn malformed(message: &str) -> Error {
    Error::new(ErrorKind::RequestMalformed, message)
}

fn foreign_page(origin: &str) -> Error {
    let (message, name) = match origin {
        "" => (
            "a page of another site asked for this".to_owned(),
            "its origin".to_owned(),
        ),
        "null" => (
            "a page without an origin (`null`) asked for this".to_owned(),
            "its origin".to_owned(),
        ),
        origin => (
            format!("a page of `{origin}` asked for this"),
            format!("`{origin}`"),
        ),
    };
    Error::new(ErrorKind::OriginRefused, message).with_hint(format!(
        "browsers show this as a CORS error; make the call from your back end, where keys belong, \
         or list {name} in `server.origins` if that page may spend them"
    ))
}

/// A value as an error may repeat it.
fn shorten(value: &HeaderValue) -> String {
    let printable = |byte: &u8| {
        if (b' '..=b'~').contains(byte) {
            char::from(*byte)
        } else {
            '?'
        }
    };
    value
        .as_bytes()
        .iter()
        .take(SHOWN_MAX)
        .map(printable)
        .collect()
}
