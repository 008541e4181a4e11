//! Records as no well-meaning client sends them, and as some do.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Arc;

use rustls::pki_types::ServerName;
use rustls::{AlertDescription, ClientConnection, Error};
use serde_json::Value;

use super::handshake::client_of;
use super::hub::TlsHub;
use super::pair::Pair;
use super::support::{PATIENCE, POSITIONS, buy, ingest, subscriber, uuid};

const REQUEST: &[u8] = b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n";

/// A client's side, record by record.
struct Peer {
    tls: ClientConnection,
    tcp: TcpStream,
}

impl Peer {
    /// Whose handshake is still to come.
    fn connect(hub: &TlsHub, config: rustls::ClientConfig) -> Self {
        let name = ServerName::try_from("localhost").unwrap();
        let tcp = TcpStream::connect(hub.addr("analytics")).unwrap();
        tcp.set_nodelay(true).unwrap();
        tcp.set_read_timeout(Some(PATIENCE)).unwrap();
        Self { tls: ClientConnection::new(Arc::new(config), name).unwrap(), tcp }
    }

    fn open(hub: &TlsHub) -> Self {
        let mut peer = Self::connect(hub, hub.client.as_ref().clone());
        while peer.tls.is_handshaking() {
            peer.tls.complete_io(&mut peer.tcp).unwrap();
        }
        peer
    }

    /// What is to be sent.
    fn records(&mut self) -> Vec<u8> {
        let mut records = Vec::new();
        while self.tls.wants_write() {
            self.tls.write_tls(&mut records).unwrap();
        }
        records
    }

    /// Takes what comes next.
    fn receive(&mut self) -> Result<(), Error> {
        assert_ne!(self.tls.read_tls(&mut self.tcp).unwrap(), 0, "the hub has ended the connection");
        self.tls.process_new_packets().map(drop)
    }

    fn ask(&mut self) {
        self.tls.writer().write_all(REQUEST).unwrap();
        let records = self.records();
        self.tcp.write_all(&records).unwrap();
        self.expect_answer();
    }

    /// Reads an answer that says the hub is up.
    fn expect_answer(&mut self) {
        let mut answer = Vec::new();
        while !answer.ends_with(b"}") {
            self.receive().unwrap();
            let mut part = vec![0; 16 << 10];
            let read = self.tls.reader().read(&mut part).unwrap_or(0);
            answer.extend_from_slice(&part[..read]);
        }
        assert!(answer.starts_with(b"HTTP/1.1 200 OK"), "{}", String::from_utf8_lossy(&answer));
    }
}

#[test]
fn records_may_come_byte_by_byte() {
    let (files, pair) = (tempfile::tempdir().unwrap(), Pair::make());
    pair.write(files.path());
    let hub = TlsHub::at(files.path(), &[&pair], &[]);
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        let mut peer = Peer::connect(&hub, client_of(&[&pair], &[version]));
        peer.tls.writer().write_all(REQUEST).unwrap();
        loop {
            for byte in peer.records() {
                peer.tcp.write_all(&[byte]).unwrap();
            }
            if !peer.tls.is_handshaking() {
                break;
            }
            peer.receive().unwrap();
        }
        peer.expect_answer();
    }
}

#[test]
fn keys_may_be_renewed() {
    let hub = TlsHub::start(&[]);
    let mut peer = Peer::open(&hub);
    for _ in 0..3 {
        peer.ask();
        // Which asks the hub to do the same.
        peer.tls.refresh_traffic_keys().unwrap();
        peer.ask();
    }
}

#[test]
fn a_record_that_is_broken_ends_its_connection_with_an_alert_and_no_other() {
    let hub = TlsHub::start(&[]);
    let tunnel = hub.tunnel();
    let mut client = subscriber(tunnel.addr(), &[("0", POSITIONS)]);
    let forged = |length: u16| [&[23, 3, 3][..], &length.to_be_bytes(), &vec![7; length.into()]].concat();
    let cases = [
        (forged(64), AlertDescription::BadRecordMac),
        // A good one first, and more of the same behind.
        ([forged(64), forged(64)].concat(), AlertDescription::BadRecordMac),
        (forged(20_000), AlertDescription::DecodeError),
        (vec![99, 3, 3, 0, 1, 0], AlertDescription::DecodeError),
    ];
    for (forged, alert) in cases {
        let mut peer = Peer::open(&hub);
        peer.ask();
        peer.tcp.write_all(&forged).unwrap();
        let told = loop {
            if let Err(error) = peer.receive() {
                break error;
            }
        };
        assert_eq!(told, Error::AlertReceived(alert));
        let end = peer.tcp.read(&mut [0; 16]);
        assert!(!matches!(end, Ok(1..)), "the hub says no more: {end:?}");
    }
    ingest(tunnel.addr(), "transactions", &buy(1, &uuid(1), "ACME", 5));
    assert_eq!(client.next_message("0").unwrap().json().unwrap()[0]["holdings"], 5);
}

#[test]
fn a_body_of_many_records_comes_whole() {
    let hub = TlsHub::start(&[]);
    let tunnel = hub.tunnel();
    let items: Vec<Value> = (0..4_000).map(|n| buy(n, &uuid(n), "ACME", n + 1)).collect();
    let answer = ingest(tunnel.addr(), "transactions", &items.into());
    assert_eq!(answer["accepted"], 4_000);
}
