//! WebSocket frames (RFC 6455, section 5.2): masked ones go out, unmasked ones come in.

use crate::error::excerpt;
use crate::{Error, Result, nonce};

/// A continuation of a fragmented message.
pub const CONTINUATION: u8 = 0x0;
/// A text message, or its first fragment.
pub const TEXT: u8 = 0x1;
/// A binary message, or its first fragment.
pub const BINARY: u8 = 0x2;
/// A Close.
pub const CLOSE: u8 = 0x8;
/// A Ping.
pub const PING: u8 = 0x9;
/// A Pong.
pub const PONG: u8 = 0xa;

const FIN: u8 = 0x80;
const RESERVED: u8 = 0x70;
/// The reserved bit of a compressed message's first frame (RFC 7692, section 6).
pub const COMPRESSED: u8 = 0x40;
const MASKED: u8 = 0x80;

/// A frame from the server, its header checked.
#[derive(Debug)]
pub(crate) struct ServerFrame {
    pub(crate) last: bool,
    pub(crate) opcode: u8,
    pub(crate) compressed: bool,
    pub(crate) payload: Vec<u8>,
}

/// A frame as a client sends it, masked with a fresh key; no rule is checked, so it may break any.
pub fn masked(last: bool, opcode: u8, payload: &[u8]) -> Vec<u8> {
    let first = if last { FIN | opcode } else { opcode };
    let mut out = vec![first];
    match payload.len() {
        len @ ..126 => out.push(MASKED | len as u8),
        len @ 126..=0xffff => {
            out.push(MASKED | 0x7e);
            out.extend((len as u16).to_be_bytes());
        }
        len => {
            out.push(MASKED | 0x7f);
            out.extend((len as u64).to_be_bytes());
        }
    }
    let [.., a, b, c, d] = nonce::next().to_be_bytes();
    let key = [a, b, c, d];
    out.extend(key);
    out.extend(payload.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key));
    out
}

/// The frame at the beginning of `bytes`, and its length there; `None` while it isn't whole. With `deflate`
/// the first frame of a message may be compressed.
pub(crate) fn parse(bytes: &[u8], deflate: bool) -> Result<Option<(ServerFrame, usize)>> {
    let [first, second, rest @ ..] = bytes else { return Ok(None) };
    let opcode = first & 0x0f;
    let last = first & FIN != 0;
    let is_control = opcode & 0x8 != 0;
    let short = second & !MASKED;
    let wrong = |what: &str| Err(Error::unexpected(what, excerpt(bytes)));
    let compressed = deflate && matches!(opcode, TEXT | BINARY) && first & RESERVED == COMPRESSED;
    if first & RESERVED != 0 && !compressed {
        return wrong("a frame without reserved bits");
    }
    if second & MASKED != 0 {
        return wrong("an unmasked frame");
    }
    if !matches!(opcode, CONTINUATION | TEXT | BINARY | CLOSE | PING | PONG) {
        return wrong("a known opcode");
    }
    if is_control && (!last || short > 125) {
        return wrong("a control frame in one piece of at most 125 bytes");
    }
    let Some((len, after_len)) = length(short, rest)? else { return Ok(None) };
    let Some(payload) = after_len.get(..len) else { return Ok(None) };
    let used = bytes.len() - after_len.len() + len;
    Ok(Some((ServerFrame { last, opcode, compressed, payload: payload.to_vec() }, used)))
}

/// The payload's length, in as few bytes as can be, and what follows it.
fn length(short: u8, rest: &[u8]) -> Result<Option<(usize, &[u8])>> {
    let (len, least, rest) = match short {
        126 => match rest.split_first_chunk::<2>() {
            Some((len, rest)) => (u64::from(u16::from_be_bytes(*len)), 126, rest),
            None => return Ok(None),
        },
        127 => match rest.split_first_chunk::<8>() {
            Some((len, rest)) => (u64::from_be_bytes(*len), 0x1_0000, rest),
            None => return Ok(None),
        },
        len => (u64::from(len), 0, rest),
    };
    if len < least || len >> 63 != 0 {
        return Err(Error::unexpected("a length in as few bytes as can be", len.to_string()));
    }
    Ok(usize::try_from(len).ok().map(|len| (len, rest)))
}
