//! Carriers of messages, and how several of them become bytes.

mod packet;
mod template;

use bytes::Bytes;
use hub_sockjs::frame as sockjs;
use hub_stomp::{Version, encode};
use hub_ws::deflate::WindowBits;
use hub_ws::frame;

pub(super) use self::packet::{Message, Packet};
pub(super) use self::template::{Frames, Template};

/// Carrier of a session's messages, and the way they are written.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) struct Wire {
    pub(super) carrier: Carrier,
    /// The window of compressed messages, where there is a WebSocket whose
    /// client takes them.
    deflate: Option<WindowBits>,
}

/// Carrier of a session's messages.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum Carrier {
    /// One WebSocket message each.
    WebSocket,
    /// The same, in binary: JSON messages as `MessagePack`.
    MessagePack,
    /// `SockJS` frames in WebSocket messages.
    SockJs,
    /// `SockJS` frames in a session of its HTTP transports.
    Session,
    /// The bare TCP stream.
    Tcp,
}

impl From<Carrier> for Wire {
    fn from(carrier: Carrier) -> Wire {
        Wire { carrier, deflate: None }
    }
}

impl Wire {
    /// The same to a client that takes compressed messages.
    pub(super) fn deflated(self, window: Option<WindowBits>) -> Wire {
        Wire { deflate: window, ..self }
    }

