//! Carriers of what is delivered, as a client opens them.

use clap::ValueEnum;

use crate::driver::Mark;
use crate::frames::masked;
use crate::opening::{Opening, upgrade};

/// Form in which a message is delivered.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum Carrier {
    /// STOMP in WebSocket messages.
    #[value(name = "ws")]
    Stomp,
    /// STOMP in `SockJS` frames in WebSocket messages.
    #[value(name = "sockjs")]
    SockJs,
    /// The body alone, as the peers send it.
    Plain,
}

/// Ids of subscriptions.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ids {
    /// Each client calls its first one `sub-0`, as stompjs does.
    Same,
    /// Each client has another.
    Distinct,
}

impl Carrier {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Carrier::Stomp => "ws",
            Carrier::SockJs => "sockjs",
            Carrier::Plain => "plain",
        }
    }

    /// Sign of a stamped body in a message: what stands behind its digits, in the spelling of the carrier.
    pub fn mark(self) -> Mark {
        match self {
            Carrier::Stomp => Mark::Stamp("\"]\0".len()),
            Carrier::SockJs => Mark::Stamps(r#"\"]"#.len(), r#"\u0000""#),
            Carrier::Plain => Mark::Stamp(r#""]"#.len()),
        }
    }

    /// Path at which a message for a topic is posted.
    pub fn path(self, topic: &str) -> String {
        match self {
            Carrier::Plain => format!("/publish/{topic}"),
            _ => format!("/api/publish{}", destination(topic)),
        }
    }

    /// Way in of the client `index`, which follows these topics.
    pub fn opening(self, index: usize, topics: &[String], ids: Ids) -> Opening {
        let mut steps = Vec::new();
        let target = match self {
            Carrier::Plain => format!("/?topics={}", topics.join(",")),
            Carrier::Stomp => "/ws".to_owned(),
            Carrier::SockJs => {
                steps.push((Vec::new(), "o"));
                "/ws/000/bench/websocket".to_owned()
            }
        };
        if self != Carrier::Plain {
            steps.push((self.wrap("CONNECT\naccept-version:1.2\nheart-beat:0,0\n\n\0"), "CONNECTED"));
            for (at, topic) in topics.iter().enumerate() {
                let destination = destination(topic);
                let id = match ids {
                    Ids::Same => format!("sub-{at}"),
                    // As long as the other, so that as many bytes are sent.
                    Ids::Distinct => format!("{at}{index:04}"),
                };
                let frame = format!("SUBSCRIBE\nid:{id}\ndestination:{destination}\nreceipt:r\n\n\0");
                steps.push((self.wrap(&frame), "RECEIPT"));
            }
        }
        Opening { upgrade: upgrade(&target, false), extension: None, steps }
    }

    fn wrap(self, stomp: &str) -> Vec<u8> {
        match self {
            Carrier::SockJs => masked(&serde_json::json!([stomp]).to_string()),
            _ => masked(stomp),
        }
    }
}

fn destination(topic: &str) -> String {
    format!("/topic/relay/{topic}")
}
