//! Options of a WebSocket client.

use std::time::Duration;

use crate::DEFAULT_DEADLINE;

/// Options of a [`WsClient`](super::WsClient): how it connects and behaves.
#[derive(Debug, Clone)]
pub struct WsOptions {
    /// The `Origin` field; none by default, as from a program that is no browser.
    pub origin: Option<String>,
    /// The subprotocols to offer, the preferred one first.
    pub subprotocols: Vec<String>,
    /// Takes compressed messages and may send them (RFC 7692).
    pub deflate: bool,
    /// Further header fields.
    pub headers: Vec<(String, String)>,
    /// Time for connecting, and then for each call.
    pub deadline: Duration,
    /// `SO_RCVBUF`, set before connecting; the system's own size when `None`.
    pub receive_bytes: Option<usize>,
    /// Answers a Ping with a Pong.
    pub answer_pings: bool,
    /// Answers a Close with a Close of the same code.
    pub answer_close: bool,
}

impl Default for WsOptions {
    fn default() -> Self {
        Self {
            origin: None,
            subprotocols: Vec::new(),
            deflate: false,
            headers: Vec::new(),
            deadline: DEFAULT_DEADLINE,
            receive_bytes: None,
            answer_pings: true,
            answer_close: true,
        }
    }
}

impl WsOptions {
    /// The defaults with an `Origin`.
    pub fn from_origin(origin: &str) -> Self {
        Self { origin: Some(origin.to_owned()), ..Self::default() }
    }

    /// The defaults with compression, as browsers offer it.
    pub fn deflating() -> Self {
        Self { deflate: true, ..Self::default() }
    }

    /// The defaults with subprotocols to offer.
    pub fn offering(subprotocols: &[&str]) -> Self {
        Self { subprotocols: subprotocols.iter().map(ToString::to_string).collect(), ..Self::default() }
    }
}