    /// In metrics.
    pub(super) fn transport(self) -> &'static str {
        match self.carrier {
            Carrier::WebSocket | Carrier::MessagePack => "websocket",
            Carrier::SockJs => "sockjs",
            Carrier::Session => "sockjs-http",
            Carrier::Tcp => "tcp",
        }
    }

    /// Says whether a WebSocket is underneath.
    pub(super) fn is_websocket(self) -> bool {
        matches!(self.carrier, Carrier::WebSocket | Carrier::MessagePack | Carrier::SockJs)
    }

    /// A single message as it goes over this wire: an answer to one client,
    /// which is short and isn't compressed.
    pub(super) fn wrap(self, message: &[u8]) -> Bytes {
        let mut packet = Packet::plain(self);
        packet.push(message);
        packet.finish_whole().bytes
    }

    /// A subscription's id as it stands in the MESSAGEs that go over this
    /// wire.
    pub(super) fn name(self, version: Version, id: &str) -> Box<[u8]> {
        let mut name = Vec::with_capacity(id.len());
        encode::push_value(&mut name, version, id);
        if matches!(self.carrier, Carrier::SockJs | Carrier::Session)
            && let Ok(text) = str::from_utf8(&name)
        {
            let mut escaped = Vec::with_capacity(name.len());
            sockjs::escape(&mut escaped, text);
            name = escaped;
        }
        name.into()
    }

    /// Gives the bytes that are written as soon as the socket is taken over.
    pub(super) fn opening(self) -> Bytes {
        match self.carrier {
            Carrier::SockJs => frame::text(sockjs::OPEN.as_bytes()),
            _ => Bytes::new(),
        }
    }

    /// Gives the bytes that tell a peer of this wire alone that the session is closed.
    pub(super) fn closing(self, code: u16, reason: &str) -> Bytes {
        match self.carrier {
            Carrier::SockJs => frame::text(sockjs::close(code, reason).as_bytes()),
            _ => Bytes::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use hub_ws::deflate::Inflater;
    use proptest::prelude::*;

    use super::*;
    use crate::compression::Compression;
    use crate::metrics::deflate::DeflateMetrics;
    use crate::shard::compressor::Compressor;

    fn packed(wire: Wire, messages: &[&[u8]]) -> Bytes {
        let compression = Compression { min_bytes: 100, level: 6, client_context_takeover: false };
        let compressor = Compressor::new(Some(compression), DeflateMetrics::default());
        let mut packet = Packet::new(wire, &compressor);
        for message in messages {
            assert!(packet.push(*message));
        }
        packet.finish_whole().bytes
    }

    #[test]
    fn several_messages_are_frames_of_their_own_or_one_array() {
        for (carrier, messages, expected) in [
            (Carrier::Tcp, [&b"a"[..], b"b\0"], &b"ab\0"[..]),
            (Carrier::WebSocket, [b"a", b"\xff"], b"\x81\x01a\x82\x01\xff"),
            (Carrier::MessagePack, [b"[1]", b"{}"], b"\x82\x02\x91\x01\x82\x01\x80"),
            (Carrier::SockJs, [b"a", b"b\0"], b"\x81\x10a[\"a\",\"b\\u0000\"]"),
            (Carrier::Session, [b"a", b"b\0"], b"a[\"a\",\"b\\u0000\"]"),
        ] {
            assert_eq!(packed(carrier.into(), &messages), expected);
        }
        assert!(packed(Carrier::SockJs.into(), &[]).is_empty());
    }

    #[test]
    fn sockjs_carries_no_binary_message() {
        let wire = Wire::from(Carrier::SockJs);
        assert!(!Packet::plain(wire).push(&b"\xff"[..]));
        assert!(wire.wrap(b"\xff").is_empty());
    }

    #[test]
    fn what_is_long_enough_is_compressed_where_the_client_takes_it() {
        let (short, long) = ([b'x'; 99], [b'x'; 101]);
        for carrier in [Carrier::WebSocket, Carrier::SockJs] {
            let plain = Wire::from(carrier);
            let wire = plain.deflated(Some(WindowBits::MOST));
            assert_eq!(packed(plain, &[&long])[0], 0x81);
            assert_eq!(packed(wire, &[&short[..90]])[0], 0x81);
            let compressed = packed(wire, &[&long]);
            assert_eq!(compressed[0], 0xc1);
            assert!(compressed.len() < 40);
            assert_eq!(wire.wrap(&long), plain.wrap(&long), "an answer");
        }
    }

    /// The messages of plain and compressed frames, and how many of them were
    /// compressed.
    fn read(mut bytes: &[u8]) -> (Vec<Vec<u8>>, usize) {
        let (mut messages, mut compressed) = (Vec::new(), 0);
        while let [first, length, rest @ ..] = bytes {
            let (length, rest) = match length {
                126 => (usize::from(u16::from_be_bytes([rest[0], rest[1]])), &rest[2..]),
                127 => (usize::from_be_bytes(rest[..8].try_into().expect("eight")), &rest[8..]),
                length => (usize::from(*length), rest),
            };
            let (payload, rest) = rest.split_at(length);
            bytes = rest;
            if first & 0x40 == 0 {
                messages.push(payload.to_vec());
            } else {
                compressed += 1;
                messages.push(Inflater::default().inflate(payload, None, 1 << 20).expect("a message"));
            }
        }
        (messages, compressed)
    }

    #[test]
    fn what_is_compressed_is_so_for_all_names_at_once() {
        let compression = Compression { min_bytes: 100, level: 6, client_context_takeover: false };
        let compressor = Compressor::new(Some(compression), DeflateMetrics::default());
        let body = "to be said again, ".repeat(20);
        for carrier in [Carrier::WebSocket, Carrier::SockJs] {
            let wire = Wire::from(carrier).deflated(Some(WindowBits::MOST));
            let mut packet = Packet::new(wire, &compressor);
            packet.push(Message { bytes: format!("id:\n{body}").as_bytes(), hole: Some(3) });
            let template = packet.finish();
            assert!(!template.is_better_whole());
            for name in ["a", "sub-17"] {
                let frames = template.frames(&wire.name(Version::V1_2, name));
                let mut plain = Packet::plain(carrier.into());
                plain.push(format!("id:{name}\n{body}").as_bytes());
                let (messages, compressed) = read(&frames.bytes);
                assert_eq!((messages, compressed), (read(&plain.finish_whole().bytes).0, 1), "{carrier:?}");
                assert!(frames.len() < 120);
            }
        }
        // In an array of several there is no one tail.
        let mut packet =
            Packet::new(Wire::from(Carrier::SockJs).deflated(Some(WindowBits::MOST)), &compressor);
        for _ in 0..2 {
            packet.push(Message { bytes: body.as_bytes(), hole: Some(0) });
        }
        assert!(packet.finish().is_better_whole());
    }

    proptest! {
        /// A name that is filled in stands as if it had been there.
        #[test]
        fn a_template_with_a_name_is_the_frame_of_the_message_with_that_name(
            heads in proptest::collection::vec("[a-z:\n\"]{0,20}", 1..4),
            name in "[a-z0-9:\\\\\"\n\u{1f600}-\u{1f60f}]{0,140}",
            body in "[ -~\n\u{e4}]{0,300}",
            times in 1_usize..40,
        ) {
            let body = body.repeat(times);
            for carrier in [Carrier::Tcp, Carrier::WebSocket, Carrier::SockJs, Carrier::Session] {
                let wire = Wire::from(carrier);
                let on_wire = wire.name(Version::V1_2, &name);
                let mut escaped = Vec::new();
                encode::push_value(&mut escaped, Version::V1_2, &name);
                let (mut holes, mut whole) = (Packet::plain(wire), Packet::plain(wire));
                for head in &heads {
                    let bytes = [head, &*body].concat();
                    let named = [head.as_bytes(), &escaped, body.as_bytes()].concat();
                    let message = Message { bytes: bytes.as_bytes(), hole: Some(head.len()) };
                    prop_assert!(holes.push(message));
                    prop_assert!(whole.push(&*named));
                }
                let Frames { bytes, tail, messages } = holes.finish().frames(&on_wire);
                prop_assert_eq!([&*bytes, &*tail].concat(), &*whole.finish_whole().bytes);
                prop_assert_eq!(messages, heads.len() as u64);
                prop_assert!(carrier != Carrier::Session || tail.is_empty(), "one piece");
            }
        }
    }
}
