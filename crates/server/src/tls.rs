//! TLS for listeners (rustls).

use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use rustls::ServerConfig;
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

/// Why TLS can't be set up.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A PEM file can't be read, or holds nothing of use.
    #[error("{path}: {cause}")]
    Pem {
        /// Which file.
        path: PathBuf,
        /// Why.
        cause: String,
    },
    /// Certificate and key don't go together, or are of a kind not supported.
    #[error("{certificate} and its key: {cause}")]
    Pair {
        /// The certificate's file.
        certificate: PathBuf,
        /// Why.
        cause: rustls::Error,
    },
}

/// A server configuration from a certificate chain and its private key, both
/// PEM. HTTP/1.1 alone is offered by ALPN, since a `WebSocket` needs it.
pub fn load(certificate: &Path, key: &Path) -> Result<Arc<ServerConfig>, TlsError> {
    let pem = |path: &Path, cause: rustls_pki_types::pem::Error| TlsError::Pem {
        path: path.to_owned(),
        cause: cause.to_string(),
    };
    let chain = CertificateDer::pem_file_iter(certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|cause| pem(certificate, cause))?;
    let private = PrivateKeyDer::from_pem_file(key).map_err(|cause| pem(key, cause))?;
    let pair = |cause| TlsError::Pair { certificate: certificate.to_owned(), cause };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(pair)?
        .with_no_client_auth()
        .with_single_cert(chain, private)
        .map_err(pair)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}
