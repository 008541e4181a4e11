//! Records and writes that slices become, over a stream in memory.

use std::io::{Read as _, Write as _};
use std::pin::pin;
use std::task::Waker;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, RootCertStore};

use super::*;
use crate::stream::memory::{self, MemoryPeer, MemoryStream};
use crate::tls::Certificate;

/// A connection whose handshake is done, and its client's side.
struct Pair {
    stream: TlsStream<MemoryStream>,
    peer: MemoryPeer,
    client: ClientConnection,
    writes: u64,
}

/// What has come to a client since it looked last.
#[derive(PartialEq, Eq, Debug)]
struct News {
    writes: u64,
    records: usize,
    plain: Vec<u8>,
}

impl Pair {
    /// Of a connection that holds `capacity` bytes on their way to the client.
    fn connect(capacity: usize) -> Pair {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let directory = tempfile::tempdir().unwrap();
        let (certificate, key) = (directory.path().join("certificate.pem"), directory.path().join("key.pem"));
        std::fs::write(&certificate, made.cert.pem()).unwrap();
        std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
        let config = Certificate::load(&certificate, &key).unwrap().server_config();
        let mut roots = RootCertStore::empty();
        roots.add(made.cert.der().clone()).unwrap();
        let client = ClientConfig::builder_with_provider(Arc::clone(config.crypto_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let name = ServerName::try_from("localhost").unwrap();
        let mut client = ClientConnection::new(Arc::new(client), name).unwrap();
        let (stream, peer) = memory::pair(capacity);
        let mut accepting = pin!(TlsStream::accept(config, stream));
        let stream = loop {
            give(&mut client, &peer);
            if let Poll::Ready(accepted) = accepting.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
                break accepted.unwrap();
            }
            take(&mut client, &peer.take(usize::MAX));
        };
        let mut pair = Pair { stream, peer, client, writes: 0 };
        while !pair.news().plain.is_empty() {}
        pair
    }

    fn write(&mut self, slices: &[&[u8]]) -> Poll<io::Result<usize>> {
        let slices: Vec<_> = slices.iter().map(|slice| IoSlice::new(slice)).collect();
        let mut cx = Context::from_waker(Waker::noop());
        Pin::new(&mut self.stream).poll_write_vectored(&mut cx, &slices)
    }

    /// Writes what is all taken.
    fn write_whole(&mut self, slices: &[&[u8]]) {
        let written = self.write(slices);
        assert!(matches!(written, Poll::Ready(Ok(bytes)) if bytes == slices.concat().len()), "{written:?}");
    }

    fn flush(&mut self) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(&mut Context::from_waker(Waker::noop()))
    }

    fn news(&mut self) -> News {
        let (writes, bytes) = (self.peer.writes(), self.peer.take(usize::MAX));
        let writes = writes - std::mem::replace(&mut self.writes, writes);
        News { writes, records: records(&bytes), plain: take(&mut self.client, &bytes) }
    }

    fn assert_holds_no_buffer(&self) {
        assert!(self.stream.under_way.owns_nothing());
    }
}

fn give(client: &mut ClientConnection, peer: &MemoryPeer) {
    let mut bytes = Vec::new();
    while client.wants_write() {
        client.write_tls(&mut bytes).unwrap();
    }
    peer.send(&bytes);
}

fn take(client: &mut ClientConnection, mut bytes: &[u8]) -> Vec<u8> {
    let mut plain = Vec::new();
    while !bytes.is_empty() {
        client.read_tls(&mut bytes).unwrap();
        client.process_new_packets().unwrap();
        // There is none for now, or not: either way all was read.
        let _ = client.reader().read_to_end(&mut plain);
    }
    plain
}

/// Number of whole records in `bytes`.
fn records(mut bytes: &[u8]) -> usize {
    let mut count = 0;
    while let [_, _, _, high, low, rest @ ..] = bytes {
        let Some((_, next)) = rest.split_at_checked(usize::from(u16::from_be_bytes([*high, *low]))) else {
            break;
        };
        (bytes, count) = (next, count + 1);
    }
    count
}

#[test]
fn small_slices_leave_as_one_record_in_one_write() {
    let mut pair = Pair::connect(1 << 20);
    let frames: Vec<Vec<u8>> = (0..64).map(|n| vec![n; 100]).collect();
    let slices: Vec<&[u8]> = frames.iter().map(Vec::as_slice).collect();
    pair.write_whole(&slices);
    assert_eq!(pair.news(), News { writes: 1, records: 1, plain: frames.concat() });
    pair.assert_holds_no_buffer();
}

#[test]
fn what_does_not_fit_a_record_leaves_as_several_in_one_write() {
    let mut pair = Pair::connect(1 << 20);
    let frames: Vec<Vec<u8>> = (0..40).map(|n| vec![n; 1000]).collect();
    let slices: Vec<&[u8]> = frames.iter().map(Vec::as_slice).collect();
    pair.write_whole(&slices);
    assert_eq!(pair.news(), News { writes: 1, records: 3, plain: frames.concat() });
    let large = vec![7; WRITE_BYTES + 1000];
    for slices in [&[&large[..]][..], &[&large[..1], &large[1..]], &[&large, b"behind"]] {
        let written = pair.write(slices);
        assert!(matches!(written, Poll::Ready(Ok(WRITE_BYTES))), "{written:?}");
        assert_eq!(pair.news(), News { writes: 1, records: 4, plain: vec![7; WRITE_BYTES] });
    }
    pair.assert_holds_no_buffer();
}

#[test]
fn what_the_peer_does_not_take_is_held_until_it_does_and_nothing_behind_it() {
    let mut pair = Pair::connect(10_000);
    let halves = [vec![1; 20_000], vec![2; 20_000]];
    pair.write_whole(&[&halves[0], &halves[1]]);
    assert!(pair.stream.holds_back());
    assert!(pair.write(&[b"behind"]).is_pending());
    assert!(pair.flush().is_pending());
    let mut bytes = Vec::new();
    while pair.flush().is_pending() {
        bytes.extend(pair.peer.take(usize::MAX));
    }
    bytes.extend(pair.peer.take(usize::MAX));
    assert_eq!(take(&mut pair.client, &bytes), halves.concat());
    pair.assert_holds_no_buffer();
}

#[test]
fn a_connection_that_was_read_from_holds_no_buffer_either() {
    let mut pair = Pair::connect(1 << 20);
    pair.client.writer().write_all(&vec![3; 30_000]).unwrap();
    give(&mut pair.client, &pair.peer);
    let (mut read, mut room) = (0, [0; 4096]);
    loop {
        let mut buf = ReadBuf::new(&mut room);
        let mut cx = Context::from_waker(Waker::noop());
        match Pin::new(&mut pair.stream).poll_read(&mut cx, &mut buf) {
            Poll::Ready(result) => result.unwrap(),
            Poll::Pending => break,
        }
        read += buf.filled().len();
    }
    assert_eq!(read, 30_000);
    pair.assert_holds_no_buffer();
}
