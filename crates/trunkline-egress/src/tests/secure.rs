//! Encrypted upstreams: what is trusted, what is not, and how it is said.

use std::net::SocketAddr;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::upstream::{Step, Upstream, send};
use super::*;
use crate::TlsFault;

/// A certificate authority of the test's own.
pub(super) struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    pub(super) fn new() -> Authority {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        Authority(CertifiedIssuer::self_signed(params, key).expect("a certificate"))
    }

    pub(super) fn pem(&self) -> Vec<u8> {
        self.0.pem().into_bytes()
    }

    /// Settings that trust this authority, and let a test call its own upstreams.
    pub(super) fn settings(&self) -> Settings {
        Settings {
            rules: loopback(),
            extra_ca_pem: Some(self.pem()),
            ..Settings::default()
        }
    }

    /// A server's configuration for the names that `change` leaves in the certificate.
    pub(super) fn server(
        &self,
        protocols: &[&str],
        change: impl FnOnce(&mut CertificateParams),
    ) -> ServerConfig {
        let names = ["localhost", "127.0.0.1", "127.0.0.2"].map(str::to_owned);
        let mut params = CertificateParams::new(names).expect("names");
        change(&mut params);
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &self.0).expect("a certificate");
        let chain = vec![CertificateDer::from(certificate)];
        let key = PrivateKeyDer::try_from(key.serialize_der()).expect("a key");
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .expect("a matching key");
        config.alpn_protocols = protocols
            .iter()
            .map(|name| name.as_bytes().to_vec())
            .collect();
        config
    }
}

/// A server that hands each encrypted connection to a function; ends when dropped.
pub(super) struct Secure {
    pub(super) address: SocketAddr,
    _tasks: JoinSet<()>,
}

impl Secure {
    pub(super) async fn start<H, S>(config: ServerConfig, handle: H) -> Secure
    where
        H: Fn(usize, TlsStream<TcpStream>) -> S + Send + 'static,
        S: Future<Output = ()> + Send + 'static,
    {
        Secure::on("127.0.0.1:0", config, handle).await
    }

    pub(super) async fn on<H, S>(address: &str, config: ServerConfig, handle: H) -> Secure
    where
        H: Fn(usize, TlsStream<TcpStream>) -> S + Send + 'static,
        S: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind(address).await.expect("a port");
        let address = listener.local_addr().expect("bound");
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            let mut number = 0;
            while let Ok((stream, _)) = listener.accept().await {
                // A client that does not like us goes away.
                if let Ok(stream) = acceptor.accept(stream).await {
                    connections.spawn(handle(number, stream));
                    number += 1;
                }
            }
        });
        Secure {
            address,
            _tasks: tasks,
        }
    }

    pub(super) fn origin(&self) -> Origin {
        origin(&format!("https://{}", self.address))
    }
}

/// Answers one request with whether the session was resumed, and closes.
async fn answer_once(_number: usize, mut stream: TlsStream<TcpStream>) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.expect("a request"));
    }
    let text = format!(
        "{:?}",
        stream.get_ref().1.handshake_kind().expect("a handshake")
    );
    let head = format!(
        "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
        text.len()
    );
    stream
        .write_all((head + &text).as_bytes())
        .await
        .expect("a reader");
    stream.shutdown().await.expect("a reader");
}

#[tokio::test]
async fn a_certificate_of_a_trusted_authority_is_accepted_and_the_session_resumed() {
    let authority = Authority::new();
    let server = Secure::start(authority.server(&["http/1.1"], |_| {}), answer_once).await;
    let (egress, _clock) = egress_with(authority.settings());
    assert_eq!(get_text(&egress, &server.origin()).await, "Full");
    assert_eq!(get_text(&egress, &server.origin()).await, "Resumed");
    // Pools share the sessions.
    assert_eq!(
        get_text(&egress.with_own_pool(), &server.origin()).await,
        "Resumed"
    );
    let by_name = origin(&format!("https://localhost:{}", server.address.port()));
    assert_eq!(get_text(&egress, &by_name).await, "Full");
    let with_dot = origin(&format!("https://localhost.:{}", server.address.port()));
    assert_eq!(get_text(&egress, &with_dot).await, "Resumed");
}

