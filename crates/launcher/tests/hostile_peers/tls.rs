//! The same doors behind TLS, which takes bytes of its own accord and says nothing about its peer by that.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use hub_testkit::process::HubProcess;
use hub_testkit::slow::{DribblePeer, TINY_RECEIVE_BYTES};
use hub_testkit::{OverSocket, Socket, wait};
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore};

use crate::market::Market;
use crate::support::bystander::Bystander;
use crate::support::{self, PATIENCE, await_metric};
use crate::{NOT_READ, await_files, await_resets, closed, metric};

/// A hub whose analytics speaks TLS; its gateway, with the same routes, does not.
struct TlsHub {
    hub: HubProcess,
    certificate: CertificateDer<'static>,
    secure: SocketAddr,
    plain: SocketAddr,
    _files: tempfile::TempDir,
}

impl TlsHub {
    fn start(settings: &[(&str, &str)]) -> Self {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let files = tempfile::tempdir().unwrap();
        let [certificate, key] = ["certificate.pem", "key.pem"].map(|name| files.path().join(name));
        fs::write(&certificate, made.cert.pem()).unwrap();
        fs::write(&key, made.signing_key.serialize_pem()).unwrap();
        let path = |path: &Path| path.to_str().unwrap().to_owned();
        let (certificate, key) = (path(&certificate), path(&key));
        let tls = [
            ("ANALYTICS__TLS", "true"),
            ("SERVER__TLS_CERTIFICATE", certificate.as_str()),
            ("SERVER__TLS_KEY", key.as_str()),
        ];
        let hub = support::hub(&[&tls, settings].concat());
        let secure = wait::until(PATIENCE, "the banner", || {
            let lines = hub.stdout();
            let url = lines.iter().find_map(|line| line.trim().strip_prefix("analytics ").map(str::trim))?;
            Some(url.strip_prefix("https://").expect("a TLS service").parse().unwrap())
        });
        let plain = hub.addr("gateway").unwrap();
        Self { hub, certificate: made.cert.der().clone(), secure: secure.unwrap(), plain, _files: files }
    }
}

/// Shakes hands, says one thing, and never reads again.
struct Stuck(Socket);

impl Stuck {
    fn new(hub: &TlsHub, request: &str) -> Self {
        let mut roots = RootCertStore::empty();
        roots.add(hub.certificate.clone()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config =
            ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        let config = Arc::new(config.with_root_certificates(roots).with_no_client_auth());
        let name = ServerName::try_from("localhost").unwrap();
        let mut tls = ClientConnection::new(config, name).unwrap();
        let mut socket = Socket::connect_sized(hub.secure, PATIENCE, Some(TINY_RECEIVE_BYTES)).unwrap();
        loop {
            let mut out = Vec::new();
            while tls.wants_write() {
                tls.write_tls(&mut out).unwrap();
            }
            socket.send(&out).unwrap();
            if !tls.is_handshaking() {
                break;
            }
            let came = wait::until(PATIENCE, "the hub's side of the handshake", || {
                Some(socket.backlog_bytes().unwrap()).filter(|bytes| *bytes > 0)
            });
            let came = socket.receive(came.unwrap()).unwrap();
            let mut rest = came.as_slice();
            while !rest.is_empty() {
                tls.read_tls(&mut rest).unwrap();
                tls.process_new_packets().unwrap();
            }
        }
        let mut out = Vec::new();
        std::io::Write::write_all(&mut tls.writer(), request.as_bytes()).unwrap();
        while tls.wants_write() {
            tls.write_tls(&mut out).unwrap();
        }
        socket.send(&out).unwrap();
        Self(socket)
    }
}

impl OverSocket for Stuck {
    fn socket(&self) -> &Socket {
        &self.0
    }

    fn socket_mut(&mut self) -> &mut Socket {
        &mut self.0
    }
}

#[test]
fn a_handshake_that_never_ends_is_cut_off_however_busily_it_grows() {
    let hub = TlsHub::start(&[("LIMITS__HANDSHAKE_MS", "300")]);
    let mut bystander = Bystander::new(hub.plain);
    let files = hub.hub.open_files().unwrap();
    // The head of a record that holds a ClientHello of 4,000 bytes.
    let mut hello = vec![0x16, 3, 1, 0x0f, 0xa4, 1, 0, 0x0f, 0xa0, 3, 3];
    hello.resize(4_000, 0);
    let mut silent = Socket::connect(hub.secure, PATIENCE).unwrap();
    silent.send(&hello[..100]).unwrap();
    let mut loris = DribblePeer::new(Socket::connect(hub.secure, PATIENCE).unwrap(), hello);
    wait::until(PATIENCE, "the end of the slow handshake", || {
        bystander.assert_unharmed("half a handshake");
        loris.step().map(|more| assert!(more, "4,000 bytes, and still heard")).is_err().then_some(())
    })
    .unwrap();
    silent.expect_end().unwrap();
    await_metric(hub.plain, r#"hub_connections_failed_total{reason="handshake_timeout"}"#, 2);
    await_files(&hub.hub, files);
}

#[test]
fn who_reads_nothing_is_cut_off_behind_tls_as_well() {
    let hub = TlsHub::start(&[
        ("LIMITS__STALL_MS", "500"),
        ("LIMITS__CLOSE_MS", "200"),
        ("LIMITS__OUTBOX_BYTES", "16384"),
    ]);
    Market::grow(hub.plain);
    let mut bystander = Bystander::new(hub.plain);
    let files = hub.hub.open_files().unwrap();
    let answer = Stuck::new(&hub, "GET /api/analysis/all HTTP/1.1\r\nHost: localhost\r\n\r\n");
    let subscriber = Stuck::new(
        &hub,
        "GET /ws/positions HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
    );
    wait::until(PATIENCE, "both to be cut off", || {
        bystander.assert_unharmed("a TLS peer that reads nothing");
        let ends = (metric(hub.plain, NOT_READ), metric(hub.plain, &closed(4004)));
        (ends == (1, 1)).then_some(())
    })
    .unwrap();
    await_resets([&answer, &subscriber]);
    await_files(&hub.hub, files);
}
