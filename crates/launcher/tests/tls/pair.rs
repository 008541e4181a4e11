//! A certificate for `localhost` and its key.

use std::fs;
use std::path::Path;

use rustls::pki_types::CertificateDer;

pub(crate) const CERTIFICATE: &str = "certificate.pem";
pub(crate) const KEY: &str = "key.pem";

pub(crate) struct Pair {
    pub(crate) certificate: String,
    pub(crate) key: String,
    pub(crate) der: CertificateDer<'static>,
}

impl Pair {
    pub(crate) fn make() -> Self {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let (certificate, key) = (made.cert.pem(), made.signing_key.serialize_pem());
        Self { certificate, key, der: made.cert.der().clone() }
    }

    pub(crate) fn write(&self, directory: &Path) {
        put(directory, CERTIFICATE, &self.certificate);
        put(directory, KEY, &self.key);
    }
}

/// Puts a file in the place of another, as renewal does it: nobody sees a part of it.
pub(crate) fn put(directory: &Path, name: &str, text: &str) {
    let new = directory.join(format!("{name}.new"));
    fs::write(&new, text).unwrap();
    fs::rename(new, directory.join(name)).unwrap();
}
