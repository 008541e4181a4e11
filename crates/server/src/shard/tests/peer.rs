//! A peer of the shard: what it sends, and what it makes of what it takes.

use std::collections::BTreeMap;

use serde_json::Value;

use super::world::World;
use crate::stream::memory::MemoryPeer;

/// What a peer speaks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Speaks {
    /// STOMP straight over the stream.
    RawStomp,
    /// STOMP in WebSocket messages.
    Stomp,
    /// JSON in WebSocket messages.
    Native,
}

/// A message or frame of the hub.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Received {
    /// Of STOMP.
    pub(super) command: String,
    pub(super) headers: BTreeMap<String, String>,
    pub(super) body: String,
}

impl Received {
    fn stomp(text: &str) -> Received {
        let (head, body) = text.split_once("\n\n").expect("a head");
        let mut lines = head.lines();
        let command = lines.next().expect("a command").to_owned();
        let headers = lines.filter_map(|line| line.split_once(':'));
        let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        Received { command, headers, body: body.to_owned() }
    }

    /// The body as JSON.
    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.body).expect("JSON")
    }
}

pub(super) struct Peer {
    stream: MemoryPeer,
    speaks: Speaks,
    taken: Vec<u8>,
    /// Everything but what keeps the connection alive, in order.
    pub(super) received: Vec<Received>,
    pub(super) heartbeats: usize,
    pub(super) pings: usize,
    /// The code and reason of the Close.
    pub(super) close: Option<(u16, String)>,
}

impl Peer {
    pub(super) fn new(stream: MemoryPeer, speaks: Speaks) -> Peer {
        let (taken, received) = (Vec::new(), Vec::new());
        Peer { stream, speaks, taken, received, heartbeats: 0, pings: 0, close: None }
    }

    /// Sends a STOMP frame, a heart-beat or a JSON command.
    pub(super) fn send(&self, text: &str) {
        if self.speaks == Speaks::RawStomp {
            self.stream.send(text.as_bytes());
        } else {
            self.stream.send(&websocket_frame(0x81, text.as_bytes()));
        }
    }

    /// Follows a destination by an id.
    pub(super) fn subscribe(&self, id: &str, destination: &str, headers: &str) {
        self.send(&format!("SUBSCRIBE\nid:{id}\ndestination:{destination}\n{headers}\n\0"));
    }

    /// Answers a Close.
    pub(super) fn answer_close(&self) {
        self.stream.send(&websocket_frame(0x88, &1000_u16.to_be_bytes()));
    }

    /// Answers a ping.
    pub(super) fn pong(&self) {
        self.stream.send(&websocket_frame(0x8a, b""));
    }

    /// Sends no more.
    pub(super) fn shut(&self) {
        self.stream.shut();
    }

    /// Takes at most so many bytes of what was written to it; whether there
    /// were any.
    pub(super) fn take(&mut self, most: usize) -> bool {
        let bytes = self.stream.take(most);
        self.taken.extend_from_slice(&bytes);
        while match self.speaks {
            Speaks::RawStomp => self.next_stomp(),
            Speaks::Stomp | Speaks::Native => self.next_websocket(),
        } {}
        !bytes.is_empty()
    }

    /// Takes all that the shard has for it.
    pub(super) fn take_all(&mut self, world: &mut World) {
        while self.take(usize::MAX) {
            world.settle();
        }
    }

    /// Takes all that the shard has for it; gives what is new.
    pub(super) fn news(&mut self, world: &mut World) -> Vec<Received> {
        let before = self.received.len();
        self.take_all(world);
        self.received.split_off(before)
    }

    /// How often the hub has written something that was taken.
    pub(super) fn writes(&self) -> u64 {
        self.stream.writes()
    }

    /// Whether the hub has ended the stream.
    pub(super) fn is_at_end(&self) -> bool {
        self.stream.is_at_end()
    }

    fn next_stomp(&mut self) -> bool {
        if self.taken.first() == Some(&b'\n') {
            self.taken.remove(0);
            self.heartbeats += 1;
            return true;
        }
        let Some(end) = self.taken.iter().position(|byte| *byte == 0) else { return false };
        let frame: Vec<u8> = self.taken.drain(..=end).collect();
        self.received.push(Received::stomp(std::str::from_utf8(&frame[..end]).expect("UTF-8")));
        true
    }

    fn next_websocket(&mut self) -> bool {
        let [first, length, ..] = self.taken[..] else { return false };
        let (head, length) = match (length, &self.taken[2..]) {
            (126, [high, low, ..]) => (4, usize::from(u16::from_be_bytes([*high, *low]))),
            (127, [bytes @ .., _]) if bytes.len() >= 8 => {
                let bytes = self.taken[2..10].try_into().expect("eight");
                (10, u64::from_be_bytes(bytes) as usize)
            }
            (126 | 127, _) => return false,
            (length, _) => (2, usize::from(length)),
        };
        if self.taken.len() < head + length {
            return false;
        }
        let frame: Vec<u8> = self.taken.drain(..head + length).collect();
        self.receive(first & 0x0f, &frame[head..]);
        true
    }

    fn receive(&mut self, opcode: u8, payload: &[u8]) {
        let text = || std::str::from_utf8(payload).expect("UTF-8");
        match opcode {
            0x8 => {
                let code = u16::from_be_bytes([payload[0], payload[1]]);
                self.close = Some((code, String::from_utf8_lossy(&payload[2..]).into_owned()));
            }
            0x9 => self.pings += 1,
            _ if payload == b"\n" => self.heartbeats += 1,
            _ if self.speaks == Speaks::Native => {
                let (command, headers) = (String::new(), BTreeMap::new());
                self.received.push(Received { command, headers, body: text().to_owned() });
            }
            _ => self.received.push(Received::stomp(text().trim_end_matches('\0'))),
        }
    }
}

/// A client's frame, masked with zeros.
fn websocket_frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(payload.len()).expect("a short message");
    let mut frame = vec![first];
    if length < 126 {
        frame.push(0x80 | length as u8);
    } else {
        frame.push(0xfe);
        frame.extend_from_slice(&length.to_be_bytes());
    }
    frame.extend_from_slice(&[0; 4]);
    frame.extend_from_slice(payload);
    frame
}
