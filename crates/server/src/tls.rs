//! TLS for listeners (rustls): one certificate for all of them, which is
//! replaced while they serve.

mod expiry;
mod files;
mod identity;
mod stream;

use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use rustls::ServerConfig;
use rustls::crypto::CryptoProvider;
use rustls::server::NoServerSessionStorage;

pub use expiry::Expiry;
use files::Files;
use identity::Identity;
pub use stream::TlsStream;

/// Reason why TLS can't be set up, or a certificate not be taken.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file can't be read, or holds nothing of use.
    #[error("{path}: {cause}")]
    File {
        /// Which file.
        path: PathBuf,
        /// Cause, in words.
        cause: String,
    },
    /// Each file is sound, and they are not of one pair.
    #[error("{certificate} and {key} do not belong together")]
    Mismatch {
        /// The certificate's file.
        certificate: PathBuf,
        /// The key's file.
        key: PathBuf,
    },
    /// TLS itself can't be set up.
    #[error(transparent)]
    Rustls(#[from] rustls::Error),
}

/// Outcome of a look at the files.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CertificateReload {
    /// They hold the pair that is in use already.
    Unchanged,
    /// Another pair, which new handshakes get from now on.
    Replaced,
}

/// The certificate of all listeners, and the files it comes from.
pub struct Certificate {
    files: Files,
    identity: Arc<Identity>,
    provider: Arc<CryptoProvider>,
    config: Arc<ServerConfig>,
}

impl Certificate {
    /// A certificate chain and its private key, both PEM. HTTP/1.1 alone is
    /// offered by ALPN, since a `WebSocket` needs it.
    pub fn load(certificate: &Path, key: &Path) -> Result<Certificate, TlsError> {
        let files = Files { certificate: certificate.to_owned(), key: key.to_owned() };
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let identity = Arc::new(Identity::new(files.read(&provider)?)?);
        let mut config = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_cert_resolver(Arc::clone(&identity) as _);
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        // Sessions are resumed by tickets that the client keeps. The cache that
        // rustls has otherwise is a lock between all workers, and its 256
        // places are gone in the first second of a reconnect of thousands.
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.ticketer = Arc::clone(&identity) as _;
        Ok(Certificate { files, identity, provider, config: Arc::new(config) })
    }

    /// For listeners; it presents what is in use at each handshake.
    pub fn server_config(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.config)
    }

    /// Reads the files and, if they hold another pair than is in use, has new
    /// handshakes get that. Connections that exist keep what they have. On an
    /// error everything stays as it is.
    ///
    /// Contents decide, never the times of files: what replaces them may
    /// replace one before the other, or swap a link above both.
    pub fn reload(&self) -> Result<CertificateReload, TlsError> {
        let pair = self.files.read(&self.provider)?;
        // A key fits one certificate's public key and no other: an equal chain
        // has an equal key.
        if pair.cert == self.identity.pair().cert {
            return Ok(CertificateReload::Unchanged);
        }
        self.identity.replace(pair)?;
        Ok(CertificateReload::Replaced)
    }

    /// Until when the certificate in use is valid, if it says so in a way that
    /// is understood.
    pub fn expiry(&self) -> Option<Expiry> {
        Expiry::of(self.identity.pair().cert.first()?)
    }
}
