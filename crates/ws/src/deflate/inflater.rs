//! From compressed messages to what was said.

use flate2::{Decompress, FlushDecompress, Status};

use super::{FLUSH_END, Window, WindowBits};
use crate::failure::Failure;

/// Behind a message: the end of its flush, and an empty block that is the last one. A stream that is not
/// between two blocks here was cut short, and does not end with it.
const END: [u8; 9] = {
    let [a, b, c, d] = FLUSH_END;
    [a, b, c, d, 0x01, 0x00, 0x00, 0xff, 0xff]
};

/// Times that a message may end its stream and begin another (RFC 7692, section 7.2.3.4). One that does it all the
/// time costs far more to read than to write.
const STREAMS_MAX: usize = 64;

/// The least that is reserved for a message: small ones often grow tenfold.
const RESERVED_LEAST: usize = 256;

/// Reads compressed messages, one after another, of any number of connections.
///
/// It takes no memory before the first one.
#[derive(Debug, Default)]
pub struct Inflater {
    stream: Option<Box<Decompress>>,
}

/// Progress of a stream.
enum Reached<'p> {
    /// All was read, and more may follow.
    InputEnd,
    /// The stream has ended before this.
    StreamEnd(&'p [u8]),
}

impl Inflater {
    /// Inflates a message's payload, all its fragments joined, if it comes to `limit_bytes` or less.
    ///
    /// `window` is what it may point back to, and takes the message in.
    ///
    /// What is held grows with what was inflated, and at `limit_bytes` it ends: a small message that would
    /// become a large one costs no more than the largest there may be.
    pub fn inflate(
        &mut self,
        payload: &[u8],
        window: Option<&mut Window>,
        limit_bytes: usize,
    ) -> Result<Vec<u8>, Failure> {
        let past = window.as_deref().map_or(&[][..], Window::bytes);
        let most = limit_bytes.saturating_add(1);
        let mut message = Vec::with_capacity(
            payload.len().saturating_mul(2).clamp(RESERVED_LEAST, most.max(RESERVED_LEAST)),
        );
        let stream = self.stream.get_or_insert_with(|| Box::new(new_stream()));
        stream.reset(false);
        set_window(stream, past, &[])?;
        let mut input = payload;
        for _ in 0..STREAMS_MAX {
            match read(stream, input, &mut message, limit_bytes)? {
                Reached::InputEnd => {
                    let inflated = message.len();
                    let end = read(stream, &END, &mut message, limit_bytes)?;
                    if !matches!(end, Reached::StreamEnd([])) || message.len() != inflated {
                        return Err(Failure::Inflate);
                    }
                    input = &[];
                }
                Reached::StreamEnd(rest) => input = rest,
            }
            if input.is_empty() {
                if let Some(window) = window {
                    window.push(&message);
                }
                return Ok(message);
            }
            stream.reset(false);
            set_window(stream, past, &message)?;
        }
        Err(Failure::Inflate)
    }
}

/// Reads with the largest window, whatever was agreed on: a smaller one is a part of it.
fn new_stream() -> Decompress {
    Decompress::new_with_window_bits(false, WindowBits::MOST.get())
}

/// Lets what comes next point back to the end of `past` followed by `message`.
fn set_window(stream: &mut Decompress, past: &[u8], message: &[u8]) -> Result<(), Failure> {
    let size = WindowBits::MOST.bytes();
    let from_past = size.saturating_sub(message.len()).min(past.len());
    let past = past.get(past.len() - from_past..).unwrap_or_default();
    let message = message.get(message.len().saturating_sub(size)..).unwrap_or_default();
    let set = match (past, message) {
        ([], []) => return Ok(()),
        (whole, []) | ([], whole) => stream.set_dictionary(whole),
        (past, message) => stream.set_dictionary(&[past, message].concat()),
    };
    set.map(|_| ()).map_err(|_| Failure::Inflate)
}

fn read<'p>(
    stream: &mut Decompress,
    mut input: &'p [u8],
    message: &mut Vec<u8>,
    limit_bytes: usize,
) -> Result<Reached<'p>, Failure> {
    loop {
        if message.len() == message.capacity() {
            // One byte beyond the limit tells that there is more.
            let doubled = message.len().saturating_mul(2).min(limit_bytes.saturating_add(1));
            message.reserve_exact(doubled.saturating_sub(message.len()).max(1));
        }
        let (read_before, had) = (stream.total_in(), message.len());
        let status =
            stream.decompress_vec(input, message, FlushDecompress::Sync).map_err(|_| Failure::Inflate)?;
        let taken = usize::try_from(stream.total_in() - read_before).unwrap_or(input.len());
        input = input.get(taken..).unwrap_or_default();
        if message.len() > limit_bytes {
            return Err(Failure::MessageTooBig { bytes: message.len() as u64, limit: limit_bytes as u64 });
        }
        if status == Status::StreamEnd {
            return Ok(Reached::StreamEnd(input));
        }
        // With room left, everything that can be told from the input was.
        if message.len() < message.capacity() {
            if input.is_empty() {
                return Ok(Reached::InputEnd);
            }
            if taken == 0 && message.len() == had {
                return Err(Failure::Inflate);
            }
        }
    }
}
