//! An upstream that speaks HTTP/2 over TLS, and what it refuses unprocessed.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use h2::Reason;
use h2::server::SendResponse;
use http::{HeaderMap, Response, StatusCode};
use http_body_util::BodyExt;
use rustls::ServerConfig;
use rustls::pki_types::PrivatePkcs8KeyDer;
use tempfile::NamedTempFile;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use crate::stand::{Stand, catalog, config, get, post, soon};

/// What is done with one request.
#[derive(Debug, Clone, Copy)]
enum Act {
    /// Answers with this status.
    Answer(u16),
    /// Resets the stream without having looked at the request (RFC 9113 section 8.7).
    Refuse,
    /// Resets the stream for another reason.
    Reset,
}

type Script = Arc<Mutex<VecDeque<Act>>>;

/// A server on loopback; it ends with the test.
struct Upstream {
    stand: Stand,
    script: Script,
    _tasks: JoinSet<()>,
    _authority: NamedTempFile,
}

impl Upstream {
    /// A server, and an engine that trusts it.
    async fn start(script: impl IntoIterator<Item = Act>) -> Self {
        let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await;
        let listener = listener.expect("loopback has a free port");
        let address = listener.local_addr().expect("the listener is bound");
        let (acceptor, authority) = identity();
        let script: Script = Arc::new(Mutex::new(script.into_iter().collect()));
        let mut tasks = JoinSet::new();
        tasks.spawn(accept(listener, acceptor, Arc::clone(&script)));
        let settings = format!(
            "[egress]\nallow = [\"127.0.0.1\"]\nextra_ca = {:?}\n\
             [connectors.acme]\nbase_url = \"https://{address}\"\n\
             timeouts = {{ connect = \"1d\", first_byte = \"1d\", idle = \"1d\" }}\n",
            authority.path()
        );
        Self {
            stand: Stand::with_config(config(&settings), catalog("acme", "")),
            script,
            _tasks: tasks,
            _authority: authority,
        }
    }

    fn acts_left(&self) -> usize {
        self.script
            .lock()
            .expect("nobody panics while holding it")
            .len()
    }
}

fn identity() -> (TlsAcceptor, NamedTempFile) {
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]);
    let made = made.expect("a certificate can be made");
    let authority = NamedTempFile::new().expect("a file can be made");
    std::fs::write(authority.path(), made.cert.pem()).expect("the file is ours");
    let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("there are such versions")
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key.into())
        .expect("key and certificate belong together");
    config.alpn_protocols = vec![b"h2".to_vec()];
    (TlsAcceptor::from(Arc::new(config)), authority)
}

async fn accept(listener: TcpListener, acceptor: TlsAcceptor, script: Script) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        connections.spawn(serve(stream, acceptor.clone(), Arc::clone(&script)));
    }
}

async fn serve(stream: TcpStream, acceptor: TlsAcceptor, script: Script) {
    let Ok(stream) = acceptor.accept(stream).await else {
        return;
    };
    let Ok(mut connection) = h2::server::handshake(stream).await else {
        return;
    };
    while let Some(Ok((request, respond))) = connection.accept().await {
        assert_eq!(request.uri().scheme_str(), Some("https"));
        let act = script
            .lock()
            .expect("nobody panics while holding it")
            .pop_front();
        play(act.unwrap_or(Act::Answer(418)), respond);
    }
}

fn play(act: Act, mut respond: SendResponse<Bytes>) {
    let head = |status: u16| {
        let mut head = Response::new(());
        *head.status_mut() = StatusCode::from_u16(status).expect("the status is one");
        head
    };
    match act {
        Act::Answer(status) => {
            let mut body = respond
                .send_response(head(status), false)
                .expect("it is open");
            body.send_data(Bytes::from("{}"), false)
                .expect("it is open");
            let trailers = HeaderMap::from_iter([(
                http::HeaderName::from_static("x-sum"),
                http::HeaderValue::from_static("7"),
            )]);
            body.send_trailers(trailers).expect("it is open");
        }
        Act::Refuse => respond.send_reset(Reason::REFUSED_STREAM),
        Act::Reset => respond.send_reset(Reason::INTERNAL_ERROR),
    }
}

#[tokio::test]
async fn what_was_refused_unprocessed_is_repeated_whatever_its_method() {
    let upstream = Upstream::start([Act::Refuse, Act::Refuse, Act::Answer(200)]).await;
    let ran = upstream.stand.run(post("acme", "/things", "{}")).await;
    assert_eq!(ran.summary(), "200 in 3");
    assert_eq!(upstream.acts_left(), 0);
}

#[tokio::test]
async fn what_may_have_been_processed_is_repeated_only_where_that_does_no_harm() {
    let upstream = Upstream::start([Act::Reset, Act::Answer(200)]).await;
    let ran = upstream.stand.run(post("acme", "/things", "{}")).await;
    assert_eq!(ran.summary(), "upstream_closed in 1");
    assert_eq!(upstream.acts_left(), 1);

    let upstream = Upstream::start([Act::Reset, Act::Answer(200)]).await;
    let ran = upstream.stand.run(get("acme", "/things")).await;
    assert_eq!(ran.summary(), "200 in 2");
}

#[tokio::test]
async fn trailers_come_through() {
    let upstream = Upstream::start([Act::Answer(200)]).await;
    let reply = upstream.stand.run(get("acme", "/things")).await.reply();
    let whole = soon(BodyExt::collect(reply.body)).await.unwrap();
    assert_eq!(whole.trailers().unwrap()["x-sum"], "7");
    assert_eq!(whole.to_bytes(), "{}");
}

#[tokio::test]
async fn a_certificate_that_nobody_vouches_for_is_not_trusted() {
    let upstream = Upstream::start([Act::Answer(200)]).await;
    let settings = upstream.stand.engine.config();
    let address = settings
        .connectors
        .values()
        .next()
        .unwrap()
        .base_url
        .clone()
        .unwrap();
    let text = format!(
        "[egress]\nallow = [\"127.0.0.1\"]\n\
         [connectors.acme]\nbase_url = \"{address}\"\ntimeouts = {{ connect = \"1d\" }}\n"
    );
    let strict = Stand::with_config(config(&text), catalog("acme", ""));
    // Asking again would not change it.
    let ran = strict.run(post("acme", "/things", "{}")).await;
    assert_eq!(ran.summary(), "tls_failed in 1");
    assert_eq!(upstream.acts_left(), 1);
}
