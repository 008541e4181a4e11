//! A certificate for the hub under test, and clients that trust it.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::client::Resumption;
use rustls::{ClientConfig, RootCertStore};
use tempfile::TempDir;
use tokio_rustls::TlsConnector;

/// The name it is for.
pub const HOST: &str = "localhost";

/// A self-signed certificate in files of its own.
pub struct Identity {
    directory: TempDir,
    connector: TlsConnector,
}

impl Identity {
    /// A new one.
    pub fn make() -> anyhow::Result<Identity> {
        let made = rcgen::generate_simple_self_signed([HOST.to_owned()])?;
        let directory = tempfile::tempdir()?;
        std::fs::write(directory.path().join("certificate.pem"), made.cert.pem())?;
        std::fs::write(directory.path().join("key.pem"), made.signing_key.serialize_pem())?;
        let mut roots = RootCertStore::empty();
        roots.add(made.cert.der().clone())?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        // Each receiver stands for another client.
        config.resumption = Resumption::disabled();
        Ok(Identity { directory, connector: Arc::new(config).into() })
    }

    /// The certificate's file.
    pub fn certificate(&self) -> PathBuf {
        self.path().join("certificate.pem")
    }

    /// The key's file.
    pub fn key(&self) -> PathBuf {
        self.path().join("key.pem")
    }

    /// For clients that trust it.
    pub fn connector(&self) -> TlsConnector {
        self.connector.clone()
    }

    fn path(&self) -> &Path {
        self.directory.path()
    }
}

/// A handshake over a connection.
pub(crate) async fn handshake<S>(
    connector: &TlsConnector,
    stream: S,
) -> io::Result<tokio_rustls::client::TlsStream<S>>
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
{
    let name = rustls::pki_types::ServerName::try_from(HOST).map_err(io::Error::other)?;
    connector.connect(name, stream).await
}
