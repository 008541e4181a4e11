//! One TLS connection, and what was agreed on it.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;

use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, HandshakeKind, ProtocolVersion, RootCertStore, StreamOwned};

use super::pair::Pair;
use super::support::PATIENCE;

/// What a client was shown.
#[derive(Debug)]
pub(crate) struct Shown {
    pub(crate) certificate: CertificateDer<'static>,
    pub(crate) kind: HandshakeKind,
    pub(crate) version: ProtocolVersion,
    pub(crate) alpn: Option<Vec<u8>>,
}

/// A client that trusts these certificates and no others.
pub(crate) fn client(pairs: &[&Pair]) -> ClientConfig {
    client_of(pairs, rustls::ALL_VERSIONS)
}

/// The same, of these versions of TLS.
pub(crate) fn client_of(
    pairs: &[&Pair],
    versions: &[&'static rustls::SupportedProtocolVersion],
) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    for pair in pairs {
        roots.add(pair.der.clone()).unwrap();
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_protocol_versions(versions).unwrap();
    let mut config = config.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    config
}

/// Connects, asks for `/health`, and reads the answer to its end, so that the session's tickets have come.
pub(crate) fn shake(addr: SocketAddr, config: &Arc<ClientConfig>) -> std::io::Result<Shown> {
    let name = ServerName::try_from("localhost").unwrap();
    let connection = ClientConnection::new(Arc::clone(config), name).unwrap();
    let socket = TcpStream::connect(addr)?;
    socket.set_read_timeout(Some(PATIENCE))?;
    let mut stream = StreamOwned::new(connection, socket);
    stream.write_all(b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    let agreed = &stream.conn;
    Ok(Shown {
        certificate: agreed.peer_certificates().unwrap()[0].clone().into_owned(),
        kind: agreed.handshake_kind().unwrap(),
        version: agreed.protocol_version().unwrap(),
        alpn: agreed.alpn_protocol().map(<[u8]>::to_vec),
    })
}
