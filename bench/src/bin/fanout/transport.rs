//! Carriers of STOMP, as a client opens them.

use clap::ValueEnum;
use hub_bench::frames::masked;
use hub_bench::load::Opening;

/// Carrier of STOMP.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Transport {
    /// WebSocket messages.
    #[value(name = "websocket")]
    WebSocket,
    /// `SockJS` frames in WebSocket messages.
    #[value(name = "sockjs")]
    SockJs,
}

/// The extension that compresses, as it is asked for.
const DEFLATE: &str = "permessage-deflate";

impl Transport {
    fn path(self) -> &'static str {
        match self {
            Transport::WebSocket => "/ws",
            Transport::SockJs => "/ws/000/bench/websocket",
        }
    }

    fn wrap(self, stomp: &str) -> Vec<u8> {
        match self {
            Transport::WebSocket => masked(stomp),
            Transport::SockJs => masked(&serde_json::json!([stomp]).to_string()),
        }
    }

    /// Upgrades, connects and, if wanted, subscribes with a receipt.
    pub(crate) fn opening(self, deflate: bool, subscribe: Option<&str>) -> Opening {
        let extension = if deflate {
            format!("Sec-WebSocket-Extensions: {DEFLATE}; client_max_window_bits\r\n")
        } else {
            String::new()
        };
        let upgrade = format!(
            "GET {} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n{extension}\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
            self.path()
        );
        let mut steps = Vec::new();
        if matches!(self, Transport::SockJs) {
            steps.push((Vec::new(), "o"));
        }
        steps.push((self.wrap("CONNECT\naccept-version:1.2\nheart-beat:0,0\n\n\0"), "CONNECTED"));
        if let Some(destination) = subscribe {
            let frame = format!("SUBSCRIBE\nid:sub-0\ndestination:{destination}\nreceipt:r\n\n\0");
            steps.push((self.wrap(&frame), "RECEIPT"));
        }
        Opening { upgrade, extension: deflate.then_some(DEFLATE), steps }
    }
}
