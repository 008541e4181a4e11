//! Reasons why the hub could not start.

use std::net::SocketAddr;
use std::path::PathBuf;

use hub_log::LogError;
use hub_server::tls::TlsError;

/// Reason why the hub could not start. Each message holds its cause, which therefore
/// is no source.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A service asks for what the configuration does not allow; the message names its key.
    #[error("{0}")]
    Service(String),
    /// An address can't be bound.
    #[error("{section}.bind = {address}: {cause}")]
    Bind {
        /// The section of the service.
        section: &'static str,
        /// The address.
        address: SocketAddr,
        /// The system's word for it.
        cause: std::io::Error,
    },
    /// The log can't be opened, or what it holds can't be replayed.
    #[error("log.path: {0}")]
    Log(LogError),
    /// Replay failed.
    #[error("replaying the log: {0}")]
    Replay(String),
    /// The script can't be read.
    #[error("server.sockjs_script = {path}: {cause}")]
    Script {
        /// Its path.
        path: PathBuf,
        /// The system's word for it.
        cause: std::io::Error,
    },
    /// TLS can't be set up.
    #[error("server.tls_certificate, server.tls_key: {0}")]
    Tls(TlsError),
    /// A thread can't be started.
    #[error("a thread can't be started: {0}")]
    Thread(std::io::Error),
}
