//! Outbound frames: final and unmasked, as a server sends them (RFC 6455, sections 5.1 and 5.2).
//!
//! A frame says nothing about the connection it goes to, so one is encoded once and its [`Bytes`] are
//! shared by all who get it. Who splices a payload from parts writes the header with [`write_header`].

use bytes::{BufMut, Bytes};

use crate::close::CloseCode;
use crate::deflate::stored;
use crate::opcode::{MAX_CONTROL_BYTES, OpCode};

const FIN: u8 = 0x80;
/// RSV1: the message is compressed (RFC 7692, section 6).
const COMPRESSED: u8 = 0x40;
/// Seven bits that announce a length in the next two bytes.
const LENGTH_16: u8 = 126;
/// Seven bits that announce a length in the next eight bytes.
const LENGTH_64: u8 = 127;

/// The most bytes a close reason can have: a control frame's payload less the code.
pub const MAX_REASON_BYTES: usize = MAX_CONTROL_BYTES - 2;

/// Length of the header that [`write_header`] writes for a payload of `len` bytes: 2, 4 or 10.
pub const fn header_len(len: usize) -> usize {
    match len {
        0..=125 => 2,
        126..=0xffff => 4,
        _ => 10,
    }
}

/// Writes the header of a frame whose payload of `len` bytes is to follow.
///
/// `out` has to have room for [`header_len`] bytes, or to grow as `Vec` and `BytesMut` do.
pub fn write_header(out: &mut impl BufMut, opcode: OpCode, len: usize) {
    put_header(out, FIN | opcode.bits(), len);
}

/// Writes the header of a text or binary frame whose payload is compressed; see
/// [`Deflater`](crate::deflate::Deflater).
pub(crate) fn write_compressed_header(out: &mut impl BufMut, opcode: OpCode, len: usize) {
    put_header(out, FIN | COMPRESSED | opcode.bits(), len);
}

/// Writes the frame of a text or binary message behind `out`: the head, which are `parts` one after another and as they
/// are, and a tail that [`Deflater::compress_tail`](crate::deflate::Deflater::compress_tail) compressed. So many can
/// share the tail, each with a head of its own.
///
/// To the client it is a compressed message whose first block is not (RFC 7692, section 7.2.3.3); it costs 5 bytes more
/// than its parts.
pub fn write_spliced(out: &mut Vec<u8>, opcode: OpCode, parts: &[&[u8]], compressed_tail: &[u8]) {
    let len = stored::stored_len(parts) + compressed_tail.len();
    out.reserve(header_len(len) + len);
    write_compressed_header(out, opcode, len);
    stored::put_stored(out, parts);
    out.extend_from_slice(compressed_tail);
}

fn put_header(out: &mut impl BufMut, first: u8, len: usize) {
    out.put_u8(first);
    match header_len(len) {
        2 => out.put_u8(len as u8),
        4 => {
            out.put_u8(LENGTH_16);
            out.put_u16(len as u16);
        }
        _ => {
            out.put_u8(LENGTH_64);
            out.put_u64(len as u64);
        }
    }
}

/// A text message. `payload` has to be UTF-8; it comes as bytes because encoders write bytes.
pub fn text(payload: &[u8]) -> Bytes {
    debug_assert!(str::from_utf8(payload).is_ok(), "a text message that is not UTF-8");
    encode(OpCode::Text, payload)
}

/// A binary message.
pub fn binary(payload: &[u8]) -> Bytes {
    encode(OpCode::Binary, payload)
}

/// A ping; of `payload` the first 125 bytes, the most a control frame holds.
pub fn ping(payload: &[u8]) -> Bytes {
    encode_control(OpCode::Ping, payload)
}

/// The answer to a ping with this payload, of which the first 125 bytes are sent: a ping has no more.
pub fn pong(payload: &[u8]) -> Bytes {
    encode_control(OpCode::Pong, payload)
}

/// A Close with a code that [may be sent](CloseCode::is_valid_on_wire) and a reason, which is cut to
/// [`MAX_REASON_BYTES`] at the end of a character.
pub fn close(code: CloseCode, reason: &str) -> Bytes {
    debug_assert!(code.is_valid_on_wire(), "close code {code} is not for the wire");
    let mut payload = Vec::with_capacity(MAX_CONTROL_BYTES);
    payload.put_u16(code.get());
    payload.put_slice(cut(reason).as_bytes());
    encode(OpCode::Close, &payload)
}

/// A Close that gives no code, the answer to one that gave none.
pub const fn close_without_code() -> Bytes {
    const FRAME: &[u8] = &[FIN | OpCode::Close.bits(), 0];
    Bytes::from_static(FRAME)
}

fn cut(reason: &str) -> &str {
    let longest = reason.len().min(MAX_REASON_BYTES);
    (0..=longest).rev().find_map(|end| reason.get(..end)).unwrap_or_default()
}

fn encode_control(opcode: OpCode, payload: &[u8]) -> Bytes {
    encode(opcode, payload.get(..MAX_CONTROL_BYTES).unwrap_or(payload))
}

fn encode(opcode: OpCode, payload: &[u8]) -> Bytes {
    // Exactly sized, so that turning it into shared bytes does not copy.
    let mut out = Vec::with_capacity(header_len(payload.len()).saturating_add(payload.len()));
    write_header(&mut out, opcode, payload.len());
    out.extend_from_slice(payload);
    out.into()
}
