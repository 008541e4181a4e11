//! A port without TLS that leads to one with TLS, so that every client can speak to either.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection};

const BUFFER_BYTES: usize = 16 << 10;

/// Each connection to its address is a TLS connection of its own to the hub. It lives as long as the test's
/// process; its connections as long as both their ends.
pub(crate) struct Tunnel {
    addr: SocketAddr,
    truncated: Arc<AtomicUsize>,
}

/// One connection: TLS has one state for both directions.
struct Link {
    tls: Mutex<ClientConnection>,
    outer: TcpStream,
    inner: TcpStream,
}

impl Tunnel {
    /// To a hub that has one of the certificates that `config` trusts.
    pub(crate) fn to(hub: SocketAddr, config: Arc<ClientConfig>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let tunnel = Self { addr: listener.local_addr().unwrap(), truncated: Arc::default() };
        let truncated = Arc::clone(&tunnel.truncated);
        thread::spawn(move || {
            for inner in listener.incoming() {
                let Ok(outer) = TcpStream::connect(hub) else { continue };
                let name = ServerName::try_from("localhost").unwrap();
                let mut tls = ClientConnection::new(Arc::clone(&config), name).unwrap();
                while tls.is_handshaking() {
                    tls.complete_io(&mut &outer).unwrap();
                }
                let link = Arc::new(Link { tls: Mutex::new(tls), outer, inner: inner.unwrap() });
                let (out, truncated) = (Arc::clone(&link), Arc::clone(&truncated));
                thread::spawn(move || out.carry_out());
                thread::spawn(move || link.carry_in(&truncated));
            }
        });
        tunnel
    }

    /// Where clients connect.
    pub(crate) fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// How many connections the hub ended without having ended TLS: the peer can't tell that from an attack.
    pub(crate) fn truncated(&self) -> usize {
        self.truncated.load(Ordering::SeqCst)
    }
}

impl Link {
    fn tls(&self) -> MutexGuard<'_, ClientConnection> {
        self.tls.lock().unwrap()
    }

    /// Writes what TLS has to say; under the lock, as records have an order.
    fn flush(&self, tls: &mut ClientConnection) -> std::io::Result<()> {
        while tls.wants_write() {
            tls.write_tls(&mut &self.outer)?;
        }
        Ok(())
    }

    /// From the client to the hub.
    fn carry_out(&self) {
        let mut buffer = [0; BUFFER_BYTES];
        loop {
            let len = (&self.inner).read(&mut buffer).unwrap_or(0);
            let mut tls = self.tls();
            if len == 0 {
                tls.send_close_notify();
            }
            let written = tls.writer().write_all(&buffer[..len]).and_then(|()| self.flush(&mut tls));
            if len == 0 || written.is_err() {
                // Fails where the hub has ended already.
                let _ = self.outer.shutdown(Shutdown::Write);
                return;
            }
        }
    }

    /// From the hub to the client.
    fn carry_in(&self, truncated: &AtomicUsize) {
        let mut buffer = [0; BUFFER_BYTES];
        let mut plain = Vec::new();
        loop {
            let len = (&self.outer).read(&mut buffer).unwrap_or(0);
            let mut records = &buffer[..len];
            let mut tls = self.tls();
            let mut ended = false;
            while !records.is_empty() {
                tls.read_tls(&mut records).unwrap();
                let state = tls.process_new_packets().unwrap();
                plain.resize(state.plaintext_bytes_to_read(), 0);
                tls.reader().read_exact(&mut plain).unwrap();
                if (&self.inner).write_all(&plain).is_err() {
                    // The client has gone: it was not the hub that ended.
                    return;
                }
                ended |= state.peer_has_closed();
            }
            if len == 0 {
                // Before the client can know of the end.
                truncated.fetch_add(1, Ordering::SeqCst);
            }
            if ended || len == 0 {
                let _ = self.inner.shutdown(Shutdown::Write);
                return;
            }
        }
    }
}
