//! The certificate by which a listener proves itself, at the moment.

use std::fmt;
use std::sync::Arc;

use arc_swap::ArcSwap;
use rustls::crypto::ring::Ticketer;
use rustls::server::{ClientHello, ProducesTickets, ResolvesServerCert};
use rustls::sign::CertifiedKey;

/// A pair, and the seal of the tickets that were issued under it.
///
/// Who resumes a session is shown no certificate: the ticket alone proves both
/// sides. So a client could go on for a day with a certificate that was
/// replaced, perhaps because its key had leaked. Tickets end with their
/// certificate therefore: the first connection after a reload is a whole
/// handshake, at the price of one signature. (One that was half-way when the
/// certificate was replaced may get a ticket of the new seal; it has just been
/// shown the old certificate, and its ticket ends with the new one.)
struct Presented {
    pair: Arc<CertifiedKey>,
    tickets: Arc<dyn ProducesTickets>,
}

impl Presented {
    fn new(pair: CertifiedKey) -> Result<Presented, rustls::Error> {
        Ok(Presented { pair: Arc::new(pair), tickets: Ticketer::new()? })
    }
}

/// Shared by all listeners; replacing what it presents disturbs no
/// connection.
pub(super) struct Identity(ArcSwap<Presented>);

impl Identity {
    pub(super) fn new(pair: CertifiedKey) -> Result<Identity, rustls::Error> {
        Ok(Identity(ArcSwap::from_pointee(Presented::new(pair)?)))
    }

    pub(super) fn replace(&self, pair: CertifiedKey) -> Result<(), rustls::Error> {
        self.0.store(Arc::new(Presented::new(pair)?));
        Ok(())
    }

    pub(super) fn pair(&self) -> Arc<CertifiedKey> {
        Arc::clone(&self.0.load().pair)
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Identity")
    }
}

impl ResolvesServerCert for Identity {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.pair())
    }
}

impl ProducesTickets for Identity {
    fn enabled(&self) -> bool {
        self.0.load().tickets.enabled()
    }

    fn lifetime(&self) -> u32 {
        self.0.load().tickets.lifetime()
    }

    fn encrypt(&self, plain: &[u8]) -> Option<Vec<u8>> {
        self.0.load().tickets.encrypt(plain)
    }

    fn decrypt(&self, cipher: &[u8]) -> Option<Vec<u8>> {
        self.0.load().tickets.decrypt(cipher)
    }
}
