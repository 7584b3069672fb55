//! A third party that speaks HTTP/2 over TLS, frame by frame, so that it can refuse streams, which
//! no well-behaved server library does on demand.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::PATIENCE;

/// What is done with one request. RFC 9113 section 8.7 calls the first two safe to repeat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    /// `RST_STREAM` with `REFUSED_STREAM`.
    Refuse,
    /// `GOAWAY` that says that no stream was looked at, then the connection is closed.
    GoAway,
    /// `RST_STREAM` with `INTERNAL_ERROR`: it may have been processed.
    Break,
    /// A 200 without a body.
    Answer,
}

/// A server on loopback that follows a list.
#[derive(Debug)]
pub struct Http2Upstream {
    address: SocketAddr,
    certificate: String,
    streams: Arc<Mutex<usize>>,
}

type Tls = StreamOwned<ServerConnection, TcpStream>;

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const ACK: u8 = 1;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;
/// `:status: 200` of HPACK's static table (RFC 7541 appendix A).
const STATUS_200: u8 = 0x88;

struct Frame {
    kind: u8,
    flags: u8,
    stream: u32,
    payload: Vec<u8>,
}

impl Http2Upstream {
    /// Starts one that takes the list in turn, one entry a request, and the last of it for ever.
    pub fn start(script: impl Into<Vec<Stream>>) -> Self {
        let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]);
        let made = made.expect("a certificate can be made");
        let config = Arc::new(server_config(
            made.cert.der(),
            made.signing_key.serialize_der(),
        ));
        let listener =
            TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("loopback has a free port");
        let address = listener.local_addr().expect("a listener has an address");
        let streams = Arc::new(Mutex::new(0));
        let (own, script) = (Arc::clone(&streams), script.into());
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (config, script, streams) =
                    (Arc::clone(&config), script.clone(), Arc::clone(&own));
                // A connection that the other side ends is over, and that is all.
                thread::spawn(move || drop(serve(stream, config, &script, &streams)));
            }
        });
        Self {
            address,
            certificate: made.cert.pem(),
            streams,
        }
    }

    /// Its base address.
    pub fn url(&self) -> String {
        format!("https://{}", self.address)
    }

    /// The certificate that proves it, as PEM.
    pub fn certificate(&self) -> &str {
        &self.certificate
    }

    /// How many requests there were.
    pub fn count(&self) -> usize {
        *self.streams.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn server_config(certificate: &CertificateDer<'static>, key: Vec<u8>) -> ServerConfig {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(provider);
    let builder = builder
        .with_safe_default_protocol_versions()
        .expect("ring has both versions");
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key));
    let config = builder
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], key);
    let mut config = config.expect("the key fits the certificate");
    config.alpn_protocols = vec![b"h2".to_vec()];
    config
}

fn serve(
    stream: TcpStream,
    config: Arc<ServerConfig>,
    script: &[Stream],
    streams: &Mutex<usize>,
) -> io::Result<()> {
    stream.set_read_timeout(Some(PATIENCE))?;
    let connection = ServerConnection::new(config).map_err(io::Error::other)?;
    let mut tls = StreamOwned::new(connection, stream);
    let mut preface = [0; 24];
    tls.read_exact(&mut preface)?;
    write(&mut tls, SETTINGS, 0, 0, &[])?;
    loop {
        let frame = read(&mut tls)?;
        match frame.kind {
            SETTINGS if frame.flags & ACK == 0 => write(&mut tls, SETTINGS, ACK, 0, &[])?,
            PING if frame.flags & ACK == 0 => write(&mut tls, PING, ACK, 0, &frame.payload)?,
            // A request is dealt with at its end, so that its whole body has arrived.
            HEADERS | DATA if frame.flags & END_STREAM != 0 => {
                let mut count = streams.lock().unwrap_or_else(PoisonError::into_inner);
                let what = script.get(*count).or(script.last()).copied();
                *count += 1;
                drop(count);
                deal_with(&mut tls, what.unwrap_or(Stream::Answer), frame.stream)?;
            }
            _ => {}
        }
    }
}

fn deal_with(tls: &mut Tls, what: Stream, stream: u32) -> io::Result<()> {
    const INTERNAL_ERROR: [u8; 4] = [0, 0, 0, 2];
    const REFUSED_STREAM: [u8; 4] = [0, 0, 0, 7];
    match what {
        Stream::Refuse => write(tls, RST_STREAM, 0, stream, &REFUSED_STREAM),
        Stream::Break => write(tls, RST_STREAM, 0, stream, &INTERNAL_ERROR),
        Stream::Answer => write(
            tls,
            HEADERS,
            END_HEADERS | END_STREAM,
            stream,
            &[STATUS_200],
        ),
        Stream::GoAway => {
            // The last stream that was looked at: 0; the reason: NO_ERROR.
            write(tls, GOAWAY, 0, 0, &[0; 8])?;
            Err(io::ErrorKind::ConnectionAborted.into())
        }
    }
}

fn read(tls: &mut Tls) -> io::Result<Frame> {
    let mut head = [0; 9];
    tls.read_exact(&mut head)?;
    let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
    let stream = u32::from_be_bytes([head[5], head[6], head[7], head[8]]) & 0x7fff_ffff;
    let mut payload = vec![0; length as usize];
    tls.read_exact(&mut payload)?;
    Ok(Frame {
        kind: head[3],
        flags: head[4],
        stream,
        payload,
    })
}

fn write(tls: &mut Tls, kind: u8, flags: u8, stream: u32, payload: &[u8]) -> io::Result<()> {
    let length = u32::try_from(payload.len())
        .map_err(io::Error::other)?
        .to_be_bytes();
    let mut bytes = vec![length[1], length[2], length[3], kind, flags];
    bytes.extend_from_slice(&stream.to_be_bytes());
    bytes.extend_from_slice(payload);
    tls.write_all(&bytes)?;
    tls.flush()
}
