//! Compressed messages (`hub-ws`'s permessage-deflate).
//!
//! The first byte chooses limit, window and whether it is kept between messages, the second where the
//! rest is cut into two messages, the third how their frames are cut into reads.

use hub_ws::deflate::{Agreement, Deflater, Inflater, Settings, Window, WindowBits, negotiate};
use hub_ws::{Connection, Failure, Input, OpCode};
use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::inflate::core::{DecompressorOxide, decompress, inflate_flags};

use crate::cut;

/// The limits a message may have.
const LIMITS: [usize; 4] = [1 << 16, 1000, 16, 0];

/// The end of a flush, which the wire leaves out, and an empty last block.
const END: [u8; 9] = [0x00, 0x00, 0xff, 0xff, 0x01, 0x00, 0x00, 0xff, 0xff];

/// The least that is reserved for a message.
const RESERVED_LEAST: usize = 256;

/// Panics if a promise is broken.
pub fn run(data: &[u8]) {
    let Some((&[settings, at, seed], rest)) = data.split_first_chunk() else { return };
    let limit_bytes = LIMITS[usize::from(settings) % LIMITS.len()];
    let bits = WindowBits::new(9 + (settings >> 2) % 7).expect("9 to 15");
    let takeover = settings & 0x20 != 0;
    let messages = rest.split_at(usize::from(at) % (rest.len() + 1));
    for payload in [messages.0, messages.1, rest] {
        check_alone(payload, limit_bytes);
    }
    check_shared(messages, bits, limit_bytes);
    check_written(messages, bits);
    check_cut(messages, seed, takeover, limit_bytes);
}

/// It is bounded, and what another reader of the format finds.
fn check_alone(payload: &[u8], limit_bytes: usize) {
    let inflate = |limit_bytes| Inflater::default().inflate(payload, None, limit_bytes);
    match inflate(limit_bytes) {
        Ok(message) => {
            assert!(message.len() <= limit_bytes);
            assert!(message.capacity() <= RESERVED_LEAST.max(limit_bytes + 1), "{}", message.capacity());
            assert_eq!(inflate(message.len()).as_ref(), Ok(&message), "so much is enough");
            if let Some(limit_bytes) = message.len().checked_sub(1) {
                let too_big = matches!(inflate(limit_bytes), Err(Failure::MessageTooBig { .. }));
                assert!(too_big, "a byte less is not");
            }
            assert_eq!(reference(payload, &[], limit_bytes), Some(message), "another reader");
        }
        Err(Failure::MessageTooBig { bytes, limit }) => assert!(bytes > limit && limit == limit_bytes as u64),
        Err(failure) => assert_eq!(failure, Failure::Inflate),
    }
}

/// Another implementation, `miniz_oxide`, which has a different idea of what is malformed: only what was
/// accepted is compared.
fn reference(payload: &[u8], past: &[u8], limit_bytes: usize) -> Option<Vec<u8>> {
    let mut out = past.to_vec();
    out.resize(past.len() + limit_bytes + 1, 0);
    let (mut input, mut at) = (payload, past.len());
    let flat = inflate_flags::TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF;
    // A message may be of several streams (RFC 7692, section 7.2.3.4).
    loop {
        let mut stream = DecompressorOxide::new();
        let more = flat | inflate_flags::TINFL_FLAG_HAS_MORE_INPUT;
        let (status, taken, written) = decompress(&mut stream, input, &mut out, at, more);
        at += written;
        input = &input[taken..];
        match status {
            TINFLStatus::Done if input.is_empty() => break,
            TINFLStatus::Done => {}
            TINFLStatus::NeedsMoreInput => {
                let (status, taken, written) = decompress(&mut stream, &END, &mut out, at, flat);
                if (status, taken, written) != (TINFLStatus::Done, END.len(), 0) {
                    return None;
                }
                break;
            }
            _ => return None,
        }
    }
    Some(out[past.len()..at].to_vec())
}

