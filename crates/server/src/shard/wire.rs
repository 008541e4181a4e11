//! What carries messages, and how several of them become bytes.

use bytes::Bytes;
use hub_sockjs::Messages;
use hub_sockjs::frame as sockjs;
use hub_ws::{OpCode, frame};

/// What carries a session's messages.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum Wire {
    /// One WebSocket message each.
    WebSocket,
    /// `SockJS` frames in WebSocket messages.
    SockJs,
    /// `SockJS` frames in a session of its HTTP transports.
    Session,
    /// The bare TCP stream.
    Tcp,
}

impl Wire {
    /// In metrics.
    pub(super) fn transport(self) -> &'static str {
        match self {
            Wire::WebSocket => "websocket",
            Wire::SockJs => "sockjs",
            Wire::Session => "sockjs-http",
            Wire::Tcp => "tcp",
        }
    }

    /// Whether a WebSocket is underneath.
    pub(super) fn is_websocket(self) -> bool {
        matches!(self, Wire::WebSocket | Wire::SockJs)
    }

    /// A single message as it goes over this wire.
    pub(super) fn wrap(self, message: &[u8]) -> Bytes {
        let mut packet = Packet::new(self);
        packet.push(message);
        packet.finish()
    }

    /// What is written as soon as the socket is taken over.
    pub(super) fn opening(self) -> Bytes {
        match self {
            Wire::SockJs => frame::text(sockjs::OPEN.as_bytes()),
            Wire::WebSocket | Wire::Session | Wire::Tcp => Bytes::new(),
        }
    }

    /// What tells a peer of this wire alone that the session is closed.
    pub(super) fn closing(self, code: u16, reason: &str) -> Bytes {
        match self {
            Wire::SockJs => frame::text(sockjs::close(code, reason).as_bytes()),
            Wire::WebSocket | Wire::Session | Wire::Tcp => Bytes::new(),
        }
    }
}

/// Puts messages together for a wire.
pub(super) enum Packet {
    /// One after another.
    Stream { wire: Wire, out: Vec<u8> },
    /// In one `SockJS` frame.
    Array { wire: Wire, messages: Messages },
}

impl Packet {
    pub(super) fn new(wire: Wire) -> Packet {
        match wire {
            Wire::SockJs | Wire::Session => Packet::Array { wire, messages: Messages::default() },
            Wire::WebSocket | Wire::Tcp => Packet::Stream { wire, out: Vec::new() },
        }
    }

    /// Adds a message, unless the wire can't carry it: `SockJS` carries text
    /// alone.
    pub(super) fn push(&mut self, message: &[u8]) -> bool {
        let text = std::str::from_utf8(message);
        match self {
            Packet::Stream { wire, out } => {
                out.reserve(message.len() + frame::header_len(message.len()));
                if *wire == Wire::WebSocket {
                    let opcode = if text.is_ok() { OpCode::Text } else { OpCode::Binary };
                    frame::write_header(out, opcode, message.len());
                }
                out.extend_from_slice(message);
                true
            }
            Packet::Array { messages, .. } => text.map(|text| messages.push(text)).is_ok(),
        }
    }

    /// The bytes to write.
    pub(super) fn finish(self) -> Bytes {
        match self {
            Packet::Stream { out, .. } => out.into(),
            Packet::Array { messages, .. } if messages.is_empty() => Bytes::new(),
            Packet::Array { wire: Wire::Session, messages } => messages.finish().into(),
            Packet::Array { messages, .. } => frame::text(&messages.finish()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packed(wire: Wire, messages: &[&[u8]]) -> Bytes {
        let mut packet = Packet::new(wire);
        for message in messages {
            assert!(packet.push(message));
        }
        packet.finish()
    }

    #[test]
    fn several_messages_are_frames_of_their_own_or_one_array() {
        assert_eq!(packed(Wire::Tcp, &[b"a", b"b\0"]), &b"ab\0"[..]);
        assert_eq!(packed(Wire::WebSocket, &[b"a", b"\xff"]), &b"\x81\x01a\x82\x01\xff"[..]);
        assert_eq!(packed(Wire::SockJs, &[b"a", b"b\0"]), &b"\x81\x10a[\"a\",\"b\\u0000\"]"[..]);
        assert_eq!(packed(Wire::Session, &[b"a", b"b\0"]), &b"a[\"a\",\"b\\u0000\"]"[..]);
        assert!(packed(Wire::SockJs, &[]).is_empty());
    }

    #[test]
    fn sockjs_carries_no_binary_message() {
        assert!(!Packet::new(Wire::SockJs).push(b"\xff"));
        assert!(Wire::SockJs.wrap(b"\xff").is_empty());
    }
}