#[tokio::test]
async fn a_server_that_negotiates_nothing_speaks_http1() {
    let authority = Authority::new();
    let server = Secure::start(authority.server(&[], |_| {}), answer_once).await;
    let (egress, _clock) = egress_with(authority.settings());
    assert_eq!(get_text(&egress, &server.origin()).await, "Full");
}

async fn fault(settings: Settings, origin: &Origin) -> TlsFault {
    let (egress, _clock) = egress_with(settings);
    let err = get(&egress, origin).await.expect_err("no encryption");
    assert_eq!(err.kind(), SendErrorKind::TlsFailed);
    assert!(err.nothing_was_sent());
    err.tls_fault().expect("a fault")
}

#[tokio::test]
async fn a_certificate_that_is_not_acceptable_says_why() {
    let authority = Authority::new();
    let start = |change: fn(&mut CertificateParams)| {
        Secure::start(authority.server(&["http/1.1"], change), answer_once)
    };
    let server = start(|_| {}).await;
    let strangers = Settings {
        rules: loopback(),
        ..Settings::default()
    };
    assert_eq!(
        fault(strangers, &server.origin()).await,
        TlsFault::UnknownIssuer
    );
    let expired = start(|params| params.not_after = date_time_ymd(2020, 1, 1)).await;
    assert_eq!(
        fault(authority.settings(), &expired.origin()).await,
        TlsFault::Expired
    );
    let early = start(|params| params.not_before = date_time_ymd(2900, 1, 1)).await;
    assert_eq!(
        fault(authority.settings(), &early.origin()).await,
        TlsFault::NotValidYet
    );
    let other = start(|params| params.subject_alt_names.clear()).await;
    assert_eq!(
        fault(authority.settings(), &other.origin()).await,
        TlsFault::NameMismatch
    );
}

#[tokio::test]
async fn a_server_that_does_not_speak_tls_is_recognized() {
    let plain = Upstream::start([vec![send("HTTP/1.1 400 Bad Request\r\n\r\n"), Step::Closed]]);
    let origin = origin(&format!("https://{}", plain.address));
    let settings = Settings {
        rules: loopback(),
        ..Settings::default()
    };
    assert_eq!(fault(settings, &origin).await, TlsFault::NotTls);
}

#[tokio::test]
async fn a_server_that_closes_during_the_handshake_is_recognized() {
    let closing = Upstream::start([vec![Step::Finish, Step::Closed]]);
    let origin = origin(&format!("https://{}", closing.address));
    let settings = Settings {
        rules: loopback(),
        ..Settings::default()
    };
    assert_eq!(fault(settings, &origin).await, TlsFault::Closed);
}

#[tokio::test]
async fn a_server_with_other_protocols_only_is_refused() {
    let authority = Authority::new();
    let server = Secure::start(authority.server(&["spdy/3"], |_| {}), answer_once).await;
    let fault = fault(authority.settings(), &server.origin()).await;
    assert_eq!(fault, TlsFault::Refused);
}

/// A body whose end is the connection's must not end by a mere cut.
#[tokio::test]
async fn a_connection_cut_without_a_farewell_is_no_end_of_a_body() {
    let authority = Authority::new();
    let cut = |_, mut stream: TlsStream<TcpStream>| async move {
        stream.read_u8().await.expect("a request");
        stream
            .write_all(b"HTTP/1.1 200 OK\r\n\r\npart")
            .await
            .expect("a reader");
        stream.flush().await.expect("a reader");
        let (mut socket, _session) = stream.into_inner();
        socket.shutdown().await.expect("a reader");
    };
    let server = Secure::start(authority.server(&["http/1.1"], |_| {}), cut).await;
    let (egress, _clock) = egress_with(authority.settings());
    let answer = get(&egress, &server.origin()).await.expect("an answer");
    assert_eq!(
        text_until_failure(answer).await,
        ("part".to_owned(), ReceiveErrorKind::Cut)
    );
}