/// One inflater for many connections: what it read of others makes no difference.
fn check_shared((first, second): (&[u8], &[u8]), bits: WindowBits, limit_bytes: usize) {
    let (mut shared, mut own, mut said) = (Inflater::default(), Window::new(bits), Vec::new());
    for payload in [first, second, first] {
        let fresh = Inflater::default().inflate(payload, Some(&mut own.clone()), limit_bytes);
        if let Ok(message) = &fresh {
            let other = reference(payload, own.bytes(), limit_bytes);
            assert_eq!(other.as_ref(), Some(message), "pointing back, another reader finds something else");
        }
        let _ = shared.inflate(second, None, limit_bytes);
        let message = shared.inflate(payload, Some(&mut own), limit_bytes);
        assert_eq!(message, fresh);
        said.extend(message.unwrap_or_default());
        assert_eq!(own.bytes(), &said[said.len().saturating_sub(bits.bytes())..]);
        assert!(own.held_bytes() <= 2 * bits.bytes(), "{} bytes held", own.held_bytes());
    }
}

/// Asserts that compressed bytes are fewer, and inflate to what they were.
fn check_written((first, second): (&[u8], &[u8]), bits: WindowBits) {
    let (mut deflater, mut ours, mut theirs) = (Deflater::new(3), Window::new(bits), Window::new(bits));
    for text in [first, second, first] {
        let mut frame = Vec::new();
        if !deflater.write_frame(&mut frame, OpCode::Binary, text, bits, Some(&mut ours)) {
            assert!(frame.is_empty());
            continue;
        }
        assert_eq!(frame[0], 0xc2, "FIN, RSV1, binary");
        let header_bytes = match frame[1] {
            126 => 4,
            127 => 10,
            _ => 2,
        };
        let payload = &frame[header_bytes..];
        assert!(payload.len() < text.len());
        let message = Inflater::default().inflate(payload, Some(&mut theirs), text.len());
        assert_eq!(message.as_deref(), Ok(text));
        assert_eq!(ours.bytes(), theirs.bytes());
    }
}

/// Frames of compressed messages give the same, cut into reads or not.
fn check_cut((first, second): (&[u8], &[u8]), seed: u8, takeover: bool, limit_bytes: usize) {
    let settings = if takeover { Settings::TAKEOVER } else { Settings::SHARED };
    let agreement = negotiate(["permessage-deflate"], settings).expect("a list").expect("an offer");
    let stream = [masked(0xc2, first), masked(0x41, second), masked(0x80, first)].concat();
    let whole = feed(agreement, limit_bytes, &[&stream]);
    cut::each_way(&stream, seed, |parts| assert_eq!(feed(agreement, limit_bytes, parts), whole));
}

/// A frame with a mask of zeros.
fn masked(first: u8, payload: &[u8]) -> Vec<u8> {
    let length = payload.len();
    let mut frame = vec![first];
    if length < 126 {
        frame.push(0x80 | length as u8);
    } else {
        // No input is long enough for the third form.
        frame.push(0xfe);
        frame.extend_from_slice(&(length as u16).to_be_bytes());
    }
    frame.extend_from_slice(&[0; 4]);
    frame.extend_from_slice(payload);
    frame
}

/// Events that come out, in words.
fn feed(agreement: Agreement, limit_bytes: usize, parts: &[&[u8]]) -> Vec<String> {
    let (mut connection, mut inflater) =
        (Connection::with_deflate(limit_bytes, &agreement), Inflater::default());
    let mut events = Vec::new();
    for part in parts {
        let mut scratch = part.to_vec();
        let mut input = Input::new(&mut scratch);
        loop {
            match connection.receive(&mut input, &mut inflater) {
                Ok(None) => break,
                Ok(Some(incoming)) => events.push(format!("{incoming:?}")),
                Err(failure) => events.push(format!("{failure:?}")),
            }
        }
    }
    events
}
