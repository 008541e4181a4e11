//! The header of a client frame (RFC 6455, section 5.2).

use crate::failure::Failure;
use crate::input::Input;
use crate::mask;
use crate::opcode::{MAX_CONTROL_BYTES, OpCode};

/// The longest header: two bytes, a 64-bit length, a mask.
const MAX_HEADER_BYTES: usize = 14;

const FIN: u8 = 0x80;
const RESERVED: u8 = 0x70;
/// RSV1, which permessage-deflate gives a meaning to (RFC 7692, section 6).
const COMPRESSED: u8 = 0x40;
const OPCODE: u8 = 0x0f;
const MASKED: u8 = 0x80;
const LENGTH: u8 = 0x7f;

/// Bytes that a compressed message may have in any case, even an empty one.
const COMPRESSED_LEAST: u64 = 64;

/// The most that a message of up to `limit_bytes` may have when it is compressed: data that can't be made smaller
/// grows a little, by an eighth if it is done badly. What it inflates to is checked when it is inflated.
pub(crate) const fn compressed_limit(limit_bytes: u64) -> u64 {
    limit_bytes.saturating_add(limit_bytes / 8 + COMPRESSED_LEAST)
}

/// Constraints on the next frame that follow from those before.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Expected {
    /// A fragmented message is under way.
    pub(crate) in_message: bool,
    /// The message under way is compressed.
    pub(crate) in_compressed: bool,
    /// Messages may be compressed.
    pub(crate) deflate: bool,
    /// Bytes received of the message under way.
    pub(crate) held_bytes: u64,
    /// The most a message may have.
    pub(crate) limit_bytes: u64,
}

/// A frame whose header has been read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Frame {
    pub(crate) opcode: OpCode,
    pub(crate) fin: bool,
    /// The first frame of a compressed message.
    pub(crate) compressed: bool,
    /// Bytes of the payload that are still to come.
    pub(crate) remaining_bytes: u64,
    /// Turned so that its first byte is for the next byte of the payload.
    mask: [u8; 4],
}

impl Frame {
    /// Takes what `input` has of the payload, and unmasks it where it lies.
    pub(crate) fn take<'b>(&mut self, input: &mut Input<'b>) -> &'b [u8] {
        let chunk = input.take(self.remaining_bytes);
        self.mask = mask::apply(chunk, self.mask);
        self.remaining_bytes -= chunk.len() as u64;
        chunk
    }
}

/// The part of a header received so far: all but its last byte, at most.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct PartialHeader {
    bytes: [u8; MAX_HEADER_BYTES - 1],
    filled: u8,
}

impl PartialHeader {
    /// Takes the rest of the header from `input`; `None` when all was taken and more is needed.
    ///
    /// A fault is found at the first byte that shows it, so it does not matter how the bytes are cut.
    pub(crate) fn fill(
        &mut self,
        input: &mut Input<'_>,
        expected: Expected,
    ) -> Result<Option<Frame>, Failure> {
        let had = usize::from(self.filled);
        let mut header = [0; MAX_HEADER_BYTES];
        let mut filled = 0;
        for (slot, byte) in header.iter_mut().zip(self.bytes.iter().take(had).chain(input.rest())) {
            *slot = *byte;
            filled += 1;
        }
        let parsed = parse(header.get(..filled).unwrap_or_default(), expected)?;
        // What was copied from behind the header is payload, and stays in the input.
        let header_bytes = parsed.map_or(filled, |(_, header_bytes)| header_bytes);
        input.take(header_bytes.saturating_sub(had) as u64);
        if parsed.is_none() {
            for (slot, byte) in self.bytes.iter_mut().zip(header) {
                *slot = byte;
            }
            self.filled = filled as u8;
        }
        Ok(parsed.map(|(frame, _)| frame))
    }
}

/// Reads a header and how many bytes it took; `None` when it is not all there.
fn parse(bytes: &[u8], expected: Expected) -> Result<Option<(Frame, usize)>, Failure> {
    let [first, rest @ ..] = bytes else { return Ok(None) };
    let fin = first & FIN != 0;
    let opcode = expected.opcode(*first, fin)?;
    let [second, rest @ ..] = rest else { return Ok(None) };
    if second & MASKED == 0 {
        return Err(Failure::Unmasked);
    }
    let short = second & LENGTH;
    if opcode.is_control() && usize::from(short) > MAX_CONTROL_BYTES {
        return Err(Failure::ControlTooLong);
    }
    let Some((len, rest)) = payload_len(short, rest)? else { return Ok(None) };
    let compressed = first & COMPRESSED != 0;
    if !opcode.is_control() {
        expected.check_size(len, compressed || expected.in_compressed)?;
    }
    let Some((mask, rest)) = rest.split_first_chunk() else { return Ok(None) };
    let frame = Frame { opcode, fin, compressed, remaining_bytes: len, mask: *mask };
    Ok(Some((frame, bytes.len() - rest.len())))
}

/// Reads the length that the seven bits of `short` stand for or announce, from the bytes behind them.
fn payload_len(short: u8, rest: &[u8]) -> Result<Option<(u64, &[u8])>, Failure> {
    let (len, least, rest) = match short {
        126 => match rest.split_first_chunk() {
            Some((bytes, rest)) => (u64::from(u16::from_be_bytes(*bytes)), 126, rest),
            None => return Ok(None),
        },
        127 => match rest.split_first_chunk() {
            Some((bytes, rest)) => (u64::from_be_bytes(*bytes), 1 << 16, rest),
            None => return Ok(None),
        },
        _ => (u64::from(short), 0, rest),
    };
    if len < least {
        return Err(Failure::LengthNotMinimal);
    }
    if len >> 63 != 0 {
        return Err(Failure::LengthTopBit);
    }
    Ok(Some((len, rest)))
}

impl Expected {
    fn opcode(&self, first: u8, fin: bool) -> Result<OpCode, Failure> {
        let bits = first & OPCODE;
        let opcode = OpCode::from_bits(bits);
        // The first frame of a message says that it is compressed, and no other (RFC 7692, section 6.1).
        let compressible = self.deflate && matches!(opcode, Some(OpCode::Text | OpCode::Binary));
        let meaning = if compressible { COMPRESSED } else { 0 };
        if first & RESERVED & !meaning != 0 {
            return Err(Failure::ReservedBits);
        }
        let opcode = opcode.ok_or(Failure::ReservedOpcode(bits))?;
        match opcode {
            _ if opcode.is_control() => fin.then_some(opcode).ok_or(Failure::ControlFragmented),
            OpCode::Continuation if !self.in_message => Err(Failure::UnexpectedContinuation),
            OpCode::Text | OpCode::Binary if self.in_message => Err(Failure::ExpectedContinuation),
            _ => Ok(opcode),
        }
    }

    fn check_size(&self, len: u64, compressed: bool) -> Result<(), Failure> {
        let bytes = self.held_bytes.saturating_add(len);
        if bytes > if compressed { compressed_limit(self.limit_bytes) } else { self.limit_bytes } {
            return Err(Failure::MessageTooBig { bytes, limit: self.limit_bytes });
        }
        Ok(())
    }
}
