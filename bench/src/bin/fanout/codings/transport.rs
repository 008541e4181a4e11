//! Carriers of STOMP, as a client opens them.

use clap::ValueEnum;
use hub_bench::frames::masked;
use hub_bench::opening::{DEFLATE, Opening, upgrade};

/// Carrier of STOMP.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum Transport {
    /// WebSocket messages.
    #[value(name = "websocket")]
    WebSocket,
    /// `SockJS` frames in WebSocket messages.
    #[value(name = "sockjs")]
    SockJs,
}

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
    pub(super) fn opening(self, deflate: bool, subscribe: Option<&str>) -> Opening {
        let mut steps = Vec::new();
        if matches!(self, Transport::SockJs) {
            steps.push((Vec::new(), "o"));
        }
        steps.push((self.wrap("CONNECT\naccept-version:1.2\nheart-beat:0,0\n\n\0"), "CONNECTED"));
        if let Some(destination) = subscribe {
            let frame = format!("SUBSCRIBE\nid:sub-0\ndestination:{destination}\nreceipt:r\n\n\0");
            steps.push((self.wrap(&frame), "RECEIPT"));
        }
        Opening { upgrade: upgrade(self.path(), deflate), extension: deflate.then_some(DEFLATE), steps }
    }
}
